"""`vr-assets demo`: the whole way, offline, in a minute."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vr_assets.cli.ingest import take_in_batches
from vr_assets.cli.project import ensure_home
from vr_assets.cli.release import release
from vr_assets.cli.run import run_batches
from vr_assets.cli.saying import say
from vr_assets.settings import Asset, BackendName

if TYPE_CHECKING:
    from vr_assets.records.video import QaVideo
    from vr_assets.storage import Store

DEMO = "demo"
CLIPS = Path("demo/videos")
# Of a handful of clips a tenth is none.
VALIDATION_SHARE = 0.3


@click.command("demo")
@click.option("--videos", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Your own folder of videos.")
def command(videos: Path | None) -> int:
    """Annotate drawn clips, or your own, with the offline annotator: no key, no network, nothing to pay."""
    ensure_home()
    family, folder = (DEMO, _drawn()) if videos is None else (f"{DEMO}-{_plain(videos)}", videos)
    say("The offline annotator (--backend opencv) answers: it says what it measures in the pixels, and real models say more.")
    layer: dict[str, object] = {"vlm.backend": BackendName.OPENCV.value, "llm.backend": BackendName.OPENCV.value}
    take_in_batches((str(folder),), layer, family=family)
    store = _store()
    batches = [name for name in store.batches() if store.read_batch(name).family == family]
    started = time.monotonic()
    code = run_batches(batches, layer)
    if code == 0:
        if _tell(store, batches, seconds=time.monotonic() - started):
            code = release(family, tuple(batches), {"release.allow_baseline": True, "release.validation_share": VALIDATION_SHARE})
        say("Look at it:  " + ("make ui" if Path("Makefile").is_file() else "vr-assets ui"))
    return code


def _drawn() -> Path:
    from vr_assets.media.demo_clips import draw_demo_clips

    if not any(CLIPS.glob("*.mp4")):
        say(f"Drawing clips into {CLIPS} ...")
        draw_demo_clips(CLIPS)
    return CLIPS


def _plain(folder: Path) -> str:
    from vr_assets.steps.batch_names import family_from

    return family_from(str(folder.absolute()), is_folder=True)


def _store() -> "Store":
    from vr_assets.settings import environment_layer, resolve
    from vr_assets.storage import Store

    settings = resolve(("environment", environment_layer())).settings
    return Store.at(settings.data_root, settings.bucket)


def _tell(store: "Store", batches: list[str], *, seconds: float) -> int:
    """Returns how many questions there are."""
    from vr_assets.records.video import QaVideo

    rows = [row for name in batches for row in store.read_rows(name, Asset.QA, QaVideo) or []]
    items = sum(len(found.items) for row in rows for found in row.qa)
    files = sum(len(list(store.task_files_folder(name).glob("*.json"))) for name in batches)
    say(f"{len(rows)} videos, {items} questions and answers in {files} task files, {seconds:.0f} seconds. One of them:")
    _tell_sample(rows)
    for name in batches:
        say(f"Everything: {store.batch_folder(name)}")
    made = Path("Makefile").is_file()
    for name in batches:
        say(f"Review it:  {f'make review BATCH={name}' if made else f'vr-assets review --batch {name}'}")
    return items


def _tell_sample(rows: "list[QaVideo]") -> None:
    from vr_assets.steps.texts import item_text

    for row in rows:
        for found in row.qa:
            say(f"  {Path(row.video).name}, {found.qa_type}")
            for line in item_text(found.items[0]).splitlines():
                say(f"    {line}")
            return
