"""Replies of the filter, caption, highlight and description tasks."""

from dataclasses import replace
from itertools import pairwise

from vr_assets.backends.offline.actors import Actor, tracks_in
from vr_assets.backends.offline.story import Story
from vr_assets.backends.offline.words import clock, joined, listed, number, place, sentence, times, towards
from vr_assets.errors import ReplyError
from vr_assets.parsing.clock import check_clocks, moved_clocks
from vr_assets.records.base import Span
from vr_assets.records.scene import Camera, Scene
from vr_assets.settings import Mode

Fields = dict[str, str]

_SHORTEST_EVENT_S = 0.2
_BLUR_S = 0.5


def suitable(scene: Scene) -> Fields:
    return _verdict("reason", "suitable", _suitability(scene))


def anomaly_or_normal(scene: Scene) -> Fields:
    reason, anomaly = _abnormality(scene)
    return {"reason": reason, "verdict": "Anomaly" if anomaly else "Normal"}


def screening(scene: Scene) -> Fields:
    reason, anomaly = _abnormality(scene)
    fields = _verdict("suitable_reason", "suitable", _suitability(scene))
    return fields | {"verdict_reason": reason, "verdict": "Anomaly" if anomaly else "Normal"}


def caption(scene: Scene, span: Span | None = None) -> Fields:
    """The video, or what is visible in a window of it, without clock times."""
    return {"caption": Story.of(scene, span, timed=False).text()}


def clip_caption(scene: Scene, span: Span) -> Fields:
    """The window around the incident, with the instants around it."""
    story = Story.of(scene, span, timed=False)
    return {"caption": joined([story.view(), *story.cuts(), *story.action(), *_aftermath(story)])}


def dense_caption(scene: Scene, span: Span | None = None) -> dict[str, list[Fields]]:
    """Timed events from the first moment of the video, or of a window of it, to the last, counted from that first moment.

    What is told of a gap is only what was measured there.
    """
    story = Story.of(scene, span, timed=False)
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


def moment(scene: Scene) -> Fields:
    """Raises ReplyError: nothing stops abruptly."""
    story = Story.of(scene, timed=True)
    incident = story.incident
    if incident is None:
        raise ReplyError("the offline annotator measured no incident: nothing stops abruptly in this video")
    actor = story.actor(incident.track)
    assert actor is not None
    other = story.actor(incident.beside)
    beside = f" next to {other.name}" if other else ""
    reason = f"{actor.name} stops abruptly{beside} at {clock(incident.moment_s)}, where it had moved steadily until then"
    return {"reason": sentence(reason), "timestamp": clock(incident.moment_s)}


def description(scene: Scene, mode: Mode) -> Fields:
    story = Story.of(scene, timed=True)
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
    if movers and story.countable and not visits and len(named) == len(movers):
        sentences.append(f"{number(len(movers))} object{'s move' if len(movers) > 1 else ' moves'} in it: {listed(named)}")
    elif movers and story.countable and not visits:
        sentences.append(f"{times(len(movers))} an object moves through it: {_passages(movers)}")
    elif named:
        sentences.append(f"among what moves in it {'are' if len(named) > 1 else 'is'} {listed(named)}")
    elif story.scene.busy and len(story.scene.tracks) > 1:
        sentences.append("several objects move in it")
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
    for heading in sorted({actor.heading for actor in movers if actor.heading}):
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


def incident_told(story: Story) -> list[str] | None:
    """The first abrupt stop with its lead-up and what follows; None when there is none."""
    incident = story.incident
    actor = story.actor(incident.track) if incident else None
    if incident is None or actor is None:
        return None
    stop = next(stop for stop in actor.track.stops if stop.start_s == incident.moment_s)
    other = story.actor(incident.beside)
    beside = f" next to {other.name}" if other else ""
    moving = f" {towards(actor.heading)}" if actor.heading else ""
    where = place(stop.x, stop.y)
    sentences = [
        f"the incident is an abrupt stop at {clock(incident.moment_s)}",
        f"until then {actor.name} moves steadily{moving}",
        f"then it stops at once{f' {where}' if where else ''}{beside}",
        f"it moves on at {clock(stop.end_s)}" if stop.end_s is not None else "it does not move again before the video ends",
    ]
    if other is not None and (stopped_s := stopped_with(other, incident.moment_s)) is not None:
        sentences.append(f"{other.name} stops as well, at {clock(stopped_s)}")
    return sentences


def stopped_with(other: Actor, moment_s: float) -> float | None:
    """When another mover stopped, if that was within a second of the moment."""
    return next((stop.start_s for stop in other.track.stops if abs(stop.start_s - moment_s) < 1.0), None)


def _aftermath(story: Story) -> list[str]:
    incident = story.incident
    actor = story.actor(incident.track) if incident else None
    if incident is None or actor is None or not actor.heading:
        return []
    return [f"up to its stop {actor.name} moves steadily {towards(actor.heading)}, and it comes to a standstill all at once"]


def _suitability(scene: Scene) -> tuple[str, bool]:
    if scene.quality.blank:
        return "The picture is blank: no frame shows any detail.", False
    if scene.quality.frozen and scene.cuts_s:
        return "It is a sequence of still pictures: between the cuts nothing in the picture changes.", False
    if scene.quality.frozen:
        return "The picture is frozen: nothing in it changes from the first moment to the last.", False
    story = Story.of(scene, timed=False)
    if scene.camera is not Camera.STEADY:
        return sentence(story.view()), True
    return joined(["the picture is clear enough to describe what it shows", *story.action()[:1]]), True


def _abnormality(scene: Scene) -> tuple[str, bool]:
    told = incident_told(Story.of(scene, timed=True))
    if told is None:
        return "No moving object is seen to stop abruptly.", False
    return joined(told), True


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
            act = Story(story.scene, span, story.dice, timed=False, edges=False)
            told += [(span, joined(act.way(same))) for same in act.actors if same.place == actor.place]
    stirs = [(stir.span, replace(story, span=stir.span, edges=False).stirring(stir)) for stir in story.stirs]
    return told + [(_span(story, span.start_s, span.end_s), sentence(text)) for span, text in stirs]


def _acts(story: Story, actor: Actor) -> list[Span]:
    """A mover's time, cut where it stops and where it moves on."""
    marks = {actor.start_s, actor.end_s}
    for stop in actor.track.stops:
        marks |= {stop.start_s} if stop.end_s is None else {stop.start_s, stop.end_s}
    cut = pairwise(sorted({min(max(mark, story.span.start_s), story.span.end_s) for mark in marks}))
    return [_span(story, start_s, end_s) for start_s, end_s in cut if end_s - start_s >= _SHORTEST_EVENT_S]


def _fillers(story: Story, covered: list[Span]) -> list[tuple[Span, str]]:
    """What can be said of the rest of the time: that nothing moves, where that was measured, else what is in view."""
    told = []
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
                told.append((Span(start_s=at, end_s=start_s), sentence(story.view())))
            told.append((Span(start_s=start_s, end_s=end_s), joined([story.view(), *replace(story, span=span).action()])))
            at = end_s
        if gap.end_s - at > _BLUR_S:
            told.append((Span(start_s=at, end_s=gap.end_s), sentence(story.view())))
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
