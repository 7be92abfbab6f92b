"""Multiple-choice questions whose wrong options are wrong by measurement."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from vr_assets.backends.offline.actors import sure_belongings
from vr_assets.backends.offline.incidents import headline
from vr_assets.backends.offline.steps import reasoning
from vr_assets.backends.offline.story import Story, moving
from vr_assets.backends.offline.words import (
    article,
    clock,
    joined,
    listed,
    number,
    opposite,
    region,
    sentence,
    through,
    times,
    towards,
    way_in,
    way_out,
)
from vr_assets.errors import ReplyError
from vr_assets.records.scene import Area, Camera, Colour, IncidentKind, Side

_LETTERS = "ABCD"

# What is not taken for one another. Black and white are no wrong options: windows and tyres are black, glare is white.
_UNLIKE = {
    Colour.RED: (Colour.GREEN, Colour.BLUE, Colour.YELLOW),
    Colour.ORANGE: (Colour.GREEN, Colour.BLUE, Colour.PURPLE),
    Colour.YELLOW: (Colour.BLUE, Colour.RED, Colour.PURPLE),
    Colour.GREEN: (Colour.RED, Colour.PURPLE, Colour.ORANGE, Colour.PINK),
    Colour.BLUE: (Colour.RED, Colour.YELLOW, Colour.ORANGE),
    Colour.PURPLE: (Colour.GREEN, Colour.YELLOW, Colour.ORANGE),
    Colour.PINK: (Colour.GREEN, Colour.BLUE, Colour.YELLOW),
    Colour.WHITE: (Colour.RED, Colour.GREEN, Colour.BLUE, Colour.ORANGE),
    Colour.BLACK: (Colour.RED, Colour.GREEN, Colour.YELLOW, Colour.ORANGE),
}


@dataclass(frozen=True)
class Choice:
    """`wrong` are three options that the measurement rules out. `told` leads from what is seen to the right one."""

    question: str
    right: str
    wrong: Sequence[str]
    why: str
    told: str
    weight: int = 1


def mcq(story: Story) -> dict[str, object]:
    """Raises ReplyError: nothing was measured that has three wrong answers."""
    choices = candidates(story)
    if not choices:
        raise ReplyError("the offline annotator measured too little in this video for a question with three wrong answers")
    heaviest = max(choice.weight for choice in choices)
    choice = story.dice.choose("mcq", [choice for choice in choices if choice.weight == heaviest])
    options = story.dice.order("options", [choice.right, *choice.wrong])
    ruled_out = f"what is seen rules out {listed([_quoted(option) for option in choice.wrong])}"
    return {
        "question": choice.question,
        "options": [{"letter": letter, "text": text} for letter, text in zip(_LETTERS, options, strict=True)],
        "answer": _LETTERS[options.index(choice.right)],
        "explanation": sentence(choice.why),
        "reasoning": f"{choice.told} {sentence(ruled_out)} {sentence(f'the answer is {_quoted(choice.right)}')}",
    }


def candidates(story: Story) -> list[Choice]:
    """Everything that could be asked."""
    return [choice for kind in _KINDS for choice in kind(story)]


def _quoted(option: str) -> str:
    return f'"{option}"'


def _ways(story: Story) -> Iterator[Choice]:
    for actor in story.actors:
        if (side := actor.straight) is not None and not actor.visits:
            yield Choice(
                f"Which way does {actor.name} move?",
                *_split([_capital(through(each)) for each in Side], _capital(through(side))),
                f"{actor.name} moves {through(side)}",
                reasoning(story, actor, so=f"its way runs {through(side)}"),
            )


def _exits(story: Story) -> Iterator[Choice]:
    for actor in story.actors:
        if len(actor.left) == 1 and not actor.visits:
            right = _capital(way_out(actor.left))
            yield Choice(
                f"At which edge does {actor.name} leave the frame?",
                *_split([_capital(way_out((side,))) for side in Side], right),
                f"{actor.name} leaves {way_out(actor.left)} at {clock(actor.end_s)}",
                reasoning(story, actor, so=f"it is gone from then on, having left {way_out(actor.left)}"),
            )


def _entries(story: Story) -> Iterator[Choice]:
    for actor in story.actors:
        if len(actor.entered) == 1 and not actor.timed:
            right = _capital(way_in(actor.entered))
            yield Choice(
                f"From which side does {actor.name} come into the frame?",
                *_split([_capital(way_in((side,))) for side in Side], right),
                f"{actor.name} comes in {way_in(actor.entered)} at {clock(actor.start_s)}",
                reasoning(story, actor, so=f"before that it is not in the frame, and it comes in {way_in(actor.entered)}"),
            )


def _visits(story: Story) -> Iterator[Choice]:
    for actor in story.actors:
        alone = all(abs(track.start_s - actor.start_s) > 1.5 for track in story.scene.tracks if track is not actor.track)
        stirred = any(abs(stir.span.start_s - actor.start_s) <= 1.5 for stir in story.stirs)
        if actor.visits and len(actor.entered) == 1 and alone and not stirred:
            yield Choice(
                f"From which side does something come into the frame at {clock(actor.start_s)}?",
                *_split([_capital(way_in((side,))) for side in Side], _capital(way_in(actor.entered))),
                f"at {clock(actor.start_s)} something comes in {way_in(actor.entered)}",
                reasoning(story, actor, so=f"it is the {actor.entered[0]} by which it comes in"),
            )


def _changes(story: Story) -> Iterator[Choice]:
    for actor in story.actors:
        part = _third(actor.changed) if actor.changed is not None else ""
        if part:
            options = [f"In the {third} part of the frame" for third in ("left", "middle", "right")]
            yield Choice(
                f"Where is the picture changed once {actor.name} has gone?",
                *_split([*options, "In no part of the frame"], f"In the {part} part of the frame"),
                f"the {part} part of the frame is not as it was before",
                reasoning(story, actor, so=f"before and after differ in the {part} part of the frame"),
                weight=2,
            )


def _third(area: Area) -> str:
    """The third of the frame that an area lies in as a whole."""
    bounds = {"left": (0.0, 0.34), "middle": (0.36, 0.64), "right": (0.66, 1.0)}
    return next((third for third, (low, high) in bounds.items() if low <= area.x0 and area.x1 <= high), "")


def _colours(story: Story) -> Iterator[Choice]:
    present = {track.colour for track in story.scene.tracks}
    if story.stirs or None in present:
        return
    mover = story.vocabulary.mover
    for actor in story.actors:
        colour = actor.track.colour
        alone = all(abs(track.start_s - actor.start_s) > 1.5 for track in story.scene.tracks if track is not actor.track)
        wrong = [other for other in _UNLIKE.get(colour, ()) if other not in present] if colour else []
        if colour is not None and actor.entered and alone and len(wrong) >= 3:
            yield Choice(
                f"Which colour is the {mover} that comes into the frame {way_in(actor.entered)} at {clock(actor.start_s)}?",
                colour.capitalize(),
                [other.capitalize() for other in wrong[:3]],
                f"most of the {mover} is {colour}",
                joined(
                    [f"at {clock(actor.start_s)} one {mover} comes into the frame {way_in(actor.entered)}", f"it is {colour}"]
                ),
            )


def _times(story: Story) -> Iterator[Choice]:
    whole = story.scene.span
    step_s = max(2.0, 0.15 * whole.duration_s)
    for actor in story.actors:
        if not actor.entered or actor.timed:
            continue
        others = [actor.start_s + step_s * steps for steps in (-3, -2, -1, 1, 2, 3)]
        wrong = [time_s for time_s in others if whole.start_s + 0.5 <= time_s <= whole.end_s - 0.5]
        if len(wrong) >= 3:
            yield Choice(
                f"At what time does {actor.name} come into the frame?",
                f"At {clock(actor.start_s)}",
                [f"At {clock(time_s)}" for time_s in story.dice.order(f"times {actor.place}", wrong)[:3]],
                f"the first of {actor.name} is seen at {clock(actor.start_s)}",
                reasoning(story, actor, so="before that moment it is not in the frame, and after it, it is"),
            )


def _orders(story: Story) -> Iterator[Choice]:
    actors = [actor for actor in story.actors if actor.entered and not actor.timed]
    if len(actors) < 3 or any(actor.noun.split()[0] in ("first", "second", "third", "fourth") for actor in actors[:3]):
        return
    three = sorted(actors, key=lambda actor: actor.start_s)[:3]
    if min(three[1].start_s - three[0].start_s, three[2].start_s - three[1].start_s) < 0.7:
        return
    orders = [_capital(f"first {one.name}, then {two.name}, then {three_.name}") for one, two, three_ in permutations(three)]
    yield Choice(
        f"In which order do {listed([actor.name for actor in story.dice.order('three', three)])} come into the frame?",
        orders[0],
        story.dice.order("orders", orders[1:])[:3],
        "they come in at " + listed([clock(actor.start_s) for actor in three]),
        joined([f"{actor.name} comes in {way_in(actor.entered)} at {clock(actor.start_s)}" for actor in three]),
    )


def _counts(story: Story) -> Iterator[Choice]:
    words = story.vocabulary
    movers = [actor for actor in story.actors if actor.entered and actor.left and not actor.visits]
    if story.quiet:
        told = sentence("nothing in the picture changes its place from the first moment to the last")
        yield Choice(f"How many {words.movers} move in the video?", "None", ("One", "Two", "Three"), "nothing moves in it", told)
    if not story.countable or not movers or len(movers) != len(story.scene.tracks) or len(movers) > 6:
        return
    count = len(movers)
    low = story.dice.choose("low", list(range(max(1, count - 3), count + 1)))
    told = reasoning(story, *movers, so=f"that makes {number(count)}")
    if any(actor.timed for actor in movers):
        # One may be another that came back: passages are counted, which is what was measured.
        counts = [_capital(times(n)) for n in range(low, low + 4)]
        why = f"{article(words.mover)} crosses the frame {times(count)}"
        question = f"How many times does {article(words.mover)} cross the frame?"
    else:
        counts = [_capital(number(n)) for n in range(low, low + 4)]
        why = f"{number(count)} {f'{words.movers} cross' if count > 1 else f'{words.mover} crosses'} the frame"
        question = f"How many {words.movers} cross the frame in the course of the video?"
    yield Choice(question, *_split(counts, counts[count - low]), why, told)


def _incidents(story: Story) -> Iterator[Choice]:
    incident = story.incident
    actor = story.actor(incident.track) if incident else None
    if incident is None or actor is None or incident.kind is IncidentKind.WRONG_WAY:
        return
    moment_s, side, words = incident.moment_s, actor.straight, story.vocabulary
    leaves = "It leaves the frame" if actor.end_s > moment_s + 1.5 else ""
    turns = f"It turns round {towards((opposite(side),))}" if side else ""
    goes_on = f"It goes on steadily {towards((side,))}" if side else ""
    who = other.name if (other := story.actor(incident.beside)) else story.another()
    thing, faster = article(words.thing), "It becomes faster"
    match incident.kind:
        case IncidentKind.ABRUPT_STOP:
            right, wrong = "It breaks off all at once", [turns, goes_on, faster]
            question = f"What becomes of the movement of {actor.name} at {clock(moment_s)}?"
        case IncidentKind.SUDDEN_SPEED:
            right, wrong = "It suddenly becomes much faster", ["It comes to a stop", "It becomes slower", turns, leaves]
            question = f"What becomes of the movement of {actor.name} at {clock(moment_s)}?"
        case IncidentKind.FALL:
            right, wrong = f"It {words.falls}", ["It goes on upright", leaves, faster, turns]
            question = f"What happens to {actor.name} at {clock(moment_s)}?"
        case IncidentKind.COLLISION:
            right, wrong = f"It {words.collides} {who}", [f"It goes on past {who} as before", leaves, faster]
            question = f"What happens to {actor.name} at {clock(moment_s)}?"
        case IncidentKind.LEFT_BEHIND:
            right, wrong = f"It {words.puts_down} {thing}", [f"It {words.takes_away} {thing}", f"It {words.falls}", leaves]
            question = f"What does {actor.name} do at {clock(moment_s)}?"
    wrong = [option for option in wrong if option]
    if len(wrong) >= 3:
        told = reasoning(story, actor, so=headline(story, incident, actor, timed=True))
        yield Choice(question, right, wrong[:3], headline(story, incident, actor, timed=True), told, weight=3)


def _things(story: Story) -> Iterator[Choice]:
    what = article(story.vocabulary.thing)
    for thing in sure_belongings(story.scene):
        where = region(thing.area)
        if not where:
            continue
        options = [
            f"{what} is put down there",
            f"{what} is taken away from there",
            "Nothing changes there",
            "The whole picture changes",
        ]
        right = options[1 if thing.taken else 0]
        actor = story.actor(thing.track)
        why = f"{what} {'that lay' if thing.taken else 'lies'} {where} {'is gone' if thing.taken else 'from then on'}"
        told = reasoning(story, actor, so=why) if actor else joined([f"at {clock(thing.moment_s)} {why}"])
        question = f"What changes {where} at about {clock(thing.moment_s)}?"
        yield Choice(question, *_split([_capital(option) for option in options], _capital(right)), why, told, weight=2)


def _crowds(story: Story) -> Iterator[Choice]:
    if story.scene.busy and len(story.scene.flow) == 1:
        side = story.scene.flow[0]
        yield Choice(
            f"Which way do most of the {moving(story)} go?",
            *_split([_capital(through(each)) for each in Side], _capital(through(side))),
            f"most of the {moving(story)} go {through(side)}",
            joined([*story.action(), f"only few go another way than {through(side)}"]),
        )


def _regions(story: Story) -> Iterator[Choice]:
    if story.scene.tracks or len(story.stirs) != 1 or story.scene.camera is not Camera.STEADY:
        return
    stir = story.stirs[0]
    where = region(stir.area)
    free = [
        edge
        for edge, clear in (
            ("left", stir.area.x0 > 0.15),
            ("right", stir.area.x1 < 0.85),
            ("upper", stir.area.y0 > 0.15),
            ("lower", stir.area.y1 < 0.85),
        )
        if clear
    ]
    if "middle" in where and len(free) >= 3:
        yield Choice(
            "Where in the frame does the movement take place?",
            _capital(where),
            [f"Along the {edge} edge of the frame" for edge in free[:3]],
            f"all movement is {where}",
            joined([f"between {clock(stir.span.start_s)} and {clock(stir.span.end_s)} something moves {where}"]),
        )


def _split(options: Sequence[str], right: str) -> tuple[str, list[str]]:
    return right, [option for option in options if option != right]


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


_KINDS: tuple[Callable[[Story], Iterator[Choice]], ...] = (
    _ways, _exits, _entries, _visits, _changes, _colours, _times, _orders, _counts, _incidents, _things, _crowds, _regions,
)  # fmt: skip
