"""`README.md` of a version: its data card for people, with the heading that the Hugging Face hub reads."""

import json
from collections.abc import Iterable, Mapping, Sequence

from vr_assets.records.release import Card
from vr_assets.settings import ReleaseForm, Split


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
        "\n".join(
            [f"- `{task}`: {_counts(found)}" for task, found in card.answers.items()]
            + [f"- modes of videos: {_counts(card.modes)}" for _ in range(bool(card.modes))]
        ),
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
        lines += ["license: other", f"license_name: {json.dumps(card.license)}"]
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
