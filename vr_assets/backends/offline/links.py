"""Two events that hang together: what they are, and how one leads to the other."""

from collections.abc import Iterator
from dataclasses import dataclass

from vr_assets.backends.offline.actors import Actor, Step
from vr_assets.backends.offline.incidents import stopped_with
from vr_assets.backends.offline.steps import reasoning
from vr_assets.backends.offline.story import Story
from vr_assets.backends.offline.words import (
    article,
    clock,
    listed,
    place,
    region,
    sentence,
    towards,
    way_in,
    way_out,
)
from vr_assets.records.scene import Stop

_APART_S = 0.5


@dataclass(frozen=True)
class Link:
    """Two events of one mover, the earlier one leading to the later one."""

    question: str
    answer: str
    reasoning: str
    weight: int = 1


def links(story: Story, actor: Actor) -> Iterator[Link]:
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
            done = [f"comes in {way_in(actor.entered)} at {came}"]
            done += [f"moves{way}"] if way else []
            done += [f"puts down {story.item(phase.thing)} at {put}"]
            done += [f"leaves {way_out(actor.left)} at {clock(actor.end_s)}"] if actor.left else []
            answer = f"{actor.name} {listed(done)}"
            answer += f". {sentence(f'{actor.name} then goes away, and what it put down stays')}" if actor.left else ""
            yield Link(question, answer, reasoning(story, actor, so=f"{what} lies there because it was put down"), weight=3)
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
