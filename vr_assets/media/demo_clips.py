"""Short drawn clips for a first run without any footage: toy vehicles in a yard, seen from above.

One clip holds an incident, one must be filtered out. They are drawings and look like drawings: nobody should take the demo's
output for what a model says of real footage.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Image = NDArray[np.uint8]

_WIDTH, _HEIGHT, _FPS = 320, 240, 12
# With B-frames the bytes of two runs differ now and then (seen), with several threads by how many there are.
_X264 = {"crf": "23", "preset": "medium", "threads": "1", "bf": "0"}
_SCALE = 3  # Drawn three times as large and scaled down: edges without stairs.

_RED, _BLUE, _YELLOW, _GREEN, _WHITE, _ORANGE = (
    (45, 40, 205), (190, 95, 35), (40, 205, 235), (60, 150, 50), (238, 238, 238), (25, 125, 240),
)  # fmt: skip


@dataclass(frozen=True)
class _Vehicle:
    """`way`: (time, x, y) of its centre in pixels of the frame, straight and even in between, absent outside."""

    paint: tuple[int, int, int]
    way: Sequence[tuple[float, float, float]]
    long: int = 52
    wide: int = 27

    def place(self, time_s: float) -> tuple[float, float, float] | None:
        """x, y and the angle it faces, in degrees clockwise from the right."""
        times, xs, ys = zip(*self.way, strict=True)
        if not times[0] <= time_s <= times[-1]:
            return None
        leg = max(index for index in range(len(times) - 1) if times[index] <= time_s)
        while leg > 0 and xs[leg + 1] == xs[leg] and ys[leg + 1] == ys[leg]:
            leg -= 1  # What stands faces as it came.
        angle = np.degrees(np.arctan2(ys[leg + 1] - ys[leg], xs[leg + 1] - xs[leg]))
        return float(np.interp(time_s, times, xs)), float(np.interp(time_s, times, ys)), float(angle)


def draw_demo_clips(folder: Path) -> list[Path]:
    """Writes the clips as H.264 in MP4; existing files of the same names are replaced. The same bytes on every run."""
    folder.mkdir(parents=True, exist_ok=True)
    yard = _yard()
    return [_write(folder / f"{name}.mp4", _frames(round(seconds * _FPS), draw(), yard)) for name, seconds, draw in _CLIPS]


def _crossing() -> list[_Vehicle]:
    return [_Vehicle(_RED, [(1.0, -30, 95), (6.0, 350, 95)])]


def _two_ways() -> list[_Vehicle]:
    return [
        _Vehicle(_YELLOW, [(0.8, -30, 150), (6.2, 350, 150)]),
        _Vehicle(_BLUE, [(2.4, 350, 95), (7.6, -30, 95)]),
    ]


def _abrupt_stop() -> list[_Vehicle]:
    braking = [(3.0 + step / 4, 160.0, 71 + 22 * (1 - (1 - step / 8) ** 2)) for step in range(9)]
    return [
        _Vehicle(_BLUE, [(0.8, 160, -30), *braking, (10.0, 160, 93)]),
        _Vehicle(_RED, [(3.6, -30, 95), (5.6, 112, 95), (10.0, 112, 95)]),
    ]


def _stop_and_go() -> list[_Vehicle]:
    braking = [(3.0 + step / 4, 90 + 70 * (1 - (1 - step / 10) ** 2), 150.0) for step in range(11)]
    starting = [(7.5 + step / 4, 160 + 60 * (step / 8) ** 2, 150.0) for step in range(9)]
    return [_Vehicle(_GREEN, [(0.5, -30, 150), *braking, *starting, (11.5, 350, 150)])]


def _three() -> list[_Vehicle]:
    return [
        _Vehicle(_WHITE, [(0.7, 110, 270), (4.2, 110, -30)]),
        _Vehicle(_ORANGE, [(3.0, 350, 95), (8.0, -30, 95)]),
        _Vehicle(_BLUE, [(5.5, 225, -30), (9.5, 225, 270)]),
    ]


def _parked() -> list[_Vehicle]:
    return [_Vehicle(_GREEN, [(-1.0, 60, 150), (0.0, 96, 150), (99.0, 96, 150)])]


_CLIPS: tuple[tuple[str, float, Callable[[], list[_Vehicle]]], ...] = (
    ("abrupt-stop", 9.0, _abrupt_stop),
    ("crossing", 7.0, _crossing),
    ("frozen", 6.0, _parked),
    ("stop-and-go", 12.0, _stop_and_go),
    ("three-ways", 10.5, _three),
    ("two-ways", 8.5, _two_ways),
)


def _write(path: Path, images: Iterator[Image]) -> Path:
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(_FPS), options=_X264)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        for image in images:
            frame = VideoFrame.from_ndarray(image, format="bgr24")
            container.mux(stream.encode(frame.reformat(format="yuv420p", threads=1)))
        container.mux(stream.encode())
    return path


def _frames(count: int, vehicles: Sequence[_Vehicle], yard: Image) -> Iterator[Image]:
    for index in range(count):
        image = yard.copy()
        for vehicle in vehicles:
            place = vehicle.place(index / _FPS)
            if place is not None:
                _draw(image, vehicle, *place)
        yield cast(Image, cv2.resize(image, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA))


def _draw(image: Image, vehicle: _Vehicle, x: float, y: float, angle: float) -> None:
    long, wide = vehicle.long, vehicle.wide
    _shade(image, x + 3, y + 4, vehicle, angle)
    dark = tuple(int(channel * 0.72) for channel in vehicle.paint)
    light = tuple(min(255, int(channel * 1.12) + 8) for channel in vehicle.paint)
    _slab(image, (x, y), (long, wide), angle, dark, corner=7)
    _slab(image, (x, y), (long - 3, wide - 4), angle, vehicle.paint, corner=6)
    ahead = np.radians(angle)
    forward = np.array([np.cos(ahead), np.sin(ahead)])
    _slab(image, _moved(x, y, forward * long * 0.16), (long * 0.13, wide - 8), angle, (70, 60, 55), corner=2)
    _slab(image, _moved(x, y, forward * long * -0.30), (long * 0.08, wide - 9), angle, (70, 60, 55), corner=2)
    _slab(image, _moved(x, y, forward * long * -0.07), (long * 0.30, wide - 9), angle, light, corner=3)


def _shade(image: Image, x: float, y: float, vehicle: _Vehicle, angle: float) -> None:
    """A soft shadow, drawn in a window: blurring the whole picture would take most of the time."""
    reach = vehicle.long
    left, top = max(0, int(x - reach) * _SCALE), max(0, int(y - reach) * _SCALE)
    window = image[top : max(0, int(y + reach) * _SCALE), left : max(0, int(x + reach) * _SCALE)]
    if window.size == 0:
        return
    shadow = np.zeros(window.shape[:2], np.uint8)
    _slab(shadow, (x - left / _SCALE, y - top / _SCALE), (vehicle.long, vehicle.wide), angle, 110, corner=7)
    soft = (5 * _SCALE, 5 * _SCALE)
    shadow = cast(NDArray[np.uint8], cv2.blur(cv2.blur(shadow, soft), soft))
    window[:] = (window * (1 - shadow[..., None] / 255)).astype(np.uint8)


def _moved(x: float, y: float, by: NDArray[np.float64]) -> tuple[float, float]:
    return x + float(by[0]), y + float(by[1])


def _slab(
    image: Image, centre: tuple[float, float], size: tuple[float, float], angle: float, paint: object, *, corner: float
) -> None:
    """A filled rectangle with round corners, in pixels of the frame, turned clockwise."""
    inner = (max(0.1, size[0] - 2 * corner) * _SCALE, max(0.1, size[1] - 2 * corner) * _SCALE)
    middle = (centre[0] * _SCALE, centre[1] * _SCALE)
    corners = cv2.boxPoints((middle, inner, angle))
    points = np.round(corners * 16).astype(np.int32)
    colour = cast(Sequence[float], paint if isinstance(paint, tuple) else (paint,))
    cv2.fillConvexPoly(image, points, colour, cv2.LINE_AA, 4)
    cv2.polylines(image, [points], True, colour, max(1, round(2 * corner * _SCALE)), cv2.LINE_AA, 4)


def _yard() -> Image:
    """Asphalt with two lanes and a crossing, kerbs, grass with bushes."""
    random = np.random.default_rng(11)
    high, wide = _HEIGHT * _SCALE, _WIDTH * _SCALE
    image = np.full((high, wide, 3), (112, 110, 106), np.uint8)
    lawn = (70, 118, 86)
    for top, bottom in ((0, 58), (188, 240)):
        for left, right in ((0, 82), (252, 320)):
            corner, end = (left * _SCALE, top * _SCALE), (right * _SCALE, bottom * _SCALE)
            cv2.rectangle(image, corner, end, (165, 168, 170), -1)
            cv2.rectangle(image, (corner[0], corner[1]), (end[0] - 4 * _SCALE, end[1] - 4 * _SCALE), lawn, -1)
            for _ in range(9):
                at = (int(random.integers(left + 6, right - 8)) * _SCALE, int(random.integers(top, bottom - 8)) * _SCALE)
                cv2.circle(
                    image, at, int(random.integers(3, 8)) * _SCALE, (52, 92 + int(random.integers(0, 25)), 60), -1, cv2.LINE_AA
                )
    for x in range(4, 320, 24):
        cv2.line(image, (x * _SCALE, 123 * _SCALE), ((x + 12) * _SCALE, 123 * _SCALE), (205, 208, 208), 2 * _SCALE, cv2.LINE_AA)
    grain = random.normal(0, 1, (high, wide, 1))
    broad = cv2.GaussianBlur(random.normal(0, 1, (high, wide)), (0, 0), 60)[..., None]
    rough = image + 7 * cv2.GaussianBlur(grain, (0, 0), 1.6)[..., None] * 3 + 9 * broad / broad.std()
    return cast(Image, np.clip(rough, 0, 255).astype(np.uint8))
