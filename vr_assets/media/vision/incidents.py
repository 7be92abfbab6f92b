"""The declared rules by which something is an incident. What none of them names is normal to the offline annotator."""

from collections.abc import Sequence

from vr_assets.records.scene import Contact, Incident, IncidentKind, LeftThing, Side, Sides, Track

_BESIDE = 0.6  # Of the mover's own length: a gap this small is next to it.
_FLOW_FEWEST = 3
_LEFT_S, _AWAY = 1.5, 1.0
_SAME_S = 0.8
_SURE = 0.6
"""Confidence from which on an incident is reported."""


def find_incidents(
    tracks: Sequence[Track], collisions: Sequence[tuple[Contact, float]], belongings: Sequence[LeftThing]
) -> tuple[Incident, ...]:
    """All that the rules name and of which the tracks are sure enough, in order of time."""
    struck = [
        Incident(
            kind=IncidentKind.COLLISION, moment_s=moment_s, track=contact.one, beside=contact.other, confidence=contact.confidence
        )
        for contact, moment_s in collisions
    ]
    found = [*struck]
    for place, track in enumerate(tracks):
        # Who collides stops abruptly as well: that is told once.
        told_s = [one.moment_s for one in struck if place in (one.track, one.beside)]
        found += [
            incident
            for incident in (*_stops(place, tracks), *_dashes(place, track), *_falls(place, track))
            if not any(abs(moment_s - incident.moment_s) <= _SAME_S for moment_s in told_s)
        ]
    found += _left(tracks, belongings)
    found += _wrong_ways(tracks)
    sure = [incident for incident in found if incident.confidence >= _SURE]
    return tuple(sorted(sure, key=lambda incident: (incident.moment_s, incident.track, incident.kind)))


def _stops(place: int, tracks: Sequence[Track]) -> list[Incident]:
    track = tracks[place]
    return [
        Incident(
            kind=IncidentKind.ABRUPT_STOP,
            moment_s=stop.start_s,
            track=place,
            beside=_neighbour(place, stop.start_s, tracks),
            confidence=track.confidence,
        )
        for stop in track.stops
        if stop.abrupt and track.certain
    ]


def _dashes(place: int, track: Track) -> list[Incident]:
    return [
        Incident(
            kind=IncidentKind.SUDDEN_SPEED, moment_s=change.moment_s, track=place, beside=None, confidence=0.9 * track.confidence
        )
        for change in track.speed_changes
        if change.faster and change.sudden and track.certain
    ]


def _falls(place: int, track: Track) -> list[Incident]:
    return [
        Incident(kind=IncidentKind.FALL, moment_s=moment_s, track=place, beside=None, confidence=0.9 * track.confidence)
        for moment_s in track.falls
    ]


def _left(tracks: Sequence[Track], belongings: Sequence[LeftThing]) -> list[Incident]:
    """What a mover put down and went away from.

    Taking something away is no incident: nobody can see whose it was. Nor is what a hand puts down that only reaches in.
    """
    found = []
    for thing in belongings:
        if thing.taken or thing.track is None:
            continue
        track = tracks[thing.track]
        if _reaches_in(track):
            continue
        last = track.points[-1]
        away = max(abs(last.x - (thing.area.x0 + thing.area.x1) / 2), abs(last.y - (thing.area.y0 + thing.area.y1) / 2))
        if track.left or away > _AWAY * max(last.width, last.height):
            confidence = min(thing.confidence, track.confidence)
            found.append(
                Incident(
                    kind=IncidentKind.LEFT_BEHIND, moment_s=thing.moment_s, track=thing.track, beside=None, confidence=confidence
                )
            )
    return found


def _reaches_in(track: Track) -> bool:
    """Whether it never lets go of the edge of the frame."""
    held = [
        min(point.x - point.width / 2, point.y - point.height / 2, 1 - point.x - point.width / 2, 1 - point.y - point.height / 2)
        < 0.012
        for point in track.points
    ]
    return sum(held) > 0.8 * len(held)


def _wrong_ways(tracks: Sequence[Track]) -> list[Incident]:
    """The only one against the flow: at least three others go the opposite way, and nobody goes its own."""
    found = []
    for place, track in enumerate(tracks):
        if len(track.heading) != 1 or not track.certain:
            continue
        others = [other for index, other in enumerate(tracks) if index != place and other.heading]
        against = [other for other in others if _opposed(track.heading, other.heading)]
        along = [other for other in others if set(other.heading) & set(track.heading)]
        sure = [other for other in against if other.certain]
        if len(sure) >= _FLOW_FEWEST and not along:
            found.append(
                Incident(
                    kind=IncidentKind.WRONG_WAY,
                    moment_s=track.start_s,
                    track=place,
                    beside=None,
                    confidence=0.9 * track.confidence,
                )
            )
    return found if len(found) == 1 else []


def _opposed(one: Sides, other: Sides) -> bool:
    pairs = ({Side.LEFT, Side.RIGHT}, {Side.TOP, Side.BOTTOM})
    return len(other) == 1 and {one[0], other[0]} in pairs


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
