"""Everything that the checks find in a batch, by item."""

from vr_assets.records.review import Finding
from vr_assets.settings import Settings
from vr_assets.steps.checks import check_batch
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.storage import Store


def find_all(store: Store, batch: str, settings: Settings) -> list[Finding]:
    """The findings of every stage that was made, upstream first, in the order of the rows.

    Those of a check that passes within its limit are among them. One about the batch as a whole (answers out of balance, a task
    file that does not validate) has the batch's name for its subject; one about a conversation, its source.

    Args:
        settings: the batch's, resolved.

    Raises:
        StorageError: there is no such batch, or its rows cannot be read.
    """
    return [finding for checked in check_batch(BatchRows(store, batch), settings) for finding in checked.findings]
