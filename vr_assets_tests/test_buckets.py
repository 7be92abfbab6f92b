"""The store in a bucket, against a server that speaks S3."""

import io
import json
import re
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio
import pytest
from PIL import Image

from vr_assets import bucket as buckets
from vr_assets.bucket import Bucket, TakenError
from vr_assets.errors import IngestError, MediaError, SettingsError, StorageError
from vr_assets.journal import Journal
from vr_assets.media.recordings import Recordings
from vr_assets.media.sources import Sources
from vr_assets.media.workers import Workers
from vr_assets.mirror import Mirror, Uploads
from vr_assets.records.batch import Batch, ManifestRow
from vr_assets.records.review import Decision, Verdict
from vr_assets.settings import Asset, BucketSettings, MediaSettings, Settings, resolve
from vr_assets.steps.conversation_lists import CONVERSATION_LISTS
from vr_assets.steps.drops import look_for_drops
from vr_assets.steps.image_lists import IMAGE_LISTS
from vr_assets.steps.intake import E, Intake
from vr_assets.steps.item_lists import ItemLists
from vr_assets.storage import Store
from vr_assets_tests.servers.s3 import S3Server, s3_server
from vr_assets_tests.steps.images_read import read_in
from vr_assets_tests.steps.taking_in import NOW, listed
from vr_assets_tests.test_journal import an_answer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3") / "log") as running:
        running.make_bucket("cctv")
        yield running


