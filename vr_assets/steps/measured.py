"""What is measured of a video against the limits that settings set."""

from collections.abc import Iterator

from vr_assets.records.row import VideoMedia
from vr_assets.records.video import QualityFacts, RawVideo
from vr_assets.settings import FilterSettings, LeftOut, VideoSettings
from vr_assets.steps.parts import HEADER_SLACK_S


def left_out(quality: QualityFacts | None, limits: FilterSettings) -> tuple[LeftOut, str] | None:
    """Why nothing should be asked about a video, and that in words; None where nothing says so, or nothing was measured yet."""
    return next(_broken(quality, limits), None) if quality else None


def too_long(row: RawVideo, media: VideoMedia, limits: VideoSettings) -> tuple[LeftOut, str] | None:
    """Why a video is not asked about although its header passed, and that in words; None when it is not too long."""
    limit_s = limits.max_video_length_sec
    if row.media is None or media.part_start_s is not None or media.duration_s <= limit_s + HEADER_SLACK_S:
        return None
    return LeftOut.TOO_LONG, (
        f"{media.duration_s:.1f} s decode, over videos.max_video_length_sec = {limit_s:g}, although its header says "
        f"{row.media.duration_s:.1f} s; raise it, or copy the file to mend its header and ingest it again"
    )


def _broken(quality: QualityFacts, limits: FilterSettings) -> Iterator[tuple[LeftOut, str]]:
    if quality.dark_share > limits.max_dark_share:
        said = f"dark: nothing can be made out in {quality.dark_share:.1%} of it"
        yield LeftOut.DARK, f"{said} (filter.max_dark_share = {limits.max_dark_share:g}; 1 lets it through)"
    if quality.frozen_share > limits.max_frozen_share:
        said = f"frozen: {quality.frozen_share:.1%} of it is one still picture"
        yield LeftOut.FROZEN, f"{said} (filter.max_frozen_share = {limits.max_frozen_share:g}; 1 lets it through)"
    brightness = f"mean brightness {quality.brightness_mean:.1f} of 255"
    if quality.brightness_mean < limits.min_brightness:
        yield LeftOut.DIM, f"too dim: {brightness}, under filter.min_brightness = {limits.min_brightness:g}"
    if quality.brightness_mean > limits.max_brightness:
        yield LeftOut.BRIGHT, f"too bright: {brightness}, over filter.max_brightness = {limits.max_brightness:g}"
    if quality.detail < limits.min_detail:
        yield LeftOut.BLURRED, f"blurred or flat: detail {quality.detail:.1f}, under filter.min_detail = {limits.min_detail:g}"
