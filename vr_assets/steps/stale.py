"""Which prompts changed since a batch was annotated."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from vr_assets.prompts import PROMPTS, Prompts
from vr_assets.records.row import IMPORTED
from vr_assets.settings import Asset
from vr_assets.steps.rows import ROWS
from vr_assets.storage import Store


@dataclass(frozen=True)
class Changed:
    """A prompt whose text, or the text of whose parts, is not the one that rows were made with. `videos` counts those rows."""

    asset: Asset
    name: str
    videos: int


def changed_prompts(batch: str, store: Store, prompts: Prompts) -> tuple[list[Changed], list[Asset]]:
    """The prompts that changed, and the stages that were made at all, upstream first.

    Raises:
        StorageError: there is no such batch, or its rows cannot be read.
    """
    changed: list[Changed] = []
    made: list[Asset] = []
    for asset in (one for one in ROWS if one in PROMPTS):
        rows = store.read_rows(batch, asset, ROWS[asset])
        if rows is None:
            continue
        made.append(asset)
        now = _fingerprints(asset, prompts)
        counts = Counter(
            source.prompt
            for row in rows
            for source in row.provenance
            if source.backend != IMPORTED and now.get(source.prompt) != source.prompt_hash
        )
        changed += [Changed(asset, prompt.partition("/")[2], count) for prompt, count in sorted(counts.items())]
    return changed, made


def _fingerprints(asset: Asset, prompts: Prompts) -> Mapping[str, str]:
    return {f"{asset}/{name}": prompts.prompt_fingerprint(asset, name) for name in prompts.names(asset)}
