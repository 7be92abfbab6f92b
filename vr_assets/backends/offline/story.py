"""The whole of a scene, or a stretch of it, in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from vr_assets.backends.offline.actors import MOMENTS, Actor, Phase, Step, name_actors, tracks_in
from vr_assets.backends.offline.words import (
    Dice,
    article,
    clock,
    colour_word,
    joined,
    listed,
    number,
    place,
    region,
    towards,
    way_in,
    way_out,
)
from vr_assets.backends.offline.words import (
    moving as ways_to_move,
)
from vr_assets.records.base import Span
from vr_assets.records.scene import Camera, Incident, LeftThing, Light, Scene, Stir
from vr_assets.records.vocabulary import Vocabulary

_AT_THE_EDGE_S = 0.35  # Two frames of a proxy: what is so from then on is so from the start.
_GLIMPSE_S = 0.12  # One frame of a proxy.
_MOST_TOLD, _OFTEN = 8, 3


def moving(story: "Story") -> str:
    """What moves, by a name that says so."""
    movers = story.vocabulary.movers
    return movers if movers.startswith("moving ") else f"moving {movers}"


@dataclass(frozen=True)
class Story:
    """What can be said of a stretch of a scene.

    `timed`: sentences name the moments, on the video's clock. `edges`: they say what is there when the stretch begins and ends.
    """

    scene: Scene
    span: Span
    dice: Dice
    timed: bool
    edges: bool = True
    vocabulary: Vocabulary = field(default_factory=Vocabulary)

    @classmethod
    def of(cls, scene: Scene, span: Span | None = None, *, timed: bool, vocabulary: Vocabulary | None = None) -> "Story":
        return cls(scene, span or scene.span, Dice(scene.to_line()), timed, vocabulary=vocabulary or Vocabulary())

    @cached_property
    def actors(self) -> tuple[Actor, ...]:
        return name_actors(self.scene, self.span, self.vocabulary)

    @cached_property
    def whole(self) -> bool:
        return self.span == self.scene.span

    @cached_property
    def unnamed(self) -> int:
        """Movers that are not among the actors."""
        return len(tracks_in(self.scene, self.span)) - len(self.actors)

    @cached_property
    def stirs(self) -> tuple[Stir, ...]:
        return tuple(
            stir
            for stir in self.scene.stirs
            if stir.span.start_s < self.span.end_s - 0.1 and stir.span.end_s > self.span.start_s + 0.1
        )

    @cached_property
    def quiet(self) -> bool:
        """Whether nothing moves in the whole stretch."""
        return any(
            still.start_s <= self.span.start_s + _AT_THE_EDGE_S and still.end_s >= self.span.end_s - _AT_THE_EDGE_S
            for still in self.scene.quiet
        ) or (self.scene.quality.frozen and not any(self.span.holds(cut_s) for cut_s in self.scene.cuts_s))

    @cached_property
    def countable(self) -> bool:
        """Whether the actors are all that moves, so that they may be counted."""
        settled = self.scene.camera is Camera.STEADY and not self.scene.busy and self.scene.complete
        return settled and not self.stirs and not self.unnamed and not self.scene.quality.frozen

    @cached_property
    def incident(self) -> Incident | None:
        """The first incident of a named mover in the stretch."""
        named = {actor.place for actor in self.actors}
        found = (one for one in self.scene.incidents if one.track in named and self.span.holds(one.moment_s))
        return next(found, None)

    def actor(self, place: int | None) -> Actor | None:
        return next((actor for actor in self.actors if actor.place == place), None)

    def view(self) -> str:
        """The picture as such: camera, ground colour, light."""
        quality, camera = self.scene.quality, self.scene.camera
        if quality.blank:
            return "the picture is blank"
        if quality.frozen:
            return "still pictures follow one another" if self.scene.cuts_s else "the picture does not change"
        tone = colour_word(self.scene.background).removesuffix("-coloured")
        light = f" {self.light()}" if self.light() else ""
        ground = article(f"mostly {tone} {self.vocabulary.scene}" if tone else self.vocabulary.scene) + light
        match camera:
            case Camera.STEADY if self.turned:
                return f"the camera shows {ground} and is turned in between"
            case Camera.STEADY:
                openings = ("a fixed camera shows", "a still camera looks at", "a camera that does not move shows")
                return f"{self.dice.choose('view', openings)} {ground}"
            case Camera.MOVING:
                return f"the camera moves, so that the whole picture shifts; it shows {ground}"
            case Camera.UNSETTLED:
                return f"much of the picture changes at the same time; it shows {ground}"

    def light(self) -> str:
        match self.scene.light:
            case Light.DAY:
                return self.vocabulary.day
            case Light.NIGHT:
                return self.vocabulary.night
            case None:
                return ""

    @cached_property
    def turned(self) -> bool:
        """Whether the camera is turned within the stretch."""
        return any(move.start_s < self.span.end_s and move.end_s > self.span.start_s for move in self.scene.camera_moves)

    def another(self) -> str:
        return f"another {self.vocabulary.mover}"

    def cuts(self) -> list[str]:
        times = [cut_s for cut_s in self.scene.cuts_s if self.span.holds(cut_s)]
        if not times:
            return self.turns()
        when = f" at {listed([clock(cut_s) for cut_s in times])}" if self.timed else ""
        return [
            f"the picture changes to another view{when}" if len(times) == 1 else f"the picture changes to other views{when}",
            *self.turns(),
        ]

    def turns(self) -> list[str]:
        """Where the camera is turned, in a video that it does not spend turning."""
        if not self.timed or self.scene.camera is not Camera.STEADY:
            return []
        moves = [move for move in self.scene.camera_moves if self.span.holds(move.start_s)]
        return [f"the camera turns between {clock(move.start_s)} and {clock(move.end_s)}" for move in moves]

    def action(self) -> list[str]:
        """What moves, in order of time."""
        if self.scene.busy and tracks_in(self.scene, self.span):
            return [self._crowd()]
        actors = list(self.actors)
        told: list[tuple[float, list[str]]] = []
        visits = [actor for actor in actors if actor.visits]
        if len(visits) >= _OFTEN and not self.timed:
            actors = [actor for actor in actors if not actor.visits]
            ways = list(dict.fromkeys(way_in(actor.entered) for actor in visits))
            again = f"again and again something comes into the frame {' or '.join(ways)} and withdraws"
            if handled := self._handled(visits):
                again += f", {handled}"
            elif all(actor.changed is not None for actor in visits):
                again += ", leaving the picture changed each time"
            told.append((visits[0].start_s, [again]))
        told += [(actor.start_s, self.way(actor)) for actor in self._introduced(actors[:_MOST_TOLD])]
        told += [(stir.span.start_s, [self.stirring(stir)]) for stir in self.stirs]
        sentences = [text for _, texts in sorted(told, key=lambda item: item[0]) for text in texts]
        if self.unnamed or len(actors) > _MOST_TOLD:
            sentences.append("other things move as well" if sentences else "something moves through the frame")
        if not sentences and self.quiet:
            sentences.append(self.dice.choose("quiet", ("nothing moves", "nothing in the picture moves")))
        return sentences

    def text(self) -> str:
        """The stretch as running text."""
        return joined([self.view(), *self.cuts(), *self.action()])

    def _handled(self, visits: Sequence[Actor]) -> str:
        """What those that reach in do with the things that lie there, where it is known of each of them."""
        kinds = [{phase.step for phase in actor.phases(self.scene) if phase.thing is not None} for actor in visits]
        thing = article(self.vocabulary.thing)
        if all(kind == {Step.TAKE} for kind in kinds):
            return f"and each time {thing} is gone afterwards"
        if all(kind == {Step.PUT} for kind in kinds):
            return f"and each time {thing} lies there afterwards"
        return f"and each time {thing} has come or gone" if all(kinds) else ""

    def _introduced(self, actors: Sequence[Actor]) -> list[Actor]:
        """In order of their coming; those whose like was introduced before as `another` one."""
        met: set[str] = set()
        told = []
        for actor in sorted(actors, key=lambda actor: actor.start_s):
            again = actor.intro in met and not actor.visits
            met.add(actor.intro)
            told.append(replace(actor, intro=f"another {actor.intro.split(' ', 1)[1]}") if again else actor)
        return told

    def way(self, actor: Actor, *, known: bool = False) -> list[str]:
        """What one mover does within the stretch, as sentences; the first one introduces it, or names it where it is known."""
        if actor.visits:
            return [self._visit(actor)]
        phases = self.phases(actor)
        actor = replace(actor, intro=actor.name) if known else actor
        sentences: list[str] = []
        clauses: list[str] = []
        for index, phase in enumerate(phases):
            following = next((later for later in phases[index + 1 :] if later.step not in MOMENTS), None)
            if phase.step is Step.STAND:
                if clauses:
                    sentences.append(f"{self._subject(actor, sentences)} {listed(clauses)}")
                    clauses = []
                sentences.append(self._stand(actor, phase, following, sentences))
            else:
                clauses += self._clause(actor, phase)
        if clauses:
            sentences.append(f"{self._subject(actor, sentences)} {listed(clauses)}")
        handled = any(phase.thing is not None for phase in phases)
        if actor.changed is not None and actor.end_s < self.span.end_s and not handled:
            where = region(actor.changed)
            sentences.append(f"after it has gone the picture is changed{f' {where}' if where else ''}")
        return sentences

    def stirring(self, stir: Stir) -> str:
        where = region(stir.area)
        begins, ends = max(stir.span.start_s, self.span.start_s), min(stir.span.end_s, self.span.end_s)
        if begins <= self.span.start_s + _AT_THE_EDGE_S and ends >= self.span.end_s - _AT_THE_EDGE_S:
            when = " all the time" if self.edges else ""
        else:
            when = f" between {clock(begins)} and {clock(ends)}" if self.timed else " for a while"
        return f"something moves{f' {where}' if where else ''}{when}"

    def by(self, time_s: float) -> str:
        return f" by {clock(time_s)}" if self.timed else ""

    def when(self, time_s: float) -> str:
        return f" at {clock(time_s)}" if self.timed else ""

    def _subject(self, actor: Actor, told: Sequence[str]) -> str:
        return "it" if told else actor.intro

    def phases(self, actor: Actor) -> list[Phase]:
        """Its steps within the stretch; what lies outside is only there at the start, or still there at the end."""
        phases = []
        for phase in actor.phases(self.scene):
            start_s, end_s = max(phase.start_s, self.span.start_s), min(phase.end_s, self.span.end_s)
            if phase.step in MOMENTS:
                inside = self.span.start_s <= phase.start_s < self.span.end_s
            else:
                inside = end_s - start_s > _GLIMPSE_S or (end_s >= start_s and phase.start_s == phase.end_s)
            if inside:
                phases.append(replace(phase, start_s=start_s, end_s=end_s))
        stands_first = bool(phases) and phases[0].step is Step.STAND
        if actor.start_s < self.span.start_s and self.edges and not stands_first:
            phases.insert(0, Phase(Step.PRESENT, self.span.start_s, self.span.start_s))
        stands_last = bool(phases) and phases[-1].step in (Step.STAND, Step.STAY)
        if actor.end_s > self.span.end_s and self.edges and not stands_last:
            phases.append(Phase(Step.STAY, self.span.end_s, self.span.end_s))
        lasting = [phase.step for phase in phases if phase.step not in MOMENTS]
        if lasting[-2:] == [Step.STAND, Step.STAY]:
            phases.pop()
        return phases

    def _clause(self, actor: Actor, phase: Phase) -> list[str]:
        where = actor.where(phase.start_s)
        at = f" {where}" if where else ""
        match phase.step:
            case Step.ENTER:
                verb = self.dice.choose(f"enter {actor.place}", ("enters the frame", "comes into the frame", "comes in"))
                return [f"{verb} {way_in(actor.entered)}{self.when(phase.start_s)}"]
            case Step.PRESENT:
                return [f"is {where or 'in the frame'} at the start"] if self.edges else []
            case Step.APPEAR:
                return [f"is first seen moving{at}{self.when(phase.start_s)}"]
            case Step.MOVE:
                if not actor.heading:
                    return ["moves about"]
                if actor.track.stops and phase.start_s >= actor.track.stops[0].start_s:
                    return [f"moves on {towards(actor.heading)}"]
                return [self.dice.choose(f"move {actor.place}", ways_to_move(actor.heading))]
            case Step.LEAVE:
                verb = self.dice.choose(f"leave {actor.place}", ("leaves", "goes out", "leaves the frame"))
                return [f"{verb} {way_out(actor.left)}{self.when(phase.start_s)}"]
            case Step.VANISH:
                return [f"is last seen{at}{self.when(phase.start_s)}"]
            case Step.STAY:
                return ["is still in the frame at the end"] if self.edges else []
            case Step.STAND:
                return []
            case _:
                return self.turn(actor, phase)

    def turn(self, actor: Actor, phase: Phase) -> list[str]:
        """What a mover does besides moving and standing, as a clause."""
        when, words = self.when(phase.start_s), self.vocabulary
        match phase.step:
            case Step.QUICKEN:
                ways = (
                    ("suddenly goes much faster", "all at once goes much faster")
                    if phase.sudden
                    else ("goes faster", "speeds up")
                )
                return [f"{self.dice.choose(f'faster {actor.place}', ways)}{when}"]
            case Step.SLOW:
                ways = ("suddenly goes much slower", "is suddenly much slower") if phase.sudden else ("goes slower", "slows down")
                return [f"{self.dice.choose(f'slower {actor.place}', ways)}{when}"]
            case Step.FALL:
                return [f"{words.falls}{when}"]
            case Step.LOITER:
                for_s = f" for {number(int(phase.end_s - phase.start_s))} seconds" if self.timed else " for a while"
                return [f"{words.loiters}{for_s}"]
            case Step.MEET:
                other = self.actor(phase.other)
                return [f"touches {other.name if other else self.another()}{when}"]
            case Step.PUT | Step.TAKE:
                verb = words.puts_down if phase.step is Step.PUT else words.takes_away
                return [f"{verb} {self.item(phase.thing)}{when}"] if phase.thing else []
            case _:
                return []

    def item(self, thing: LeftThing) -> str:
        """A red item in the left part of the frame"""
        where = region(thing.area)
        return article(f"{colour_word(thing.colour)} {self.vocabulary.thing}".strip()) + (f" {where}" if where else "")

    def _stand(self, actor: Actor, phase: Phase, following: Phase | None, told: Sequence[str]) -> str:
        assert phase.stop is not None
        subject = self._subject(actor, told)
        where = place(phase.stop.x, phase.stop.y)
        at = f" {where}" if where else ""
        if phase.stop.start_s < self.span.start_s - _GLIMPSE_S:
            stands = f"{subject} stands still{at}"
            return stands if following is None else f"{stands} at first"
        how = "stops abruptly" if phase.stop.abrupt else "comes to a stop"
        other = self.beside(actor, phase.stop.start_s)
        beside = f" next to {other.name}" if other else ""
        stops = f"{subject} {how}{at}{beside}{self.when(phase.start_s)}"
        if following is not None:
            return f"{stops} and stands there{f' until {clock(phase.end_s)}' if self.timed else ' for a while'}"
        return f"{stops} and stays there{' until the end' if self.edges else ''}"

    def beside(self, actor: Actor, moment_s: float) -> Actor | None:
        """The named mover next to which this one stops abruptly at a moment."""
        incidents = (one for one in self.scene.incidents if one.track == actor.place and one.moment_s == moment_s)
        return next((self.actor(one.beside) for one in incidents), None)

    def _visit(self, actor: Actor) -> str:
        began, ended = actor.start_s >= self.span.start_s, actor.end_s <= self.span.end_s
        if not began:
            text = f"something reaches into the frame {way_in(actor.entered)} at the start"
        else:
            text = f"something comes into the frame {way_in(actor.entered)}{self.when(actor.start_s)}"
        if not ended:
            return f"{text} and is still there at the end"
        things = [phase for phase in self.phases(actor) if phase.thing is not None]
        if things:
            does = [clause for phase in things for clause in self.turn(actor, phase)]
            return f"{text}, {listed([*does, f'withdraws{self.by(actor.end_s)}'])}"
        gone = f"{text} and withdraws{f' by {clock(actor.end_s)}' if self.timed else ' again'}"
        if actor.changed is None:
            return gone
        where = region(actor.changed)
        return f"{gone}, leaving the picture changed{f' {where}' if where else ''}"

    def _crowd(self) -> str:
        tracks = [track for _, track in tracks_in(self.scene, self.span)]
        begins = max(self.span.start_s, min(track.start_s for track in tracks))
        ends = min(self.span.end_s, max(track.end_s for track in tracks))
        flow = f", most of them {towards(self.scene.flow)}" if self.scene.flow and self.whole else ""
        when = f" between {clock(begins)} and {clock(ends)}" if self.timed else ""
        return f"{'several' if len(tracks) > 1 else 'some'} {self.vocabulary.movers} move through the frame{when}{flow}"
