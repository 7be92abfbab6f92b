"""What people do with batches in Dagster's UI, done in a real browser."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copy
from threading import Thread

import pytest

from vr_assets.settings import Asset
from vr_assets_tests.end_to_end.browser import PATIENCE_MS, browsing, needs_browser
from vr_assets_tests.end_to_end.dagster_dev import SHIPPED, dagster_dev, wait_for
from vr_assets_tests.end_to_end.project import Project

pytestmark = [pytest.mark.slow, needs_browser]

OFFLINE = {"VR_VLM__BACKEND": "opencv", "VR_LLM__BACKEND": "opencv"}


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A web server that shows a folder, as files_url wants it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.timeout(600)
def test_batches_are_materialized_backfilled_found_stale_and_looked_into_in_the_ui(videos: Path, tmp_path: Path) -> None:
    root = tmp_path / "project"
    prompt = root / "prompts" / "ours" / "qa" / "open_qa.normal.md"
    prompt.parent.mkdir(parents=True)
    shipped = Path(__file__).parents[2] / "prompts" / "general" / "qa" / prompt.name
    prompt.write_text(shipped.read_text())
    given = {"VR_PROMPTS__PROMPTS_DIR": str(root / "prompts"), "VR_PROMPTS__PROMPTS_MODULE": "ours"}
    with served(root / "data") as files_url:
        project = Project.at(root, {**OFFLINE, **given, "VR_FILES_URL": files_url, "VR_CHECKS__MAX_FAILED_SHARE": "0.5"})
        copy(SHIPPED, root)
        gone = tmp_path / "gone.mp4"
        clips = sorted(videos.iterdir())
        gone.write_bytes(clips[3].read_bytes())
        for name, paths in {"monday": clips[:1], "tuesday": clips[1:2], "wednesday": [clips[2], gone]}.items():
            project.vr("ingest", *map(str, paths), "--batch", name)
        gone.unlink()
        review = root / "data" / "batches" / "monday" / "review" / "index.html"
        if not review.exists():
            review.parent.mkdir()
            review.write_text("<h1>Review of monday</h1>")

        def made(*batches: str) -> bool:
            return all((root / "data" / "batches" / name / f"{Asset.TASK_FILES}.jsonl").is_file() for name in batches)

        with dagster_dev(project) as webserver, browsing(webserver.url) as ui:
            ui.launch("monday")
            wait_for(lambda: made("monday"))
            ui.open_partition("qa", "monday")
            ui.shown("Materialized")

            with ui.page.expect_popup(timeout=PATIENCE_MS) as opened:
                ui.page.get_by_role("link", name=re.compile("review/index.html")).first.click()
            assert opened.value.get_by_role("heading").first.inner_text() == "Review of monday"

            ui.launch("monday", "tuesday", "wednesday")
            ui.open("runs?show_runs_within_backfills=false", "3 partitions")
            ui.shown("Completed")
            assert made("monday", "tuesday", "wednesday")

            ui.open_partition("raw_videos", "wednesday")
            ui.shown("gone.mp4: no such file")

            prompt.write_text(prompt.read_text().replace("{% endblock", "Be brief.\n{% endblock", 1))
            ui.open_partition("qa", "monday")
            ui.shown("Unsynced")
