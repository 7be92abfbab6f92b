"""What the offline annotator sees: measures one video and says only what it measured.

Two passes over the pictures: the first finds blank, frozen and moving pictures, cuts and the empty background, the second follows
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
from vr_assets.media.vision.belongings import find_belongings
from vr_assets.media.vision.blobs import find_blobs
from vr_assets.media.vision.colours import Image
from vr_assets.media.vision.geometry import Box
from vr_assets.media.vision.handling import Handled
from vr_assets.media.vision.incidents import find_incidents
from vr_assets.media.vision.meetings import contacts
from vr_assets.media.vision.stirs import find_stirs, is_still, motion, moving_boxes, still_stretches
from vr_assets.media.vision.stitching import stitch
from vr_assets.media.vision.survey import Survey, small_frames, survey
from vr_assets.media.vision.tracks import Tracker
from vr_assets.records.base import Span
from vr_assets.records.scene import Area, Camera, Colour, Contact, LeftThing, Point, Scene, Sides, Stir, Track

_UNSETTLED = 0.4  # Of the picture: with more of it changed in a quarter of the frames, nothing can be followed.
_SHORTEST_SHOT_S = 1.0
_MOST_AT_ONCE = 4  # With more, some are taken for one where they overlap.
_NEARBY, _AROUND_S = 0.25, 0.75


@dataclass
class _Shot:
    """What was followed from one cut to the next."""

    start_s: float
    until_s: float
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
        path: a video, best a proxy: up to 640 px and 8 frames a second. Costs about 3 CPU seconds a minute beyond decoding.
        duration_s: its measured length.

    Raises:
        MediaError: the file cannot be read.
    """
    cv2.setNumThreads(1)
    first = survey(path, duration_s=duration_s)
    scene = Scene(
        duration_s=duration_s,
        aspect=round(first.samples[0][1].shape[1] / first.samples[0][1].shape[0], 4),
        quality=first.quality,
        camera=first.camera,
        cuts_s=tuple(round(cut_s, 3) for cut_s in first.cuts_s),
        background=_surroundings(first),
        light=first.light,
        camera_moves=first.turns,
    )
    if first.camera is Camera.MOVING or first.quality.blank or first.quality.frozen:
        return scene
    shots = _watch(path, first)
    if any(np.percentile(shot.changed, 75) > _UNSETTLED for shot in shots):
        return scene.model_copy(update={"camera": Camera.UNSETTLED})
    return scene.model_copy(update=_followed(shots, first))


def _watch(path: Path, first: Survey) -> list[_Shot]:
    shots: list[_Shot] = []
    steady = _steady(first)
    for time_s, frame in first.kept or small_frames(path):
        while len(shots) < len(steady) and time_s >= steady[len(shots)].start_s - 1e-3:
            shots.append(_open_shot(first, steady[len(shots)], frame))
        if not shots or time_s >= shots[-1].until_s - 1e-3:
            continue
        shot = shots[-1]
        frame = shot.background.align(frame)
        change = shot.background.subtract(frame, time_s)
        shot.changed.append(cv2.countNonZero(change.changed) / change.changed.size)
        shot.tracker.step(time_s, frame, find_blobs(frame, change))
        if shot.before is not None:
            moving = motion(frame, shot.before)
            shot.boxes += [(time_s, box) for box in moving_boxes(moving, change.body)]
            shot.still.append((time_s, is_still(moving)))
        shot.before = frame
        shot.end_s = time_s
    return [shot for shot in shots if shot.changed]


def _steady(first: Survey) -> list[Span]:
    """The stretches between cuts, changes of light and turns of the camera, as far as they are long enough to be watched."""
    ends = sorted({*first.breaks_s, first.end_s + first.frame_s, *(turn.start_s for turn in first.turns)})
    begins = sorted({0.0, *first.breaks_s, *(turn.end_s for turn in first.turns)})
    spans = []
    for start_s in begins:
        end_s = next((end for end in ends if end > start_s), start_s)
        turned = any(turn.start_s <= start_s < turn.end_s for turn in first.turns)
        if not turned and (end_s - start_s >= _SHORTEST_SHOT_S or len(begins) == 1):
            spans.append(Span(start_s=start_s, end_s=end_s))
    return spans


def _open_shot(first: Survey, span: Span, frame: Image) -> _Shot:
    samples = [sample for sample in first.samples if span.start_s - 1e-3 <= sample[0] < span.end_s - 1e-3]
    background = Background(samples or [(span.start_s, frame)], shaken=first.shaken)
    tracker = Tracker((frame.shape[1], frame.shape[0]), background)
    return _Shot(span.start_s, span.end_s, background, tracker)


