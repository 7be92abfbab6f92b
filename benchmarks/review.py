"""How long a review page of many videos takes to open from disk, in a browser: until all cards are there, and painted.

.venv/bin/python -m benchmarks.review [--videos 1000] [--times 5]
"""

import argparse
import shutil
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from vr_assets.export.review.gathering import Opinions
from vr_assets.export.review.site import site_files
from vr_assets.export.review.videos import video_page
from vr_assets.records.review import Pictures
from vr_assets.settings import Graph
from vr_assets.storage import Store
from vr_assets_tests.review.batches import many_rows, write_picture

# Painted: the second frame after the last card was put there.
_READY = """() => new Promise((done) => {
  const look = () => document.documentElement.dataset.ready === "yes"
    ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))) : setTimeout(look, 5);
  look();
})"""


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--videos", type=int, default=1000)
    told.add_argument("--times", type=int, default=5)
    given = told.parse_args()
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if browser_path is None:
        raise SystemExit("no chromium on this machine")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        store = Store(Path(folder))
        thumbs = [f"thumbs/{number}.jpg" for number in range(given.videos)]
        (store.review_folder("many") / "thumbs").mkdir(parents=True)
        for thumb in thumbs:
            write_picture(store.review_folder("many") / thumb)
        rows = many_rows(given.videos)
        started = time.monotonic()
        page = video_page(rows, [Pictures(thumb=thumb) for thumb in thumbs], Opinions())
        files = site_files("many", Graph.VIDEOS, page, ())
        store.publish_review("many", files, thumbs)
        built_s = time.monotonic() - started
        started = time.monotonic()
        store.publish_review("many", files, thumbs)
        again_s = time.monotonic() - started
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        opened, searched = [], []
        for _ in range(given.times):
            tab = browser.new_page(viewport={"width": 1360, "height": 900})
            tab.goto((store.review_folder("many") / "index.html").as_uri(), wait_until="commit")
            opened.append(float(tab.evaluate(_READY)) / 1000)
            started = time.monotonic()
            tab.get_by_label("Search").fill(f"number {given.videos - 1} ")
            tab.locator("#count", has_text="1 of").wait_for()
            searched.append(time.monotonic() - started)
            tab.close()
        browser.close()
    index = sum(len(files[name]) for name in ("index.html", "entries.js", "decisions.js"))
    print(f"{given.videos} videos: written in {built_s:.2f} s, again in {again_s:.2f} s; loaded at first {index / 1e6:.2f} MB")
    print(f"open and painted: {median(opened):.2f} s (worst {max(opened):.2f})")
    print(f"first search, with its {len(files['search.js']) / 1e6:.1f} MB: {median(searched):.2f} s (worst {max(searched):.2f})")


if __name__ == "__main__":
    main()
