"""What the files of a review page hold."""

import json
import re
from pathlib import Path

import pytest

from vr_assets.export.review.gathering import Opinions
from vr_assets.export.review.site import decisions_script, index, site_files
from vr_assets.export.review.videos import video_page
from vr_assets.records.edits import edited, texts_of
from vr_assets.records.review import Finding, Pictures, Verdict, fingerprint
from vr_assets.records.video import QaItem
from vr_assets.settings import Asset, Graph, Status
from vr_assets.storage import Store
from vr_assets_tests.export.rows import mcq, open_item, span_item, yes
from vr_assets_tests.review.batches import (
    BAD,
    GOOD,
    HARM,
    LOST,
    NAME,
    QUESTION,
    a_decision,
    conversation_files,
    image_files,
    opinions,
    video_files,
    video_rows,
)

Json = dict[str, object]


def received(script: bytes) -> object:
    """What a data file hands to the page."""
    found = re.fullmatch(r'review\.receive\("\w+",(.*)\);\n', script.decode("ascii"))
    assert found
    return json.loads(found[1])


def entries(files: dict[str, bytes]) -> dict[str, Json]:
    told = received(files["entries.js"])
    assert isinstance(told, dict)
    return {one["id"]: one for one in told["entries"]}


def details(files: dict[str, bytes], video_id: str) -> Json:
    told = received(files[f"items/{entries(files)[video_id]['key']}.js"])
    assert isinstance(told, dict)
    return told


def test_a_text_of_a_model_is_a_string_in_a_data_file_and_nowhere_else(tmp_path: Path) -> None:
    for files in (video_files(), image_files(tmp_path / "a"), conversation_files(tmp_path / "b")):
        for name, content in files.items():
            if name.endswith(".js") and not name.startswith("page/"):
                assert content.isascii() and b"<" not in content and content.count(b"\n") == 1
                received(content)
    assert HARM in str(details(video_files(), BAD)["description"])


def test_the_name_of_a_batch_is_escaped_in_the_shell() -> None:
    assert b"<script>alert" not in index("<script>alert(1)</script>", Graph.VIDEOS)
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;" in index("<script>alert(1)</script>", Graph.VIDEOS)


def test_the_page_runs_no_script_but_its_own_and_reaches_nothing_else() -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', index(NAME, Graph.VIDEOS).decode())
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert set(rules.values()) == {"'none'", "'self'"}


def test_all_links_are_relative(tmp_path: Path) -> None:
    for files in (video_files(), image_files(tmp_path / "a"), conversation_files(tmp_path / "b")):
        told = b"\n".join(content for name, content in files.items() if not name.startswith("items/") and name != "search.js")
        linked = re.findall(rb'(?:src|href|thumb|still|clip)(?:="|":")([^"#]+)"', told)
        assert linked and not [link for link in linked if link.startswith(b"/") or b":" in link]
        assert b"http://" not in told.replace(b"http://www.w3.org/2000/svg", b"") and b"https://" not in told


def test_the_same_rows_make_the_same_bytes() -> None:
    assert video_files() == video_files()


def test_the_gallery_says_what_became_of_each_and_where_it_was_lost() -> None:
    told = entries(video_files())
    assert {one: (told[one]["status"], told[one].get("stage", "")) for one in told} == {
        GOOD: ("ok", ""),
        BAD: ("ok", ""),
        LOST: ("failed", "captions"),
    }
    assert told[GOOD]["tasks"] == ["mcq", "temporal_localization"]


def test_findings_count_and_marks_of_an_earlier_text_do_not() -> None:
    told = entries(video_files())
    assert told[BAD]["checks"] == ["repeated_text"]
    assert "checks" not in told[GOOD]


def test_what_is_found_in_the_batch_as_a_whole_is_told_of_no_video() -> None:
    found = Finding(check="answer_balance", asset="qa", subject=NAME, said="all answers are B")
    page = video_page(video_rows(), [Pictures()] * 3, Opinions(findings=[found]))
    assert [one.said for one in page.said] == ["all answers are B"]
    assert not any(one.checks for one in page.entries)


