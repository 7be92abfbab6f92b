"""A data set, from batches to a version's folder that appears whole or not at all."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from vr_assets.errors import ReleaseError, StorageError
from vr_assets.export.release.card import card_of
from vr_assets.export.release.choosing import choose
from vr_assets.export.release.content import content_of, digest_of
from vr_assets.export.release.gathering import BatchRows, gather
from vr_assets.export.release.placing import Files
from vr_assets.export.release.tables import check_parquet
from vr_assets.export.release.task_files import is_baseline
from vr_assets.export.release.writing import CARD, cleared, publish, write
from vr_assets.media.proxies import alone
from vr_assets.media.workers import Workers
from vr_assets.records.batch import Batch
from vr_assets.records.release import Card, Dataset
from vr_assets.records.review import Finding
from vr_assets.settings import ReleaseForm, Settings, Status
from vr_assets.storage import Store


@dataclass(frozen=True)
class Released:
    """A version that is there. `is_new`: it was not before."""

    folder: Path
    card: Card
    is_new: bool


async def release(
    dataset: Dataset,
    store: Store,
    settings: Settings,
    *,
    settings_of: Callable[[Batch], Settings],
    findings_of: Callable[[Batch, Settings], Sequence[Finding]],
) -> Released:
    """Make the version that the batches give now; the one that is there, where nothing changed since it was made.

    Args:
        settings: of the release; `settings_of` has those of each batch.
        findings_of: what checks find in a batch.

    Raises:
        ReleaseError: nothing is left to release, or what there is must not be.
        SettingsError: a form cannot be written here.
        StorageError: rows cannot be read, or the version cannot be written.
        StageError: no media process can be started.
    """
    if ReleaseForm.PARQUET in settings.release.forms:
        check_parquet()
    batches = await anyio.to_thread.run_sync(
        lambda: gather(store, dataset.batches, settings_of=settings_of, findings_of=findings_of)
    )
    if not settings.release.allow_baseline:
        _refuse_baseline(batches)
    with closing(Workers(settings.media)) as workers:
        files = Files(store, settings, workers)
        known = await files.known(batches)
        choice = choose(batches, settings.release, known)
        content = content_of(dataset, settings, batches, known, choice)
        digest = digest_of(content)
        version = f"{content.told.date:%Y%m%d}-{digest[:8]}"
        parent = store.dataset_folder(dataset.name)
        parent.mkdir(parents=True, exist_ok=True)
        # Of two at once the second finds the first one's version.
        async with alone(parent / ".lock"):
            folder = parent / version
            if await anyio.to_thread.run_sync(store.is_there, folder / CARD):
                return Released(folder, Card.model_validate_json((folder / CARD).read_bytes()), is_new=False)
            card = card_of(content, version, digest, store)
            aside = cleared(parent)
            try:
                media = await files.place(content.chosen, aside)
                await anyio.to_thread.run_sync(write, aside, content, card, media)
                await anyio.to_thread.run_sync(publish, store, aside, folder)
            except OSError as error:
                raise StorageError(f"{folder}: cannot be written ({error.strerror}); check the disk and data_root") from error
            finally:
                shutil.rmtree(aside, ignore_errors=True)
    return Released(folder, card, is_new=True)


def _refuse_baseline(batches: Sequence[BatchRows]) -> None:
    found = {}
    for rows in batches:
        sources = [video.provenance for video in rows.videos if video.qa.status is Status.OK]
        sources += [image.provenance for image in rows.images if image.status is Status.OK]
        found[rows.batch.name] = sum(map(is_baseline, sources))
    named = ", ".join(f"{name} ({count})" for name, count in found.items() if count)
    if named:
        raise ReleaseError(
            f"rows of the offline annotator (opencv) are no data to train on; batches with such rows: {named}. Annotate them "
            "with a model (`vr-assets run --batch NAME --backend gemini`), leave them out, or, for a dry run, release them with "
            "--set release.allow_baseline=true"
        )
