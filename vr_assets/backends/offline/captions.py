"""Replies of the filter, caption, highlight and description tasks."""

from dataclasses import replace
from itertools import combinations, pairwise

from vr_assets.backends.offline.actors import MOMENTS, Actor, tracks_in
from vr_assets.backends.offline.incidents import NAMES, NO_RULE_APPLIES, RULES, headline, incident_told
from vr_assets.backends.offline.story import Story
from vr_assets.backends.offline.words import article, clock, joined, listed, number, region, sentence, times, towards
from vr_assets.errors import ReplyError
from vr_assets.parsing.clock import check_clocks, moved_clocks
from vr_assets.records.base import Span
from vr_assets.records.scene import Area, Camera, Track
from vr_assets.settings import Mode

Fields = dict[str, str]

_SHORTEST_EVENT_S = 0.2
_BLUR_S = 0.5


def suitable(story: Story) -> Fields:
    return _verdict("reason", "suitable", _suitability(story))


def anomaly_or_normal(story: Story) -> Fields:
    reason, anomaly = _abnormality(story)
    return {"reason": reason, "verdict": "Anomaly" if anomaly else "Normal"}


def screening(story: Story) -> Fields:
    reason, anomaly = _abnormality(story)
    fields = _verdict("suitable_reason", "suitable", _suitability(story))
    return fields | {"verdict_reason": reason, "verdict": "Anomaly" if anomaly else "Normal"}


def caption(story: Story) -> Fields:
    """The video, or what is visible in a window of it."""
    return {"caption": story.text()}


def clip_caption(story: Story) -> Fields:
    """The window around the incident, with what led to it and what it is called."""
    return {"caption": joined([story.view(), *story.cuts(), *story.action(), *_named_incident(story)])}


def dense_caption(story: Story) -> dict[str, list[Fields]]:
    """Timed events from the first moment of the video, or of a window of it, to the last, counted from that first moment.

    What is told of a gap is only what was measured there.
    """
    told = _told(story)
    events = sorted(told + _fillers(story, [span for span, _ in told]), key=lambda event: (event[0].start_s, event[0].end_s))
    zero_s = story.span.start_s
    return {
        "events": [
            {"start": clock(at.start_s - zero_s), "end": clock(at.end_s - zero_s), "text": _on_clock_of(story, sentence(text))}
            for at, text in events
        ]
    }


def _on_clock_of(story: Story, text: str) -> str:
    """A text with the times by which movers are named counted from the story's start."""
    if not story.span.start_s:
        return text
    try:
        check_clocks(text, within=story.span)
    except ReplyError:
        # It came in before the window.
        return "Something moves."
    return moved_clocks(text, -story.span.start_s, within=story.span)


def moment(story: Story) -> Fields:
    """Raises ReplyError: none of the rules applies."""
    incident = story.incident
    actor = story.actor(incident.track) if incident else None
    if incident is None or actor is None:
        raise ReplyError("the offline annotator measured no incident in this video")
    told = [headline(story, incident, actor, timed=True), f"this is {NAMES[incident.kind]}: {RULES[incident.kind]}"]
    return {"reason": joined(told), "timestamp": clock(incident.moment_s)}


def description(story: Story, mode: Mode) -> Fields:
    events = joined([*story.cuts(), *story.action()]) or sentence(story.view())
    analysis = incident_told(story) if mode is Mode.ANOMALY else None
    return {
        "scene": joined([story.view(), *cast_list(story)]),
        "events": events,
        "analysis": joined(analysis or summary(story)),
    }


def cast_list(story: Story) -> list[str]:
    """Who takes part."""
    visits = [actor for actor in story.actors if actor.visits]
    movers = [actor for actor in story.actors if not actor.visits]
    named = [actor.intro for actor in movers if not actor.timed]
    sentences = []
    at_once = all(min(one.end_s, other.end_s) > max(one.start_s, other.start_s) for one, other in combinations(movers, 2))
    if at_once and len(movers) > 1:
        # They cannot be one that came back.
        named = [actor.intro for actor in movers]
    if movers and story.countable and not visits and len(named) == len(movers):
        words = story.vocabulary
        who = f"{words.movers} move" if len(movers) > 1 else f"{words.mover} moves"
        if words.mover.startswith("moving "):
            who = f"{words.movers} are seen" if len(movers) > 1 else f"{words.mover} is seen"
        sentences.append(f"{number(len(movers))} {who} in it: {listed(named)}")
    elif movers and story.countable and not visits:
        passes = f"{times(len(movers))} {article(story.vocabulary.mover)} moves through it"
        told_apart = all(actor.track.colour is not None for actor in movers)
        sentences.append(f"{passes}: {_passages(movers)}" if told_apart else passes)
    elif named:
        sentences.append(f"among what moves in it {'are' if len(named) > 1 else 'is'} {listed(named)}")
    elif story.scene.busy and len(story.scene.tracks) > 1:
        sentences.append(f"several {story.vocabulary.movers} move in it")
    elif story.stirs and not story.actors:
        sentences += [story.stirring(stir) for stir in story.stirs]
    elif story.actors or story.stirs or story.unnamed:
        sentences.append("something moves in it")
    if len(visits) > 1:
        sentences.append(f"at least {number(len(visits))} times something comes into the frame and withdraws")
    return sentences


