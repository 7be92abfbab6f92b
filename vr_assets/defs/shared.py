"""What the workers of an instance share about endpoints."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from vr_assets.backends.lease_books import Database
from vr_assets.backends.leases import DATABASE_URL, shared_book

# In DAGSTER_HOME: what runs on this machine share about endpoints. May be deleted while none is going on.
SHARED = ".endpoints"


def shared_folder(instance: dg.DagsterInstance) -> Path:
    """The folder that runs on this machine share."""
    return Path(instance.root_directory) / SHARED


def leases_of(instance: dg.DagsterInstance, environ: Mapping[str, str]) -> Path | Database:
    """Where places at endpoints are written down: in the instance's database, where it has one that other machines reach.

    The environment's comes first; the instance's is asked so that no worker keeps its own count because a variable is missing.
    """
    url = environ.get(DATABASE_URL) or getattr(instance.event_log_storage, "postgres_url", "")
    return Database(url) if url else shared_book(shared_folder(instance), {})
