"""What reviewers decided and checks found, applied: what stays, as it stays, and why the rest does not."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeVar

from vr_assets.errors import ReleaseError
from vr_assets.export.release.gathering import BatchRows
from vr_assets.records.base import Record
from vr_assets.records.edits import edited
from vr_assets.records.release import Why
from vr_assets.records.review import Decision, Finding, Mark, Verdict, fingerprint
from vr_assets.records.video import QaItem
from vr_assets.settings import ReleaseSettings

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Refused:
    """Why something is not released."""

    why: Why
    said: str


class Reviews:
    """Of one batch. `applied` are the decisions that were current, and `outdated` names, once all is judged, the others."""

    def __init__(self, rows: BatchRows, settings: ReleaseSettings) -> None:
        self._settings = settings
        self._decisions = _by_subject(rows.decisions)
        self._marks = _by_subject([mark for mark in rows.marks if not mark.passed and _named(mark.check, settings.failed_marks)])
        self._findings = _by_subject([one for one in rows.findings if _named(one.check, settings.findings)])
        self._passed_over: set[str] = set()
        self.applied: dict[str, Decision] = {}

    def decision(self, subject: str, current: Collection[str]) -> Decision | None:
        """The last decision about a subject, of those about one of these fingerprints."""
        about = [one for one in self._decisions.get(subject, ()) if one.of in current]
        if not about:
            return None
        self.applied[subject] = about[-1]
        return about[-1]

    def judged(self, subject: str, thing: R, *, accepted: bool = False) -> R | Refused:
        """A thing that stays as it is, or why it does not stay.

        Args:
            accepted: the video or image that it is of was accepted as a whole.
        """
        print_ = fingerprint(thing)
        decision = self.decision(subject, [print_])
        if decision is not None:
            return rejected(decision) if decision.verdict is Verdict.REJECT else thing
        mark = next((mark for mark in self._marks.get(subject, ()) if mark.of == print_), None)
        if mark is not None:
            return Refused(Why.MARK, f"{mark.check}: {mark.said}")
        found = self.finding(subject)
        if found is not None:
            return found
        if self._settings.only_accepted and not accepted:
            return Refused(Why.NOT_ACCEPTED, "no reviewer accepted it")
        return thing

    def judged_item(self, subject: str, item: QaItem, *, accepted: bool) -> QaItem | Refused:
        """The same of a question, with what a reviewer edited.

        Raises:
            ReleaseError: the edits make no such question.
        """
        judged = self.judged(subject, item, accepted=accepted)
        decision = self.applied.get(subject)
        if decision is None or decision.verdict is not Verdict.EDIT:
            return judged
        return _edited(item, decision)

    def pass_over(self, subject: str) -> None:
        """A video or image that is left out whole: what was decided about things of it is not outdated for that."""
        self._passed_over.add(subject)

    def finding(self, subject: str) -> Refused | None:
        """What a check found about a subject, and the settings do not pass over."""
        found = next(iter(self._findings.get(subject, ())), None)
        return Refused(Why.FINDING, f"{found.check}: {found.said}") if found else None

    @property
    def outdated(self) -> list[Decision]:
        """The last decision about each subject that is not there any more as it was decided about."""
        found = sorted(self._decisions.items())
        return [about[-1] for subject, about in found if subject not in self.applied and not self._is_passed_over(subject)]

    def _is_passed_over(self, subject: str) -> bool:
        return any(subject[:at] in self._passed_over for at, letter in enumerate(subject) if letter == "/")


def rejected(decision: Decision) -> Refused:
    return Refused(Why.REJECTED, decision.note or "by a reviewer")


def _edited(item: QaItem, decision: Decision) -> QaItem:
    try:
        return edited(item, decision.edits)
    except ValueError as error:
        raise ReleaseError(f"the edit of {decision.subject} cannot be used ({error}); decide about it again") from None


S = TypeVar("S", Decision, Mark, Finding)


def _by_subject(told: Sequence[S]) -> dict[str, list[S]]:
    found: dict[str, list[S]] = defaultdict(list)
    for one in told:
        found[one.subject].append(one)
    return found


def _named(check: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(check, pattern) for pattern in patterns)
