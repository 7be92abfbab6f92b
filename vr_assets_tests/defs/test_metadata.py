"""What Dagster shows of a stage's rows."""

import dagster as dg

from vr_assets.backends.counts import Counts
from vr_assets.defs.metadata import TABLE_ROWS, stage_metadata
from vr_assets.records.row import IMPORTED, Failure, Provenance
from vr_assets.records.video import CaptionedVideo, FilteredVideo, NearDuplicate
from vr_assets.settings import LeftOut, Status
from vr_assets.steps.stage import StageResult

FIRST = NearDuplicate(video_id="a", video="a.mp4", batch="b")


def filtered(cause: LeftOut | None = None, first: NearDuplicate | None = None) -> FilteredVideo:
    status = Status.FILTERED_OUT if cause else Status.OK
    reason = "left out" if cause else ""
    return FilteredVideo(video_id="v", video="v.mp4", status=status, reason=reason, left_out_for=cause, near_duplicate_of=first)


def test_the_filter_tells_how_many_were_left_out_for_which_cause_and_how_many_are_near_duplicates() -> None:
    rows = (filtered(LeftOut.DARK), filtered(LeftOut.FROZEN), filtered(LeftOut.DARK), filtered(first=FIRST), filtered())
    shown = stage_metadata(StageResult(rows, Counts(), 1.0), "")
    assert {name: value for name, value in shown.items() if "filtered_out" in name or "duplicates" in name} == {
        "rows/filtered_out": 3,
        "rows/filtered_out/dark": 2,
        "rows/filtered_out/frozen": 1,
        "rows/near_duplicates": 1,
    }


def test_other_stages_say_nothing_of_it() -> None:
    rows = (CaptionedVideo(video_id="v", video="v.mp4", status=Status.OK),)
    assert "rows/near_duplicates" not in stage_metadata(StageResult(rows, Counts(), 1.0), "")


def test_rows_of_another_system_are_counted() -> None:
    source = Provenance(task="t", backend=IMPORTED, model=IMPORTED, domain="", prompt="f:1", prompt_hash="", keys=())
    rows = [CaptionedVideo(video_id="v", video="v.mp4", status=Status.OK, provenance=sources) for sources in ((source,), ())]
    assert stage_metadata(StageResult(tuple(rows), Counts(), 1.0), "")["rows/imported"] == 1
    assert "rows/imported" not in stage_metadata(StageResult(tuple(rows[1:]), Counts(), 1.0), "")


def test_a_reason_is_shown_with_what_would_be_taken_for_html() -> None:
    row = CaptionedVideo(video_id="v", video="v.mp4", status=Status.FAILED, reason="v.mp4: <b>no</b> such file")
    shown = stage_metadata(StageResult((row,), Counts(), 1.0), "")["reasons"]
    assert isinstance(shown, dg.MarkdownMetadataValue)
    assert shown.md_str == "- 1 failed: &lt;video&gt;: &lt;b&gt;no&lt;/b&gt; such file"


def test_rows_that_failed_or_lost_a_part_come_first_in_the_table_however_many_there_are() -> None:
    well = [CaptionedVideo(video_id="v", video=f"{number}.mp4", status=Status.OK) for number in range(TABLE_ROWS)]
    failed = CaptionedVideo(video_id="v", video="failed.mp4", status=Status.FAILED, reason="cut short")
    lost = CaptionedVideo(video_id="v", video="lost.mp4", status=Status.OK, failures=(Failure(what="dense", reason="refused"),))
    shown = stage_metadata(StageResult((*well, lost, failed), Counts(), 1.0), "")
    table = shown["rows"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [(record.data["item"], record.data["reason"]) for record in table.records[:3]] == [
        ("failed.mp4", "cut short"),
        ("lost.mp4", "dense: refused"),
        ("0.mp4", ""),
    ]
    assert (len(table.records), shown["rows/failed"], shown["rows/parts_lost"]) == (TABLE_ROWS, 1, 1)
