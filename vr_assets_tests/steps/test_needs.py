"""What is tried of an endpoint is what the stages will send it."""

import pytest

from vr_assets.backends.preflight_questions import Need
from vr_assets.settings import resolve
from vr_assets.steps.needs import needs

TEXT, VIDEO, FRAMES = Need.TEXT, Need.VIDEO, Need.FRAMES


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"vlm": {TEXT, VIDEO, FRAMES}, "llm": {TEXT}}),
        ({"videos.max_video_length_sec": 60}, {"vlm": {TEXT, VIDEO}, "llm": {TEXT}}),
        (
            {"videos.max_video_length_sec": 60, "videos.long_recordings": "split"},
            {"vlm": {TEXT, VIDEO, FRAMES}, "llm": {TEXT}},
        ),
        ({"routes.qa": "vlm", "routes.description": "vlm", "mode": "normal"}, {"vlm": {TEXT, VIDEO, FRAMES}}),
        (
            {"routes.dense_caption": "big", "endpoints.big.backend": "openai"},
            {"vlm": {TEXT, VIDEO, FRAMES}, "llm": {TEXT}, "big": {TEXT, VIDEO, FRAMES}},
        ),
        (
            {"long_video.long_video_input": "windows", "routes.dense_caption": "big", "endpoints.big.backend": "openai"},
            {"vlm": {TEXT, VIDEO, FRAMES}, "llm": {TEXT}, "big": {TEXT, VIDEO}},
        ),
        (
            {"routes.mcq": "big", "routes.chunk_captions": "big", "endpoints.big.backend": "openai"},
            {"vlm": {TEXT, VIDEO, FRAMES}, "llm": {TEXT}, "big": {TEXT, VIDEO}},
        ),
        (
            {"routes.mcq": "big", "qa.qa_types": "bcq", "endpoints.big.backend": "openai"},
            {"vlm": {TEXT, VIDEO, FRAMES}, "llm": {TEXT}},
        ),
    ],
)
def test_each_endpoint_needs_what_is_routed_to_it(given: dict[str, object], expected: dict[str, set[Need]]) -> None:
    assert needs(resolve(("here", given)).settings) == expected
