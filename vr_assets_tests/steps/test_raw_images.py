"""The rows of a batch's images: their real size, an id each, and why some fail."""

from pathlib import Path

from PIL import Image

from vr_assets.records.batch import ImageEntry
from vr_assets.records.image import RawImage
from vr_assets.settings import Settings, Status
from vr_assets.storage import Store
from vr_assets_tests.steps.images_read import read_in


def read(folder: Path, *entries: ImageEntry) -> list[RawImage]:
    return read_in(Store(folder / "data"), entries, Settings())


def entry(folder: Path, name: str = "a.png", caption: str = "A car.", **given: object) -> ImageEntry:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 20), (len(name), 0, 0)).save(path)
    return ImageEntry.model_validate({"image_path": str(path), "caption": caption, **given})


def test_ids_tell_apart_captions_names_in_two_folders_and_twins(tmp_path: Path) -> None:
    first = entry(tmp_path / "one")
    rows = read(tmp_path, first, entry(tmp_path / "two", "ab.png"), entry(tmp_path / "one", caption="A bus."), first)
    assert len({row.image_id for row in rows}) == 4
    assert rows[3].image_id == f"{rows[0].image_id}-2"
    assert all(row.status is Status.OK for row in rows)


def test_an_id_is_of_the_content_wherever_the_file_lies(tmp_path: Path) -> None:
    one, other = read(tmp_path, entry(tmp_path / "one"), entry(tmp_path / "two"))
    assert other.image_id == f"{one.image_id}-2"


def test_a_size_that_differs_from_the_files_is_told_and_the_files_is_used(tmp_path: Path) -> None:
    wrong, right = read(tmp_path, entry(tmp_path, width=1920, height=1080), entry(tmp_path, "b.png", width=40))
    assert (wrong.width, wrong.height) == (40, 20)
    assert "1920 x 1080" in wrong.remarks[0] and right.remarks == ()


def test_an_id_given_twice_and_a_missing_caption_fail_their_rows(tmp_path: Path) -> None:
    rows = read(tmp_path, entry(tmp_path, image_id="x"), entry(tmp_path, "b.png", image_id="x"), entry(tmp_path, caption=" "))
    assert [row.status for row in rows] == [Status.FAILED] * 3
    assert "'x' is given to 2 rows" in rows[0].reason and "no caption" in rows[2].reason


def test_a_file_that_is_gone_fails_its_row_alone(tmp_path: Path) -> None:
    gone = ImageEntry(image_path=str(tmp_path / "gone.png"), caption="A car.")
    first, second = read(tmp_path, gone, entry(tmp_path))
    assert (first.status, first.width, first.media) == (Status.FAILED, None, None)
    assert first.image_id.startswith("unread-") and second.status is Status.OK
