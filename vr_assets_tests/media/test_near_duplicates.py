"""Copies are found however they were made, and other stretches of the same camera are never taken for copies."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from vr_assets.errors import StorageError
from vr_assets.media.decode import Footage
from vr_assets.media.mp4 import encodable
from vr_assets.media.near_duplicates import Signed, near_duplicates
from vr_assets.media.quality import QualityMeter
from vr_assets_tests.clips import Image, write_clip
from vr_assets_tests.drawn_scenes import FPS, HEIGHT, WIDTH, Mover, across, draw

SECONDS = 12


def signed(path: Path, *, start_s: float = 0.0, end_s: float = 1e9) -> Signed:
    """As the pass that makes the proxy signs it, without making one."""
    meter = QualityMeter()
    with Footage(path) as footage:
        for shown in footage.shown(start_s):
            if shown.time_s >= end_s:
                break
            meter.add(encodable(shown, footage.shown_size(shown, 640)), shown.time_s, detail=True)
            last_s = shown.time_s
    return Signed(
        video_id=f"{path.stem}@{start_s:g}",
        video=str(path),
        picture_hash=meter.facts(last_s + 0.1).picture_hash,
        signature=meter.signature(),
    )


def street(seed: int, *, seconds: int = SECONDS) -> list[Image]:
    """One camera's view; movers, their lanes and their times are of the seed."""
    random = np.random.default_rng(seed)
    movers: list[Mover] = []
    for _ in range(6):
        start_s, lane = float(random.uniform(0, seconds - 3)), float(random.choice([70, 120, 170]))
        to = "left" if lane == 70 else "right"
        paint = str(random.choice(["red", "white", "black", "blue"]))
        movers.append(across(paint, start_s, start_s + float(random.uniform(2, 4)), y=lane, to=to))
    return list(draw(movers, seconds))


def filmed(path: Path, images: Sequence[Image] | Iterator[Image], *, fps: float = FPS, crf: int = 23) -> Signed:
    return signed(write_clip(path, images, fps, options={"crf": str(crf), "preset": "veryfast"}))


def index(folder: Path) -> Path:
    return folder / "signatures.sqlite"


def found(folder: Path, *videos: Signed, batch: str = "b", enter: bool = True) -> list[str | None]:
    """For each video the id of its group's first."""
    return [first.video_id if first else None for first in near_duplicates(index(folder), batch, videos, enter=enter)]


def scaled(image: Image, width: int, height: int) -> Image:
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


COPIES: list[tuple[str, Callable[[list[Image], Path], Signed]]] = [
    ("encoded at crf 36", lambda images, path: filmed(path, images, crf=36)),
    ("as MPEG-4", lambda images, path: signed(write_clip(path.with_suffix(".avi"), images, FPS, codec="mpeg4"))),
    ("at half the size", lambda images, path: filmed(path, [scaled(image, 160, 120) for image in images])),
    ("brighter", lambda images, path: filmed(path, [np.clip(image * 1.15 + 8, 0, 255).astype(np.uint8) for image in images])),
    ("dimmer", lambda images, path: filmed(path, [(image * 0.8).astype(np.uint8) for image in images])),
    ("at half the frame rate", lambda images, path: filmed(path, images[::2], fps=FPS / 2)),
    ("without its first second", lambda images, path: filmed(path, images[FPS + 1 :])),
    ("without its last two seconds", lambda images, path: filmed(path, images[: -2 * FPS])),
    (
        "all of it",
        lambda images, path: filmed(path, [scaled(image, 192, 144) for image in images[7::2]], fps=FPS / 2, crf=33),
    ),
]


@pytest.mark.parametrize("copy", [pytest.param(copy, id=name) for name, copy in COPIES])
def test_a_copy_is_found(tmp_path: Path, copy: Callable[[list[Image], Path], Signed]) -> None:
    images = street(1)
    original = filmed(tmp_path / "original.mp4", images)
    assert found(tmp_path, original, copy(images, tmp_path / "copy.mp4")) == [None, original.video_id]


@pytest.mark.thorough
def test_other_stretches_of_the_same_camera_are_no_copies(tmp_path: Path) -> None:
    """One background, the same lanes; all pairs of 12."""
    videos = [filmed(tmp_path / f"{seed}.mp4", street(seed)) for seed in range(12)]
    assert all(video.signature for video in videos)
    assert found(tmp_path, *videos) == [None] * 12


