"""What became of a batch, for people: rows by stage and outcome, what was lost where and why, what the checks found.

A function of what lies in the store: the same rows, the same report.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from vr_assets.backends.spending import spent
from vr_assets.records.row import Row
from vr_assets.settings import Asset, Settings, Status
from vr_assets.steps.checks import check_batch
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.rule import Checked
from vr_assets.steps.stage import goes_on
from vr_assets.steps.tally import tally
from vr_assets.steps.texts import plain
from vr_assets.storage import Store

REPORT = "report.md"

_EXAMPLES, _CHARACTERS = 5, 300
_VERDICTS = {True: "passed", False: "**failed**", None: "nothing to judge"}


def publish_report(store: Store, batch: str, settings: Settings) -> str:
    """Write `report.md` into the batch's folder; its text. Raises StorageError."""
    text = report(store, batch, settings)
    store.write_file(batch, REPORT, text.encode())
    return text


def report(store: Store, batch: str, settings: Settings) -> str:
    """The report as Markdown. What files and models are called, or say, is escaped.

    Args:
        settings: the batch's, resolved.

    Raises:
        StorageError: there is no such batch, or its rows cannot be read.
    """
    rows = BatchRows(store, batch)
    paid = spent(store.spending_file, batch=batch)
    unknown = f", {paid.unpriced} of unknown cost" if paid.unpriced else ""
    cost = f"Spent: {paid.usd:.4f} USD over {paid.calls} calls{unknown}." if paid.calls else "No call was paid for."
    parts = [
        f"# {plain(batch)}",
        f"{len(rows.subjects)} {rows.batch.graph}, registered {rows.batch.created}. {cost}",
        "## Rows by stage",
        _table(("stage", *Status), _counts(rows)),
        "## Lost, by stage",
        _table(("stage", "item", "outcome", "why"), _lost(rows)) or "Nothing was lost.",
        "## Parts that are missing of rows that are there",
        _table(("stage", "part", "rows", "why"), _parts(rows)) or "None.",
        "## Checks",
        *_checks(check_batch(rows, settings)),
    ]
    return "\n\n".join(parts) + "\n"


def _made(rows: BatchRows) -> Iterator[tuple[Asset, Sequence[Row]]]:
    for asset in rows.batch.graph.assets:
        made = rows.made(asset)
        if made is not None:
            yield asset, made


def _counts(rows: BatchRows) -> Iterator[tuple[str, ...]]:
    made = dict(_made(rows))
    for asset in rows.batch.graph.assets:
        counts = tally(made[asset]).counts if asset in made else dict.fromkeys(Status, "-")
        yield (asset, *(str(counts[status]) for status in Status))


def _lost(rows: BatchRows) -> Iterator[tuple[str, ...]]:
    """Each item at the stage that stopped it, and not at those that it did not reach."""
    for asset, made in _made(rows):
        for row in made:
            if row.blocked_by is None and not goes_on(row):
                yield asset, row.subject, row.status.replace("_", " "), row.reason


def _parts(rows: BatchRows) -> Iterator[tuple[str, ...]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for asset, made in _made(rows):
        found.update((asset, failure.what, failure.reason) for row in made if row.status is Status.OK for failure in row.failures)
    for (stage, what, reason), count in found.most_common():
        yield stage, what, str(count), reason


def _checks(checked: Sequence[Checked]) -> Iterator[str]:
    told = [one for one in checked if one.look.passed is not True or one.findings]
    passed = sum(one.look.passed is True for one in checked)
    failed = [one for one in checked if one.look.passed is False]
    yield f"{passed} passed, {len(failed)} failed, {len(checked) - passed - len(failed)} had nothing to judge."
    lines = ((one.asset, one.check, _VERDICTS[one.look.passed], str(len(one.findings)), one.look.said) for one in told)
    if told:
        yield _table(("stage", "check", "verdict", "findings", "in figures"), lines)
    for one in failed:
        yield f"### {one.asset}: {one.check}"
        yield "\n".join(examples(one))


def examples(checked: Checked) -> Iterator[str]:
    """A few of a check's findings, as a list in Markdown."""
    for found in checked.findings[:_EXAMPLES]:
        yield f"- {_cell(found.subject)}: {_cell(found.said)}"
    if len(checked.findings) > _EXAMPLES:
        yield f"- and {len(checked.findings) - _EXAMPLES} more"


def _table(headings: Sequence[str], lines: Iterator[tuple[str, ...]]) -> str:
    """Markdown; empty where there are no lines."""
    told = [f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines]
    if not told:
        return ""
    return "\n".join([f"| {' | '.join(headings)} |", f"|{' --- |' * len(headings)}", *told])


def _cell(text: str) -> str:
    if text in _VERDICTS.values():
        return text
    line = " ".join(text.split())
    return plain(line if len(line) <= _CHARACTERS else f"{line[:_CHARACTERS]} ...")
