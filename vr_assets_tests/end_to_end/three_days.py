"""A project to show the UI with: three batches, one of which has a file that is gone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copy
from threading import Thread

from vr_assets.settings import Asset
from vr_assets_tests.end_to_end.dagster_dev import SHIPPED
from vr_assets_tests.end_to_end.project import Project

DAYS = ("monday", "tuesday", "wednesday")
PROMPT = "open_qa.normal.md"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A web server that shows a folder, as files_url wants it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@dataclass(frozen=True)
class ThreeDays:
    """Annotated offline, in the domain `ours`."""

    project: Project
    prompt: Path

    @classmethod
    def at(cls, root: Path, clips: list[Path], files_url: str, env: Mapping[str, str] | None = None) -> "ThreeDays":
        """Each day holds as many of the clips; wednesday one more that is gone. `env` is set besides."""
        prompt = root / "prompts" / "ours" / "qa" / PROMPT
        prompt.parent.mkdir(parents=True)
        copy(SHIPPED.parent / "prompts" / "general" / "qa" / PROMPT, prompt)
        given = {
            "VR_VLM__BACKEND": "opencv",
            "VR_LLM__BACKEND": "opencv",
            "VR_PROMPTS__PROMPTS_DIR": str(root / "prompts"),
            "VR_PROMPTS__PROMPTS_MODULE": "ours",
            "VR_CHECKS__MAX_FAILED_SHARE": "0.5",
            "VR_FILES_URL": files_url,
            **(env or {}),
        }
        project = Project.at(root, given)
        copy(SHIPPED, root)
        gone = root / "gone.mp4"
        for position, day in enumerate(DAYS):
            own = clips[position :: len(DAYS)]
            if day == DAYS[-1]:
                copy(own[0], gone)
                own = [gone, *own]
            project.vr("ingest", *map(str, own), "--batch", day)
        gone.unlink()
        return cls(project, prompt)

    def made(self, *days: str) -> bool:
        return all((self._batch(day) / f"{Asset.TASK_FILES}.jsonl").is_file() for day in days)

    def review(self, day: str) -> None:
        """Make the day's review page: what is made of the day from then on links to it."""
        self.project.vr("review", "--batch", day, "--build")

    def edit(self) -> None:
        """Some words more at the end of a QA prompt's first block."""
        self.prompt.write_text(self.prompt.read_text().replace("{% endblock", "Be brief.\n{% endblock", 1))

    def _batch(self, day: str) -> Path:
        return self.project.root / "data" / "batches" / day
