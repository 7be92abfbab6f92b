"""From each convention's numbers to pixels of the original, and which convention a model has."""

import pytest

from vr_assets.parsing.box_units import Units, convention_of_model, resized
from vr_assets.settings import BoxConvention

SENT, ORIGINAL = (1568, 784), (2000, 1000)
# left, top, right, bottom of the same box: a quarter, an eighth, three quarters, a half of the image.
SAID = {
    BoxConvention.PIXELS_XYXY: (392, 98, 1176, 392),
    BoxConvention.PIXELS_XYWH: (392, 98, 784, 294),
    BoxConvention.RESIZED_XYXY: (392, 98, 1176, 392),
    BoxConvention.ORIGINAL_XYXY: (500, 125, 1500, 500),
    BoxConvention.UNIT_XYXY: (0.25, 0.125, 0.75, 0.5),
    BoxConvention.THOUSAND_XYXY: (250, 125, 750, 500),
    BoxConvention.THOUSAND_YXYX: (125, 250, 500, 750),
    BoxConvention.THOUSANDTH_XYXY: (249.75, 124.875, 749.25, 499.5),
    BoxConvention.BINS_YXYX: (128, 256, 512, 768),
}


@pytest.mark.parametrize("convention", [one for one in BoxConvention if one is not BoxConvention.UNKNOWN])
def test_every_convention_leads_to_the_same_pixels(convention: BoxConvention) -> None:
    units = Units(convention, SENT, ORIGINAL)
    first, second, third, fourth = SAID[convention]
    assert units.to_pixels(units.in_order((first, second, third, fourth))) == (500.0, 125.0, 1500.0, 500.0)


def test_qwen_resizes_to_multiples_of_28() -> None:
    assert resized((1568, 882)) == (1568, 896)
    assert resized((1000, 700)) == (1008, 700)
    assert resized((30, 20)) == (84, 56)


def test_boxes_in_resized_pixels_use_the_resized_size() -> None:
    units = Units(BoxConvention.RESIZED_XYXY, (1000, 700), (1000, 700))
    assert units.to_pixels(units.in_order((252, 70, 504, 350))) == (250.0, 70.0, 500.0, 350.0)
    assert "1008 wide and 700 high" in units.words


@pytest.mark.parametrize(
    ("model", "convention", "is_sure"),
    [
        ("gemini-3.1-flash-lite-preview", BoxConvention.THOUSAND_YXYX, True),
        ("Qwen/Qwen2.5-VL-7B-Instruct", BoxConvention.RESIZED_XYXY, True),
        ("qwen3-vl-30b-a3b", BoxConvention.THOUSAND_XYXY, True),
        ("Qwen3.5-397B", BoxConvention.THOUSAND_XYXY, True),
        ("Qwen2-VL-2B", BoxConvention.THOUSAND_XYXY, True),
        ("Qwen-VL-Chat", BoxConvention.THOUSAND_XYXY, True),
        ("OpenGVLab/InternVL3-8B", BoxConvention.THOUSAND_XYXY, True),
        ("zai-org/GLM-4.5V", BoxConvention.THOUSAND_XYXY, True),
        ("deepseek-ai/deepseek-vl2-small", BoxConvention.THOUSANDTH_XYXY, True),
        ("google/paligemma2-3b", BoxConvention.BINS_YXYX, True),
        ("moonshotai/Kimi-VL-A3B", BoxConvention.UNIT_XYXY, True),
        ("moondream2", BoxConvention.UNIT_XYXY, True),
        ("nvidia/Cosmos-Reason1-7B", BoxConvention.RESIZED_XYXY, False),
        ("nvidia/cosmos-reason2-8b", BoxConvention.THOUSAND_XYXY, False),
        ("claude-sonnet-4-5", BoxConvention.PIXELS_XYXY, True),
        ("baseline-annotator-2", BoxConvention.ORIGINAL_XYXY, True),
        ("gpt-5", BoxConvention.THOUSAND_XYXY, False),
    ],
)
def test_a_model_is_known_by_its_name(model: str, convention: BoxConvention, is_sure: bool) -> None:
    assert convention_of_model(model) == (convention, is_sure)
