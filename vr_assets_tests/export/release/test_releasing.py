"""A version: whole or not at all, the same bytes for the same inputs, and no baseline by mistake."""

from contextlib import closing
from pathlib import Path

import pytest

from vr_assets import bucket as buckets
from vr_assets.errors import ReleaseError, StorageError
from vr_assets.media.library import MediaLibrary
from vr_assets.media.workers import Workers
from vr_assets.records.batch import ManifestRow
from vr_assets.records.release import Why
from vr_assets.records.review import Verdict
from vr_assets.records.video import QaVideo
from vr_assets.settings import Asset, BucketSettings, LongVideoSettings, MediaSettings, QaType, ReleaseForm, Split, Status
from vr_assets.storage import Store
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.drawn_scenes import FPS
from vr_assets_tests.export.release.batches import AT, a_batch, a_store, a_video, decided, released
from vr_assets_tests.media.asked import known
from vr_assets_tests.media.test_near_duplicates import street
from vr_assets_tests.servers.s3 import s3_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return a_store(tmp_path_factory.mktemp("store"))


@pytest.fixture
def plain(tmp_path: Path) -> Store:
    """One batch of one clip, for what changes it."""
    clip = write_clip(tmp_path / "clip.mp4", moving_box(8), 8)
    return a_plain(Store(tmp_path / "data"), a_video(clip))


def a_plain(store: Store, *rows: QaVideo) -> Store:
    store.create_batch(a_batch("cams", Path(rows[0].video).parent), [ManifestRow(video_path=row.video) for row in rows])
    store.write_rows("cams", Asset.QA, rows)
    return store


def row_of(store: Store) -> QaVideo:
    rows = store.read_rows("cams", Asset.QA, QaVideo)
    assert rows
    return rows[0]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_inputs_give_the_same_bytes_in_whatever_order_and_an_unchanged_release_is_none(store: Store) -> None:
    forms = ",".join(ReleaseForm)
    first = released(store, forms=forms, name="one")
    other = released(store, "pictures", "more", "cams", forms=forms, name="two")
    assert first.is_new and other.is_new
    assert first.card.version == other.card.version
    ours, theirs = contents(first.folder), contents(other.folder)
    named = {"card.json", "README.md"}
    assert {name: ours[name] for name in ours.keys() - named} == {name: theirs[name] for name in theirs.keys() - named}
    assert {name: ours[name].replace(b"one", b"two") for name in named} == {
        name: theirs[name].replace(b"one", b"two") for name in named
    }
    again = released(store, forms=forms, name="one")
    assert (again.is_new, again.folder, contents(again.folder)) == (False, first.folder, ours)


def test_whole_media_take_no_room_of_their_own(store: Store) -> None:
    made = released(store, "cams", name="linked")
    (clip,) = made.folder.glob("*/videos/cam1/clip.mp4")
    assert clip.samefile(store.root.parent / "footage" / "cam1" / "clip.mp4")


def test_parts_of_one_recording_and_copies_in_other_batches_are_on_one_side(store: Store) -> None:
    for share in (0.3, 0.5, 0.7):
        made = released(store, name=f"at-{share}", validation_share=share)
        parts = {path.relative_to(made.folder).parts[0] for path in made.folder.glob("*/videos/cam2/*.mp4")}
        assert len(parts) == 1
        assert sum(told.groups for told in made.card.splits.values()) == 4


def test_copies_that_were_annotated_apart_are_found_and_on_one_side(tmp_path: Path) -> None:
    """Each batch was compared with nothing; what the decode measured of the videos is enough to compare them now."""
    images = street(1)
    clips = [write_clip(tmp_path / f"{crf}.mp4", images, FPS, options={"crf": crf}) for crf in ("23", "36")]
    store = Store(tmp_path / "data")
    for name, row in zip(("cams", "more"), map(a_video, clips), strict=True):
        store.create_batch(a_batch(name, tmp_path), [ManifestRow(video_path=row.video)])
        store.write_rows(name, Asset.QA, [row])
    with closing(Workers(MediaSettings(workers=1))) as workers:
        library = MediaLibrary(store.media_folder, MediaSettings(), LongVideoSettings(), workers)
        for clip in clips:
            known(library, clip)
    made = released(store, "cams", "more")
    assert sum(told.groups for told in made.card.splits.values()) == 1
    dropped = released(store, "cams", "more", drop_near_duplicates=True)
    assert dropped.card.left_out[Why.NEAR_DUPLICATE] == 1
    left = (dropped.folder / "left_out.jsonl").read_text()
    assert f"nearly the same as {a_video(clips[0]).video_id} in batch cams" in left


