"""All that the files of a version are a function of, and the hash of it."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from vr_assets.errors import ReleaseError
from vr_assets.export.release.choosing import Choice, ChosenImage, ChosenVideo, Known, Place, placed
from vr_assets.export.release.gathering import BatchRows
from vr_assets.export.release.models import models
from vr_assets.export.release.naming import Names
from vr_assets.export.release.placing import media_file
from vr_assets.export.release.samples import media_path, samples
from vr_assets.export.release.splitting import Member, groups, leaks, member, sides
from vr_assets.export.release.step_files import step_files
from vr_assets.export.release.task_files import Told
from vr_assets.records.base import Record
from vr_assets.records.release import Dataset, Sample
from vr_assets.settings import ReleaseForm, Settings, Split

RELEASE_VERSION = 1
"""Raise it when the same rows are written otherwise: their next release is then a new version."""

_LEAKS_SHOWN = 5


@dataclass(frozen=True)
class Content:
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


def content_of(dataset: Dataset, settings: Settings, batches: Sequence[BatchRows], known: Known, choice: Choice) -> Content:
    """The chosen ones with their files and sides, and what is said of them. The date is that of the newest batch or decision: the
    same rows have the same whenever they are released.

    Raises:
        ReleaseError: nothing is chosen, or a field that is to group is in no row.
    """
    chosen: list[ChosenVideo | ChosenImage] = [*choice.videos, *choice.images]
    if not chosen:
        reasons = ", ".join(f"{count} {why}" for why, count in Counter(one.why for one in choice.left_out).most_common())
        raise ReleaseError(f"{dataset.name}: nothing is left to release ({reasons or 'the batches are empty'})")
    _check_fields(batches, settings.release.group_by)
    # Of all that there is, so that what a reviewer rejects moves nothing to the other side.
    members = {place: one for rows in batches for place, one in _members(rows, known, settings.release.group_by)}
    found = dict(zip(members, sides([*members.values()], settings.release.validation_share), strict=True))
    group_of = dict(zip(members, groups([*members.values()]), strict=True))
    refuse_leaks([*members.values()], [*found.values()])
    names = Names()
    choice = replace(
        choice,
        videos=tuple(placed(one, names.of(one), found[one.place]) for one in choice.videos),
        images=tuple(placed(one, names.of(one), found[one.place]) for one in choice.images),
    )
    newest = max([*(rows.batch.created for rows in batches), choice.decided_at])
    of_batch = {rows.batch.name: rows.settings.task_files for rows in batches}
    told = Told(date.fromisoformat(newest[:10]), lambda batch: of_batch[batch.name], settings.release.license)
    all_samples = samples(choice.videos, choice.images, settings.release)
    of_chosen = tuple(group_of[one.place] for one in chosen)
    return Content(dataset, settings, tuple(batches), choice, of_chosen, tuple(all_samples), told)


def refuse_leaks(members: Sequence[Member], found: Sequence[Split]) -> None:
    """Raises ReleaseError: something is on both sides."""
    problems = leaks(members, found)
    if problems:
        raise ReleaseError(f"train and validation overlap, please report it: {'; '.join(problems[:_LEAKS_SHOWN])}")


def _check_fields(batches: Sequence[BatchRows], group_by: Sequence[str]) -> None:
    """A misspelt field would group nothing, and so leak."""
    known = {name for rows in batches for video in rows.videos for name in video.qa.fields}
    known |= {name for rows in batches for image in rows.images for name in image.fields}
    for name in group_by:
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise ReleaseError(f"release.group_by names {name!r}, a field that no row of these batches has; there are: {there}")


def _members(rows: BatchRows, known: Known, group_by: Sequence[str]) -> Iterator[tuple[Place, Member]]:
    for position, video in enumerate(rows.videos):
        place, row = (rows.batch.name, position), video.qa
        if row.media is not None:
            near = known.near.get(place)
            ids = [row.video_id, *([near.video_id] if near else [])]
            yield place, member(row.video, row.media.content, video_ids=ids, fields=row.fields, group_by=group_by)
    for position, image in enumerate(rows.images):
        if image.media is not None:
            yield (rows.batch.name, position), member(image.image, image.media.content, fields=image.fields, group_by=group_by)


def digest_of(content: Content) -> str:
    """Of all that the files hold. The card is left out, for costs go on growing: it tells of the first time."""
    sha = hashlib.sha256(f"{RELEASE_VERSION} {content.settings.release.model_dump_json()} {content.told.date}".encode())

    def add(record: Record) -> None:
        sha.update(record.to_line().encode() + b"\n")

    for one in content.chosen:
        add(media_file(media_path(one.split, one.file), one))
        sha.update(content.told.terms(one.batch).model_dump_json().encode())
        for item in [item for _, item in one.items] if isinstance(one, ChosenVideo) else one.items:
            add(item)
    for model in models([one.provenance for one in content.chosen]):
        add(model)
    if ReleaseForm.STEP_FILES in content.settings.release.forms:
        for _, text in step_files(content.choice.videos, content.choice.images):
            sha.update(text)
    for record in (*content.samples, *content.choice.left_out):
        add(record)
    return sha.hexdigest()
