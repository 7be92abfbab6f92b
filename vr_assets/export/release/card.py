"""The data card: what a data set holds, what made it, what it cost, and what is not in it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from vr_assets.export.release.choosing import ChosenImage, ChosenVideo
from vr_assets.export.release.plots import bars
from vr_assets.export.release.tables import frame
from vr_assets.records.release import Card, ModelTold, Sample, SplitTold, Spread
from vr_assets.records.row import Provenance
from vr_assets.records.task_file import TaskName
from vr_assets.settings import ReleaseForm, Split

if TYPE_CHECKING:
    import pandas as pd

PLOTS = "plots"

_FEW_FORMS = (TaskName.MCQ, TaskName.BCQ, TaskName.EVENT_VERIFICATION)
_WORDS = ("question", "answer", "reasoning")


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


def models(sources: Iterable[Iterable[Provenance]]) -> tuple[ModelTold, ...]:
    """Every prompt and model that had a part in what is released, from the provenance of each video or image."""
    counts = Counter(
        one
        for each in sources
        for one in dict.fromkeys(source.model_copy(update={"keys": ()}) for source in each)
    )  # fmt: skip
    ordered = sorted(counts.items(), key=lambda pair: pair[0].to_line())
    return tuple(ModelTold(**one.model_dump(exclude={"keys"}), items=count) for one, count in ordered)


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


def readme(card: Card, drawn: Iterable[str]) -> bytes:
    """`README.md`, with the heading that the Hugging Face hub reads."""
    cost = sum(batch.cost_usd for batch in card.batches)
    unpriced = sum(batch.unpriced_calls for batch in card.batches)
    parts = [
        _front(card),
        f"# {card.name} {card.version}",
        "Questions and answers about videos and images, in `tao-vl-reason-v1.0`: `train/` and `validation/` are data sets of "
        "their own, each with its media beside its task files." + _further(card),
        *(["**Made by the offline baseline annotator: a dry run, not data to train on.**"] if card.baseline else []),
        "## What is in it",
        _table(
            ["", "groups", "videos", "hours", "images", "samples"],
            [[s, t.groups, t.videos, t.hours, t.images, t.samples] for s, t in card.splits.items()],
        ),
        "No group is on both sides: the same file, parts of one recording, near-duplicates" + _grouped(card) + ".",
        _table(["task", *Split], [[task, *counts.values()] for task, counts in card.tasks.items()]),
        *(f"![{name.rpartition('/')[2].removesuffix('.svg')}]({name})" for name in drawn),
        "## Balance and lengths",
        *(f"- `{task}`: {_counts(found)}" for task, found in card.answers.items()),
        f"- modes of videos: {_counts(card.modes)}" if card.modes else "",
        _table(
            ["", "smallest", "median", "mean", "largest"],
            [[name, *(f"{value:g}" for value in spread.model_dump().values())] for name, spread in card.lengths.items()],
        ),
        "## Where it comes from",
        _table(
            ["batch", "of", "registered", "rows", "released", "domain", "license"],
            [[b.name, b.graph, b.created[:10], b.rows, b.released, b.domain, b.license or "not stated"] for b in card.batches],
        ),
        _table(
            ["task", "model", "by", "prompt", "version", "videos and images"],
            [[m.task, m.model, m.backend, f"{m.domain}: {m.prompt}", m.prompt_hash[:12], m.items] for m in card.models],
        ),
        f"Calls for these batches cost ${cost:.4f}" + (f", and {unpriced} of them have no known cost." if unpriced else "."),
        f"License: {card.license or 'not stated; set release.license or task_files.license'}.",
        "## What is not in it",
        _table(["why", "things"], [[why, count] for why, count in card.left_out.items()])
        if card.left_out
        else "Nothing was left out.",
        "`left_out.jsonl` names each, with its reason." if card.left_out else "",
        _outdated(card),
    ]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


def _front(card: Card) -> str:
    lines = ["---", f"pretty_name: {card.name} {card.version}"]
    if card.license:
        lines += ["license: other", f'license_name: "{card.license}"']
    if ReleaseForm.PARQUET in card.forms:
        lines += ["configs:", "- config_name: default", "  data_files:"]
        for split, told in card.splits.items():
            if told.samples:
                lines += [f"  - split: {split}", f"    path: parquet/{split}.parquet"]
    return "\n".join([*lines, "---"])


def _further(card: Card) -> str:
    return (
        f" The same as: {', '.join(f'`{form}`' for form in card.forms)}; media paths there are below this folder."
        if card.forms
        else ""
    )


def _grouped(card: Card) -> str:
    named = card.settings.get("group_by")
    return f", the same {' or '.join(map(str, named))}" if isinstance(named, list) and named else ""


def _outdated(card: Card) -> str:
    if not card.outdated_decisions:
        return ""
    named = "\n".join(f"- {one}" for one in card.outdated_decisions)
    return f"Decisions of reviewers about texts that are not there any more, and so not applied:\n\n{named}"


def _counts(found: Mapping[str, int]) -> str:
    total = sum(found.values())
    return ", ".join(f"{text} {count} ({count / total:.0%})" for text, count in found.items())


def _table(headings: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines) if rows else ""
