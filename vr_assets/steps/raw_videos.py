"""raw_videos: what the headers say, and which files are the same."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.prompts.categories import category_of
from vr_assets.records.base import Span
from vr_assets.records.batch import ManifestRow
from vr_assets.records.row import VideoMedia
from vr_assets.records.video import RawVideo
from vr_assets.settings import Mode, ModeSetting, Status
from vr_assets.steps.given import LABEL
from vr_assets.steps.parts import HEADER_SLACK_S
from vr_assets.steps.stage import Stage


async def read_videos(manifest: Sequence[ManifestRow], stage: Stage) -> list[RawVideo]:
    """Probe and hash every video of a batch. Decodes nothing.

    A video longer than `videos.max_video_length_sec` is skipped here, before anything is paid. The same content again is
    skipped; where twins differ in label or further fields all of them fail, for nobody can tell which is right.
    """
    done = failed = 0

    def count(outcome: VideoMedia | Failed) -> None:
        nonlocal done, failed
        done += 1
        failed += isinstance(outcome, Failed)
        stage.report(done, len(manifest), failed)

    async def probe(entry: ManifestRow) -> VideoMedia:
        return await stage.media.probe(entry.video_path, part=_part(entry))

    outcomes = await batch.run(manifest, probe, at_once=stage.settings.calls.videos_at_once, on_done=count)
    return _without_twins(manifest, [_row(entry, out, stage) for entry, out in zip(manifest, outcomes, strict=True)])


def _part(entry: ManifestRow) -> Span | None:
    if entry.start_s is None or entry.end_s is None:
        return None
    return Span(start_s=entry.start_s, end_s=entry.end_s)


def _row(entry: ManifestRow, outcome: VideoMedia | Failed, stage: Stage) -> RawVideo:
    settings = stage.settings
    is_incident = category_of(entry.fields.get(LABEL), stage.prompts.categories) is not None
    mode = entry.mode or (Mode.ANOMALY if is_incident else None)
    mode = mode or (None if settings.mode is ModeSetting.AUTO else Mode(settings.mode))
    limit_s = settings.videos.max_video_length_sec
    status, reason = Status.OK, ""
    media = None if isinstance(outcome, Failed) else outcome
    if isinstance(outcome, Failed):
        status, reason = Status.FAILED, outcome.reason
    elif (part := _part(entry)) and part.duration_s > outcome.duration_s + HEADER_SLACK_S:
        status = Status.FAILED
        reason = (
            f"{entry.source}: the part ends at {part.end_s:g} s, "
            f"the recording at {part.start_s + outcome.duration_s:.1f} s; correct end_s"
        )
    elif outcome.duration_s > limit_s and not entry.split:
        status = Status.SKIPPED
        reason = (
            f"{outcome.duration_s:.1f} s long, over videos.max_video_length_sec = {limit_s:g}; "
            "raise it, or ingest again with --set videos.long_recordings=split"
        )
    return RawVideo(
        video_id=_video_id(entry, media),
        video=entry.video_path,
        status=status,
        reason=reason,
        fields=entry.fields,
        mode=mode or Mode.UNKNOWN,
        labelled=mode is not None,
        media=media,
    )


def _video_id(entry: ManifestRow, media: VideoMedia | None) -> str:
    """The content's id; for a file that cannot be read, one of its path, marked as such."""
    part = _part(entry)
    suffix = f"@{_short(part.start_s)}-{_short(part.end_s)}" if part else ""
    if media is None:
        return f"unread-{hashlib.sha256(entry.video_path.encode()).hexdigest()[:16]}{suffix}"
    return f"{media.content[:16]}{suffix}"


def _short(time_s: float) -> str:
    """To the microsecond and no digit more than that takes: parts of a recording of days must not share an id."""
    return f"{time_s:.6f}".rstrip("0").rstrip(".")


def _without_twins(manifest: Sequence[ManifestRow], rows: Sequence[RawVideo]) -> list[RawVideo]:
    places = defaultdict(list)
    for place, row in enumerate(rows):
        places[row.video_id].append(place)
    resolved = list(rows)
    for twins in places.values():
        if len(twins) == 1:
            continue
        first = rows[twins[0]]
        if any((manifest[place].mode, manifest[place].fields) != (manifest[twins[0]].mode, first.fields) for place in twins):
            lines = " and ".join(manifest[place].source or f"manifest line {place + 1}" for place in twins)
            reason = f"the same video is listed with different labels or fields at {lines}; keep the right one"
            for place in twins:
                resolved[place] = rows[place].model_copy(update={"status": Status.FAILED, "reason": reason})
        else:
            for place in twins[1:]:
                update = {"status": Status.SKIPPED, "reason": f"same content as {first.video}"}
                resolved[place] = rows[place].model_copy(update=update)
    return resolved