def _passages(movers: list[Actor]) -> str:
    """Like movers taken together: `twice a white object and once a red object`."""
    intros = [actor.intro for actor in movers]
    return listed([f"{times(intros.count(intro))} {intro}" for intro in dict.fromkeys(intros)])


def summary(story: Story) -> list[str]:
    """The activity as a whole."""
    movers = [actor for actor in story.actors if not actor.visits]
    sentences = []
    headings = sorted({actor.heading for actor in movers if actor.heading})
    if len(movers) > 2 and story.countable and all(actor.heading for actor in movers):
        total = number(len(movers))
        if len(headings) == 1:
            sentences.append(f"all {total} passages lead {towards(headings[0])}")
        else:
            shares = [f"{number(sum(actor.heading == heading for actor in movers))} {towards(heading)}" for heading in headings]
            sentences.append(f"of {total} passages {listed(shares)}".replace(" towards", " lead towards", 1))
        headings = []
    for heading in headings:
        those = [actor for actor in movers if actor.heading == heading]
        if any(actor.timed for actor in those):
            sentences.append(f"{_passages(those)} moves {towards(heading)}")
        else:
            names = listed([actor.name for actor in those])
            sentences.append(f"{names} move{'s' if len(those) == 1 else ''} {towards(heading)}")
    crossed = [actor for actor in movers if actor.entered and actor.left]
    if crossed and len(crossed) == len(story.scene.tracks) and story.countable:
        sentences.append("what moves comes into the frame by one edge and leaves it by another")
    if story.countable and movers and not any(actor.track.stops or actor.track.met for actor in movers):
        sentences.append("nothing that moves comes to a stop on its way")
    sentences += [
        f"when the video ends, {actor.name} is standing where it stopped at {clock(stop.start_s)}"
        for actor in movers
        if (stop := actor.last_stop) is not None
    ]
    if any(actor.visits for actor in story.actors):
        sentences.append("what comes into the frame for a while withdraws by the edge it came from")
    if count := sum(actor.changed is not None for actor in story.actors):
        sentences.append(f"at least {times(count)} the picture is changed once what came in has gone")
    if story.scene.busy:
        sentences += story.action()
    elif story.stirs and not movers:
        sentences += [story.stirring(stir) for stir in story.stirs]
    if story.quiet:
        sentences.append("nothing moves from the first moment to the last")
    return sentences or [story.view()]


def _named_incident(story: Story) -> list[str]:
    incident = story.incident
    actor = story.actor(incident.track) if incident else None
    if incident is None or actor is None:
        return []
    return [f"what happens to {actor.name} is {NAMES[incident.kind]}: {RULES[incident.kind]}"]


def _suitability(story: Story) -> tuple[str, bool]:
    story = replace(story, timed=False)
    scene = story.scene
    if scene.quality.blank:
        return "The picture is blank: no frame shows any detail.", False
    if scene.quality.frozen and scene.cuts_s:
        return "It is a sequence of still pictures: between the cuts nothing in the picture changes.", False
    if scene.quality.frozen:
        return "The picture is frozen: nothing in it changes from the first moment to the last.", False
    if scene.camera is not Camera.STEADY:
        return sentence(story.view()), True
    return joined(["the picture is clear enough to describe what it shows", *story.action()[:1]]), True


def _abnormality(story: Story) -> tuple[str, bool]:
    story = replace(story, timed=True)
    told = incident_told(story)
    if told is None or story.incident is None:
        return sentence(NO_RULE_APPLIES), False
    return joined([*told, f"the rule for {NAMES[story.incident.kind]} applies: {RULES[story.incident.kind]}"]), True


def _verdict(reason: str, verdict: str, found: tuple[str, bool]) -> Fields:
    return {reason: found[0], verdict: "Yes" if found[1] else "No"}


