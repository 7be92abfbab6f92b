"""Whether questions can be asked of who sees only the video, have one answer, and are reasoned."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations, pairwise

from vr_assets.parsing.choices import same
from vr_assets.parsing.letters import Scene, named_letters
from vr_assets.parsing.option_lines import FEWEST
from vr_assets.parsing.refusals import cited_evidence
from vr_assets.parsing.text import snippet
from vr_assets.records.video import McqItem, OpenItem, QaVideo
from vr_assets.settings import Asset, QaType, Settings, Status
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.items import Asked, items_of
from vr_assets.steps.checks.rule import Look, Tried, judge, mostly

_TELLS_CHARS = 60


def unread_share(rows: BatchRows, _: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_unread_share` of the QA types that were asked gave no items."""
    asked = [row for row in rows.all(QaVideo) if row.status in (Status.OK, Status.FAILED)]
    tried = [(row.video_id, "") for row in asked for _ in row.qa]
    tried += [(row.video_id, f"{failure.what}: {failure.reason}") for row in asked for failure in row.failures]
    limit = settings.checks.max_unread_share
    return judge(tried, "QA types", "gave no items", limit=limit, setting="checks.max_unread_share")


def mcq_options(rows: BatchRows, _: Asset, __: Settings) -> Look:
    """Every multiple-choice question has four options or more, no two alike, and its answer is one of them."""
    tried = ((asked.subject, _options(asked.item)) for asked in items_of(rows) if isinstance(asked.item, McqItem))
    return judge(tried, "multiple-choice questions", "have wrong options")


def _options(item: McqItem) -> str:
    letters = [option.letter for option in item.options]
    if len(letters) < FEWEST:
        return f"{len(letters)} options in place of {FEWEST}"
    if len(set(letters)) < len(letters):
        return f"two options are called {next(letter for letter in letters if letters.count(letter) > 1)}"
    if item.answer not in letters:
        return f"the answer {item.answer!r} is none of the options {', '.join(letters)}"
    texts = sorted(same(option.text) for option in item.options)
    if not texts[0]:
        return "an option is empty"
    alike = next((one for one, other in pairwise(texts) if one == other), "")
    return f"two options are the same: {snippet(alike)}" if alike else ""


def captions_cited(rows: BatchRows, _: Asset, __: Settings) -> Look:
    """No question, answer or reasoning cites the captions or the description it was made from: who sees the video has none."""
    return judge(((asked.subject, _cited(asked)) for asked in items_of(rows)), "questions", "cite the captions")


def _cited(asked: Asked) -> str:
    for what, text in asked.texts.items():
        plain = text.casefold()
        if ("caption" in plain or "description" in plain) and (words := cited_evidence(text)):
            return f"{what}: cites what only the annotator had: {snippet(words)}"
    return ""


def reasoning_present(rows: BatchRows, _: Asset, __: Settings) -> Look:
    """Every question has a reasoning: without it the chain of thought is lost in training, silently."""
    tried = (
        (asked.subject, "" if any(letter.isalpha() for letter in asked.item.reasoning) else "no reasoning")
        for asked in items_of(rows)
    )
    return judge(tried, "questions", "lack reasoning")


def reasoning_letters(rows: BatchRows, _: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_flawed_share` of the multiple-choice questions name options by letter in their reasoning."""
    tried = ((asked.subject, _letters(asked.item)) for asked in items_of(rows) if isinstance(asked.item, McqItem))
    return mostly(tried, "multiple-choice questions", "name letters in their reasoning", settings)


def _letters(item: McqItem) -> str:
    scene = Scene(item.question, {option.letter: option.text for option in item.options})
    named = named_letters(item.reasoning, scene)
    return f"its reasoning names {', '.join(named)} in place of what is seen" if named else ""


def repeated_questions(rows: BatchRows, _: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_flawed_share` of the questions ask what another question about the same video asks."""
    by_video = defaultdict(list)
    for asked in items_of(rows):
        by_video[asked.row.video_id].append(asked)
    tried = (one for asked in by_video.values() for one in _alike(asked, settings.checks.question_overlap))
    return mostly(tried, "questions", "ask what another one asks", settings)


def _alike(asked: list[Asked], overlap: float) -> Iterable[Tried]:
    """Each question of a video, and which earlier one it repeats. The two of bcq are alike by design."""
    words = [set(re.findall(r"\w+", one.item.question.casefold())) for one in asked]
    repeats: dict[int, int] = {}
    for earlier, later in combinations(range(len(asked)), 2):
        if later not in repeats and _overlap(words[earlier], words[later]) >= overlap:
            if asked[earlier].qa_type is asked[later].qa_type is QaType.BCQ:
                continue
            repeats[later] = earlier
    for place, one in enumerate(asked):
        yield one.subject, f"asks what {asked[repeats[place]].subject} asks" if place in repeats else ""


def _overlap(one: set[str], other: set[str]) -> float:
    """Jaccard's index of two sets of words; 0 where they differ in a number: those are other times, other things."""
    common, differing = one & other, one ^ other
    if not common or any(word[0].isdigit() for word in differing):
        return 0.0
    return len(common) / (len(common) + len(differing))


def repeated_items(rows: BatchRows, _: Asset, settings: Settings) -> Look:
    """Not more than `checks.max_flawed_share` of the items have the question and the answer of an item about another video."""
    items = [(asked, key) for asked in items_of(rows) if (key := _learnt(asked))]
    about: Mapping[str, dict[str, str]] = defaultdict(dict)
    for asked, key in items:
        about[key].setdefault(asked.row.video_id, asked.subject)
    tried = ((asked.subject, _elsewhere(asked, about[key])) for asked, key in items)
    return mostly(tried, "items", "are those of another video too", settings)


def _learnt(asked: Asked) -> str:
    """What could be learnt by heart, without looking. Short answers are alike by nature."""
    item = asked.item
    if isinstance(item, McqItem):
        return " | ".join([same(item.question), *sorted(same(option.text) for option in item.options), _right(item)])
    if isinstance(item, OpenItem) and len(item.answer) >= _TELLS_CHARS:
        return f"{same(item.question)} | {same(item.answer)}"
    return ""


def _right(item: McqItem) -> str:
    return next((same(option.text) for option in item.options if option.letter == item.answer), "")


def _elsewhere(asked: Asked, about: Mapping[str, str]) -> str:
    other = next((subject for video, subject in about.items() if video != asked.row.video_id), "")
    more = f" and {len(about) - 2} more" if len(about) > 2 else ""
    return f"the same question and answer as {other}{more}: {snippet(asked.item.question)}" if other else ""
