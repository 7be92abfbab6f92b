"""Who holds something that other processes on this machine wait for, and whether it is still there to give it back."""

import os
from dataclasses import dataclass
from typing import Self

import psutil


@dataclass(frozen=True)
class Owner:
    """A process. `started` tells it from a later one with the same number (seconds since 1970)."""

    pid: int
    started: float

    @classmethod
    def me(cls) -> Self:
        return cls(os.getpid(), psutil.Process().create_time())

    @property
    def alive(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            # One that was killed stays in the list until its parent looks.
            return process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False
