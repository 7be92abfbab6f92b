"""WebDataset shards: a sample a video or image, with all that is said of it."""

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from vr_assets.export.release.conversations import by_media
from vr_assets.records.release import Sample


def write_shards(folder: Path, samples: Sequence[Sample], *, root: Path, split: str, limit_bytes: int) -> list[str]:
    """Write `<split>-000000.tar` and so on, in which the bytes depend on the samples and media alone; their names.

    A sample of a shard has the media under its own suffix and `json`: `{"media", "samples"}`. Its key is a hash of the media's
    path, for dots in a name would end the key.

    Args:
        root: what the samples' media paths are below.
        limit_bytes: a shard that is so large takes no more.
    """
    names: list[str] = []
    shard: tarfile.TarFile | None = None
    for media, told in by_media(samples):
        if shard is None or shard.offset >= limit_bytes:
            if shard is not None:
                shard.close()
            names.append(f"{split}-{len(names):06d}.tar")
            shard = tarfile.open(folder / names[-1], "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
        key = hashlib.sha256(media.encode()).hexdigest()[:16]
        with (root / media).open("rb") as file:
            entry = tarfile.TarInfo(f"{key}{PurePosixPath(media).suffix.lower()}")
            entry.size = (root / media).stat().st_size
            shard.addfile(entry, file)
        text = json.dumps({"media": media, "samples": [one.model_dump(mode="json") for one in told]}, ensure_ascii=False).encode()
        entry = tarfile.TarInfo(f"{key}.json")
        entry.size = len(text)
        shard.addfile(entry, io.BytesIO(text))
    if shard is not None:
        shard.close()
    return names
