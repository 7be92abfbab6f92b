"""Where files lie: the output tree, and atomic publishing.

Everything is under one root:

    batches/<batch>/manifest.jsonl, batch.json, <asset>.jsonl, task_files/<task>.json, conversations/, review/, marks.jsonl
    batches/<batch>/imported/<asset>.jsonl
    journal/<asset>/<part>.jsonl
    spending.sqlite
    media/
    datasets/<name>/dataset.json, <version>/

The root is a folder, or a place in a bucket (`s3://bucket/prefix`): then paths are those of a local copy, brought up to date when
something is read, and put into the bucket when it is written. This class is the only one that knows paths.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from filelock import FileLock
from pydantic import ValidationError

from vr_assets.bucket import SCHEME, Bucket, TakenError, is_plain
from vr_assets.errors import SettingsError, StorageError
from vr_assets.mirror import Mirror, Uploads
from vr_assets.records.base import Record
from vr_assets.records.batch import Batch, ConversationEntry, ImageEntry, ManifestRow
from vr_assets.records.release import Dataset
from vr_assets.records.review import Decision, Mark
from vr_assets.settings import Asset, BucketSettings

R = TypeVar("R", bound=Record)

_ANEW = "use that version, or move the batch's folder away and ingest its files again: their answers cost nothing"
_CURES: Mapping[type[Record], str] = {
    **dict.fromkeys((Batch, ManifestRow, ImageEntry, ConversationEntry), _ANEW),
    **dict.fromkeys((Dataset, Decision), "use that version"),
}
"""What cannot be materialized again."""


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
    """The output tree: under a local folder, or in a bucket, of which `root` is then a local copy."""

    def __init__(self, root: Path, mirror: Mirror | None = None, *, flush_s: float = 0.0) -> None:
        self.root = root
        self.mirror = mirror
        self._flush_s = flush_s

    @classmethod
    def at(cls, data_root: str, bucket: BucketSettings | None = None) -> "Store":
        """The store that the setting `data_root` names.

        Raises:
            SettingsError: the root is an address of another kind.
        """
        if data_root.startswith(SCHEME):
            bucket = bucket or BucketSettings()
            remote = Bucket(data_root)
            copy = Path(bucket.cache_dir).expanduser().absolute() / "stores" / remote.address().removeprefix(SCHEME)
            return cls(copy, Mirror(remote, copy), flush_s=bucket.flush_s)
        if "://" in data_root:
            raise SettingsError(f"data_root = {data_root!r}: give a folder such as ./data, or s3://bucket/prefix")
        return cls(Path(data_root).expanduser().absolute())

    @property
    def place(self) -> str:
        """What people know the root by."""
        return self.address(self.root)

    def address(self, path: Path) -> str:
        """What people know a file or folder of the store by."""
        return self.mirror.address(path) if self.mirror else str(path)

    def uploads(self) -> Uploads | None:
        """What puts growing files into the bucket, to be closed; None for a folder."""
        return Uploads(self.mirror, every_s=self._flush_s) if self.mirror else None

    @property
    def media_folder(self) -> Path:
        return self.root / "media"

    @property
    def spending_file(self) -> Path:
        """What was spent, by batch and run. It cannot be made again."""
        return self.root / "spending.sqlite"

    def journal_folder(self, asset: Asset) -> Path:
        """Raises StorageError: what lies in the bucket cannot be fetched."""
        folder = self.root / "journal" / asset
        if self.mirror:
            self.mirror.refresh_grown(folder)
        return folder

    def batch_folder(self, batch: str) -> Path:
        """Raises StorageError: such a name would lead elsewhere."""
        if "/" in batch or not is_plain(batch) or not batch:
            raise StorageError(f"{batch!r} is the name of no batch; `vr-assets status` lists all")
        return self.root / "batches" / batch

    def task_files_folder(self, batch: str) -> Path:
        return self.batch_folder(batch) / "task_files"

    def rows_file(self, batch: str, asset: Asset) -> Path:
        return self.batch_folder(batch) / f"{asset}.jsonl"

    def batches(self) -> tuple[str, ...]:
        """Names of all registered batches, sorted."""
        return tuple(sorted(path.parent.name for path in self._batch_files()))

    def read_batches(self) -> list[Batch]:
        """All registered batches, by name. Raises StorageError."""
        return [_parse(Batch, path.read_text(encoding="utf-8"), path, None) for path in sorted(self._batch_files())]

    def read_batch(self, name: str) -> Batch:
        """Raises StorageError when there is no such batch or its file is torn."""
        path = self.batch_folder(name) / "batch.json"
        if not self._is_there(path):
            known = ", ".join(self.batches()) or "none yet"
            raise StorageError(f"no batch {name!r} in {self.place} (there are: {known}); register it with `vr-assets ingest`")
        return _parse(Batch, path.read_text(encoding="utf-8"), path, None)

    def write_batch(self, batch: Batch) -> None:
        """Publish `batch.json`: the one part of a batch that may change later, for its settings. What has its default is left
        out, so that an earlier version reads a batch that uses nothing newer.
        """
        content = batch.model_dump_json(indent=2, exclude_defaults=True)
        self._write(self.batch_folder(batch.name) / "batch.json", f"{content}\n".encode())

    def read_manifest(self, name: str) -> list[ManifestRow]:
        """The manifest of a batch of videos."""
        return self.read_entries(name, ManifestRow)

    def read_entries(self, name: str, kind: type[R]) -> list[R]:
        """The manifest of a batch, of the kind that its graph has."""
        return self._read_lines(self.batch_folder(name) / "manifest.jsonl", kind)

    def count_entries(self, name: str) -> int:
        """How many items a batch has, of whatever kind."""
        path = self.batch_folder(name) / "manifest.jsonl"
        if not self._is_there(path):
            raise self._gone(path)
        with path.open("rb") as file:
            return sum(1 for _ in file)

    def create_batch(self, batch: Batch, manifest: Sequence[Record]) -> None:
        """Register a batch. Its manifest never changes afterwards.

        Raises:
            StorageError: the batch exists.
        """
        folder = self.batch_folder(batch.name)
        taken = f"batch {batch.name!r} exists in {self.place}; manifests are immutable, choose another name"
        if self._is_there(folder / "batch.json"):
            raise StorageError(taken)
        try:
            self._write(folder / "manifest.jsonl", _lines(manifest), new=True)
        except TakenError as error:
            raise StorageError(taken) from error
        self.write_batch(batch)

    def remove_batch(self, name: str) -> None:
        """Delete a batch with its rows and task files. Answers stay in the journal, and what was made of its videos in `media`.

        Raises:
            StorageError: something of it cannot be deleted.
        """
        folder = self.batch_folder(name)
        if self.mirror:
            self.mirror.delete_folder(folder)
        try:
            if folder.is_dir():
                shutil.rmtree(folder)
        except OSError as error:
            raise StorageError(f"{folder}: cannot be deleted ({error.strerror}); check its permissions") from error

    def publish_task_files(self, batch: str) -> None:
        """Make the bucket hold the batch's task files as they lie in their folder; nothing to do where the store is a folder."""
        if self.mirror:
            self.mirror.publish_folder(self.task_files_folder(batch))

    def find_task_files(self, batch: str) -> list[Path]:
        """The batch's task files as they are published; sorted. Raises StorageError."""
        folder = self.task_files_folder(batch)
        return self.mirror.refresh_all(folder, "*.json") if self.mirror else sorted(folder.glob("*.json"))

    def write_file(self, batch: str, name: str, content: bytes | None) -> None:
        """Publish a file in a batch's folder, replacing what was there; None: it is not to be there.

        Raises:
            StorageError: it cannot be written or removed.
        """
        path = self.batch_folder(batch) / name
        if content is not None:
            self._write(path, content)
            return
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{path}: an earlier run's file cannot be removed ({error.strerror})") from error
        if self.mirror:
            # Not the folder as it lies: this machine may never have fetched the other files of it.
            self.mirror.delete(path)

    def write_rows(self, batch: str, asset: Asset, rows: Sequence[Record]) -> None:
        """Publish one asset's rows of one batch, replacing what was there."""
        self._write(self.rows_file(batch, asset), _lines(rows))

    def read_rows(self, batch: str, asset: Asset, kind: type[R]) -> list[R] | None:
        """One asset's rows of one batch, in the manifest's order; None when the asset was never made for it.

        Raises:
            StorageError: a line does not read as `kind`.
        """
        path = self.rows_file(batch, asset)
        return self._lines_of(path, kind) if self._is_there(path) else None

    def find_rows(self, batch: str, asset: Asset, kind: type[R], text: str) -> list[R]:
        """Rows whose line holds a text as it stands in JSON, without reading the others; none where the asset was never made.

        Raises:
            StorageError: such a line does not read as `kind`.
        """
        path = self.rows_file(batch, asset)
        if not self._is_there(path):
            return []
        wanted = json.dumps(text, ensure_ascii=False)[1:-1].encode()
        with path.open("rb") as file:
            return [_parse(kind, line.decode(), path, number) for number, line in enumerate(file, 1) if wanted in line]

    def write_imported(self, batch: str, asset: Asset, rows: Sequence[Record]) -> None:
        """Publish the rows of one asset that were made elsewhere and stand in place of answers, replacing what was there."""
        self._write(self._imported(batch, asset), _lines(rows))

    def read_imported(self, batch: str, asset: Asset, kind: type[R]) -> list[R]:
        """Those rows; none where nothing was imported, or all was set aside. Raises StorageError."""
        path = self._imported(batch, asset)
        return self._lines_of(path, kind) if self._is_there(path) else []

    def set_imported_aside(self, batch: str, asset: Asset) -> None:
        """Keep imported rows of one asset as `<asset>.forced.jsonl`, where they stand for nothing any more."""
        path = self._imported(batch, asset)
        if self._is_there(path):
            self._write(path.with_suffix(".forced.jsonl"), path.read_bytes())
            self.write_file(batch, f"{path.parent.name}/{path.name}", None)

    def _imported(self, batch: str, asset: Asset) -> Path:
        return self.batch_folder(batch) / "imported" / f"{asset}.jsonl"

    def review_folder(self, batch: str) -> Path:
        return self.batch_folder(batch) / "review"

    def fetch_review(self, batch: str) -> None:
        """Bring the batch's review page from the bucket; nothing to do where the store is a folder. Raises StorageError."""
        if self.mirror:
            self.mirror.refresh_folder(self.review_folder(batch))

    def publish_review(self, batch: str, files: Mapping[str, bytes], pictures: Collection[str]) -> None:
        """Make the batch's review page these files, by path below its folder, and of the pictures that lie there these; what else
        there was goes, but not the decisions. A file that does not change is not touched.

        Raises:
            StorageError: a file cannot be written or removed.
        """
        folder, decisions = self.review_folder(batch), self._decisions(batch)
        try:
            for name, content in files.items():
                path = folder / name
                if not path.is_file() or path.read_bytes() != content:
                    _replace(path, content)
            kept = {decisions, *(folder / name for name in (*files, *pictures))}
            for path in [path for path in folder.rglob("*") if path.is_file() and path not in kept]:
                if not path.name.startswith("."):
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{folder}: cannot be written ({error.strerror}); check the disk and data_root") from error
        if self.mirror:
            self.mirror.publish_folder(folder, but={decisions})

    def read_decisions(self, batch: str) -> list[Decision]:
        """What reviewers decided about a batch, oldest first. Raises StorageError."""
        path = self._decisions(batch)
        return self._lines_of(path, Decision) if self._is_there(path) else []

    def add_decision(self, batch: str, decision: Decision) -> None:
        """Write down a decision after those that are there. Writers on one machine wait for each other. Raises StorageError."""
        path = self._decisions(batch)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path.with_name(f".{path.name}.lock")):
                self._write(path, _lines([*self.read_decisions(batch), decision]))
        except OSError as error:
            raise StorageError(f"{path}: cannot be written ({error.strerror}); check the disk and data_root") from error

    def read_marks(self, batch: str) -> list[Mark]:
        """What evidence checks found about a batch's items. Raises StorageError."""
        path = self.batch_folder(batch) / "marks.jsonl"
        return self._lines_of(path, Mark) if self._is_there(path) else []

    def write_marks(self, batch: str, marks: Sequence[Mark]) -> None:
        """Publish a batch's marks, replacing what was there."""
        self._write(self.batch_folder(batch) / "marks.jsonl", _lines(marks))

    def dataset_folder(self, name: str) -> Path:
        return self.root / "datasets" / name

    def datasets(self) -> tuple[str, ...]:
        """Names of the data sets that were ever released, sorted. Raises StorageError."""
        folder = self.root / "datasets"
        found = self.mirror.refresh_all(folder, "dataset.json") if self.mirror else list(folder.glob("*/dataset.json"))
        return tuple(sorted(path.parent.name for path in found))

    def read_dataset(self, name: str) -> Dataset | None:
        """What a data set is made of; None where nothing was ever released under that name. Raises StorageError."""
        path = self.dataset_folder(name) / "dataset.json"
        return _parse(Dataset, path.read_text(encoding="utf-8"), path, None) if self._is_there(path) else None

    def write_dataset(self, dataset: Dataset) -> None:
        self._write(self.dataset_folder(dataset.name) / "dataset.json", f"{dataset.model_dump_json(indent=2)}\n".encode())

    def is_there(self, path: Path) -> bool:
        """Whether a file of the store is there, and then up to date here. Raises StorageError."""
        return self._is_there(path)

    def _decisions(self, batch: str) -> Path:
        return self.review_folder(batch) / "decisions.jsonl"

    def _batch_files(self) -> list[Path]:
        folder = self.root / "batches"
        return self.mirror.refresh_all(folder, "batch.json") if self.mirror else list(folder.glob("*/batch.json"))

    def _is_there(self, path: Path) -> bool:
        return self.mirror.refresh(path) if self.mirror else path.is_file()

    def _write(self, path: Path, content: bytes, *, new: bool = False) -> None:
        if self.mirror and new:
            self.mirror.bucket.put(path.relative_to(self.root).as_posix(), content, new=True)
        write_atomically(path, content)
        if self.mirror and not new:
            self.mirror.publish(path)

    def _read_lines(self, path: Path, kind: type[R]) -> list[R]:
        if not self._is_there(path):
            raise self._gone(path)
        return self._lines_of(path, kind)

    @staticmethod
    def _gone(path: Path) -> StorageError:
        return StorageError(f"{path}: not there; register the batch again with `vr-assets ingest`")

    def _lines_of(self, path: Path, kind: type[R]) -> list[R]:
        with path.open(encoding="utf-8") as file:
            return [_parse(kind, line, path, number) for number, line in enumerate(file, 1)]


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all for readers; a page can be made again, so that no power cut needs to be waited for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


def _lines(records: Sequence[Record]) -> bytes:
    return "".join(f"{record.to_line()}\n" for record in records).encode()


def _parse(kind: type[R], text: str, path: Path, line: int | None) -> R:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = f"{path}:{line}" if line else str(path)
        field = ".".join(str(part) for part in first["loc"])
        said = f"{where}: not a {kind.__name__} ({field}: {first['msg']}); it was written by another version or by hand"
        raise StorageError(f"{said}; {_CURES.get(kind, 'materialize the asset again')}") from error
