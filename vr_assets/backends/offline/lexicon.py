"""The words that noun phrases are told by: those that never stand inside one, and those that say what pixels can show."""

from vr_assets.records.image_scene import Shape
from vr_assets.records.scene import Colour


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ARTICLES = _words(
    "a an the this that these those his her its their my our your some another each every any all both several many few "
    "various multiple other"
)
SINGULAR_ARTICLES = _words("a an this that another each every")
NUMBERS = {
    word: number
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}
GROUPS = {"pair": 2, "couple": 2} | dict.fromkeys(("group", "row", "number", "set", "bunch", "line", "cluster", "series"), None)
"""Words before `of` that count what comes after it, as far as they say how many."""

# What ends a noun phrase, or cannot begin one.
_PREPOSITIONS = _words(
    "about above across after against along alongside among amid around as at before behind below beneath beside besides "
    "between beyond by down during for from in inside into like near next of off on onto opposite out outside over past per "
    "through throughout to toward towards under underneath up upon via with within without"
)
_JOINING = _words(
    "and or but nor while when where which who whom whose whereas because so than then if although though also plus"
)
_PRONOUNS = _words(
    "i you he she it we they me him us them himself herself itself themselves there here something someone everything "
    "nothing what"
)
_ADVERBS = _words(
    "very quite slightly mostly partly nearly almost just only not no too still already away together apart forward back "
    "backwards upward downward left-to-right rather well fast ahead nearby outdoors indoors"
)
_VERBS = _words(
    "is are was were be been being am has have had having do does did can could may might will would shall should must "
    "appear appears contain contains depict depicts show shows feature features include includes display displays see sees "
    "seen stand stands stood sit sits sat lie lies lay lying run runs ran walk walks jump jumps ride rides rode drive "
    "drives drove fly flies flew hold holds held wear wears wore look looks face faces move moves play plays rest rests "
    "hang hangs hung cross crosses eat eats drink drinks carry carries lean leans point points reach reaches touch touches "
    "cover covers overlap overlaps surround surrounds fill fills float floats occupy occupies make makes made take takes "
    "took keep keeps get gets go goes goes come comes came stop stops turn turns wait waits work works pass passes chase "
    "chases watch watches catch catches throw throws push pushes pull pulls grow grows sleep sleeps swim swims climb climbs "
    "parked seated located placed positioned situated"
)
STOPS = _PREPOSITIONS | _JOINING | _PRONOUNS | _ADVERBS | _VERBS
NOUNS_LIKE_VERBS = _words(
    "building ceiling painting drawing railing clothing wing ring king string thing crossing awning lighting spring bed "
    "shed sled seed weed fly jelly belly lily"
)

COLOURS: dict[str, Colour | None] = {
    "red": Colour.RED, "crimson": Colour.RED, "scarlet": Colour.RED, "orange": Colour.ORANGE, "yellow": Colour.YELLOW,
    "green": Colour.GREEN, "blue": Colour.BLUE, "navy": Colour.BLUE, "purple": Colour.PURPLE, "violet": Colour.PURPLE,
    "pink": Colour.PINK, "brown": Colour.BROWN, "black": Colour.BLACK, "white": Colour.WHITE, "grey": Colour.GREY,
    "gray": Colour.GREY, "silver": None, "golden": None, "gold": None, "beige": None, "teal": None,
    "turquoise": None, "cyan": None, "magenta": None, "maroon": None, "colourful": None, "colorful": None, "multicolored": None,
    "multicoloured": None, "reddish": None, "bluish": None, "greenish": None, "striped": None, "checkered": None,
}  # fmt: skip
"""None: a colour or pattern that is not measured."""
TONES = _words("light dark bright pale deep vivid lime sky royal forest hot")
"""They shade a colour that comes next, and are not measured."""

SHAPES: dict[str, Shape] = {
    "circle": Shape.CIRCLE, "disc": Shape.CIRCLE, "disk": Shape.CIRCLE, "dot": Shape.CIRCLE, "ball": Shape.CIRCLE,
    "ellipse": Shape.ELLIPSE, "oval": Shape.ELLIPSE, "square": Shape.SQUARE, "rectangle": Shape.RECTANGLE,
    "triangle": Shape.TRIANGLE,
}  # fmt: skip
SHAPED: dict[str, Shape] = {
    "circular": Shape.CIRCLE, "round": Shape.CIRCLE, "oval": Shape.ELLIPSE, "square": Shape.SQUARE,
    "rectangular": Shape.RECTANGLE, "triangular": Shape.TRIANGLE,
}  # fmt: skip
GENERIC = _words("object thing shape item figure form one area region element")
"""Nouns that anything is."""

LARGE, SMALL = _words("big large huge giant"), _words("small little tiny")
LARGEST, SMALLEST = _words("biggest largest"), _words("smallest littlest tiniest")
SIDES = {
    "left": "left", "leftmost": "left", "left-hand": "left", "right": "right", "rightmost": "right", "right-hand": "right",
    "top": "top", "topmost": "top", "upper": "top", "uppermost": "top", "highest": "top", "bottom": "bottom",
    "bottommost": "bottom", "lower": "bottom", "lowest": "bottom", "lowermost": "bottom", "middle": "centre", "center": "centre",
    "centre": "centre", "central": "centre",
}  # fmt: skip
OUTERMOST = _words("leftmost rightmost topmost uppermost highest bottommost lowest lowermost")
MODIFIERS = frozenset(COLOURS) | frozenset(SHAPED) | TONES | LARGE | SMALL | LARGEST | SMALLEST | frozenset(SIDES)

# Nouns that name the picture or a place in it, and no thing.
NO_THINGS = _words(
    "image picture photo photograph photography frame view scene screenshot shot illustration background foreground "
    "backdrop left right top bottom middle center centre side corner edge half part front back distance rest way lot kind "
    "type variety color colour day night time direction"
)
_IRREGULAR = {
    "people": "person", "men": "man", "women": "woman", "children": "child", "feet": "foot", "geese": "goose", "mice": "mouse",
    "leaves": "leaf", "knives": "knife", "buses": "bus", "boxes": "box", "benches": "bench", "dishes": "dish", "shelves": "shelf",
}  # fmt: skip


def singular(noun: str) -> tuple[str, bool]:
    """A noun, in lower case, as it names one, and whether it named several."""
    if noun in _IRREGULAR:
        return _IRREGULAR[noun], True
    if len(noun) < 4 or not noun.endswith("s") or noun.endswith(("ss", "us", "is")):
        return noun, False
    return (f"{noun[:-3]}y" if noun.endswith("ies") else noun[:-1]), True
