"""The captions of real clips against what a person who watched them wrote down first, in watched_clips.toml."""

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from vr_assets.media.proxy import prepare
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.media.scene import measure_scene
from vr_assets.parsing.captions import parse_dense_caption, parse_global_caption
from vr_assets.records.base import Span
from vr_assets.settings import MediaSettings, Task
from vr_assets_tests.backends.asked import annotated

FOLDER = Path(os.environ.get("VR_TEST_VIDEOS") or Path(__file__).parents[3] / "shared" / "videos")
WATCHED = tomllib.loads((Path(__file__).parent / "watched_clips.toml").read_text(encoding="utf-8"))["clip"]
FILES = [clip["file"] for clip in WATCHED]
NEAR_S = 0.5

needs_clips = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no real clips: set VR_TEST_VIDEOS, or put them in {FOLDER}")


@dataclass(frozen=True)
class Seen:
    """One statement; watched_clips.toml says what its fields mean."""

    at: tuple[float, float]
    text: str
    within_reach: bool
    starts: bool = False
    ends: bool = False
    stated: list[str] = field(default_factory=list)
    contradicted: list[str] = field(default_factory=list)

    def is_told(self, captions: list[tuple[Span, str]]) -> bool:
        return any(
            self._common_s(span) > 0 and self._begins_and_ends(span) and _says(text, self.stated) for span, text in captions
        )

    def against(self, captions: list[tuple[Span, str]]) -> list[str]:
        """Captions that say otherwise."""
        return [text for span, text in captions if self._common_s(span) > NEAR_S and _says(text, self.contradicted)]

    def _common_s(self, span: Span) -> float:
        return min(span.end_s, self.at[1]) - max(span.start_s, self.at[0])

    def _begins_and_ends(self, span: Span) -> bool:
        begins = not self.starts or abs(span.start_s - self.at[0]) <= NEAR_S
        return begins and (not self.ends or abs(span.end_s - self.at[1]) <= NEAR_S)


def _says(text: str, patterns: list[str]) -> bool:
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)


def statements(file: str) -> list[Seen]:
    (clip,) = [clip for clip in WATCHED if clip["file"] == file]
    return [Seen(**seen) for seen in clip["seen"]]


@pytest.fixture(scope="module")
def captions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Span, str]]]:
    """Of each clip, what is said of which stretch."""
    folder = tmp_path_factory.mktemp("watched")
    return {file: list(_captions(FOLDER / file, folder)) for file in FILES}


def _captions(source: Path, folder: Path) -> Iterator[tuple[Span, str]]:
    proxy = folder / f"{source.stem}.mp4"
    facts = prepare(source, proxy, folder / f"{source.stem}.json", ProxyRecipe.of(MediaSettings()), None)
    scene = measure_scene(proxy, duration_s=facts.duration_s)
    for event in parse_dense_caption(annotated(scene, Task.DENSE_CAPTION), within=scene.span).events:
        yield Span(start_s=event.start_s, end_s=event.end_s), event.text
    whole = parse_global_caption(annotated(scene, Task.GLOBAL_CAPTION))
    # Sentences of the whole video hold of all of it only where they are about its picture.
    for sentence in re.split(r"(?<=\.) ", whole):
        if "camera" in sentence:
            yield scene.span, sentence


@pytest.mark.parametrize("file", FILES)
def test_each_clip_was_watched_closely(file: str) -> None:
    seen = statements(file)
    assert len(seen) >= 10
    assert any(not one.within_reach for one in seen)
    assert all(one.stated for one in seen if one.within_reach)


@needs_clips
@pytest.mark.parametrize("file", FILES)
def test_captions_contradict_nothing_that_was_seen(captions: dict[str, list[tuple[Span, str]]], file: str) -> None:
    assert not [(one.text, against) for one in statements(file) if (against := one.against(captions[file]))]


@needs_clips
@pytest.mark.parametrize("file", FILES)
def test_captions_state_half_of_what_was_within_reach(captions: dict[str, list[tuple[Span, str]]], file: str) -> None:
    reachable = [one for one in statements(file) if one.within_reach]
    missed = [one.text for one in reachable if not one.is_told(captions[file])]
    assert len(missed) <= len(reachable) / 2, missed
