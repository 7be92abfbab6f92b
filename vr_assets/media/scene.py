"""What the offline annotator sees: measures one video and says only what it measured.

Two passes over the file: the first finds blank, frozen and moving pictures, cuts and the empty background, the second follows
what differs from it. No learned weights, no chance: the same file gives the same record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from vr_assets.media.vision import colours
from vr_assets.media.vision.actors import Stage, to_track, went_places
from vr_assets.media.vision.aftermath import aftermath
from vr_assets.media.vision.background import Background
from vr_assets.media.vision.blobs import find_blobs
from vr_assets.media.vision.colours import Image
from vr_assets.media.vision.geometry import Box
from vr_assets.media.vision.stirs import find_stirs, is_still, motion, moving_boxes, still_stretches
from vr_assets.media.vision.survey import Survey, small_frames, survey
from vr_assets.media.vision.tracks import Tracker
from vr_assets.records.scene import Area, Camera, Colour, Incident, Point, Scene, Sides, Stir, Track

_UNSETTLED = 0.4  # Of the picture: with more of it changed in a quarter of the frames, nothing can be followed.
_MOST_AT_ONCE = 4  # With more, some are taken for one where they overlap.
_NEARBY, _AROUND_S = 0.25, 0.75
_BESIDE = 0.6  # Of the mover's own length: a gap this small is next to it.


@dataclass
class _Shot:
    """What was followed from one cut to the next."""

    start_s: float
    background: Background
    tracker: Tracker
    end_s: float = 0.0
    before: Image | None = None
    boxes: list[tuple[float, Box]] = field(default_factory=list)
    still: list[tuple[float, bool]] = field(default_factory=list)
    changed: list[float] = field(default_factory=list)


def measure_scene(path: Path, *, duration_s: float) -> Scene:
    """Watches a whole file.

    Args:
        path: a video, best a proxy: up to 640 px and 8 frames a second. Costs about 2 CPU seconds a minute beyond decoding.
        duration_s: its measured length.

    Raises:
        MediaError: the file cannot be read.
    """
    cv2.setNumThreads(1)
    first = survey(path, duration_s=duration_s)
    scene = Scene(
        duration_s=duration_s,
        quality=first.quality,
        camera=first.camera,
        cuts_s=tuple(round(cut_s, 3) for cut_s in first.cuts_s),
        background=_surroundings(first),
    )
    if first.camera is Camera.MOVING or first.quality.blank or first.quality.frozen:
        return scene
    shots = _watch(path, first)
    if any(np.percentile(shot.changed, 75) > _UNSETTLED for shot in shots):
        return scene.model_copy(update={"camera": Camera.UNSETTLED})
    return scene.model_copy(update=_followed(shots, first))


def _watch(path: Path, first: Survey) -> list[_Shot]:
    shots: list[_Shot] = []
    starts = [0.0, *first.cuts_s]
    for time_s, frame in small_frames(path):
        if len(shots) < len(starts) and time_s >= starts[len(shots)] - 1e-3:
            shots.append(_open_shot(first, starts, len(shots), frame))
        shot = shots[-1]
        change = shot.background.subtract(frame, time_s)
        shot.changed.append(cv2.countNonZero(change.changed) / change.changed.size)
        shot.tracker.step(time_s, frame, find_blobs(frame, change))
        if shot.before is not None:
            moving = motion(frame, shot.before)
            shot.boxes += [(time_s, box) for box in moving_boxes(moving, change.body)]
            shot.still.append((time_s, is_still(moving)))
        shot.before = frame
        shot.end_s = time_s
    return shots


def _open_shot(first: Survey, starts: Sequence[float], index: int, frame: Image) -> _Shot:
    start_s = starts[index]
    end_s = starts[index + 1] if index + 1 < len(starts) else float("inf")
    samples = [sample for sample in first.samples if start_s - 1e-3 <= sample[0] < end_s - 1e-3] or [(start_s, frame)]
    background = Background(samples)
    return _Shot(start_s, background, Tracker((frame.shape[1], frame.shape[0]), background))


def _followed(shots: Sequence[_Shot], first: Survey) -> dict[str, object]:
    tracks: list[Track] = []
    stirs: list[Stir] = []
    complete = True
    for shot in shots:
        height, width = shot.background.image.shape[:2]
        stage = Stage(width, height, shot.start_s, shot.end_s, first.frame_s, dark=first.quality.dark)
        trails = shot.tracker.finish()
        found = [to_track(trail, stage) for trail in trails]
        complete = complete and not any(
            went_places(trail, stage) for trail, track in zip(trails, found, strict=True) if not track
        )
        own = [track for track in found if track is not None]
        seen = find_stirs(shot.boxes, own, stage)
        own = [_doubted(track, own, seen, stage) for track in own]
        samples = shot.background.samples
        after = [aftermath(track, own, samples, stage) for track in own]
        own = [track.model_copy(update={"aftermath": told}) for track, told in zip(own, after, strict=True)]
        tracks += own
        stirs += seen
    tracks.sort(key=lambda track: (track.start_s, track.end_s, track.points[0].x, track.points[0].y))
    crowd = max((sum(other.start_s <= track.start_s <= other.end_s for other in tracks) for track in tracks), default=0)
    doubtful = sum(not track.certain for track in tracks)
    return {
        "tracks": tuple(tracks),
        "stirs": tuple(stirs),
        "quiet": tuple(stretch for shot in shots for stretch in still_stretches(shot.still)),
        "incidents": _incidents(tracks),
        "complete": complete,
        "busy": crowd > _MOST_AT_ONCE or doubtful > max(1.0, len(tracks) / 2),
        "flow": _flow(tracks),
    }


def _doubted(track: Track, others: Sequence[Track], stirs: Sequence[Stir], stage: Stage) -> Track:
    """Uncertain when it begins or ends in mid-frame while something else moves nearby: it may be a part of that."""
    margin_s = 1.5 * stage.frame_s
    begins = not track.entered and track.start_s > stage.start_s + margin_s
    ends = not track.left and track.end_s < stage.end_s - margin_s
    for time_s in [track.start_s] * begins + [track.end_s] * ends:
        here = track.at(time_s)
        present = [other.at(time_s) for other in others if other is not track and _around(time_s, other.start_s, other.end_s)]
        beside = any(abs(here.x - point.x) < _NEARBY and abs(here.y - point.y) < _NEARBY for point in present)
        stirred = any(_around(time_s, stir.span.start_s, stir.span.end_s) and _near(here, stir.area) for stir in stirs)
        if beside or stirred:
            return track.model_copy(update={"certain": False})
    return track


def _around(time_s: float, start_s: float, end_s: float) -> bool:
    return start_s - _AROUND_S <= time_s <= end_s + _AROUND_S


def _near(point: Point, area: Area) -> bool:
    across = area.x0 - _NEARBY < point.x < area.x1 + _NEARBY
    return across and area.y0 - _NEARBY < point.y < area.y1 + _NEARBY


def _incidents(tracks: Sequence[Track]) -> tuple[Incident, ...]:
    """Abrupt stops of movers that were told apart, in order of time."""
    incidents = [
        Incident(moment_s=stop.start_s, track=place, beside=_neighbour(place, stop.start_s, tracks))
        for place, track in enumerate(tracks)
        for stop in track.stops
        if stop.abrupt and track.certain
    ]
    return tuple(sorted(incidents, key=lambda incident: (incident.moment_s, incident.track)))


def _neighbour(place: int, moment_s: float, tracks: Sequence[Track]) -> int | None:
    own = tracks[place].at(moment_s)
    gaps = []
    for other, track in enumerate(tracks):
        if other != place and track.start_s <= moment_s <= track.end_s:
            there = track.at(moment_s)
            across = abs(own.x - there.x) - (own.width + there.width) / 2
            down = abs(own.y - there.y) - (own.height + there.height) / 2
            if across <= _BESIDE * own.width and down <= _BESIDE * own.height:
                gaps.append((max(across, down), other))
    return min(gaps)[1] if gaps else None


def _flow(tracks: Sequence[Track]) -> Sides:
    """Where three quarters of the movers head, if they do."""
    headings = [track.heading for track in tracks if track.heading]
    if not headings:
        return ()
    usual = max(sorted(set(headings)), key=headings.count)
    return usual if headings.count(usual) >= 0.75 * len(tracks) else ()


def _surroundings(first: Survey) -> Colour | None:
    """The colour of most of the picture, over the whole video."""
    votes = sum((colours.count(colours.shades(image[::4, ::4])) for _, image in first.samples), start=colours.no_votes())
    return None if first.quality.dark else colours.name(votes)
