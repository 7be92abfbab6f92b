"""raw_images: which images there are, their real size, and an id for each row."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.media.stills import Still
from vr_assets.records.batch import ImageEntry
from vr_assets.records.image import ImageMedia, RawImage
from vr_assets.settings import Status
from vr_assets.steps.stage import Stage


async def read_images(manifest: Sequence[ImageEntry], stage: Stage) -> list[RawImage]:
    """Read every image of a batch. One that is missing or cannot be read fails its row; nothing is asked about it.

    The same image with the same caption again keeps its row: its answers are those of the first.
    """
    done = failed = 0

    def count(outcome: Still | Failed) -> None:
        nonlocal done, failed
        done += 1
        failed += isinstance(outcome, Failed)
        stage.report(done, len(manifest), failed)

    stills = await batch.run(
        manifest,
        lambda entry: stage.media.images.read(entry.image_path),
        at_once=stage.settings.calls.videos_at_once,
        on_done=count,
    )
    ids = list(_ids(manifest, stills))
    given = Counter(entry.image_id for entry in manifest if entry.image_id)
    return [_row(entry, still, name, given) for entry, still, name in zip(manifest, stills, ids, strict=True)]


def _row(entry: ImageEntry, still: Still | Failed, image_id: str, given: Counter[str]) -> RawImage:
    problem = still.reason if isinstance(still, Failed) else _problem(entry, given)
    return RawImage(
        image_id=image_id,
        image=entry.image_path,
        caption=entry.caption,
        status=Status.FAILED if problem else Status.OK,
        reason=problem,
        fields=entry.fields,
        width=None if isinstance(still, Failed) else still.width_px,
        height=None if isinstance(still, Failed) else still.height_px,
        media=None if isinstance(still, Failed) else _media(entry.image_path, still),
        remarks=() if isinstance(still, Failed) else tuple(_remarks(entry, still)),
    )


def _problem(entry: ImageEntry, given: Counter[str]) -> str:
    if not entry.caption.strip():
        return "no caption; give the row one, there is nothing to find expressions in"
    if entry.image_id and given[entry.image_id] > 1:
        said = f"image_id {entry.image_id!r} is given to {given[entry.image_id]} rows"
        return f"{said}; make it unique, or leave it out to have one made"
    return ""


def _media(path: str, still: Still) -> ImageMedia:
    return ImageMedia(
        path=path,
        content=still.content,
        size_bytes=still.size_bytes,
        width_px=still.width_px,
        height_px=still.height_px,
        format=still.format,
    )


def _remarks(entry: ImageEntry, still: Still) -> Iterator[str]:
    """What the list says otherwise than the file, and what of the file is not shown."""
    said, own = (entry.width, entry.height), (still.width_px, still.height_px)
    if any(one is not None and one != other for one, other in zip(said, own, strict=True)):
        words = " x ".join("?" if side is None else str(side) for side in said)
        yield f"the list says {words}, the file, upright, has {own[0]} x {own[1]}: the file's size is used"
    yield from still.remarks


def _ids(manifest: Sequence[ImageEntry], stills: Sequence[Still | Failed]) -> Iterator[str]:
    """Given, or made of what the image and the caption are; the second row of the same two is `...-2`."""
    seen: Counter[str] = Counter()
    for entry, still in zip(manifest, stills, strict=True):
        what = f"unread-{entry.image_path}" if isinstance(still, Failed) else still.content
        made = hashlib.sha256(f"{what}\0{entry.caption}".encode()).hexdigest()[:16]
        name = entry.image_id or (f"unread-{made}" if isinstance(still, Failed) else made)
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name}-{seen[name]}"
