"""The files of a version: written aside, then published whole."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from vr_assets.export.release.card import plots
from vr_assets.export.release.content import Content
from vr_assets.export.release.conversations import conversation_file
from vr_assets.export.release.placing import MediaFile
from vr_assets.export.release.readme import readme
from vr_assets.export.release.shards import write_shards
from vr_assets.export.release.step_files import step_files
from vr_assets.export.release.tables import write_parquet
from vr_assets.export.release.task_files import task_files
from vr_assets.records.base import Record
from vr_assets.records.release import Card
from vr_assets.settings import ReleaseForm, Split
from vr_assets.storage import Store

CARD = "card.json"
_CONVERSATIONS = (ReleaseForm.SHAREGPT, ReleaseForm.LLAVA_VIDEO, ReleaseForm.QWEN_VL)


def write(folder: Path, content: Content, card: Card, media: Sequence[MediaFile]) -> None:
    """All files of a version but its media, and all of it to the disk."""
    forms = content.settings.release.forms
    for split in Split:
        videos = [one for one in content.choice.videos if one.split is split]
        images = [one for one in content.choice.images if one.split is split]
        told = [one for one in content.samples if one.split is split]
        for name, text in task_files(videos, images, content.told):
            _put(folder / split / name, text)
        if ReleaseForm.STEP_FILES in forms:
            for name, text in step_files(videos, images):
                _put(folder / split / name, text)
        for form in [form for form in forms if form in _CONVERSATIONS]:
            suffix, text = conversation_file(form, told, with_reasoning=content.settings.release.with_reasoning)
            _put(folder / form / f"{split}.{suffix}", text)
        if ReleaseForm.PARQUET in forms:
            (folder / ReleaseForm.PARQUET).mkdir(exist_ok=True)
            write_parquet(folder / ReleaseForm.PARQUET / f"{split}.parquet", told)
        if ReleaseForm.WEBDATASET in forms:
            (folder / ReleaseForm.WEBDATASET).mkdir(exist_ok=True)
            limit_bytes = int(content.settings.release.shard_mb * 1e6)
            write_shards(folder / ReleaseForm.WEBDATASET, told, root=folder, split=split, limit_bytes=limit_bytes)
    _put(folder / "media.jsonl", _lines(media))
    _put(folder / "left_out.jsonl", _lines(content.choice.left_out))
    drawn = plots(card)
    for name, text in {**drawn, "README.md": readme(card, drawn), CARD: _indented(card)}.items():
        _put(folder / name, text)
    for path in folder.rglob("*"):
        _sync(path)


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _sync(path: Path) -> None:
    """What was written here must bear a power cut once the folder has its name."""
    if path.stat().st_nlink == 1 or path.is_dir():
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _lines(records: Sequence[Record]) -> bytes:
    return "".join(f"{record.to_line()}\n" for record in records).encode()


def _indented(card: Card) -> bytes:
    return f"{card.model_dump_json(indent=2)}\n".encode()


def cleared(parent: Path) -> Path:
    """A new folder aside; those that killed releases left go."""
    for left in parent.glob(".aside-*"):
        shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=parent, prefix=".aside-"))


def publish(store: Store, aside: Path, folder: Path) -> None:
    """The folder under its name; where the store is a bucket, the card goes there last."""
    aside.chmod(0o755)
    if folder.exists():
        # In a bucket's copy: what is there was never put in whole.
        shutil.rmtree(folder)
    aside.rename(folder)
    if store.mirror:
        for path in sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: (path.name == CARD, path)):
            store.mirror.publish(path)
