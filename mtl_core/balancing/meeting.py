"""Memories of a method, one for each combination of tasks that meet in a step.

Where datasets take turns, other tasks meet in other steps; a method then balances those that meet.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

CPU = torch.device("cpu")


class Meetings(nn.Module):
    """A module of the library for each combination of tasks, made when they first meet."""

    def __init__(self, make: Callable[[tuple[str, ...]], nn.Module]) -> None:
        super().__init__()
        self._make = make
        self._made: dict[tuple[str, ...], nn.Module] = {}  # not of this module's own parameters
        self._saved: dict[tuple[str, ...], dict[str, Any]] = {}  # until they meet again

    def of(self, tasks: tuple[str, ...], device: torch.device = CPU) -> Any:
        """The module for these tasks; made on this device, with all that it remembers."""
        if tasks not in self._made:
            made = self._make(tasks).to(device)
            if tasks in self._saved:
                from . import library

                library.recall(made, self._saved.pop(tasks), device)
            self._made[tasks] = made
        return self._made[tasks]

    def get_extra_state(self) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
        from . import library

        made = [(tasks, library.memory_of(module)) for tasks, module in self._made.items()]
        return [*self._saved.items(), *made]

    def set_extra_state(self, state: list[tuple[tuple[str, ...], dict[str, Any]]]) -> None:
        self._made.clear()
        self._saved = {tuple(tasks): memory for tasks, memory in state}
