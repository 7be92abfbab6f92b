"""Dagster's own daemon and webserver on a project."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from vr_assets_tests.end_to_end.project import Project
from vr_assets_tests.servers.ports import free_port

SHIPPED = Path(__file__).parents[2] / "dagster.yaml"
LOCATION = {"repositoryName": "__repository__", "repositoryLocationName": "vr_assets.definitions"}


@contextmanager
def running(project: Project, *command: str) -> Iterator[None]:
    """Stopped at the end as by Ctrl-C. What it prints goes into a file: a pipe that nobody reads would stop it."""
    with (project.root / "said.log").open("a") as said:
        process = subprocess.Popen(
            command, cwd=project.root, env=project.env, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            try:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=60)
            finally:
                # Whatever it leaves: also where the test's own time ran out while it was waited for.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@dataclass(frozen=True)
class Webserver:
    """A running one, asked as the UI asks it."""

    url: str

    def ask(self, question: str, **variables: object) -> Any:
        body = json.dumps({"query": question, "variables": variables}).encode()
        with urlopen(Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"}), timeout=60) as reply:
            answer = json.load(reply)
        assert "errors" not in answer, answer
        return answer["data"]

    def is_up(self) -> bool:
        try:
            with urlopen(f"{self.url}/server_info", timeout=5):
                return True
        except OSError:
            return False


@contextmanager
def dagster_dev(project: Project) -> Iterator[Webserver]:
    """The webserver and the daemon."""
    port = free_port()
    with running(project, "dagster", "dev", "-m", "vr_assets.definitions", "--port", str(port)):
        webserver = Webserver(f"http://127.0.0.1:{port}")
        wait_for(webserver.is_up)
        yield webserver


@contextmanager
def daemon(project: Project) -> Iterator[None]:
    with running(project, "dagster-daemon", "run", "-m", "vr_assets.definitions"):
        yield


def wait_for(what: Callable[[], bool], *, within_s: float = 300) -> None:
    until = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.5)
