"""Difficult files, drawn, each with what is to become of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.stream import Disposition
from av.video.frame import VideoFrame

from vr_assets_tests.clips import Image, blank, counting, spoil, write_clip, write_packed_avi, write_sound

FPS = 8
SIZE = (80, 60)

# Of these, every GOP stands for itself and begins where it is asked to.
_PLAIN = {"bf": "0", "x264-params": "scenecut=0"}


@dataclass(frozen=True)
class Shows:
    """A file that can be annotated: which numbers (see `counting`) its frames show, when, and how long the whole is.

    `header_s` is what is known of its length before it is decoded, where that differs. `remark` is part of what is said of it.
    """

    numbers: Sequence[int]
    times_s: Sequence[float] = ()
    end_s: float | None = None
    size: tuple[int, int] = SIZE
    header_s: float | None = None
    remark: str = ""

    @property
    def starts_s(self) -> Sequence[float]:
        return self.times_s or [place / FPS for place in range(len(self.numbers))]

    @property
    def length_s(self) -> float:
        return len(self.numbers) / FPS if self.end_s is None else self.end_s


@dataclass(frozen=True)
class Refused:
    """A file that cannot be annotated; `says` is in the reason, a regular expression."""

    says: str


@dataclass(frozen=True)
class Animal:
    """One difficult file. `draw` writes it."""

    name: str
    draw: Callable[[Path], object]
    outcome: Shows | Refused


def pictures(count: int = 16, *, first: int = 0, size: tuple[int, int] = SIZE) -> list[Image]:
    return counting(first + count, size=size)[first:]


def _clip(count: int = 16, *, first: int = 0, size: tuple[int, int] = SIZE, **how: object) -> Callable[[Path], object]:
    return lambda path: write_clip(path, pictures(count, first=first, size=size), FPS, **how)  # type: ignore[arg-type]


def _bytes(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _drawn(name: str, path: Path, draw: Callable[[Path], object]) -> bytes:
    """What `draw` writes, of a file of another name."""
    other = path.with_name(f".{path.name}.{name}")
    draw(other)
    content = other.read_bytes()
    other.unlink()
    return content


def _named(name: str, draw: Callable[[Path], object]) -> Callable[[Path], object]:
    """What `draw` writes to `name`, under another name."""
    return lambda path: path.write_bytes(_drawn(name, path, draw))


def _cut_before(packet: int, draw: Callable[[Path], object]) -> Callable[[Path], object]:
    """As when a disk was full or a copy broke off: the file ends inside a packet."""

    def cut(path: Path) -> None:
        draw(path)
        with av.open(str(path)) as container:
            places = [one.pos for one in container.demux(video=0) if one.size and one.pos is not None]
        path.write_bytes(path.read_bytes()[: places[packet] + 3])

    return cut


def _joined(*draws: Callable[[Path], object]) -> Callable[[Path], object]:
    """Transport streams put end to end, as recorders and `cat` do."""
    return lambda path: path.write_bytes(b"".join(_drawn("one.ts", path, draw) for draw in draws))


def _fragments(path: Path) -> None:
    """As recorders write that may lose power: an index for each piece."""
    plain = path.with_name(".plain.mp4")
    write_clip(plain, pictures(), FPS, gop=4, options=_PLAIN)
    with av.open(str(plain)) as source, av.open(str(path), "w", options={"movflags": "frag_keyframe+empty_moov"}) as target:
        _copy(source, target)
    plain.unlink()


def _bare_h264(path: Path) -> None:
    """An H.264 stream without a container, and so without times."""
    plain = path.with_name(".plain.mp4")
    write_clip(plain, pictures(), FPS)
    with av.open(str(plain)) as source, av.open(str(path), "w", format="h264") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        converted = BitStreamFilterContext("h264_mp4toannexb", source.streams.video[0], stream)
        for packet in source.demux(video=0):
            for one in converted.filter(packet if packet.size else None):
                one.stream = stream
                target.mux(one)
    plain.unlink()


def _copy(source: av.container.InputContainer, target: av.container.OutputContainer) -> None:
    stream = target.add_stream_from_template(source.streams.video[0])
    for packet in source.demux(video=0):
        if packet.size:
            packet.stream = stream
            target.mux(packet)


@dataclass(frozen=True)
class Track:
    images: Sequence[Image]
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    disposition: Disposition | None = None


def _tracks(*tracks: Track) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        with av.open(str(path), "w") as container:
            streams = []
            for track in tracks:
                stream = container.add_stream(track.codec, rate=FPS)
                assert isinstance(stream, av.VideoStream)
                stream.height, stream.width = track.images[0].shape[:2]
                stream.pix_fmt = track.pix_fmt
                if track.disposition is not None:
                    stream.disposition = track.disposition
                streams.append(stream)
            for track, stream in zip(tracks, streams, strict=True):
                for index, image in enumerate(track.images):
                    frame = VideoFrame.from_ndarray(image, format="bgr24")
                    frame.pts, frame.time_base = index, Fraction(1, FPS)
                    container.mux(stream.encode(frame))
                container.mux(stream.encode())

    return write


def _still(suffix: str) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(cv2.imencode(suffix, pictures(1)[0])[1].tobytes())


def _song_with_a_cover(path: Path) -> None:
    song = path.with_name(".song.m4a")
    write_sound(song)
    with av.open(str(song)) as source, av.open(str(path), "w") as target:
        sound = target.add_stream_from_template(source.streams.audio[0])
        picture = target.add_stream("mjpeg")
        assert isinstance(picture, av.VideoStream)
        (picture.width, picture.height), picture.pix_fmt = SIZE, "yuvj420p"
        picture.disposition = Disposition.attached_pic
        target.mux(picture.encode(VideoFrame.from_ndarray(blank(1, size=SIZE)[0], format="bgr24")))
        target.mux(picture.encode())
        for packet in source.demux(audio=0):
            if packet.size:
                packet.stream = sound
                target.mux(packet)
    song.unlink()


def _turned(degrees: int) -> Callable[[Path], object]:
    """Pictures that a player turns counterclockwise to have them upright."""
    lying = [np.rot90(image, -degrees // 90) for image in pictures()]
    return lambda path: write_clip(path, [np.ascontiguousarray(image) for image in lying], FPS, rotation=degrees)


def _counts_in_header(frames: int) -> Callable[[Path], object]:
    """As recorders leave it that write the header first and never come back to it."""

    def write(path: Path) -> None:
        content = bytearray(write_clip(path, pictures(), FPS, codec="mpeg4").read_bytes())
        # AVISTREAMHEADER.dwLength
        at = content.index(b"strh") + 40
        content[at : at + 4] = frames.to_bytes(4, "little")
        path.write_bytes(bytes(content))

    return write


def _moving_gif(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("gif", rate=10)
        assert isinstance(stream, av.VideoStream)
        (stream.width, stream.height), stream.pix_fmt = SIZE, "rgb8"
        for index, image in enumerate(pictures()):
            frame = VideoFrame.from_ndarray(image, format="bgr24").reformat(format="rgb8")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


_COVER = ("mjpeg", "yuvj420p")
_VARIABLE_S = (0, 0.125, 0.25, 0.5, 2, 2.25, 5, 5.25, 7)
_WRAP_S = 2**33 / 90_000
# The muxer's own offset of the first time stamp.
_TS_OFFSET_S = 1.4

_PLAIN_16 = _clip(gop=8, options=_PLAIN)
_NEXT_16 = _clip(first=16, gop=8, options=_PLAIN)
_LONG = _clip(40, gop=4, options=_PLAIN, faststart=True)
_X265 = "log-level=none:colorprim=bt2020:colormatrix=bt2020nc:transfer="

_CUT_OFF = "header says 5.0 s, 2.5 s decode"

NAMES = (
    "  spaces  .mp4",
    "quote'quote\".mp4",
    "new\nline.mp4",
    "-dash.mp4",
    "--help.mp4",
    "%03d %s %%.mp4",
    "cam:1.mp4",
    "http:cam.mp4",
    "#1?a=b&c.mp4",
    "[ab]{c}*$HOME`id`.mp4",
    "a|b;c\\d.mp4",
    "\u96e8\u306e\u65e5 \U0001f3a5 e\u0301.mp4",
    "\u202egpj.mp4",
    f"{'long ' * 49}.mp4",
)

ANIMALS = (
    # Times.
    Animal("plain.mp4", _clip(), Shows(range(16))),
    Animal("variable rate.mkv", _clip(9, times_s=_VARIABLE_S), Shows(range(9), _VARIABLE_S, 7.125)),
    Animal(
        "variable rate.mp4",
        _clip(9, times_s=_VARIABLE_S),
        # With B-frames its index holds the steps from one decoding to the next, which here are not those between pictures.
        Shows(range(9), _VARIABLE_S, 7.125, header_s=5.375, remark="header says 5.4 s, 7.1 s decode"),
    ),
    Animal("no length in the header.mkv", _clip(audio_s=3.0), Shows(range(16))),
    Animal("fragments.mp4", _fragments, Shows(range(16))),
    Animal("no times at all.h264", _bare_h264, Refused(r"say when its frames are shown; .*ffmpeg -r RATE")),
    Animal("packed B-frames.avi", lambda path: write_packed_avi(path, pictures(), FPS), Shows(range(16))),
    Animal("B-frames.avi", _clip(codec="mpeg4", gop=12, options={"bf": "2"}), Shows(range(16))),
    Animal("starts late.mkv", _clip(starts_at_s=100.0), Shows(range(16))),
    Animal("starts late.mp4", _clip(starts_at_s=100.0), Shows(range(16))),
    Animal("starts late.ts", _clip(starts_at_s=100.0), Shows(range(16))),
    Animal("starts over.ts", _joined(_PLAIN_16, _NEXT_16), Shows(range(32), remark="leaps by -2.00 s at 2.00 s")),
    Animal(
        "leaps ahead.ts",
        _joined(_PLAIN_16, _clip(first=16, gop=8, options=_PLAIN, starts_at_s=5000.0)),
        Shows(range(32), remark="leaps by +4998.00 s at 2.00 s"),
    ),
    Animal(
        "leaps back.ts",
        _joined(_clip(gop=8, options=_PLAIN, starts_at_s=5000.0), _NEXT_16),
        # FFmpeg takes the earlier clock for one whose 33 bits ran over, and guesses the last frame's length from both.
        Shows(range(32), header_s=3.81, remark="leaps by"),
    ),
    Animal("pauses.mkv", _clip(4, times_s=(0, 0.125, 30, 30.125)), Shows(range(4), (0, 0.125, 30, 30.125), 30.25)),
    Animal("runs over 33 bits.ts", _clip(gop=8, starts_at_s=_WRAP_S - _TS_OFFSET_S - 1), Shows(range(16))),
    # Lengths.
    Animal("header says too much.avi", _counts_in_header(4000), Shows(range(16))),
    Animal("header says too little.avi", _counts_in_header(5), Shows(range(16))),
    Animal("half a second.mp4", _clip(4), Shows(range(4))),
    Animal("one frame.mp4", _clip(1), Shows(range(1))),
    Animal("one frame.mkv", _clip(1), Shows(range(1))),
    Animal("moving picture.gif", _moving_gif, Shows(range(16), [place / 10 for place in range(16)], 1.6)),
    # Pictures.
    Animal("turned left.mp4", _turned(90), Shows(range(16))),
    Animal("turned right.mp4", _turned(-90), Shows(range(16))),
    Animal("upside down.mp4", _turned(180), Shows(range(16))),
    Animal("odd size.mkv", _clip(size=(81, 61), codec="ffv1", pix_fmt="yuv444p"), Shows(range(16), size=(81, 61))),
    Animal("wide pixels.mp4", _clip(pixel_aspect=Fraction(4, 3)), Shows(range(16), size=(107, 60))),
    Animal(
        "changes size.ts",
        _joined(_PLAIN_16, _clip(first=16, size=(120, 60), gop=8, options=_PLAIN, starts_at_s=2.0)),
        Shows(range(32), remark="from 2.00 s on the picture is 120x60, not 80x60"),
    ),
    Animal("interlaced.mp4", _clip(options={"x264-params": "tff=1"}), Shows(range(16))),
    Animal(
        "10 bit.mkv", _clip(codec="libx265", pix_fmt="yuv420p10le", options={"x265-params": "log-level=none"}), Shows(range(16))
    ),
    Animal(
        "PQ.mkv", _clip(codec="libx265", pix_fmt="yuv420p10le", options={"x265-params": f"{_X265}smpte2084"}), Shows(range(16))
    ),
    Animal(
        "HLG.mkv",
        _clip(codec="libx265", pix_fmt="yuv420p10le", options={"x265-params": f"{_X265}arib-std-b67"}),
        Shows(range(16)),
    ),
    Animal("full range.mp4", _clip(pix_fmt="yuvj420p"), Shows(range(16))),
    Animal("RGB.mkv", _clip(codec="libx264rgb", pix_fmt="rgb24"), Shows(range(16))),
    # Streams.
    Animal("sound only.mp4", write_sound, Refused("no video stream.*take it out of the batch")),
    Animal("song with a cover.mp4", _song_with_a_cover, Refused("no video stream.*take it out of the batch")),
    Animal(
        "cover first.mp4", _tracks(Track(pictures(1), *_COVER, Disposition.attached_pic), Track(pictures())), Shows(range(16))
    ),
    Animal("thumbnail first.mp4", _tracks(Track(pictures(1, size=(160, 120)), *_COVER), Track(pictures())), Shows(range(16))),
    Animal(
        "two cameras.mp4",
        _tracks(Track(pictures(first=100)), Track(pictures(first=200, size=(160, 120)))),
        # A player shows the first, which is marked as the default.
        Shows(range(100, 116), remark="of its 2 videos number 0 (80x60) is shown, not 1 (160x120)"),
    ),
    Animal(
        "second is default.mkv",
        _tracks(Track(pictures(first=100)), Track(pictures(first=200), disposition=Disposition.default)),
        Shows(range(200, 216), remark="number 1 (80x60) is shown, not 0 (80x60)"),
    ),
    # Damage.
    Animal("empty.mp4", _bytes(b""), Refused("the file is empty; copy it again")),
    Animal("zeros.mp4", _bytes(bytes(5000)), Refused("not a video that FFmpeg can open.*copy or export it again")),
    Animal("cut off.mp4", _cut_before(20, _LONG), Shows(range(20), header_s=2.5, remark=_CUT_OFF)),
    Animal("cut off.mkv", _cut_before(20, _LONG), Shows(range(20))),
    Animal("cut off.ts", _cut_before(20, _LONG), Shows(range(20))),
    Animal("cut off.avi", _cut_before(20, _clip(40, gop=4, options=_PLAIN)), Shows(range(20))),
    Animal("cut off before its index.mp4", _cut_before(8, _PLAIN_16), Refused("its index is missing.*cut off.*copy it again")),
    Animal(
        "hole.mp4",
        lambda path: spoil(write_clip(path, pictures(32), FPS, gop=8, options=_PLAIN), 8, 15),
        Shows(
            [*range(8), *range(16, 32)],
            [place / FPS for place in [*range(8), *range(16, 32)]],
            4.0,
            remark="8 packets do not decode: nothing new is shown from 0.88 to 2.00 s",
        ),
    ),
    Animal("nothing decodes.mp4", lambda path: spoil(write_clip(path, pictures(), FPS), 0, 15), Refused("not one frame")),
    # Not what the name says.
    Animal("is a matroska.mp4", _named("a.mkv", _clip()), Shows(range(16))),
    Animal("is a text.mp4", _bytes(b"We called the camera and nobody was there.\n" * 50), Refused("not a video that FFmpeg")),
    Animal("is a text.txt", _bytes(b"We called the camera and nobody was there.\n" * 50), Refused("a text, not a video")),
    Animal("is a page.mp4", _bytes(b"<html><body>404 Not Found</body></html>"), Refused("not a video that FFmpeg")),
    Animal("is a subtitle.mp4", _bytes(b"1\n00:00:01,000 --> 00:00:02,000\nHello\n\n" * 3), Refused("no video stream")),
    Animal(
        "is a list.mp4", _bytes(b"ffconcat version 1.0\nfile plain.mp4\n"), Refused("a list of other files.*name those files")
    ),
    Animal("is a jpeg.mp4", _still(".jpg"), Refused("a still picture, not a video")),
    Animal("is a png.mp4", _still(".png"), Refused("a still picture, not a video")),
    # Names.
    *(Animal(name, _clip(4, first=first), Shows(range(first, first + 4))) for first, name in enumerate(NAMES, 300)),
)


def _repeated(path: Path, images: Sequence[Image], fps: float, times: int) -> Path:
    """A GOP over and over, encoded once."""
    one = write_clip(path.with_name("one.mp4"), images, fps, gop=len(images), options={**_PLAIN, "preset": "ultrafast"})
    with av.open(str(one)) as source:
        packets = [packet for packet in source.demux(video=0) if packet.size]
        with av.open(str(path), "w") as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            length = sum(packet.duration or 0 for packet in packets)
            stamps = [(packet.pts or 0) for packet in packets]
            for number in range(times):
                for packet, stamp in zip(packets, stamps, strict=True):
                    copy = av.Packet(bytes(packet))
                    copy.stream, copy.time_base, copy.is_keyframe = stream, packet.time_base, packet.is_keyframe
                    copy.pts = copy.dts = stamp + number * length
                    copy.duration = packet.duration
                    target.mux(copy)
    return path


def minute_in_4k(path: Path) -> Path:
    """3840x2160 at 30 frames a second: pictures 0 to 29 each second."""
    return _repeated(path, pictures(30, size=(3840, 2160)), 30, 60)


def three_hours(path: Path) -> Path:
    """Small pictures at 2 frames a second: 0 to 119 each minute."""
    return _repeated(path, pictures(120), 2, 180)
