"""The form draws every class of the config, and what it returns makes an experiment."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import Field
from streamlit.testing.v1 import AppTest

from mtl_core.config import METHODS, Experiment, Part, Training
from mtl_core.config.parts import option
from mtl_core.data.catalog import TaskSpec
from mtl_core.runs.store import Run, Runs, State, Status
from pages._picture import answer_words

CHOICES = [(family, part) for family, parts in METHODS.items() for part in parts]
DATA = [{"card": "tiny", "tasks": ["mood", "<b>places</b>"]}]


class Odd(Part):
    """One field of every sort that a config may ever have.

    Use when the form is tested.
    """

    label: ClassVar[str] = "Odd *one*"
    kind: Literal["odd"] = "odd"
    count: int = option(2, "A number.", unit="pieces", ge=1, le=9, multiple_of=2)
    share: float = option(0.25, "A share.", gt=0, lt=1)
    maybe: int | None = option(None, "Perhaps; empty: nobody knows.", ge=0)
    maybe_text: str | None = option(None, "Perhaps a word; empty: none.")
    word: str = option("hello", "A *word*.")
    yes: bool = option(True, "A switch.")
    few: Literal["a", "b"] = option("b", "One of two.")
    many: Literal["a", "b", "c", "d", "e", "f"] = option("c", "One of six.", advanced=True)
    layers: tuple[int, ...] = option((1, 2), "Anything else.", advanced=True)
    weights: dict[str, float] = option({}, "A number a task.")
    depths: dict[str, Annotated[int, Field(ge=1, le=4)]] = option({}, "A place; empty: the top.")
    start: str = option("", "Another run.", widget="run")


def drawn(script: Any, *arguments: Any) -> AppTest:
    app = AppTest.from_function(script, args=arguments, default_timeout=30).run()
    assert not app.exception, app.exception
    return app


def part_script(part: type, tasks: tuple) -> None:
    import streamlit as st

    from pages._form import part_form

    st.session_state["values"] = part_form(part, "form", tasks=tasks)


def choice_script(family: str) -> None:
    import streamlit as st

    from pages._form import choice_form

    st.session_state["values"] = choice_form(family, f"form/{family}", tasks=("a", "b"))


@pytest.mark.parametrize(("family", "part"), CHOICES, ids=[part.kind_name() for _, part in CHOICES])
def test_untouched_the_form_says_the_defaults(family: str, part: type[Part]) -> None:
    app = drawn(part_script, part, ("mood", "<b>places</b>"))
    values = {**app.session_state["values"], "kind": part.kind_name()}
    assert part.model_validate(values) == part()
    assert family in Experiment.model_fields


def test_untouched_the_training_form_says_the_defaults() -> None:
    app = drawn(part_script, Training, ())
    assert Training.model_validate(app.session_state["values"]) == Training()


@pytest.mark.parametrize("family", list(METHODS))
def test_a_family_offers_each_class_and_says_when_to_use_it(family: str) -> None:
    app = drawn(choice_script, family)
    default = Experiment.model_fields[family].default
    assert app.session_state["values"]["kind"] == default.kind_name()
    shown = app.get("html")[0].proto.body
    assert "Use when" in shown
    assert "Costs" in shown


def test_a_balancing_method_stands_there_with_its_formula_and_its_paper() -> None:
    app = drawn(choice_script, "balancing")
    default = Experiment.model_fields["balancing"].default
    assert [formula.value.strip("$\n") for formula in app.latex] == [default.formula]
    said = " ".join(text.value.replace("\\", "") for text in app.markdown)
    assert default.paper in said and default.published_weights in said
    assert not drawn(choice_script, "mixing").latex


def test_every_sort_of_field_has_a_widget() -> None:
    app = drawn(part_script, Odd, ("mood", "topic"))
    values = app.session_state["values"]
    assert Odd.model_validate(values).model_dump(exclude={"kind"}) == Odd().model_dump(
        exclude={"kind"}
    )
    count = app.number_input(key="form/count")
    assert (count.label, count.min, count.max, count.step) == ("Count (pieces)", 1, 9, 2)
    assert app.number_input(key="form/maybe").placeholder == "nobody knows"
    assert {slider.label for slider in app.slider} == {"mood", "topic"}


def test_what_is_chosen_comes_back() -> None:
    app = drawn(part_script, Odd, ("mood", "topic"))
    app.number_input(key="form/count").set_value(4)
    app.number_input(key="form/maybe").set_value(0)
    app.toggle(key="form/yes").set_value(False)
    app.selectbox(key="form/many").set_value("f")
    app.text_input(key="form/layers").set_value("[3, 4]")
    app.slider(key="form/weights/topic").set_value(0.5)
    app.run()
    odd = Odd.model_validate(app.session_state["values"])
    assert (odd.count, odd.maybe, odd.yes, odd.many) == (4, 0, False, "f")
    assert odd.layers == (3, 4)
    assert odd.weights == {"topic": 0.5}


def test_a_whole_number_a_task_may_stay_empty() -> None:
    app = drawn(part_script, Odd, ("mood", "topic"))
    fields = {task: app.number_input(key=f"form/depths/{task}") for task in ("mood", "topic")}
    assert [(f.label, f.min, f.max, f.placeholder) for f in fields.values()] == [
        ("mood", 1, 4, "the top"),
        ("topic", 1, 4, "the top"),
    ]
    assert app.session_state["values"]["depths"] == {}
    fields["topic"].set_value(3)
    app.run()
    assert Odd.model_validate(app.session_state["values"]).depths == {"topic": 3}


def finished_run(name: str, *, state: State = State.FINISHED, has_model: bool = True) -> Run:
    run = Runs().create(Experiment.parse({"name": name, "data": DATA}, source="test"))
    run.write_status(Status(state=state, created=1.0, updated=1.0))
    if has_model:
        (run.folder / "model.safetensors").touch()
    return run


def test_a_run_is_chosen_among_the_finished_ones(mtl_home: Path) -> None:
    app = drawn(part_script, Odd, ())
    empty = app.selectbox(key="form/start")
    assert empty.disabled and empty.placeholder == "No finished run yet"
    assert app.button(key="form/start/first").label == "Train a first run"
    assert app.session_state["values"]["start"] == ""
    run = finished_run("Mine")
    finished_run("Stopped", state=State.STOPPED)
    finished_run("Without a model", has_model=False)
    app.run()
    choice = app.selectbox(key="form/start")
    assert len(choice.options) == 1 and choice.options[0].startswith("Mine (seed 0, ")
    choice.select_index(0).run()
    assert app.session_state["values"]["start"] == run.id
    run.delete()
    app.run()
    assert not app.exception and app.session_state["values"]["start"] == ""


def test_many_choices_are_a_list_that_says_what_each_one_is() -> None:
    app = drawn(choice_script, "sharing")
    options = app.selectbox(key="form/sharing/kind").options
    for option_text, part in zip(options, METHODS["sharing"], strict=True):
        assert option_text.startswith(f"{part.label}: {part.help_lines()[0][:12]}")
        assert "20" not in option_text  # no sources


def test_broken_yaml_in_a_field_reaches_the_check_of_the_config() -> None:
    app = drawn(part_script, Odd, ())
    app.text_input(key="form/layers").set_value("[3,").run()
    assert not app.exception
    assert app.session_state["values"]["layers"] == "[3,"


def test_help_and_labels_are_shown_as_they_are_written() -> None:
    app = drawn(part_script, Odd, ("*mood*", "topic"))
    assert app.text_input(key="form/word").help == r"A \*word\*\."
    assert app.slider[0].label == r"\*mood\*"


def test_experts_options_are_folded_away() -> None:
    app = drawn(part_script, Training, ())
    folded = {widget.key for widget in app.expander[0].number_input}
    assert "form/weight_decay" in folded
    assert "form/epochs" not in folded


def test_a_number_that_may_be_empty_can_be_emptied_also_where_it_usually_is_not() -> None:
    app = drawn(part_script, Training, ())
    assert app.number_input(key="form/clip").value == 1.0
    app.number_input(key="form/clip").set_value(None).run()
    assert Training.model_validate(app.session_state["values"]).clip is None


def test_what_a_task_answers_is_said_of_a_sentence_or_of_a_pair() -> None:
    assert answer_words(TaskSpec(kind="regression", input="a", target="b")) == "a number a sentence"
    pair = TaskSpec(kind="classification", input=["a", "b"], target="c")
    assert answer_words(pair) == "a label a pair"
