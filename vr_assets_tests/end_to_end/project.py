"""A project folder, and commands run in it as a user runs them."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from vr_assets.settings import Asset
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.end_to_end.lives import Life, cradle
from vr_assets_tests.instances import place_databases
from vr_assets_tests.servers.serving import ModelServer, Served

_OF_THE_RUN = ("batch.json", "manifest.jsonl", "report.md")
Json = dict[str, JsonValue]


def draw_videos(folder: Path, count: int, *, seconds: float = 2.0) -> Path:
    """Short videos that all differ."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        colour = (index * 37 % 256, index * 91 % 256, 255 - index * 53 % 256)
        write_clip(folder / f"cam{index:02d}.mp4", moving_box(round(seconds * 8), colour=colour, box_px=20 + index % 8), 8)
    return folder


@dataclass
class Project:
    """A folder with an instance and a data root of its own; the environment holds nothing else of the caller's."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, root: Path, env: Mapping[str, str] | None = None) -> "Project":
        root.mkdir(parents=True, exist_ok=True)
        given = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(root),
            "DAGSTER_HOME": str(root),
            "VR_DATA_ROOT": str(root / "data"),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            **(env or {}),
        }
        (root / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
        if not (root / "history").exists():
            place_databases(root)
        return cls(root, given)

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Starts a command in a session of its own."""
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=self.env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, *command: str, code: int = 0) -> str:
        """Starts a command afresh, waits for its end and asserts how it ended; what it printed."""
        done = subprocess.run(command, cwd=self.root, env=self.env, text=True, capture_output=True, timeout=280, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{' '.join(command)} ended with {done.returncode}\n{said}"
        return said

    def live(self, *arguments: str) -> Life:
        """Starts `vr-assets` from the cradle."""
        return cradle().start("vr-assets", *arguments, cwd=self.root, env=self.env)

    def vr(self, *arguments: str, code: int = 0) -> str:
        """The same, to its end; asserts how it ended. What it printed."""
        return self.forked("vr-assets", *arguments, code=code)

    def forked(self, *command: str, code: int = 0) -> str:
        """The same with `vr-assets` or `dagster`."""
        with cradle().start(*command, cwd=self.root, env=self.env) as life:
            ended = life.code()
        assert ended == code, f"{' '.join(command)} ended with {ended}\n{life.said}"
        return life.said

    def rows(self, batch: str, asset: Asset) -> list[Json]:
        path = self.root / "data" / "batches" / batch / f"{asset}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]

    def statuses(self, batch: str, asset: Asset) -> Counter[str]:
        return Counter(str(row["status"]) for row in self.rows(batch, asset))

    def outputs(self, batch: str) -> dict[str, bytes]:
        """Everything a batch has published, but its registration and the report, which tells of that and of the bill."""
        folder = self.root / "data" / "batches" / batch
        files = [path for path in folder.rglob("*") if path.is_file() and path.name not in _OF_THE_RUN]
        return {str(path.relative_to(folder)): _undated(path.read_bytes()) for path in sorted(files)}

    def task_files(self, batch: str) -> dict[str, bytes]:
        """The part of it that trainers read."""
        return {name: content for name, content in self.outputs(batch).items() if name.startswith("task_files/")}

    def journal(self) -> list[Json]:
        """All answers that were kept."""
        parts = sorted((self.root / "data" / "journal").rglob("*.jsonl"))
        return [json.loads(line) for part in parts for line in part.read_text(encoding="utf-8").splitlines()]


def _undated(content: bytes) -> bytes:
    try:
        whole = json.loads(content)
    except ValueError:
        return content
    if isinstance(whole, dict) and "metadata" in whole:
        whole["metadata"].pop("date")
        return json.dumps(whole).encode()
    return content


def openai_at(server: ModelServer, *, workers: int = 4) -> dict[str, str]:
    """The environment that points both models at a server. Without preflight: its log holds the batch's calls alone."""
    return {
        f"VR_{role}__{name}": value
        for role in ("VLM", "LLM")
        for name, value in (
            ("BACKEND", "openai"),
            ("OPENAI__BASE_URL", server.url),
            ("OPENAI__MODEL_NAME", "loopback"),
        )
    } | {"VR_CALLS__MAX_WORKERS": str(workers), "VR_CALLS__PREFLIGHT": "false"}


def gemini_at(server: ModelServer, *, key: str = "any", workers: int = 4) -> dict[str, str]:
    """The same with Gemini's API."""
    return {
        **{f"VR_{role}__GEMINI__BASE_URL": server.url for role in ("VLM", "LLM")},
        "GOOGLE_API_KEY": key,
        "VR_CALLS__MAX_WORKERS": str(workers),
        "VR_CALLS__PREFLIGHT": "false",
    }


def hurried(backend: str, *, timeout_s: float = 5.0) -> dict[str, str]:
    """Settings with which faults take little time."""
    return {
        **{f"VR_{role}__{backend.upper()}__TIMEOUT": str(timeout_s) for role in ("VLM", "LLM")},
        "VR_CALLS__MAX_ATTEMPTS": "8",
        "VR_CALLS__MAX_RETRY_WAIT_S": "0.3",
    }


def by_content(served: Sequence[Served]) -> dict[str, list[Served]]:
    """The requests of each content, in the order in which they came."""
    grouped: dict[str, list[Served]] = {}
    for one in sorted(served, key=lambda one: one.number):
        grouped.setdefault(one.content, []).append(one)
    return grouped


def asked(served: Sequence[Served]) -> Counter[tuple[str, str]]:
    """How often each question was answered in whole: (task, what was asked)."""
    return Counter(
        (str(one.question.task), json.dumps(one.body, sort_keys=True))
        for one in served
        if one.question and one.sent_at is not None
    )


def tasks(served: Sequence[Served]) -> Counter[str]:
    """How many requests of each task a server saw."""
    return Counter(str(one.question.task) for one in served if one.question)
