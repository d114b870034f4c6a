"""The presets, in the order in which people see them."""

from .chinese import CHINESE
from .contract import Preset
from .english import ENGLISH
from .many_languages import MANY_LANGUAGES

PRESETS: tuple[Preset, ...] = (*ENGLISH, *CHINESE, *MANY_LANGUAGES)
