"""Lists of images, taken in: a row a row, what is known stays, and what cannot be used is named."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from vr_assets.errors import IngestError
from vr_assets.records.batch import ImageEntry
from vr_assets.settings import Graph, resolve
from vr_assets.steps.batch_names import Names
from vr_assets.steps.image_lists import IMAGE_LISTS
from vr_assets.steps.intake import Intake
from vr_assets.storage import Store


def listed(folder: Path, *lines: object, name: str = "list.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(line if isinstance(line, str) else f"{json.dumps(line)}\n" for line in lines))
    return path


def ingest(path: Path, store: Store, **given: object) -> Intake[ImageEntry]:
    settings = resolve(("test", {name.replace("__", "."): value for name, value in given.items()})).settings
    intake = IMAGE_LISTS.take_in([str(path)], store=store, family=None, settings=settings, explicit={}, now=datetime.now(UTC))
    for made in intake.batches:
        store.create_batch(made.batch, made.rows)
    return intake


def image(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (20, 10)).save(folder / name)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


def test_every_row_is_kept_in_order_twins_and_same_names_included(tmp_path: Path, store: Store) -> None:
    for name in ("a/x.jpg", "b/x.jpg"):
        image(tmp_path, name)
    rows = [{"image_path": name, "caption": caption} for name, caption in (("a/x.jpg", "1"), ("b/x.jpg", "1"), ("a/x.jpg", "2"))]
    (made,) = ingest(listed(tmp_path, *rows, rows[0]), store).batches
    assert made.batch.graph is Graph.IMAGES
    assert made.batch.source_root == str(tmp_path)
    kept = store.read_entries(made.batch.name, ImageEntry)
    assert [(Path(one.image_path).parent.name, one.caption) for one in kept] == [("a", "1"), ("b", "1"), ("a", "2"), ("a", "1")]


def test_what_a_batch_holds_is_known(tmp_path: Path, store: Store) -> None:
    image(tmp_path, "x.jpg")
    path = listed(tmp_path, {"image_path": "x.jpg", "caption": "1"})
    ingest(path, store)
    listed(tmp_path, {"image_path": "x.jpg", "caption": "1"}, {"image_path": "x.jpg", "caption": "2"})
    again = ingest(path, store)
    assert (again.known, again.new) == (1, 1)
    assert [made.batch.name for made in again.batches] == ["list-2"]


def test_further_fields_pass_through_with_their_types(tmp_path: Path, store: Store) -> None:
    fields = {"id": "0007", "site": {"north": [1, 2.5, None]}}
    (made,) = ingest(listed(tmp_path, {"image_path": "x.jpg", "caption": "1", **fields}), store).batches
    assert store.read_entries(made.batch.name, ImageEntry)[0].fields == fields


def test_relative_paths_are_below_the_list_or_a_root_that_is_set(tmp_path: Path, store: Store) -> None:
    path = listed(tmp_path, {"image_path": "x.jpg", "caption": "1"})
    (made,) = ingest(path, store, ingest__image_root=str(tmp_path / "elsewhere")).batches
    assert made.rows[0].image_path == str(tmp_path / "elsewhere" / "x.jpg")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("{broken\n", "not JSON", id="no JSON"),
        pytest.param({"caption": "1"}, "no image_path", id="no path"),
        pytest.param({"image_path": "https://x/y.jpg", "caption": "1"}, "is an address", id="address"),
        pytest.param({"image_path": "x.jpg", "caption": ["1", "2"]}, "one caption a row", id="two captions"),
        pytest.param({"image_path": "x.jpg", "caption": "1", "width": "wide"}, "no number of pixels", id="width"),
        pytest.param({"image_path": "x.jpg", "caption": "1", "expressions": []}, "would hide one of ours", id="our name"),
    ],
)
def test_a_line_that_cannot_be_used_is_a_problem_with_its_place(line: object, said: str, tmp_path: Path, store: Store) -> None:
    intake = ingest(listed(tmp_path, {"image_path": "x.jpg", "caption": "1"}, line), store)
    told = [str(problem) for problem in intake.problems if "no such file" not in str(problem)]
    assert len(told) == 1 and "list.jsonl:2" in told[0] and said in told[0]


def test_a_family_of_videos_takes_no_images(tmp_path: Path, store: Store) -> None:
    Names(store, "list")
    made = ingest(listed(tmp_path, {"image_path": "x.jpg", "caption": "1"}), store).batches[0].batch
    assert made.name == "list"
    with pytest.raises(IngestError, match="holds images, not videos"):
        Names(store, "list")
