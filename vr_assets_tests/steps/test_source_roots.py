"""`ingest.source_roots`: nothing outside of them is taken in, however it is named."""

import os
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from PIL import Image
from pydantic import JsonValue

from vr_assets.errors import IngestError, MediaError
from vr_assets.media.roots import Roots
from vr_assets.media.sources import Sources
from vr_assets.records.batch import ImageEntry
from vr_assets.settings import Settings, Status, resolve
from vr_assets.steps.conversation_lists import CONVERSATION_LISTS
from vr_assets.steps.image_lists import IMAGE_LISTS
from vr_assets.steps.places import Place, place
from vr_assets.steps.video_lists import find_videos
from vr_assets.storage import Store
from vr_assets_tests.steps.conftest import Looking
from vr_assets_tests.steps.images_read import read_in
from vr_assets_tests.steps.taking_in import NOW, listed

SETTING = "outside of ingest.source_roots"
TURNS: JsonValue = [{"from": "human", "value": ""}]

Reading = Callable[[Place, Settings], tuple[list[str], list[str]]]
"""The files of the rows that are taken of a list, and what is said of others."""


@pytest.fixture(autouse=True)
def tree(tmp_path: Path) -> None:
    """`in/` is the root: links in it lead out."""
    for folder in ("in", "in-too", "out"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.mp4").write_bytes(b"anything")
    (tmp_path / "in" / "link.mp4").symlink_to(tmp_path / "out" / "a.mp4")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "here.mp4").symlink_to(tmp_path / "in" / "a.mp4")


def within(*roots: object, **given: object) -> Settings:
    layer = {name.replace("__", "."): value for name, value in given.items()}
    return resolve(("test", {"ingest.source_roots": tuple(map(str, roots)), **layer})).settings


def videos(path: Place, settings: Settings) -> tuple[list[str], list[str]]:
    found = find_videos([path], filter_field="", roots=Roots(settings.ingest.source_roots), skip=())
    return [row.video_path for row in (*found.listed, *found.walked)], [problem.what for problem in found.problems]


def images(path: Place, settings: Settings) -> tuple[list[str], list[str]]:
    store = Store(Path("nowhere"))
    intake = IMAGE_LISTS.take_in([str(path)], store=store, family="x", settings=settings, explicit={}, now=NOW)
    told = [problem.what for problem in intake.problems]
    return [row.image_path for batch in intake.batches for row in batch.rows], told


def conversations(path: Place, settings: Settings) -> tuple[list[str], list[str]]:
    store = Store(Path("nowhere"))
    intake = CONVERSATION_LISTS.take_in([str(path)], store=store, family="x", settings=settings, explicit={}, now=NOW)
    told = [problem.what for problem in intake.problems]
    return [row.videos[0] for batch in intake.batches for row in batch.rows], told


ROWS: dict[str, tuple[Reading, Callable[[str], dict[str, JsonValue]]]] = {
    "videos": (videos, lambda path: {"video_path": path}),
    "images": (images, lambda path: {"image_path": path, "caption": "A car."}),
    "conversations": (conversations, lambda path: {"video": path, "conversation": TURNS}),
}
LEADING_OUT = {
    "absolute": "{tmp}/out/a.mp4",
    "..": "../out/a.mp4",
    "a name that begins alike": "../in-too/a.mp4",
    "a link": "link.mp4",
    "below a link": "linked/a.mp4",
    "one that is not there": "/nowhere/a.mp4",
    "a device": "/dev/zero",
    "another bucket": "s3://other/ok/a.mp4",
    "a prefix that begins alike": "s3://b/okay/a.mp4",
}


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("path", LEADING_OUT.values(), ids=LEADING_OUT)
def test_a_row_that_leads_out_is_refused_by_name_and_the_others_are_taken(kind: str, path: str, tmp_path: Path) -> None:
    read, row = ROWS[kind]
    path = path.format(tmp=tmp_path)
    good = ["a.mp4", "here.mp4", "s3://b/ok/a.mp4"]
    taken, told = read(listed(tmp_path / "in" / "list.jsonl", *map(row, [*good, path])), within(tmp_path / "in", "s3://b/ok"))
    assert taken == [str(tmp_path / "in" / "a.mp4"), str(tmp_path / "in" / "here.mp4"), "s3://b/ok/a.mp4"]
    (said,) = [one for one in told if "no such file" not in one]
    assert path.removeprefix("..") in said
    assert f"{SETTING} ({tmp_path}/in, s3://b/ok); move it there, or add its folder to the setting" in said


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize(
    ("path", "says"),
    [
        pytest.param("a\0.mp4", "NUL", id="NUL"),
        pytest.param("s3://b/ok/../../x.mp4", "`..`", id=".. in a key"),
        pytest.param("s3://b/ok/./x.mp4", "`..`", id=". in a key"),
        pytest.param("s3://../x.mp4", "`..`", id=".. for a bucket"),
        pytest.param("s3:///x.mp4", "no place in a bucket", id="no bucket"),
        pytest.param("s3://b", "names no object", id="no key"),
        pytest.param("file:///etc/passwd", "only s3://", id="a file as an address"),
        pytest.param("https://host/a.mp4", "only s3://", id="another address"),
    ],
)
def test_what_can_be_no_source_is_refused_where_sources_may_lie_anywhere(kind: str, path: str, says: str, tmp_path: Path) -> None:
    read, row = ROWS[kind]
    taken, told = read(listed(tmp_path / "list.jsonl", row(path), row("in/a.mp4")), within())
    assert taken == [str(tmp_path / "in" / "a.mp4")]
    assert len(told) == 1 and says in told[0]


