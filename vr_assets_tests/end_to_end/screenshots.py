"""Takes the pictures of docs/ui.md: `python -m vr_assets_tests.end_to_end.screenshots`, with Chromium on the PATH."""

from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from vr_assets_tests.end_to_end.browser import LOCATION, Ui, browsing
from vr_assets_tests.end_to_end.dagster_dev import SHIPPED, dagster_dev, wait_for
from vr_assets_tests.end_to_end.project import draw_videos
from vr_assets_tests.end_to_end.three_days import DAYS, ThreeDays, served

IMAGES = SHIPPED.parent / "docs" / "images"
SETTLED_MS = 3_000
# Dagster's pages are of few colours: a quarter of the bytes, and nothing is seen of it.
COLOURS = 128

# Paths and addresses of the machine that the pictures are taken on are none of the reader's business.
_HIDE = """([from, to]) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) walker.currentNode.data = walker.currentNode.data.replaceAll(from, to);
}"""


class Camera:
    def __init__(self, ui: Ui, hidden: dict[str, str]) -> None:
        self._ui = ui
        self._hidden = hidden

    def take(self, name: str) -> None:
        page = self._ui.page
        page.wait_for_timeout(SETTLED_MS)
        for word, shown in self._hidden.items():
            page.evaluate(_HIDE, [word, shown])
        path = IMAGES / f"{name}.png"
        page.screenshot(path=path)
        with Image.open(path) as picture:
            picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=COLOURS).save(path, optimize=True)


def take_all(days: ThreeDays, ui: Ui, camera: Camera) -> None:
    """One batch, then three, then what an edit makes of them."""
    ui.choose_batches("monday")
    camera.take("materialize")
    ui.launch("monday")
    wait_for(lambda: days.made("monday"))
    days.review("monday")
    ui.open_partition("qa", "monday")
    camera.take("partition")
    ui.launch(*DAYS)
    ui.backfill_ends(len(DAYS))
    camera.take("backfill")
    ui.open_partition("raw_videos", "wednesday")
    ui.shown("no such file").scroll_into_view_if_needed()
    camera.take("failed")
    ui.open(f"{LOCATION}/asset-groups/video/lineage", "task_files")
    camera.take("graph")
    ui.open("assets/captions?view=overview", "Column name")
    plots = ui.page.get_by_role("button", name="Plots")
    plots.click()
    plots.evaluate("button => button.scrollIntoView()")
    camera.take("plots")
    days.edit()
    ui.open_partition("qa", "monday")
    ui.becomes(ui.page.get_by_text("Unsynced"))
    camera.take("stale")
    ui.open(f"{LOCATION}/jobs/annotate_videos/playground", "store")
    camera.take("launchpad")
    ui.open("automation", "annotate_new_and_changed")
    camera.take("automation")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        clips = sorted(draw_videos(Path(folder) / "cctv", 6).iterdir())
        with served(root / "data") as files_url:
            days = ThreeDays.at(root, clips, files_url)
            with dagster_dev(days.project) as webserver, browsing(webserver.url) as ui:
                take_all(days, ui, Camera(ui, {files_url: "http://files:8080", str(root): "", folder: ""}))


if __name__ == "__main__":
    main()
