"""Four numbers tell their convention, or nothing."""

import itertools

import pytest

from vr_assets.media.known_clip import chosen
from vr_assets.parsing.boxes import convention_of, conventions, read_box
from vr_assets.records.preflight import Colour, KnownBox
from vr_assets.settings import BoxConvention

KNOWN = {(box.left, box.top): box for box in (chosen(str(seed))[1] for seed in range(40))}


@pytest.mark.parametrize("known", KNOWN.values(), ids=str)
@pytest.mark.parametrize("convention", [one for one in BoxConvention if one is not BoxConvention.UNKNOWN])
def test_every_convention_is_recognised_when_all_numbers_are_off_by_a_twentieth(
    convention: BoxConvention, known: KnownBox
) -> None:
    numbers = conventions(known)[convention]
    pixels = (known.width_px, known.height_px) * 2
    sides = pixels if "pixels" in convention else (1, 1, 1, 1) if "unit" in convention else (1000, 1000, 1000, 1000)
    for signs in itertools.product((-0.05, 0, 0.05), repeat=4):
        first, second, third, fourth = (number + sign * side for number, sign, side in zip(numbers, signs, sides, strict=True))
        assert convention_of((first, second, third, fourth), known) is convention


@pytest.mark.parametrize("known", KNOWN.values(), ids=str)
def test_numbers_of_no_convention_or_another_place_are_unknown(known: KnownBox) -> None:
    left, top, right, bottom = conventions(known)[BoxConvention.PIXELS_XYXY]
    for other in [
        (0.0, 0.0, 0.0, 0.0),
        (top, left, bottom, right),
        (left / 2, top / 2, right / 2, bottom / 2),
        (250.0, 250.0, 750.0, 750.0),
        (0.0, 0.0, 1000.0, 1000.0),
        (0.25, 0.25, 0.75, 0.75),
        (right, bottom, left, top),
    ]:
        assert convention_of(other, known) is BoxConvention.UNKNOWN


def test_numbers_that_fit_two_conventions_are_unknown() -> None:
    square = KnownBox(colour=Colour.GREEN, left=100, top=100, right=300, bottom=300, width_px=400, height_px=400)
    assert convention_of((250.0, 250.0, 750.0, 750.0), square) is BoxConvention.UNKNOWN


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ('{"colour": "green", "box": [125, 625, 348, 875]}', (125, 625, 348, 875)),
        ('[{"box_2d": [125, 625, 348, 875], "label": "green rectangle"}]', (125, 625, 348, 875)),
        ('```json\n{"bbox_2d": [420, 56, 588, 156]}\n```', (420, 56, 588, 156)),
        ("COLOUR: green\nBOX: 0.625, 0.125, 0.875, 0.348", (0.625, 0.125, 0.875, 0.348)),
        ("<box>(125,625),(348,875)</box>", (125, 625, 348, 875)),
        ("It is at [125 625 348 875].", (125, 625, 348, 875)),
        ('{"colour": "green", "box": "420, 56, 588, 156"}', (420, 56, 588, 156)),
        ('{"box": ["420", "56", "588", "156"]}', (420, 56, 588, 156)),
        ('{"colour": "green", "box": {"x1": 420, "y1": 56, "x2": 588, "y2": 156}}', (420, 56, 588, 156)),
        ("<think>[1, 2, 3, 4]?</think>[420, 56, 588, 156]", (420, 56, 588, 156)),
        ("[420, 56, 588, 156], again [420, 56, 588, 156]", (420, 56, 588, 156)),
        ("[420, 56, 588, 156] or [1, 2, 3, 4]", None),
        ("[420, 56, 588]", None),
        ("[420, 56, 588, 56, 588, 156]", None),
        ("Please provide the picture.", None),
        ("", None),
    ],
)
def test_the_one_box_in_a_reply_is_read(text: str, box: tuple[float, ...] | None) -> None:
    assert read_box(text) == box
