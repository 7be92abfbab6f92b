"""expressions: the caption cleaned, and its expressions, each with the place where it stands in it."""

import hashlib
import re
from collections.abc import Iterator, Sequence

from vr_assets.media.images import Picture
from vr_assets.parsing.expressions import parse_expressions
from vr_assets.parsing.schemas import reply_schema
from vr_assets.records.call import Evidence, Request
from vr_assets.records.image import ExpressedImage, Expression, ImageRow, Phrase, RawImage
from vr_assets.settings import Asset, Status, Task
from vr_assets.steps.stage import Stage, blocked, next_row

_MARKS = frozenset("\"'")
_QUOTES = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", " ": " "})


async def express_images(rows: Sequence[RawImage], stage: Stage) -> list[ExpressedImage]:
    """One call an image and caption; twins share theirs."""
    return await stage.each(rows, ExpressedImage, lambda row: express_image(stage, row))


async def express_image(stage: Stage, row: RawImage) -> ExpressedImage:
    steps = (Asset.EXPRESSIONS.value,)
    stopped = blocked(ExpressedImage, row, Asset.RAW_IMAGES) or stage.imported(ExpressedImage, row, pipeline_steps=steps)
    if stopped:
        return stopped
    shown = shown_image(stage, row)
    request = Request(
        Task.EXPRESSIONS,
        stage.prompts.render(Asset.EXPRESSIONS, "expressions", {"caption": row.caption}),
        Evidence(image_caption=row.caption),
        shown,
        media=(shown,),
        reply_schema=reply_schema(Task.EXPRESSIONS),
    )
    read = (await stage.vlm.ask(request, parse_expressions)).value
    return next_row(
        ExpressedImage,
        row,
        status=Status.OK,
        pipeline_steps=steps,
        provenance=(stage.vlm.provenance(request),),
        cleaned_caption=read.cleaned_caption,
        expressions=tuple(placed(read.phrases, read.cleaned_caption, image_id=row.image_id)),
    )


def shown_image(stage: Stage, row: ImageRow) -> Picture:
    """The image of a row that nothing blocked, as a model is shown it."""
    assert row.media is not None, f"{row.image}: an ok row without media"
    return stage.media.images.show(row.media, longest_side_px=stage.settings.images.longest_side_px)


def placed(phrases: Sequence[Phrase], caption: str, *, image_id: str) -> Iterator[Expression]:
    """Each phrase with its place in the caption: `caption[start:end] == text`, always.

    The same words again are the next place where they stand; where there is none they are the same expression, and left out. A
    phrase that stands nowhere is kept without a place.
    """
    taken: set[tuple[int, int]] = set()
    nowhere: set[str] = set()
    for phrase in phrases:
        places = list(_places(phrase.text, caption))
        span = next((place for place in places if place not in taken), None)
        if span is not None:
            taken.add(span)
            text = caption[slice(*span)]
        elif places or phrase.text in nowhere:
            continue
        else:
            nowhere.add(phrase.text)
            text = phrase.text
        where = f"{span[0]}-{span[1]}" if span else text
        yield Expression(
            expression_id=hashlib.sha256(f"{image_id}\0{where}\0{text}".encode()).hexdigest()[:16],
            text=text,
            char_span=span,
            noun_chunk=phrase.noun_chunk,
            flags=() if span else ("not in the cleaned caption, word for word",),
        )


def _places(text: str, caption: str) -> Iterator[tuple[int, int]]:
    """Where a text stands, as whole words; letter for letter before any other case, quotes and spaces."""
    wanted = text.translate(_QUOTES).strip(" .,;:")
    if wanted[:1] in _MARKS and wanted[-1:] == wanted[:1]:
        wanted = wanted[1:-1]
    words = wanted.split()
    if not words:
        return
    plain = caption.translate(_QUOTES)
    # Translating keeps every character's place.
    pattern = r"\s+".join(map(re.escape, words))
    pattern = rf"(?<!\w){pattern}(?!\w)" if words[0][0].isalnum() and words[-1][-1].isalnum() else pattern
    exact = [found.span() for found in re.finditer(pattern, plain)]
    yield from exact
    yield from (found.span() for found in re.finditer(pattern, plain, re.IGNORECASE) if found.span() not in exact)
