"""Review pages in a real browser."""

import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Literal

import pytest

from vr_assets.export.review.gathering import Opinions
from vr_assets.export.review.site import site_files
from vr_assets.export.review.videos import video_page
from vr_assets.records.review import Pictures, Verdict
from vr_assets.settings import Graph
from vr_assets.storage import Store
from vr_assets_tests.review.batches import (
    NAME,
    QUESTION,
    a_decision,
    conversation_files,
    image_files,
    many_rows,
    store_with_videos,
    video_files,
)
from vr_assets_tests.review.conftest import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.slow


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    """A tab in which no script fails and no file is missing; that the server refuses a decision is no fault of the page."""
    failed: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    tab = context.new_page()
    tab.on("pageerror", lambda error: failed.append(str(error)))
    tab.on("console", lambda message: failed.append(message.text) if message.type == "error" else None)
    yield tab
    context.close()
    assert [one for one in failed if "status of 400" not in one] == []


def open_item(page: "Page", name: str) -> None:
    page.locator("#gallery a", has_text=name).click()
    page.locator("#details h2").wait_for()


def shown(page: "Page") -> list[str]:
    return page.locator("#gallery li:visible .name").all_inner_texts()


def question(page: "Page", number: int = 1) -> "Locator":
    return page.get_by_role("article", name=f"question {number}")


def test_a_click_on_an_event_seeks_the_player(page: "Page", served: Served) -> None:
    page.goto(served.url)
    open_item(page, "north gate")
    player = page.locator("video")
    page.get_by_role("group", name="Timeline").get_by_role("button", name="It drives on.").click()
    page.wait_for_function("Math.abs(document.querySelector('video').currentTime - 5) < 0.2")
    page.get_by_role("button", name="The moment: 00:04.5").click()
    page.wait_for_function("Math.abs(document.querySelector('video').currentTime - 4.5) < 0.2")
    assert player.evaluate("video => [video.error, video.duration]") == [None, 8]


def test_filters_and_search_show_what_they_name(page: "Page", served: Served) -> None:
    page.goto(served.url)
    assert len(shown(page)) == 3
    page.get_by_label("Status").select_option("failed")
    assert shown(page) == ["night.mp4"]
    page.get_by_label("Status").select_option("")
    page.get_by_label("Task").select_option("mcq")
    assert shown(page) == ["north gate #1.mp4"]
    page.get_by_label("Task").select_option("")
    page.get_by_label("Check").select_option("repeated_text")
    assert "north gate #1.mp4" not in shown(page) and len(shown(page)) == 1
    page.get_by_label("Check").select_option("")
    page.get_by_label("Search").fill("BRAKES van")
    page.locator("#count", has_text="1 of 3").wait_for()
    assert shown(page) == ["north gate #1.mp4"], "its highlight says so"


def test_what_is_rejected_and_edited_is_there_after_a_reload(page: "Page", served: Served) -> None:
    page.goto(served.url)
    open_item(page, "north gate")
    one = question(page)
    one.get_by_label("Note").fill("the bus yields")
    one.get_by_role("button", name="Reject").click()
    one.get_by_text("Rejected", exact=True).wait_for()
    two = question(page, 2)
    two.get_by_role("button", name="Edit").click()
    two.get_by_role("textbox", name="question").fill("When does it wait?")
    two.get_by_role("button", name="Save").click()
    two.get_by_text("Edited", exact=True).wait_for()
    page.reload()
    question(page).get_by_text("Rejected", exact=True).wait_for()
    assert question(page).locator(".note").inner_text() == "the bus yields"
    assert "When does it wait?" in question(page, 2).locator(".edited").inner_text()
    first, second = served.store.read_decisions(NAME)
    assert (first.subject, first.verdict, second.verdict, second.edits) == (
        QUESTION,
        Verdict.REJECT,
        Verdict.EDIT,
        {"question": "When does it wait?"},
    )
    page.get_by_role("link", name="All").click()
    page.get_by_label("Review").select_option("reject")
    assert shown(page) == ["north gate #1.mp4"]


def test_an_edit_that_cannot_be_is_refused_and_says_why(page: "Page", served: Served) -> None:
    page.goto(served.url)
    open_item(page, "north gate")
    question(page).get_by_role("button", name="Edit").click()
    question(page).get_by_role("textbox", name="answer").fill("E")
    question(page).get_by_role("button", name="Save").click()
    page.get_by_role("alert").get_by_text("none of the letters").wait_for()
    assert served.store.read_decisions(NAME) == []


def test_everything_can_be_done_by_keyboard(page: "Page", served: Served) -> None:
    page.goto(served.url)
    for key in ("j", "Enter"):
        page.keyboard.press(key)
    page.locator("#details h2", has_text="north gate").wait_for()
    for key in ("j", "j", "v", "r"):
        page.keyboard.press(key)
    question(page).get_by_text("Rejected", exact=True).wait_for()
    assert question(page).get_by_text("B) The white van").first.is_visible()
    page.keyboard.press("e")
    page.keyboard.type("So: ")
    page.keyboard.press("Escape")
    assert page.locator("form.editor").count() == 0
    page.keyboard.press("n")
    page.locator("#details h2", has_text="script").wait_for()
    page.keyboard.press("Escape")
    page.locator("#gallery").wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    assert [one.subject for one in served.store.read_decisions(NAME)] == [QUESTION]


