"""One click from the Experiment page to a sweep: seeds × ways of sharing and balancing."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from mtl_core.config import METHODS, Experiment, Part
from mtl_core.config.sweep import Sweep
from mtl_core.errors import MtlError
from mtl_core.runs import worker
from mtl_core.runs.store import Runs
from mtl_core.runs.sweeps import Sweeps

from ._ui import PAGES, SWEEP_PARAM, counted, draft_key, home, plain, show_error, small_print

MOST_SEEDS = 10
SHARES = (0.05, 0.1, 0.25, 0.5, 1.0)
FAMILIES = ("sharing", "balancing")
_HELP = {
    "sharing": "Each is trained instead of the form's way of sharing, with its usual options.",
    "balancing": "Each is trained instead of the form's balancing, with its usual options. Beside "
    "special methods, equal and random weights and a grid of fixed weights are added.",
}


def sweep_section(experiment: Experiment) -> None:
    """What to compare with the experiment above, how many runs that makes, and the button."""
    with st.expander("Sweep: compare choices over seeds", icon=PAGES["sweeps"].icon):
        st.html(
            small_print(
                [
                    "Trains the experiment above and each choice below with the same seeds, and "
                    "each task alone, and says for each task whether sharing helped."
                ]
            )
        )
        sweep = _sweep(experiment, _design(experiment))
        if sweep is None:
            return
        count = counted(len(sweep.experiments()), "run")
        st.caption(", ".join(plain(entry.name) for entry in sweep.entries()))
        if st.button(
            f"Queue the sweep ({count})",
            icon=":material/playlist_add:",
            key="sweep/queue",
            help="Queues all runs, seed by seed, and opens the sweep's page.",
            width="stretch",
        ):
            _queue(sweep)
        st.download_button(
            "Download sweep.yaml",
            sweep.to_yaml(),
            "sweep.yaml",
            "application/yaml",
            key="sweep/yaml",
            icon=":material/download:",
            help="The same without a browser: `mtl sweep sweep.yaml`.",
            on_click="ignore",
        )


def _design(experiment: Experiment) -> dict[str, Any]:
    """The block of the sweep as plain data, from the widgets."""
    seeds = st.slider(
        "Seeds",
        2,
        MOST_SEEDS,
        3,
        key=draft_key("sweep", "seeds"),
        help="Everything is trained once with each, from the form's seed on. From one seed nobody "
        "can tell a gain from luck; from 5 on, intervals become narrow.",
        persist_state="session",
    )
    chosen = {family: _others(family, experiment) for family in FAMILIES}
    shares = st.multiselect(
        "Shares of the training data",
        SHARES,
        key=draft_key("sweep", "shares"),
        format_func=lambda share: f"{100 * share:g} %",
        placeholder="All of it",
        help="Every choice is trained on each of these shares.",
        persist_state="session",
    )
    first = experiment.training.seed
    return {
        "seeds": list(range(first, first + int(seeds))),
        "choices": choices_of(experiment, chosen),
        "shares": sorted(shares),
    }


def _others(family: str, experiment: Experiment) -> list[str]:
    """The kinds of a family to compare with the form's own."""
    own = getattr(experiment, family).kind_name()
    parts = {part.kind_name(): part for part in METHODS[family] if part.kind_name() != own}
    return st.multiselect(
        f"Other {family}",
        list(parts),
        key=draft_key("sweep", family, own),
        format_func=lambda kind: _label(parts[kind]),
        placeholder="None",
        help=_HELP[family],
        disabled=len(experiment.tasks) < 2,
        persist_state="session",
    )


def choices_of(
    experiment: Experiment, chosen: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """The form's own choice, then each chosen kind in its place, by readable names."""
    own = {family: _label(type(getattr(experiment, family))) for family in FAMILIES}
    found: dict[str, dict[str, Any]] = {" + ".join(own.values()): {}}
    for family, kinds in chosen.items():
        for part in [part for part in METHODS[family] if part.kind_name() in kinds]:
            name = " + ".join((own | {family: _label(part)}).values())
            found[name] = {f"{family}.kind": part.kind_name()}
    return found


def _label(part: type[Part]) -> str:
    return part.label or part.__name__


def _sweep(experiment: Experiment, design: dict[str, Any]) -> Sweep | None:
    """None where the choices make no sense; the reader is told why."""
    tree = {**experiment.model_dump(mode="json"), "sweep": design}
    try:
        return Sweep.parse(tree, source="This sweep")
    except MtlError as err:
        show_error(err)
        return None


def _queue(sweep: Sweep) -> None:
    """Write the sweep and its runs, see that a worker lives, and open the page."""
    try:
        stored = Sweeps().create(sweep)
        runs = Runs()
        for planned in stored.plan.values():
            runs.create(planned)
        worker.ensure(home())
    except (MtlError, OSError) as err:
        show_error(f"The runs cannot be written: {err}")
        return
    st.switch_page(PAGES["sweeps"].file, query_params={SWEEP_PARAM: stored.group})
