"""Noun phrases of captions, as they stand there."""

import pytest

from vr_assets.backends.offline.noun_phrases import cleaned, noun_phrases, phrase_of

CAPTIONS = {
    "A red circle and two large blue squares on a white background.": ["A red circle", "two large blue squares"],
    "A small, dark green triangle in the top left corner and a dog running across the road.": [
        "A small, dark green triangle in the top left corner", "a dog", "the road",
    ],
    "Three red and blue circles; the leftmost yellow dot is big.": ["Three red and blue circles", "the leftmost yellow dot"],
    "A man wearing a red shirt rides a bike next to parked cars.": ["A man", "a red shirt", "a bike", "cars"],
    "The red car to the right of the white car turns left.": ["The red car to the right of the white car", "the white car"],
    "A pair of green ovals, an orange square": ["A pair of green ovals", "an orange square"],
    "A red and white ball is flying.": ["A red and white ball"],
    "The circle is red, the other one is blue.": ["The circle", "the other one"],
    "A dog runs. The traffic lights turn green.": ["A dog", "The traffic lights"],
    "Several people are walking through a busy street at night": ["Several people", "a busy street"],
    "Red circle on the left side of the image, green circle on the right": [
        "Red circle on the left side of the image", "green circle on the right",
    ],
    "a red circle, a red circle": ["a red circle"],
    "An image of nothing in the background, on the left.": [],
    "Ein roter Kreis auf weißem Grund": [],
    "赤い円": [],
    "?!": [],
    "": [],
}  # fmt: skip


@pytest.mark.parametrize("caption", CAPTIONS)
def test_what_a_caption_names_is_found_and_nothing_else(caption: str) -> None:
    assert [phrase.text for phrase in noun_phrases(caption)] == CAPTIONS[caption]


@pytest.mark.parametrize("caption", CAPTIONS)
def test_a_phrase_stands_in_the_caption_where_it_says(caption: str) -> None:
    for phrase in noun_phrases(caption):
        assert caption[phrase.start : phrase.end] == phrase.text
        assert phrase.chunk in phrase.text


@pytest.mark.parametrize("caption", CAPTIONS)
def test_an_expression_alone_reads_as_it_did_in_the_caption(caption: str) -> None:
    for phrase in noun_phrases(caption):
        alone = phrase_of(phrase.text)
        assert alone is not None
        assert (alone.chunk, alone.count, alone.place, alone.relation) == (
            phrase.chunk,
            phrase.count,
            phrase.place,
            phrase.relation,
        )


@pytest.mark.parametrize(
    ("text", "chunk", "noun", "count"),
    [
        ("the small, dark green triangle in the top left corner", "small, dark green triangle", "triangle", 1),
        ("two large blue squares", "large blue squares", "square", 2),
        ("12 boxes", "boxes", "box", 12),
        ("a group of three men", "men", "man", 3),
        ("a couple of dogs", "dogs", "dog", 2),
        ("some berries", "berries", "berry", None),
        ("a glass", "glass", "glass", 1),
        ("A Bus", "Bus", "bus", 1),
    ],
)
def test_a_phrase_has_a_chunk_a_noun_and_a_count(text: str, chunk: str, noun: str, count: int | None) -> None:
    phrase = phrase_of(text)
    assert phrase is not None
    assert (phrase.chunk, phrase.noun, phrase.count) == (chunk, noun, count)


@pytest.mark.parametrize("text", ["a man who holds a dog", "running fast", "the left", "red", "a dog and a cat"])
def test_what_is_more_or_less_than_one_noun_phrase_is_none(text: str) -> None:
    assert phrase_of(text) is None


@pytest.mark.parametrize(
    ("caption", "clean"),
    [
        ("  A red\n circle.\t", "A red circle."),
        ('"Caption: A cat."', "A cat."),
        ("“A cat.”", "A cat."),
        ('"A" and "B"', '"A" and "B"'),
        ("Über alles: ein Kreis", "Über alles: ein Kreis"),
    ],
)
def test_cleaning_leaves_the_words(caption: str, clean: str) -> None:
    assert cleaned(caption) == clean
