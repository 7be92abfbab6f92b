"""A domain with one file replaced by a draft that lies anywhere."""

from pathlib import Path

from vr_assets.errors import PromptError
from vr_assets.prompts import PROMPTS, Prompts, folders
from vr_assets.prompts.catalog import GENERAL, SHARED
from vr_assets.prompts.checks import near
from vr_assets.prompts.files import PromptFiles
from vr_assets.settings import Asset


def with_draft(
    domain: str, draft: Path, asset: Asset, *, overlay: Path | None, scratch: Path, clock_in_picture: bool = False
) -> Prompts:
    """The prompts of a domain, read with the draft in place of the file it is named after.

    Args:
        draft: `<asset>/<name>.md` wherever that lies, or `<name>.md` for a file of `asset`.
        scratch: an empty folder; the draft is copied there.

    Raises:
        PromptError: no file is named so, or the prompts cannot be used.
    """
    roots = folders(overlay)
    inside = _place(domain, draft, asset, roots)
    # A draft for `general` extends files of `general`: it is laid over them as a domain of its own.
    named = f"{GENERAL}-draft" if domain == GENERAL else domain
    copy = scratch / named / inside
    copy.parent.mkdir(parents=True)
    try:
        copy.write_bytes(draft.read_bytes())
    except OSError as error:
        raise PromptError(f"{draft}: cannot be read ({error.strerror})") from error
    try:
        return Prompts(named, (scratch, *roots), clock_in_picture=clock_in_picture)
    except PromptError as error:
        raise PromptError(str(error).replace(str(copy), str(draft))) from None


def _place(domain: str, draft: Path, asset: Asset, roots: tuple[Path, ...]) -> str:
    folder = draft.absolute().parent.name
    inside = f"{folder if folder in {SHARED, *PROMPTS} else asset}/{draft.name}"
    files = PromptFiles(domain, roots)
    there = {name.partition("/")[2] for known in (domain, GENERAL) for name, _ in files.in_domain(known)}
    if inside not in there:
        raise PromptError(
            f"{draft}: no prompt of domain {domain} is {inside}{near(inside, there)}; "
            "name the draft as the file it takes the place of, such as captions/global.normal.md"
        )
    return inside
