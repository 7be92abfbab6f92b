"""What the offline annotator measures in a video.

Times are seconds on the video's clock. Places and sizes are fractions of the frame: x from the left edge, y from the top.
A field that could not be told is None; nothing here is a guess.
"""

from bisect import bisect_left
from enum import StrEnum

from pydantic import Field

from vr_assets.records.base import Record, Span

SCENE_VERSION = 3


class Side(StrEnum):
    """An edge of the frame."""

    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"


class Colour(StrEnum):
    """Names people would use. `light` and `dark`: the tone is clear, the colour is not."""

    BLACK = "black"
    GREY = "grey"
    WHITE = "white"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"
    BROWN = "brown"
    LIGHT = "light"
    DARK = "dark"


class Camera(StrEnum):
    """`unsettled`: so much of the picture changes at once that nothing in it can be followed."""

    STEADY = "steady"
    MOVING = "moving"
    UNSETTLED = "unsettled"


class Light(StrEnum):
    """What lights the scene. None where neither is plain: dusk, a bright room without windows."""

    DAY = "day"
    NIGHT = "night"


class IncidentKind(StrEnum):
    """What the offline annotator takes for an incident; nothing else makes a video an anomaly to it."""

    COLLISION = "collision"
    ABRUPT_STOP = "abrupt_stop"
    SUDDEN_SPEED = "sudden_speed"
    FALL = "fall"
    LEFT_BEHIND = "left_behind"
    WRONG_WAY = "wrong_way"


class Point(Record):
    """Where a track's visible part was. `x`, `y` are the centre of its bounding box."""

    time_s: float
    x: float
    y: float
    width: float
    height: float


class Stop(Record):
    """A mover stands still. `end_s` is None when it never moves again; `abrupt`: full speed to standstill at once."""

    start_s: float
    end_s: float | None
    x: float
    y: float
    abrupt: bool


class SpeedChange(Record):
    """A mover goes on clearly faster or slower than before. `sudden`: within half a second."""

    moment_s: float
    faster: bool
    sudden: bool


Sides = tuple[Side, ...]
"""One edge, two for a corner, none where it could not be told."""


class Area(Record):
    """A part of the frame."""

    x0: float
    y0: float
    x1: float
    y1: float


class Aftermath(Record):
    """The scene before a mover came and after it was gone, compared. `changed` is None when it looks as before."""

    changed: Area | None


class Track(Record):
    """One thing that moved from place to place.

    `entered` and `left` are the edges it came and went by, empty when it was first or last seen inside the frame. `heading` is
    where it moves to, empty when no direction dominates. `area` is the largest share of the frame its bounding box covered.
    `certain` is False when it could have been taken for something else. `met`: it touched another mover, so that a short stop may
    have been missed. `aftermath` is None when the scene before and after could not be compared.

    `confidence`, 0 to 1, is in its being one body from its first to its last moment. `falls` are the moments at which it, upright
    until then, comes to lie. `loiters` are stretches in which it stays about one place without standing still.
    """

    start_s: float
    end_s: float
    entered: Sides
    left: Sides
    heading: Sides
    colour: Colour | None
    area: float
    certain: bool
    met: bool
    points: tuple[Point, ...] = Field(min_length=1)
    stops: tuple[Stop, ...] = ()
    aftermath: Aftermath | None = None
    confidence: float = Field(default=1.0, ge=0, le=1)
    speed_changes: tuple[SpeedChange, ...] = ()
    falls: tuple[float, ...] = ()
    loiters: tuple[Span, ...] = ()

    def at(self, time_s: float) -> Point:
        """Where it was, straight between its points; before and after them the first and the last."""
        later = bisect_left(self.points, time_s, key=lambda point: point.time_s)
        if later == 0 or later == len(self.points):
            return self.points[max(0, later - 1)].model_copy(update={"time_s": time_s})
        one, other = self.points[later - 1], self.points[later]
        share = (time_s - one.time_s) / (other.time_s - one.time_s)

        def between(first: float, last: float) -> float:
            return first + share * (last - first)

        return Point(
            time_s=time_s,
            x=between(one.x, other.x),
            y=between(one.y, other.y),
            width=between(one.width, other.width),
            height=between(one.height, other.height),
        )


class Stir(Record):
    """Motion that belongs to no track, as of what moves in place; `area` bounds where it was seen."""

    span: Span
    area: Area


class Contact(Record):
    """Two tracks, by their places in `Scene.tracks`, with no gap between them in the picture: side by side, or one in front.

    Whether they touch in the scene is not known: those that pass one another do not.
    """

    start_s: float
    end_s: float
    one: int
    other: int
    confidence: float = Field(ge=0, le=1)


class LeftThing(Record):
    """From `moment_s` on something lies where nothing lay, or, `taken`, is gone from where it lay.

    `colour` is of the thing. `track` is the place in `Scene.tracks` of the mover that was there; None where that is not known.
    """

    moment_s: float
    area: Area
    colour: Colour | None
    taken: bool
    track: int | None
    confidence: float = Field(ge=0, le=1)


class Incident(Record):
    """What happened to one track. `track` and `beside` are places in `Scene.tracks`.

    `beside` is the one that it stopped next to or collided with. Of something left behind, `track` is who left it.
    """

    kind: IncidentKind = IncidentKind.ABRUPT_STOP
    moment_s: float
    track: int
    beside: int | None
    confidence: float = Field(default=1.0, ge=0, le=1)


class Quality(Record):
    """What stands against describing a video.

    `blank`: no detail in any frame. `frozen`: no frame differs visibly from the one before, cuts aside. `dark`: too dark to name
    colours.
    """

    blank: bool
    frozen: bool
    dark: bool


class Scene(Record):
    """Measured facts of one video, or of one part of a recording, on its own clock.

    `aspect` is the picture's width by its height. `quiet` are stretches in which no frame differs from the one before.
    `camera_moves` are those in which the picture as a whole shifts. `busy`: more moves than could be told apart, so that `tracks`
    must not be counted; nor where they are not `complete`: something was seen to go places and then lost. `flow` is where most
    tracks head.
    """

    version: int = SCENE_VERSION
    duration_s: float
    aspect: float = 4 / 3
    quality: Quality
    camera: Camera
    cuts_s: tuple[float, ...] = ()
    background: Colour | None = None
    tracks: tuple[Track, ...] = ()
    stirs: tuple[Stir, ...] = ()
    quiet: tuple[Span, ...] = ()
    contacts: tuple[Contact, ...] = ()
    belongings: tuple[LeftThing, ...] = ()
    light: Light | None = None
    camera_moves: tuple[Span, ...] = ()
    incidents: tuple[Incident, ...] = ()
    busy: bool = False
    complete: bool = True
    flow: Sides = ()

    @property
    def span(self) -> Span:
        return Span(start_s=0.0, end_s=self.duration_s)