def test_a_mark_that_holds_counts_until_the_text_changes() -> None:
    failed = [mark.model_copy(update={"passed": False, "of": fingerprint(mcq())}) for mark in opinions().marks]
    page = video_page(video_rows(), [Pictures()] * 3, Opinions(marks=failed))
    assert page.entries[0].checks == ("blind", "support")
    page = video_page(video_rows(question="Who waits?"), [Pictures()] * 3, Opinions(marks=failed))
    assert page.entries[0].checks == ()


def test_a_decision_on_a_text_that_changed_since_is_outdated() -> None:
    decided = Opinions(decisions=[a_decision()])
    assert video_page(video_rows(), [Pictures()] * 3, decided).entries[0].outdated == ()
    changed = video_page(video_rows(question="Who waits?"), [Pictures()] * 3, decided)
    assert changed.entries[0].outdated == (f"{QUESTION} {fingerprint(mcq())}",)


def test_a_video_as_a_whole_is_known_by_the_row_of_its_questions_as_the_release_knows_it() -> None:
    rows = video_rows()
    later = {**rows, Asset.TASK_FILES: [row.model_copy(update={"status": Status.OK}) for row in rows[Asset.RAW_VIDEOS]]}
    shown = video_page(later, [Pictures()] * 3, Opinions()).details.values()
    assert [one.subject.of for one in shown] == [fingerprint(row) for row in rows[Asset.QA]]


def test_of_several_decisions_on_a_subject_the_last_is_shown() -> None:
    told = received(decisions_script([a_decision(), a_decision(Verdict.ACCEPT, note=HARM)]))
    assert isinstance(told, list)
    assert [(one["verdict"], one["note"]) for one in told] == [("accept", HARM)]


def test_a_page_made_again_touches_only_what_changed_and_leaves_nothing_of_removed_videos(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = store.review_folder(NAME)
    store.publish_review(NAME, video_files(), [])
    store.add_decision(NAME, a_decision())
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.js")}
    store.publish_review(NAME, video_files(question="Who waits?"), [])
    changed = {path.relative_to(folder).as_posix() for path, at in before.items() if path.stat().st_mtime_ns != at}
    assert changed == {f"items/{entries(video_files())[GOOD]['key']}.js", "search.js"}
    fewer = video_page({asset: rows[1:] for asset, rows in video_rows().items()}, [Pictures()] * 2, Opinions())
    (folder / "clips").mkdir()
    (folder / "clips" / "gone.mp4").touch()
    store.publish_review(NAME, site_files(NAME, Graph.VIDEOS, fewer, ()), [])
    assert len(list((folder / "items").iterdir())) == 2
    assert not (folder / "clips" / "gone.mp4").exists()
    assert store.read_decisions(NAME) == [a_decision()]


EDITS = [
    pytest.param(mcq(), {"options.A": "The lorry", "answer": "A"}, id="options"),
    pytest.param(yes(), {"answer": "No", "explanation": "It does not."}, id="yes-no"),
    pytest.param(open_item("Why?"), {"question": "Why not?", "reasoning": "So."}, id="open"),
    pytest.param(span_item(3.0, 7.0), {"span.start_s": "2.5"}, id="span"),
]


@pytest.mark.parametrize(("item", "edits"), EDITS)
def test_an_edited_item_has_the_new_texts_and_keeps_the_others(item: QaItem, edits: dict[str, str]) -> None:
    assert texts_of(edited(item, edits)) == {**texts_of(item), **edits}


@pytest.mark.parametrize(
    ("item", "edits", "said"),
    [
        (mcq(), {"answer": "E"}, "'E' is none of the letters A, B, C, D"),
        (mcq(), {"options.E": "The lorry"}, "options.E: the item has no such text"),
        (yes(), {"answer": "Maybe"}, "neither Yes nor No"),
        (open_item("Why?"), {"question": "  "}, "question: a text cannot be empty"),
        (span_item(3.0, 7.0), {"span.end_s": "2"}, "3 - 2 s is no stretch"),
        (span_item(3.0, 7.0), {"span.end_s": "nan"}, "no stretch"),
        (span_item(3.0, 7.0), {"span.end_s": "soon"}, "'soon' is no number"),
    ],
)
def test_an_edit_that_makes_no_item_says_why(item: QaItem, edits: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        edited(item, edits)
