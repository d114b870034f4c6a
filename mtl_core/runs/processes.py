"""Which process is meant: a pid alone is reused by the system, so its start time belongs to it."""

import os
import socket
from dataclasses import dataclass
from typing import Any

import psutil


@dataclass(frozen=True)
class ProcessMark:
    """A process on a machine, told apart from later ones with the same pid."""

    pid: int
    created: float
    host: str

    @classmethod
    def mine(cls) -> "ProcessMark":
        """The mark of the process that calls this."""
        created = psutil.Process().create_time()
        return cls(pid=os.getpid(), created=created, host=socket.gethostname())

    @classmethod
    def of(cls, tree: dict[str, Any] | None) -> "ProcessMark | None":
        """The mark in a JSON object, None where it holds none."""
        return cls(**tree) if tree else None

    def is_alive(self) -> bool:
        """Whether the process still runs here; False for a process of another machine."""
        if self.host != socket.gethostname():
            return False
        try:
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.created) < 1.0
            return is_same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
