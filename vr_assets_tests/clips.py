"""Draws tiny videos whose truth is known."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Image = NDArray[np.uint8]

WIDTH, HEIGHT = 160, 120
SIZE = (WIDTH, HEIGHT)


def write_clip(
    path: Path,
    images: Iterable[Image],
    fps: float,
    codec: str = "libx264",
    *,
    times_s: Sequence[float] | None = None,
    gop: int | None = None,
    options: Mapping[str, str] | None = None,
    pix_fmt: str = "yuv420p",
    rotation: int = 0,
    pixel_aspect: Fraction = Fraction(1),
    starts_at_s: float = 0.0,
    audio_s: float = 0.0,
    faststart: bool = False,
) -> Path:
    """Encodes BGR (H, W, 3) uint8 images; the container follows the suffix.

    Args:
        times_s: when each image appears, for a variable frame rate; `fps` is then only the header's word.
        gop: frames from keyframe to keyframe.
        rotation: counterclockwise degrees that a player turns the pictures by.
        pixel_aspect: width of a pixel as shown, in heights.
        starts_at_s: the time stamp of the first image.
        audio_s: seconds of silence beside the pictures.
        faststart: the index of an MP4 comes first, so that a file cut short can still be opened.
    """
    rate = Fraction(fps).limit_denominator(1001)
    base = Fraction(1, 90000)
    with av.open(str(path), "w", options={"movflags": "+faststart"} if faststart else {}) as container:
        stream = container.add_stream(codec, rate=rate, options=dict(options or {}))
        assert isinstance(stream, av.VideoStream)
        stream.pix_fmt = pix_fmt
        # AVI counts frames: its time base is the frame's length.
        base = 1 / rate if path.suffix == ".avi" else base
        stream.codec_context.time_base = base
        if gop is not None:
            stream.codec_context.gop_size = gop
        stream.codec_context.sample_aspect_ratio = pixel_aspect
        if rotation:
            stream.set_display_rotation(rotation)
        sound = container.add_stream("aac", rate=16000, layout="mono") if audio_s else None
        for index, image in enumerate(images):
            if index == 0:
                stream.height, stream.width = image.shape[:2]
            frame = VideoFrame.from_ndarray(image, format="bgr24")
            at = Fraction(times_s[index]) if times_s is not None else index / rate
            frame.pts, frame.time_base = round((at + Fraction(starts_at_s)) / base), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if isinstance(sound, av.AudioStream):
            silence = av.AudioFrame.from_ndarray(np.zeros((1, round(audio_s * 16000)), np.float32), format="fltp", layout="mono")
            silence.sample_rate = 16000
            silence.pts = 0
            container.mux(sound.encode(silence))
            container.mux(sound.encode())
    return path


def write_sound(path: Path, seconds: float = 1.0) -> Path:
    """A file without pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, round(seconds * 16000)), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 16000
        silence.pts = 0
        container.mux(stream.encode(silence))
        container.mux(stream.encode())
    return path


def moving_box(
    count: int,
    *,
    size: tuple[int, int] = SIZE,
    box_px: int = 24,
    colour: tuple[int, int, int] = (0, 0, 255),
    background: int = 90,
) -> list[Image]:
    """A box (BGR colour) that crosses a textured grey ground once, from left to right; `size` is (width, height)."""
    width, height = size
    ground = _texture(size, background)
    images = []
    for index in range(count):
        image = ground.copy()
        x = round((width - box_px) * index / max(1, count - 1))
        y = (height - box_px) // 2
        cv2.rectangle(image, (x, y), (x + box_px - 1, y + box_px - 1), colour, thickness=-1)
        images.append(image)
    return images


def blank(count: int, *, size: tuple[int, int] = SIZE, level: int = 0) -> list[Image]:
    """Images of one grey level, 0-255."""
    width, height = size
    return [np.full((height, width, 3), level, np.uint8) for _ in range(count)]


def frozen(count: int, *, moving: int, size: tuple[int, int] = SIZE) -> list[Image]:
    """`moving` images of a moving box, then its last image again until there are `count`."""
    images = moving_box(moving, size=size)
    return images + [images[-1]] * (count - moving)


