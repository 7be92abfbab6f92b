"""Batches have names that every place they go can hold, and no two that a person would confuse."""

from pathlib import Path

import pytest

from vr_assets.errors import IngestError
from vr_assets.records.batch import Batch, ManifestRow
from vr_assets.steps.batch_names import Names, check_name, family_from
from vr_assets.storage import Store


def a_store(root: Path, *batches: tuple[str, str]) -> Store:
    store = Store(root)
    for name, family in batches:
        batch = Batch(name=name, family=family, source_root=None, created="2026-01-02T00:00:00+00:00")
        store.create_batch(batch, [ManifestRow(video_path="/a.mp4")])
    return store


@pytest.mark.parametrize("name", ["a", "cam_1.north-gate", "7", "x" * 100, "console", "con-2", "north.con", "lpt10"])
def test_a_plain_name_is_kept(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "a..b", "a/b", "../a", "/etc/passwd", "-a", ".a", "_a", "a b", "Straße", "x" * 101, "a\n", "a\0b", "a\\b"),
        *(".", "..", "...", "june.", "CON", "nul.mp4", "com1", "s3://b/x", "\u212alvin"),
    ],
)
def test_a_name_that_a_path_or_a_partition_range_would_misread_is_refused(name: str) -> None:
    with pytest.raises(IngestError, match="letters, digits"):
        check_name(name)


@pytest.mark.parametrize(
    ("path", "is_folder", "expected"),
    [
        pytest.param("/f/North Gate (old)", True, "North-Gate-old", id="a folder"),
        pytest.param("/f/Zufahrt Süd", True, "Zufahrt-Sud", id="accents"),
        pytest.param("/f/2026..03", True, "2026.03", id="two dots"),
        pytest.param("/f/lists/pilot.v2.jsonl", False, "pilot.v2", id="a list"),
        pytest.param("/f/cam1/clip.mp4", False, "cam1", id="a video: its folder"),
        pytest.param("/f/" + "long" * 40, True, ("long" * 40)[:90], id="long: room for -2"),
    ],
)
def test_a_family_is_named_after_what_is_ingested(path: str, is_folder: bool, expected: str) -> None:
    assert family_from(path, is_folder=is_folder) == check_name(expected)


@pytest.mark.parametrize("path", ["/f/監視", "/"])
def test_a_folder_that_gives_no_name_asks_for_one(path: str) -> None:
    with pytest.raises(IngestError, match="--batch"):
        family_from(path, is_folder=True)


def test_later_batches_are_numbered(tmp_path: Path) -> None:
    names = Names(a_store(tmp_path, ("cams", "cams"), ("cams-2", "cams")), "cams")
    assert names.batches == ("cams", "cams-2")
    assert [names.take(), names.take()] == ["cams-3", "cams-4"]


def test_a_number_of_another_family_or_of_a_removed_batch_is_passed_over(tmp_path: Path) -> None:
    names = Names(a_store(tmp_path, ("cams", "cams"), ("cams-4", "cams"), ("CAMS-5", "CAMS-5")), "cams")
    assert names.take() == "cams-6"


def test_the_first_batch_has_the_familys_name_even_where_that_ends_in_a_number(tmp_path: Path) -> None:
    names = Names(a_store(tmp_path, ("gate-7", "gate-7")), "gate-7")
    assert Names(Store(tmp_path / "empty"), "gate-7").take() == "gate-7"
    assert names.take() == "gate-7-2"


@pytest.mark.parametrize(
    ("there", "wanted", "says"),
    [
        pytest.param(("cams", "cams"), "Cams", "'cams'.*case", id="only the case differs"),
        pytest.param(("cams-2", "cams"), "CAMS", "'cams'.*case", id="of a family whose first batch is gone"),
        pytest.param(("cams-2", "cams"), "cams-2", "a batch of 'cams'", id="a batch of another family"),
    ],
)
def test_a_name_that_another_batch_has_is_refused(tmp_path: Path, there: tuple[str, str], wanted: str, says: str) -> None:
    with pytest.raises(IngestError, match=says):
        Names(a_store(tmp_path, there), wanted)


def test_a_family_that_is_there_is_added_to_whatever_names_may_be_now(tmp_path: Path) -> None:
    assert Names(a_store(tmp_path, ("june.", "june.")), "june.").take() == "june.-2"
