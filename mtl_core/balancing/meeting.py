"""Memories of a method, one for each combination of tasks that meet in a step.

Where datasets take turns, other tasks meet in other steps; a method then balances those that meet.
"""

from collections.abc import Callable
from typing import Any

from torch import nn


class Meetings(nn.Module):
    """A module of the library for each combination of tasks, made when they first meet."""

    def __init__(self, make: Callable[[tuple[str, ...]], nn.Module]) -> None:
        super().__init__()
        self._make = make
        self._made: dict[tuple[str, ...], nn.Module] = {}  # not of this module's own parameters

    def of(self, tasks: tuple[str, ...]) -> Any:
        """The module for these tasks."""
        if tasks not in self._made:
            self._made[tasks] = self._make(tasks)
        return self._made[tasks]

    def get_extra_state(self) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
        from . import library

        return [(tasks, library.memory_of(module)) for tasks, module in self._made.items()]

    def set_extra_state(self, state: list[tuple[tuple[str, ...], dict[str, Any]]]) -> None:
        from . import library

        for tasks, memory in state:
            library.recall(self.of(tuple(tasks)), memory)
