"""Our errors as Dagster takes them: what may get better is tried again, what cannot ends the run."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dagster as dg

from vr_assets.errors import VrAssetsError

MAX_RETRIES = 2
FIRST_WAIT_S = 5


@contextmanager
def told_to_dagster(attempt: int = MAX_RETRIES) -> Iterator[None]:
    """Turn errors raised inside into Dagster's.

    A disk or database that failed is tried again twice, after 5 and 10 s. Not by a RetryPolicy: under one Dagster retries an
    interrupted step too, so that a terminated run would go on.

    Args:
        attempt: how many attempts there were before; without it nothing is tried again.
    """
    try:
        yield
    except (VrAssetsError, OSError, sqlite3.Error) as error:
        broken = error.__cause__ if isinstance(error, VrAssetsError) else error
        if attempt < MAX_RETRIES and isinstance(broken, OSError | sqlite3.Error):
            raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=FIRST_WAIT_S * 2**attempt) from error
        if isinstance(error, VrAssetsError):
            raise dg.Failure(str(error), allow_retries=False) from None
        raise


def several_batches(batches: Sequence[str]) -> str:
    """Why a run over several batches, or over none, is not worked on."""
    return (
        f"one run works on one batch, this one has {len(batches)}; launch a run for each: a backfill in the UI does, "
        "and so does `vr-assets run --batch A --batch B`"
    )
