"""The data card: what a data set holds, what made it, what it cost, and what is not in it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from vr_assets.backends.spending import spent
from vr_assets.export.release.choosing import ChosenImage, ChosenVideo
from vr_assets.export.release.content import Content
from vr_assets.export.release.gathering import BatchRows
from vr_assets.export.release.models import models
from vr_assets.export.release.plots import bars
from vr_assets.export.release.tables import frame
from vr_assets.export.release.task_files import is_baseline
from vr_assets.records.release import BatchTold, Card, Sample, SplitTold, Spread
from vr_assets.records.task_file import TaskName
from vr_assets.settings import Split
from vr_assets.storage import Store

if TYPE_CHECKING:
    import pandas as pd

PLOTS = "plots"

_FEW_FORMS = (TaskName.MCQ, TaskName.BCQ, TaskName.EVENT_VERIFICATION)
_WORDS = ("question", "answer", "reasoning")


def card_of(content: Content, version: str, digest: str, store: Store) -> Card:
    chosen, release_settings = content.chosen, content.settings.release
    sources = [one.provenance for one in chosen]
    return Card(
        name=content.dataset.name,
        version=version,
        date=content.told.date.isoformat(),
        digest=digest,
        license=content.told.license_of(rows.batch for rows in content.batches),
        baseline=any(map(is_baseline, sources)),
        forms=release_settings.forms,
        settings=release_settings.model_dump(mode="json"),
        batches=tuple(_batch_told(rows, chosen, store) for rows in content.batches),
        splits=splits(chosen, content.groups, content.samples),
        tasks=tasks(content.samples),
        answers=answers(content.samples),
        modes=dict(sorted(Counter(str(one.rows.qa.mode) for one in content.choice.videos).items())),
        lengths=lengths(content.samples, chosen),
        models=models(sources),
        left_out=dict(Counter(one.why for one in content.choice.left_out).most_common()),
        outdated_decisions=tuple(f"{name}: {one.verdict} {one.subject}, {one.at}" for name, one in content.choice.outdated),
    )


def _batch_told(rows: BatchRows, chosen: Sequence[ChosenVideo | ChosenImage], store: Store) -> BatchTold:
    name = rows.batch.name
    paid = spent(store.spending_file, batch=name)
    return BatchTold(
        name=name,
        graph=rows.batch.graph,
        created=rows.batch.created,
        rows=len(rows.videos) + len(rows.images),
        released=sum(one.batch.name == name for one in chosen),
        license=rows.settings.task_files.license,
        domain=rows.settings.prompts.prompts_module,
        cost_usd=round(paid.usd, 6),
        calls=paid.calls,
        unpriced_calls=paid.unpriced,
    )


def splits(
    chosen: Sequence[ChosenVideo | ChosenImage], groups: Sequence[int], samples: Sequence[Sample]
) -> dict[Split, SplitTold]:
    """Args:
    groups: the group of each of `chosen`.
    """
    found = {}
    for split in Split:
        ours = [(one, group) for one, group in zip(chosen, groups, strict=True) if one.split is split]
        videos = {one.file: one.media.duration_s for one, _ in ours if isinstance(one, ChosenVideo)}
        found[split] = SplitTold(
            videos=len(videos),
            images=len({one.file for one, _ in ours if isinstance(one, ChosenImage)}),
            groups=len({group for _, group in ours}),
            samples=sum(sample.split is split for sample in samples),
            hours=round(sum(videos.values()) / 3600, 4),
        )
    return found


def tasks(samples: Sequence[Sample]) -> dict[str, dict[Split, int]]:
    """Samples by task and side, tasks as they first come."""
    table = frame(samples)
    counts = table.groupby(["task", "split"]).size()
    names = list(dict.fromkeys(sample.task for sample in samples))
    return {name: {split: int(counts.get((name, str(split)), 0)) for split in Split} for name in names}


def answers(samples: Sequence[Sample]) -> dict[str, dict[str, int]]:
    """How often each answer is right, of tasks whose answers are letters, or Yes and No."""
    table = frame(samples)
    counted = {str(task): table.loc[table["task"] == str(task), "answer"].value_counts() for task in _FEW_FORMS}
    return {
        task: {str(text): int(count) for text, count in sorted(found.items())} for task, found in counted.items() if len(found)
    }


def lengths(samples: Sequence[Sample], chosen: Sequence[ChosenVideo | ChosenImage]) -> dict[str, Spread]:
    """Of videos in seconds, of texts in words; only of texts that are there."""
    import pandas as pd

    table = frame(samples)
    seconds = {one.file: one.media.duration_s for one in chosen if isinstance(one, ChosenVideo)}
    measured: dict[str, list[float]] = {"video_s": list(seconds.values())}
    for name in _WORDS:
        measured[f"{name}_words"] = [len(text.split()) for text in table[name] if text]
    return {name: _spread(pd.Series(values, dtype=float)) for name, values in measured.items() if values}


def _spread(values: "pd.Series[float]") -> Spread:
    low, median, mean, high = values.min(), values.median(), values.mean(), values.max()
    return Spread(smallest=float(low), median=float(median), mean=round(float(mean), 3), largest=float(high))


def plots(card: Card) -> dict[str, bytes]:
    """SVG files by name."""
    drawn = {"tasks": bars("Samples by task", {task: _by_name(counts) for task, counts in card.tasks.items()})}
    for task, counts in card.answers.items():
        drawn[f"answers_{task}"] = bars(f"Answers: {task}", {text: {"samples": count} for text, count in counts.items()})
    if card.left_out:
        drawn["left_out"] = bars("Left out", {str(why): {"things": count} for why, count in card.left_out.items()})
    return {f"{PLOTS}/{name}.svg": content.encode() for name, content in drawn.items()}


def _by_name(counts: Mapping[Split, int]) -> dict[str, float]:
    return {str(split): count for split, count in counts.items()}
