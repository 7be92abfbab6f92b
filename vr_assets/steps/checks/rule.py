"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vr_assets.records.conversation import Conversation
from vr_assets.records.image import ImageRow
from vr_assets.records.review import Finding
from vr_assets.records.row import Row, VideoRow
from vr_assets.settings import Asset, Check, Settings
from vr_assets.steps.checks.batch_rows import BatchRows

Tried = tuple[str, str]
"""Something that was looked at: its subject, as in `Finding`, and what is wrong with it; empty text where it is good."""


@dataclass(frozen=True)
class Look:
    """What a rule found.

    `passed` is None where there was nothing to judge: that is no pass. `breaches` are of single things, or of the batch as a
    whole, which has its name for a subject. `said` is one sentence that holds the figures.
    """

    passed: bool | None
    said: str
    looked_at: int = 0
    breaches: tuple[Tried, ...] = ()


Rule = Callable[[BatchRows, Asset, Settings], Look]
"""Looks at a stage's rows; its docstring says in one sentence what is good."""


@dataclass(frozen=True)
class Checked:
    """A check of a stage that was carried out."""

    asset: Asset
    check: Check
    look: Look

    @property
    def findings(self) -> list[Finding]:
        """Every breach; also where they are few enough to pass."""
        return [
            Finding(check=self.check.value, asset=self.asset.value, subject=subject, said=said)
            for subject, said in self.look.breaches
        ]


def judge(tried: Iterable[Tried], things: str, flawed: str, *, limit: float = 0.0, setting: str = "") -> Look:
    """Passes when not more than `limit`, a share, of what was tried is flawed.

    Args:
        things: what was looked at, in the plural: "texts".
        flawed: what the flawed ones do, as it follows their number: "stop in the middle".
        setting: the dotted name of the limit.
    """
    all_tried = list(tried)
    breaches = tuple(one for one in all_tried if one[1])
    total = len(all_tried)
    if not total:
        return nothing(f"no {things} to look at")
    held_to = f" ({len(breaches) / total:.1%}; {setting} = {limit:g})" if setting else ""
    return Look(len(breaches) <= limit * total, f"{len(breaches)} of {total} {things} {flawed}{held_to}", total, breaches)


def mostly(tried: Iterable[Tried], things: str, flawed: str, settings: Settings) -> Look:
    """The same, held to `checks.max_flawed_share`: for rules of thumb, which a good text may break."""
    return judge(tried, things, flawed, limit=settings.checks.max_flawed_share, setting="checks.max_flawed_share")


def nothing(said: str) -> Look:
    """There was nothing to judge."""
    return Look(None, said)


def name_of(row: Row) -> str:
    """What a finding calls the item of a row."""
    match row:
        case VideoRow():
            return row.video_id
        case ImageRow():
            return row.image_id
        case Conversation():
            return row.source
        case _:
            return row.subject
