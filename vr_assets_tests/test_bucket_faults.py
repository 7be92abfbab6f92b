"""What goes wrong with buckets, and what is said and kept then."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import anyio
import pytest

from vr_assets import bucket as buckets
from vr_assets.bucket import Bucket
from vr_assets.errors import IngestError, MediaError, StorageError
from vr_assets.media.recordings import Recordings
from vr_assets.media.roots import Roots
from vr_assets.media.sources import Sources
from vr_assets.media.workers import Workers
from vr_assets.settings import Asset, BucketSettings, MediaSettings, resolve
from vr_assets.steps.drops import Look, look_for_drops
from vr_assets.steps.places import read_content
from vr_assets.storage import Store
from vr_assets_tests.servers.s3 import S3Server
from vr_assets_tests.servers.s3_faults import Troubled, troubled_s3
from vr_assets_tests.steps.taking_in import NOW

BUSY = (503, "SlowDown")
DENIED = (403, "AccessDenied")


@pytest.fixture
def troubled(monkeypatch: pytest.MonkeyPatch) -> Iterator[Troubled]:
    with troubled_s3() as running:
        monkeypatch.setattr(buckets, "_ATTEMPTS", 3)
        S3Server(running.url).use(monkeypatch)
        yield running


@pytest.fixture
def bucket(troubled: Troubled) -> Bucket:
    return Bucket("s3://cctv")


def look(store: Store, *, after_s: float = 0.0) -> Look:
    """At what is dropped into the bucket: complete at once, in batches of 200."""
    given = {"drops.folder": "s3://cctv/drops", "drops.settle_s": 0, "drops.batch_age_s": 0}
    settings, now = resolve(("test", given)).settings, NOW + timedelta(seconds=after_s)
    with closing(Workers(MediaSettings(workers=1))) as workers:
        recordings = Recordings(store.media_folder, workers)
        return anyio.run(partial(look_for_drops, store, recordings, settings, now=now))


def held(store: Store) -> list[str]:
    return [row.video_path for batch in store.batches() for row in store.read_manifest(batch)]


def test_a_bucket_that_wants_a_slower_pace_is_asked_again(bucket: Bucket, troubled: Troubled) -> None:
    troubled.objects["a"], troubled.errors = b"content", [BUSY, BUSY]
    assert list(bucket.listed("")) == ["a"]
    troubled.errors = [BUSY]
    assert bucket.read("a") == b"content"


def test_a_bucket_that_never_gets_well_is_named(bucket: Bucket, troubled: Troubled) -> None:
    troubled.errors = [BUSY] * 9
    with pytest.raises(StorageError, match="SlowDown.*run again: what was answered is kept"):
        bucket.listed("")


def test_a_bucket_that_never_answers_is_named_with_the_cure(
    bucket: Bucket, troubled: Troubled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "_READ_S", 0.05)
    monkeypatch.setattr(buckets, "_ATTEMPTS", 2)
    buckets._client_of.cache_clear()
    troubled.silent_s = 0.5
    with pytest.raises(StorageError, match=r"s3://cctv/a.mp4: cannot be looked at .*timeout.*check the network"):
        bucket.find("a.mp4")
    assert len(troubled.asked) == 2


def test_a_server_that_is_gone_is_named_with_the_cure(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "_ATTEMPTS", 1)
    S3Server("http://127.0.0.1:9").use(monkeypatch)
    with pytest.raises(StorageError, match="check the network and AWS_ENDPOINT_URL"):
        bucket.listed("")


def test_a_denied_prefix_is_named_with_what_to_allow(bucket: Bucket, troubled: Troubled, tmp_path: Path) -> None:
    troubled.errors = [DENIED] * 4
    denied = r"s3://cctv/.*(AccessDenied|403).*allow s3:ListBucket"
    with pytest.raises(StorageError, match=denied):
        bucket.listed("drops/")
    with pytest.raises(StorageError, match=denied):
        look(Store(tmp_path / "data"))
    with pytest.raises(IngestError, match=denied):
        read_content("s3://cctv/drops/list.jsonl", Roots())
    # One video of many: its row fails.
    with pytest.raises(MediaError, match=denied):
        anyio.run(Sources().state, "s3://cctv/drops/a.mp4")


def test_five_thousand_keys_are_all_listed_and_taken_in_batches_over_several_looks(
    bucket: Bucket, troubled: Troubled, tmp_path: Path
) -> None:
    troubled.objects = {f"drops/{number:04}.mp4": b"" for number in range(5000)}
    store = Store(tmp_path / "data")
    assert len(bucket.listed("drops/")) == 5000
    first, second = look(store), look(store, after_s=1)
    assert [(len(found.batches), found.later, found.problems) for found in (first, second)] == [(5, 4000, []), (5, 3000, [])]
    assert len(str(first)) < 200
    assert len(held(store)) == len(set(held(store))) == 2000


def test_a_listing_that_breaks_off_takes_nothing_and_loses_nothing(
    troubled: Troubled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "_A_PAGE", 10)
    troubled.objects = {f"drops/{number:02}.mp4": b"" for number in range(15)}
    troubled.errors = [None, (404, "NoSuchBucket")]
    store = Store(tmp_path / "data")
    with pytest.raises(StorageError, match="NoSuchBucket"):
        look(store)
    assert store.batches() == ()
    look(store, after_s=1)
    assert len(held(store)) == 15


def test_what_appears_late_is_taken_once_also_where_it_goes_from_listings_and_comes_back(
    troubled: Troubled, tmp_path: Path
) -> None:
    troubled.objects = {"drops/a.mp4": b"one", "drops/late.mp4": b"other"}
    store, listings = (
        Store(tmp_path / "data"),
        [["a.mp4"], ["a.mp4"], ["late.mp4"], ["a.mp4", "late.mp4"], [], ["a.mp4", "late.mp4"]],
    )
    for turn, names in enumerate(listings):
        troubled.listed = [f"drops/{name}" for name in names]
        look(store, after_s=turn)
    assert held(store) == ["s3://cctv/drops/a.mp4", "s3://cctv/drops/late.mp4"]


def test_an_object_that_is_listed_before_it_can_be_read_fails_until_it_can(troubled: Troubled, tmp_path: Path) -> None:
    sources = Sources(tmp_path / "sources", limit_bytes=1000)
    for look_at in (sources.state, sources.file):
        with pytest.raises(MediaError, match=r"s3://cctv/a.mp4: no such object; put it back"):
            anyio.run(look_at, "s3://cctv/a.mp4")
    troubled.objects["a.mp4"] = b"content"
    assert anyio.run(sources.file, "s3://cctv/a.mp4").read_bytes() == b"content"


def test_a_list_that_cannot_be_read_yet_waits_and_stops_no_other(troubled: Troubled, tmp_path: Path) -> None:
    row = b'{"image_path": "a.png", "caption": "A car."}'
    troubled.objects = {"drops/b-denied.jsonl": row, "drops/c-good.jsonl": row}
    troubled.listed = ["drops/a-late.jsonl", *troubled.objects]
    troubled.errors = [None, None, DENIED]
    store = Store(tmp_path / "data")
    found = look(store)
    assert found.batches == ["c-good"]
    assert [problem.partition(": ")[0] for problem in found.problems] == [
        "s3://cctv/drops/a-late.jsonl",
        "s3://cctv/drops/b-denied.jsonl",
    ]
    troubled.objects["drops/a-late.jsonl"] = row
    assert look(store, after_s=1).batches == ["a-late", "b-denied"]


HOSTILE = ["../../evil", "x/../../../evil", "./evil", "..", "x/.."]


def test_a_key_that_leads_out_as_a_path_is_told_and_never_asked_for(troubled: Troubled, tmp_path: Path) -> None:
    troubled.listed = ["drops/a.mp4", *(f"drops/{key}/x.mp4" for key in HOSTILE)]
    store = Store(tmp_path / "data")
    problems = look(store).problems
    assert len(problems) == len(HOSTILE) and all("copy it to another key" in problem for problem in problems)
    assert held(store) == ["s3://cctv/drops/a.mp4"]
    assert not any("evil" in asked for asked in troubled.asked)


def test_a_key_in_the_stores_bucket_never_decides_where_this_machine_writes(troubled: Troubled, tmp_path: Path) -> None:
    troubled.listed = [f"data/batches/{key}/batch.json" for key in HOSTILE] + [
        f"data/journal/qa/{key}/x.jsonl" for key in HOSTILE
    ]
    troubled.objects = dict.fromkeys(troubled.listed, b"{}")
    store = Store.at("s3://cctv/data", BucketSettings(cache_dir=str(tmp_path / "cache")))
    assert store.batches() == ()
    store.journal_folder(Asset.QA)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
