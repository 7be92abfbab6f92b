"""Whether answers can be guessed without looking: by their letter, by their length, by always saying Yes.

A share is judged only where chance would give it rarely. Were each answer drawn fairly, the number that fall on one choice would
be binomial; the probability of as many or more, times the number of choices looked at (Bonferroni), must be under
`checks.chance`. Questions with more than four options make other draws; their sum is no wider than the binomial of the mean
(Hoeffding, "On the distribution of the number of successes in independent trials", 1956).
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from vr_assets.records.video import McqItem, YesNoItem
from vr_assets.settings import Asset, QaType, Settings
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.items import items_of
from vr_assets.steps.checks.rule import Look, nothing


def letter_balance(rows: BatchRows, _: Asset, settings: Settings) -> Look:
    """No letter is the answer to more than `checks.max_letter_share` of the multiple-choice questions."""
    items = _mcqs(rows)
    counts = Counter(item.answer for item in items)
    limit = settings.checks.max_letter_share
    return _balanced(
        rows,
        {f"answered {letter}": count for letter, count in counts.most_common(1)},
        [1 / len(item.options) for item in items],
        choices=max((len(item.options) for item in items), default=1),
        limit=(limit, "checks.max_letter_share"),
        chance=settings.checks.chance,
        things="multiple-choice questions",
    )


def option_lengths(rows: BatchRows, _: Asset, settings: Settings) -> Look:
    """The right option is not the longest, nor the shortest, of more than `checks.max_longest_share` of the questions."""
    items = _mcqs(rows)
    lengths = [_right_and_others(item) for item in items]
    counts = {
        "whose right option is the longest": sum(right > max(others) for right, others in lengths),
        "whose right option is the shortest": sum(right < min(others) for right, others in lengths),
    }
    return _balanced(
        rows,
        counts,
        [1 / len(item.options) for item in items],
        choices=len(counts),
        limit=(settings.checks.max_longest_share, "checks.max_longest_share"),
        chance=settings.checks.chance,
        things="multiple-choice questions",
    )


def yes_no_balance(rows: BatchRows, _: Asset, settings: Settings) -> Look:
    """Neither Yes nor No is the answer to more than `checks.max_yes_share` of the questions of a type."""
    found = [
        _balanced(
            rows,
            {f"answered {answer}": count for answer, count in Counter(answers).most_common(1)},
            [0.5] * len(answers),
            choices=2,
            limit=(settings.checks.max_yes_share, "checks.max_yes_share"),
            chance=settings.checks.chance,
            things=f"{qa_type} questions",
        )
        for qa_type, answers in _yes_and_no(rows).items()
    ]
    if not found:
        return nothing("no Yes/No questions to look at")
    judged = [look for look in found if look.passed is not None] or found
    return Look(
        None if judged[0].passed is None else all(look.passed for look in judged),
        "; ".join(look.said for look in found),
        sum(look.looked_at for look in judged),
        tuple(breach for look in judged for breach in look.breaches),
    )


def _balanced(
    rows: BatchRows,
    counts: dict[str, int],
    fair: Sequence[float],
    *,
    choices: int,
    limit: tuple[float, str],
    chance: float,
    things: str,
) -> Look:
    """Judges the shares of counted answers; `fair` has each question's probability of a fair draw to be counted."""
    total = len(fair)
    if not total:
        return nothing(f"no {things} to look at")
    share, setting = limit
    mean = sum(fair) / total
    said = ", ".join(f"{count} of {total} {things} {what}" for what, count in counts.items())
    told = f"{said} ({max(counts.values()) / total:.0%}; {setting} = {share:g})"
    if choices * at_least(total, total, mean) >= chance:
        return nothing(f"{said}: too few to tell from chance")
    breaches = tuple(
        (rows.name, f"{count} of {total} {things} {what}")
        for what, count in counts.items()
        if count > share * total and choices * at_least(count, total, mean) < chance
    )
    return Look(not breaches, told, total, breaches)


def at_least(count: int, total: int, probability: float) -> float:
    """The probability of `count` or more among `total` draws."""
    return math.fsum(_binomial(number, total, probability) for number in range(count, total + 1))


def _binomial(number: int, total: int, probability: float) -> float:
    # By logarithms: the coefficients of thousands of draws do not fit a float.
    ways = math.lgamma(total + 1) - math.lgamma(number + 1) - math.lgamma(total - number + 1)
    return math.exp(ways + number * math.log(probability) + (total - number) * math.log1p(-probability))


def _mcqs(rows: BatchRows) -> list[McqItem]:
    """Those with a right option and another."""
    items = (asked.item for asked in items_of(rows) if isinstance(asked.item, McqItem))
    return [item for item in items if len(item.options) > 1 and item.answer in _letters(item)]


def _letters(item: McqItem) -> Iterable[str]:
    return (option.letter for option in item.options)


def _right_and_others(item: McqItem) -> tuple[int, list[int]]:
    right = next(len(option.text) for option in item.options if option.letter == item.answer)
    return right, [len(option.text) for option in item.options if option.letter != item.answer]


def _yes_and_no(rows: BatchRows) -> dict[QaType, list[str]]:
    found: dict[QaType, list[str]] = {}
    for asked in items_of(rows):
        if isinstance(asked.item, YesNoItem):
            found.setdefault(asked.qa_type, []).append(asked.item.answer)
    return found
