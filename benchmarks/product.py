"""The product as its users start it, in processes, against an endpoint of a benchmark's own."""

import argparse
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.used import Tree, adopt_orphans, children_cpu_s, end_orphans
from vr_assets_tests.end_to_end.project import Project

ROOT = Path(__file__).parents[1]
ROLES = ("VLM", "LLM")


@dataclass
class Endpoint:
    """A server in a process of its own."""

    process: psutil.Popen
    url: str
    log: Path

    @property
    def cpu_s(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@dataclass(frozen=True)
class Runs:
    """What runs used, their media processes included. `trees` are in the order in which they ended."""

    trees: Sequence[Tree]
    cpu_s: float


@contextmanager
def endpoint(root: Path, *options: str) -> Iterator[Endpoint]:
    log = root / "requests.jsonl"
    command = [sys.executable, "-m", "vr_assets_tests.servers.openai", "--lean", "--log", str(log), *options]
    with psutil.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Endpoint(process, process.stdout.readline().strip(), log)
        finally:
            process.kill()


def project_at(root: Path, url: str, *, model: str, settings: Mapping[str, str]) -> Project:
    env = {f"VR_{role}__BACKEND": "openai" for role in ROLES}
    env |= {f"VR_{role}__OPENAI__BASE_URL": url for role in ROLES}
    env |= {f"VR_{role}__OPENAI__MODEL_NAME": model for role in ROLES}
    project = Project.at(root, env | dict(settings))
    # As `vr-assets init` writes it: how runs log is part of what they cost.
    shutil.copy(ROOT / "dagster.yaml", root)
    return project


def run_all(project: Project, names: Sequence[str], *, at_once: int = 1, under: Sequence[str] = ()) -> Runs:
    """Each batch a process, so many at once. `under`: a command that runs them, such as a profiler's."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for name in names:
        waiting.put(name)
    failed: list[str] = []
    trees: list[Tree] = []

    def work() -> None:
        while not waiting.empty():
            try:
                name = waiting.get_nowait()
            except queue.Empty:
                return
            tree = Tree(project.start(*under, "vr-assets", "run", "--batch", name))
            said = tree.wait()
            trees.append(tree)
            if tree.process.returncode:
                failed.append(f"{name} ended with {tree.process.returncode}: {said[-2000:]}")

    adopt_orphans()
    servers = {child.pid for child in psutil.Process().children()}
    before = children_cpu_s()
    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end_orphans(but=servers)
    if failed:
        sys.exit("\n".join(failed))
    return Runs(trees, children_cpu_s() - before)


def common_options(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--keep", type=Path, help="folder for everything; its videos are used again")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the product's")
    return parser


def given(options: argparse.Namespace) -> dict[str, str]:
    """`--set` as the environment spells it."""
    pairs = (text.partition("=") for text in options.set)
    return {f"VR_{name.replace('.', '__').upper()}": value for name, _, value in pairs}


@contextmanager
def folder(keep: Path | None) -> Iterator[Path]:
    """The folder to keep, or one that passes."""
    with tempfile.TemporaryDirectory(prefix="vr-assets-") as passing:
        root = keep or Path(passing)
        root.mkdir(parents=True, exist_ok=True)
        yield root.resolve()


def report(figures: Mapping[str, object]) -> None:
    print(json.dumps({**figures, "cores": os.cpu_count()}, indent=2))
