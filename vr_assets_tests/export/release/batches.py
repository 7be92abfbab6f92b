"""Batches with real media and rows that are written by hand, and releases of them."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import anyio
import cv2
from pydantic import JsonValue

from vr_assets.export.release.gathering import BatchRows, VideoRows
from vr_assets.export.release.releasing import Released, release
from vr_assets.records.batch import Batch, ImageEntry, ManifestRow
from vr_assets.records.image import Expression, Grounded, GroundedImage, ImageMedia, Instance
from vr_assets.records.release import Dataset
from vr_assets.records.review import Decision, Finding, Mark, Verdict, fingerprint, item_id
from vr_assets.records.row import Provenance
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaption,
    ChunkCaptionedVideo,
    DescribedVideo,
    HighlightChunk,
    HighlightedVideo,
    QaItem,
    QaSet,
    QaVideo,
)
from vr_assets.settings import Asset, Graph, QaType, ReleaseSettings, Settings, Status, Task, resolve
from vr_assets.storage import Store
from vr_assets_tests.clips import blank, counting, moving_box, write_clip
from vr_assets_tests.export.rows import a_row

AT = "2026-01-05T10:00:00+00:00"
CREATED = {"cams": "2026-01-02T00:00:00+00:00", "more": "2026-01-03T00:00:00+00:00", "pictures": "2026-01-04T00:00:00+00:00"}
ALL = tuple(CREATED)


def a_batch(name: str, root: Path | None, graph: Graph = Graph.VIDEOS) -> Batch:
    source_root = None if root is None else str(root)
    return Batch(name=name, family=name, source_root=source_root, created=CREATED.get(name, CREATED["cams"]), graph=graph)


def a_video(
    path: Path,
    sets: Sequence[QaSet] | None = None,
    *,
    part: tuple[float, float] | None = None,
    duration_s: float = 2.0,
    backend: str = "gemini",
    fields: dict[str, JsonValue] | None = None,
) -> QaVideo:
    """A row of qa, whose media is the file that is there."""
    row = a_row(path, sets, duration_s=duration_s, part=part, backend=backend, fields=fields)
    content = hashlib.sha256(path.read_bytes() if path.is_file() else str(path).encode()).hexdigest()
    suffix = "" if part is None else f"@{part[0]:.3f}-{part[1]:.3f}"
    assert row.media is not None
    return row.model_copy(
        update={"video_id": f"{content[:16]}{suffix}", "media": row.media.model_copy(update={"content": content})}
    )


def told(qa: QaVideo) -> VideoRows:
    """With what the other stages said of it."""
    carried = {"status": Status.OK, **qa.carried()}
    return VideoRows(
        qa=qa,
        filtered=None,
        captions=CaptionedVideo(
            **carried,
            provenance=(made_by(Task.GLOBAL_CAPTION), made_by(Task.DENSE_CAPTION)),
            global_caption="A box crosses the yard.",
            dense_caption="00:00 - 00:01 The box moves.",
        ),
        chunks=ChunkCaptionedVideo(
            **carried,
            provenance=(made_by(Task.CHUNK_CAPTION),),
            chunk_captions=(ChunkCaption(chunk_index=0, timestamp_start=0.0, timestamp_end=1.5, caption="The box starts."),),
        ),
        highlights=HighlightedVideo(
            **carried,
            provenance=(made_by(Task.CLIP_CAPTION),),
            highlight_chunk=HighlightChunk(
                anomaly_timestamp_sec=1.0, timestamp_start=0.5, timestamp_end=1.5, caption="It stops."
            ),
        ),
        descriptions=DescribedVideo(
            **carried,
            provenance=(made_by(Task.DESCRIPTION),),
            detailed_description="A yard. A box.",
            prompt_key="normal_description",
        ),
    )


def made_by(task: str, backend: str = "gemini") -> Provenance:
    return Provenance(task=task, backend=backend, model="m", domain="general", prompt=task, prompt_hash=f"h-{task}", keys=("k",))


def batch_rows(
    *rows: QaVideo,
    name: str = "cams",
    decisions: Sequence[Decision] = (),
    marks: Sequence[Mark] = (),
    findings: Sequence[Finding] = (),
) -> BatchRows:
    return BatchRows(
        a_batch(name, None),
        Settings(),
        videos=tuple(map(told, rows)),
        decisions=tuple(decisions),
        marks=tuple(marks),
        findings=tuple(findings),
    )


def item_of(row: QaVideo, qa_type: QaType, position: int = 0) -> QaItem:
    return next(found.items[position] for found in row.qa if found.qa_type is qa_type)


def decided(row: QaVideo, qa_type: QaType, verdict: Verdict, *, of: str = "", edits: Mapping[str, str] | None = None) -> Decision:
    """About the first item of a type, as it is unless `of` says otherwise."""
    subject, print_ = item_id(row.video_id, qa_type, 0), of or fingerprint(item_of(row, qa_type))
    return Decision(subject=subject, of=print_, verdict=verdict, edits=dict(edits or {}), at=AT, note="seen twice")


def marked(row: QaVideo, qa_type: QaType, check: str, *, passed: bool = False, of: str = "") -> Mark:
    print_ = of or fingerprint(item_of(row, qa_type))
    return Mark(check=check, subject=item_id(row.video_id, qa_type, 0), of=print_, passed=passed, said="three of three")


def an_image(path: Path) -> GroundedImage:
    box = Instance(bbox_id="b1", bbox=(4.0, 5.0, 30.0, 40.0))
    return GroundedImage(
        image_id="i1",
        image=str(path),
        caption="A red car, a van",
        status=Status.OK,
        width=160,
        height=120,
        media=ImageMedia(
            path=str(path),
            content=hashlib.sha256(path.read_bytes()).hexdigest(),
            size_bytes=path.stat().st_size,
            width_px=160,
            height_px=120,
            format="PNG",
        ),
        provenance=(made_by(Task.EXPRESSIONS), made_by(Task.GROUNDINGS)),
        cleaned_caption="A red car, a van",
        expressions=(
            Expression(expression_id="e1", text="A red car", char_span=(0, 9), grounded=Grounded.FOUND, instances=(box,)),
            Expression(expression_id="e2", text="a van", char_span=(11, 16), grounded=Grounded.ABSENT),
        ),
    )


def a_store(root: Path) -> Store:
    """Three batches: a clip and a recording in two parts; a clip of the same name and a copy of the first one; an image."""
    footage, other = root / "footage", root / "other"
    for folder in (footage / "cam1", footage / "cam2", other / "cam1"):
        folder.mkdir(parents=True)
    first = write_clip(footage / "cam1" / "clip.mp4", moving_box(16), 8)
    long = write_clip(footage / "cam2" / "long.mp4", counting(32), 8)
    same_name = write_clip(other / "cam1" / "clip.mp4", moving_box(16, colour=(255, 0, 0)), 8)
    copy = other / "copy.mp4"
    copy.write_bytes(first.read_bytes())
    cv2.imwrite(str(footage / "street.png"), blank(1, level=120)[0])
    store = Store(root / "data")
    _add(store, a_batch("cams", footage), [a_video(first, fields={"camera": 1}), *(a_video(long, part=p) for p in PARTS)])
    _add(store, a_batch("more", other), [a_video(same_name), a_video(copy)])
    image = an_image(footage / "street.png")
    store.create_batch(a_batch("pictures", footage, Graph.IMAGES), [ImageEntry(image_path=image.image, caption=image.caption)])
    store.write_rows("pictures", Asset.GROUNDINGS, [image])
    return store


PARTS = ((0.0, 2.0), (2.0, 4.0))


def _add(store: Store, batch: Batch, rows: Sequence[QaVideo]) -> None:
    store.create_batch(batch, [ManifestRow(video_path=row.video) for row in rows])
    all_rows = [told(row) for row in rows]
    store.write_rows(batch.name, Asset.QA, rows)
    store.write_rows(batch.name, Asset.CAPTIONS, [one.captions for one in all_rows if one.captions])
    store.write_rows(batch.name, Asset.CHUNK_CAPTIONS, [one.chunks for one in all_rows if one.chunks])
    store.write_rows(batch.name, Asset.HIGHLIGHTS, [one.highlights for one in all_rows if one.highlights])
    store.write_rows(batch.name, Asset.DESCRIPTIONS, [one.descriptions for one in all_rows if one.descriptions])


def released(store: Store, *batches: str, name: str = "set", findings: Sequence[Finding] = (), **settings: object) -> Released:
    """A release with settings under `release`."""
    layer: dict[str, object] = {f"release.{key}": value for key, value in settings.items()}
    resolved = resolve(("test", {"media.workers": 1, **layer})).settings
    make = partial(
        release,
        Dataset(name=name, batches=batches or ALL),
        store,
        resolved,
        settings_of=lambda batch: resolve(("test", {"task_files.license": f"L-{batch.name}"})).settings,
        findings_of=lambda batch, _: findings,
    )
    return anyio.run(make)


def release_settings(**settings: object) -> ReleaseSettings:
    return resolve(("test", {f"release.{key}": value for key, value in settings.items()})).settings.release
