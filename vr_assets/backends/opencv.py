"""The offline annotator: no key, no network, no weights. It says what was measured in the pixels, and nothing else."""

import json
from collections.abc import Callable
from dataclasses import replace

from vr_assets.backends.offline import captions, choices, claims, images, media_told, questions
from vr_assets.backends.offline.story import Story
from vr_assets.errors import ReplyError
from vr_assets.records.call import Finish, MediaForm, Reply, Request
from vr_assets.records.image_scene import IMAGE_SCENE_VERSION
from vr_assets.records.scene import SCENE_VERSION, Scene
from vr_assets.records.vocabulary import Vocabulary
from vr_assets.settings import Task

ANNOTATOR_VERSION = 2
"""Raised when the same scene is told otherwise, so that stored answers of the former version are not taken for this one's."""

# Tasks whose answer depends on the window that is asked about, and not only on the video.
_WINDOWED = frozenset({Task.CHUNK_CAPTION, Task.CLIP_CAPTION})

# Captions of the whole or of a window tell what is shown, without a clock.
_UNTIMED = frozenset({Task.GLOBAL_CAPTION, Task.DENSE_CAPTION, Task.CHUNK_CAPTION, Task.CLIP_CAPTION})

_QUESTIONS: dict[Task, Callable[[Story], object]] = {
    Task.MCQ: choices.mcq,
    Task.BCQ: claims.bcq,
    Task.EVENT_VERIFICATION: claims.event_verification,
    Task.OPEN_QA: questions.open_qa,
    Task.CAUSAL_LINKAGE: questions.causal_linkage,
    Task.TEMPORAL_LOCALIZATION: questions.temporal_localization,
    Task.TEMPORAL_EVENT_DESC: questions.temporal_event_desc,
    Task.SCENE_DESCRIPTION: questions.scene_description,
    Task.EVENT_SUMMARY: questions.event_summary,
}

_OF_OTHERS = frozenset({Task.BLIND, Task.SUPPORT, Task.AGREEMENT, Task.JUDGE})
"""Tasks that ask about another's question or answer, whose words it cannot read."""


class OpenCVBackend:
    """Answers from the scene that media/scene measured in the request's subject, whatever the prompt says.

    What was not measured is not said: a task for which too little was measured is refused, and that one answer fails for the
    video.
    """

    name = "opencv"
    model = f"baseline-annotator-{ANNOTATOR_VERSION}"
    endpoint = "opencv"
    structured = True

    def identity(self, request: Request) -> str:
        """The annotator, the video, and of the evidence what the answer depends on."""
        evidence = request.evidence
        if request.task in (Task.EXPRESSIONS, Task.GROUNDINGS):
            return _about_image(request)
        named: dict[str, object] = {
            "annotator": ANNOTATOR_VERSION,
            "scene": SCENE_VERSION,
            "subject": request.subject.identity,
            "task": request.task,
        }
        in_windows = request.task is Task.DENSE_CAPTION and evidence.span.duration_s < evidence.duration_s
        if request.task in _WINDOWED or in_windows:
            named["span"] = [evidence.span.start_s, evidence.span.end_s]
        if any(media.form is MediaForm.IMAGE for media in request.media):
            named["image_scene"] = IMAGE_SCENE_VERSION
        if request.prompt.vocabulary != Vocabulary():
            named["words"] = request.prompt.vocabulary.model_dump()
        if request.task is Task.DESCRIPTION:
            named["mode"] = evidence.mode
        return json.dumps(named, sort_keys=True, separators=(",", ":"))

    output_limit = 0

    def check_ready(self) -> None:
        """It needs nothing."""

    async def prepare(self, request: Request) -> Request:
        """It measures the subject when it answers."""
        return request

    async def generate(self, request: Request) -> Reply:
        """JSON in the form of the task's reply model; running text where it has none.

        Raises:
            ReplyError: too little was measured for this task, or it is none of this annotator's.
            MediaError: the video or image cannot be decoded.
        """
        if request.task in _OF_OTHERS:
            raise ReplyError(f"cannot judge: the offline annotator reads no questions, so {request.task} needs another model")
        match request.task:
            case Task.VIDEO_CAPTION:
                scenes = [await (one.image_scene() if one.form is MediaForm.IMAGE else one.scene()) for one in request.media]
                return Reply(text=media_told.caption(scenes), finish=Finish.STOP)
            case Task.EXPRESSIONS:
                told: object = images.expressions(request.evidence.image_caption)
            case Task.GROUNDINGS:
                told = images.groundings(request.evidence.expressions, await request.subject.image_scene())
            case _:
                told = _reply(request, await request.subject.scene())
        return Reply(text=json.dumps(told, ensure_ascii=False), finish=Finish.STOP)

    def plainer(self) -> bool:
        """Its style is fixed."""
        return False

    async def aclose(self) -> None:
        """It holds nothing."""


def _about_image(request: Request) -> str:
    """The identity of a question about an image. Expressions are found in the caption alone, boxes by the expressions' words."""
    named: dict[str, object] = {"annotator": images.IMAGE_ANNOTATOR_VERSION, "task": request.task}
    if request.task is Task.EXPRESSIONS:
        named["caption"] = request.evidence.image_caption
    else:
        named |= {"scene": IMAGE_SCENE_VERSION, "subject": request.subject.identity}
        named["expressions"] = [one.text for one in request.evidence.expressions]
    return json.dumps(named, sort_keys=True, separators=(",", ":"))


def _reply(request: Request, scene: Scene) -> object:
    words, evidence = request.prompt.vocabulary, request.evidence
    whole = Story.of(scene, timed=request.task not in _UNTIMED, vocabulary=words)
    match request.task:
        case Task.SCREENING:
            return captions.screening(whole)
        case Task.SUITABLE:
            return captions.suitable(whole)
        case Task.ANOMALY_OR_NORMAL:
            return captions.anomaly_or_normal(whole)
        case Task.GLOBAL_CAPTION:
            return captions.caption(whole)
        case Task.DENSE_CAPTION:
            return captions.dense_caption(replace(whole, span=evidence.span))
        case Task.CHUNK_CAPTION:
            return captions.caption(replace(whole, span=evidence.span))
        case Task.CLIP_CAPTION:
            return captions.clip_caption(replace(whole, span=evidence.span))
        case Task.MOMENT:
            return captions.moment(whole)
        case Task.DESCRIPTION:
            return captions.description(whole, evidence.mode)
        case _:
            return _QUESTIONS[request.task](whole)
