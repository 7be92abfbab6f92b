"""Where files lie: the output tree, and atomic publishing.

Everything is under one root:

    batches/<batch>/manifest.jsonl, batch.json, <asset>.jsonl, task_files/<task>.json
    journal/<asset>/<part>.jsonl
    spending.sqlite
    media/

Other places (object stores) take the same questions: this class is the only one that knows paths.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from vr_assets.errors import SettingsError, StorageError
from vr_assets.records.base import Record
from vr_assets.records.batch import Batch, ManifestRow
from vr_assets.settings import Asset

R = TypeVar("R", bound=Record)


def write_atomically(path: Path, content: bytes | Path) -> None:
    """Publish a file, of these bytes or with those of another file: a reader sees the old content or the new one, never a part,
    also after a power cut.

    Raises:
        StorageError: the folder cannot be made or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                if isinstance(content, Path):
                    with content.open("rb") as other:
                        shutil.copyfileobj(other, file)
                else:
                    file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror}); check the disk and data_root") from error


class Store:
    """The output tree under a local folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def at(cls, data_root: str) -> "Store":
        """The store that the setting `data_root` names.

        Raises:
            SettingsError: the root is an address that is not a folder.
        """
        if "://" in data_root:
            raise SettingsError(f"data_root = {data_root!r}: only folders are supported; give a path such as ./data")
        return cls(Path(data_root).expanduser().absolute())

    @property
    def media_folder(self) -> Path:
        return self.root / "media"

    @property
    def spending_file(self) -> Path:
        """What was spent, by batch and run. It cannot be made again."""
        return self.root / "spending.sqlite"

    def journal_folder(self, asset: Asset) -> Path:
        return self.root / "journal" / asset

    def batch_folder(self, batch: str) -> Path:
        return self.root / "batches" / batch

    def task_files_folder(self, batch: str) -> Path:
        return self.batch_folder(batch) / "task_files"

    def rows_file(self, batch: str, asset: Asset) -> Path:
        return self.batch_folder(batch) / f"{asset}.jsonl"

    def batches(self) -> tuple[str, ...]:
        """Names of all registered batches, sorted."""
        folder = self.root / "batches"
        return tuple(sorted(path.parent.name for path in folder.glob("*/batch.json")))

    def read_batch(self, name: str) -> Batch:
        """Raises StorageError when there is no such batch or its file is torn."""
        path = self.batch_folder(name) / "batch.json"
        if not path.is_file():
            known = ", ".join(self.batches()) or "none yet"
            raise StorageError(f"no batch {name!r} in {self.root} (there are: {known}); register it with `vr-assets ingest`")
        return _parse(Batch, path.read_text(encoding="utf-8"), path, None)

    def write_batch(self, batch: Batch) -> None:
        """Publish `batch.json`: the one part of a batch that may change later, for its settings."""
        write_atomically(self.batch_folder(batch.name) / "batch.json", f"{batch.model_dump_json(indent=2)}\n".encode())

    def read_manifest(self, name: str) -> list[ManifestRow]:
        return self._read_lines(self.batch_folder(name) / "manifest.jsonl", ManifestRow)

    def create_batch(self, batch: Batch, manifest: Sequence[ManifestRow]) -> None:
        """Register a batch. Its manifest never changes afterwards.

        Raises:
            StorageError: the batch exists.
        """
        folder = self.batch_folder(batch.name)
        if (folder / "batch.json").exists():
            raise StorageError(f"batch {batch.name!r} exists in {self.root}; manifests are immutable, choose another name")
        write_atomically(folder / "manifest.jsonl", _lines(manifest))
        self.write_batch(batch)

    def write_rows(self, batch: str, asset: Asset, rows: Sequence[Record]) -> None:
        """Publish one asset's rows of one batch, replacing what was there."""
        write_atomically(self.rows_file(batch, asset), _lines(rows))

    def read_rows(self, batch: str, asset: Asset, kind: type[R]) -> list[R] | None:
        """One asset's rows of one batch, in the manifest's order; None when the asset was never made for it.

        Raises:
            StorageError: a line does not read as `kind`.
        """
        path = self.rows_file(batch, asset)
        return self._read_lines(path, kind) if path.is_file() else None

    def _read_lines(self, path: Path, kind: type[R]) -> list[R]:
        if not path.is_file():
            raise StorageError(f"{path}: not there; register the batch again with `vr-assets ingest`")
        with path.open(encoding="utf-8") as file:
            return [_parse(kind, line, path, number) for number, line in enumerate(file, 1)]


def _lines(records: Sequence[Record]) -> bytes:
    return "".join(f"{record.to_line()}\n" for record in records).encode()


def _parse(kind: type[R], text: str, path: Path, line: int | None) -> R:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = f"{path}:{line}" if line else str(path)
        field = ".".join(str(part) for part in first["loc"])
        cure = "it was written by another version or by hand; materialize the asset again"
        raise StorageError(f"{where}: not a {kind.__name__} ({field}: {first['msg']}); {cure}") from error
