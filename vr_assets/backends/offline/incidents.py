"""Incidents in words, and the rules by which they are incidents."""

from collections.abc import Mapping

from vr_assets.backends.offline.actors import Actor, sure_belongings
from vr_assets.backends.offline.story import Story
from vr_assets.backends.offline.words import article, clock, colour_word, listed, opposite, place, region, towards
from vr_assets.records.scene import Incident, IncidentKind, LeftThing

NAMES: Mapping[IncidentKind, str] = {
    IncidentKind.COLLISION: "a collision",
    IncidentKind.ABRUPT_STOP: "an abrupt stop",
    IncidentKind.SUDDEN_SPEED: "a sudden burst of speed",
    IncidentKind.FALL: "a fall",
    IncidentKind.LEFT_BEHIND: "something left behind",
    IncidentKind.WRONG_WAY: "a movement against the flow",
}
RULES: Mapping[IncidentKind, str] = {
    IncidentKind.COLLISION: "two that move touch, and the ways of both change at that moment",
    IncidentKind.ABRUPT_STOP: "what moves steadily comes to a standstill within half a second",
    IncidentKind.SUDDEN_SPEED: "what moves steadily is almost twice as fast half a second later",
    IncidentKind.FALL: "what was upright comes to lie and stays down",
    IncidentKind.LEFT_BEHIND: "something is put down, and who put it down goes away without it",
    IncidentKind.WRONG_WAY: "one moves against the direction of all others",
}
"""What the offline annotator calls an anomaly; everything else is normal to it."""

NO_RULE_APPLIES = (
    "none of the rules for an anomaly applies: no collision is seen, no abrupt stop, no sudden burst of speed, no fall, nothing "
    "left behind, and no movement against the flow"
)


def incident_told(story: Story) -> list[str] | None:
    """The first incident with its lead-up and what follows, in order of time; None when there is none."""
    incident = story.incident
    actor = story.actor(incident.track) if incident else None
    if incident is None or actor is None:
        return None
    return [
        f"the incident is {NAMES[incident.kind]} at {clock(incident.moment_s)}",
        *_before(story, incident, actor),
        headline(story, incident, actor),
        *_after(story, incident, actor),
    ]


def headline(story: Story, incident: Incident, actor: Actor, *, timed: bool = False) -> str:
    """What happens at the moment, as a clause."""
    words, at = story.vocabulary, f" at {clock(incident.moment_s)}" if timed else ""
    where = _where(actor, incident.moment_s)
    other = story.actor(incident.beside)
    match incident.kind:
        case IncidentKind.COLLISION:
            return f"{actor.name} {words.collides} {other.name if other else story.another()}{where}{at}"
        case IncidentKind.ABRUPT_STOP:
            return f"{actor.name} stops abruptly{where}{f' next to {other.name}' if other else ''}{at}"
        case IncidentKind.SUDDEN_SPEED:
            return f"{actor.name} all at once goes much faster{at}"
        case IncidentKind.FALL:
            return f"{actor.name} {words.falls}{where}{at}"
        case IncidentKind.LEFT_BEHIND:
            thing = left_thing(story, incident)
            what, spot = (item(story, thing), region(thing.area)) if thing else (article(words.thing), "")
            return f"{actor.name} {words.leaves_behind} {what}{f' {spot}' if spot else ''}{at}"
        case IncidentKind.WRONG_WAY:
            way = towards(actor.heading)
            return f"{actor.name} moves {way}, while all others move {towards((opposite(actor.heading[0]),))}"


def left_thing(story: Story, incident: Incident) -> LeftThing | None:
    """What the incident left behind."""
    things = (thing for thing in sure_belongings(story.scene) if not thing.taken and thing.track == incident.track)
    return next((thing for thing in things if thing.moment_s == incident.moment_s), None)


def item(story: Story, thing: LeftThing) -> str:
    """A red item"""
    return article(f"{colour_word(thing.colour)} {story.vocabulary.thing}".strip())


def _before(story: Story, incident: Incident, actor: Actor) -> list[str]:
    way = f" {towards(actor.heading)}" if actor.heading else ""
    match incident.kind:
        case IncidentKind.ABRUPT_STOP | IncidentKind.SUDDEN_SPEED:
            return [f"until then {actor.name} moves steadily{way}"]
        case IncidentKind.COLLISION:
            other = story.actor(incident.beside)
            names = [one.name for one in (actor, other) if one is not None]
            return [f"until then {listed(names)} come nearer to each other"] if len(names) == 2 else []
        case IncidentKind.FALL:
            return [f"until then {actor.name} is upright"]
        case IncidentKind.LEFT_BEHIND:
            return [f"until then nothing lies in that place, and {actor.name} comes to it"]
        case IncidentKind.WRONG_WAY:
            return []


def _after(story: Story, incident: Incident, actor: Actor) -> list[str]:
    other = story.actor(incident.beside)
    told = []
    match incident.kind:
        case IncidentKind.ABRUPT_STOP:
            stop = next((stop for stop in actor.track.stops if stop.start_s == incident.moment_s), None)
            if stop is not None and stop.end_s is not None:
                told.append(f"it moves on at {clock(stop.end_s)}")
            elif stop is not None:
                told.append("it does not move again before the video ends")
            if other is not None and (stopped_s := stopped_with(other, incident.moment_s)) is not None:
                told.append(f"{other.name} stops as well, at {clock(stopped_s)}")
        case IncidentKind.COLLISION:
            told += [
                f"{one.name} stands still after that"
                for one in (actor, other)
                if one is not None and stopped_with(one, incident.moment_s) is not None
            ]
        case IncidentKind.FALL:
            told.append("it stays down after that")
        case IncidentKind.LEFT_BEHIND:
            told.append(f"{actor.name} then goes away, and what it put down stays")
        case _:
            pass
    return told


def stopped_with(other: Actor, moment_s: float) -> float | None:
    """When another mover stopped, if that was within a second of the moment."""
    return next((stop.start_s for stop in other.track.stops if abs(stop.start_s - moment_s) < 1.0), None)


def _where(actor: Actor, moment_s: float) -> str:
    point = actor.at(moment_s)
    where = place(point.x, point.y)
    return f" {where}" if where else ""
