"""Which prompts there are, and the values each may use."""

from collections.abc import Mapping
from pathlib import Path

from vr_assets.errors import PromptError
from vr_assets.settings import Asset, Mode, QaType

GENERAL = "general"
SHARED = "_shared"
CATEGORIES = "categories.toml"
"""Of a domain: its incident categories. No prompt."""
VOCABULARY = "vocabulary.toml"
"""Of a domain: the words of the offline annotator. No prompt."""

PROVIDED = frozenset({"structured", "alone", "clock_in_picture"})
"""Names every template sees: see the package's docstring."""

TIMES = frozenset({"duration", "start", "end", "moment"})
"""Values that are never empty, written MM:SS or MM:SS.f; the others are numbers, or text, empty where a stage was left out
or nothing was given.
"""

_MODES = (Mode.ANOMALY, Mode.NORMAL)
_WITHOUT_MODE = (QaType.SCENE_DESCRIPTION, QaType.EVENT_SUMMARY)
_QA_VALUES = ("duration", "captions", "chunks", "description", "timeline")
_LABEL = ("category", "look_for")
_KNOWN = ("captions", "chunks", "description", "highlight", "timeline")

PROMPTS: Mapping[Asset, Mapping[str, tuple[str, ...]]] = {
    Asset.FILTERED_VIDEOS: {"suitable": (), "anomaly_or_normal": (), "screening": ()},
    Asset.CAPTIONS: {f"{kind}.{mode}": ("duration", *_LABEL, "timeline") for kind in ("global", "dense") for mode in _MODES},
    Asset.CHUNK_CAPTIONS: {f"chunk.{mode}": ("start", "end", "duration", *_LABEL) for mode in _MODES},
    Asset.HIGHLIGHTS: {
        "moment": ("captions", "chunks", "duration", "timeline"),
        "clip": ("moment", "start", "end", "duration", *_LABEL),
    },
    Asset.DESCRIPTIONS: {
        f"description.{mode}": ("duration", "global_caption", "dense_caption", "chunks", "highlight", *_LABEL, "timeline")
        for mode in _MODES
    },
    Asset.QA: {
        **{f"{kind}.{mode}": _QA_VALUES for kind in QaType if kind not in _WITHOUT_MODE for mode in _MODES},
        **{str(kind): _QA_VALUES for kind in _WITHOUT_MODE},
    },
    Asset.EVIDENCE: {
        "blind.mcq": ("question", "options"),
        "blind.yes_no": ("question", "choices"),
        "blind.open": ("question",),
        "blind.span": ("question", "duration"),
        "agreement.mcq": ("question", "options", "duration"),
        "agreement.yes_no": ("question", "choices", "duration"),
        "agreement.open": ("question", "duration"),
        "agreement.span": ("question", "duration"),
        "support": ("question", "answer", "duration", *_KNOWN),
        "judge": ("question", "answer", "other"),
    },
    Asset.EXPRESSIONS: {"expressions": ("caption",)},
    Asset.GROUNDINGS: {"groundings": ("caption", "expressions", "box", "most")},
    Asset.VIDEO_CAPTIONS: {"caption": ("videos", "images")},
}

SHOWN_IN_SCREENING = frozenset({"filtered_videos/suitable.md", "filtered_videos/anomaly_or_normal.md"})
"""Prompts that the screening prompt shows without their reply part."""

ALL_VALUES = frozenset(value for prompts in PROMPTS.values() for values in prompts.values() for value in values)


def prompt_paths() -> tuple[str, ...]:
    """`<asset>/<name>.md` of every prompt."""
    return tuple(f"{asset}/{name}.md" for asset, prompts in PROMPTS.items() for name in prompts)


def offered_to(path: str) -> tuple[str, ...]:
    """The values a file `<asset>/<file>.md` may use: a prompt's own, or for a part all that its folder's prompts may use."""
    folder, _, file = path.partition("/")
    prompts = PROMPTS[Asset(folder)] if folder in PROMPTS else {}
    if (own := prompts.get(file.removesuffix(".md"))) is not None:
        return own
    found = ALL_VALUES if folder == SHARED else {value for values in prompts.values() for value in values}
    return tuple(sorted(found))


def find_shipped(package: Path) -> Path:
    """The prompts that come with the package in this folder: inside it in an installed wheel, beside it in a checkout.

    Raises:
        PromptError: neither is there.
    """
    places = (package / "_prompts", package.parent / "prompts")
    for place in places:
        if (place / GENERAL).is_dir():
            return place
    raise PromptError(f"the shipped prompts are missing, reinstall vr-assets: no {GENERAL!r} in {places[0]} or {places[1]}")
