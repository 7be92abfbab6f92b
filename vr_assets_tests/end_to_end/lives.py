"""Runs that start within moments: each is a process forked from one that has imported everything.

`python -m vr_assets_tests.end_to_end.lives` takes one command a line, as JSON: the arguments of `vr-assets`, and the file that
gets what it prints. It answers with the run's process id, and with its exit code when it has ended.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from vr_assets_tests.end_to_end.project import Project


class Cradle:
    """Starts one run after another; each in a session of its own, so that all of it can be killed."""

    def __init__(self, process: subprocess.Popen[str], said: Path) -> None:
        self._process = process
        self._said = said

    def start(self, *arguments: str) -> "Life":
        return Life(int(self._tell({"arguments": arguments, "said": str(self._said)})), self, self._said)

    def _tell(self, order: dict[str, object]) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


class Life:
    """One run."""

    def __init__(self, pid: int, cradle: Cradle, said: Path) -> None:
        self.pid = pid
        self._cradle = cradle
        self._said = said

    @property
    def said(self) -> str:
        return self._said.read_text(encoding="utf-8")

    def ended(self) -> bool:
        return not psutil.pid_exists(self.pid)

    def kill(self) -> int:
        """Kills everything of it, -9; how it ended."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return self.code()

    def code(self) -> int:
        """Waits until it has ended; its exit code, or the signal's number below 0."""
        return int(self._cradle.hear())


@contextmanager
def cradle(project: Project) -> Iterator[Cradle]:
    """A cradle for one project's runs."""
    command = [sys.executable, "-m", "vr_assets_tests.end_to_end.lives"]
    environment = {**project.env, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        command, cwd=project.root, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            yield Cradle(process, project.root / "said.txt")
        finally:
            process.kill()


def _serve(orders: Iterator[str]) -> None:
    import openai  # noqa: F401

    import vr_assets.definitions  # noqa: F401
    from vr_assets.cli import main
    from vr_assets.defs import plans, progress, runs  # noqa: F401
    from vr_assets.defs.instance import open_instance

    with open_instance():
        """What an instance imports only when it is opened is there then too."""
    for line in orders:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os.setsid()
            _live(main, order["arguments"], Path(order["said"]))
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _live(main: Callable[[], None], arguments: Sequence[str], said: Path) -> None:
    file = os.open(said, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["vr-assets", *arguments]
    code = 70
    try:
        main()
        code = 0
    except SystemExit as exit:
        code = exit.code if isinstance(exit.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(sys.stdin)
