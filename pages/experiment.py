"""Experiment: choose data, tasks, model and training; see what will be trained; train."""

import streamlit as st

from mtl_core.config import DataChoice, Experiment, SharingPart
from mtl_core.data.catalog import Dataset
from mtl_core.data.instruments import limited
from mtl_core.data.own_ready import lacking
from mtl_core.errors import MtlError
from pages import _draft, _start, _ui
from pages._live import preload
from pages._picture import cost_words, show_model
from pages._sweep_form import sweep_section
from pages._truth import show_truth

# The picture stays in sight while the reader works down the form; where there is no room for
# both side by side, it comes below.
STYLE = """<style>
.st-key-experiment > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"]
  > [data-testid="stColumn"] { min-width: min(100%, 25rem); }
.st-key-experiment [data-testid="stColumn"] { min-width: 8.5rem; }
[data-testid="stColumn"] > [data-testid="stVerticalBlock"]:has(.st-key-experiment-side) {
  position: sticky; top: 4.25rem; height: auto;
}
</style>"""


def _form() -> _draft.Draft:
    """The choices; datasets that cannot be read are named at the end."""
    found = _ui.catalog()
    draft = _draft.draw(found)
    _ui.show_problems(found.problems, "dataset cards")
    return draft


def _preview(draft: _draft.Draft) -> None:
    """The model of the present choices, what would be queued, and the button."""
    if not draft.tasks:
        st.info("Choose a dataset and at least one task.", icon=":material/arrow_back:")
        return
    try:
        experiment = Experiment.parse(draft.tree, source="This experiment")
    except MtlError as err:
        _ui.show_error(err)
        _model(draft)
        return
    _model(draft)
    if _lacks(draft):
        return
    _summary_and_button(draft, experiment)
    preload()
    _truth(draft, experiment)
    sweep_section(experiment)
    _files(draft, experiment)


def _lacks(draft: _draft.Draft) -> bool:
    """Says so where a chosen task has too few sentences of one's own to be trained."""
    said = [
        f"**{_ui.plain(task)}** of {_ui.plain(dataset.label)} needs {what}"
        for dataset, tasks in draft.chosen.values()
        for task, what in lacking(dataset).items()
        if task in tasks
    ]
    if said:
        st.info(
            f"Leave out what cannot be trained yet, or label more on the Data page: {'; '.join(said)}.",
            icon=":material/edit_note:",
        )
    return bool(said)


def _model(draft: _draft.Draft) -> None:
    """The picture and what it costs, also where the choices do not go together."""
    sharing, encoder, balancing = map(draft.part, ("sharing", "encoder", "balancing"))
    if not isinstance(sharing, SharingPart) or encoder is None:
        return
    st.subheader("The model", anchor=False)
    blocks = getattr(encoder, "depth", None)
    weights = getattr(balancing, "weights", {})
    show_model(sharing, draft.tasks, blocks=blocks, notes=draft.notes, weights=weights)
    st.markdown(cost_words(sharing, len(draft.tasks), blocks))


def _summary_and_button(draft: _draft.Draft, experiment: Experiment) -> None:
    try:
        sizes = [_size(draft.chosen[choice.card][0], choice) for choice in experiment.data]
    except MtlError as err:
        _ui.show_error(err)
        return
    runs = _start.planned(experiment, with_twins=draft.with_twins, seeds=draft.seeds)
    st.markdown(_summary(draft, experiment, len(runs), sizes))
    label = "Train" if len(runs) == 1 else f"Train {len(runs)} runs"
    if st.button(
        label,
        type="primary",
        icon=":material/play_arrow:",
        key=_ui.TRAIN,
        help="Queues the runs and opens the first one. Training goes on when you close this page.",
        width="stretch",
    ):
        _start.train(runs)


def _size(dataset: Dataset, choice: DataChoice) -> int:
    """How many training rows the instruments leave of a dataset."""
    rows = _ui.sentences(dataset, "train")
    return len(limited(rows, choice.tasks, max_rows=choice.max_rows, share=choice.share))


def _summary(draft: _draft.Draft, experiment: Experiment, runs: int, sizes: list[int]) -> str:
    """One line: how many runs, how much data, how many steps."""
    twins = len(draft.tasks) if draft.with_twins else 0
    parts = ["1 with " + _ui.counted(len(draft.tasks), "task")]
    parts += [_ui.counted(twins, "single-task twin")] if twins else []
    seeds = f"{draft.seeds} seeds × ({' + '.join(parts)})" if draft.seeds > 1 else " + ".join(parts)
    return (
        f"**{_ui.counted(runs, 'run')}**: {seeds}  \n"
        f"{_ui.counted(sum(sizes), 'training sentence')} · {_steps(experiment, sizes)} a run"
    )


def _steps(experiment: Experiment, sizes: list[int]) -> str:
    """How many updates a run makes; with several datasets their mixing decides."""
    training = experiment.training
    if training.steps is not None:
        return _ui.counted(training.steps, "step")
    epochs = [training.epochs * -(-size // training.batch_size) for size in sizes]
    if len(epochs) == 1:
        return _ui.counted(epochs[0], "step")
    return f"{_ui.number(max(epochs))} to {_ui.number(sum(epochs))} steps"


def _truth(draft: _draft.Draft, experiment: Experiment) -> None:
    """What is doubtful about the chosen data together; looked for when it is asked."""
    box = st.expander(
        "Is this data fit to measure with?",
        key="experiment/truth",
        icon=":material/fact_check:",
        on_change="rerun",
    )
    if not box.open:
        return
    with box:
        try:
            chosen = [(draft.chosen[choice.card][0], choice.tasks) for choice in experiment.data]
            most = getattr(experiment.encoder, "max_length", None)
            show_truth(_ui.truth(chosen, most))
        except MtlError as err:
            _ui.show_error(err)


def _files(draft: _draft.Draft, experiment: Experiment) -> None:
    """The same experiment for the command line."""
    command = "mtl train experiment.yaml" + (" --twins" if draft.with_twins else "")
    first = experiment.training.seed
    others = [f"{command} --set training.seed={first + i}" for i in range(1, draft.seeds)]
    with st.expander("The same on the command line", icon=":material/terminal:"):
        st.download_button(
            "Download experiment.yaml",
            experiment.to_yaml(),
            "experiment.yaml",
            "application/yaml",
            key=_ui.YAML_DOWNLOAD,
            icon=":material/download:",
            help="Everything that decides the run. The same file trains without a browser.",
            on_click="ignore",
        )
        st.code("\n".join([command, *others]), language=None)
        st.code(experiment.to_yaml(), language=None, height=320)


_ui.page_head("Experiment", "Choose what is learnt together and how. The picture follows.")
st.html(STYLE)
with st.container(key="experiment"):
    _choices, _side = st.columns([5, 4], gap="large")
with _choices:
    _now = _form()
with _side, st.container(key="experiment-side"):
    _preview(_now)
