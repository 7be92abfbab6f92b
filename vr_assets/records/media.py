"""What is known of a video's pictures: the header's word, and what one decode measured."""

from enum import StrEnum

from vr_assets.records.base import Record, Span
from vr_assets.records.video import QualityFacts

FACTS_VERSION = 2
"""Raise it when facts are measured otherwise: they are measured again, and no answer is asked again."""


class Treatment(StrEnum):
    """What is done to decoded frames that could not be seen for what they are. The number is raised when it is done otherwise."""

    DEINTERLACED = "deinterlaced 1"
    TONE_MAPPED = "tone mapped 1"


class VideoHeader(Record):
    """What a file's header says, without decoding it through.

    Size is as shown: turned and with square pixels. `duration_s` is read from the packets where the header lacks it, and
    `frame_count` is None where neither says.
    """

    duration_s: float
    fps: float
    width_px: int
    height_px: int
    codec: str
    frame_count: int | None


class VideoFacts(Record):
    """What one decode of a video, or of a part of one, measured. All times are seconds since its first frame shown.

    `offset_s` is when that frame is shown on the file's own clock: 0.0 but for a part. `frame_times_s` and `keyframe_times_s` are
    the proxy's; each is also the time of a frame of the source. `fps` and `source_frame_count` are the source's as decoded.
    `treatments` were done to its frames. `copied`: cuts from keyframe to keyframe of the source are exact without encoding; its
    proxy, if there is one, is such a copy. Without a proxy its size in bytes is 0, and cuts start where a proxy's keyframes would
    be. `remarks` are sentences for people: damage, which of several videos in the file is shown, a proxy that did not pay.
    `quality` is None where nothing was measured yet. `signature` finds near-duplicates (`media/signature.py`); it is empty where
    too little moves to tell one video from another.
    """

    offset_s: float
    duration_s: float
    fps: float
    source_frame_count: int
    width_px: int
    height_px: int
    frame_times_s: tuple[float, ...]
    keyframe_times_s: tuple[float, ...]
    quality: QualityFacts | None
    signature: str
    source_size_bytes: int
    proxy_size_bytes: int
    proxy_width_px: int
    proxy_height_px: int
    copied: bool = False
    damaged_packets: int
    treatments: tuple[Treatment, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def span(self) -> Span:
        return Span(start_s=0.0, end_s=self.duration_s)
