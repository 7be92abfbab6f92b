"""Words that tell an option's letter from a thing's, and the article from the letter A."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


INSCRIBING = _words("labeled labelled lettered marked named painted printed reading reads spelling spells stamped")
"""Words before a letter that stands written in the scene."""

OPTION_NOUNS = _words(
    "option options choice choices answer answers alternative alternatives candidate candidates distractor distractors"
)

THINGS = _words(
    """
    aisle area arm assembly avenue bay bed belt bench bicycle bike block boat box building bus camera car cart ceiling cell chair
    channel child chunk class clip column container conveyor corner corridor court crane crate crossing cyclist dock door driver
    drone elevator employee entrance exit family feed figure floor forklift frame gate girl grade group guard hall hallway
    individual intersection item junction key king lane landing letter level lift line location machine man model monitor
    motorcycle motorcyclist object officer opening operator package pallet parking part passenger path pedestrian person phase
    pillar pipe plan plane platform player point pole pose position post pump rack railing ramp region rider ring road robot room
    route row runway screen seat section sector segment series shed shelf side sign signal site size speaker spot square stage
    stair stairwell stall stand station step street string student supply suspect switch table tank team terminal tower track
    trailer train tray truck type unit van vehicle victim view viewpoint vitamin wall ward warehouse window wing witness woman
    worker yard zone
    """
)
"""Nouns that carry a letter as their name, in the singular. Any noun does; listed are those that look like a verb in -s, -ing or
-ed, in the plural too, or that come before a letter in brackets."""

OPENERS = _words(
    """
    about against also although am among and as at be because been being besides best between both but by call called can chose
    choose compare concerning confirm consider contradict correct could deem describe did discard dismiss do does drop either
    eliminate even except exclude favor favour find fit for from get give giving hence how however if imply in incorrect indicate
    instead into is just keep leave left let lets like made make making mark match may mean might must neither
    nor not of on only or out over per pick prefer prove rather read regarding reject remaining right rule see select should show
    since so suggest support take than that then therefore this though through thus to toward towards unlike use verify versus
    via vs was were when where whereas while why will with would wrong are
    """
)
"""Words before a letter that leave it to be an option: a letter is no name of theirs."""

AFTER_LETTER_A = _words(
    """
    because best better both but by can can't cannot could couldn't did does fits for from had has just might more most must
    never nor not may says seems should since so such than that then though through to too was were when where which while who
    will with without won't would wouldn't yet
    """
)
"""Words after an "A" that is no article: no article stands before them. Words that begin with a vowel sound need no list."""

NOUNS_IN_S = _words(
    """
    always arms athletics canvas christmas claims clothes crossroads customs diagnostics downwards electronics gas glasses goods
    gps graphics gymnastics hands headquarters jeans lens logistics means mercedes news pants perhaps physics sales savings
    scissors series shorts sideways species sports steps tennis texas thus towards upwards works
    """
)
"""Words in -s that an article may precede; any other is a verb, and its "A" a letter."""
