"""Errors that a user can mend: one sentence saying what, where, the value found and the cure.

The command line prints them on one line and exits with 2; the app shows them in a box.
Everything else may crash loudly.
"""


class MtlError(Exception):
    """The parent of every error that a user can mend."""


class ConfigError(MtlError):
    """An experiment, or a value in it, is not usable."""


class DataError(MtlError):
    """A dataset card, a file or a row is not usable."""


class ModelError(MtlError):
    """A model cannot be loaded or built as asked."""


class RunError(MtlError):
    """A run is missing, damaged or in the wrong state for what was asked."""
