"""Open questions and questions about time, answered from measured tracks and moments."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from vr_assets.backends.offline.actors import Actor, Step, sure_belongings
from vr_assets.backends.offline.captions import cast_list, summary
from vr_assets.backends.offline.incidents import incident_told, stopped_with
from vr_assets.backends.offline.steps import reasoning, seen
from vr_assets.backends.offline.story import Story
from vr_assets.backends.offline.words import (
    article,
    clock,
    joined,
    listed,
    ordinal,
    place,
    region,
    sentence,
    towards,
    way_in,
    way_out,
)
from vr_assets.errors import ReplyError
from vr_assets.records.base import Span
from vr_assets.records.scene import Camera, Stop

Fields = dict[str, str]

_MOST_OF_IT = 0.9
_MARGIN_S = 0.5
_APART_S = 0.5
_MOST_PASSAGES = 6


@dataclass(frozen=True)
class Stretch:
    """A question whose answer is a stretch of time. `weight`: the heavier, the more worth asking."""

    question: str
    span: Span
    reasoning: str
    weight: int = 1


@dataclass(frozen=True)
class Link:
    """Two events of one mover, the earlier one leading to the later one."""

    question: str
    answer: str
    reasoning: str
    weight: int = 1


def open_qa(story: Story) -> Fields:
    """Raises ReplyError: nothing that could be asked about was measured."""
    actor = _protagonist(story)
    if actor is not None:
        asked = (
            f"What does {actor.name} do in the course of the video?",
            f"How does {actor.name} move in the frame, and where does it come from?",
        )
        question, so = story.dice.choose("open", asked), f"taken together, this is what {actor.name} does"
        if actor.visits:
            question = f"What happens when something comes into the frame {way_in(actor.entered)} at {clock(actor.start_s)}?"
            so = "this is what happens from its coming to its withdrawing"
        return _open(question, joined(story.way(actor, known=not actor.timed)), reasoning(story, actor, so=so))
    if not story.action() and story.scene.camera is Camera.STEADY:
        raise ReplyError("the offline annotator measured no movement in this video to ask about")
    if story.scene.camera is not Camera.STEADY:
        told = sentence("what stands in the scene changes its place in the picture all at once, over the whole of it")
        return _open("How does the picture change in the course of the video?", sentence(story.view()), told)
    told = joined([story.view(), *story.action()])
    return _open("What moves in the frame, and where or how does it move?", joined(story.action()), told)


def scene_description(story: Story) -> Fields:
    question = story.dice.choose(
        "scene",
        (
            "What does the scene in this video look like, and what takes part in it?",
            "What can be seen in this video, from the view as a whole to what moves in it?",
        ),
    )
    answer = joined([story.view(), *cast_list(story)])
    steps = []
    if story.scene.camera is Camera.STEADY and not story.scene.cuts_s:
        steps.append("the camera looks at the same scene from the same place all the time")
    steps += story.action()[:6] or [story.view()]
    return _open(question, answer, joined([*steps, "that is the view, and what takes part in it"]))


def event_summary(story: Story) -> Fields:
    question = story.dice.choose(
        "summary",
        (
            "What happens in this video from beginning to end, and what comes of it?",
            "Sum up the events of this video and how they hang together.",
        ),
    )
    incident = incident_told(story)
    events = story.action()
    outcome = incident or (summary(story) if story.actors else [])
    answer = joined([*story.cuts(), *events, *outcome]) or sentence(story.view())
    steps = [text for actor in story.actors for text in seen(story, actor)] or [story.view(), *events]
    return _open(question, answer, joined([*steps, "in this order the events make up the video"]))


def causal_linkage(story: Story) -> Fields:
    """Raises ReplyError: no two events of one mover were measured."""
    links = [link for actor in story.actors for link in _links(story, actor)]
    if not links:
        raise ReplyError("the offline annotator measured no two events to link")
    heaviest = max(link.weight for link in links)
    link = story.dice.choose("link", [link for link in links if link.weight == heaviest])
    return _open(link.question, sentence(link.answer), link.reasoning)


def temporal_localization(story: Story) -> Fields:
    """Raises ReplyError: nothing with a start and an end within the video was measured."""
    whole_s = story.scene.duration_s
    found = [stretch for stretch in _stretches(story) if 0.3 <= stretch.span.duration_s <= _MOST_OF_IT * whole_s]
    if not found:
        raise ReplyError("the offline annotator measured nothing in this video that has a start and an end of its own")
    heaviest = max(stretch.weight for stretch in found)
    chosen = story.dice.choose("stretch", [stretch for stretch in found if stretch.weight == heaviest])
    return {
        "question": chosen.question,
        "start": clock(chosen.span.start_s),
        "end": clock(chosen.span.end_s),
        "reasoning": chosen.reasoning,
    }


def temporal_event_desc(story: Story) -> Fields:
    """Raises ReplyError: nothing happens in any stretch that is shorter than the video."""
    spans = [span for span in _windows(story) if span.duration_s <= _MOST_OF_IT * story.scene.duration_s]
    if not spans:
        raise ReplyError("the offline annotator measured nothing that happens within a part of this video")
    span = story.dice.choose("window", spans[:4])
    part = replace(story, span=span, edges=False)
    told = part.action()
    if len(told) == 1 and part.countable and len(part.actors) == 1 and not part.actors[0].visits:
        told.append("nothing else moves in the meantime")
    start, end = clock(span.start_s), clock(span.end_s)
    steps = [text for actor in part.actors for text in seen(part, actor)] or told
    so = f"this is what happens between {start} and {end}"
    return _open(f"What happens in the video between {start} and {end}?", joined(told), joined([*steps, so]))


def _open(question: str, answer: str, steps: str) -> Fields:
    return {"question": question, "answer": answer, "reasoning": steps}


def _protagonist(story: Story) -> Actor | None:
    """The mover of the incident, else any; those that are only known by their time last."""
    if story.incident is not None and (actor := story.actor(story.incident.track)) is not None:
        return actor
    movers = [actor for actor in story.actors if not actor.timed] or list(story.actors)
    return story.dice.choose("protagonist", movers) if movers else None


def _links(story: Story, actor: Actor) -> Iterator[Link]:
    if actor.visits:
        yield from _link_of_a_visit(story, actor)
        return
    way = f" {towards(actor.heading)}" if actor.heading else ""
    for stop in actor.track.stops:
        if stop.start_s - actor.start_s >= _APART_S and actor.entered:
            yield _link_to_stop(story, actor, stop, way)
    for phase in actor.phases(story.scene):
        if phase.step is Step.PUT and phase.thing is not None and actor.entered and phase.start_s - actor.start_s >= _APART_S:
            came, put, what = clock(actor.start_s), clock(phase.start_s), article(story.vocabulary.thing)
            question = f"How does the coming in of {actor.name} at {came} lead to what lies in the picture from {put} on?"
            does = [f"comes in {way_in(actor.entered)} at {came}"]
            does += [f"moves{way}"] if way else []
            does += [f"puts down {story.item(phase.thing)} at {put}"]
            does += [f"leaves {way_out(actor.left)} at {clock(actor.end_s)}"] if actor.left else []
            told = f"{actor.name} {listed(does)}"
            told += f". {sentence(f'{actor.name} then goes away, and what it put down stays')}" if actor.left else ""
            yield Link(question, told, reasoning(story, actor, so=f"{what} lies there because it was put down"), weight=3)
        if phase.step is Step.MEET and (other := story.actor(phase.other)) is not None:
            yield from _link_of_a_contact(story, actor, other, phase.start_s)
    begins = actor.entered or actor.appears(story.scene)
    unbroken = bool(actor.heading) and not actor.track.stops and not actor.track.met
    if begins and actor.left and unbroken and actor.end_s - actor.start_s >= _APART_S:
        who = actor.intro if actor.timed else actor.name
        came, went = clock(actor.start_s), clock(actor.end_s)
        if actor.entered:
            earlier, does = f"coming in of {who} {way_in(actor.entered)}", f"comes in {way_in(actor.entered)}"
        else:
            earlier, does = f"first movement of {who}", "is first seen moving"
        question = f"How does the {earlier} at {came} hang together with its leaving {way_out(actor.left)} at {went}?"
        answer = (
            f"{who} {does} at {came} and keeps moving{way} without a stop, and this movement carries it through the frame and "
            f"out {way_out(actor.left)} at {went}"
        )
        so = (
            f"it is one unbroken movement that leads from the {'coming in' if actor.entered else 'first movement'} to the leaving"
        )
        yield Link(question, answer, reasoning(story, actor, so=so))


def _link_to_stop(story: Story, actor: Actor, stop: Stop, way: str) -> Link:
    came, stood = clock(actor.start_s), clock(stop.start_s)
    how = "abrupt stop" if stop.abrupt else "stop"
    other = story.beside(actor, stop.start_s)
    where = place(stop.x, stop.y)
    question = f"How does the way of {actor.name}, which comes in at {came}, lead to its {how} at {stood}?"
    answer = f"{actor.name} comes in {way_in(actor.entered)} at {came} and moves{way}"
    if other is not None:
        answer += f", which brings it next to {other.name}. There it stops{' abruptly' if stop.abrupt else ''} at {stood}"
        if (also_s := stopped_with(other, stop.start_s)) is not None:
            answer += f", and {other.name} stops as well, at {clock(also_s)}"
        so = f"its way brings it next to {other.name}, and there its movement ends"
    else:
        answer += f", until it stops{' abruptly' if stop.abrupt else ''} at {stood}{f' {where}' if where else ''}"
        so = "its way leads it to that place, and there its movement ends"
    return Link(question, answer, reasoning(story, actor, so=so), weight=3 if stop.abrupt else 2)


def _link_of_a_contact(story: Story, actor: Actor, other: Actor, met_s: float) -> Iterator[Link]:
    stopped_s = stopped_with(actor, met_s)
    if stopped_s is None or met_s - actor.start_s < _APART_S:
        return
    met, stood = clock(met_s), clock(stopped_s)
    question = f"How does the contact of {actor.name} with {other.name} at {met} bear on the stop of {actor.name} at {stood}?"
    answer = f"{actor.name} moves until it touches {other.name} at {met}, and with that its movement ends at {stood}"
    yield Link(question, answer, reasoning(story, actor, other, so="its movement ends where the two touch"), weight=4)


def _link_of_a_visit(story: Story, actor: Actor) -> Iterator[Link]:
    if actor.end_s - actor.start_s < _APART_S:
        return
    came, gone = clock(actor.start_s), clock(actor.end_s)
    if actor.changed is not None:
        where = region(actor.changed)
        part = f" {where}" if where else ""
        question = f"How does what comes into the frame at {came} bear on the change that the picture shows{part} after {gone}?"
        answer = (
            f"something reaches in {way_in(actor.entered)} at {came} and has withdrawn by {gone}. The picture{part} is not the "
            f"same after that as it was before, so the change came about through what reached in"
        )
        so = "nothing else is seen to come in between, so this is what changed it"
        yield Link(question, answer, reasoning(story, actor, so=so), weight=2)
        return
    question = f"How does what comes into the frame at {came} hang together with what leaves it by {gone}?"
    answer = (
        f"it is one movement in and out again: something reaches in {way_in(actor.entered)} at {came} and then draws back "
        f"{way_out(actor.left)}, so that it is gone by {gone}"
    )
    yield Link(question, answer, reasoning(story, actor, so="what came in has gone back the way it came"))


def _stretches(story: Story) -> Iterator[Stretch]:
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
    if len(scene.quiet) == 1 and scene.quiet[0].duration_s >= 2.0:
        quiet = scene.quiet[0]
        told = joined([*story.action()[:3], f"from {clock(quiet.start_s)} to {clock(quiet.end_s)} nothing in the picture moves"])
        yield Stretch("When does nothing in the picture move?", quiet, told)


def _windows(story: Story) -> list[Span]:
    """Stretches in which something happens: around the incident, else a mover's whole way, else the first part of all motion."""
    whole, busy = story.scene.span, story.scene.busy
    if story.incident is not None:
        moment_s = story.incident.moment_s
        return [_window(whole, moment_s - 2.0, moment_s + 1.5)]
    ways = [(actor.start_s - _MARGIN_S, actor.end_s + _MARGIN_S) for actor in story.actors]
    ways += [(stir.span.start_s, stir.span.end_s) for stir in story.stirs]
    ways += [(track.start_s, track.end_s) for track in story.scene.tracks if busy]
    spans = [_window(whole, start_s, end_s) for start_s, end_s in ways]
    shorter = [span for span in spans if span.duration_s <= _MOST_OF_IT * whole.duration_s]
    return shorter or [_window(whole, span.start_s, span.start_s + 0.6 * span.duration_s) for span in spans]


def _window(whole: Span, start_s: float, end_s: float) -> Span:
    return Span(start_s=max(whole.start_s, round(start_s, 1)), end_s=min(whole.end_s, round(end_s, 1)))
