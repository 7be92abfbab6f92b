"""Counts of what was said and what there was to say, a kind of fact at a time."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Count:
    """`stated` facts of which `right` are so; `happened` facts of which `told` were stated.

    `late_s`: by how much right ones are off. `wrong` and `missed` say which ones, with the scene's seed.
    """

    stated: int = 0
    right: int = 0
    happened: int = 0
    told: int = 0
    late_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def right_share(self) -> float:
        return self.right / self.stated if self.stated else 1.0

    @property
    def told_share(self) -> float:
        return self.told / self.happened if self.happened else 1.0


@dataclass
class Tally:
    """The counts of some scenes. `cpu_s` is what measuring took beyond decoding, for `video_s` of video."""

    counts: dict[str, Count] = field(default_factory=dict)
    scenes: int = 0
    cpu_s: float = 0.0
    video_s: float = 0.0

    def says(self, kind: str, right: bool, what: str) -> bool:
        count = self._of(kind)
        count.stated += 1
        count.right += right
        if not right:
            count.wrong.append(what)
        return right

    def had(self, kind: str, told: bool, what: str) -> None:
        count = self._of(kind)
        count.happened += 1
        count.told += told
        if not told:
            count.missed.append(what)

    def late(self, kind: str, by_s: float) -> None:
        self._of(kind).late_s.append(by_s)

    def _of(self, kind: str) -> Count:
        return self.counts.setdefault(kind, Count())

    @classmethod
    def of(cls, parts: Iterable["Tally"]) -> "Tally":
        """Several, taken together."""
        whole = cls()
        for part in parts:
            whole.scenes += part.scenes
            whole.cpu_s += part.cpu_s
            whole.video_s += part.video_s
            for kind, count in part.counts.items():
                into = whole._of(kind)
                into.stated += count.stated
                into.right += count.right
                into.happened += count.happened
                into.told += count.told
                into.late_s += count.late_s
                into.wrong += count.wrong
                into.missed += count.missed
        return whole
