"""Sound beside pictures, in time with them."""

import heapq
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

from vr_assets.media.decode import Footage
from vr_assets.media.mp4 import TICKS
from vr_assets.media.opening import open_container

# Models that hear listen at 16 kHz to one channel; AAC wants no more for it.
_RATE, _BITS_A_SECOND = 16_000, 48_000
_PACKET_SAMPLES = 1024

# Time stamps of sound jitter by milliseconds (Matroska rounds to one); nobody sees lips run ahead by less than this.
_IN_TIME = _RATE * 20 // 1000

_SEEK_BEFORE_S = Fraction(1, 2)

Samples = NDArray[np.float32]


def with_sound(silent: Path, source: Path, start_s: float, end_s: float) -> Path:
    """An MP4 of pictures with the sound of [start_s, end_s) of `source`, written beside it; itself where there is none.

    Times are on the clock of the source's pictures.
    """
    with open_container(source) as heard:
        if not heard.streams.audio:
            return silent
        zero_s = _zero_s(source) + Fraction(start_s)
        target = silent.with_suffix(".sound.mp4")
        with (
            av.open(str(silent)) as pictures,
            av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as both,
        ):
            video = both.add_stream_from_template(pictures.streams.video[0])
            video.time_base = Fraction(1, TICKS)
            audio = both.add_stream("aac", rate=_RATE, layout="mono")
            assert isinstance(audio, AudioStream)
            audio.bit_rate = _BITS_A_SECOND
            samples = _samples(heard, heard.streams.audio[0], zero_s, round((end_s - start_s) * _RATE))
            for packet in heapq.merge(_copied(pictures, video), _encoded(audio, samples), key=_at_s):
                both.mux(packet)
    return target


def _zero_s(source: Path) -> Fraction:
    """When the first picture is shown, on the clock that the file's sound shares."""
    with Footage(source) as footage:
        return footage.zero_s()


def _at_s(packet: "Packet[Any]") -> Fraction:
    return (packet.dts or 0) * packet.time_base


def _copied(pictures: InputContainer, video: Any) -> "Iterator[Packet[Any]]":
    for packet in pictures.demux(video=0):
        if packet.size:
            packet.stream = video
            yield packet


def _encoded(audio: AudioStream, samples: Iterator[Samples]) -> "Iterator[Packet[Any]]":
    at = 0
    for chunk in _in_packets(samples):
        frame = AudioFrame.from_ndarray(chunk[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = _RATE, at, Fraction(1, _RATE)
        at += len(chunk)
        yield from audio.encode(frame)
    if at:
        yield from audio.encode()


def _in_packets(samples: Iterator[Samples]) -> Iterator[Samples]:
    held = np.zeros(0, np.float32)
    for some in samples:
        held = np.concatenate([held, some])
        whole = len(held) // _PACKET_SAMPLES * _PACKET_SAMPLES
        for at in range(0, whole, _PACKET_SAMPLES):
            yield held[at : at + _PACKET_SAMPLES]
        held = held[whole:]
    if len(held):
        yield held


def _samples(heard: InputContainer, stream: AudioStream, zero_s: Fraction, count: int) -> Iterator[Samples]:
    """At most `count` samples from `zero_s` on, one after the other: holes are silence, what overlaps is left out."""
    if zero_s > _SEEK_BEFORE_S:
        heard.seek(int((zero_s - _SEEK_BEFORE_S) * av.time_base))
    done = 0
    for frame in _resampled(heard, stream):
        some = frame.to_ndarray()[0].astype(np.float32, copy=False)
        at = round(((frame.pts or 0) * (frame.time_base or Fraction(1, _RATE)) - zero_s) * _RATE)
        if done == 0 or abs(at - done) > _IN_TIME:
            yield from _silence(min(at, count) - done)
            done = max(done, min(at, count))
            some = some[max(0, done - at) :]
        some = some[: count - done]
        done += len(some)
        if len(some):
            yield some
        if done >= count:
            return


def _silence(count: int) -> Iterator[Samples]:
    for at in range(0, count, _RATE):
        yield np.zeros(min(_RATE, count - at), np.float32)


def _resampled(heard: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    resampler, takes = None, None
    for frame in _decoded(heard, stream):
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if resampler is None or kind != takes:
            resampler, takes = av.AudioResampler(format="fltp", layout="mono", rate=_RATE), kind
        yield from resampler.resample(frame)
    if resampler is not None:
        yield from resampler.resample(None)


def _decoded(heard: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """What decodes; damage is silence."""
    packets = heard.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            frames = stream.decode(None) if packet is None else packet.decode()
        except av.EOFError:
            return
        except av.FFmpegError:
            continue
        yield from frames
        if packet is None:
            return
