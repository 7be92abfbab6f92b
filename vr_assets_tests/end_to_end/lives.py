"""Runs that start within moments: each is a process forked from one that has imported everything.

`python -m vr_assets_tests.end_to_end.lives` takes one command a line, as JSON, and forks it. Importing takes longer than most
commands do. Commands of one cradle share their hash seed: what shall show that the order of a set does not matter has one side
that was started afresh.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from pkgutil import resolve_name
from typing import TextIO

import psutil

PROGRAMS = {"vr-assets": "vr_assets.cli:main", "dagster": "dagster._cli:main"}


class Life:
    """A `vr-assets` or `dagster` command in a session of its own, so that all of it can be killed."""

    def __init__(self, answers: TextIO, said: Path) -> None:
        self._answers = answers
        self._said = said
        self.pid = int(answers.readline())

    def __enter__(self) -> "Life":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing of it outlives a test that gives up."""
        if not self._answers.closed:
            self.kill()

    @property
    def said(self) -> str:
        return self._said.read_text(encoding="utf-8")

    def ended(self) -> bool:
        return not psutil.pid_exists(self.pid)

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> int:
        """Kills everything of it, -9; how it ended."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return self.code()

    def code(self) -> int:
        """Waits until it has ended; its exit code, or the signal's number below 0."""
        with self._answers:
            return int(self._answers.readline())


class Cradle:
    """Starts commands; it ends with the process that made it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "vr_assets_tests.end_to_end.lives"]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
        self._process = subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE)
        self._folder = tempfile.TemporaryDirectory(prefix="cradle-")
        self._count = 0

    def start(self, *command: str, cwd: Path, env: Mapping[str, str]) -> Life:
        assert self._process.stdin is not None
        self._count += 1
        said, answers = (Path(self._folder.name) / f"{self._count}.{kind}" for kind in ("said", "answers"))
        os.mkfifo(answers)
        order = {"command": command, "cwd": str(cwd), "env": dict(env), "said": str(said), "answers": str(answers)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Life(answers.open(encoding="utf-8"), said)


@cache
def cradle() -> Cradle:
    """The one of this process."""
    return Cradle()


def _serve(orders: Iterable[str]) -> None:
    import openai  # noqa: F401

    import vr_assets.definitions  # noqa: F401
    from vr_assets.cli import progress  # noqa: F401
    from vr_assets.defs import plans, runs  # noqa: F401
    from vr_assets.defs.instance import open_instance

    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
        os.environ["DAGSTER_HOME"] = home
        with open_instance():
            """What an instance imports only when it is opened is there then too."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in orders:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _watch(**json.loads(line))


def _watch(*, command: Sequence[str], cwd: str, env: Mapping[str, str], said: str, answers: str) -> None:
    """Forks a command and tells its process id, and its exit code when it has ended."""
    try:
        with Path(answers).open("w", encoding="utf-8") as telling:
            pid = os.fork()
            if pid == 0:
                os.setsid()
                os.chdir(cwd)
                os.environ.clear()
                os.environ.update(env)
                _live(command, said)
            print(pid, file=telling, flush=True)
            _, status = os.waitpid(pid, 0)
            print(os.waitstatus_to_exitcode(status), file=telling, flush=True)
    finally:
        os._exit(0)


def _live(command: Sequence[str], said: str) -> None:
    program = resolve_name(PROGRAMS[command[0]])
    file = os.open(said, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = list(command)
    code = 70
    try:
        program()
        code = 0
    except SystemExit as exit:
        code = exit.code if isinstance(exit.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(sys.stdin)
