"""What a review page knows of a batch, as its scripts read it. Files are named as the page links to them."""

from collections.abc import Mapping

from pydantic import Field

from vr_assets.records.base import Record
from vr_assets.records.review import Pictures
from vr_assets.settings import Mode, Status


class Subject(Record):
    """What a reviewer may decide on. `of` is its fingerprint as it is shown; `fields` are its texts that may be edited."""

    id: str
    of: str
    fields: Mapping[str, str] = Field(default_factory=dict)


class Stage(Record):
    """What became of it at one stage; `lost` are parts of it that failed, with their reasons."""

    name: str
    status: Status
    reason: str = ""
    lost: tuple[tuple[str, str], ...] = ()


class Said(Record):
    """What a check says of a subject. `of` is set for a mark: of another text it says nothing. A finding is never passed."""

    check: str
    asset: str = ""
    subject: str
    of: str = ""
    passed: bool = False
    said: str


class Moment(Record):
    """A stretch of time with its text, in seconds on the video's clock."""

    start_s: float
    end_s: float
    text: str


class Question(Record):
    """One QA item. `answer` is in words; `options` are (letter, text), `right` the letter of the right one."""

    subject: Subject
    qa_type: str
    question: str
    answer: str
    options: tuple[tuple[str, str], ...] = ()
    right: str = ""
    explanation: str = ""
    reasoning: str
    span: tuple[float, float] | None = None


class Boxed(Record):
    """An expression with its boxes: left, top, right, bottom in pixels of the original."""

    subject: Subject
    text: str
    grounded: str
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    scores: tuple[float | None, ...] = ()
    notes: tuple[str, ...] = ()


class Details(Record):
    """All that is shown of one video or image. `facts` are (name, value); `highlight_s` is the incident's moment."""

    key: str
    name: str
    pictures: Pictures = Pictures()
    subject: Subject
    facts: tuple[tuple[str, str], ...] = ()
    stages: tuple[Stage, ...] = ()
    said: tuple[Said, ...] = ()
    duration_s: float = 0.0
    captions: tuple[tuple[str, str], ...] = ()
    events: tuple[Moment, ...] = ()
    chunks: tuple[Moment, ...] = ()
    highlight: Moment | None = None
    highlight_s: float | None = None
    description: str = ""
    questions: tuple[Question, ...] = ()
    size: tuple[int, int] = (0, 0)
    expressions: tuple[Boxed, ...] = ()


class Entry(Record):
    """One line of the gallery. `stage` is where it was lost; `outdated`: decisions (subject and `of`) on texts that are gone."""

    key: str
    id: str
    name: str
    status: Status
    stage: str = ""
    mode: Mode | None = None
    duration_s: float = 0.0
    tasks: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    questions: int = 0
    thumb: str = ""
    outdated: tuple[str, ...] = ()
