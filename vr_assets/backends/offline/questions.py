"""Open questions and questions about time, answered from measured tracks and moments."""

from dataclasses import replace

from vr_assets.backends.offline.actors import Actor
from vr_assets.backends.offline.captions import cast_list, summary
from vr_assets.backends.offline.incidents import incident_told
from vr_assets.backends.offline.links import links
from vr_assets.backends.offline.steps import reasoning, seen
from vr_assets.backends.offline.story import Story
from vr_assets.backends.offline.stretches import stretches
from vr_assets.backends.offline.words import clock, joined, sentence, way_in
from vr_assets.errors import ReplyError
from vr_assets.records.base import Span
from vr_assets.records.scene import Camera

Fields = dict[str, str]

_MOST_OF_IT = 0.9
_MARGIN_S = 0.5


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
    found = [link for actor in story.actors for link in links(story, actor)]
    if not found:
        raise ReplyError("the offline annotator measured no two events to link")
    heaviest = max(link.weight for link in found)
    link = story.dice.choose("link", [link for link in found if link.weight == heaviest])
    return _open(link.question, sentence(link.answer), link.reasoning)


def temporal_localization(story: Story) -> Fields:
    """Raises ReplyError: nothing with a start and an end within the video was measured."""
    whole_s = story.scene.duration_s
    found = [stretch for stretch in stretches(story) if 0.3 <= stretch.span.duration_s <= _MOST_OF_IT * whole_s]
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
