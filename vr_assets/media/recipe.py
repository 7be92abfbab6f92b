"""What makes a proxy what it is."""

import hashlib
import json

from pydantic import JsonValue

from vr_assets.media.decode import SAME_TIME_S
from vr_assets.records.base import Record
from vr_assets.settings import AudioSetting, MediaSettings

# Raise it when the same settings make other pixels or sounds: all that was shown of them is asked again.
_VERSION = 2


class ProxyRecipe(Record):
    """How a video is made ready to be shown.

    Fields with a default came later: while they have it they are left out of every name and identity, so that answers that were
    paid for before stay answers.
    """

    longest_side_px: int
    max_fps: float
    crf: int
    keyframe_interval_s: float = 1.0
    audio: AudioSetting = AudioSetting.DROP
    stored: bool = True
    """Whether there is a proxy; without one, cuts are made from the source."""

    @classmethod
    def of(cls, settings: MediaSettings) -> "ProxyRecipe":
        return cls(
            longest_side_px=settings.longest_side_px,
            max_fps=settings.max_fps,
            crf=settings.crf,
            keyframe_interval_s=settings.keyframe_interval_s,
            audio=settings.audio,
            stored=settings.proxy,
        )

    @property
    def identity(self) -> dict[str, JsonValue]:
        return {**self.model_dump(mode="json", exclude_defaults=True), "version": _VERSION}

    @property
    def name(self) -> str:
        """Short, for file names."""
        return hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()[:12]

    def slot(self, since_s: float) -> int:
        """Which frame of the proxy a frame would be: the first of each slot is. Slots start with the whole seconds."""
        return int((since_s + SAME_TIME_S) * self.max_fps)

    def interval(self, since_s: float) -> int:
        """The first frame of each interval is a keyframe."""
        return int((since_s + SAME_TIME_S) / self.keyframe_interval_s)
