"""Names for movers by which a viewer tells them apart, and what each of them did, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from vr_assets.backends.offline.words import article, clock, colour_word, ordinal, place, way_in
from vr_assets.records.base import Span
from vr_assets.records.scene import Area, Colour, Contact, IncidentKind, LeftThing, Point, Scene, Side, Sides, Stop, Track
from vr_assets.records.vocabulary import Vocabulary

_SAME_TIME_S = 0.7
_MOST_NAMED = 10
_GLIMPSE_S = 0.1
_FROM_THE_START_S, _TO_THE_END_S = 0.3, 0.4  # Two and three frames of a proxy.
_LARGE, _SMALL = 0.12, 0.004
_SURE = 0.6
"""Confidence from which on a fact is told."""
_WIDE, _RIGID = 1.5, 0.25  # Width by height in pixels, and by how much of itself it varies: legs and arms vary more.

# From light to dark. Neighbours are taken for each other: glare makes grey paint white.
_TONES = (Colour.WHITE, Colour.LIGHT, Colour.GREY, Colour.DARK, Colour.BLACK)


class Step(StrEnum):
    """What can be said of a mover at a time."""

    PRESENT = "present"
    ENTER = "enter"
    APPEAR = "appear"
    MOVE = "move"
    QUICKEN = "quicken"
    SLOW = "slow"
    FALL = "fall"
    LOITER = "loiter"
    MEET = "meet"
    PUT = "put"
    TAKE = "take"
    STAND = "stand"
    LEAVE = "leave"
    VANISH = "vanish"
    STAY = "stay"


MOMENTS = frozenset({Step.QUICKEN, Step.SLOW, Step.FALL, Step.MEET, Step.PUT, Step.TAKE})
"""Steps that happen at a moment on the way."""
TURNS = MOMENTS | {Step.LOITER}


@dataclass(frozen=True)
class Phase:
    """One step of a mover. Those that are but a moment begin and end at it.

    `sudden` is of a change of speed; `other` is the place in `Scene.tracks` of whom it meets; `thing` what it puts down or takes.
    """

    step: Step
    start_s: float
    end_s: float
    stop: Stop | None = None
    sudden: bool = False
    other: int | None = None
    thing: LeftThing | None = None


@dataclass(frozen=True)
class Actor:
    """A mover that is told apart from all others.

    `place` is its place in `Scene.tracks`. `noun` names it and has no article (`second white object`); `timed`: by a time.
    `intro` is for its first mention.
    """

    place: int
    track: Track
    noun: str
    intro: str
    timed: bool

    @property
    def name(self) -> str:
        return self.noun if self.visits else f"the {self.noun}"

    @property
    def start_s(self) -> float:
        return self.track.start_s

    @property
    def end_s(self) -> float:
        return self.track.end_s

    @property
    def entered(self) -> Sides:
        return self.track.entered

    @property
    def left(self) -> Sides:
        return self.track.left

    @property
    def heading(self) -> Sides:
        return self.track.heading

    @property
    def changed(self) -> Area | None:
        """The part of the frame that looks different once it has gone."""
        aftermath = self.track.aftermath
        return aftermath.changed if aftermath is not None and self.left else None

    @property
    def straight(self) -> Side | None:
        """The one edge it heads for, where it is one."""
        return self.heading[0] if len(self.heading) == 1 else None

    @property
    def visits(self) -> bool:
        """Whether it only reaches in and withdraws."""
        return bool(set(self.entered) & set(self.left)) and not self.heading

    def appears(self, scene: Scene) -> bool:
        """Whether it is first seen moving inside the frame, after the start of the video."""
        return not self.entered and self.start_s > _FROM_THE_START_S

    @property
    def last_stop(self) -> Stop | None:
        """The standstill that it does not end."""
        return next((stop for stop in self.track.stops if stop.end_s is None), None)

    def at(self, time_s: float) -> Point:
        return self.track.at(time_s)

    def where(self, time_s: float) -> str:
        point = self.at(time_s)
        return place(point.x, point.y)

    def phases(self, scene: Scene) -> tuple[Phase, ...]:
        """All of its steps in order of time."""
        track, video = self.track, scene.span
        first = Step.ENTER if track.entered else Step.APPEAR if self.appears(scene) else Step.PRESENT
        last = Step.LEAVE if track.left else Step.STAY if track.end_s >= video.end_s - _TO_THE_END_S else Step.VANISH
        phases = [Phase(first, track.start_s, track.start_s)]
        at = track.start_s
        for stop in track.stops:
            end_s = track.end_s if stop.end_s is None else stop.end_s
            phases += [Phase(Step.MOVE, at, stop.start_s), Phase(Step.STAND, stop.start_s, end_s, stop)]
            at = end_s
        if at < track.end_s - 0.05:
            phases.append(Phase(Step.MOVE, at, track.end_s))
        # Who touches another and stops at that touches it first.
        between = sorted([*phases[1:], *self._turns(scene)], key=lambda phase: phase.start_s - 0.4 * (phase.step is Step.MEET))
        return (phases[0], *between, Phase(last, track.end_s, track.end_s))

    def _turns(self, scene: Scene) -> list[Phase]:
        """What it does besides moving and standing, as far as it is sure."""
        track = self.track
        if track.confidence < _SURE:
            return []
        turns = [
            Phase(Step.QUICKEN if change.faster else Step.SLOW, change.moment_s, change.moment_s, sudden=change.sudden)
            for change in track.speed_changes
        ]
        turns += [Phase(Step.FALL, moment_s, moment_s) for moment_s in track.falls]
        turns += [Phase(Step.LOITER, loiter.start_s, loiter.end_s) for loiter in track.loiters]
        turns += [
            Phase(Step.MEET, contact.start_s, contact.start_s, other=contact.other if contact.one == self.place else contact.one)
            for contact in sure_contacts(scene)
            if self.place in (contact.one, contact.other)
        ]
        turns += [
            Phase(Step.TAKE if thing.taken else Step.PUT, thing.moment_s, thing.moment_s, thing=thing)
            for thing in sure_belongings(scene)
            if thing.track == self.place
        ]
        return [turn for turn in turns if track.start_s <= turn.start_s <= track.end_s]


def sure_contacts(scene: Scene) -> tuple[Contact, ...]:
    """Those in which the two stay together, or collide; the others may only pass one before the other."""
    return tuple(contact for contact in scene.contacts if contact.confidence >= _SURE and _stays(scene, contact))


def _stays(scene: Scene, contact: Contact) -> bool:
    pair = {contact.one, contact.other}
    if any(incident.kind is IncidentKind.COLLISION and {incident.track, incident.beside} == pair for incident in scene.incidents):
        return True
    one, other = scene.tracks[contact.one], scene.tracks[contact.other]
    (begins, later), (ends, latest) = ((one.at(at), other.at(at)) for at in (contact.start_s, contact.end_s))
    slides = max(abs((latest.x - ends.x) - (later.x - begins.x)), abs((latest.y - ends.y) - (later.y - begins.y)))
    return contact.end_s - contact.start_s >= 1.0 and slides < 0.3 * min(begins.width, later.width)


def sure_belongings(scene: Scene) -> tuple[LeftThing, ...]:
    return tuple(thing for thing in scene.belongings if thing.confidence >= _SURE)


def name_actors(scene: Scene, span: Span | None = None, vocabulary: Vocabulary | None = None) -> tuple[Actor, ...]:
    """The movers of a stretch, or of the whole video, that can be named without mistaking one for another.

    None where the scene is busy. Those that appear together with their like, or were mistaken for others, stay unnamed.
    """
    if scene.busy:
        return ()
    tracks = tracks_in(scene, span or scene.span)
    vocabulary = vocabulary or Vocabulary()
    colours = _words([track for _, track in tracks])
    nouns = [vocabulary.wide_mover if is_wide(track, scene) else vocabulary.mover for _, track in tracks]
    words = [f"{colour} {noun}".strip() for colour, noun in zip(colours, nouns, strict=True)]
    told_apart = all(track.certain and track.colour is not None for _, track in tracks)
    clear = (len(tracks) == 1 and not scene.stirs) or (told_apart and not scene.stirs)
    actors = []
    for index, (place_, track) in enumerate(tracks):
        alike = [other for other, word in enumerate(words) if word == words[index]]
        if not track.certain or len(alike) > _MOST_NAMED or _at_once(index, alike, tracks):
            continue
        plain = words[index]
        size = "large " if track.area >= _LARGE else "small " if track.area <= _SMALL else ""
        actor = Actor(place_, track, plain, article(f"{size}{plain}"), timed=False)
        same_again = any(_may_return(tracks[one][1], tracks[other][1]) for one in alike for other in alike)
        if actor.visits:
            noun = f"what comes in {way_in(track.entered)} at {clock(track.start_s)}"
            actor = replace(actor, noun=noun, intro="something", timed=True)
        elif not clear or (not colours[index] and len(tracks) > 1) or (len(alike) > 1 and same_again):
            if actor.appears(scene):
                continue
            actor = replace(actor, noun=_by_time(plain, track), timed=True)
        elif len(alike) > 1:
            rank = ordinal(alike.index(index) + 1)
            intro = actor.intro if rank == "first" else f"{article(rank)} {plain}"
            actor = replace(actor, noun=f"{rank} {plain}", intro=intro)
        actors.append(actor)
    return tuple(actors)


def tracks_in(scene: Scene, span: Span) -> list[tuple[int, Track]]:
    """The tracks that a stretch shows some of, with their places in the scene."""
    return [
        (place_, track)
        for place_, track in enumerate(scene.tracks)
        if track.start_s < span.end_s - _GLIMPSE_S and track.end_s > span.start_s + _GLIMPSE_S
    ]


def is_wide(track: Track, scene: Scene) -> bool:
    """Whether it is clearly longer than high wherever it is seen whole, and keeps its shape."""
    shapes = [
        point.width * scene.aspect / point.height
        for point in track.points
        if min(point.x - point.width / 2, point.y - point.height / 2) > 0.01
        and max(point.x + point.width / 2, point.y + point.height / 2) < 0.99
    ]
    if len(shapes) < 4 or track.falls or not track.certain:
        return False
    low, high = min(shapes), max(shapes)
    return low >= _WIDE and high - low <= _RIGID * high


def _by_time(noun: str, track: Track) -> str:
    """What nothing but its time tells from the others is named by its time."""
    if track.entered:
        return f"{noun} that comes in {way_in(track.entered)} at {clock(track.start_s)}"
    return f"{noun} that is first seen moving at {clock(track.start_s)}"


def _may_return(one: Track, other: Track) -> bool:
    """Whether the later one could be the earlier one come back, by the edge by which it left or out of nowhere."""
    return other.start_s > one.end_s and (not one.left or not other.entered or bool(set(one.left) & set(other.entered)))


def _at_once(index: int, alike: Sequence[int], tracks: Sequence[tuple[int, Track]]) -> bool:
    start_s = tracks[index][1].start_s
    return any(other != index and abs(tracks[other][1].start_s - start_s) < _SAME_TIME_S for other in alike)


def _words(tracks: Sequence[Track]) -> list[str]:
    """A colour word for each; tones that could be taken for each other share one, or none."""
    present = {track.colour for track in tracks}
    runs: list[list[Colour]] = []
    for tone in _TONES:
        if tone in present:
            if runs and _TONES.index(tone) == _TONES.index(runs[-1][-1]) + 1:
                runs[-1].append(tone)
            else:
                runs.append([tone])
    shared: dict[Colour | None, str] = {}
    for run in runs:
        word = colour_word(run[0])
        if len(run) > 1:
            light, dark = set(run) <= {Colour.WHITE, Colour.LIGHT}, set(run) <= {Colour.BLACK, Colour.DARK}
            word = "light-coloured" if light else "dark" if dark else ""
        shared.update(dict.fromkeys(run, word))
    return [shared.get(track.colour, colour_word(track.colour)) for track in tracks]
