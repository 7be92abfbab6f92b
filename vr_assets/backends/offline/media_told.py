"""All that was measured in several videos and images, each told by itself."""

from collections import Counter
from collections.abc import Sequence

from vr_assets.backends.offline import captions
from vr_assets.backends.offline.story import Story
from vr_assets.backends.offline.words import listed, number, sentence
from vr_assets.errors import ReplyError
from vr_assets.records.image_scene import ImageScene
from vr_assets.records.scene import Scene

# Of an outline and of a surface: with less, another name would do as well.
_CLEAR, _PURE, _FITS = 0.7, 0.8, 0.9


def caption(scenes: Sequence[Scene | ImageScene]) -> str:
    """A paragraph for each, with its number where there are several. An image in which nothing can be named gets none.

    Raises:
        ReplyError: none of them gets one.
    """
    told = []
    counts: Counter[str] = Counter()
    for scene in scenes:
        kind = "Video" if isinstance(scene, Scene) else "Image"
        counts[kind] += 1
        text = captions.caption(Story.of(scene, timed=False))["caption"] if isinstance(scene, Scene) else _image(scene)
        if text:
            told.append(f"{kind} {counts[kind]}: {text}" if len(scenes) > 1 else text)
    if not told:
        raise ReplyError("the offline annotator can name nothing in this image: it shows no clear shape of one colour")
    return "\n\n".join(told)


def _image(scene: ImageScene) -> str:
    """The shapes of one colour that can be made out, the largest first."""
    named = Counter(
        f"{region.colour} {region.shape}"
        for region in scene.regions
        if region.colour and region.shape and not scene.busy
        if region.clarity >= _CLEAR and region.purity >= _PURE and region.fit >= _FITS
    )
    if not named:
        return ""
    things = listed([_some(name, count) for name, count in named.items()])
    ground = scene.grounds[0] if len(scene.grounds) == 1 and scene.grounds[0] else None
    return sentence(
        f"there {'is' if next(iter(named.values())) == 1 else 'are'} {things}{f' on a {ground} ground' if ground else ''}"
    )


def _some(name: str, count: int) -> str:
    if count > 1:
        return f"{number(count)} {name}s"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
