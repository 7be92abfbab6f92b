"""Where expressions stand in a cleaned caption."""

from vr_assets.records.image import Expression, Phrase
from vr_assets.steps.expressions import placed


def found(caption: str, *texts: str, image_id: str = "i") -> list[Expression]:
    return list(placed([Phrase(text=text) for text in texts], caption, image_id=image_id))


def test_a_span_is_where_the_text_stands_whatever_the_model_said() -> None:
    caption = "A man walks a dog."
    for one in found(caption, "A man", "a dog"):
        assert one.char_span and caption[slice(*one.char_span)] == one.text


def test_the_same_words_again_are_the_next_place() -> None:
    caption = "A man greets a man and a dog."
    assert [one.char_span for one in found(caption, "a man", "a man")] == [(13, 18), (0, 5)]
    assert [one.char_span for one in found("a man and a man", "a man", "a man")] == [(0, 5), (10, 15)]


def test_said_more_often_than_it_stands_there_it_is_one_expression() -> None:
    assert len(found("A dog sleeps.", "A dog", "A dog", "A dog")) == 1


def test_other_case_quotes_and_spaces_become_the_captions_own() -> None:
    (one,) = found("The sign “No  entry” hangs there.", 'the sign "No entry"')
    assert one.text == "The sign “No  entry”" and one.char_span == (0, 20)


def test_a_part_of_a_word_is_no_place() -> None:
    (one,) = found("A carpet.", "A car")
    assert one.char_span is None and one.flags


def test_what_stands_nowhere_is_kept_without_a_span_and_flagged() -> None:
    (one,) = found("A dog sleeps.", "two cats")
    assert one.char_span is None
    assert one.text == "two cats" and one.flags == ("not in the cleaned caption, word for word",)


def test_ids_are_of_the_content_and_differ_between_images() -> None:
    first, again, other = found("A dog.", "A dog"), found("A dog.", "A dog"), found("A dog.", "A dog", image_id="j")
    assert first == again
    assert first[0].expression_id != other[0].expression_id