@pytest.mark.parametrize("kind", ROWS)
def test_a_name_that_is_too_long_for_any_disk_is_a_row_that_fails(kind: str, tmp_path: Path) -> None:
    read, row = ROWS[kind]
    taken, _ = read(listed(tmp_path / "in" / "list.jsonl", row("x" * 5000)), within(tmp_path / "in"))
    assert len(taken) == 1


def test_in_a_walked_folder_links_that_lead_out_are_told_and_left_out(tmp_path: Path) -> None:
    taken, told = videos(tmp_path / "in", within(tmp_path / "in"))
    assert taken == [str(tmp_path / "in" / "a.mp4"), str(tmp_path / "in" / "here.mp4")]
    assert [said.partition(" (leads to")[0] for said in told] == [f"{tmp_path}/in/link.mp4", f"{tmp_path}/in/linked"]
    assert all(SETTING in said for said in told)


def test_a_link_out_is_told_also_where_its_name_cannot_be_printed(tmp_path: Path) -> None:
    (tmp_path / "in-too" / os.fsdecode(b"\xff\n")).symlink_to(tmp_path / "out")
    _, (said,) = videos(tmp_path / "in-too", within(tmp_path / "in-too"))
    assert said.isprintable() and SETTING in said


@pytest.mark.parametrize("name", ["out", "out/a.mp4", "s3://b/prefix", "s3://b/list.jsonl"])
def test_a_place_outside_that_is_named_stops_ingest(name: str, tmp_path: Path) -> None:
    path = place(name if "://" in name else str(tmp_path / name))
    with pytest.raises(IngestError, match=rf"{name}.*{SETTING}"):
        videos(path, within(tmp_path / "in"))


@pytest.mark.parametrize("kind", ROWS)
def test_a_list_that_is_a_link_out_is_not_read(kind: str, tmp_path: Path) -> None:
    (tmp_path / "out" / "secret.jsonl").write_text("password\n")
    (tmp_path / "in" / "list.jsonl").symlink_to(tmp_path / "out" / "secret.jsonl")
    with pytest.raises(IngestError, match=SETTING) as refused:
        ROWS[kind][0](tmp_path / "in" / "list.jsonl", within(tmp_path / "in"))
    assert "password" not in str(refused.value)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ROWS)
def test_a_list_that_is_a_pipe_is_not_waited_for(kind: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "list.jsonl")
    with pytest.raises(IngestError, match=r"list.jsonl: not a list but a folder, device or pipe"):
        ROWS[kind][0](tmp_path / "list.jsonl", within())


def test_a_root_for_images_outside_takes_none(tmp_path: Path) -> None:
    path = listed(tmp_path / "in" / "list.jsonl", {"image_path": "a.mp4", "caption": "A car."})
    taken, told = images(path, within(tmp_path / "in", ingest__image_root=str(tmp_path / "out")))
    assert taken == [] and SETTING in told[0]


def test_what_is_dropped_is_held_to_the_roots(look: Looking, folder: Path, tmp_path: Path) -> None:
    listed(folder / "list.jsonl", {"image_path": "../out/a.mp4", "caption": "1"}, {"image_path": "b.png", "caption": "2"})
    (folder / "link.mp4").symlink_to(tmp_path / "out" / "a.mp4")
    look(0, ingest__source_roots=str(folder))
    found = look(60, ingest__source_roots=str(folder))
    assert found.batches == ["list"]
    assert [problem.partition(": ")[0] for problem in found.problems if SETTING in problem] == [
        str(folder),
        f"{folder}/list.jsonl:1",
    ]
    with pytest.raises(IngestError, match=SETTING):
        look(90, ingest__source_roots=str(tmp_path / "in"))


def test_a_link_that_is_changed_after_ingest_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "in" / "here.mp4"
    sources = Sources(roots=Roots([str(tmp_path / "in")]))
    assert anyio.run(sources.state, str(path)).size_bytes > 0
    # So that a change between the look and the opening changes nothing.
    assert anyio.run(sources.file, str(path)) == tmp_path / "in" / "a.mp4"
    path.unlink()
    path.symlink_to(tmp_path / "out" / "a.mp4")
    for look in (sources.state, sources.file):
        with pytest.raises(MediaError, match=rf"here.mp4 \(leads to {tmp_path}/out/a.mp4\): {SETTING}"):
            anyio.run(look, str(path))


def test_an_image_that_became_a_link_out_fails_its_row_by_the_name_it_was_given(tmp_path: Path) -> None:
    path, store = tmp_path / "in" / "a.png", Store(tmp_path / "data")
    Image.new("RGB", (40, 20)).save(path)
    path.rename(tmp_path / "out" / "a.png")
    path.symlink_to(tmp_path / "out" / "a.png")
    entries = [ImageEntry(image_path=str(path), caption="A car.")]
    (row,) = read_in(store, entries, within(tmp_path / "in"))
    assert row.status is Status.FAILED and row.reason.startswith(f"{path} (leads to") and SETTING in row.reason
    (row,) = read_in(store, entries, within(tmp_path))
    assert (row.status, row.image) == (Status.OK, str(path))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("path", "says"),
    [
        pytest.param("/dev/zero", "a device, pipe or socket", id="a device"),
        pytest.param("{tmp}/pipe.mp4", "a device, pipe or socket", id="a pipe"),
        pytest.param("{tmp}/in", "a folder", id="a folder"),
        pytest.param("a\0.mp4", "no file can have that name", id="NUL"),
        pytest.param("x" * 5000, "cannot be looked at", id="too long"),
        pytest.param("s3://b/ok/../../x.mp4", "`..`", id=".. in a key"),
        pytest.param("s3:///x.mp4", "no place in a bucket", id="no bucket"),
    ],
)
def test_what_is_no_file_is_not_opened_wherever_sources_may_lie(path: str, says: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(MediaError, match=says):
        anyio.run(Sources().state, path.format(tmp=tmp_path))
