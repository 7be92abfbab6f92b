"""What of the gathered rows is released, and the line in `left_out.jsonl` of all that is not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from vr_assets.export.grounded import image_item
from vr_assets.export.release.gathering import BatchRows, VideoRows
from vr_assets.export.release.reviewing import Refused, Reviews, rejected
from vr_assets.export.task_items import below_root, items_of_one
from vr_assets.records.batch import Batch
from vr_assets.records.image import GroundedImage, ImageMedia
from vr_assets.records.release import LeftOut, Why
from vr_assets.records.review import Decision, Verdict, fingerprint, item_id
from vr_assets.records.row import Provenance, VideoMedia
from vr_assets.records.task_file import ImageItem, Item, TaskName
from vr_assets.records.video import NearDuplicate, QaVideo
from vr_assets.settings import QaType, ReleaseForm, ReleaseSettings, Split, Status

# A video or image of one batch, by its row's place there.
Place = tuple[str, int]


@dataclass(frozen=True)
class ChosenVideo:
    """A video with at least one item. `untouched` are the QA types of which nothing was left out or edited, so that their raw
    replies may be told. `with_captions`: no reviewer is needed for its captions, or one accepted the video.
    """

    batch: Batch
    place: Place
    rows: VideoRows
    media: VideoMedia
    items: tuple[tuple[TaskName, Item], ...]
    untouched: frozenset[QaType]
    with_captions: bool
    file: str = ""
    split: Split = Split.TRAIN

    @property
    def provenance(self) -> tuple[Provenance, ...]:
        return self.rows.provenance


@dataclass(frozen=True)
class ChosenImage:
    """An image with a caption, and at least one item."""

    batch: Batch
    place: Place
    row: GroundedImage
    media: ImageMedia
    items: tuple[ImageItem, ...]
    file: str = ""
    split: Split = Split.TRAIN

    @property
    def provenance(self) -> tuple[Provenance, ...]:
        return self.row.provenance


Chosen = TypeVar("Chosen", ChosenVideo, ChosenImage)


@dataclass(frozen=True)
class Choice:
    """`outdated` are decisions about what is not there any more, each with its batch; `decided_at` is of the last one applied."""

    videos: tuple[ChosenVideo, ...]
    images: tuple[ChosenImage, ...]
    left_out: tuple[LeftOut, ...]
    outdated: tuple[tuple[str, Decision], ...]
    decided_at: str


@dataclass(frozen=True)
class Known:
    """What is known of the files: those that cannot be had, and of videos the first that they are nearly the same as."""

    missing: Mapping[Place, str] = field(default_factory=dict)
    near: Mapping[Place, NearDuplicate] = field(default_factory=dict)


def choose(batches: Sequence[BatchRows], settings: ReleaseSettings, known: Known) -> Choice:
    """Raises ReleaseError: a reviewer's edit cannot be used."""
    choosing = _Choosing(settings, known)
    for rows in batches:
        choosing.take(rows)
    return Choice(
        tuple(choosing.videos),
        tuple(choosing.images),
        tuple(choosing.left_out),
        tuple(choosing.outdated),
        max(choosing.decided_at, default=""),
    )


