"""The task files of one side of a data set: `tao-vl-reason-v1.0`, with the media beside them."""

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from vr_assets.export.grounded import SENTENCE
from vr_assets.export.release.choosing import ChosenImage, ChosenVideo
from vr_assets.export.task_files import BASELINE_TAG, SENTENCES
from vr_assets.records.batch import Batch
from vr_assets.records.row import Provenance
from vr_assets.records.task_file import GROUNDING, ImageItem, ImageTaskFile, Item, TaskFile, TaskFileMetadata, TaskName
from vr_assets.settings import BackendName, TaskFileSettings


@dataclass(frozen=True)
class Told:
    """What the metadata of the files says. `terms` are a batch's license and further words; `license` is that of the whole."""

    date: datetime.date
    terms: Callable[[Batch], TaskFileSettings]
    license: str = ""

    def license_of(self, batches: Iterable[Batch]) -> str:
        """As an SPDX expression, where the batches' own are SPDX names."""
        return self.license or " AND ".join(sorted({terms for batch in batches if (terms := self.terms(batch).license)}))

    def metadata(self, task: TaskName | None, batches: Sequence[Batch], *, baseline: bool) -> TaskFileMetadata:
        extra = dict.fromkeys(self.terms(batch).description_extra for batch in batches)
        return TaskFileMetadata(
            task=task or GROUNDING,
            date=self.date.isoformat(),
            description=" ".join(part for part in (SENTENCES[task] if task else SENTENCE, *extra) if part),
            license=self.license_of(batches),
            tags=(BASELINE_TAG,) if baseline else (),
        )


def task_files(videos: Sequence[ChosenVideo], images: Sequence[ChosenImage], told: Told) -> Iterator[tuple[str, bytes]]:
    """Names and contents. A part of a recording is a file of its own, so its items need no `start_s` and `end_s` to be shown."""
    for task in TaskName:
        holders = [video for video in videos if any(name is task for name, _ in video.items)]
        items = [_beside(item, video) for video in holders for name, item in video.items if name is task]
        if items:
            baseline = any(is_baseline(video.rows.provenance) for video in holders)
            metadata = told.metadata(task, _batches(holders), baseline=baseline)
            yield f"{task}.json", TaskFile(metadata=metadata, media_root=None, items=tuple(items)).to_text().encode()
    boxes = [ImageItem.model_validate({**item.model_dump(), "image_id": image.file}) for image in images for item in image.items]
    if boxes:
        metadata = told.metadata(None, _batches(images), baseline=any(is_baseline(image.row.provenance) for image in images))
        yield f"{GROUNDING}.json", ImageTaskFile(metadata=metadata, media_root=None, items=tuple(boxes)).to_text().encode()


def is_baseline(provenance: Iterable[Provenance]) -> bool:
    """Whether the offline annotator had a part in it."""
    return any(source.backend == BackendName.OPENCV for source in provenance)


def _beside(item: Item, video: ChosenVideo) -> Item:
    return item.model_copy(update={"video_id": video.file, "start_s": None, "end_s": None})


def _batches(chosen: Sequence[ChosenVideo] | Sequence[ChosenImage]) -> list[Batch]:
    return list({one.batch.name: one.batch for one in chosen}.values())
