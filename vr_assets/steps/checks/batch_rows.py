"""A batch as checks look at it: its rows, each stage's read once however many rules look at them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeVar, cast

from vr_assets.records.batch import Batch, ConversationEntry, ImageEntry, ManifestRow
from vr_assets.records.row import Row
from vr_assets.settings import Asset, Graph, Status
from vr_assets.steps.rows import ROWS
from vr_assets.storage import Store

R = TypeVar("R", bound=Row)

_ASSETS: Mapping[type[Row], Asset] = {kind: asset for asset, kind in ROWS.items()}


class BatchRows:
    """The rows of one batch. Each method raises StorageError where they cannot be read."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._read: dict[Asset, Sequence[Row] | None] = {}
        self.name = name

    def made(self, asset: Asset) -> Sequence[Row] | None:
        """All rows of a stage, in the manifest's order; None where it was never made."""
        if asset not in self._read:
            self._read[asset] = self._store.read_rows(self.name, asset, ROWS[asset])
        return self._read[asset]

    def all(self, kind: type[R]) -> Sequence[R]:
        """The rows of the stage whose records these are; none where it was never made."""
        return cast("Sequence[R]", self.made(_ASSETS[kind]) or ())

    def ok(self, kind: type[R]) -> list[R]:
        return [row for row in self.all(kind) if row.status is Status.OK]

    @cached_property
    def batch(self) -> Batch:
        return self._store.read_batch(self.name)

    @cached_property
    def subjects(self) -> Sequence[str]:
        """What rows know the items of the manifest by, in its order."""
        match self.batch.graph:
            case Graph.VIDEOS:
                return [entry.video_path for entry in self._store.read_entries(self.name, ManifestRow)]
            case Graph.IMAGES:
                return [entry.image_path for entry in self._store.read_entries(self.name, ImageEntry)]
            case Graph.CONVERSATIONS:
                return [entry.source for entry in self._store.read_entries(self.name, ConversationEntry)]

    def task_files(self) -> Sequence[Path]:
        """The batch's task files, sorted."""
        return self._store.find_task_files(self.name)