class _Choosing:
    def __init__(self, settings: ReleaseSettings, known: Known) -> None:
        self._settings = settings
        self._known = known
        self._asked: dict[tuple[object, ...], str] = {}
        self._indexes: set[str] = set()
        self.videos: list[ChosenVideo] = []
        self.images: list[ChosenImage] = []
        self.left_out: list[LeftOut] = []
        self.outdated: list[tuple[str, Decision]] = []
        self.decided_at: list[str] = []

    def take(self, rows: BatchRows) -> None:
        name, reviews = rows.batch.name, Reviews(rows, self._settings)
        for position, video in enumerate(rows.videos):
            self._take_video(rows.batch, video, reviews, (name, position))
        for position, image in enumerate(rows.images):
            self._take_image(rows.batch, image, reviews, (name, position))
        self.outdated += [(name, decision) for decision in reviews.outdated]
        self.decided_at += [decision.at for decision in reviews.applied.values()]

    def _take_video(self, batch: Batch, rows: VideoRows, reviews: Reviews, place: Place) -> None:
        row = rows.qa
        about = _About(batch, row.video)
        decision = reviews.decision(row.video_id, [fingerprint(row)])
        refused = self._refused(row, place) or _refused_whole(reviews, row.video_id, decision)
        if refused:
            self._leave_out(row.video_id, refused, reviews, about)
            return
        self.left_out += [
            about.left_out(f"{row.video_id}/{failure.what}", Refused(Why.NOT_OK, failure.reason)) for failure in row.failures
        ]
        accepted = decision is not None
        items: list[tuple[TaskName, Item]] = []
        untouched = set()
        for qa_set in row.qa:
            kept = list(self._items(rows.qa, qa_set.qa_type, reviews, about, accepted=accepted))
            items += [item for found, _ in kept for item in found]
            if len(kept) == len(qa_set.items) and not any(edited for _, edited in kept):
                untouched.add(qa_set.qa_type)
            elif kept and ReleaseForm.STEP_FILES in self._settings.forms:
                said = "step_3_qa: the raw reply tells what was left out or edited; what stays of it is in the other files"
                self.left_out.append(about.left_out(f"{row.video_id}/{qa_set.qa_type}", Refused(Why.RAW_REPLY, said)))
        if items:
            assert row.media is not None
            self.videos.append(
                ChosenVideo(
                    batch=batch,
                    place=place,
                    rows=rows,
                    media=row.media,
                    items=tuple(items),
                    untouched=frozenset(untouched),
                    with_captions=accepted or not self._settings.only_accepted,
                )
            )

    def _items(
        self, row: QaVideo, qa_type: QaType, reviews: Reviews, about: "_About", *, accepted: bool
    ) -> Iterator[tuple[list[tuple[TaskName, Item]], bool]]:
        """For each QA item that stays what it gives to task files, and whether it was edited."""
        qa_set = next(one for one in row.qa if one.qa_type is qa_type)
        for position, qa in enumerate(qa_set.items):
            subject = item_id(row.video_id, qa_type, position)
            judged = reviews.judged_item(subject, qa, accepted=accepted)
            if isinstance(judged, Refused):
                self.left_out.append(about.left_out(subject, judged))
                continue
            found = items_of_one(row, qa_type, judged, position=position, media_root=None)
            for failure in found.failures:
                self.left_out.append(about.left_out(subject, Refused(Why.UNWRITABLE, f"{failure.what}: {failure.reason}")))
            kept = [
                (task, self._numbered(item, about)) for task, item in found.items if self._is_new(task, item, row, subject, about)
            ]
            if kept:
                yield kept, judged is not qa

    def _is_new(self, task: TaskName, item: Item, row: QaVideo, subject: str, about: "_About") -> bool:
        assert row.media is not None
        asked = (task, row.media.content, row.media.part_start_s, row.media.part_end_s, item.question)
        first = self._asked.setdefault(asked, f"{about.batch}: {subject}")
        if first == f"{about.batch}: {subject}":
            return True
        self.left_out.append(about.left_out(subject, Refused(Why.REPEATED, f"{task}: asked of the same video in {first}")))
        return False

    def _numbered(self, item: Item, about: "_About") -> Item:
        """An item of a video that an older batch has too gets an index of its own."""
        if item.item_index in self._indexes:
            item = item.model_copy(update={"item_index": f"{item.item_index}-{about.batch}"})
        self._indexes.add(item.item_index)
        return item

    def _take_image(self, batch: Batch, row: GroundedImage, reviews: Reviews, place: Place) -> None:
        about = _About(batch, row.image)
        refused = self._refused(row, place)
        decision = reviews.decision(row.image_id, [fingerprint(row)])
        refused = refused or _refused_whole(reviews, row.image_id, decision)
        if refused:
            self._leave_out(row.image_id, refused, reviews, about)
            return
        media = row.media
        assert media is not None
        kept = []
        for expression in row.expressions:
            subject = f"{row.image_id}/{expression.expression_id}"
            judged = reviews.judged(subject, expression, accepted=decision is not None)
            asked = (media.content, expression.text)
            if isinstance(judged, Refused):
                self.left_out.append(about.left_out(subject, judged))
            elif not judged.instances:
                self.left_out.append(about.left_out(subject, Refused(Why.UNWRITABLE, f"{judged.grounded}: no box")))
            elif asked in self._asked:
                said = f"asked of the same image in {self._asked[asked]}"
                self.left_out.append(about.left_out(subject, Refused(Why.REPEATED, said)))
            else:
                self._asked[asked] = f"{batch.name}: {subject}"
                kept.append(judged)
        if kept:
            row = row.model_copy(update={"expressions": tuple(kept)})
            items = tuple(image_item(row, expression, media, path=media.path) for expression in kept)
            self.images.append(ChosenImage(batch, place, row, media, items))

    def _leave_out(self, subject: str, refused: Refused, reviews: Reviews, about: "_About") -> None:
        """As a whole. What a row that is not ok no longer holds was decided about in vain."""
        self.left_out.append(about.left_out(subject, refused))
        if refused.why is not Why.NOT_OK:
            reviews.pass_over(subject)

    def _refused(self, row: QaVideo | GroundedImage, place: Place) -> Refused | None:
        if row.status is not Status.OK or row.media is None:
            return Refused(Why.NOT_OK, f"{row.status}: {row.reason}")
        if place in self._known.missing:
            return Refused(Why.MEDIA, self._known.missing[place])
        near = self._known.near.get(place)
        if near is not None and self._settings.drop_near_duplicates:
            return Refused(Why.NEAR_DUPLICATE, f"nearly the same as {near.video_id} in batch {near.batch}")
        return None


@dataclass(frozen=True)
class _About:
    of: Batch
    path: str

    @property
    def batch(self) -> str:
        return self.of.name

    def left_out(self, subject: str, refused: Refused) -> LeftOut:
        """Paths are told without the folder that they lie in here: the list is handed on with the data."""
        path = below_root(self.path, self.of.source_root)
        said = refused.said.replace(self.path, path)
        return LeftOut(batch=self.batch, subject=subject, path=path, why=refused.why, said=said)


def _refused_whole(reviews: Reviews, subject: str, decision: Decision | None) -> Refused | None:
    """Why a video or image is left out as a whole."""
    if decision is None:
        return reviews.finding(subject)
    return rejected(decision) if decision.verdict is Verdict.REJECT else None


def placed(chosen: Chosen, file: str, split: Split) -> Chosen:
    """With its file and side."""
    return replace(chosen, file=file, split=split)
