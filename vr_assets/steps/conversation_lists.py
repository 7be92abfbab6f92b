"""Lists of conversations: rows of videos or images and turns."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from vr_assets.errors import IngestError
from vr_assets.parsing.turns import Medium, Speaker, first_human, said, tag, tags
from vr_assets.records.batch import ConversationEntry
from vr_assets.settings import Graph
from vr_assets.steps.item_lists import Below, ItemLists
from vr_assets.steps.lists import Row, check_names
from vr_assets.steps.places import absolute, is_file, located

# What the files that are written say themselves.
_OURS = frozenset({"caption", "conversations", "videos", "images"})


def _entry(row: Row, below: Below, source: str) -> ConversationEntry:
    if "conversation" not in row:
        also = ", and rename `conversations` to `conversation`" if "conversations" in row else ""
        raise IngestError(f'no conversation; write [{{"from": "human", "value": ""}}] to be asked the template\'s prompt{also}')
    check_names(row, _OURS)
    videos = tuple(_path(path, Medium.VIDEO, below) for path in _listed(row, Medium.VIDEO))
    images = tuple(_path(path, Medium.IMAGE, below) for path in _listed(row, Medium.IMAGE))
    if not videos and not images:
        raise IngestError("no video and no image; name one")
    _check_turns(row["conversation"], {Medium.VIDEO: len(videos), Medium.IMAGE: len(images)})
    return ConversationEntry(videos=videos, images=images, row=row, source=source)


def _listed(row: Row, medium: Medium) -> list[JsonValue]:
    """The paths of a field: null and empty text in place of a path name none, as tables write what is not there."""
    value = row.get(medium)
    listed = value if isinstance(value, list) else [value]
    return [path for path in listed if path is not None and path != ""]


def _path(value: JsonValue, medium: Medium, below: Below) -> str:
    folder = below.videos if medium is Medium.VIDEO else below.images
    if isinstance(value, str) and isinstance(folder, Path) and "://" not in value and "\0" not in value:
        # Pipelines of this kind read paths from where they are started.
        here = absolute(Path(value))
        if not is_file(absolute(folder / value)) and is_file(here):
            value = here
    return located(value, folder, below.roots, field=medium)


def _check_turns(turns: JsonValue, count: Mapping[Medium, int]) -> None:
    if not isinstance(turns, list) or not turns:
        raise IngestError(f'conversation {json.dumps(turns)[:60]} is no list of turns; write [{{"from": "human", "value": ""}}]')
    told: list[dict[str, JsonValue]] = []
    for number, turn in enumerate(turns, 1):
        if not isinstance(turn, dict) or turn.get("from") not in set(Speaker):
            speakers = ", ".join(Speaker)
            raise IngestError(
                f'turn {number} {json.dumps(turn)[:60]} is none; write {{"from": ..., "value": ...}}, from {speakers}'
            )
        if not isinstance(turn.get("value"), str | None):
            raise IngestError(f"turn {number} has the value {json.dumps(turn['value'])[:60]}; write text")
        told.append(turn)
    place = first_human(told)
    if place is None:
        raise IngestError('no turn is from human; write {"from": "human", "value": ""} to be asked the template\'s prompt')
    for medium, tagged in Counter(tags(said(told[place]))).items():
        if tagged != count[medium]:
            raise IngestError(
                f"the first human turn has {tagged} {tag(medium)} for {count[medium]} {medium}s; write one for each, or none"
            )


def _files(entry: ConversationEntry) -> tuple[str, ...]:
    return entry.videos + entry.images


CONVERSATION_LISTS = ItemLists(
    graph=Graph.CONVERSATIONS,
    entry=ConversationEntry,
    form='{"video": ..., "conversation": [{"from": "human", "value": ""}]}',
    read=_entry,
    files=_files,
    key=lambda entry: json.dumps([entry.videos, entry.images, entry.row]),
)
