"""The playground: a method walks over two losses, and every step can be looked at."""

from typing import Any

import streamlit as st

from mtl_core.analysis.colours import Theme
from mtl_core.analysis.figures_playground import playground_figure
from mtl_core.analysis.playground import Array, Heights, heights, pareto_set, summary
from mtl_core.config import METHODS
from mtl_core.config.balancing import USUAL, BalancingPart
from mtl_core.errors import MtlError
from mtl_core.training.plane import EPOCH, LANDSCAPES, TASKS, Setting, Walk
from pages._choose import choose
from pages._form import choice_form, part_form
from pages._ui import plain, predictor, show_error, theme

KEY = "playground"  # how the keys of these widgets begin
READING = (
    "Arrows point downhill: where each task would go, and the step that the method makes of both; "
    "they are as long as they are to each other. {high} ground is high. Dotted: equal weights. "
    "A weight is what the method gives to a task's loss, or gradient; the optimiser comes after it. "
    f"For methods that look at epochs, {EPOCH} steps are one."
)


def show_playground() -> None:
    """The choices, and the walk that they make."""
    name = choose(
        "Losses",
        list(LANDSCAPES),
        lambda one: LANDSCAPES[one].title,
        f"{KEY}/landscape",
        "Two losses over two shared numbers.",
    )
    st.markdown(plain(LANDSCAPES[name].about))
    with st.expander("Formula of the losses", icon=":material/function:"):
        st.latex(rf"\begin{{gathered}}{LANDSCAPES[name].formula}\end{{gathered}}")
    left, right = st.columns(2, gap="large")
    with left:
        tree = {"landscape": name, **_start(name), **_options(name)}
    with right:
        tree["balancing"] = choice_form(
            "balancing", f"{KEY}/balancing", tasks=TASKS, first=_first_method()
        )
    try:
        _show_walk(Setting.parse(tree))
    except MtlError as err:
        show_error(err)


def _show_walk(setting: Setting) -> None:
    """The figure, and in words what it shows."""
    walk, plain_walk = _walk(setting.model_dump_json()), _walk(setting.plain.model_dump_json())
    land = _land(setting.landscape)
    st.plotly_chart(
        _figure(setting.model_dump_json(), theme(), walk, plain_walk),
        key=f"{KEY}/figure",
        config={"displayModeBar": False},
        alt="The path over the plane, with both gradients and the step at the chosen point; the "
        "losses and the weights over the steps.",
    )
    st.caption(READING.format(high="Bright" if theme() == "dark" else "Dark"))
    for line in summary(walk, plain_walk, setting.ground, land[1]):
        st.markdown(f"- {plain(line)}")


def _start(name: str) -> dict[str, float]:
    ground = LANDSCAPES[name]
    found = {}
    for axis, start, place in zip("xy", ground.start, st.columns(2), strict=True):
        with place:
            found[axis] = st.slider(
                f"Start: {axis}",
                -ground.edge,
                ground.edge,
                start,
                ground.edge / 40,
                key=f"{KEY}/{name}/{axis}",
                help="Where the walk starts, "
                + ("from left to right." if axis == "x" else "from below upwards."),
            )
    return found


def _options(name: str) -> dict[str, Any]:
    left_out = ("landscape", "x", "y", "balancing")
    return part_form(Setting, f"{KEY}/{name}", leave_out=left_out)


def _first_method() -> str:
    """The first that needs every task's gradient: what the plane shows best."""
    parts = [part for part in METHODS["balancing"] if issubclass(part, BalancingPart)]
    return next((p.kind_name() for p in parts if p.backward_passes == "T"), USUAL.kind_name())


@st.cache_resource(show_spinner="Walking", max_entries=200)
def _walk(setting: str) -> Walk:
    """Asked of the process that has torch; the same setting walks the same way."""
    found: Walk = predictor().walk(Setting.model_validate_json(setting))
    return found


@st.cache_resource(show_spinner=False)
def _land(name: str) -> tuple[Heights, Array]:
    return heights(LANDSCAPES[name]), pareto_set(LANDSCAPES[name])


@st.cache_resource(show_spinner=False, max_entries=50)
def _figure(setting: str, look: Theme, _walk: Walk, _plain: Walk) -> Any:
    ground = Setting.model_validate_json(setting).ground
    name = Setting.model_validate_json(setting).landscape
    return playground_figure(_walk, _plain, ground, _land(name), look)
