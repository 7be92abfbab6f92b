"""mcq: a question with lettered options, one of them right, shuffled."""

import hashlib
import random
import re
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from vr_assets.errors import ReplyError
from vr_assets.parsing.choices import read_letter, same
from vr_assets.parsing.letters import Scene, names_options, rename_in_option, rename_letters
from vr_assets.parsing.option_lines import FEWEST, LETTERS, lettered, options_of, split_options, unmarked
from vr_assets.parsing.reply import Names, ReplyModel, Words, read_reply
from vr_assets.parsing.text import snippet
from vr_assets.records.video import McqItem, Option

QUESTION = ("q", "multiple choice question", "mcq question", "yes/no question", "binary question", "verification question")
ANSWER = ("correct answer", "ground truth", "expected answer", "final answer")
EXPLANATION = ("justification", "answer explanation")
REASONING = ("rationale", "chain of thought", "reasoning steps", "step by step reasoning", "thought process")
"""What models call the fields of a question."""

STEPS = Field(description="The steps that lead from what is seen to the answer.")
ABOVE = re.compile(r"\b(?:of the above|of these|of the other options|of the options|the above)\b", re.IGNORECASE)
_NUMBERED = re.compile(
    r"\b(?:option|choice|answer|alternative)s?\s*(?:number\s*|no\.?\s*|#\s*)?[(\[]?\d\b(?!:)|\(\d\)", re.IGNORECASE
)


class OptionReply(ReplyModel):
    other_names: ClassVar[Names] = {
        "letter": ("label", "key", "id", "option letter"),
        "text": ("option", "value", "content", "description"),
    }

    letter: Annotated[Words, Field(description="A, B, C or D.")]
    text: Words


class McqReply(ReplyModel):
    other_names: ClassVar[Names] = {
        "question": QUESTION,
        "options": ("choices", "answer options", "answer choices"),
        "answer": (*ANSWER, "correct option", "correct choice", "correct letter"),
        "explanation": EXPLANATION,
        "reasoning": REASONING,
    }

    question: Words
    options: Annotated[list[OptionReply], Field(description="Four options, A to D.")]
    answer: Annotated[Words, Field(description="The letter of the right option.")]
    explanation: Annotated[Words, Field(description="One sentence that says why this option is right.")]
    reasoning: Annotated[Words, STEPS]

    @classmethod
    def told(cls, value: Mapping[str, object]) -> Mapping[str, object]:
        """Options may stand under their letters, beside the question."""
        options = dict(lettered(value))
        alone = len(options) >= FEWEST and value.keys().isdisjoint(("options", "choices"))
        return {**value, "options": options} if alone and list(options) == list(LETTERS[: len(options)]) else value

    @classmethod
    def _complete(cls, fields: dict[str, object]) -> dict[str, object]:
        question, answer = fields.get("question"), fields.get("answer")
        if "options" not in fields and isinstance(question, str):
            fields["question"], fields["options"] = split_options(question)
        if isinstance(answer, Mapping):
            fields["answer"] = ") ".join(str(answer[name]) for name in ("letter", "text") if name in answer)
        return fields

    @field_validator("options", mode="before")
    @classmethod
    def _options(cls, value: object) -> object:
        return options_of(value)


def parse_mcq(text: str) -> McqItem:
    """The question, its options in an order that its own hash gives, and every letter that names one following.

    Raises:
        ReplyError: it is incomplete, has fewer than four options, or which one is right cannot be told.
    """
    reply = _lettered(read_reply(text, McqReply))
    letters = [option.letter for option in reply.options]
    if sorted(letters) != list(LETTERS[: max(FEWEST, len(letters))]):
        wanted = f"{', '.join(LETTERS[:FEWEST])}, or some more up to {LETTERS[-1]}"
        raise ReplyError(f"the options are {', '.join(letters[:12])}, not {wanted}")
    told = {option.letter: unmarked(option.text) for option in sorted(reply.options, key=lambda option: option.letter)}
    options = {letter: option for letter, (option, _) in told.items()}
    if len({same(option) for option in options.values()}) < len(options):
        raise ReplyError(f"two options are the same: {snippet('; '.join(options.values()))}")
    if names_options(reply.question):
        raise ReplyError("the question names its own options")
    answer = read_letter(reply.answer, options)
    if marked := {letter for letter, (_, is_right) in told.items() if is_right} - {answer}:
        raise ReplyError(f"the answer is {answer}, but {', '.join(sorted(marked))} is marked as right")
    return _shuffled(reply, options, answer)


def _lettered(reply: McqReply) -> McqReply:
    """A reply whose options have numbers, with letters in their place."""
    numbers = [option.letter for option in reply.options]
    if not numbers or numbers != [str(place + 1) for place in range(len(numbers))] or len(numbers) > len(LETTERS):
        return reply
    if named := _NUMBERED.search(f"{reply.explanation}\n{reply.reasoning}"):
        raise ReplyError(f"options have numbers, and {snippet(named[0])} would name another one after the shuffle")
    options = [OptionReply(letter=letter, text=option.text) for letter, option in zip(LETTERS, reply.options, strict=False)]
    number = re.fullmatch(r"\W*(?:option\s*)?(\d)(?:\W*|[.):]\s.*)", reply.answer, re.IGNORECASE | re.DOTALL)
    answer = LETTERS[numbers.index(number[1])] if number and number[1] in numbers else reply.answer
    return reply.model_copy(update={"options": options, "answer": answer})


def _shuffled(reply: McqReply, options: Mapping[str, str], answer: str) -> McqItem:
    order = list(options)
    above = [letter for letter, option in options.items() if ABOVE.search(option)]
    if above not in ([], [order[-1]]):
        raise ReplyError(f"an option before the last says {snippet(options[above[0]])}")
    moving = order[: len(order) - len(above)]
    random.Random(hashlib.sha256(reply.question.encode()).digest()).shuffle(moving)
    new = {old: letter for letter, old in zip(order, [*moving, *above], strict=True)}
    scene = Scene(reply.question, options)
    explanation, reasoning = rename_letters((reply.explanation, reply.reasoning), new, scene=scene)
    told = {new[old]: rename_in_option(text, new, others=options.values()) for old, text in options.items()}
    return McqItem(
        question=reply.question,
        options=tuple(Option(letter=letter, text=told[letter]) for letter in order),
        answer=new[answer],
        explanation=explanation,
        reasoning=reasoning,
    )
