"""Replies as models wrote them: `replies/<asset>/<case>.txt`, and beside each what it reads as, or why it does not.

A failure seen in the field becomes a file there first. Names that begin with a number are of the known system's failures.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel, JsonValue

from vr_assets.errors import ReplyError
from vr_assets.parsing.box_units import Units
from vr_assets.parsing.captions import parse_dense_caption, parse_global_caption
from vr_assets.parsing.chunk_captions import parse_chunk_caption
from vr_assets.parsing.descriptions import parse_description
from vr_assets.parsing.evidence import parse_open, parse_verdict
from vr_assets.parsing.expressions import parse_expressions
from vr_assets.parsing.filtered_videos import parse_anomaly_or_normal, parse_screening, parse_suitable
from vr_assets.parsing.groundings import parse_groundings
from vr_assets.parsing.highlights import parse_clip_caption, parse_moment
from vr_assets.parsing.qa import parse_qa
from vr_assets.parsing.video_captions import parse_video_caption
from vr_assets.records.base import Span
from vr_assets.records.image import Expression
from vr_assets.settings import Asset, BoxConvention, QaType, Task

REPLIES = Path(__file__).parents[1] / "replies"
CASES = sorted(REPLIES.glob("*/*.txt"))

PARSERS: dict[Task, Callable[[str], object]] = {
    Task.SUITABLE: parse_suitable,
    Task.ANOMALY_OR_NORMAL: parse_anomaly_or_normal,
    Task.SCREENING: parse_screening,
    Task.GLOBAL_CAPTION: parse_global_caption,
    Task.CHUNK_CAPTION: parse_chunk_caption,
    Task.CLIP_CAPTION: parse_clip_caption,
    Task.DESCRIPTION: parse_description,
    Task.BLIND: parse_open,
    Task.SUPPORT: parse_verdict,
    Task.AGREEMENT: parse_open,
    Task.JUDGE: parse_verdict,
    Task.EXPRESSIONS: parse_expressions,
    Task.VIDEO_CAPTION: parse_video_caption,
}


def plain(value: object) -> JsonValue:
    """A parser's result as JSON."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    assert isinstance(value, str | float)
    return value


def read(text: str, expected: dict[str, JsonValue]) -> JsonValue:
    """A reply to the task that its expectation names."""
    task = Task(str(expected["task"]))
    if task in PARSERS:
        return plain(PARSERS[task](text))
    if task is Task.GROUNDINGS:
        return read_groundings(text, expected)
    bounds = expected["within_s"]
    assert isinstance(bounds, list)
    start_s, end_s = bounds
    assert isinstance(start_s, float)
    assert isinstance(end_s, float)
    within = Span(start_s=start_s, end_s=end_s)
    if task is Task.DENSE_CAPTION:
        return plain(parse_dense_caption(text, within=within))
    if task is Task.MOMENT:
        return plain(parse_moment(text, within=within))
    return plain(parse_qa(text, qa_type=QaType(task), within=within))


def read_groundings(text: str, expected: dict[str, JsonValue]) -> JsonValue:
    """Boxes in pixels of the original, how many flags each expression has, and what was put right."""
    sent, original, texts, most = (expected.get(name) for name in ("sent", "original", "expressions", "most"))
    assert isinstance(sent, list) and isinstance(original, list) and isinstance(texts, list)
    units = Units(BoxConvention(str(expected["convention"])), _size(sent), _size(original))
    asked = [Expression(expression_id=f"e{place}", text=str(one), char_span=None) for place, one in enumerate(texts)]
    read = parse_groundings(text, expressions=asked, units=units, most=most if isinstance(most, int) else 10)
    return {
        "expressions": [
            {
                "grounded": one.grounded.value,
                "boxes": [list(box.bbox) for box in one.instances],
                "scores": [box.score for box in one.instances],
                "flags": len(one.flags),
                "repaired": "; ".join(box.repaired for box in one.instances if box.repaired),
            }
            for one in read.expressions
        ],
        "unmatched": list(read.unmatched),
    }


def _size(said: list[JsonValue]) -> tuple[int, int]:
    width, height = said
    assert isinstance(width, int) and isinstance(height, int)
    return width, height


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_reply_seen_in_the_field_reads_as_it_should(path: Path) -> None:
    text = path.read_bytes().decode()
    expected = json.loads(path.with_suffix(".json").read_text())
    if "rejected" in expected:
        with pytest.raises(ReplyError, match=expected["rejected"]):
            read(text, expected)
    else:
        assert read(text, expected) == expected["reads"]


@pytest.mark.parametrize(
    "asset", [asset for asset in Asset if asset not in (Asset.RAW_VIDEOS, Asset.TASK_FILES, Asset.RAW_IMAGES)]
)
def test_every_asset_that_asks_a_model_has_replies(asset: Asset) -> None:
    assert any(path.parent.name == asset for path in CASES)
