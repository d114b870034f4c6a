"""Colours that mean something else than a task: better, worse, neither, and text."""

from .colours import Theme

UP: dict[Theme, str] = {"light": "#1a7f4b", "dark": "#3ecf8e"}
DOWN: dict[Theme, str] = {"light": "#c4382f", "dark": "#ff8577"}
GREY: dict[Theme, str] = {"light": "#5c6470", "dark": "#aab2bd"}
INK: dict[Theme, str] = {"light": "#1b2130", "dark": "#f2f4f8"}

# The scales of heat maps, the same as the theme's in .streamlit/config.toml.
SEQUENTIAL: dict[Theme, tuple[str, ...]] = {
    "light": (
        "#f3f5fb", "#dfe4f5", "#c6cfed", "#a9b6e3", "#8b9bd8",
        "#6f81cd", "#5669c0", "#4354ad", "#334291", "#243071",
    ),
    "dark": (
        "#1b202b", "#232b40", "#2d3757", "#394670", "#46568a",
        "#5668a5", "#697cc0", "#8092d6", "#9dabe8", "#c0caf5",
    ),
}  # fmt: skip
DIVERGING: dict[Theme, tuple[str, ...]] = {
    "light": (
        "#8f3a00", "#b95a1a", "#d98a52", "#eebc97", "#f7e2d3",
        "#dbe9f3", "#a9cde5", "#66a5cf", "#2b7bb0", "#0a5583",
    ),
    "dark": (
        "#f7b27f", "#f0883e", "#c26a2a", "#8b4f25", "#4a3526",
        "#243648", "#2b5576", "#3a7cae", "#56a8e8", "#9fd0f7",
    ),
}  # fmt: skip