def test_two_tabs_see_what_the_other_decided(page: "Page", served: Served) -> None:
    page.goto(served.url)
    open_item(page, "north gate")
    other = page.context.new_page()
    other.goto(page.url)
    question(other).get_by_role("button", name="Accept").click()
    question(other).get_by_text("Accepted", exact=True).wait_for()
    question(page, 2).get_by_role("button", name="Reject").click()
    question(page).get_by_text("Accepted", exact=True).wait_for()
    assert {one.verdict for one in served.store.read_decisions(NAME)} == {Verdict.ACCEPT, Verdict.REJECT}


def test_hostile_texts_run_nothing_and_break_nothing(page: "Page", served: Served) -> None:
    page.goto(served.url)
    open_item(page, "script")
    page.locator("summary").click()
    told = page.locator("#details").inner_text()
    assert "<script>window.harmed=1</script>" in told and "onerror" in told
    assert page.evaluate("window.harmed") is None
    assert page.locator("#details script, #details b:not(.options b), #details img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert all(
        box and box["width"] <= 1280 and box["height"] < 900
        for box in (one.bounding_box() for one in page.locator(".text").all())
    )


def test_it_works_from_disk_after_it_was_moved_and_is_read_only(page: "Page", tmp_path: Path) -> None:
    store = store_with_videos(tmp_path / "data")
    store.add_decision(NAME, a_decision())
    store.publish_review(NAME, video_files(decisions=store.read_decisions(NAME)), ["clips/a.mp4", "thumbs/a.jpg"])
    moved = shutil.move(store.review_folder(NAME), tmp_path / "a place of its own #1")
    page.goto((Path(moved) / "index.html").as_uri())
    open_item(page, "north gate")
    page.locator(".moments").get_by_role("button").nth(1).click()
    page.wait_for_function("Math.abs(document.querySelector('video').currentTime - 5) < 0.2")
    question(page).get_by_text("Rejected", exact=True).wait_for()
    assert page.get_by_role("button", name="Reject").count() == 0


def test_a_decision_on_an_earlier_text_is_shown_as_outdated(page: "Page", tmp_path: Path) -> None:
    store = store_with_videos(tmp_path / "data")
    store.publish_review(NAME, video_files(question="Who waits?", decisions=[a_decision()]), ["clips/a.mp4", "thumbs/a.jpg"])
    page.goto((store.review_folder(NAME) / "index.html").as_uri())
    page.get_by_label("Review").select_option("outdated")
    assert shown(page) == ["north gate #1.mp4"]
    open_item(page, "north gate")
    question(page).get_by_text("Outdated: the text changed since").wait_for()


def test_any_web_server_serves_it(page: "Page", tmp_path: Path) -> None:
    store = store_with_videos(tmp_path / "data")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        folder = store.review_folder(NAME).relative_to(tmp_path)
        page.goto(f"http://127.0.0.1:{server.server_port}/{folder}/index.html")
        open_item(page, "north gate")
        question(page).get_by_text("Undecided").wait_for()
        server.shutdown()


def test_boxes_lie_on_the_image_and_are_switched_by_expression(page: "Page", tmp_path: Path) -> None:
    Store(tmp_path).publish_review("street", image_files(Store(tmp_path).review_folder("street")), ["stills/a.png"])
    page.goto((Store(tmp_path).review_folder("street") / "index.html").as_uri())
    open_item(page, "street.png")
    image, box = page.locator(".boxed img").bounding_box(), page.locator(".boxes .over").bounding_box()
    assert image and box
    shares = [(box["x"] - image["x"]) / image["width"], (box["y"] - image["y"]) / image["height"], box["width"] / image["width"]]
    assert shares == pytest.approx([0.1, 0.1, 0.4], abs=0.02)
    page.get_by_role("checkbox", name="red car").uncheck()
    assert not page.locator(".boxes").first.is_visible()
    assert page.evaluate("window.harmed") is None


def test_a_row_of_conversations_shows_all_its_videos_and_images(page: "Page", tmp_path: Path) -> None:
    folder = Store(tmp_path).review_folder("rows")
    Store(tmp_path).publish_review("rows", conversation_files(folder), ["clips/a.mp4", "stills/a.png"])
    page.goto((folder / "index.html").as_uri())
    open_item(page, "rows.jsonl:7")
    page.wait_for_function("document.querySelector('video').duration === 8")
    assert page.locator(".boxed img").evaluate("image => image.naturalWidth") == 160
    assert page.evaluate("window.harmed") is None


def test_a_thousand_videos_open_and_can_be_searched(page: "Page", tmp_path: Path) -> None:
    rows = many_rows(1000)
    files = site_files("many", Graph.VIDEOS, video_page(rows, [Pictures()] * 1000, Opinions()), ())
    store = Store(tmp_path)
    store.publish_review("many", {name: content for name, content in files.items() if not name.startswith("items/")}, [])
    page.goto((store.review_folder("many") / "index.html").as_uri())
    assert page.locator("#gallery li").count() == 1000
    page.get_by_label("Search").fill("number 733 ")
    page.locator("#count", has_text="1 of 1,000").wait_for()
    assert shown(page) == ["cam0733.mp4"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(page: "Page", served: Served, scheme: "Literal['light', 'dark']") -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(served.url)
    open_item(page, "night")
    assert page.evaluate(CONTRAST) >= 4.5


# The least contrast of all text on the page, as WCAG 2 reckons it.
CONTRAST = """() => {
  const rgb = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, place) => sum + v * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (node) => { for (let one = node; one; one = one.parentElement) {
    const found = rgb(getComputedStyle(one).backgroundColor); if (found.length === 3) return found; } return [255, 255, 255]; };
  const texts = [...document.querySelectorAll('body *')].filter((one) => one.checkVisibility()
    && [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
  return Math.min(...texts.map((one) => {
    const [a, b] = [light(rgb(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
}"""