def test_the_same_movement_before_another_background_is_no_copy(tmp_path: Path) -> None:
    images = street(1)
    rough = np.random.default_rng(4).integers(0, 255, (5, 7, 3)).astype(np.uint8)
    ground = cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    elsewhere = [np.asarray(cv2.addWeighted(image, 0.6, ground, 0.4, 0), np.uint8) for image in images]
    assert found(tmp_path, filmed(tmp_path / "a.mp4", images), filmed(tmp_path / "b.mp4", elsewhere)) == [None, None]


def test_where_too_little_moves_nothing_is_said(tmp_path: Path) -> None:
    """Two hours of an empty yard look the same, and are not."""
    one, other = filmed(tmp_path / "a.mp4", draw([], 12)), filmed(tmp_path / "b.mp4", draw([], 12))
    assert (one.signature, other.signature) == ("", "")
    assert found(tmp_path, one, other) == [None, None]


def test_a_piece_of_a_video_is_no_copy_of_it(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", street(1), FPS)
    assert found(tmp_path, signed(path), signed(path, end_s=8.0)) == [None, None]


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> list[Signed]:
    """An original, two copies, and a stranger."""
    folder = tmp_path_factory.mktemp("family")
    images = street(1)
    return [
        filmed(folder / "original.mp4", images),
        filmed(folder / "trimmed.mp4", images[FPS:]),
        filmed(folder / "coarse.mp4", images, crf=36),
        filmed(folder / "stranger.mp4", street(2)),
    ]


def test_the_first_of_the_list_stands_for_its_group(family: list[Signed], tmp_path: Path) -> None:
    original, trimmed, coarse, stranger = family
    assert found(tmp_path, trimmed, stranger, original, coarse) == [None, None, trimmed.video_id, trimmed.video_id]


def test_a_copy_of_a_copy_names_the_first(tmp_path: Path) -> None:
    """Each is trimmed by 2 s more: the third is too short a piece of the first to be told from it alone."""
    images = street(1, seconds=16)
    chain = [filmed(tmp_path / f"{cut}.mp4", images[cut * FPS :]) for cut in (0, 2, 4)]
    assert found(tmp_path, chain[0], chain[2], enter=False) == [None, None]
    assert found(tmp_path, *chain) == [None, chain[0].video_id, chain[0].video_id]


def test_an_earlier_batch_has_the_first(family: list[Signed], tmp_path: Path) -> None:
    original, trimmed, coarse, stranger = family
    assert found(tmp_path, trimmed, stranger, batch="monday") == [None, None]
    firsts = near_duplicates(index(tmp_path), "tuesday", [original, coarse], enter=True)
    assert [(first.video_id, first.video, first.batch) for first in firsts if first] == [
        (trimmed.video_id, trimmed.video, "monday")
    ] * 2


def test_a_batch_that_runs_again_has_the_same_rows_whatever_came_since(family: list[Signed], tmp_path: Path) -> None:
    original, trimmed, coarse, stranger = family
    for _ in range(2):
        assert found(tmp_path, original, stranger, batch="zz first") == [None, None]
        assert found(tmp_path, trimmed, batch="aa second") == [original.video_id]
        assert found(tmp_path, coarse, trimmed, batch="third") == [original.video_id, original.video_id]


def test_the_same_video_in_another_batch_is_no_duplicate_of_itself(family: list[Signed], tmp_path: Path) -> None:
    original, trimmed, *_ = family
    assert found(tmp_path, original, batch="pilot") == [None]
    assert found(tmp_path, trimmed, original, batch="all") == [original.video_id, None]


def test_a_look_enters_nothing(family: list[Signed], tmp_path: Path) -> None:
    original, trimmed, *_ = family
    assert found(tmp_path, original, trimmed, enter=False) == [None, original.video_id]
    assert not index(tmp_path).exists()
    found(tmp_path, original, batch="pilot")
    assert found(tmp_path, trimmed, batch="all", enter=False) == [original.video_id]
    assert found(tmp_path, trimmed, batch="others") == [original.video_id]
    assert found(tmp_path, original, batch="pilot", enter=False) == [None]


def test_an_index_that_is_no_database_says_what_to_do(family: list[Signed], tmp_path: Path) -> None:
    index(tmp_path).write_bytes(b"no database" * 100)
    with pytest.raises(StorageError, match=r"signatures\.sqlite.*delete the file"):
        found(tmp_path, family[0])
