"""What rows, findings, marks and decisions have in common on the page, whatever they are about."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vr_assets.export.review.shown import Details, Entry, Said, Stage, Subject
from vr_assets.records.review import Decision, Finding, Mark, Pictures
from vr_assets.records.row import Row, VideoRow
from vr_assets.records.video import HighlightedVideo
from vr_assets.settings import Asset, Status

Rows = Mapping[Asset, Sequence[Row]]
"""A batch's rows by stage, upstream first; those of a stage that was never made are left out."""

OwnRows = Sequence[tuple[Asset, Row]]
"""The rows of one item, likewise."""

Names = Callable[[Row], tuple[str, str]]
"""The id and the path of an item."""


@dataclass(frozen=True)
class Opinions:
    """What checks and people say of a batch."""

    findings: Sequence[Finding] = ()
    marks: Sequence[Mark] = ()
    decisions: Sequence[Decision] = ()


@dataclass(frozen=True)
class Page:
    """A batch as it is shown: the gallery, everything by key, for each key the words in which a search looks, and what checks say
    of the batch as a whole.
    """

    entries: tuple[Entry, ...] = ()
    said: tuple[Said, ...] = ()
    details: Mapping[str, Details] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


def _keys(rows: Iterable[tuple[str, str]]) -> list[str]:
    """A short name for files, from an id and a path; of rows that share both each has its own, in their order."""
    seen: dict[str, int] = defaultdict(int)
    keys = []
    for item_id, path in rows:
        key = hashlib.sha256(f"{item_id}\0{path}".encode()).hexdigest()[:16]
        seen[key] += 1
        keys.append(key if seen[key] == 1 else f"{key}-{seen[key]}")
    return keys


def owner(subject: str, ids: Collection[str]) -> str | None:
    """Which of the ids a subject belongs to: itself, or what is before its last one or two slashes."""
    for most in range(3):
        candidate = subject.rsplit("/", most)[0] if most else subject
        if candidate in ids:
            return candidate
    return None


def _said(opinions: Opinions, ids: Collection[str]) -> Mapping[str | None, list[Said]]:
    """What checks say, by the id it belongs to, in their order; what belongs to none is about the batch as a whole."""
    found: dict[str | None, list[Said]] = defaultdict(list)
    for finding in opinions.findings:
        said = Said(check=finding.check, asset=finding.asset, subject=finding.subject, said=finding.said)
        found[owner(finding.subject, ids)].append(said)
    for mark in opinions.marks:
        said = Said(check=mark.check, subject=mark.subject, of=mark.of, passed=mark.passed, said=mark.said)
        found[owner(mark.subject, ids)].append(said)
    return found


def _decided(opinions: Opinions, ids: Collection[str]) -> Mapping[str, list[Decision]]:
    """The decision that counts on each subject, by the id that the subject belongs to."""
    found: dict[str, list[Decision]] = defaultdict(list)
    for one in latest(opinions.decisions):
        whose = owner(one.subject, ids)
        if whose is not None:
            found[whose].append(one)
    return found


def latest(decisions: Iterable[Decision]) -> list[Decision]:
    """Of several about one subject the last, in the order of subjects."""
    by_subject = {one.subject: one for one in decisions}
    return [by_subject[subject] for subject in sorted(by_subject)]


def made_with(rows: OwnRows) -> Iterator[tuple[str, str]]:
    """Which model and prompt, by stage and task."""
    for asset, row in rows:
        for made in row.provenance:
            yield f"{asset} / {made.task}", f"{made.model}, prompt {made.prompt} {made.prompt_hash[:8]} of {made.domain}"


def stages_of(rows: OwnRows) -> tuple[Stage, ...]:
    return tuple(
        Stage(
            name=asset,
            status=row.status,
            reason="" if row.blocked_by else row.reason,
            lost=tuple((lost.what, lost.reason) for lost in row.failures),
        )
        for asset, row in rows
    )


def outcome(rows: OwnRows) -> tuple[Status, str]:
    """What became of it, and the stage where it was lost; ok and none where nothing stopped it."""
    for asset, row in rows:
        passed_over = isinstance(row, HighlightedVideo) and row.status is Status.SKIPPED and row.blocked_by is None
        if row.status is not Status.OK and not passed_over:
            return row.status, row.blocked_by or asset
    return Status.OK, ""


def page_of(
    rows: Rows,
    pictures: Sequence[Pictures],
    opinions: Opinions,
    *,
    names: Names,
    details_of: Callable[[str, OwnRows, Pictures], Details],
) -> Page:
    """What all graphs have in common: a line and details for each row, in the manifest's order."""
    if not rows:
        return Page()
    first = [names(row) for row in next(iter(rows.values()))]
    ids = {item_id for item_id, _ in first}
    said, decided = _said(opinions, ids), _decided(opinions, ids)
    entries, details, words = [], {}, {}
    for place, key in enumerate(_keys(first)):
        own = [(asset, found[place]) for asset, found in rows.items()]
        item_id = first[place][0]
        shown = details_of(key, own, pictures[place]).model_copy(update={"said": tuple(said.get(item_id, ()))})
        entries.append(_entry(shown, own, decided.get(item_id, ())))
        details[key], words[key] = shown, words_of(shown)
    return Page(tuple(entries), tuple(said.get(None, ())), details, words)


def _entry(details: Details, rows: OwnRows, decisions: Sequence[Decision]) -> Entry:
    last = rows[-1][1]
    status, stage = outcome(rows)
    current = {one.id: one.of for one in subjects_of(details)}
    gone = {f"{one.subject} {one.of}": None for one in decisions if current.get(one.subject) != one.of}
    holding = (one for one in details.said if not one.passed and one.of in ("", current.get(one.subject)))
    return Entry(
        key=details.key,
        id=details.subject.id,
        name=details.name,
        status=status,
        stage=stage,
        mode=last.mode if isinstance(last, VideoRow) else None,
        duration_s=round(details.duration_s, 1),
        tasks=tuple(dict.fromkeys(one.qa_type for one in details.questions)),
        checks=tuple(sorted({one.check for one in holding})),
        questions=len(details.questions),
        thumb=details.pictures.thumb,
        outdated=tuple(gone),
    )


def subjects_of(details: Details) -> list[Subject]:
    """All of it that a reviewer may decide on."""
    return [details.subject, *(one.subject for one in details.questions), *(one.subject for one in details.expressions)]


def words_of(details: Details) -> str:
    """What a search looks in, in lower case."""
    parts = [details.name, details.subject.id, details.description]
    parts += [text for _, text in details.captions]
    parts += [one.text for one in (*details.events, *details.chunks, *([details.highlight] if details.highlight else []))]
    parts += [
        part
        for one in details.questions
        for part in (one.question, one.answer, one.explanation, *(text for _, text in one.options))
    ]
    parts += [one.text for one in details.expressions]
    parts += [stage.reason for stage in details.stages]
    return "\n".join(part for part in dict.fromkeys(parts) if part).lower()