@pytest.fixture
def bucket(server: S3Server, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Bucket:
    """A prefix of its own for each test."""
    server.use(monkeypatch)
    return Bucket(f"s3://cctv/{request.node.name}")


def machine(bucket: Bucket, folder: Path) -> Store:
    """A store as another machine has it, with a copy of its own."""
    return Store.at(bucket.address(), BucketSettings(cache_dir=str(folder)))


BATCH = Batch(name="june", family="june", source_root=None, created="2026-01-02T00:00:00+00:00")
ROWS = [ManifestRow(video_path="/a.mp4"), ManifestRow(video_path="/b.mp4")]


def test_what_one_machine_registers_another_reads(bucket: Bucket, tmp_path: Path) -> None:
    machine(bucket, tmp_path / "one").create_batch(BATCH, ROWS)
    other = machine(bucket, tmp_path / "other")
    assert other.batches() == ("june",)
    assert (other.read_batch("june"), other.read_manifest("june")) == (BATCH, ROWS)


def test_imported_rows_are_set_aside_for_all_and_those_of_other_stages_stay(bucket: Bucket, tmp_path: Path) -> None:
    """Also by a machine that never fetched those of the other stages."""
    one, other = machine(bucket, tmp_path / "one"), machine(bucket, tmp_path / "other")
    for asset in (Asset.CAPTIONS, Asset.QA):
        one.write_imported("june", asset, ROWS)
    other.set_imported_aside("june", Asset.CAPTIONS)
    assert one.read_imported("june", Asset.CAPTIONS, ManifestRow) == []
    assert one.read_imported("june", Asset.QA, ManifestRow) == ROWS
    assert "batches/june/imported/captions.forced.jsonl" in bucket.listed("")


def test_a_change_is_seen_by_who_has_an_older_copy(bucket: Bucket, tmp_path: Path) -> None:
    one, other = machine(bucket, tmp_path / "one"), machine(bucket, tmp_path / "other")
    one.create_batch(BATCH, ROWS)
    other.read_batch("june")
    changed = BATCH.model_copy(update={"settings": {"mode": "normal"}})
    one.write_batch(changed)
    assert other.read_batch("june") == changed
    assert other.read_batches() == [changed]


def test_rows_are_the_batchs_whichever_machine_made_them(bucket: Bucket, tmp_path: Path) -> None:
    one, other = machine(bucket, tmp_path / "one"), machine(bucket, tmp_path / "other")
    assert other.read_rows("june", Asset.QA, ManifestRow) is None
    one.write_rows("june", Asset.QA, ROWS)
    assert other.read_rows("june", Asset.QA, ManifestRow) == ROWS


def test_a_review_page_goes_into_the_bucket_and_the_decisions_of_other_machines_stay(bucket: Bucket, tmp_path: Path) -> None:
    one, other = machine(bucket, tmp_path / "one"), machine(bucket, tmp_path / "other")
    one.publish_review("june", {"index.html": b"one", "items/a.js": b"a"}, [])
    other.fetch_review("june")
    decision = Decision(subject="a", of="0" * 16, verdict=Verdict.REJECT, at="2026-01-02T00:00:00+00:00")
    other.add_decision("june", decision)
    one.publish_review("june", {"index.html": b"two"}, [])
    assert set(bucket.listed("batches/june/review/")) == {
        f"batches/june/review/{name}" for name in ("index.html", "decisions.jsonl")
    }
    assert one.read_decisions("june") == [decision]
    other.fetch_review("june")
    left = {path.name for path in other.review_folder("june").rglob("[!.]*") if path.is_file()}
    assert left == {"index.html", "decisions.jsonl"}


def test_a_browser_opens_a_page_from_the_bucket(bucket: Bucket, server: S3Server, tmp_path: Path) -> None:
    machine(bucket, tmp_path).publish_review("june", {"index.html": b"one", "page/style.css": b"", "a.js": b""}, [])
    client, folder = server.client(), f"{bucket.address().removeprefix('s3://cctv/')}/batches/june/review"
    told = [
        client.head_object(Bucket="cctv", Key=f"{folder}/{name}")["ContentType"]
        for name in ("index.html", "page/style.css", "a.js")
    ]
    assert told == ["text/html; charset=utf-8", "text/css", "text/javascript"]


def test_two_machines_cannot_register_the_same_name(bucket: Bucket, tmp_path: Path) -> None:
    machine(bucket, tmp_path / "one").create_batch(BATCH, ROWS)
    with pytest.raises(StorageError, match="'june' exists in s3://cctv/"):
        machine(bucket, tmp_path / "other").create_batch(BATCH, ROWS[:1])
    assert machine(bucket, tmp_path / "third").read_manifest("june") == ROWS


def test_only_one_of_two_gets_a_new_object(bucket: Bucket) -> None:
    bucket.put("new", b"one", new=True)
    with pytest.raises(TakenError):
        bucket.put("new", b"other", new=True)


def test_an_unknown_batch_is_named_with_its_bucket(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"no batch 'june' in s3://cctv/"):
        machine(bucket, tmp_path).read_batch("june")


def test_task_files_that_are_gone_go_from_the_bucket(bucket: Bucket, tmp_path: Path) -> None:
    store = machine(bucket, tmp_path)
    folder = store.task_files_folder("june")
    folder.mkdir(parents=True)
    for name in ("mcq.json", "bcq.json"):
        (folder / name).write_text("{}")
    store.publish_task_files("june")
    (folder / "bcq.json").unlink()
    store.publish_task_files("june")
    assert list(bucket.listed("batches/june/task_files/")) == ["batches/june/task_files/mcq.json"]


def journal_of(store: Store, part: str, uploads: Uploads | None) -> Journal:
    return Journal(store.journal_folder(Asset.QA), part=part, max_answers=3, uploads=uploads)


def test_an_answer_is_known_to_another_machine_when_its_run_is_over(bucket: Bucket, tmp_path: Path) -> None:
    store = machine(bucket, tmp_path / "one")
    uploads = store.uploads()
    assert uploads is not None
    journal = journal_of(store, "one", uploads)
    journal.append(an_answer("text"))
    journal.close()
    uploads.close()
    elsewhere = journal_of(machine(bucket, tmp_path / "other"), "other", None)
    assert [one.text for one in elsewhere.answers("k")] == ["text"]


def test_answers_of_a_run_that_was_killed_are_put_by_the_next_run_on_that_machine(bucket: Bucket, tmp_path: Path) -> None:
    store = machine(bucket, tmp_path / "one")
    journal = journal_of(store, "one", Uploads(Mirror(bucket, store.root), every_s=3600))
    journal.append(an_answer("text"))
    journal.close()
    assert bucket.listed("journal/") == {}
    journal_of(store, "next", None).close()
    assert list(bucket.listed("journal/")) == ["journal/qa/one.1.jsonl"]


def test_a_lost_machine_loses_what_was_answered_since_the_last_flush_only(bucket: Bucket, tmp_path: Path) -> None:
    store = machine(bucket, tmp_path / "one")
    uploads = Uploads(Mirror(bucket, store.root), every_s=0.05)
    journal = journal_of(store, "one", uploads)
    journal.append(an_answer("text"))
    while not bucket.listed("journal/"):
        time.sleep(0.02)
    elsewhere = journal_of(machine(bucket, tmp_path / "other"), "other", None)
    assert [one.text for one in elsewhere.answers("k")] == ["text"]
    uploads.close()


class Counting(Mirror):
    puts = 0

    def publish(self, path: Path, *, new: bool = False) -> None:
        self.puts += 1
        super().publish(path, new=new)


@pytest.mark.anyio
async def test_without_a_pause_an_answer_is_in_the_bucket_when_its_call_ends_and_many_go_together(
    bucket: Bucket, tmp_path: Path
) -> None:
    store = machine(bucket, tmp_path)
    mirror = Counting(bucket, store.root)
    uploads = Uploads(mirror, every_s=0)
    journal = journal_of(store, "one", uploads)
    missing = []

    async def call(number: int) -> None:
        journal.append(an_answer("text", key=f"k{number}"))
        await uploads.settle()
        held = bucket.read("journal/qa/one.1.jsonl") or b""
        if f'"k{number}"'.encode() not in held:
            missing.append(number)

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(call, number)
    assert missing == [] and mirror.puts <= 2
    journal.close()
    uploads.close()


def test_a_large_part_is_followed_by_another(bucket: Bucket, tmp_path: Path) -> None:
    store = machine(bucket, tmp_path)
    uploads = Uploads(Mirror(bucket, store.root), every_s=3600)
    journal = journal_of(store, "one", uploads)
    for number in range(3):
        journal.append(an_answer("x" * 1_500_000, key=f"k{number}"))
    journal.close()
    uploads.close()
    assert [key.rpartition("/")[2] for key in bucket.listed("journal/")] == ["one.1.jsonl", "one.2.jsonl"]
    again = journal_of(store, "again", None)
    assert [len(again.answers(f"k{number}")) for number in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("address", ["s3://", "s3:///prefix", "s3://cctv/x?y=1", "s3://cctv/../x", "s3://cctv/a/./b"])
def test_an_address_without_a_bucket_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="write s3://bucket/prefix"):
        Bucket(address)


def test_a_bucket_that_is_not_there_is_named_with_the_cure(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"s3://nowhere/x/batches.*NoSuchBucket.*make the bucket"):
        Store.at("s3://nowhere/x", BucketSettings(cache_dir=str(tmp_path))).batches()


def test_without_credentials_it_is_said_which_to_set(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    buckets._client_of.cache_clear()
    with pytest.raises(StorageError, match="without credentials; set AWS_ACCESS_KEY_ID"):
        bucket.listed("")


def test_what_is_dropped_below_a_prefix_becomes_a_batch(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("drops/a.mp4", b"one")
    bucket.put("drops/b.mp4", b"other")
    bucket.put("drops/b.mp4.done", b"")
    settings = resolve(
        ("test", {"drops.folder": bucket.address("drops"), "drops.done_suffix": ".done", "drops.batch_age_s": 0})
    ).settings
    store = Store(tmp_path / "data")
    with closing(Workers(MediaSettings(workers=1))) as workers:
        recordings = Recordings(store.media_folder, workers)
        look = anyio.run(partial(look_for_drops, store, recordings, settings, now=datetime(2026, 1, 2, tzinfo=UTC)))
        assert look.batches == ["drops"]
        assert [row.video_path for row in store.read_manifest("drops")] == [bucket.address("drops/b.mp4")]
        bucket.put("drops/b.mp4", b"replaced")
        look = anyio.run(partial(look_for_drops, store, recordings, settings, now=datetime(2026, 1, 3, tzinfo=UTC)))
    assert look.batches == ["drops-2"]


def test_a_copy_of_an_object_is_fetched_once_and_anew_when_it_changed(bucket: Bucket, tmp_path: Path) -> None:
    bucket.put("a.mp4", b"one")
    sources, address = Sources(tmp_path / "sources", limit_bytes=1000), bucket.address("a.mp4")

    async def content() -> bytes:
        return (await sources.file(address)).read_bytes()

    assert anyio.run(content) == b"one"
    before = anyio.run(sources.state, address)
    (copy,) = (tmp_path / "sources" / "copies").glob("*.mp4")
    copy.write_bytes(b"kept")
    assert anyio.run(content) == b"kept"
    bucket.put("a.mp4", b"two")
    assert anyio.run(content) == b"two"
    assert anyio.run(sources.state, address) != before


def test_copies_make_room_for_each_other(bucket: Bucket, tmp_path: Path) -> None:
    sources = Sources(tmp_path / "sources", limit_bytes=250)
    for name in "abc":
        bucket.put(f"{name}.mp4", name.encode() * 100)
        anyio.run(sources.file, bucket.address(f"{name}.mp4"))
    assert len(list((tmp_path / "sources" / "copies").glob("*.mp4"))) == 2


def test_a_key_never_decides_where_its_copy_lies(bucket: Bucket, tmp_path: Path) -> None:
    keys = ["x.mp4/../../y", f"x.{'a' * 300}", "x.mp4\\..\\..\\y.mp4", "CON.mp4", "x.", "..x", "X.mp4", "x.mp4"]
    for key in keys[1:]:
        bucket.put(key, key.encode())
    sources = Sources(tmp_path / "sources", limit_bytes=10_000)
    copies = [anyio.run(sources.file, bucket.address(key)) for key in keys[1:]]
    assert [copy.read_bytes() for copy in copies] == [key.encode() for key in keys[1:]]
    assert all(re.fullmatch(r"[0-9a-f]{32}(\.mp4|\.x)?", copy.name) for copy in copies)
    assert {copy.parent for copy in copies} == {tmp_path / "sources" / "copies"}
    with pytest.raises(MediaError, match=r"`\.\.`"):
        anyio.run(sources.file, bucket.address(keys[0]))


def pictures(bucket: Bucket) -> None:
    """Three of a list in `lists/`: beside it, above it, and one that is none."""
    made = io.BytesIO()
    Image.new("RGB", (40, 20)).save(made, "PNG")
    bucket.put("lists/a.png", made.getvalue())
    bucket.put("pictures/b.png", made.getvalue())
    bucket.put("lists/broken.png", b"not a picture")
    paths = ["a.png", "../pictures/b.png", "broken.png", bucket.address("gone.png"), "../../../etc/passwd"]
    rows = [json.dumps({"image_path": path, "caption": "A car."}) for path in paths]
    bucket.put("lists/pilot.jsonl", "\n".join(rows).encode())


def taken(lists: ItemLists[E], where: str, store: Store, settings: Settings) -> Intake[E]:
    intake = lists.take_in([where], store=store, family=None, settings=settings, explicit={}, now=NOW)
    for made in intake.batches:
        store.create_batch(made.batch, made.rows)
    return intake


def test_a_list_of_images_and_its_images_lie_in_a_bucket(bucket: Bucket, tmp_path: Path) -> None:
    pictures(bucket)
    settings = resolve(("test", {"bucket.cache_dir": str(tmp_path / "cache"), "ingest.source_roots": bucket.address()})).settings
    store = Store(tmp_path / "data")
    intake = taken(IMAGE_LISTS, bucket.address("lists/pilot.jsonl"), store, settings)
    (problem,) = intake.problems
    assert problem.where.endswith("lists/pilot.jsonl:5") and "leads out of s3://cctv" in problem.what
    (made,) = intake.batches
    assert (made.batch.name, made.batch.source_root) == ("pilot", bucket.address())
    names = ["lists/a.png", "pictures/b.png", "lists/broken.png", "gone.png"]
    assert [row.image_path for row in made.rows] == [bucket.address(name) for name in names]
    rows = read_in(store, made.rows, settings)
    assert [(row.status, row.width) for row in rows] == [("ok", 40), ("ok", 40), ("failed", None), ("failed", None)]
    # People know the object, not the copy.
    assert rows[2].reason.startswith(f"{bucket.address('lists/broken.png')}: not an image")
    assert "no such object" in rows[3].reason
    assert str(tmp_path / "cache") not in str(rows)
    assert len(list((tmp_path / "cache" / "sources" / "copies").glob("*.png"))) == 3


def test_images_of_a_list_on_this_machine_are_below_a_prefix_that_is_set(bucket: Bucket, tmp_path: Path) -> None:
    path = listed(tmp_path / "list.jsonl", {"image_path": "a.png", "caption": "A car."})
    settings = resolve(("test", {"ingest.image_root": bucket.address("lists")})).settings
    (made,) = taken(IMAGE_LISTS, str(path), Store(tmp_path / "data"), settings).batches
    assert [row.image_path for row in made.rows] == [bucket.address("lists/a.png")]


def test_a_list_of_conversations_in_a_bucket_names_files_beside_it(bucket: Bucket, tmp_path: Path) -> None:
    row = {"video": ["./a.mp4"], "image": "c.png", "conversation": [{"from": "human", "value": ""}]}
    bucket.put("rows.json", json.dumps([row]).encode())
    intake = taken(CONVERSATION_LISTS, bucket.address("rows.json"), Store(tmp_path / "data"), resolve().settings)
    (entry,) = intake.batches[0].rows
    assert (entry.videos, entry.images) == ((bucket.address("a.mp4"),), (bucket.address("c.png"),))
    assert (intake.family, intake.problems) == ("rows", ())


def test_a_list_that_is_not_in_its_bucket_is_named(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"gone.jsonl: no such object"):
        taken(IMAGE_LISTS, bucket.address("gone.jsonl"), Store(tmp_path), resolve().settings)