def counting(count: int, *, size: tuple[int, int] = SIZE) -> list[Image]:
    """Images that carry their own number, readable by `read_count` after any encoding and scaling."""
    width, height = size
    images = []
    for index in range(count):
        image = np.full((height, width, 3), _GROUND, np.uint8)
        _draw_bits(image[height // 4 : height * 3 // 4], index)
        images.append(image)
    return images


def read_count(image: Image) -> int:
    """The number that `counting` drew."""
    height = image.shape[0]
    return _read_bits(image[height // 4 : height * 3 // 4])


def timed(times_s: Sequence[float], *, size: tuple[int, int] = SIZE, lit_s: tuple[float, float] = (0.0, 0.0)) -> list[Image]:
    """Images that carry their own times (to the millisecond, under 1048 s), readable by `read_time_s` after any encoding.

    Those of times in [`lit_s`) have a bright upper edge, which `is_lit` sees.
    """
    width, height = size
    images = []
    for time_s in times_s:
        image = np.full((height, width, 3), _GROUND, np.uint8)
        high, low = divmod(round(time_s * 1000), 1 << _BITS)
        _draw_bits(image[height // 4 : height // 2], high)
        _draw_bits(image[height // 2 : height * 3 // 4], low)
        image[: height // 8] = 235 if lit_s[0] <= time_s < lit_s[1] else 20
        images.append(image)
    return images


def read_time_s(image: Image) -> float:
    """The time that `timed` drew."""
    height = image.shape[0]
    high, low = (_read_bits(part) for part in (image[height // 4 : height // 2], image[height // 2 : height * 3 // 4]))
    return ((high << _BITS) + low) / 1000


def is_lit(image: Image) -> bool:
    return bool(image[: image.shape[0] // 10].mean() > 128)


def read_label(image: Image) -> str:
    """The `MM:SS.f` in white on black in the lower left corner of an image, by comparing each digit with all ten."""
    height, width = image.shape[:2]
    corner = image[height * 7 // 8 :, : width // 2].max(axis=2) > 150
    rows = np.flatnonzero(corner.any(axis=1))
    inked = np.flatnonzero(corner.any(axis=0))
    glyphs = np.split(inked, np.flatnonzero(np.diff(inked) > 1) + 1)
    assert len(glyphs) == len("MM:SS.f"), f"{len(glyphs)} signs in the corner"
    found = [corner[rows[0] : rows[-1] + 1, glyph[0] : glyph[-1] + 1] for glyph in glyphs]
    digits = [str(min(range(10), key=lambda digit: float(np.abs(_signs()[digit] - _sign(glyph)).mean()))) for glyph in found]
    return f"{digits[0]}{digits[1]}:{digits[3]}{digits[4]}.{digits[6]}"


@cache
def _signs() -> list[NDArray[np.float32]]:
    drawn = []
    for digit in range(10):
        blank = np.zeros((80, 80), np.uint8)
        cv2.putText(blank, str(digit), (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 255, 2, cv2.LINE_AA)
        rows, columns = np.nonzero(blank > 128)
        drawn.append(_sign(blank[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] > 128))
    return drawn


def _sign(glyph: NDArray[np.bool_]) -> NDArray[np.float32]:
    return cv2.resize(glyph.astype(np.float32), (16, 24), interpolation=cv2.INTER_AREA).astype(np.float32)


def _draw_bits(band: Image, number: int) -> None:
    width = band.shape[1]
    for bit in range(_BITS):
        band[:, width * bit // _BITS : width * (bit + 1) // _BITS] = 235 if number >> bit & 1 else 20


def _read_bits(band: Image) -> int:
    height, width = band.shape[:2]
    row = band[height // 4 : height * 3 // 4].mean(axis=(0, 2))
    return sum(int(row[int(width * (bit + 0.5) / _BITS)] > 128) << bit for bit in range(_BITS))


_BITS, _GROUND = 10, 60


def _texture(size: tuple[int, int], level: int) -> Image:
    width, height = size
    rough = np.random.default_rng(7).integers(-30, 31, (height // 8 + 1, width // 8 + 1, 1))
    fine = np.kron(rough, np.ones((8, 8, 1), int))[:height, :width]
    return np.repeat(np.clip(level + fine, 0, 255).astype(np.uint8), 3, axis=2)


def write_packed_avi(path: Path, images: Sequence[Image], fps: int) -> Path:
    """MPEG-4 in AVI as DivX wrote it: each B-frame travels in one packet with the frame that follows it on screen, and a
    placeholder takes its place. FFmpeg's presentation times for such a file run backwards.
    """
    height, width = images[0].shape[:2]
    encoder = av.CodecContext.create("mpeg4", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, fps), Fraction(fps)
    encoder.max_b_frames, encoder.gop_size, encoder.options = 1, 12, {"b_strategy": "0"}
    packets = []
    for index, image in enumerate(images):
        frame = VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts, frame.time_base = index, encoder.time_base
        packets += encoder.encode(frame)
    packets += encoder.encode()
    chunks: list[tuple[bytes, bool]] = []
    for packet in packets:
        data = bytes(packet)
        at = data.index(_PICTURE)
        is_b_frame = data[at + len(_PICTURE)] >> 6 == 2
        if not chunks:
            data = data[:at] + b"\x00\x00\x01\xb2DivX503b1393p" + data[at:]
        if is_b_frame:
            before, keyframe = chunks.pop()
            chunks += [(before + data, keyframe), (_PICTURE + b"\x56\x8f\x7f", False)]
        else:
            chunks.append((data, packet.is_keyframe))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = encoder.time_base
        for index, (data, keyframe) in enumerate(chunks):
            packet = av.Packet(data)
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, index, index, encoder.time_base
            packet.is_keyframe = keyframe
            container.mux(packet)
    return path


def spoil(path: Path, first: int, last: int) -> Path:
    """Overwrites the packets `first` to `last` of a file's video, counted from 0, with bytes that decode to nothing."""
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size and packet.pos is not None]
    content = bytearray(path.read_bytes())
    for start, size in places[first : last + 1]:
        # The first bytes hold the unit's length: with those gone, nothing in the packet can be found.
        content[start : start + size] = b"\xff" * size
    path.write_bytes(bytes(content))
    return path


_PICTURE = b"\x00\x00\x01\xb6"
