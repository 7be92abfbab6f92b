"""A model that looks: it answers preflight questions from the pixels it was sent, where it can see those."""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from vr_assets.settings import BoxConvention
from vr_assets_tests.servers.answers import GARBAGE

Image = NDArray[np.uint8]
Outline = NDArray[np.int32]

_HUES = {"yellow": (20, 35), "green": (45, 75), "blue": (95, 125), "purple": (130, 155)}
_SENTENCE = re.compile(r"an? (\w+) (\w+) that moves (\w+), and the digit (\d)")


class Sight(StrEnum):
    """What a model takes: a video that came as such, a video in the place of an image, images."""

    VIDEO = "video"
    VIDEO_AS_IMAGE = "video_as_image"
    IMAGES = "images"


@dataclass(frozen=True)
class Eyes:
    """What a model sees, and how it tells of it.

    `prose`: it answers in a sentence where JSON is asked for. `guesses`: where it sees nothing it makes something up.
    """

    sees: frozenset[Sight] = field(default_factory=lambda: frozenset(Sight))
    boxes: BoxConvention = BoxConvention.THOUSAND_YXYX
    prose: bool = False
    guesses: bool = False


class Medium(Protocol):
    """`serving.Medium`."""

    @property
    def kind(self) -> str: ...
    @property
    def mime_type(self) -> str: ...
    @property
    def content(self) -> bytes: ...


def answer(prompt: str, media: Sequence[Medium], eyes: Eyes, *, structured: bool) -> str:
    """The answer to a preflight question."""
    seen = [medium for medium in media if _sight(medium) in eyes.sees]
    if media and not seen and not eyes.guesses:
        return GARBAGE
    images = [image for medium in seen for image in _pictures(medium)]
    fields = _fields(prompt, images, eyes)
    if eyes.prose and structured:
        return f"Well, there is {', '.join(f'{value}' for value in fields.values())}."
    if structured:
        return json.dumps(fields)
    return "\n".join(f"{name.upper()}: {value}" for name, value in fields.items())


def _sight(medium: Medium) -> Sight:
    if medium.kind == "video":
        return Sight.VIDEO
    return Sight.VIDEO_AS_IMAGE if medium.mime_type.startswith("video/") else Sight.IMAGES


def _fields(prompt: str, images: Sequence[Image], eyes: Eyes) -> Mapping[str, JsonValue]:
    if "bounding box" in prompt and images:
        return {"colour": _colour(images[0]), "box": _box(images[0], eyes.boxes)}
    if images:
        first, last = _outline(images[0]), _outline(images[-1])
        return {
            "colour": _colour(images[0]),
            "shape": _shape(first),
            "direction": _direction(first, last),
            "digit": _digit(images[0]),
        }
    if told := _SENTENCE.search(prompt):
        return dict(zip(("colour", "shape", "direction", "digit"), told.groups(), strict=True))
    return {"colour": "red", "shape": "circle", "direction": "right", "digit": "1"}


def _pictures(medium: Medium) -> list[Image]:
    if not medium.mime_type.startswith("video/"):
        return [_bgr(cv2.imdecode(np.frombuffer(medium.content, np.uint8), cv2.IMREAD_COLOR))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shown.mp4"
        path.write_bytes(medium.content)
        capture = cv2.VideoCapture(str(path))
        pictures = []
        while (read := capture.read())[0]:
            pictures.append(_bgr(read[1]))
        capture.release()
    assert pictures, "a clip that does not decode"
    return pictures


def _bgr(image: object) -> Image:
    assert isinstance(image, np.ndarray), "a picture that does not decode"
    return image.astype(np.uint8, copy=False)


def _coloured(image: Image) -> Image:
    """Where an image is neither grey nor white, 0 or 255."""
    return _bgr(cv2.inRange(cv2.cvtColor(image, cv2.COLOR_BGR2HSV), (0, 130, 130), (180, 255, 255)))


def _colour(image: Image) -> str:
    hues = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)[..., 0][_coloured(image) > 0]
    hue = float(np.median(hues))
    return next((name for name, (low, high) in _HUES.items() if low <= hue <= high), f"a colour of hue {hue}")


def _outline(image: Image) -> Outline:
    outlines, _ = cv2.findContours(_coloured(image), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return max((np.asarray(outline, np.int32) for outline in outlines), key=cv2.contourArea)


def _shape(outline: Outline) -> str:
    """By how much of its hull it fills, and how much of the rectangle around it."""
    area = cv2.contourArea(outline)
    solid = area / cv2.contourArea(cv2.convexHull(outline))
    if solid < 0.85:
        return "star" if solid < 0.65 else "plus sign"
    _, _, across, down = cv2.boundingRect(outline)
    return "square" if area / (across * down) > 0.75 else "triangle"


def _direction(first: Outline, last: Outline) -> str:
    moved = last.reshape(-1, 2).mean(axis=0) - first.reshape(-1, 2).mean(axis=0)
    across, down = float(moved[0]), float(moved[1])
    if abs(across) > abs(down):
        return "from left to right" if across > 0 else "from right to left"
    return "downwards" if down > 0 else "upwards"


def _digit(image: Image) -> str:
    plate = _cropped(_bgr(cv2.inRange(image, (200, 200, 200), (255, 255, 255))))

    def unlike(digit: int) -> float:
        blank = np.zeros((120, 120), np.uint8)
        cv2.putText(blank, str(digit), (20, 100), cv2.FONT_HERSHEY_SIMPLEX, 2.8, 255, 8)
        return float(np.abs(_cropped(blank).astype(int) - plate).mean())

    return str(min(range(10), key=unlike))


def _cropped(mask: Image) -> Image:
    rows, columns = np.nonzero(mask)
    found = mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return _bgr(cv2.resize(found, (32, 48), interpolation=cv2.INTER_AREA))


def _box(image: Image, convention: BoxConvention) -> list[JsonValue]:
    height, width = image.shape[:2]
    left, top, across, down = cv2.boundingRect(_outline(image))
    right, bottom = left + across, top + down
    match convention:
        case BoxConvention.PIXELS_XYXY:
            return [left, top, right, bottom]
        case BoxConvention.PIXELS_XYWH:
            return [left, top, across, down]
        case BoxConvention.UNIT_XYXY:
            return [round(left / width, 3), round(top / height, 3), round(right / width, 3), round(bottom / height, 3)]
        case BoxConvention.THOUSAND_XYXY:
            return [left * 1000 // width, top * 1000 // height, right * 1000 // width, bottom * 1000 // height]
        case BoxConvention.THOUSAND_YXYX:
            return [top * 1000 // height, left * 1000 // width, bottom * 1000 // height, right * 1000 // width]
        case BoxConvention.ORIGINAL_XYXY | BoxConvention.RESIZED_XYXY:
            # Nothing is scaled: its sides are multiples of 28.
            return [left, top, right, bottom]
        case BoxConvention.THOUSANDTH_XYXY:
            return [left * 999 // width, top * 999 // height, right * 999 // width, bottom * 999 // height]
        case BoxConvention.BINS_YXYX:
            return [top * 1023 // height, left * 1023 // width, bottom * 1023 // height, right * 1023 // width]
        case BoxConvention.UNKNOWN:
            return [1, 2, 3, 4]
