"""Statements that are true or false by measurement, as questions to be answered with Yes or No."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from vr_assets.backends.offline.actors import Actor, Step, sure_belongings, sure_contacts
from vr_assets.backends.offline.incidents import headline
from vr_assets.backends.offline.steps import reasoning
from vr_assets.backends.offline.story import Story, moving
from vr_assets.backends.offline.words import (
    article,
    clock,
    joined,
    number,
    opposite,
    region,
    sentence,
    through,
    towards,
    way_in,
    way_out,
)
from vr_assets.errors import ReplyError
from vr_assets.records.scene import Camera, Contact, IncidentKind, LeftThing, Light
from vr_assets.settings import QaType

Fields = dict[str, str]

_APART_S = 0.7  # Twice the error of a measured time.
_TOGETHER_S = 1.0
_SURE_S = 0.3


@dataclass(frozen=True)
class Claim:
    """`topic`: claims with the same one are about the same thing. `weight`: the heavier, the more worth asking."""

    question: str
    holds: bool
    why: str
    reasoning: str
    topic: str
    weight: int
    event: bool = True

    def fields(self) -> Fields:
        answer = "Yes" if self.holds else "No"
        return {
            "question": self.question,
            "answer": answer,
            "explanation": sentence(self.why),
            "reasoning": f"{self.reasoning} So the answer is {answer}.",
        }


def bcq(story: Story) -> dict[str, list[Fields]]:
    """One Yes and one No question about different things. Raises ReplyError: too little was measured for two."""
    claims = list(candidates(story))
    yes = _pick(story, "yes", [claim for claim in claims if claim.holds])
    no = _pick(story, "no", [claim for claim in claims if not claim.holds and (yes is None or claim.topic != yes.topic)])
    if yes is None or no is None:
        raise ReplyError("the offline annotator measured too little in this video for a Yes and a No question")
    return {"items": [claim.fields() for claim in story.dice.order("bcq", [yes, no])]}


def event_verification(story: Story) -> Fields:
    """Raises ReplyError: no event was measured."""
    claims = [claim for claim in candidates(story) if claim.event]
    wanted = story.dice.choose(QaType.EVENT_VERIFICATION, (True, False))
    found = _pick(story, "verify", [claim for claim in claims if claim.holds is wanted] or claims)
    if found is None:
        raise ReplyError("the offline annotator measured no event in this video that could be verified")
    return found.fields()


def _pick(story: Story, question: str, claims: list[Claim]) -> Claim | None:
    if not claims:
        return None
    heaviest = max(claim.weight for claim in claims)
    return story.dice.choose(question, [claim for claim in claims if claim.weight == heaviest])


def candidates(story: Story) -> Iterator[Claim]:
    """Everything that could be asked."""
    for actor in story.actors:
        yield from _of_a_visit(story, actor) if actor.visits else _of_a_mover(story, actor)
        yield from _of_what_happens(story, actor)
    for one, other in combinations([actor for actor in story.actors if not actor.visits], 2):
        yield from _of_two(story, one, other)
    for contact in sure_contacts(story.scene):
        yield from _of_a_contact(story, contact)
    for thing in sure_belongings(story.scene):
        yield from _of_a_thing(story, thing)
    if story.scene.busy:
        yield from _of_a_crowd(story)
    yield from _of_the_picture(story)


def _of_a_mover(story: Story, actor: Actor) -> Iterator[Claim]:
    who = actor.name

    def claim(question: str, holds: bool, why: str, topic: str, weight: int = 2) -> Claim:
        return Claim(question, holds, why, reasoning(story, actor, so=why), f"{topic} {actor.place}", weight)

    if (side := actor.straight) is not None:
        why = f"{who} moves {through(side)}"
        yield claim(f"Does {who} move {through(side)}?", True, why, "way")
        yield claim(f"Does {who} move {through(opposite(side))}?", False, why, "way")
    if len(actor.left) == 1:
        why = f"{who} leaves the frame {way_out(actor.left)}"
        yield claim(f"Does {who} leave the frame {way_out(actor.left)}?", True, why, "exit")
        yield claim(f"Does {who} leave the frame {way_out((opposite(actor.left[0]),))}?", False, why, "exit")
    if len(actor.entered) == 1 and not actor.timed:
        why = f"{who} comes in {way_in(actor.entered)}"
        yield claim(f"Does {who} come into the frame {way_in(actor.entered)}?", True, why, "entry")
        yield claim(f"Does {who} come into the frame {way_in((opposite(actor.entered[0]),))}?", False, why, "entry")
    if actor.track.stops:
        stop = actor.track.stops[0]
        weight = 4 if stop.abrupt else 3
        why = f"{who} comes to a stop at {clock(stop.start_s)}"
        yield claim(f"Does {who} come to a stop within the frame?", True, why, "stop", weight)
        if stop.end_s is None:
            why = f"after {who} has stopped at {clock(stop.start_s)}, it stays where it is until the video ends"
            yield claim(f"Does {who} move on after it has come to a stop?", False, why, "after", weight)
        else:
            why = f"{who} stands from {clock(stop.start_s)} to {clock(stop.end_s)} and then moves on"
            yield claim(f"Does {who} move on after it has come to a stop?", True, why, "after", weight)
            yield claim(f"Does {who} stay where it stopped until the video ends?", False, why, "after", weight)
    elif actor.entered and actor.left and not actor.track.met:
        why = f"{who} moves from one edge of the frame to the other without a stop"
        yield claim(f"Does {who} come to a stop on its way through the frame?", False, why, "stop")


def _of_what_happens(story: Story, actor: Actor) -> Iterator[Claim]:
    """Falls and changes of speed."""
    who, words = actor.name, story.vocabulary
    for phase in actor.phases(story.scene):
        at = clock(phase.start_s)
        if phase.step is Step.FALL:
            why = f"at {at} {who} {words.falls} and stays down"
            told = reasoning(story, actor, so=why)
            yield Claim(f"Is it true that {who} {words.falls}?", True, why, told, f"fall {actor.place}", 4)
            yield Claim(f"Does {who} stay upright all the time?", False, why, told, f"fall {actor.place}", 4)
        elif phase.step in (Step.QUICKEN, Step.SLOW):
            how = "faster" if phase.step is Step.QUICKEN else "slower"
            why = f"from {at} on {who} is clearly {how} than before"
            told = reasoning(story, actor, so=why)
            weight = 4 if phase.sudden and phase.step is Step.QUICKEN else 3
            yield Claim(f"Does {who} become clearly {how} on its way?", True, why, told, f"speed {actor.place}", weight)
            yield Claim(f"Does {who} keep the same speed all the way?", False, why, told, f"speed {actor.place}", weight)
    for incident in story.scene.incidents:
        if incident.kind is IncidentKind.WRONG_WAY and incident.track == actor.place:
            why = headline(story, incident, actor)
            told = reasoning(story, actor, so=why)
            yield Claim(f"Does {who} move in the same direction as the others?", False, why, told, f"flow {actor.place}", 4)
            yield Claim(f"Does {who} move against the direction of the others?", True, why, told, f"flow {actor.place}", 4)


def _of_a_contact(story: Story, contact: Contact) -> Iterator[Claim]:
    one, other = story.actor(contact.one), story.actor(contact.other)
    if one is None or other is None:
        return
    names = f"{one.name} and {other.name}"
    why = f"at {clock(contact.start_s)} {names} touch"
    told = reasoning(story, one, other, so=why)
    topic = f"contact {contact.one} {contact.other}"
    weight = 4 if any(incident.kind is IncidentKind.COLLISION for incident in story.scene.incidents) else 3
    yield Claim(f"Do {names} touch each other?", True, why, told, topic, weight)
    yield Claim(f"Do {names} keep apart from each other all the time?", False, why, told, topic, weight)


def _of_a_thing(story: Story, thing: LeftThing) -> Iterator[Claim]:
    where, at, what = region(thing.area), clock(thing.moment_s), article(story.vocabulary.thing)
    topic = f"thing {thing.area.x0} {thing.moment_s}"
    if not where:
        return
    came, went = f"Does {what} come to lie {where} at about {at}?", f"Is {what} taken away {where} at about {at}?"
    if thing.taken:
        told = joined([f"before {at} {what} lies {where}", "after that it is gone"])
        why = f"the {story.vocabulary.thing} that lay {where} is gone after {at}"
    else:
        told = joined([f"before {at} nothing lies in that place {where}", f"after that {what} lies there"])
        why = f"from {at} on {what} lies {where}"
    actor = story.actor(thing.track)
    if actor is not None:
        told = reasoning(story, actor, so=why)
    yield Claim(went, thing.taken, why, told, topic, 3)
    yield Claim(came, not thing.taken, why, told, topic, 3)


def _of_a_visit(story: Story, actor: Actor) -> Iterator[Claim]:
    if actor.track.aftermath is None:
        return
    if actor.changed is None:
        why = f"{actor.name} is gone again by {clock(actor.end_s)}"
        told = reasoning(story, actor, so=why)
        question = f"Does {actor.name} stay in the frame until the video ends?"
        yield Claim(question, False, why, told, f"visit {actor.place}", 2)
        question = f"Does {actor.name} withdraw before the video ends?"
        yield Claim(question, True, why, told, f"visit {actor.place}", 2)
        return
    where = region(actor.changed)
    why = f"once {actor.name} has withdrawn, the picture is changed{f' {where}' if where else ''}"
    told = reasoning(story, actor, so=why)
    question = f"Does the picture look as before once {actor.name} has withdrawn?"
    yield Claim(question, False, why, told, f"visit {actor.place}", 2)
    question = f"Is the picture changed{f' {where}' if where else ''} once {actor.name} has withdrawn?"
    yield Claim(question, True, why, told, f"visit {actor.place}", 2)


def _of_two(story: Story, one: Actor, other: Actor) -> Iterator[Claim]:
    pair = f"{one.place} {other.place}"
    names = f"{one.name} and {other.name}"

    def claim(question: str, holds: bool, why: str, topic: str) -> Claim:
        return Claim(question, holds, why, reasoning(story, one, other, so=why), f"{topic} {pair}", 2)

    numbered = one.noun.split()[1:] == other.noun.split()[1:]
    if one.entered and other.entered and other.start_s - one.start_s >= _APART_S and not (numbered or one.timed or other.timed):
        why = f"{one.name} comes in at {clock(one.start_s)}, and {other.name} only at {clock(other.start_s)}"
        yield claim(f"Does {one.name} come into the frame before {other.name}?", True, why, "order")
        yield claim(f"Does {other.name} come into the frame before {one.name}?", False, why, "order")
    common_s = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    if common_s >= _TOGETHER_S:
        why = f"both are in the frame from {clock(max(one.start_s, other.start_s))} to {clock(min(one.end_s, other.end_s))}"
        yield claim(f"Are {names} in the frame at the same time?", True, why, "together")
    elif common_s <= -_TOGETHER_S and one.left and other.entered:
        why = f"{one.name} is gone at {clock(one.end_s)}, before {other.name} is seen at {clock(other.start_s)}"
        yield claim(f"Are {names} in the frame at the same time?", False, why, "together")
    if one.straight and other.straight and one.straight in (other.straight, opposite(other.straight)):
        same = one.straight is other.straight
        way, other_way = towards(one.heading), towards(other.heading)
        why = f"both move {way}" if same else f"{one.name} moves {way}, {other.name} {other_way}"
        yield claim(f"Do {names} move in the same direction?", same, why, "same way")


def _of_a_crowd(story: Story) -> Iterator[Claim]:
    told = joined(story.action())
    if len(story.scene.tracks) > 1:
        question = f"Do several {story.vocabulary.movers} move through the frame in the course of the video?"
        yield Claim(question, True, f"more than one {story.vocabulary.mover} moves through the frame", told, "crowd", 2)
    if len(story.scene.flow) == 1:
        side = story.scene.flow[0]
        why = f"most of the {moving(story)} head {towards((side,))}"
        yield Claim(f"Do most of the {moving(story)} head {towards((side,))}?", True, why, told, "flow", 2)
        yield Claim(f"Do most of the {moving(story)} head {towards((opposite(side),))}?", False, why, told, "flow", 2)


def _of_the_picture(story: Story) -> Iterator[Claim]:
    scene = story.scene
    if scene.quality.blank or scene.quality.frozen or scene.camera is Camera.UNSETTLED:
        return
    if scene.light is not None:
        dark = scene.light is Light.NIGHT
        why = f"most of the picture is {'dark' if dark else 'light'}"
        told = sentence(f"{story.view()}, and {why}")
        yield Claim("Is most of the picture dark?", dark, why, told, "light", 1, event=False)
    if scene.camera is Camera.STEADY and scene.camera_moves:
        move = scene.camera_moves[0]
        why = f"between {clock(move.start_s)} and {clock(move.end_s)} the camera is turned"
        told = sentence(
            f"from {clock(move.start_s)} to {clock(move.end_s)} what stands in the scene shifts in the picture all at once"
        )
        yield Claim("Is the camera turned in the course of the video?", True, why, told, "camera", 3)
        yield Claim("Does the camera keep looking at the same spot all the time?", False, why, told, "view", 3)
        return
    if scene.camera is Camera.MOVING:
        why = "the picture as a whole shifts while the video runs, because the camera moves"
        told = sentence("what stands in the scene changes its place in the picture all at once")
        yield Claim("Does the camera move while it films?", True, why, told, "camera", 1, event=False)
        yield Claim("Does the camera keep looking at the same spot all the time?", False, why, told, "view", 1, event=False)
        return
    for stir in story.stirs:
        if (where := region(stir.area)) and not story.scene.tracks:
            why = f"there is movement {where} between {clock(stir.span.start_s)} and {clock(stir.span.end_s)}"
            yield Claim(f"Does something move {where}?", True, why, sentence(why), "stir", 2)
    first = next((quiet for quiet in scene.quiet if quiet.start_s <= 0.35), None)
    if first is not None and not story.quiet and (seconds := int(first.end_s - _SURE_S)) >= 2:
        why = f"nothing in the picture moves before {clock(first.end_s)}"
        question = f"Does something move in the first {number(seconds)} seconds of the video?"
        yield Claim(question, False, why, sentence(why), "start", 1)
    if scene.cuts_s:
        why = f"at {clock(scene.cuts_s[0])} the picture changes to another view"
        yield Claim("Does the picture change to another view?", True, why, sentence(why), "cut", 1)
        return
    why = "the camera looks at the same scene from the same place all the time"
    told = sentence("what does not move keeps its place in the picture from the first moment to the last")
    yield Claim("Does the camera stay where it is for the whole video?", True, why, told, "camera", 1, event=False)
    yield Claim("Does the picture change to another view during the video?", False, why, told, "cut", 1)
    if story.quiet:
        yield Claim("Does something move in the video?", False, "nothing in the picture moves", told, "motion", 2)
