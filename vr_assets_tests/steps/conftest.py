"""What the tests of ingest share."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import anyio
import pytest
from pydantic import JsonValue

from vr_assets.media.recordings import Recordings
from vr_assets.media.workers import Workers
from vr_assets.records.batch import ManifestRow
from vr_assets.settings import MediaSettings, resolve
from vr_assets.steps.ingest import take_in
from vr_assets.steps.intake import Intake
from vr_assets.storage import Store
from vr_assets_tests.clips import blank, write_clip
from vr_assets_tests.steps.taking_in import NOW, Ingest, place


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
