"""A data set, from batches to a version's folder that appears whole or not at all."""

import hashlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import anyio.to_thread
from filelock import FileLock

from vr_assets.backends.spending import spent
from vr_assets.errors import ReleaseError, StorageError
from vr_assets.export.release import card as cards
from vr_assets.export.release.choosing import Choice, ChosenImage, ChosenVideo, choose, placed
from vr_assets.export.release.conversations import conversation_file
from vr_assets.export.release.gathering import BatchRows, gather
from vr_assets.export.release.naming import Names
from vr_assets.export.release.placing import Files, MediaFile, media_file
from vr_assets.export.release.samples import media_path, samples
from vr_assets.export.release.shards import write_shards
from vr_assets.export.release.splitting import Member, groups, leaks, member, sides
from vr_assets.export.release.step_files import step_files
from vr_assets.export.release.tables import check_parquet, write_parquet
from vr_assets.export.release.task_files import Told, is_baseline, task_files
from vr_assets.media.workers import Workers
from vr_assets.records.base import Record
from vr_assets.records.batch import Batch
from vr_assets.records.release import BatchTold, Card, Dataset, Sample
from vr_assets.records.review import Finding
from vr_assets.records.row import Provenance
from vr_assets.settings import ReleaseForm, Settings, Split, Status
from vr_assets.storage import Store

RELEASE_VERSION = 1
"""Raise it when the same rows are written otherwise: their next release is then a new version."""

CARD = "card.json"
_CONVERSATIONS = (ReleaseForm.SHAREGPT, ReleaseForm.LLAVA_VIDEO, ReleaseForm.QWEN_VL)
_LEAKS_SHOWN = 5


@dataclass(frozen=True)
class Released:
    """A version that is there. `is_new`: it was not before."""

    folder: Path
    card: Card
    is_new: bool


@dataclass(frozen=True)
class _Content:
    """All that a version's files are a function of, its media aside."""

    dataset: Dataset
    settings: Settings
    batches: tuple[BatchRows, ...]
    choice: Choice
    groups: tuple[int, ...]
    samples: tuple[Sample, ...]
    told: Told

    @property
    def chosen(self) -> tuple[ChosenVideo | ChosenImage, ...]:
        return (*self.choice.videos, *self.choice.images)


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
        content = _content(dataset, settings, batches, choose(batches, settings.release, await files.known(batches)))
        digest = _digest(content)
        version = f"{content.told.date:%Y%m%d}-{digest[:8]}"
        parent = store.dataset_folder(dataset.name)
        parent.mkdir(parents=True, exist_ok=True)
        # Two releases at once: the second finds the first one's version.
        with FileLock(parent / ".lock"):
            folder = parent / version
            if await anyio.to_thread.run_sync(store.is_there, folder / CARD):
                return Released(folder, Card.model_validate_json((folder / CARD).read_bytes()), is_new=False)
            card = _card(content, version, digest, store)
            aside = _cleared(parent)
            try:
                media = await files.place(content.chosen, aside)
                await anyio.to_thread.run_sync(_write, aside, content, card, media)
                await anyio.to_thread.run_sync(_publish, store, aside, folder)
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


def _content(dataset: Dataset, settings: Settings, batches: Sequence[BatchRows], choice: Choice) -> _Content:
    chosen: list[ChosenVideo | ChosenImage] = [*choice.videos, *choice.images]
    if not chosen:
        reasons = ", ".join(f"{count} {why}" for why, count in Counter(one.why for one in choice.left_out).most_common())
        raise ReleaseError(f"{dataset.name}: nothing is left to release ({reasons or 'the batches are empty'})")
    members = [_member(one, settings.release.group_by) for one in chosen]
    found = sides(members, settings.release.validation_share)
    refuse_leaks(members, found)
    names, of_images = Names(), found[len(choice.videos) :]
    choice = replace(
        choice,
        videos=tuple(placed(one, names.of(one), side) for one, side in zip(choice.videos, found, strict=False)),
        images=tuple(placed(one, names.of(one), side) for one, side in zip(choice.images, of_images, strict=True)),
    )
    newest = max([*(rows.batch.created for rows in batches), choice.decided_at])
    of_batch = {rows.batch.name: rows.settings.task_files for rows in batches}
    told = Told(date.fromisoformat(newest[:10]), lambda batch: of_batch[batch.name], settings.release.license)
    all_samples = samples(choice.videos, choice.images, settings.release)
    return _Content(dataset, settings, tuple(batches), choice, tuple(groups(members)), tuple(all_samples), told)


def refuse_leaks(members: Sequence[Member], found: Sequence[Split]) -> None:
    """Raises ReleaseError: something is on both sides."""
    problems = leaks(members, found)
    if problems:
        raise ReleaseError(f"train and validation overlap, please report it: {'; '.join(problems[:_LEAKS_SHOWN])}")


def _member(one: ChosenVideo | ChosenImage, group_by: Sequence[str]) -> Member:
    if isinstance(one, ChosenImage):
        return member(one.media.path, one.media.content, fields=one.fields, group_by=group_by)
    ids = [one.rows.qa.video_id, *([one.near] if one.near else [])]
    return member(one.media.path, one.media.content, video_ids=ids, fields=one.fields, group_by=group_by)


