"""What goes to a model and what comes back. Backends speak in these, and the journal stores answers.

`Request` holds no rendered bytes: media are handles with an identity and lazy content.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pydantic import ConfigDict, JsonValue

from vr_assets.records.base import STILL, Record, Span
from vr_assets.records.image import Expression
from vr_assets.records.image_scene import ImageScene
from vr_assets.records.scene import Scene
from vr_assets.records.video import ChunkCaption, Event, HighlightChunk, QaItem
from vr_assets.records.vocabulary import Vocabulary
from vr_assets.settings import Mode, Task


class Finish(StrEnum):
    """Why a model stopped. LENGTH is never text: the answer is cut. REFUSED: safety or policy."""

    STOP = "stop"
    LENGTH = "length"
    REFUSED = "refused"


class Outcome(StrEnum):
    ANSWERED = "answered"
    CUT = "cut"
    REFUSED = "refused"


class Clip(Record):
    """An encoded video. `span` is its true cut on the video's clock.

    `reduced` says in words how it was made smaller than asked for, so that a request stays under an endpoint's limit.
    """

    content: bytes
    mime_type: str
    span: Span
    reduced: str = ""


class Frame(Record):
    """One picture and its moment on the video's clock, in seconds. `reduced` as for `Clip`.

    `zero_s` is the moment that a model is told to count from: 0.0 but in a window of a long video.
    """

    content: bytes
    time_s: float
    reduced: str = ""
    zero_s: float = 0.0
    mime_type: str = "image/jpeg"


class MediaForm(StrEnum):
    """IMAGE: one still picture, shown without a time; its content is the one frame of `Media.frames`."""

    VIDEO = "video"
    FRAMES = "frames"
    IMAGE = "image"


class Media(Protocol):
    """A stretch of one video, or an image, to be shown to a model. Making its content may decode; its identity never does."""

    @property
    def identity(self) -> str:
        """Content hash, span, form and rendering settings: equal identities are the same pixels."""
        ...

    @property
    def name(self) -> str:
        """What people know it by: the file's path."""
        ...

    @property
    def form(self) -> MediaForm:
        """How it is meant to be shown; a backend that takes no video may show frames of a VIDEO."""
        ...

    @property
    def span(self) -> Span:
        """The true cut on the video's clock; of an image STILL, which means nothing."""
        ...

    @property
    def frame_count(self) -> int:
        """How many frames it has, at most, where it is shown as frames. Makes none."""
        ...

    async def clip(self, *, at_most_bytes: int | None = None) -> Clip:
        """The stretch as an MP4, made smaller where it would have more bytes; as small as is still legible where even that has.

        Raises:
            MediaError: it cannot be made.
        """
        ...

    async def frames(self, *, at_most_bytes: int | None = None) -> Sequence[Frame]:
        """The stretch as JPEGs in order of time, at least one; `at_most_bytes` is for all of them together, as for `clip`.

        Raises:
            MediaError: they cannot be made.
        """
        ...

    async def scene(self) -> Scene:
        """What can be measured in the WHOLE video (not only the span), for the offline annotator. Raises MediaError."""
        ...

    async def image_scene(self) -> ImageScene:
        """What can be measured in an image, likewise. Raises MediaError, also where it is a video."""
        ...


class PromptText(Record):
    """A rendered prompt. Both texts are rendered; the backend sends the one its reply style asks for.

    `fingerprint` is of the prompt's source, before values: it names the prompt. `identity` is of what is asked. `vocabulary`
    is the domain's, for the offline annotator.
    """

    domain: str
    asset: str
    name: str
    fingerprint: str
    schema_text: str
    layout_text: str
    vocabulary: Vocabulary = Vocabulary()

    @property
    def identity(self) -> str:
        return hashlib.sha256(f"{self.schema_text}\0{self.layout_text}".encode()).hexdigest()


@dataclass(frozen=True)
class Evidence:
    """The records a prompt was rendered from. The offline annotator reads these; remote models read the prompt.

    `span` is the window asked about (a chunk, the highlight clip, or the whole video). Where the answer to a question about what
    is shown has times, they count from its start. About images: `image_caption` is the caption as given, `expressions` are
    those to be grounded. `item` is the QA item that is asked again or judged.
    """

    duration_s: float = 0.0
    span: Span = STILL
    mode: Mode = Mode.UNKNOWN
    moment_s: float | None = None
    global_caption: str = ""
    dense_caption: str = ""
    events: tuple[Event, ...] = ()
    chunks: tuple[ChunkCaption, ...] = ()
    highlight: HighlightChunk | None = None
    description: str = ""
    image_caption: str = ""
    expressions: tuple[Expression, ...] = ()
    item: QaItem | None = None


@dataclass(frozen=True)
class Request:
    """One question to a model.

    `media` is what the model is shown, in order; empty for text-only tasks. `subject` is what the question is about: it is
    sent nowhere, the offline annotator measures it. `reply_schema` is a JSON schema (an object). `output_tokens` is the output
    limit of this attempt, None for the setting's own: no part of what makes a request the same request.
    """

    task: Task
    prompt: PromptText
    evidence: Evidence
    subject: Media
    media: tuple[Media, ...] = ()
    reply_schema: dict[str, JsonValue] = field(default_factory=dict)
    output_tokens: int | None = None


class Usage(Record):
    """Tokens as the endpoint counted them; None where it did not say."""

    # In the journal, as answers are.
    model_config = ConfigDict(extra="ignore")

    input_tokens: int | None = None
    output_tokens: int | None = None


class Reply(Record):
    """What came back. `text` is the answer without thinking; for a schema reply it is JSON text.

    `thinking` is what the model thought, as far as it let that be seen. `pause_s` is how long the endpoint wants no further
    request, 0 where it does not say. `remarks` are sentences about how it was asked, such as media that were made smaller.
    """

    text: str
    finish: Finish
    usage: Usage = Usage()
    finish_words: str = ""
    thinking: str = ""
    pause_s: float = 0.0
    remarks: tuple[str, ...] = ()


class Answer(Record):
    """One line of the journal. `at` is UTC, ISO 8601; `seconds` of the attempt that gave the answer.

    `cost_usd` is None where the price is not known; `output_tokens_limit` is the output limit it was asked under, None in lines
    of an earlier version. `repaired_from`: the text that did not read and that the model was asked to restate.

    Open, other than records are: what a later version paid for and told more about is paid for here too.
    """

    model_config = ConfigDict(extra="ignore")

    key: str
    task: Task
    outcome: Outcome
    text: str
    finish: str
    usage: Usage
    cost_usd: float | None = None
    backend: str
    model: str
    domain: str
    prompt: str
    prompt_hash: str
    prompt_text: str
    seconds: float
    at: str
    output_tokens_limit: int | None = None
    thinking: str = ""
    repaired_from: str = ""
    remarks: tuple[str, ...] = ()
    run: str = ""
    batch: str = ""
