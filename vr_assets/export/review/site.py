"""The files of a site: a shell, scripts and styles, and data as scripts, which a page from disk may load too.

    index.html              the shell
    page/                   scripts and styles, the same for every batch
    entries.js, search.js   the gallery; the words in which a search looks, loaded when somebody searches
    decisions.js            decisions.jsonl as it was when the site was built or somebody decided
    items/<key>.js          everything about one video or image, loaded when it is opened
    thumbs/, stills/, clips/

Texts of models go into the page as data and nowhere else: the scripts put them into text nodes.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from jinja2 import Environment

from vr_assets.export.review.gathering import Page, latest
from vr_assets.records.base import Record
from vr_assets.records.review import Decision
from vr_assets.settings import Graph

INDEX = "index.html"
DECISIONS = "decisions.js"

_PAGE = files("vr_assets.export.review") / "page"
_CORE = "core.js"
_SHELL = "index.html.jinja"


def site_files(batch: str, graph: Graph, page: Page, decisions: Iterable[Decision]) -> dict[str, bytes]:
    """All files but the pictures, by their path below the site's folder; a function of what is given."""
    return {
        INDEX: index(batch, graph),
        **_shipped(),
        "entries.js": _script(
            "batch", {"entries": [_plain(one) for one in page.entries], "said": [_plain(one) for one in page.said]}
        ),
        "search.js": _script("search", page.words),
        DECISIONS: decisions_script(decisions),
        **{f"items/{key}.js": _script("item", _plain(one)) for key, one in page.details.items()},
    }


def index(batch: str, graph: Graph, *, writable: bool = False) -> bytes:
    """The shell. `writable`: a server behind it takes decisions."""
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string((_PAGE / _SHELL).read_text("utf-8"))
    scripts = [name for name in _shipped() if name.endswith(".js")]
    return template.render(batch=batch, graph=graph, writable=writable, scripts=scripts).encode()


def decisions_script(decisions: Iterable[Decision]) -> bytes:
    """The decisions that count, for a page that no server stands behind."""
    return _script("decisions", [_plain(one) for one in latest(decisions)])


@cache
def _shipped() -> Mapping[str, bytes]:
    """What comes with the package, by its path in the site; scripts in the order in which they load."""
    names = sorted(
        (one.name for one in _PAGE.iterdir() if one.name.endswith((".js", ".css", ".svg"))),
        key=lambda name: (name != _CORE, name),
    )
    return {f"page/{name}": (_PAGE / name).read_bytes() for name in names}


def _script(kind: str, content: object) -> bytes:
    """`review.receive(kind, content)`, in ASCII and without `<`: whatever a text holds, it stays a string of this script."""
    told = json.dumps(content, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return f'review.receive("{kind}",{told});\n'.encode()


def _plain(record: Record) -> object:
    return record.model_dump(mode="json", exclude_defaults=True)