def _digest(content: _Content) -> str:
    """Of all that the files hold. The card is left out, for costs go on growing: it tells of the first time."""
    sha = hashlib.sha256(f"{RELEASE_VERSION} {content.settings.release.model_dump_json()} {content.told.date}".encode())

    def add(record: Record) -> None:
        sha.update(record.to_line().encode() + b"\n")

    for one in content.chosen:
        add(media_file(media_path(one.split, one.file), one))
        sha.update(content.told.terms(one.batch).model_dump_json().encode())
        for item in [item for _, item in one.items] if isinstance(one, ChosenVideo) else one.items:
            add(item)
    for model in cards.models(map(_provenance, content.chosen)):
        add(model)
    if ReleaseForm.STEP_FILES in content.settings.release.forms:
        for _, text in step_files(content.choice.videos, content.choice.images):
            sha.update(text)
    for record in (*content.samples, *content.choice.left_out):
        add(record)
    return sha.hexdigest()


def _card(content: _Content, version: str, digest: str, store: Store) -> Card:
    chosen, release_settings = content.chosen, content.settings.release
    sources = list(map(_provenance, chosen))
    return Card(
        name=content.dataset.name,
        version=version,
        date=content.told.date.isoformat(),
        digest=digest,
        license=content.told.license_of(rows.batch for rows in content.batches),
        baseline=any(map(is_baseline, sources)),
        forms=release_settings.forms,
        settings=release_settings.model_dump(mode="json"),
        batches=tuple(_batch_told(rows, chosen, store) for rows in content.batches),
        splits=cards.splits(chosen, content.groups, content.samples),
        tasks=cards.tasks(content.samples),
        answers=cards.answers(content.samples),
        modes=dict(sorted(Counter(str(one.rows.qa.mode) for one in content.choice.videos).items())),
        lengths=cards.lengths(content.samples, chosen),
        models=cards.models(sources),
        left_out=dict(Counter(one.why for one in content.choice.left_out).most_common()),
        outdated_decisions=tuple(f"{name}: {one.verdict} {one.subject}, {one.at}" for name, one in content.choice.outdated),
    )


def _provenance(one: ChosenVideo | ChosenImage) -> tuple[Provenance, ...]:
    return one.rows.provenance if isinstance(one, ChosenVideo) else one.row.provenance


def _batch_told(rows: BatchRows, chosen: Sequence[ChosenVideo | ChosenImage], store: Store) -> BatchTold:
    name = rows.batch.name
    paid = spent(store.spending_file, batch=name)
    return BatchTold(
        name=name,
        graph=rows.batch.graph,
        created=rows.batch.created,
        rows=len(rows.videos) + len(rows.images),
        released=sum(one.batch.name == name for one in chosen),
        license=rows.settings.task_files.license,
        domain=rows.settings.prompts.prompts_module,
        cost_usd=round(paid.usd, 6),
        calls=paid.calls,
        unpriced_calls=paid.unpriced,
    )


def _write(folder: Path, content: _Content, card: Card, media: Sequence[MediaFile]) -> None:
    """All files of a version but its media, and all of it to the disk."""
    forms = content.settings.release.forms
    for split in Split:
        videos = [one for one in content.choice.videos if one.split is split]
        images = [one for one in content.choice.images if one.split is split]
        told = [one for one in content.samples if one.split is split]
        for name, text in task_files(videos, images, content.told):
            _put(folder / split / name, text)
        if ReleaseForm.STEP_FILES in forms:
            for name, text in step_files(videos, images):
                _put(folder / split / name, text)
        for form in [form for form in forms if form in _CONVERSATIONS]:
            suffix, text = conversation_file(form, told, with_reasoning=content.settings.release.with_reasoning)
            _put(folder / form / f"{split}.{suffix}", text)
        if ReleaseForm.PARQUET in forms:
            (folder / ReleaseForm.PARQUET).mkdir(exist_ok=True)
            write_parquet(folder / ReleaseForm.PARQUET / f"{split}.parquet", told)
        if ReleaseForm.WEBDATASET in forms:
            (folder / ReleaseForm.WEBDATASET).mkdir(exist_ok=True)
            limit_bytes = int(content.settings.release.shard_mb * 1e6)
            write_shards(folder / ReleaseForm.WEBDATASET, told, root=folder, split=split, limit_bytes=limit_bytes)
    _put(folder / "media.jsonl", _lines(media))
    _put(folder / "left_out.jsonl", _lines(content.choice.left_out))
    drawn = cards.plots(card)
    for name, text in {**drawn, "README.md": cards.readme(card, drawn), CARD: _indented(card)}.items():
        _put(folder / name, text)
    for path in folder.rglob("*"):
        _sync(path)


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _sync(path: Path) -> None:
    """What was written here must bear a power cut once the folder has its name."""
    if path.stat().st_nlink == 1 or path.is_dir():
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _lines(records: Sequence[Record]) -> bytes:
    return "".join(f"{record.to_line()}\n" for record in records).encode()


def _indented(card: Card) -> bytes:
    return f"{card.model_dump_json(indent=2)}\n".encode()


def _cleared(parent: Path) -> Path:
    """A new folder aside; those that killed releases left go."""
    for left in parent.glob(".aside-*"):
        shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=parent, prefix=".aside-"))


def _publish(store: Store, aside: Path, folder: Path) -> None:
    """The folder under its name; where the store is a bucket, the card goes there last."""
    try:
        aside.chmod(0o755)
        if folder.exists():
            # In a bucket's copy: what is there was never put in whole.
            shutil.rmtree(folder)
        aside.rename(folder)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written ({error.strerror}); check the disk and data_root") from error
    if store.mirror:
        for path in sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: (path.name == CARD, path)):
            store.mirror.publish(path)
