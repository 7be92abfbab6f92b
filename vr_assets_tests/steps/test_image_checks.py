"""What a check of images' rows finds, and what it lets pass."""

from vr_assets.records.image import Box, Expression, Grounded, GroundedImage, Instance
from vr_assets.settings import CheckSettings, Status
from vr_assets.steps import image_checks
from vr_assets.steps.image_checks import OF_GROUNDINGS, Rule

CAPTION = "A red car and a dog."


def expression(name: str = "e", *boxes: Box, text: str = "A red car", span: tuple[int, int] | None = (0, 9)) -> Expression:
    return Expression(
        expression_id=name,
        text=text,
        char_span=span,
        grounded=Grounded.FOUND if boxes else Grounded.ABSENT,
        instances=tuple(Instance(bbox_id=f"{name}{number}", bbox=box) for number, box in enumerate(boxes)),
    )


def row(*expressions: Expression, image_id: str = "i") -> GroundedImage:
    return GroundedImage(
        image_id=image_id,
        image="/a.jpg",
        caption=CAPTION,
        status=Status.OK,
        width=100,
        height=50,
        cleaned_caption=CAPTION,
        expressions=expressions,
    )


def passes(rule: Rule, *rows: GroundedImage, **limits: float) -> bool:
    return rule(rows, CheckSettings(**limits)).passed


def test_good_rows_pass_every_rule() -> None:
    good = row(expression("a", (0.0, 0.0, 100.0, 50.0)), expression("b", (1.0, 1.0, 9.0, 9.0)))
    assert all(passes(rule, good) for rule in OF_GROUNDINGS.values())


def test_a_span_that_does_not_hold_its_text_is_found() -> None:
    assert not passes(image_checks.spans_match_text, row(expression(span=(1, 10))))
    assert passes(image_checks.spans_match_text, row(expression(span=None)))


def test_an_id_that_comes_twice_is_found() -> None:
    assert not passes(image_checks.ids_unique, row(image_id="i"), row(image_id="i"))
    assert not passes(image_checks.ids_unique, row(expression("e"), expression("e")))


def test_a_box_outside_or_without_area_is_found() -> None:
    for box in (
        (-1.0, 0.0, 10.0, 10.0),
        (0.0, 0.0, 101.0, 10.0),
        (0.0, 0.0, 10.0, 51.0),
        (5.0, 0.0, 5.0, 10.0),
        (9.0, 0.0, 5.0, 10.0),
    ):
        assert not passes(image_checks.boxes_inside, row(expression("e", box)))


def test_an_expression_that_nothing_was_said_of_is_found() -> None:
    silent = expression().model_copy(update={"grounded": Grounded.UNANSWERED})
    assert not passes(image_checks.expressions_accounted_for, row(silent))


def test_the_same_thing_told_twice_is_found_within_an_expression_only() -> None:
    one, nearly, other = (0.0, 0.0, 50.0, 50.0), (0.0, 0.0, 51.0, 50.0), (60.0, 0.0, 90.0, 50.0)
    assert not passes(image_checks.near_duplicate_boxes, row(expression("e", one, nearly)))
    assert passes(image_checks.near_duplicate_boxes, row(expression("e", one, other)))
    assert passes(image_checks.near_duplicate_boxes, row(expression("e", one), expression("f", nearly)))


def test_the_share_without_boxes_has_a_limit() -> None:
    half = row(expression("a", (0.0, 0.0, 9.0, 9.0)), expression("b"))
    assert passes(image_checks.ungrounded_share, half)
    assert not passes(image_checks.ungrounded_share, half, max_ungrounded_share=0.4)
