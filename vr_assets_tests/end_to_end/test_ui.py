"""What people do with batches in Dagster's UI, done in a real browser."""

from pathlib import Path
from shutil import copy

import pytest

from vr_assets_tests.end_to_end.browser import PATIENCE_MS, browsing, needs_browser
from vr_assets_tests.end_to_end.dagster_dev import dagster_dev
from vr_assets_tests.end_to_end.three_days import DAYS, ThreeDays, served

pytestmark = [pytest.mark.slow, needs_browser]


@pytest.mark.timeout(900)
def test_batches_are_materialized_backfilled_found_stale_looked_into_and_dropped_in_the_ui(videos: Path, tmp_path: Path) -> None:
    root, drops = tmp_path / "project", tmp_path / "cams"
    drops.mkdir()
    watched = {"VR_DROPS__FOLDER": str(drops), "VR_DROPS__SETTLE_S": "0", "VR_DROPS__BATCH_AGE_S": "0"}
    *clips, dropped = sorted(videos.iterdir())[:4]
    with served(root / "data") as files_url:
        days = ThreeDays.at(root, clips, files_url, watched)
        with dagster_dev(days.project) as webserver, browsing(webserver.url) as ui:
            ui.launch("monday")
            ui.wait_aside(lambda: days.made("monday"))
            days.review("monday")

            ui.launch(*DAYS)
            ui.backfill_ends(len(DAYS))
            assert days.made(*DAYS)
            ui.open_partition("raw_videos", "wednesday")
            ui.shown("gone.mp4: no such file")
            ui.open_partition("qa", "monday")
            ui.shown("Materialized")
            with ui.page.expect_popup(timeout=PATIENCE_MS) as opened:
                ui.page.locator("a[href$='/review/index.html']").first.click()
            assert opened.value.get_by_role("heading").first.inner_text() == "monday"

            days.edit()
            ui.open_partition("qa", "monday")
            ui.becomes(ui.page.get_by_text("Unsynced"))

            ui.switch_on("video_drops")
            copy(dropped, drops / "a.mp4")
            ui.wait_aside(lambda: days.made("cams"))
