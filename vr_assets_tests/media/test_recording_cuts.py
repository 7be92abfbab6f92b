"""Scenes that change in a long recording are found to the frame, whatever lies between its keyframes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vr_assets.media.keyframes import KeyFootage
from vr_assets.media.recording_cuts import find_cuts
from vr_assets_tests.clips import blank, moving_box, write_clip

FPS = 10
Image = NDArray[np.uint8]


def scene(seed: int, seconds: float) -> list[Image]:
    """A place of its own, in which a box goes by."""
    ground = np.random.default_rng(seed).integers(0, 256, (4, 5), np.uint8)
    place = cv2.resize(ground, (160, 120), interpolation=cv2.INTER_CUBIC)
    images = moving_box(round(seconds * FPS))
    seen = [cv2.addWeighted(image, 0.3, cv2.cvtColor(place, cv2.COLOR_GRAY2BGR), 0.7, 0) for image in images]
    return [np.asarray(image, np.uint8) for image in seen]


def recording(path: Path, *scenes: Sequence[Image], codec: str = "libx264", **how: Any) -> Path:
    return write_clip(path, [image for images in scenes for image in images], FPS, codec, **how)


FORMS = [
    pytest.param("a.mp4", {"gop": 10, "options": {"sc_threshold": "0"}}, id="a keyframe a second"),
    pytest.param("a.mp4", {"gop": 250}, id="keyframes at the cuts, as encoders set them"),
    pytest.param("a.mp4", {"gop": 100, "options": {"sc_threshold": "0"}}, id="a keyframe every ten seconds"),
    pytest.param("a.mkv", {"gop": 1000, "options": {"sc_threshold": "0"}}, id="one keyframe in all"),
    pytest.param("a.ts", {"gop": 30, "starts_at_s": 7.0, "options": {"sc_threshold": "0"}}, id="a stream that starts late"),
    pytest.param("a.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}, id="nothing but keyframes"),
]


@pytest.mark.parametrize(("name", "how"), FORMS)
def test_a_new_scene_is_found_to_the_frame(tmp_path: Path, name: str, how: dict[str, Any]) -> None:
    path = recording(tmp_path / name, scene(1, 13.3), scene(2, 21.4), scene(3, 12), **how)
    assert find_cuts(path, 0.0, 46.7) == pytest.approx([13.3, 34.7], abs=2e-3)


def test_a_camera_that_stands_has_no_cuts_and_costs_its_keyframes_alone(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.mp4", scene(1, 60), gop=20, options={"sc_threshold": "0"})
    assert find_cuts(path, 0.0, 60.0) == ()
    with KeyFootage(path) as footage:
        assert len(list(footage.keyframes(apart_s=1.0))) == 30
        # And the one that tells the clock's zero, whose decoder may have been given more than it took.
        assert footage.decoded_frames <= 32


def test_what_passes_by_is_no_scene(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.mp4", scene(1, 15), scene(2, 4), scene(1, 15), gop=10, options={"sc_threshold": "0"})
    assert find_cuts(path, 0.0, 34.0) == ()


def test_a_camera_that_turns_has_no_cuts(tmp_path: Path) -> None:
    ground = np.random.default_rng(5).integers(0, 256, (6, 90), np.uint8)
    wide = cv2.cvtColor(cv2.resize(ground, (1600, 120), interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2BGR)
    images = [np.ascontiguousarray(wide[:, x : x + 160], np.uint8) for x in range(0, 1440, 4)]
    assert find_cuts(recording(tmp_path / "a.mp4", images, gop=20), 0.0, 36.0) == ()


def test_scenes_of_a_stream_whose_clock_starts_over_are_found_on_the_clock_of_its_parts(tmp_path: Path) -> None:
    first = recording(tmp_path / "1.ts", scene(1, 13), scene(2, 17), gop=20, options={"sc_threshold": "0"})
    second = recording(tmp_path / "2.ts", scene(3, 12), gop=20, options={"sc_threshold": "0"})
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    assert find_cuts(both, 0.0, 42.0) == pytest.approx([13, 30], abs=2e-3)


def test_a_scene_after_a_covered_lens_is_new(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.mp4", blank(150, level=16), scene(2, 15), gop=20)
    assert find_cuts(path, 0.0, 30.0) == pytest.approx([15.0], abs=2e-3)


def test_stretches_find_together_what_the_whole_holds(tmp_path: Path) -> None:
    lengths_s = (12, 18, 15, 15)
    scenes = [scene(seed, seconds) for seed, seconds in enumerate(lengths_s)]
    path = recording(tmp_path / "a.ts", *scenes, gop=50, options={"sc_threshold": "0"})
    for edge_s in (10.0, 12.0, 12.1, 29.9, 30.0, 40.0):
        assert [*find_cuts(path, 0.0, edge_s), *find_cuts(path, edge_s, 60.0)] == pytest.approx([12, 30, 45], abs=2e-3)
