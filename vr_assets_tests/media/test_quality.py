"""Whether there is anything to see: dark and frozen footage is told from quiet footage, and cuts from what looks like one."""

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from vr_assets.media.decode import Footage, frames
from vr_assets.media.mp4 import encodable
from vr_assets.media.quality import QualityMeter
from vr_assets.media.stretches import MOST
from vr_assets.records.base import Span
from vr_assets.records.video import QualityFacts
from vr_assets_tests.clips import Image, blank, moving_box, write_clip
from vr_assets_tests.drawn_scenes import FPS, HEIGHT, WIDTH, Mover, across, draw

REAL = Path(os.environ.get("VR_TEST_VIDEOS") or Path(__file__).parents[3] / "shared" / "videos")
real = pytest.mark.skipif(not REAL.is_dir(), reason=f"no real clips: set VR_TEST_VIDEOS, or put them in {REAL}")


def measured(path: Path) -> QualityFacts:
    """As the pass that makes the proxy measures it, without making one."""
    meter = QualityMeter()
    end_s, second = 0.0, -1
    with Footage(path) as footage:
        for shown in footage.shown():
            frame = encodable(shown, footage.shown_size(shown, 640))
            meter.add(frame, shown.time_s, detail=int(shown.time_s) > second)
            end_s, second = shown.time_s + shown.duration_s, int(shown.time_s)
    return meter.facts(end_s)


def filmed(folder: Path, images: Sequence[Image] | Iterator[Image], *, crf: int = 28, gop: int = 2 * FPS) -> QualityFacts:
    return measured(write_clip(folder / "a.mp4", images, FPS, gop=gop, options={"crf": str(crf), "preset": "veryfast"}))


def still(seconds: float, *, level: int = 120, noise: float = 3.0) -> Iterator[Image]:
    """The first frame of a scene, again and again."""
    return islice(repeat(next(draw([], 1, level=level, noise=noise))), round(seconds * FPS))


def jumping(seconds: int) -> Iterator[Image]:
    """Each half of the time another picture, still in itself."""
    yield from still(seconds / 2)
    yield from still(seconds / 2, level=132)


FAR_WALKER = Mover("white", [(2.0, 100.0, 80.0), (10.0, 160.0, 82.0)], wide=4, high=8)


@pytest.mark.parametrize(
    "crf", [23, pytest.param(28, marks=pytest.mark.thorough), pytest.param(35, marks=pytest.mark.thorough), 40]
)
@pytest.mark.parametrize(
    "scene",
    [
        pytest.param(lambda: draw([], 12, noise=1.0), id="quiet by day"),
        pytest.param(lambda: draw([], 12, level=32, noise=3.0), id="quiet at night"),
        pytest.param(lambda: draw([], 12, level=24, noise=1.0, gain=lambda time_s: 0.8), id="hardly lit"),
        pytest.param(lambda: draw([FAR_WALKER], 12, noise=0.0), id="a far walker and no noise"),
        pytest.param(lambda: jumping(12), id="a picture that jumps at keyframes"),
    ],
)
def test_a_quiet_but_live_scene_is_neither_dark_nor_frozen(
    tmp_path: Path, scene: Callable[[], Iterator[Image]], crf: int
) -> None:
    facts = filmed(tmp_path, scene(), crf=crf)
    assert facts.dark_share == 0
    assert facts.frozen_share <= 0.5


@pytest.mark.parametrize("crf", [18, 28, 40])
@pytest.mark.parametrize("seconds", [4, 12, 40])
def test_a_picture_that_stands_still_is_frozen_from_end_to_end(tmp_path: Path, seconds: int, crf: int) -> None:
    facts = filmed(tmp_path, still(seconds), crf=crf, gop=1000)
    assert facts.frozen_share == 1.0
    assert facts.frozen == (Span(start_s=0.0, end_s=float(seconds)),)


def test_a_keyframe_that_refines_a_still_picture_does_not_make_it_live(tmp_path: Path) -> None:
    assert filmed(tmp_path, still(40), gop=3 * FPS).frozen_share == 1.0


def test_a_frozen_stretch_is_told_with_its_times(tmp_path: Path) -> None:
    walk = list(draw([across("red", 0.0, 4.0)], 4, noise=0.0))
    facts = filmed(tmp_path, [*walk[:16], *([walk[16]] * 56), *walk[17:]], gop=1000)
    assert len(facts.frozen) == 1
    assert facts.frozen[0].start_s == pytest.approx(2.0, abs=0.15)
    assert facts.frozen[0].end_s == pytest.approx(9.0, abs=0.15)
    assert facts.frozen_share == pytest.approx(7 / facts_length_s(walk, 55), abs=0.03)


def facts_length_s(images: Sequence[Image], more: int) -> float:
    return (len(images) + more) / FPS