def test_a_decision_makes_a_new_version_of_its_date_and_the_old_one_stays(plain: Store) -> None:
    before = released(plain, "cams")
    plain.add_decision("cams", decided(row_of(plain), QaType.MCQ, Verdict.REJECT))
    after = released(plain, "cams")
    assert after.is_new and after.card.version != before.card.version
    assert (before.card.date, after.card.date) == ("2026-01-02", AT[:10])
    assert before.folder.is_dir() and "mcq" not in after.card.tasks


def test_more_answers_that_cost_more_make_no_new_version(plain: Store) -> None:
    before = released(plain, "cams")
    row = row_of(plain)
    keys = tuple(source.model_copy(update={"keys": ("another",)}) for source in row.provenance)
    plain.write_rows("cams", Asset.QA, [row.model_copy(update={"provenance": keys})])
    assert not released(plain, "cams").is_new
    assert released(plain, "cams").card == before.card


def test_what_fails_leaves_no_version_and_what_a_killed_one_left_goes(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_box(8), 8)
    beyond = a_video(clip, part=(50.0, 52.0))
    store = a_plain(Store(tmp_path / "data"), beyond, a_video(clip))
    folder = store.dataset_folder("set")
    (folder / ".aside-killed" / "train").mkdir(parents=True)
    with pytest.raises(ReleaseError, match=r"clip\.mp4: no frame between 50 and 52 s"):
        released(store, "cams")
    assert list(folder.iterdir()) == []


def test_a_source_that_is_gone_is_named_and_the_others_are_released(tmp_path: Path) -> None:
    clips = [write_clip(tmp_path / f"{name}.mp4", moving_box(8, box_px=size), 8) for name, size in (("a", 20), ("b", 24))]
    store = a_plain(Store(tmp_path / "data"), *map(a_video, clips))
    clips[0].unlink()
    made = released(store, "cams")
    assert made.card.left_out[Why.MEDIA] == 1
    assert sum(told.videos for told in made.card.splits.values()) == 1


def test_rows_of_the_baseline_are_refused_and_tagged_where_they_are_allowed(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_box(8), 8)
    store = a_plain(Store(tmp_path / "data"), a_video(clip, backend="opencv"))
    with pytest.raises(ReleaseError, match=r"cams \(1\).*--set release\.allow_baseline=true"):
        released(store, "cams")
    made = released(store, "cams", allow_baseline=True)
    assert made.card.baseline and "baseline annotator" in (made.folder / "README.md").read_text()
    files = [path for split in Split for path in (made.folder / split).glob("*.json")]
    assert files and all('"baseline-annotator"' in path.read_text() for path in files)


def test_batches_without_anything_to_release_say_what_to_do(tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    with pytest.raises(StorageError, match="no batch 'cams'"):
        released(store, "cams")
    store.create_batch(a_batch("cams", None), [ManifestRow(video_path="/a.mp4")])
    with pytest.raises(ReleaseError, match="vr-assets run --batch cams"):
        released(store, "cams")
    store.write_rows("cams", Asset.QA, [QaVideo(video_id="a", video="/a.mp4", status=Status.FAILED, reason="broken")])
    with pytest.raises(ReleaseError, match=r"nothing is left to release \(1 not_ok\)"):
        released(store, "cams")


def test_a_field_that_groups_puts_its_videos_on_one_side_and_a_misspelt_one_is_refused(store: Store) -> None:
    made = released(store, "cams", name="grouped", group_by="camera")
    assert sum(told.groups for told in made.card.splits.values()) == 2, "one clip has it, the parts do not"
    with pytest.raises(ReleaseError, match=r"release\.group_by names 'cam'.*there are: camera"):
        released(store, "cams", group_by="cam")


def test_in_a_bucket_the_card_comes_last_and_another_machine_finds_the_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_box(8), 8)
    with s3_server(tmp_path / "log") as server:
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        buckets._client_of.cache_clear()
        server.make_bucket("cctv")
        stores = [Store.at("s3://cctv/p", BucketSettings(cache_dir=str(tmp_path / name))) for name in ("one", "other")]
        a_plain(stores[0], a_video(clip))
        made = released(stores[0], "cams")
        prefix = f"p/datasets/set/{made.card.version}/"
        keys = {key.removeprefix(prefix) for key in server.keys("cctv") if key.startswith(prefix)}
        assert keys == contents(made.folder).keys()
        put = [line for line in (tmp_path / "log").read_text().splitlines() if f"PUT /cctv/{prefix}" in line]
        assert f"{prefix}card.json" in put[-1]
        again = released(stores[1], "cams")
        assert (again.is_new, again.card) == (False, made.card)