def _followed(shots: Sequence[_Shot], first: Survey) -> dict[str, object]:
    followed = [_follow(shot, first) for shot in shots]
    tracks = sorted((track for told in followed for track in told.tracks), key=_order)
    place = {id(track): index for index, track in enumerate(tracks)}
    contacts: list[Contact] = []
    struck: list[tuple[Contact, float]] = []
    belongings: list[LeftThing] = []
    for told in followed:
        moved = [place[id(track)] for track in told.tracks]
        for contact in told.contacts:
            renamed = contact.model_copy(update={"one": moved[contact.one], "other": moved[contact.other]})
            contacts.append(renamed)
            struck += [(renamed, moment_s) for hit, moment_s in told.struck if hit is contact]
        belongings += [
            thing.model_copy(update={"track": None if thing.track is None else moved[thing.track]}) for thing in told.belongings
        ]
    crowd = max((sum(other.start_s <= track.start_s <= other.end_s for other in tracks) for track in tracks), default=0)
    doubtful = sum(not track.certain for track in tracks)
    return {
        "tracks": tuple(tracks),
        "stirs": tuple(stir for told in followed for stir in told.stirs),
        "quiet": tuple(stretch for shot in shots for stretch in still_stretches(shot.still)),
        "contacts": tuple(contacts),
        "belongings": tuple(belongings),
        "incidents": find_incidents(tracks, struck, belongings),
        "complete": all(told.complete for told in followed),
        "busy": crowd > _MOST_AT_ONCE or doubtful > max(1.0, len(tracks) / 2),
        "flow": _flow(tracks),
    }


@dataclass
class _Told:
    """What is told of one shot. Places in `contacts` and `belongings` are those in `tracks`."""

    tracks: list[Track]
    stirs: list[Stir]
    contacts: list[Contact]
    struck: list[tuple[Contact, float]]
    belongings: list[LeftThing]
    complete: bool


def _follow(shot: _Shot, first: Survey) -> _Told:
    height, width = shot.background.image.shape[:2]
    stage = Stage(width, height, shot.start_s, shot.end_s, first.frame_s, dark=first.quality.dark)
    trails = stitch(shot.tracker.finish(), stage.size)
    told = [(trail, to_track(trail, stage, trails)) for trail in trails]
    found = sorted(((trail, *track) for trail, track in told if track is not None), key=lambda track: _order(track[1]))
    own, ways = [track for _, track, _ in found], [way for _, _, way in found]
    samples = shot.background.samples
    things = find_belongings(samples, ways, stage)
    for place in {thing.track for thing in things if thing.track is not None}:
        handled = [Handled.of(thing, stage.size) for thing in things if thing.track == place]
        again = to_track(found[place][0], stage, trails, handled, shot.boxes)
        own[place] = again[0] if again is not None else own[place]
    seen = find_stirs(shot.boxes, own, stage)
    own = [_doubted(track, own, seen, stage) for track in own]
    after = [aftermath(track, own, samples, stage) for track in own]
    own = [track.model_copy(update={"aftermath": told}) for track, told in zip(own, after, strict=True)]
    certain = [track.certain for track in own]
    met, struck = contacts(ways, certain, max(stage.size))
    return _Told(
        tracks=own,
        stirs=seen,
        contacts=met,
        struck=struck,
        belongings=[thing if thing.track is None or certain[thing.track] else _unsure(thing) for thing in things],
        complete=not any(track is None and went_places(trail, stage) for trail, track in told),
    )


def _unsure(thing: LeftThing) -> LeftThing:
    return thing.model_copy(update={"confidence": min(thing.confidence, 0.5)})


def _order(track: Track) -> tuple[float, float, float, float]:
    return track.start_s, track.end_s, track.points[0].x, track.points[0].y


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
            doubts = {"certain": False, "confidence": min(track.confidence, 0.5), "colour": None}
            return track.model_copy(update=doubts)
    return track


def _around(time_s: float, start_s: float, end_s: float) -> bool:
    return start_s - _AROUND_S <= time_s <= end_s + _AROUND_S


def _near(point: Point, area: Area) -> bool:
    across = area.x0 - _NEARBY < point.x < area.x1 + _NEARBY
    return across and area.y0 - _NEARBY < point.y < area.y1 + _NEARBY


def _flow(tracks: Sequence[Track]) -> Sides:
    """Where three quarters of the movers head, if they do."""
    headings = [track.heading for track in tracks if track.heading]
    if not headings:
        return ()
    usual = max(sorted(set(headings)), key=headings.count)
    return usual if headings.count(usual) >= 0.75 * len(tracks) else ()


def _surroundings(first: Survey) -> Colour | None:
    """The colour of most of the picture, over the whole video."""
    votes = sum((colours.count(colours.shades(image[::8, ::8])) for _, image in first.samples), start=colours.no_votes())
    return None if first.quality.dark else colours.name(votes)
