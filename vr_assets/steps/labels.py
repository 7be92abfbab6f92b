"""Labels given in a file beside the videos, and labels that the domain does not know."""

import json
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

from vr_assets.errors import IngestError
from vr_assets.prompts.categories import category_of
from vr_assets.prompts.checks import near
from vr_assets.records.batch import ManifestRow
from vr_assets.settings import Mode
from vr_assets.steps.given import LABEL
from vr_assets.steps.intake import Problem
from vr_assets.steps.video_lists import Found

_NAMED_AT_MOST = 5


def read_labels(path: Path) -> dict[str, str]:
    """A file of `{"name of a video without its suffix": "label"}`.

    Raises:
        IngestError: it cannot be read, or is something else.
    """
    try:
        labels = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise IngestError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise IngestError(f"{path}: not JSON ({error})") from None
    if not isinstance(labels, dict) or not all(isinstance(label, str) and label.strip() for label in labels.values()):
        raise IngestError(f'{path}: write one object of names and labels, {{"cam1_0001": "collision"}}')
    return labels


def label_videos(found: Found, source: str) -> None:
    """Give the videos found the labels of the file `source`. What a list says of a video itself comes before it.

    A name that several videos have labels none of them: nobody can tell which is meant.

    Raises:
        IngestError: the file cannot be used.
    """
    labels = read_labels(Path(source).expanduser())
    paths: defaultdict[str, set[str]] = defaultdict(set)
    for row in (*found.walked, *found.listed):
        paths[Path(row.video_path).stem].add(row.video_path)
    usable = {}
    for name, label in labels.items():
        if len(paths[name]) > 1:
            said = f"{name} is the name of {len(paths[name])} videos ({', '.join(sorted(paths[name])[:2])}); label them in a list"
            found.problems.append(Problem(source, said))
        elif paths[name]:
            usable[name] = label
    if unused := sorted(name for name in labels if not paths[name]):
        more = f" and {len(unused) - _NAMED_AT_MOST} more" if len(unused) > _NAMED_AT_MOST else ""
        found.problems.append(Problem(source, f"no video is called {', '.join(unused[:_NAMED_AT_MOST])}{more}"))
    for rows in (found.walked, found.listed):
        rows[:] = [_labelled(row, usable.get(Path(row.video_path).stem), found) for row in rows]


def _labelled(row: ManifestRow, label: str | None, found: Found) -> ManifestRow:
    if label is None:
        return row
    own = row.fields.get(LABEL) or (str(row.mode) if row.mode else None)
    if own is not None:
        if own != label:
            said = f"{row.video_path}: labelled {own!r} here and {label!r} by the file of labels; this one holds"
            found.problems.append(Problem(row.source, said))
        return row
    if label.strip().lower() in (Mode.ANOMALY, Mode.NORMAL):
        return row.model_copy(update={"mode": Mode(label.strip().lower())})
    return row.model_copy(update={"fields": {**row.fields, LABEL: label}})


def check_labels(found: Found, categories: Collection[str], domain: str) -> None:
    """Report labels that are no category of a domain that names some, and incidents that are said to be normal."""
    if not categories:
        return
    for row in (*found.walked, *found.listed):
        label = row.fields.get(LABEL)
        category = category_of(label, categories)
        if isinstance(label, str) and category is None:
            said = f"label {label!r} is no category of domain {domain}{near(label, categories)}; it steers nothing"
            found.problems.append(Problem(row.source, f"{row.video_path}: {said}"))
        elif category and row.mode is Mode.NORMAL:
            found.problems.append(Problem(row.source, f"{row.video_path}: mode normal, and label {label!r}; it steers nothing"))