def covered(noise: float) -> Iterator[Image]:
    random = np.random.default_rng(2)
    for _ in range(5 * FPS):
        yield np.clip(random.normal(6, noise, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8)


def with_clock(images: Iterator[Image]) -> Iterator[Image]:
    for index, image in enumerate(images):
        cv2.putText(image, f"CAM 1  12:00:{index // FPS:02d}", (6, 16), cv2.FONT_HERSHEY_PLAIN, 0.8, (255, 255, 255), 1)
        yield image


@pytest.mark.parametrize(
    "images",
    [
        pytest.param(lambda: iter(blank(40)), id="black"),
        pytest.param(lambda: covered(0.0), id="nearly black"),
        pytest.param(lambda: covered(4.0), id="a covered lens, with noise"),
        pytest.param(lambda: with_clock(covered(2.0)), id="under the camera's own clock"),
    ],
)
def test_a_video_in_which_nothing_can_be_made_out_is_dark(tmp_path: Path, images: Callable[[], Iterator[Image]]) -> None:
    assert filmed(tmp_path, images()).dark_share == 1.0


def test_a_lamp_that_passes_far_off_in_the_dark_is_something_to_see(tmp_path: Path) -> None:
    images = blank(40, size=(WIDTH, HEIGHT))
    for index, image in enumerate(images):
        cv2.circle(image, (40 + 3 * index, 120), 3, (255, 255, 255), -1)
    assert filmed(tmp_path, images).dark_share == 0


def test_a_dark_stretch_is_told_with_its_times_and_the_share_is_rounded_down(tmp_path: Path) -> None:
    facts = filmed(tmp_path, [*blank(40), *moving_box(8), *blank(16)])
    assert facts.dark == (Span(start_s=0.0, end_s=5.0), Span(start_s=6.0, end_s=8.0))
    assert facts.dark_share == 0.875


def test_of_many_stretches_the_longest_are_kept_and_the_share_counts_all(tmp_path: Path) -> None:
    lit = moving_box(1)
    images = list(chain.from_iterable([*blank(1 + index % 3), *lit] for index in range(3 * MOST)))
    facts = filmed(tmp_path, images)
    assert len(facts.dark) == MOST
    assert {round(span.duration_s, 3) for span in facts.dark} == {0.375}
    assert facts.dark_share == pytest.approx(2 / 3, abs=1e-3)


def scene(seed: int, seconds: float) -> Iterator[Image]:
    """A picture of its own, with a mover."""
    random = np.random.default_rng(seed)
    coarse = random.integers(20, 235, (6, 8, 3)).astype(np.uint8)
    ground = np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)
    for index in range(round(seconds * FPS)):
        image = ground.copy()
        cv2.rectangle(image, (10 + 4 * index, 100), (50 + 4 * index, 140), (0, 0, 200), -1)
        yield np.clip(image + random.normal(0, 3, image.shape), 0, 255).astype(np.uint8)


def test_cuts_are_found_where_they_are(tmp_path: Path) -> None:
    facts = filmed(tmp_path, chain(scene(1, 3), scene(2, 2), scene(1, 2.5), scene(3, 0.5)))
    assert facts.cuts_s == pytest.approx((3.0, 5.0, 7.5))


def flash() -> Iterator[Image]:
    for index, image in enumerate(scene(1, 6)):
        yield np.full_like(image, 250) if index in (20, 21) else image


def stepped() -> Iterator[Image]:
    for index, image in enumerate(scene(1, 6)):
        yield np.clip(image * (0.45 if index >= 24 else 1.0), 0, 255).astype(np.uint8)


def passed_close() -> Iterator[Image]:
    for index, image in enumerate(scene(1, 6)):
        if 20 <= index < 26:
            image[:, : WIDTH * 3 // 4] = (40, 90, 160)
        yield image


@pytest.mark.parametrize(
    "images",
    [
        pytest.param(flash, id="a flash"),
        pytest.param(stepped, id="a step of the exposure"),
        pytest.param(passed_close, id="a lorry close by"),
        pytest.param(lambda: draw([], 6, camera=lambda time_s: (40 * time_s, 0)), id="a pan"),
        pytest.param(lambda: draw([across("white", 1, 1.6, wide=200, high=150)], 6), id="something large and fast"),
        pytest.param(lambda: draw([], 6, level=20, noise=6), id="noise at night"),
    ],
)
def test_what_looks_like_a_cut_is_none(tmp_path: Path, images: Callable[[], Iterator[Image]]) -> None:
    assert filmed(tmp_path, images()).cuts_s == ()


@real
@pytest.mark.parametrize("name", ["traffic-cars.mp4", "conveyor-bottles.mp4", "gesture-walk.mkv"])
def test_a_real_clip_is_neither_dark_nor_frozen_and_has_no_cut(name: str) -> None:
    facts = measured(REAL / name)
    assert (facts.dark_share, facts.frozen_share, facts.cuts_s) == (0, 0, ())


@real
def test_cuts_between_real_clips_are_found(tmp_path: Path) -> None:
    names = ["traffic-cars.mp4", "gesture-walk.mkv", "conveyor-bottles.mp4", "traffic-cars.mp4"]
    clips = [[frame.image for frame in frames(REAL / name, end_s=2.0, longest_side_px=320)][:16] for name in names]
    images: list[Any] = [cv2.resize(image, (320, 180)) for clip in clips for image in clip]
    assert filmed(tmp_path, images).cuts_s == pytest.approx((2.0, 4.0, 6.0))
