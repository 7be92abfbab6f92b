"""What the offline annotator answers about images reads as what was asked for."""

import asyncio
import json
from dataclasses import dataclass, replace

import pytest

from vr_assets.backends.opencv import OpenCVBackend
from vr_assets.errors import ReplyError
from vr_assets.media.image_scene import measure_image
from vr_assets.parsing.expressions import parse_expressions
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.call import Evidence, Request
from vr_assets.records.image import Expression
from vr_assets.records.image_scene import ImageScene
from vr_assets.settings import Task
from vr_assets_tests.backends.asked import BytesMedia, request
from vr_assets_tests.drawn_pictures import iou, picture

DRAWN = picture(21)


@dataclass(frozen=True)
class Drawn(BytesMedia):
    async def image_scene(self) -> ImageScene:
        return measure_image(DRAWN.image)


def asked(task: Task, caption: str = "", *expressions: str) -> Request:
    found = tuple(Expression(expression_id=text, text=text, char_span=None) for text in expressions)
    evidence = Evidence(image_caption=caption, expressions=found)
    return replace(request(task), evidence=evidence, subject=Drawn(), reply_schema=reply_schema(task))


def answer(question: Request) -> str:
    return asyncio.run(OpenCVBackend().generate(question)).text


def test_expressions_are_those_of_the_caption() -> None:
    read = parse_expressions(answer(asked(Task.EXPRESSIONS, "  Two red circles\nand a dog. ")))
    assert read.cleaned_caption == "Two red circles and a dog."
    assert [(one.text, one.noun_chunk) for one in read.phrases] == [("Two red circles", "red circles"), ("a dog", "dog")]


def test_a_caption_without_words_has_no_answer() -> None:
    with pytest.raises(ReplyError, match="no words"):
        answer(asked(Task.EXPRESSIONS, " ... "))


def test_boxes_are_pixels_of_the_original_and_what_cannot_be_told_is_not_mentioned() -> None:
    thing = next(one for one in DRAWN.things if sum(one.paint == other.paint for other in DRAWN.things) == 1)
    told = json.loads(answer(asked(Task.GROUNDINGS, "", "a dog", f"the {thing.paint} shape")))["boxes"]
    assert [one["number"] for one in told] == ["2"]
    left, top, right, bottom = told[0]["box_2d"]
    assert iou((left, top, right, bottom), thing.box) > 0.9


def test_the_same_words_are_the_same_question_and_others_are_not() -> None:
    identity = OpenCVBackend().identity
    assert identity(asked(Task.GROUNDINGS, "a", "a dog")) == identity(asked(Task.GROUNDINGS, "b", "a dog"))
    assert identity(asked(Task.GROUNDINGS, "a", "a dog")) != identity(asked(Task.GROUNDINGS, "a", "a cat"))
    assert identity(asked(Task.EXPRESSIONS, "a")) != identity(asked(Task.EXPRESSIONS, "b"))
