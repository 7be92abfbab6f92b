"""What a manifest says of a video besides where it is: its label, and what was noted of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue, ValidationError

from vr_assets.errors import IngestError
from vr_assets.parsing.clock import format_clock
from vr_assets.prompts import Prompts
from vr_assets.prompts.categories import category_of
from vr_assets.records.base import Span
from vr_assets.records.row import VideoMedia, VideoRow
from vr_assets.records.timeline import TIMELINE, Noted
from vr_assets.settings import Mode

LABEL = "label"


@dataclass(frozen=True)
class Given:
    """`timeline` is in order, on the video's clock, as far as the video goes."""

    category: str
    look_for: str
    timeline: tuple[Noted, ...]

    def label_values(self) -> dict[str, str]:
        """The label as prompts are given it; empty where there is none."""
        return {"category": self.category, "look_for": self.look_for}

    def timeline_text(self, span: Span) -> str:
        """What was noted of a stretch, a line each, its times counted from the start of the stretch; empty where nothing was."""
        lines = []
        for noted in self.timeline:
            if noted.start_s <= span.end_s and noted.end_s >= span.start_s:
                start, end = (
                    format_clock(min(max(time_s, span.start_s), span.end_s) - span.start_s, tenths=True)
                    for time_s in (noted.start_s, noted.end_s)
                )
                lines.append(f"[{start if start == end else f'{start} - {end}'}] {noted.text} ({noted.by})")
        return "\n".join(lines)


def given(row: VideoRow, media: VideoMedia, prompts: Prompts) -> Given:
    """What the manifest says of a video. A label counts where it is a category of the domain, and the video an anomaly.

    Raises:
        IngestError: its timeline does not read.
    """
    category = category_of(row.fields.get(LABEL), prompts.categories) if row.mode is Mode.ANOMALY else None
    noted = read_timeline(row.fields.get(TIMELINE))
    return Given(
        category=category or "",
        look_for=prompts.categories[category] if category else "",
        timeline=tuple(_on_the_videos_clock(noted, media)),
    )


def read_timeline(value: JsonValue) -> tuple[Noted, ...]:
    """The manifest's `timeline`: a list of `{"start_s": 3.0, "end_s": 5.5, "text": "...", "by": "human"}`, in order of time.

    `end_s` may be left out for an instant, `by` for a person.

    Raises:
        IngestError: it is something else.
    """
    if value is None:
        return ()
    if not isinstance(value, list):
        raise IngestError(f'timeline {str(value)[:60]!r} is no list; write [{{"start_s": 3.0, "end_s": 5.5, "text": "..."}}]')
    return tuple(sorted((_noted(entry, number) for number, entry in enumerate(value, 1)), key=lambda noted: noted.start_s))


def _noted(entry: JsonValue, number: int) -> Noted:
    where = f"timeline, event {number}"
    if not isinstance(entry, dict):
        raise IngestError(f'{where}: {str(entry)[:60]!r} is no object; write {{"start_s": 3.0, "text": "..."}}')
    start = entry.get("start_s")
    try:
        # From JSON, where 3 is a number of seconds as good as 3.0.
        noted = Noted.model_validate({"end_s": start, **entry}, strict=False)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise IngestError(f"{where}: {'.'.join(map(str, first['loc']))} = {str(first['input'])[:60]!r}: {first['msg']}") from None
    if noted.end_s < noted.start_s:
        raise IngestError(f"{where}: end_s {noted.end_s:g} is before start_s {noted.start_s:g}")
    return noted


def _on_the_videos_clock(noted: Sequence[Noted], media: VideoMedia) -> list[Noted]:
    shifted = ((one, one.start_s - media.offset_s, one.end_s - media.offset_s) for one in noted)
    return [
        one.model_copy(update={"start_s": max(start_s, 0.0), "end_s": min(end_s, media.duration_s)})
        for one, start_s, end_s in shifted
        if end_s >= 0 and start_s <= media.duration_s
    ]
