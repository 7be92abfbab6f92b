"""Footage as cameras record it: a stretch encoded once for each camera, then looped and cut by packet copy to any length.

Real where the clips of ../shared/videos are (or those of the folder that VR_TEST_VIDEOS names), drawn otherwise; each time the
same.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count, islice
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.drawn import drawn_images
from vr_assets.media.decode import frames
from vr_assets_tests.clips import Image, write_clip

_VIDEOS = Path(os.environ.get("VR_TEST_VIDEOS") or Path(__file__).parents[2] / "shared" / "videos")
# Cameras use no B-frames, and a keyframe each second or two.
_H264 = {"preset": "veryfast", "crf": "23", "bf": "0", "threads": "1", "sc_threshold": "0"}
# Three megabits a second, as cameras are usually set.
_H265 = {
    "preset": "superfast",
    "b": "3M",
    "x265-params": "bframes=0:scenecut=0:open-gop=0:log-level=error:keyint=60:min-keyint=60",
}
_GOP_S = 2


@dataclass(frozen=True)
class Camera:
    """`film` is the real clip that it shows; empty for a drawn one."""

    name: str
    film: str
    width_px: int
    height_px: int
    fps: Fraction
    seconds: int
    codec: str = "libx264"
    options: Mapping[str, str] = field(default_factory=lambda: _H264)


SMALL = (
    Camera("road", "traffic-cars.mp4", 768, 432, Fraction(25, 2), 28),
    Camera("belt", "conveyor-bottles.mp4", 640, 360, Fraction(30), 38),
    Camera("hall", "gesture-walk.mkv", 640, 480, Fraction(25), 12),
    Camera("yard", "", 768, 576, Fraction(25), 12),
    Camera("gate", "gesture-eat.mkv", 320, 240, Fraction(15), 12),
    Camera("dock", "", 352, 288, Fraction(10), 20),
)
FULL_HD = Camera("hd", "conveyor-bottles.mp4", 1920, 1080, Fraction(30), 6, "libx265", _H265)
_NAMED = {camera.name: camera for camera in (*SMALL, FULL_HD)}

# 24 clips of 2 to 140 s, 11 minutes in all.
_LENGTHS_S = (2, 3, 4, 5, 6, 8, 10, 10, 12, 12, 15, 15, 18, 20, 20, 24, 30, 30, 40, 41, 50, 65, 80, 140)


def real() -> bool:
    """Whether the films are there."""
    return all((_VIDEOS / camera.film).is_file() for camera in _NAMED.values() if camera.film)


def eleven_minutes(folder: Path) -> list[Path]:
    """The clips of benchmarks/pipeline."""
    cameras = [SMALL[number % len(SMALL)] for number in range(len(_LENGTHS_S))]
    return [
        clip(folder, camera, seconds, first=number, name=f"cam{number:02d}")
        for number, (camera, seconds) in enumerate(zip(cameras, _LENGTHS_S, strict=True))
    ]


def named(name: str) -> Camera:
    return _NAMED[name]


def clip(folder: Path, camera: Camera, seconds: float, *, first: int = 0, name: str = "") -> Path:
    """A camera's footage, from its keyframe number `first` on, round and round. Made once where the folder is kept."""
    path = folder / "clips" / f"{name or f'{camera.name}-{seconds:g}s'}.mp4"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        _loop(_stretch(folder / "cameras", camera), part, seconds, first=first)
        part.rename(path)
    return path


def _stretch(folder: Path, camera: Camera) -> Path:
    path = folder / f"{camera.name}.mp4"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.mp4")
        pictures = islice(_pictures(camera), int(camera.seconds * camera.fps))
        gop = int(_GOP_S * camera.fps)
        write_clip(part, pictures, float(camera.fps), camera.codec, gop=gop, options=camera.options).rename(path)
    return path


def _pictures(camera: Camera) -> Iterator[Image]:
    size = camera.width_px, camera.height_px
    film = _VIDEOS / camera.film
    if not camera.film or not film.is_file():
        yield from drawn_images(sum(map(ord, camera.name)), size)
        return
    grain = np.random.default_rng(0).normal(0, 3, (camera.height_px, camera.width_px, 1)).astype(np.int16)
    while True:
        for number, frame in zip(count(), frames(film)):
            image = frame.image
            if image.shape[1::-1] != size:
                image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
            if camera.width_px > frame.image.shape[1]:
                # Scaled up, a picture has lost what makes one of its size as hard to decode as a filmed one.
                image = np.clip(image + np.roll(grain, 61 * number, axis=(0, 1)), 0, 255).astype(np.uint8)
            yield image


def _loop(stretch: Path, path: Path, seconds: float, *, first: int) -> None:
    with av.open(str(stretch)) as source, av.open(str(path), "w", format="mp4") as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        rate, base = stream.average_rate, stream.time_base
        assert rate and base
        copied.time_base = base
        packets = [packet for packet in source.demux(stream) if packet.size]
        starts = [place for place, packet in enumerate(packets) if packet.is_keyframe]
        start = starts[first % len(starts)]
        for number in range(max(1, int(seconds * rate))):
            told = packets[(start + number) % len(packets)]
            packet = av.Packet(bytes(told))
            packet.pts = packet.dts = round(number / rate / base)
            packet.duration, packet.time_base, packet.is_keyframe = round(1 / rate / base), base, told.is_keyframe
            packet.stream = copied
            target.mux(packet)
