"""What an endpoint can do, found out by asking about things whose answer is known."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from vr_assets.backends.base import Backend
from vr_assets.backends.failures import shortened
from vr_assets.backends.preflight_candidate import Candidate
from vr_assets.backends.preflight_questions import Need, box_question, question
from vr_assets.backends.ways import setting
from vr_assets.errors import RefusedError, ReplyError, StageError, TransientError
from vr_assets.media.known_clip import chosen
from vr_assets.parsing.boxes import convention_of, read_box
from vr_assets.parsing.preflight import Sighting, names_colour, read_sighting
from vr_assets.parsing.refusals import refuses
from vr_assets.parsing.text import snippet
from vr_assets.records.call import Finish, Reply, Request
from vr_assets.records.preflight import Check, CheckName, CheckOutcome, Shown
from vr_assets.settings import BackendName, BoxConvention, ModelSettings, ReplyFormat, VideoInput

Ask = Callable[[Request], Awaitable[Reply]]
"""Asks the endpoint that is tried, at its pace and within the budget."""

_UNSEEN = Sighting(reads=False, right=False)


@dataclass(frozen=True)
class Told:
    """What came of a question. `said` quotes the model, or says why it said nothing; `steps` is how plain it was asked."""

    said: str
    sighting: Sighting = _UNSEEN
    answered: bool = True
    cut: bool = False
    steps: int = 0


class Examination:
    """Tries one endpoint. Errors that say nothing about what it can do (TransientError, StageError) go through.

    Args:
        seed: chooses what is shown.
        other: how to ask this endpoint under other settings; None: ways of showing a video that take that are not tried.
    """

    def __init__(
        self, candidate: Candidate, ask: Ask, *, seed: str, other: "Callable[[ModelSettings], Other] | None" = None
    ) -> None:
        self._candidate = candidate
        self._ask = ask
        self._shown, self._box = chosen(seed)
        self._other = other
        self._words: tuple[Check, ...] | None = None
        self._steps = 0

    async def words(self) -> tuple[Check, ...]:
        """Whether it answers at all, and in a form that can be read. Asked once."""
        if self._words is None:
            told = await self._told(question(Need.TEXT, self._shown))
            self._words = self._answers(told), self._replies(told)
        return self._words

    async def sight(self, need: Need) -> tuple[Check, ...]:
        """Whether it sees video or frames. Where it does not: whether words get through, else what would help."""
        told = await self._told(question(need, self._shown))
        if not told.sighting.right:
            words = await self.words()
            if any(check.outcome is CheckOutcome.FAILED for check in words):
                return words
            if self._steps > told.steps:
                told = await self._told(question(need, self._shown))
        name = CheckName.VIDEO if need is Need.VIDEO else CheckName.FRAMES
        if told.sighting.right:
            return Check(name=name, outcome=CheckOutcome.OK, said=told.said), self._replies(told)
        cure = self._more_room() if told.cut else await self._cure(need)
        said = f"shown {self._shown.words}, {told.said}"
        return (Check(name=name, outcome=CheckOutcome.FAILED, said=said, cure=cure),)

    async def image(self) -> tuple[tuple[Check, ...], BoxConvention]:
        """Whether it sees a picture, and how it gives boxes."""
        try:
            reply = await self._whole(box_question(self._box))
        except (RefusedError, ReplyError) as error:
            return (self._no_image(shortened(str(error))),), BoxConvention.UNKNOWN
        said = _quoted(reply)
        if not names_colour(reply.text, self._box.colour):
            return (self._no_image(said),), BoxConvention.UNKNOWN
        box = read_box(reply.text)
        convention = convention_of(box, self._box) if box else BoxConvention.UNKNOWN
        outcome = CheckOutcome.UNKNOWN if convention is BoxConvention.UNKNOWN else CheckOutcome.OK
        boxes = Check(name=CheckName.BOXES, outcome=outcome, said=str(convention) if box else "no four numbers")
        return (Check(name=CheckName.IMAGE, outcome=CheckOutcome.OK, said=said), boxes), convention

    async def _told(self, request: Request) -> Told:
        """Its answer, in a style in which it reads if there is one.

        A plainer style is tried only where the form alone is amiss: an answer to mere words, or one that tells what was shown.
        """
        while True:
            told = await self._told_once(request)
            form_amiss = told.answered and not told.sighting.reads and (told.sighting.right or not request.media)
            if not form_amiss or not self._candidate.backend.plainer():
                return told
            self._steps += 1

    async def _told_once(self, request: Request) -> Told:
        try:
            reply = await self._whole(request)
        except (RefusedError, ReplyError) as error:
            return Told(shortened(str(error)), answered=False, steps=self._steps)
        if reply.finish is Finish.REFUSED or refuses(reply.text):
            return Told(_quoted(reply), answered=False, steps=self._steps)
        if reply.finish is Finish.LENGTH:
            return Told(_quoted(reply), cut=True, steps=self._steps)
        return Told(_quoted(reply), read_sighting(reply.text, self._shown), steps=self._steps)

    async def _whole(self, request: Request) -> Reply:
        """The reply; asked again with twice the room where it was cut: thinking takes much of it."""
        reply = await self._ask(request)
        if reply.finish is Finish.LENGTH:
            reply = await self._ask(replace(request, output_tokens=2 * self._candidate.backend.output_limit))
        return reply

    def _answers(self, told: Told) -> Check:
        if told.answered:
            return Check(name=CheckName.KEY_AND_MODEL, outcome=CheckOutcome.OK, said=told.said)
        cure = f"it refuses a question of a few words: see the settings under {self._candidate.section}"
        return Check(name=CheckName.KEY_AND_MODEL, outcome=CheckOutcome.FAILED, said=told.said, cure=cure)

    def _replies(self, told: Told) -> Check:
        if not told.answered:
            return Check(name=CheckName.REPLIES, outcome=CheckOutcome.NOT_TRIED)
        if told.sighting.reads:
            return Check(name=CheckName.REPLIES, outcome=CheckOutcome.OK, said=self._style())
        candidate = self._candidate
        cure = f"choose a model that answers in the form it is asked for: {candidate.model_setting}"
        if candidate.reply_format is not ReplyFormat.AUTO:
            cure = f"let another form be tried: {setting(f'{candidate.section}.reply_format', ReplyFormat.AUTO)}"
        if told.cut:
            cure = self._more_room()
        said = f"not in the form asked for: {told.said}"
        return Check(name=CheckName.REPLIES, outcome=CheckOutcome.FAILED, said=said, cure=cure)

    def _more_room(self) -> str:
        return f"raise the output limit: {self._candidate.limit_setting}"

    def _style(self) -> str:
        return "JSON" if self._candidate.backend.structured else "labelled lines, which read as well as JSON"

    def _no_image(self, said: str) -> Check:
        cure = f"choose a model that sees: {self._candidate.model_setting}"
        return Check(name=CheckName.IMAGE, outcome=CheckOutcome.FAILED, said=said, cure=cure)

    async def _cure(self, need: Need) -> str:
        candidate = self._candidate
        if need is Need.FRAMES and candidate.video_input is not VideoInput.FRAMES:
            return (
                f"choose a model or server that takes many pictures in one request: {candidate.model_setting}; "
                f"or show long videos as videos: {setting('long_video.long_video_threshold_sec')}"
            )
        video_input = f"{candidate.section}.video_input"
        tried = []
        for way in candidate.other_inputs:
            works = await self._works(way)
            if works:
                return f"{video_input} is {candidate.video_input}, and {way} works: set {setting(video_input, way)}"
            tried += [] if works is None else [str(way)]
        model = f"choose a model that watches video: {candidate.model_setting}"
        return f"{' and '.join(tried)} did not work either; {model}" if tried else model

    async def _works(self, way: VideoInput) -> bool | None:
        """Whether it sees what is shown in another way; None where that cannot be tried now."""
        if way is VideoInput.FRAMES:
            with suppress(TransientError):
                return (await self._told_once(question(Need.FRAMES, self._shown))).sighting.right
            return None
        if self._other is None or self._candidate.settings.backend is not BackendName.OPENAI:
            return None
        other = self._other(self._candidate.with_input(way))
        try:
            return await _sees(other.ask, self._shown)
        except TransientError:
            return None
        finally:
            await other.backend.aclose()


@dataclass(frozen=True)
class Other:
    """The same endpoint under other settings, and how it is asked."""

    backend: Backend
    ask: Ask


async def _sees(ask: Ask, shown: Shown) -> bool:
    """Whether a video shown once is seen, whatever the form of the answer."""
    try:
        reply = await ask(question(Need.VIDEO, shown))
    except (RefusedError, ReplyError, StageError):
        return False
    return reply.finish is Finish.STOP and read_sighting(reply.text, shown).right


def _quoted(reply: Reply) -> str:
    """What a model said, shortened."""
    if reply.finish is Finish.LENGTH:
        return "its answer was cut at the output limit, also at twice as much"
    return f"it said {snippet(reply.text)}" if reply.text.strip() else f"it said nothing ({reply.finish_words or reply.finish})"
