"""What a call costs, and what is said where that cannot be told."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from vr_assets.backends.prices import Prices
from vr_assets.errors import SettingsError, StageError
from vr_assets.records.base import Span
from vr_assets.records.call import Usage
from vr_assets.settings import GeminiSettings, MediaResolution, Task
from vr_assets_tests.backends.asked import FRAME_TIMES_S, FRAMES, VIDEO, BytesMedia, request

ROOT = Path(__file__).parents[2]
LOW, HIGH = MediaResolution.LOW, MediaResolution.HIGH

OWN = """
[[models]]
names = ["house-*"]
input_usd = 0
output_usd = 0

[[models]]
names = ["house-special"]
input_usd = 3
output_usd = 5

[[models]]
names = ["gemini-2.5-pro"]
input_usd = 7
output_usd = 9
"""


def own(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


def used(input_tokens: int, output_tokens: int) -> Usage:
    return Usage(input_tokens=input_tokens, output_tokens=output_tokens)


@pytest.mark.parametrize(
    ("model", "usage", "usd"),
    [
        ("gemini-3.1-flash-lite", used(1_000_000, 1_000_000), 1.75),
        ("gemini-2.5-flash", used(10_000, 2_000), 0.008),
        ("gemini-3.1-pro-preview", used(200_000, 1_000), 0.412),
        ("gemini-3.1-pro-preview", used(200_001, 1_000), 0.818004),
        ("gpt-4.1-mini", used(1_000, 1_000), 0.002),
    ],
)
def test_a_call_costs_its_tokens_at_the_models_price(model: str, usage: Usage, usd: float) -> None:
    price = Prices.load("").of(model)
    assert price is not None
    assert price.cost(usage) == pytest.approx(usd)


def test_the_model_that_users_start_with_has_a_price_and_media_tokens() -> None:
    price = Prices.load("").of(GeminiSettings().model, resolution=GeminiSettings().media_resolution)
    assert price is not None and price.video_tokens_per_s and price.frame_tokens


@pytest.mark.parametrize("model", ["gemini-2.5-flash-image", "Qwen2.5-VL-7B-Instruct", "openai/gpt-4o", ""])
def test_an_unknown_model_has_no_price(model: str) -> None:
    assert Prices.load("").of(model) is None


@pytest.mark.parametrize("usage", [Usage(), Usage(input_tokens=5), Usage(output_tokens=5)])
def test_unknown_tokens_are_an_unknown_cost_not_a_cost_of_nothing(usage: Usage) -> None:
    price = Prices.load("").of("gemini-2.5-flash")
    assert price is not None and price.cost(usage) is None


def test_a_model_that_costs_nothing_costs_nothing_whatever_it_counts(tmp_path: Path) -> None:
    price = Prices.load(own(tmp_path, OWN)).of("house-7b")
    assert price is not None
    assert price.cost(Usage()) == 0.0
    assert price.bound(request(Task.GLOBAL_CAPTION, VIDEO), 4096) == 0.0


def test_the_users_own_table_goes_first_and_an_exact_name_before_a_pattern(tmp_path: Path) -> None:
    prices = Prices.load(own(tmp_path, OWN))
    found = {
        name: price.input_usd for name in ("gemini-2.5-pro", "house-special", "gemini-2.5-flash") if (price := prices.of(name))
    }
    assert found == {"gemini-2.5-pro": 7, "house-special": 3, "gemini-2.5-flash": 0.3}


def test_the_bound_holds_every_byte_of_text_both_styles_and_the_schema() -> None:
    price = Prices.load("").of("gpt-4.1")
    assert price is not None
    asked = request()
    long = replace(asked, prompt=asked.prompt.model_copy(update={"layout_text": "ü" * 50_000}))
    assert price.bound(long, 1000) >= price.usd(100_000, 1000)
    schema = {"type": "object", "description": "x" * 10_000}
    assert price.bound(replace(asked, reply_schema={**schema}), 1000) - price.bound(asked, 1000) > price.usd(9_000, 0)


@pytest.mark.parametrize(
    ("seconds", "frames"), [(8.0, 9), (0.4, 1), (2.3, 3)], ids=["whole seconds", "under a second", "a part of a second"]
)
def test_the_bound_of_a_video_holds_a_frame_for_each_second_begun(seconds: float, frames: int) -> None:
    price = Prices.load("").of("gemini-3.1-flash-lite", resolution=LOW)
    assert price is not None
    shown = request(Task.GLOBAL_CAPTION, BytesMedia(span=Span(start_s=5.0, end_s=5.0 + seconds)))
    assert price.bound(shown, 500) - price.bound(request(), 500) == pytest.approx(price.usd(80 * frames, 0))


def test_the_bound_of_frames_holds_each_frame_also_of_a_video_that_will_be_shown_as_frames() -> None:
    price = Prices.load("").of("gpt-4.1")
    assert price is not None
    text = price.bound(request(), 500)
    shown = price.bound(request(Task.GLOBAL_CAPTION, FRAMES), 500)
    assert shown - text >= price.usd(1445 * len(FRAME_TIMES_S), 0)
    assert price.bound(request(Task.GLOBAL_CAPTION, VIDEO), 500, frames_only=True) == shown


def test_the_resolution_decides_the_tokens_and_an_unknown_one_counts_as_the_highest() -> None:
    low, high, unknown = (Prices.load("").of("gemini-3.1-flash-lite", resolution=one) for one in (LOW, HIGH, None))
    assert low and high and unknown
    assert low.video_tokens_per_s == 80
    assert high.video_tokens_per_s == unknown.video_tokens_per_s == 290


def test_the_bound_goes_by_the_dearer_price_when_the_input_may_be_long() -> None:
    price = Prices.load("").of("gemini-2.5-pro")
    assert price is not None
    asked = request()
    long = replace(asked, prompt=asked.prompt.model_copy(update={"schema_text": "x" * 200_000}))
    assert price.bound(long, 1000) > (200_000 * 2.5 + 1000 * 15) / 1e6


def test_media_whose_tokens_no_table_knows_stop_the_stage_with_the_field_to_add(tmp_path: Path) -> None:
    file = own(tmp_path, OWN)
    price = Prices.load(file).of("house-special")
    assert price is not None
    with pytest.raises(StageError, match="video_tokens_per_s") as told:
        price.bound(request(Task.GLOBAL_CAPTION, VIDEO), 100)
    assert file in str(told.value) and "house-special" in str(told.value) and "budget.prices_file" in str(told.value)
    with pytest.raises(StageError, match="frame_tokens"):
        price.bound(request(Task.GLOBAL_CAPTION, FRAMES), 100)
    assert price.bound(request(), 100) > 0


def test_a_price_that_a_budget_needs_is_asked_for_with_an_entry_that_can_be_pasted(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="'mystery-7b' is not known") as told:
        Prices.load("").required("mystery-7b")
    said = str(told.value)
    assert "VR_BUDGET__PRICES_FILE" in said
    entry = said[said.index("[[models]]") : said.index("\nOr take")]
    assert Prices.load(own(tmp_path, entry)).required("mystery-7b").input_usd == 0.25


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[models]]\nnames = ["a"]\noutput_usd = 1', ["model a: input_usd: is missing"]),
        ('[[models]]\nnames = ["a"]\ninput_usd = -1\noutput_usd = 1', ["model a: input_usd: -1", "greater than or equal to 0"]),
        ('[[models]]\nnames = ["a"]\ninput_usd = "cheap"\noutput_usd = 1', ["model a: input_usd: 'cheap'"]),
        ('[[models]]\nnames = ["a"]\ninput = 1\ninput_usd = 1\noutput_usd = 1', ["model a: input: is no field", "input_usd"]),
        ("[[models]]\ninput_usd = 1\noutput_usd = 1", ["model number 1: names: is missing"]),
        (
            '[[models]]\nnames = ["a"]\ninput_usd = 1\noutput_usd = 1\nabove_input_tokens = 9',
            ["model a: ", "above_output_usd go together"],
        ),
        (
            '[[models]]\nnames = ["a"]\ninput_usd = 1\noutput_usd = 1\nframe_tokens = { low = 1 }',
            ["model a: frame_tokens.medium: is missing"],
        ),
        ("[models.a]\ninput_usd = 1", ["models"]),
        ("[[models]]\nnames = a", ["not TOML", "line 2"]),
    ],
)
def test_what_is_wrong_with_a_users_table_is_told_with_file_model_and_field(text: str, said: list[str], tmp_path: Path) -> None:
    file = own(tmp_path, text)
    with pytest.raises(SettingsError) as told:
        Prices.load(file)
    assert all(part in str(told.value) for part in [file, *said]), str(told.value)


def test_a_table_that_is_not_there_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="budget.prices_file = .*nowhere.toml: cannot be read"):
        Prices.load(str(tmp_path / "nowhere.toml"))


def test_every_shipped_price_says_where_it_is_from_and_the_table_when_it_was_looked_up() -> None:
    table = tomllib.loads((ROOT / "prices.toml").read_text())
    assert table["as_of"] == Prices.load("").as_of != ""
    assert all(entry["source"] for entry in table["models"])
    names = [name for entry in table["models"] for name in entry["names"]]
    assert len(names) == len(set(names))


def test_the_table_travels_in_the_wheel() -> None:
    assert '"prices.toml" = "vr_assets/_prices.toml"' in (ROOT / "pyproject.toml").read_text()
