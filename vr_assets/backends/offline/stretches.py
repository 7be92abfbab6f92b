"""Stretches of time that can be asked for: of a mover, of a thing, of the picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from vr_assets.backends.offline.actors import sure_belongings
from vr_assets.backends.offline.steps import reasoning
from vr_assets.backends.offline.story import Story
from vr_assets.backends.offline.words import (
    article,
    clock,
    joined,
    ordinal,
    region,
)
from vr_assets.records.base import Span

_MOST_PASSAGES = 6


@dataclass(frozen=True)
class Stretch:
    """A question whose answer is a stretch of time. `weight`: the heavier, the more worth asking."""

    question: str
    span: Span
    reasoning: str
    weight: int = 1


def stretches(story: Story) -> Iterator[Stretch]:
    whole = story.scene.span
    actors = [actor for actor in story.actors if not actor.timed]
    for actor in actors:
        stops = actor.track.stops
        if len(stops) == 1:
            stop = stops[0]
            end_s = whole.end_s if stop.end_s is None else stop.end_s
            so = f"so it stands still from {clock(stop.start_s)} to {clock(end_s)}"
            told = reasoning(story, actor, so=so)
            yield Stretch(f"When does {actor.name} stand still?", Span(start_s=stop.start_s, end_s=end_s), told, 3)
            if actor.entered and stop.start_s > actor.start_s:
                so = f"so it is on its way to that place from {clock(actor.start_s)} to {clock(stop.start_s)}"
                question = f"When does {actor.name} move before it comes to its stop?"
                span = Span(start_s=actor.start_s, end_s=stop.start_s)
                yield Stretch(question, span, reasoning(story, actor, so=so), 3)
        for loiter in actor.track.loiters:
            so = f"so it keeps to that place from {clock(loiter.start_s)} to {clock(loiter.end_s)}"
            question = f"When does {actor.name} move about one place without leaving it?"
            yield Stretch(question, loiter, reasoning(story, actor, so=so), 3)
        span = Span(start_s=actor.start_s, end_s=actor.end_s)
        between = f"from {clock(actor.start_s)} to {clock(actor.end_s)}"
        if actor.entered:
            told = reasoning(story, actor, so=f"so it is in the frame {between}")
            yield Stretch(f"When is {actor.name} in the frame?", span, told, 2)
        elif actor.appears(story.scene) and not stops:
            yield Stretch(f"When does {actor.name} move?", span, reasoning(story, actor, so=f"so it moves {between}"), 2)
    for one, other in pairwise(actors):
        start_s, end_s = max(one.start_s, other.start_s), min(one.end_s, other.end_s)
        if end_s - start_s >= 1.0 and one.entered and other.entered:
            so = f"so both are in the frame from {clock(start_s)} to {clock(end_s)}"
            question = f"When are {one.name} and {other.name} in the frame at the same time?"
            yield Stretch(question, Span(start_s=start_s, end_s=end_s), reasoning(story, one, other, so=so), 2)
    yield from _lying(story)
    yield from _passages(story)
    yield from _stretches_of_the_picture(story)


def _lying(story: Story) -> Iterator[Stretch]:
    """How long what is put down lies in its place."""
    things = sure_belongings(story.scene)
    for thing in things:
        where = region(thing.area)
        if thing.taken or not where or sum(not other.taken for other in things) > 1:
            continue
        gone = next(
            (other.moment_s for other in things if other.taken and other.moment_s > thing.moment_s), story.scene.duration_s
        )
        what = article(story.vocabulary.thing)
        told = joined([f"from {clock(thing.moment_s)} on {what} lies {where}", f"it is there until {clock(gone)}"])
        span = Span(start_s=thing.moment_s, end_s=gone)
        yield Stretch(f"From when to when does {what} lie {where} that was not there at first?", span, told, 3)


def _passages(story: Story) -> Iterator[Stretch]:
    """Where one mover may be another come back: the first, second, third time that something crosses the frame."""
    movers = [actor for actor in story.actors if actor.entered and actor.left and not actor.visits]
    one_by_one = all(one.end_s < other.start_s for one, other in pairwise(movers))
    if not story.countable or not one_by_one or not 1 < len(movers) == len(story.scene.tracks) <= _MOST_PASSAGES:
        return
    for place_, actor in enumerate(movers, start=1):
        so = f"so the {ordinal(place_)} crossing is from {clock(actor.start_s)} to {clock(actor.end_s)}"
        told = reasoning(story, *movers[:place_], so=so)
        question = f"When does {article(story.vocabulary.mover)} cross the frame for the {ordinal(place_)} time?"
        yield Stretch(question, Span(start_s=actor.start_s, end_s=actor.end_s), told)


def _stretches_of_the_picture(story: Story) -> Iterator[Stretch]:
    scene = story.scene
    first = min(
        [(track.start_s, track.end_s, place_) for place_, track in enumerate(scene.tracks)]
        + [(stir.span.start_s, stir.span.end_s, -1) for stir in scene.stirs],
        default=None,
    )
    actor = story.actor(first[2]) if first else None
    if actor is not None and actor.visits:
        so = f"so it is there from {clock(actor.start_s)} to {clock(actor.end_s)}"
        question = "When does something come into the frame for the first time, from its coming to its withdrawing?"
        yield Stretch(question, Span(start_s=actor.start_s, end_s=actor.end_s), reasoning(story, actor, so=so), 2)
    if len(scene.stirs) == 1 and not scene.tracks:
        stir = scene.stirs[0]
        where = region(stir.area)
        moves = f"something moves{f' {where}' if where else ' in the frame'}"
        told = joined([f"from {clock(stir.span.start_s)} to {clock(stir.span.end_s)} {moves}"])
        yield Stretch(f"When does {moves.replace('moves', 'move', 1)}?", stir.span, told, 2)
    if (scene.tracks or scene.stirs) and len(scene.quiet) == 1 and scene.quiet[0].duration_s >= 2.0:
        quiet = scene.quiet[0]
        told = joined([*story.action()[:3], f"from {clock(quiet.start_s)} to {clock(quiet.end_s)} nothing in the picture moves"])
        yield Stretch("When does nothing in the picture move?", quiet, told)
