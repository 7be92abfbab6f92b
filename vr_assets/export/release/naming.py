"""Names of media files in a data set: as they lie below their batch's folder, each content once."""

from pathlib import PurePosixPath

from vr_assets.export.release.choosing import ChosenImage, ChosenVideo
from vr_assets.export.task_items import below_root

VIDEOS, IMAGES = "videos", "images"


class Names:
    """The first that comes has the plain name, so that names stay when more is added; another content gets its hash into it."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, chosen: ChosenVideo | ChosenImage) -> str:
        """Such as `videos/cam1/clip.mp4`. A part of a recording is a file of its own, named by its stretch."""
        media = chosen.media
        path = PurePosixPath(below_root(media.path, chosen.batch.source_root))
        if isinstance(chosen, ChosenImage):
            return self._named(media.content, PurePosixPath(IMAGES) / path)
        start_s, end_s = chosen.media.part_start_s, chosen.media.part_end_s
        if start_s is None or end_s is None:
            return self._named(media.content, PurePosixPath(VIDEOS) / path)
        stretch = f"{_seconds(start_s)}-{_seconds(end_s)}"
        return self._named(f"{media.content}@{stretch}", PurePosixPath(VIDEOS) / path.with_name(f"{path.stem}@{stretch}.mp4"))

    def _named(self, key: str, wanted: PurePosixPath) -> str:
        if key not in self._known:
            path = wanted if str(wanted).casefold() not in self._taken else wanted.with_stem(f"{wanted.stem}-{key[:8]}")
            self._taken.add(str(path).casefold())
            self._known[key] = str(path)
        return self._known[key]


def _seconds(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
