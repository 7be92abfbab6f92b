"""What an endpoint is shown to try it, and what it turned out to be able to do."""

from enum import StrEnum

from pydantic import Field

from vr_assets.records.base import Record
from vr_assets.settings import BoxConvention


class Colour(StrEnum):
    """Colours that are told apart at any resolution. Red is left out: it is what a model guesses that sees nothing."""

    GREEN = "green"
    BLUE = "blue"
    YELLOW = "yellow"
    PURPLE = "purple"


class Shape(StrEnum):
    """Circles are left out for the same reason."""

    SQUARE = "square"
    TRIANGLE = "triangle"
    STAR = "star"
    CROSS = "cross"


class Direction(StrEnum):
    """To the right is left out for the same reason."""

    LEFT = "left"
    UP = "up"
    DOWN = "down"


class Shown(Record):
    """What happens in the known clip: a shape moves straight to one side, and a digit stands in a corner."""

    colour: Colour
    shape: Shape
    direction: Direction
    digit: int = Field(ge=0, le=9)

    @property
    def words(self) -> str:
        return f"a {self.colour} {self.shape} that moves {self.direction}, and the digit {self.digit}"


class KnownBox(Record):
    """The one filled rectangle of the known image: its colour and place in pixels, right and bottom excluded."""

    colour: Colour
    left: int
    top: int
    right: int
    bottom: int
    width_px: int
    height_px: int


class CheckName(StrEnum):
    """What is tried. KEY_AND_MODEL: a few words are answered at all. REPLIES: they come in a form that can be read."""

    KEY_AND_MODEL = "key and model"
    REPLIES = "replies"
    VIDEO = "video"
    FRAMES = "frames"
    IMAGE = "image"
    BOXES = "boxes"


class CheckOutcome(StrEnum):
    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_TRIED = "not tried"


class Check(Record):
    """One thing that was tried. `said` is what came of it, in the endpoint's words where it had any; `cure` is what to set."""

    name: CheckName
    outcome: CheckOutcome
    said: str = ""
    cure: str = ""


class Report(Record):
    """What was found out about one endpoint and model. Tokens as the endpoint counted them."""

    endpoint: str
    model: str
    backend: str
    checks: tuple[Check, ...]
    boxes: BoxConvention = BoxConvention.UNKNOWN
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0

    def outcome(self, name: CheckName) -> CheckOutcome:
        """How a check went; NOT_TRIED where it is not among the checks."""
        return next((check.outcome for check in self.checks if check.name is name), CheckOutcome.NOT_TRIED)
