"""What a process and everything it started used. Reads /proc: Linux only."""

import ctypes
import os
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_SUBREAPER = 36
_EVERY_S = 0.2


def adopt_orphans() -> None:
    """What outlives the process that started it becomes a child of this one, so that its CPU seconds are counted.

    A run's media processes end after the run has: they would take their seconds with them.
    """
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def children_cpu_s() -> float:
    """CPU seconds of all children that ended, and of theirs."""
    times = os.times()
    return times.children_user + times.children_system


def end_orphans(*, but: set[int]) -> None:
    """Waits for adopted processes, all but those still wanted."""
    while orphans := {child.pid for child in psutil.Process().children()} - but:
        for pid in orphans:
            os.waitpid(pid, 0)


def peak_mb() -> float:
    """The most memory this process had. (`ru_maxrss` would start with what its parent had.)"""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


@dataclass
class Tree:
    """Watches a process until it ends.

    `peak_mb` is the proportional set size: memory that processes share counts once. `own_cpu_s` is the process's alone.
    `started_at` is in seconds since 1970.
    """

    process: "subprocess.Popen[str]"
    peak_mb: float = 0.0
    peak_own_mb: float = 0.0
    most_processes: int = 0
    own_cpu_s: float = 0.0
    wall_s: float = 0.0
    started_at: float = field(default_factory=time.time)
    _ended: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> str:
        """Waits for its end; what it printed."""
        started = time.monotonic()
        sampling = threading.Thread(target=self._sample)
        sampling.start()
        assert self.process.stdout is not None
        said = self.process.stdout.read()
        os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        self.wall_s = time.monotonic() - started
        times = psutil.Process(self.process.pid).cpu_times()
        self.own_cpu_s = times.user + times.system
        self._ended.set()
        sampling.join()
        self.process.wait()
        return said

    def _sample(self) -> None:
        main = psutil.Process(self.process.pid)
        while not self._ended.wait(_EVERY_S):
            others = [_pss_mb(child) for child in main.children(recursive=True)]
            own = _pss_mb(main)
            self.peak_own_mb = max(self.peak_own_mb, own)
            self.peak_mb = max(self.peak_mb, own + sum(others))
            self.most_processes = max(self.most_processes, 1 + len(others))


def _pss_mb(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss) / 2**20
    except psutil.Error:
        # It ended meanwhile.
        return 0.0
