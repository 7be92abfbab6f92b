"""The words of the offline annotator that a domain may choose. What they say must be true of all that they are said of."""

from typing import Annotated

from pydantic import StringConstraints

from vr_assets.records.base import Record

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z' -]{0,38}[a-z]$")]
"""One or a few plain words in lower case, to stand within a sentence."""


class Vocabulary(Record):
    """The default is what `general` says.

    `mover` is anything that moves; `wide_mover` what is clearly longer than high and keeps its shape all the way, as vehicles
    seen from the side are and upright people are not. `thing` is what is put down or taken away. Verbs stand in the third person.
    """

    mover: Word = "object"
    movers: Word = "objects"
    wide_mover: Word = "object"
    wide_movers: Word = "objects"
    thing: Word = "item"
    scene: Word = "scene"
    day: Word = "in good light"
    night: Word = "in the dark"
    collides: Word = "runs into"
    falls: Word = "falls over"
    loiters: Word = "stays about the same place"
    puts_down: Word = "puts down"
    leaves_behind: Word = "leaves behind"
    takes_away: Word = "takes away"
