"""Backends that start a stand-in for `vllm`, and what was started."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from vr_assets.backends.vllm import VllmBackend
from vr_assets.settings import VllmSettings
from vr_assets_tests.servers.vllm import write_standin

CANARY = "sk-canary-0123456789abcdef"


@dataclass(frozen=True)
class Start:
    """One start of the stand-in, as it noted it down."""

    pid: int
    child: int
    arguments: Sequence[str]
    environment: dict[str, str]

    def after(self, flag: str) -> str:
        return self.arguments[self.arguments.index(flag) + 1]


@dataclass(frozen=True)
class Bench:
    """A folder with the program, and the folder in which runs share servers."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, folder: Path, **told: str) -> "Bench":
        write_standin(folder)
        given = {f"STANDIN_{name.upper()}": value for name, value in told.items()}
        return cls(folder, {"PATH": f"{folder}:/usr/bin:/bin", "STANDIN_STARTS": str(folder / "starts.jsonl"), **given})

    @property
    def shared(self) -> Path:
        return self.folder / "endpoints"

    def settings(self, **settings: object) -> VllmSettings:
        return VllmSettings.model_validate({"model_path": "lab/eye-7b", "startup_timeout_s": 30, **settings})

    def backend(self, **settings: object) -> VllmBackend:
        return VllmBackend(self.settings(**settings), environ=self.environ, folder=self.shared)

    def telling(self, **told: str) -> "Bench":
        """The same place, where servers that are started are told something else."""
        given = {f"STANDIN_{name.upper()}": value for name, value in told.items()}
        return Bench(self.folder, {**self.environ, **given})

    @property
    def starts(self) -> list[Start]:
        noted = self.folder / "starts.jsonl"
        return [Start(**json.loads(line)) for line in noted.read_text().splitlines()] if noted.exists() else []

    @property
    def served(self) -> list[dict[str, object]]:
        noted = self.folder / "served.jsonl"
        return [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else []

    @property
    def guards(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if str(self.shared) in _command(process)]

    @property
    def servers(self) -> set[int]:
        """The processes of all servers that still run, those that they forked among them."""
        return {pid for start in self.starts for pid in (start.pid, start.child) if pid and _runs(pid)}

    @property
    def left(self) -> set[int]:
        """What still runs of everything that was ever started here."""
        return self.servers | {guard.pid for guard in self.guards}

    @property
    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.shared.glob("*.log*")))


def wait_until(holds: Callable[[], object], *, at_most_s: float = 20.0) -> None:
    until = time.monotonic() + at_most_s
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline() if process.status() != psutil.STATUS_ZOMBIE else []
    except psutil.Error:
        return []
