"""What an answer's identity says of how its video was shown."""

import pytest

from vr_assets.media.recipe import ProxyRecipe
from vr_assets.settings import AudioSetting, MediaSettings


def test_the_recipe_of_the_defaults_is_what_answers_were_paid_under() -> None:
    assert ProxyRecipe.of(MediaSettings()).identity == {"longest_side_px": 640, "max_fps": 8.0, "crf": 28, "version": 2}


@pytest.mark.parametrize(
    "settings",
    [
        MediaSettings(longest_side_px=320),
        MediaSettings(max_fps=4),
        MediaSettings(crf=30),
        MediaSettings(keyframe_interval_s=2),
        MediaSettings(audio=AudioSetting.KEEP),
        MediaSettings(proxy=False),
    ],
    ids=lambda settings: str(settings.model_dump(exclude_defaults=True)),
)
def test_whatever_is_shown_otherwise_has_another_name(settings: MediaSettings) -> None:
    recipe, usual = ProxyRecipe.of(settings), ProxyRecipe.of(MediaSettings())
    assert recipe.identity != usual.identity
    assert recipe.name != usual.name


@pytest.mark.parametrize(
    "settings", [MediaSettings(proxies_gb=1), MediaSettings(workers=3), MediaSettings(highlight_longest_side_px=640)]
)
def test_what_shapes_no_proxy_does_not_name_it(settings: MediaSettings) -> None:
    assert ProxyRecipe.of(settings) == ProxyRecipe.of(MediaSettings())
