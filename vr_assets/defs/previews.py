"""A look at a stage's result: contact sheets of a few videos beside what was written about them."""

import base64
import html
from collections.abc import Sequence

from vr_assets.records.row import Row, VideoRow
from vr_assets.settings import Asset, Status
from vr_assets.steps.stage import Stage
from vr_assets.steps.texts import row_text
from vr_assets.storage import write_atomically

VIDEOS = 3
TEXT_CHARACTERS = 2_000
# Dagster stores it in the event and the UI loads it with the event.
SIZE_BYTES = 150_000


async def preview(asset: Asset, rows: Sequence[Row], stage: Stage) -> str:
    """Markdown of the first ok videos, under 150 kB. raw_videos decodes nothing and so shows none.

    Raises:
        MediaError: a video cannot be shown.
    """
    if asset in (Asset.RAW_VIDEOS, Asset.RAW_IMAGES):
        return ""
    parts: list[str] = []
    size = 0
    for row in [row for row in rows if row.status is Status.OK][:VIDEOS]:
        sheet = await _sheet(row, stage)
        part = f"#### {_plain(row.subject)}\n\n{sheet}\n\n{_quoted(row_text(row))}"
        size += len(part.encode())
        if size > SIZE_BYTES:
            break
        parts.append(part)
    return "\n\n".join(parts)


async def _sheet(row: Row, stage: Stage) -> str:
    """The video's frames as an image. Kept beside the proxies; a stage that asked nothing does not decode for it."""
    if not isinstance(row, VideoRow) or row.media is None:
        return ""
    kept = stage.media.folder / "sheets" / f"{row.video_id}.{stage.media.recipe.name}.jpg"
    if kept.is_file():
        jpeg = kept.read_bytes()
    elif stage.counts.asked:
        facts = await stage.media.facts(row.media)
        jpeg = await stage.media.contact_sheet(row.media, facts, columns=3, rows=1)
        write_atomically(kept, jpeg)
    else:
        return ""
    return f"![frames](data:image/jpeg;base64,{base64.b64encode(jpeg).decode()})"


def _quoted(text: str) -> str:
    short = text if len(text) <= TEXT_CHARACTERS else f"{text[:TEXT_CHARACTERS]} ..."
    return "\n".join(f"> {_plain(line)}  " for line in short.splitlines())


def _plain(text: str) -> str:
    """Text that Markdown and HTML leave as it is."""
    return "".join(f"\\{letter}" if letter in r"\`*_[]#|!" else letter for letter in html.escape(text, quote=False))
