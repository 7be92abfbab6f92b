"""A look at a stage's result: contact sheets of a few videos, or images with their boxes, beside what was written about them."""

import base64
import hashlib
from collections.abc import Sequence

from vr_assets.records.conversation import CaptionedConversation
from vr_assets.records.image import ImageRow
from vr_assets.records.row import Row, VideoMedia, VideoRow
from vr_assets.settings import Asset, Graph, Status
from vr_assets.steps.drawn import labelled_boxes
from vr_assets.steps.stage import Stage
from vr_assets.steps.texts import plain, row_text
from vr_assets.storage import write_atomically

VIDEOS, IMAGES = 3, 5
TEXT_CHARACTERS = 2_000
# Dagster stores it in the event and the UI loads it with the event.
SIZE_BYTES = 150_000
IMAGE_BYTES = 19_000
IMAGE_SIDE_PX = 560


async def preview(asset: Asset, rows: Sequence[Row], stage: Stage) -> str:
    """Markdown of the first ok rows, under 150 kB. raw_videos decodes nothing and so shows none.

    Raises:
        MediaError: a video or image cannot be shown.
    """
    if asset in (Asset.RAW_VIDEOS, Asset.RAW_IMAGES):
        return ""
    parts: list[str] = []
    size = 0
    for row in [row for row in rows if row.status is Status.OK][: IMAGES if asset in Graph.IMAGES.assets else VIDEOS]:
        sheet = await _sheet(row, stage)
        part = f"#### {plain(row.subject)}\n\n{sheet}\n\n{_quoted(row_text(row))}"
        size += len(part.encode())
        if size > SIZE_BYTES:
            break
        parts.append(part)
    return "\n\n".join(parts)


async def _sheet(row: Row, stage: Stage) -> str:
    """The video's frames as an image. Kept beside the proxies; a stage that asked nothing does not decode for it."""
    if isinstance(row, ImageRow):
        return await _image(row, stage)
    video = _video_of(row)
    if video is None:
        return ""
    video_id, media = video
    kept = stage.media.folder / "sheets" / f"{video_id}.{stage.media.recipe.name}.jpg"
    if kept.is_file():
        jpeg = kept.read_bytes()
    elif stage.counts.asked:
        facts = await stage.media.facts(media)
        jpeg = await stage.media.contact_sheet(media, facts, columns=3, rows=1)
        write_atomically(kept, jpeg)
    else:
        return ""
    return _shown("frames", jpeg)


async def _image(row: ImageRow, stage: Stage) -> str:
    """The image with the boxes of its expressions, kept and made like a sheet."""
    if row.media is None:
        return ""
    boxes = labelled_boxes(row)
    name = hashlib.sha256(f"{row.media.content} {boxes}".encode()).hexdigest()
    kept = stage.media.folder / "sheets" / f"{name}.boxed.jpg"
    if kept.is_file():
        jpeg = kept.read_bytes()
    elif stage.counts.asked:
        images = stage.media.images
        jpeg = await images.boxed(row.media, boxes, longest_side_px=IMAGE_SIDE_PX, at_most_bytes=IMAGE_BYTES)
        write_atomically(kept, jpeg)
    else:
        return ""
    return _shown("image", jpeg)


def _shown(alt: str, jpeg: bytes) -> str:
    return f"![{alt}](data:image/jpeg;base64,{base64.b64encode(jpeg).decode()})"


def _video_of(row: Row) -> tuple[str, VideoMedia] | None:
    """Its id and itself; of several the first."""
    if isinstance(row, VideoRow) and row.media is not None:
        return row.video_id, row.media
    if isinstance(row, CaptionedConversation) and row.video_media:
        return row.video_media[0].content[:16], row.video_media[0]
    return None


def _quoted(text: str) -> str:
    short = text if len(text) <= TEXT_CHARACTERS else f"{text[:TEXT_CHARACTERS]} ..."
    return "\n".join(f"> {plain(line)}  " for line in short.splitlines())
