"""Films a seed's scene, makes its proxy and measures it as the product does, and judges the outcome."""

import json
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import av

from vr_assets.errors import ReplyError
from vr_assets.media.drawing import contact_sheet, jpeg
from vr_assets.media.proxy import prepare
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.media.scene import measure_scene
from vr_assets.records.scene import Scene
from vr_assets.settings import MediaSettings, Task
from vr_assets_tests.backends.asked import annotated
from vr_assets_tests.drawn_facts import Truth
from vr_assets_tests.drawn_seeds import Drawn
from vr_assets_tests.scoring.facts import judge
from vr_assets_tests.scoring.tally import Tally
from vr_assets_tests.scoring.texts import judge_texts

_CELLS = 24
_NOT_OF_VIDEOS = {Task.EXPRESSIONS, Task.GROUNDINGS, Task.PREFLIGHT}
RECIPE = ProxyRecipe.of(MediaSettings())


def score(seeds: Iterable[int], *, keep: Path | None = None) -> Tally:
    """Everything about some scenes. `keep`: where their films stay, with sheets of frames, what was measured and said."""
    tally = Tally()
    for seed in seeds:
        truth = Truth.of(seed)
        scene = _measured(tally, truth, keep)
        judge(tally, scene, truth)
        judge_texts(tally, scene, truth)
        tally.scenes += 1
    return tally


def _measured(tally: Tally, truth: Truth, keep: Path | None) -> Scene:
    with TemporaryDirectory(prefix="vr-assets-") as passing:
        folder = keep or Path(passing)
        source, proxy = folder / f"{truth.scene.seed}-source.mp4", folder / f"{truth.scene.seed}.mp4"
        truth.scene.film(source)
        facts = prepare(source, proxy, folder / f"{truth.scene.seed}.json", RECIPE, None)
        began_s = time.process_time()
        scene = measure_scene(proxy, duration_s=facts.duration_s)
        tally.cpu_s += time.process_time() - began_s - _decode_s(proxy)
        tally.video_s += facts.duration_s
        if keep is not None:
            _keep(folder / str(truth.scene.seed), truth.scene, scene)
        return scene


def _keep(stem: Path, film: Drawn, scene: Scene) -> None:
    """What was measured, what is said of it, and a sheet of frames."""
    Path(f"{stem}-scene.json").write_text(scene.model_dump_json(indent=1), encoding="utf-8")
    said = {}
    for task in set(Task) - _NOT_OF_VIDEOS:
        try:
            said[task.value] = json.loads(annotated(scene, task))
        except ReplyError as error:
            said[task.value] = str(error)
    Path(f"{stem}-said.json").write_text(json.dumps(said, indent=1, sort_keys=True), encoding="utf-8")
    step = max(1, round(film.seconds * film.look.fps / _CELLS))
    shown = list(islice(film.images(), 0, None, step))
    labels = [f"{place * step / film.look.fps:.1f}" for place in range(len(shown))]
    Path(f"{stem}.jpg").write_bytes(jpeg(contact_sheet(shown, labels, 6)))


def _decode_s(path: Path) -> float:
    """CPU seconds of decoding every frame, on one thread."""
    began_s = time.process_time()
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for _ in container.decode(video=0):
            pass
    return time.process_time() - began_s