def _told(story: Story) -> list[tuple[Span, str]]:
    """What moves, one event a mover and standstill."""
    tracks = [track for _, track in tracks_in(story.scene, story.span)]
    if story.scene.busy and tracks:
        span = _span(story, min(track.start_s for track in tracks), max(track.end_s for track in tracks))
        return [(span, joined(story.action()))]
    told = []
    for actor in story.actors:
        for span in _acts(story, actor):
            act = replace(story, span=span, edges=False)
            told += [(span, joined(act.way(same))) for same in act.actors if same.place == actor.place]
    named = {actor.place for actor in story.actors}
    for place_, track in tracks_in(story.scene, story.span):
        if place_ not in named:
            where = region(_bounds(track))
            told.append((_span(story, track.start_s, track.end_s), sentence(f"something moves{f' {where}' if where else ''}")))
    stirs = [(stir.span, replace(story, span=stir.span, edges=False).stirring(stir)) for stir in story.stirs]
    return told + [(_span(story, span.start_s, span.end_s), sentence(text)) for span, text in stirs]


def _acts(story: Story, actor: Actor) -> list[Span]:
    """A mover's time, cut where it stops, where it moves on and where something happens to it."""
    if actor.visits:
        return [_span(story, actor.start_s, actor.end_s)]
    marks = {actor.start_s, actor.end_s}
    for stop in actor.track.stops:
        marks |= {stop.start_s} if stop.end_s is None else {stop.start_s, stop.end_s}
    marks |= {phase.start_s for phase in actor.phases(story.scene) if phase.step in MOMENTS}
    cut = pairwise(sorted({min(max(mark, story.span.start_s), story.span.end_s) for mark in marks}))
    return [_span(story, start_s, end_s) for start_s, end_s in cut if end_s - start_s >= _SHORTEST_EVENT_S]


def _bounds(track: Track) -> Area:
    """Where a mover was at one time or another."""
    points = track.points
    return Area(
        x0=min(point.x - point.width / 2 for point in points),
        y0=min(point.y - point.height / 2 for point in points),
        x1=max(point.x + point.width / 2 for point in points),
        y1=max(point.y + point.height / 2 for point in points),
    )


def _fillers(story: Story, covered: list[Span]) -> list[tuple[Span, str]]:
    """What can be said of the rest of the time: that nothing moves, where that was measured, else what is in view."""
    told: list[tuple[Span, str]] = []

    def view(part: Span) -> str:
        return replace(story, span=part).view()

    for gap in _gaps(story.span, covered):
        still = [_common(gap, quiet) for quiet in story.scene.quiet]
        quiet = [span for span in still if span is not None and span.duration_s >= 1.0]
        at = gap.start_s
        for index, span in enumerate(quiet):
            # Quiet begins when the last trace of motion is gone, up to half a second after what moved was last made out.
            start_s = at if span.start_s - at <= _BLUR_S else span.start_s
            last = index == len(quiet) - 1
            end_s = gap.end_s if last and gap.end_s - span.end_s <= _BLUR_S else span.end_s
            if start_s > at:
                told.append((Span(start_s=at, end_s=start_s), sentence(view(Span(start_s=at, end_s=start_s)))))
            # The view is told once: a still scene between two events is the same as before.
            again = at > story.span.start_s and not story.scene.cuts_s and story.scene.camera is Camera.STEADY
            part = Span(start_s=start_s, end_s=end_s)
            told.append((part, joined([*([] if again else [view(part)]), *replace(story, span=span).action()])))
            at = end_s
        if gap.end_s - at > _BLUR_S:
            part = Span(start_s=at, end_s=gap.end_s)
            told.append((part, sentence(view(part))))
    return told


def _gaps(whole: Span, covered: list[Span]) -> list[Span]:
    gaps = []
    at = whole.start_s
    for span in sorted(covered, key=lambda span: span.start_s):
        if span.start_s > at:
            gaps.append(Span(start_s=at, end_s=span.start_s))
        at = max(at, span.end_s)
    return [*gaps, Span(start_s=at, end_s=whole.end_s)] if whole.end_s > at else gaps


def _common(one: Span, other: Span) -> Span | None:
    start_s, end_s = max(one.start_s, other.start_s), min(one.end_s, other.end_s)
    return Span(start_s=start_s, end_s=end_s) if end_s > start_s else None


def _span(story: Story, start_s: float, end_s: float) -> Span:
    start_s = max(story.span.start_s, start_s)
    return Span(start_s=start_s, end_s=min(story.span.end_s, max(end_s, start_s + _SHORTEST_EVENT_S)))
