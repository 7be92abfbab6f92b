"""Dagster's UI as people use it, in a real Chromium."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect, sync_playwright

from vr_assets_tests.end_to_end.dagster_dev import wait_for

NAMES = ("chromium", "chromium-browser", "google-chrome")
# A page of Dagster's takes some seconds when two cores are busy with runs.
PATIENCE_MS = 120_000
LOCATION = "locations/vr_assets.definitions"


def installed() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


needs_browser = pytest.mark.skipif(installed() is None, reason="no Chromium on the PATH; on Debian: apt-get install chromium")


@dataclass(frozen=True)
class Ui:
    """A page of a running webserver."""

    page: Page
    url: str

    def open(self, path: str, shows: str) -> None:
        """Go to a page and wait for words on it."""
        self.page.goto(f"{self.url}/{path}", wait_until="domcontentloaded")
        self.shown(shows)

    def shown(self, words: str) -> Locator:
        """Wait for words."""
        found = self.page.get_by_text(words).first
        expect(found).to_be_visible(timeout=PATIENCE_MS)
        return found

    def becomes(self, there: Locator, *, reloads: int = 20) -> None:
        """Wait for what comes from a sensor or the daemon's next look, which the page may not ask for by itself."""
        for _ in range(reloads):
            try:
                there.first.wait_for(timeout=10_000)
                return
            except TimeoutError:
                self.page.reload()
        expect(there.first).to_be_visible()

    def backfill_ends(self, partitions: int) -> None:
        """Wait for the end of the backfill of so many; it succeeded."""
        self.open("runs", f"{partitions} partitions")
        # The table is of plain boxes: its line is the one that names no run's partition.
        line = self.page.locator("div").filter(has_text=f"{partitions} partitions").filter(has_not_text="partition: ")
        self.becomes(line.filter(has_text=re.compile("Success|Succeeded|Completed")))

    def wait_aside(self, what: Callable[[], bool]) -> None:
        """Wait with no page open: an open one asks the webserver all the time."""
        self.page.goto("about:blank")
        wait_for(what)

    def switch_on(self, sensor: str) -> None:
        self.open(f"{LOCATION}/sensors/{sensor}", sensor)
        switch = self.page.locator("input[type=checkbox]").first
        # The box itself is hidden behind its picture.
        switch.evaluate("box => box.click()")
        expect(switch).to_be_checked(timeout=PATIENCE_MS)

    def open_partition(self, asset: str, batch: str) -> None:
        self.open(f"assets/{asset}?view=partitions&partition={batch}", "dagster/row_count")

    def choose_batches(self, *batches: str) -> Locator:
        """All assets of the video graph, and some batches; the dialog that launches them."""
        self.open(f"{LOCATION}/asset-groups/video/lineage", "task_files")
        self.page.get_by_role("button", name="Materialize all").click()
        dialog = self.page.locator("[role=dialog][aria-modal=true]")
        dialog.get_by_text("Select a partition or create one").click()
        for batch in batches:
            self.page.get_by_title(batch, exact=True).click()
        self.page.keyboard.press("Escape")
        return dialog

    def launch(self, *batches: str) -> None:
        dialog = self.choose_batches(*batches)
        dialog.get_by_role("button", name=re.compile("^Launch")).click()
        expect(dialog).to_be_hidden(timeout=PATIENCE_MS)


@contextmanager
def browsing(url: str) -> Iterator[Ui]:
    """A window of 1400 by 900; not sandboxed, for containers do not let it be."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        yield Ui(page, url)
        browser.close()
