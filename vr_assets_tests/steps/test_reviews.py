"""The pictures of a review page."""

from collections.abc import Iterator
from pathlib import Path

import anyio
import av
import cv2
import pytest
from PIL import Image

from vr_assets.media.library import MediaLibrary
from vr_assets.media.workers import Workers
from vr_assets.records.image import ImageMedia, RawImage
from vr_assets.records.review import Pictures
from vr_assets.records.row import Row
from vr_assets.records.video import RawVideo
from vr_assets.settings import LongVideoSettings, MediaSettings, Status
from vr_assets.steps.reviews import STILL_PX, THUMB_PX, picture
from vr_assets_tests.clips import moving_box, write_clip


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(MediaSettings(workers=1))
    yield made
    made.close()


def a_library(folder: Path, workers: Workers, *, proxy: bool = True) -> MediaLibrary:
    return MediaLibrary(folder / "media", MediaSettings(proxy=proxy), LongVideoSettings(), workers)


def pictured(library: MediaLibrary, folder: Path, *rows: Row) -> list[Pictures]:
    return anyio.run(picture, rows, library, folder)


def a_video(path: Path, library: MediaLibrary, *, measured: bool = True) -> RawVideo:
    """Its row; `measured` as the stages do that watch it."""

    async def main() -> RawVideo:
        media = await library.probe(str(path), part=None)
        if measured:
            await library.facts(media)
        return RawVideo(video_id=media.content[:16], video=str(path), media=media, status=Status.OK)

    return anyio.run(main)


def an_image(path: Path, library: MediaLibrary) -> RawImage:
    still = anyio.run(library.images.read, str(path))
    known = ImageMedia(path=str(path), **still.model_dump(exclude={"remarks"}))
    return RawImage(
        image_id="a",
        image=str(path),
        caption="A board.",
        width=known.width_px,
        height=known.height_px,
        media=known,
        status=Status.OK,
    )


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "video.mp4", moving_box(16), 8)


@pytest.mark.parametrize("proxy", [True, False], ids=["proxies", "no proxies"])
def test_a_video_has_a_thumbnail_and_a_clip_that_plays(tmp_path: Path, video: Path, workers: Workers, *, proxy: bool) -> None:
    library = a_library(tmp_path, workers, proxy=proxy)
    (shown,) = pictured(library, tmp_path / "page", a_video(video, library))
    assert max(Image.open(tmp_path / "page" / shown.thumb).size) <= THUMB_PX
    with av.open(str(tmp_path / "page" / shown.clip)) as clip:
        assert [stream.codec_context.name for stream in clip.streams] == ["h264"]
        assert sum(1 for _ in clip.decode(video=0)) == 16


def test_a_clip_takes_no_room_of_its_own_and_stays_when_its_proxy_goes(tmp_path: Path, video: Path, workers: Workers) -> None:
    library = a_library(tmp_path, workers)
    row = a_video(video, library)
    (shown,) = pictured(library, tmp_path / "page", row)
    (proxy,) = (tmp_path / "media" / "proxies").glob("*.mp4")
    clip = tmp_path / "page" / shown.clip
    assert clip.samefile(proxy)
    proxy.unlink()
    assert pictured(library, tmp_path / "page", row) == [shown]
    assert clip.is_file() and not proxy.exists(), "nothing is made again for what is there"


def test_a_video_that_no_stage_watched_is_not_decoded_for_its_page(tmp_path: Path, video: Path, workers: Workers) -> None:
    library = a_library(tmp_path, workers)
    (shown,) = pictured(library, tmp_path / "page", a_video(video, library, measured=False))
    assert (shown.clip, shown.thumb) == ("", "") and "not decoded" in shown.problem


def test_an_image_has_a_still_in_a_size_to_look_at(tmp_path: Path, workers: Workers) -> None:
    path = tmp_path / "board.jpg"
    Image.effect_noise((2000, 1000), 60).convert("RGB").save(path)
    library = a_library(tmp_path, workers)
    (shown,) = pictured(library, tmp_path / "page", an_image(path, library))
    sizes = [Image.open(tmp_path / "page" / name).size for name in (shown.still, shown.thumb)]
    assert sizes == [(STILL_PX, STILL_PX // 2), (THUMB_PX, THUMB_PX // 2)]


def test_an_image_that_cannot_be_shown_says_why_and_costs_nothing_else(tmp_path: Path, video: Path, workers: Workers) -> None:
    path = tmp_path / "board.png"
    cv2.imwrite(str(path), next(iter(moving_box(1))))
    library = a_library(tmp_path, workers)
    row = an_image(path, library)
    path.write_bytes(b"something else")
    first, second = pictured(library, tmp_path / "page", row, a_video(video, library))
    assert str(path) in first.problem and second.clip
