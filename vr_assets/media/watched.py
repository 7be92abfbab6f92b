"""A stretch of a video as a model will be shown it."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vr_assets.errors import MediaError
from vr_assets.media.drawing import CLOCK_VERSION
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.media.spans import frames_shown, sample_times
from vr_assets.records.base import Span
from vr_assets.records.call import Clip, Frame, MediaForm
from vr_assets.records.image_scene import ImageScene
from vr_assets.records.media import VideoFacts
from vr_assets.records.row import VideoMedia
from vr_assets.records.scene import Scene
from vr_assets.settings import AudioSetting

if TYPE_CHECKING:
    from vr_assets.media.library import MediaLibrary

# Raise it when cuts or frames are rendered otherwise from the same proxy.
_RENDERING_VERSION = 2

# What models take from a video themselves: Gemini samples 1 frame a second, Qwen 2.
_FRAMES_OF_A_VIDEO_FPS = 1.0


@dataclass(frozen=True)
class Watched:
    """A stretch of a video, as `MediaLibrary.watch` cuts it; satisfies `records.call.Media`.

    `zero_s` is where the clock starts that labels of frames show, and the one that is burned in.
    """

    library: "MediaLibrary"
    media: VideoMedia
    facts: VideoFacts
    span: Span
    form: MediaForm
    detail: bool
    zero_s: float = 0.0

    @property
    def identity(self) -> str:
        """Canonical JSON. Nothing in it depends on where the file lies or on what was decoded by whom."""
        part = part_of(self.media)
        named: dict[str, object] = {
            "content": self.media.content,
            "part": [part.start_s, part.end_s] if part else None,
            "span": [self.span.start_s, self.span.end_s],
            "form": self.form,
            "frames": self.frame_count,
            "longest_side_px": self.longest_side_px,
            "rendering": _RENDERING_VERSION,
            "proxy": _sounding(self.library.recipe) if self.detail else self.library.recipe.identity,
        }
        if self.zero_s:
            named["zero"] = self.zero_s
        if self.library.settings.burn_clock:
            named["clock"] = CLOCK_VERSION
        if self.facts.treatments:
            named["treatments"] = list(self.facts.treatments)
        return json.dumps(named, sort_keys=True, separators=(",", ":"))

    @property
    def frame_times_s(self) -> tuple[float, ...]:
        """When the frames appear that are shown where frames are."""
        long = self.library.long_video
        is_long = self.span.duration_s > long.long_video_threshold_sec
        fps = long.long_video_sample_fps if is_long else _FRAMES_OF_A_VIDEO_FPS
        return frames_shown(sample_times(self.span, fps, long.long_video_max_frames), self.facts)

    @property
    def frame_count(self) -> int:
        return len(self.frame_times_s)

    @property
    def from_source(self) -> bool:
        """Whether it is made from the source's file; else from the proxy's."""
        return self.detail or not self.library.recipe.stored

    @property
    def longest_side_px(self) -> int:
        """Longest side of single frames, and of the clip where detail is asked for."""
        settings = self.library.settings
        if self.detail:
            return settings.highlight_longest_side_px
        return min(settings.frame_longest_side_px, settings.longest_side_px) if settings.proxy else settings.frame_longest_side_px

    @property
    def name(self) -> str:
        return self.media.path

    async def clip(self, *, at_most_bytes: int | None = None) -> Clip:
        return await self.library.clip(self, at_most_bytes=at_most_bytes)

    async def frames(self, *, at_most_bytes: int | None = None) -> tuple[Frame, ...]:
        return await self.library.frames(self, at_most_bytes=at_most_bytes)

    async def scene(self) -> Scene:
        return await self.library.scene(self.media, self.facts)

    async def image_scene(self) -> ImageScene:
        raise MediaError(f"{self.name} is a video, not an image")


def _sounding(recipe: ProxyRecipe) -> dict[str, str] | None:
    """What a recipe says of cuts that are made from the source in any case."""
    return {"audio": recipe.audio} if recipe.audio is AudioSetting.KEEP else None


def part_of(media: VideoMedia) -> Span | None:
    """The part of a recording that a video is, on the recording's clock; None where it is the whole."""
    if media.part_start_s is None or media.part_end_s is None:
        return None
    return Span(start_s=media.part_start_s, end_s=media.part_end_s)
