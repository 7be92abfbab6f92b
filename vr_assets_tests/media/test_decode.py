"""Frames and their times: one clock for every container, zero at the first frame shown."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from vr_assets.errors import MediaError
from vr_assets.media.decode import Footage, frames, picture, scaled_size
from vr_assets_tests.clips import SIZE, blank, counting, read_count, spoil, write_clip, write_packed_avi, write_sound

FPS = 20

CONTAINERS = [
    pytest.param("plain.mp4", {}, id="mp4"),
    pytest.param("late.mp4", {"starts_at_s": 5.0}, id="mp4 that starts at 5 s"),
    pytest.param("late.mkv", {"starts_at_s": 5.0}, id="mkv that starts at 5 s"),
    pytest.param("sound.mp4", {"audio_s": 4.0}, id="sound longer than pictures"),
    pytest.param("stream.ts", {"gop": 12, "starts_at_s": 3.0}, id="transport stream"),
    pytest.param("h264.avi", {"gop": 12}, id="H.264 with B-frames in AVI"),
    pytest.param("mpeg4.avi", {"codec": "mpeg4", "gop": 12, "options": {"bf": "2"}}, id="MPEG-4 with B-frames in AVI"),
    pytest.param("vp9.webm", {"codec": "libvpx-vp9"}, id="webm"),
    pytest.param("full.mp4", {"pix_fmt": "yuvj420p"}, id="full range"),
]


@pytest.mark.parametrize(("name", "how"), CONTAINERS)
def test_every_frame_comes_once_at_its_time(tmp_path: Path, name: str, how: dict[str, Any]) -> None:
    path = write_clip(tmp_path / name, counting(60), FPS, **how)
    seen = [(read_count(frame.image), frame.time_s) for frame in frames(path)]
    assert [number for number, _ in seen] == list(range(60))
    assert [time_s for _, time_s in seen] == pytest.approx([n / FPS for n in range(60)], abs=1e-3)


@pytest.mark.parametrize(("name", "how"), CONTAINERS)
@pytest.mark.parametrize("start_s", [0.5, 1.3, 2.6])
def test_a_stretch_is_the_same_frames_as_in_the_whole(tmp_path: Path, name: str, how: dict[str, Any], start_s: float) -> None:
    path = write_clip(tmp_path / name, counting(60), FPS, **how)
    seen = [read_count(frame.image) for frame in frames(path, start_s=start_s, end_s=start_s + 0.5)]
    first = round(start_s * FPS)
    assert seen == list(range(first, min(60, first + 10)))


def test_packed_b_frames_in_avi_keep_their_order(tmp_path: Path) -> None:
    path = write_packed_avi(tmp_path / "divx.avi", counting(30), 10)
    seen = [(read_count(frame.image), round(frame.time_s, 6)) for frame in frames(path)]
    assert seen == [(n, n / 10) for n in range(30)]


def test_variable_frame_rate_keeps_the_true_times(tmp_path: Path) -> None:
    times_s = [0, 0.1, 0.15, 0.5, 2, 2.1, 5, 5.1, 7]
    path = write_clip(tmp_path / "phone.mp4", counting(len(times_s)), 30, times_s=times_s)
    assert [frame.time_s for frame in frames(path)] == pytest.approx(times_s, abs=1e-4)


@pytest.mark.parametrize(("rotation", "corner"), [(90, (-1, 0)), (-90, (0, -1)), (180, (-1, -1))])
def test_a_turned_video_is_seen_upright(tmp_path: Path, rotation: int, corner: tuple[int, int]) -> None:
    images = blank(3)
    for image in images:
        image[:30, :30] = 255
    path = write_clip(tmp_path / "turned.mp4", images, 10, rotation=rotation)
    frame = next(iter(frames(path)))
    assert frame.image.shape == ((120, 160, 3) if rotation == 180 else (160, 120, 3))
    row, column = (10 if edge == 0 else -10 for edge in corner)
    assert frame.image[row, column].min() > 200
    assert frame.image[-row, -column].max() < 50


def test_a_stretched_video_is_seen_with_square_pixels(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "dvd.mp4", blank(2, size=(180, 144)), 25, pixel_aspect=Fraction(16, 15))
    assert next(iter(frames(path))).image.shape == (144, 192, 3)


def test_of_frames_with_one_time_the_first_is_taken(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "twice.mkv", counting(5), 10, codec="ffv1", times_s=[0, 0.1, 0.1, 0.2, 0.3])
    assert [(read_count(frame.image), frame.time_s) for frame in frames(path)] == [(0, 0), (1, 0.1), (3, 0.2), (4, 0.3)]


def test_colours_survive_with_blue_first(tmp_path: Path) -> None:
    images = blank(3)
    for image in images:
        image[:] = (200, 60, 20)
    path = write_clip(tmp_path / "blue.mp4", images, 10)
    blue, green, red = next(iter(frames(path))).image[60, 80].astype(int)
    assert (blue, green, red) == (pytest.approx(200, abs=6), pytest.approx(60, abs=6), pytest.approx(20, abs=6))


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuvj420p"])
def test_white_stays_white_and_black_black(tmp_path: Path, pix_fmt: str) -> None:
    images = blank(2)
    for image in images:
        image[:, 80:] = 255
    image = next(iter(frames(write_clip(tmp_path / "range.mp4", images, 10, pix_fmt=pix_fmt)))).image
    assert image[60, 20].max() <= 8
    assert image[60, 140].min() >= 247


@pytest.mark.parametrize(
    ("size", "longest", "scaled"),
    [
        ((1920, 1080), 640, (640, 360)),
        ((1080, 1920), 640, (360, 640)),
        ((160, 120), 640, (160, 120)),
        ((161, 121), 640, (162, 122)),
        ((161, 121), None, (161, 121)),
        ((4000, 3), 64, (64, 2)),
    ],
)
def test_scaling_keeps_the_shape_never_enlarges_and_makes_sides_even(
    size: tuple[int, int], longest: int | None, scaled: tuple[int, int]
) -> None:
    assert scaled_size(*size, longest) == scaled


def test_frames_after_a_hole_keep_their_own_times(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "hole.mp4", counting(60), FPS, gop=10, options={"bf": "0"})
    spoil(path, 20, 29)
    seen = [(read_count(frame.image), round(frame.time_s, 3)) for frame in frames(path)]
    kept = [n for n in range(60) if not 20 <= n < 30]
    assert seen == [(n, n / FPS) for n in kept]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.mp4", None, "no such file"),
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"not a video at all", "not a video"),
        ("cut.mp4", b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41", "not a video"),
    ],
)
def test_what_is_no_video_is_named_with_its_cure(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaError, match=says) as caught:
        next(iter(frames(path)))
    assert str(path) in str(caught.value)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no video stream"):
        next(iter(frames(write_sound(tmp_path / "song.m4a"))))


def test_a_colon_in_a_name_is_a_colon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_clip(tmp_path / "plain.mp4", counting(2), FPS).rename(tmp_path / "cam:1.mp4")
    monkeypatch.chdir(tmp_path)
    assert len(list(frames(Path("cam:1.mp4")))) == 2


def test_a_folder_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="folder"):
        next(iter(frames(tmp_path)))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi", "a.flv"])
def test_what_lies_deep_in_a_recording_is_reached_without_decoding_what_comes_before(tmp_path: Path, name: str) -> None:
    codec = "mpeg4" if name == "a.avi" else "libx264"
    path = write_clip(tmp_path / name, counting(600), 25, codec, gop=50)
    with Footage(path) as footage:
        wanted = next(footage.shown(21.0))
        assert read_count(picture(wanted, SIZE)) == 525
        assert wanted.time_s == pytest.approx(21.0, abs=1e-3)
        # One frame to find the clock's zero, and at most two keyframe intervals.
        assert footage.decoded_frames <= 101 + 5
