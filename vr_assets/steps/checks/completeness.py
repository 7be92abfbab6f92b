"""Whether every item of a batch has its row, and how many of the rows are good for anything."""

from collections import Counter
from itertools import zip_longest

from vr_assets.records.image import ExpressedImage, GroundedImage
from vr_assets.records.row import Row
from vr_assets.records.video import FilteredVideo
from vr_assets.settings import Asset, Mode, Settings, Status
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.rule import Look, Tried, judge, name_of
from vr_assets.steps.tally import tally


def failed_rows(rows: BatchRows, asset: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_failed_share` of the rows failed, and there are rows."""
    made = rows.made(asset)
    if not made:
        return Look(False, "there are no rows", breaches=((rows.name, "no rows"),))
    limit = settings.checks.max_failed_share
    counted = tally(made)
    failed = counted.counts[Status.FAILED]
    said = f"{failed} of {counted.total} rows failed ({counted.failed_share:.0%}; checks.max_failed_share = {limit:g})"
    reasons = [f"{reason.count}x {reason.text}" for reason in counted.top_failures()]
    breaches = tuple((name_of(row), row.reason) for row in made if row.status is Status.FAILED)
    return Look(counted.failed_share <= limit, "; ".join([said, *reasons]), counted.total, breaches)


def missing_rows(rows: BatchRows, asset: Asset, _: Settings) -> Look:
    """Every line of the manifest has its row, in its place, and no row is of anything else."""
    pairs = enumerate(zip_longest(rows.subjects, (row.subject for row in rows.made(asset) or ())), 1)
    found = judge(
        (_placed(number, subject, there) for number, (subject, there) in pairs), "lines of the manifest", "lack their row"
    )
    return found if found.passed is not None else Look(False, "the manifest is empty", breaches=((rows.name, "no items"),))


def _placed(number: int, subject: str | None, there: str | None) -> Tried:
    if subject == there:
        return (subject or "", "")
    return (subject or there or "", f"line {number} of the manifest is {subject or 'not there'}, its row {there or 'not there'}")


def ids_unique(rows: BatchRows, asset: Asset, _: Settings) -> Look:
    """No video, image, expression or box has the id of another."""
    ids = [name for row in rows.made(asset) or () if row.status is Status.OK for name in _ids(row)]
    count = Counter(ids)
    return judge(
        ((name, f"there are {count[name]} of this id" if count[name] > 1 else "") for name in count),
        "ids",
        "are there more than once",
    )


def _ids(row: Row) -> list[str]:
    ids = [name_of(row)]
    if isinstance(row, ExpressedImage | GroundedImage):
        for one in row.expressions:
            ids += [one.expression_id, *(box.bbox_id for box in one.instances)]
    return ids


def left_out_share(rows: BatchRows, _: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_left_out_share` of the videos were left out by the filter."""
    looked_at = [row for row in rows.all(FilteredVideo) if row.blocked_by is None]
    tried = ((row.video_id, row.reason if row.status is Status.FILTERED_OUT else "") for row in looked_at)
    limit = settings.checks.max_left_out_share
    return judge(tried, "videos", "were left out", limit=limit, setting="checks.max_left_out_share")


def unlabelled_share(rows: BatchRows, _: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_unlabelled_share` of the videos could be called neither anomaly nor normal."""
    tried = (
        (row.video_id, f"neither anomaly nor normal: {row.mode_words or 'nothing was said'}" if row.mode is Mode.UNKNOWN else "")
        for row in rows.ok(FilteredVideo)
    )
    return judge(
        tried,
        "videos",
        "could not be labelled",
        limit=settings.checks.max_unlabelled_share,
        setting="checks.max_unlabelled_share",
    )
