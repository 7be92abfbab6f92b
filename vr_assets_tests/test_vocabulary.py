"""The offline annotator's words: read from files over those of `general`, wrong ones named with their line."""

from pathlib import Path

import pytest

from vr_assets.errors import PromptError
from vr_assets.prompts import Prompts
from vr_assets.records.vocabulary import Vocabulary
from vr_assets.settings import Asset


def write(folder: Path, text: str, domain: str = "harbour") -> Path:
    (folder / domain).mkdir(exist_ok=True)
    path = folder / domain / "vocabulary.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_file_of_general_shows_the_words_that_hold_without_a_file() -> None:
    assert Prompts.load("general").vocabulary == Vocabulary()


def test_a_domain_holds_only_what_differs() -> None:
    words = Prompts.load("traffic").vocabulary
    assert (words.mover, words.wide_mover, words.thing) == ("moving object", "vehicle", Vocabulary().thing)


def test_a_domain_of_ones_own_has_its_own_words(tmp_path: Path) -> None:
    write(tmp_path, 'mover = "vessel"\nmovers = "vessels"\n')
    words = Prompts.load("harbour", overlay=tmp_path).vocabulary
    assert (words.mover, words.movers, words.scene) == ("vessel", "vessels", "scene")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        pytest.param('mover = "vessel"\nmovver = "ship"\n', 2, "no word 'movver'; did you mean mover", id="misspelt"),
        pytest.param('# words\n\nmover = ""\n', 3, "mover = '' is not", id="empty"),
        pytest.param('mover = "{vessel}"\n', 1, "is not one or a few plain words", id="braces"),
        pytest.param('mover = "vessel"\nthing = 3\n', 2, "thing = 3 is not", id="a number"),
        pytest.param('mover = "vessel\n', 1, "not TOML", id="an open quote"),
    ],
)
def test_a_wrong_word_is_named_with_its_file_and_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(PromptError) as raised:
        Prompts.load("harbour", overlay=tmp_path)
    assert f"{path}:{line}: " in str(raised.value)
    assert says in str(raised.value)


def test_every_prompt_carries_the_words_of_its_domain() -> None:
    prompts = Prompts.load("traffic")
    assert prompts.render(Asset.FILTERED_VIDEOS, "suitable", {}).vocabulary == prompts.vocabulary
