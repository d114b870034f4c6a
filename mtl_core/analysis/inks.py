"""Colours that mean something else than a task: better, worse, neither, and text."""

from .colours import Theme

UP: dict[Theme, str] = {"light": "#1a7f4b", "dark": "#3ecf8e"}
DOWN: dict[Theme, str] = {"light": "#c4382f", "dark": "#ff8577"}
GREY: dict[Theme, str] = {"light": "#5c6470", "dark": "#aab2bd"}
INK: dict[Theme, str] = {"light": "#1b2130", "dark": "#f2f4f8"}
