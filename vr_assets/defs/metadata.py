"""What Dagster shows of a stage: the same for every asset."""

from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import TypeVar

import dagster as dg

from vr_assets.backends.counts import Counts, Paid
from vr_assets.batch import Failed
from vr_assets.errors import Cause
from vr_assets.records.row import Row
from vr_assets.records.video import FilteredVideo
from vr_assets.settings import LeftOut, Status
from vr_assets.steps.stage import StageResult
from vr_assets.steps.tally import Tally, tally

R = TypeVar("R", bound=Row)
RawMetadata = int | float | dg.MarkdownMetadataValue | dg.TableMetadataValue

ASKED, REUSED = "calls/asked", "calls/reused"
ATTEMPTS, MOST_IN_FLIGHT = "calls/attempts", "calls/most_in_flight"
LATENCY_MEDIAN, LATENCY_95 = "calls/latency_median_s", "calls/latency_95th_s"
INPUT_TOKENS, OUTPUT_TOKENS = "tokens/input", "tokens/output"
COST, UNPRICED = "cost/usd", "cost/unpriced_calls"
SECONDS = "seconds"
NEAR_DUPLICATES = "rows/near_duplicates"
IMPORTED_ROWS = "rows/imported"
PARTS_LOST = "rows/parts_lost"

TABLE_ROWS = 50
REASON_CHARACTERS = 300


def rows_name(status: Status) -> str:
    """The name of the number of rows with a status."""
    return f"rows/{status}"


def stage_metadata(result: StageResult[R], preview: str | Failed) -> dict[str, RawMetadata]:
    """Counts, reasons, a table and a preview."""
    counted = tally(result.rows)
    shown: dict[str, RawMetadata] = {
        "dagster/row_count": counted.total,
        **{rows_name(status): count for status, count in counted.counts.items()},
        PARTS_LOST: sum(bool(row.failures) for row in result.rows),
        **_filtered(result.rows),
        **_imported(result.rows),
    }
    if counted.reasons:
        shown["reasons"] = dg.MetadataValue.md(_reasons(counted))
    shown |= {"rows": _table(result.rows, result.counts), **_calls(result.counts), SECONDS: round(result.seconds, 2)}
    if isinstance(preview, str) and preview:
        shown["preview"] = dg.MetadataValue.md(preview)
    return shown


def _filtered(rows: Sequence[Row]) -> dict[str, RawMetadata]:
    """How many videos the filter left out, by cause, and how many are near-duplicates, whether they were asked about or not."""
    filtered = [row for row in rows if isinstance(row, FilteredVideo)]
    if not filtered:
        return {}
    causes = Counter(row.left_out_for for row in filtered if row.left_out_for)
    near = sum(row.near_duplicate_of is not None for row in filtered)
    return {**{left_out_name(cause): count for cause, count in causes.items()}, NEAR_DUPLICATES: near}


def _imported(rows: Sequence[Row]) -> dict[str, RawMetadata]:
    """Only where there are some."""
    count = sum(row.is_imported for row in rows)
    return {IMPORTED_ROWS: count} if count else {}


def left_out_name(cause: LeftOut) -> str:
    """The name of the number of videos that were left out for a cause."""
    return f"rows/{Status.FILTERED_OUT}/{cause}"


def _calls(counts: Counts) -> dict[str, RawMetadata]:
    """Of attempts and latency only where there were some: a 0 would say that calls take no time."""
    paid = counts.paid_in_all
    told: dict[str, RawMetadata] = {
        ASKED: counts.asked,
        REUSED: counts.reused,
        INPUT_TOKENS: paid.input_tokens,
        OUTPUT_TOKENS: paid.output_tokens,
        COST: round(paid.cost_usd, 6),
        UNPRICED: paid.unpriced,
    }
    if counts.attempts:
        told |= {ATTEMPTS: counts.attempts, MOST_IN_FLIGHT: counts.most_in_flight}
        told |= {failed_name(cause): count for cause, count in counts.causes.items()}
    for name, percentile in ((LATENCY_MEDIAN, 50), (LATENCY_95, 95)):
        seconds = counts.latency_s(percentile)
        if seconds is not None:
            told[name] = round(seconds, 3)
    return told


def failed_name(cause: Cause) -> str:
    """The name of the number of attempts that got no answer for a cause, such as `calls/failed/rate_limited` for 429s."""
    return f"calls/failed/{cause}"


def _reasons(counted: Tally) -> str:
    """Markdown, in which `<video>` and what models write would be taken for HTML."""
    return "\n".join(f"- {reason.count} {reason.status}: {escape(_short(reason.text))}" for reason in counted.reasons[:10])


def _table(rows: Sequence[Row], counts: Counts) -> dg.TableMetadataValue:
    """A row an item, those that failed or lost a part first. Tokens and cost are what this run paid for it; of an answer
    without a known cost the cost is `?`."""
    columns = {"item": "string", "status": "string", "tokens": "int", "usd": "string", "reason": "string"}
    return dg.MetadataValue.table(
        records=[dg.TableRecord(_record(row, counts)) for row in sorted(rows, key=_trouble)[:TABLE_ROWS]],
        schema=dg.TableSchema(columns=[dg.TableColumn(name, type=kind) for name, kind in columns.items()]),
    )


def _trouble(row: Row) -> int:
    return 0 if row.status is Status.FAILED else 1 if row.failures else 2


def _record(row: Row, counts: Counts) -> dict[str, str | int | float | bool]:
    paid = counts.paid.get(row.subject, Paid())
    usd = f"{paid.cost_usd:.6f}" if not paid.unpriced else f"{paid.cost_usd:.6f} + ?" if paid.cost_usd else "?"
    tokens = paid.input_tokens + paid.output_tokens
    return {"item": row.subject, "status": row.status.value, "tokens": tokens, "usd": usd, "reason": _short(_why(row))}


def _why(row: Row) -> str:
    return row.reason or "; ".join(f"{part.what}: {part.reason}" for part in row.failures)


def _short(text: str) -> str:
    return text if len(text) <= REASON_CHARACTERS else f"{text[:REASON_CHARACTERS]} ..."
