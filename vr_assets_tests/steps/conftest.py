"""What the tests of ingest share."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

import anyio
import pytest
from pydantic import JsonValue

from vr_assets.media.recordings import Recordings
from vr_assets.media.workers import Workers
from vr_assets.records.batch import ManifestRow
from vr_assets.settings import MediaSettings, resolve
from vr_assets.steps.drops import Look, look_for_drops
from vr_assets.steps.ingest import take_in
from vr_assets.steps.intake import Intake
from vr_assets.storage import Store
from vr_assets_tests.clips import blank, write_clip
from vr_assets_tests.steps.taking_in import NOW, Ingest, place

Looking = Callable[..., Look]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds."""
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", blank(10, size=(64, 48), level=90), 2)


@pytest.fixture
def footage(tmp_path: Path, clip: Path) -> Path:
    folder = tmp_path / "footage"
    place(clip, folder / "cam1" / "a.mp4", folder / "cam1" / "b.MKV", folder / "cam2" / "a.mp4")
    (folder / "cam1" / "notes.txt").write_text("not a video")
    return folder


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers(MediaSettings(workers=2))
    yield made
    made.close()


@pytest.fixture
def ingest(workers: Workers, tmp_path: Path) -> Ingest:
    """Takes in and registers, as the command does; `given` are settings by dotted name."""

    def take(
        *paths: Path, store: Store | None = None, family: str | None = None, given: Mapping[str, JsonValue] | None = None
    ) -> Intake[ManifestRow]:
        given = given or {}
        store = store or Store(tmp_path / "data")
        settings = resolve(("test", given)).settings
        recordings = Recordings(store.media_folder, workers)
        taking_in = partial(
            take_in, paths, store=store, recordings=recordings, family=family, settings=settings, explicit=given, now=NOW
        )
        intake = anyio.run(taking_in)
        for batch in intake.batches:
            store.create_batch(batch.batch, batch.rows)
        return intake

    return take


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "drops"
    made.mkdir()
    return made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


@pytest.fixture
def look(workers: Workers, store: Store, folder: Path) -> Looking:
    """One look so many seconds after the first; files settle in 60 s, and a batch closes after 900 s or at two videos."""

    def at(seconds: float, **given: JsonValue) -> Look:
        layer: Mapping[str, JsonValue] = {
            "drops.folder": str(folder),
            "ingest.batch_size": 2,
            **{name.replace("__", "."): value for name, value in given.items()},
        }
        settings = resolve(("test", layer)).settings
        recordings = Recordings(store.media_folder, workers)
        return anyio.run(partial(look_for_drops, store, recordings, settings, now=NOW + timedelta(seconds=seconds)))

    return at
