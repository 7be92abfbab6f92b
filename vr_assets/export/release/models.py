"""Which prompts and models had a part in what is released."""

from collections import Counter
from collections.abc import Iterable

from vr_assets.records.release import ModelTold
from vr_assets.records.row import Provenance


def models(sources: Iterable[Iterable[Provenance]]) -> tuple[ModelTold, ...]:
    """Every prompt and model that had a part in what is released, from the provenance of each video or image."""
    counts = Counter(
        one
        for each in sources
        for one in dict.fromkeys(source.model_copy(update={"keys": ()}) for source in each)
    )  # fmt: skip
    ordered = sorted(counts.items(), key=lambda pair: pair[0].to_line())
    return tuple(ModelTold(**one.model_dump(exclude={"keys"}), items=count) for one, count in ordered)
