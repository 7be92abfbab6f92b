"""What an estimate counts where nothing was asked yet. Against a real run: end_to_end/test_estimate.py."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from vr_assets.backends.prices import Prices
from vr_assets.errors import StorageError
from vr_assets.records.batch import Batch, ManifestRow
from vr_assets.records.call import Answer, Outcome, Usage
from vr_assets.settings import Asset, Graph, Mode, QaType, Task, resolve
from vr_assets.steps.estimate import Estimate, StageEstimate, estimate
from vr_assets.steps.experience import Experience
from vr_assets.storage import Store
from vr_assets_tests.clips import moving_box, write_clip

QA_TYPES = len(QaType) - 1


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 2 and of 24 seconds."""
    folder = tmp_path_factory.mktemp("videos")
    write_clip(folder / "short.mp4", moving_box(8), 4)
    write_clip(folder / "long.mp4", moving_box(96), 4)
    return folder


def estimated(
    folder: Path,
    paths: Sequence[Path],
    *,
    mode: Mode | None = Mode.ANOMALY,
    assets: Sequence[Asset] = Graph.VIDEOS.assets,
    prices_file: str = "",
    **given: object,
) -> Estimate:
    store = Store(folder / "data")
    manifest = [ManifestRow(video_path=str(path), mode=mode, source="test") for path in paths]
    name = f"batch{len(store.batches())}"
    store.create_batch(Batch(name=name, family=name, source_root=None, created=datetime.now(UTC).isoformat()), manifest)
    layer = {name.replace("__", "."): value for name, value in given.items()}
    settings = resolve(("test", layer)).settings
    prices = Prices.load(prices_file)
    return anyio.run(lambda: estimate(name, assets, settings, store, environ={}, prices=prices))


def stage(found: Estimate, asset: Asset) -> StageEstimate:
    return next(one for one in found.stages if one.asset is asset)


def tasks(found: Estimate) -> Counter[Task]:
    return Counter(call.task for call in found.calls)


def test_a_labelled_video_needs_each_call_once_and_its_chunks_by_its_length(videos: Path, tmp_path: Path) -> None:
    found = estimated(tmp_path, [videos / "short.mp4", videos / "long.mp4"])
    assert tasks(found) == {
        Task.SUITABLE: 2,
        Task.GLOBAL_CAPTION: 2,
        Task.DENSE_CAPTION: 2,
        # One of 2 seconds, five of 5.
        Task.CHUNK_CAPTION: 1 + 5,
        Task.MOMENT: 2,
        Task.CLIP_CAPTION: 2,
        Task.DESCRIPTION: 2,
        **{Task(kind): 2 for kind in QaType if kind is not QaType.EVENT_VERIFICATION},
    }
    assert all(call.is_certain for call in found.calls)
    assert found.unmeasured == 2


def test_without_labels_the_calls_about_anomalies_are_a_range(videos: Path, tmp_path: Path) -> None:
    found = estimated(tmp_path, [videos / "short.mp4"], mode=None)
    assert stage(found, Asset.FILTERED_VIDEOS).calls[0].task is Task.SCREENING
    highlights = stage(found, Asset.HIGHLIGHTS)
    assert (highlights.certain, len(highlights.calls)) == (0, 2)
    assert stage(found, Asset.QA).certain == QA_TYPES


def test_a_normal_video_has_no_highlight(videos: Path, tmp_path: Path) -> None:
    found = estimated(tmp_path, [videos / "short.mp4"], mode=Mode.NORMAL)
    assert stage(found, Asset.HIGHLIGHTS).calls == ()


def test_settings_shape_what_is_counted(videos: Path, tmp_path: Path) -> None:
    found = estimated(tmp_path, [videos / "long.mp4"], qa__qa_types="mcq,bcq", filter__enabled="false", chunks__max_chunks=2)
    assert stage(found, Asset.FILTERED_VIDEOS).calls == ()
    assert len(stage(found, Asset.CHUNK_CAPTIONS).calls) == 2
    assert len(stage(found, Asset.QA).calls) == 2


def test_what_is_stopped_before_any_call_costs_nothing(videos: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    paths = [videos / "short.mp4", videos / "long.mp4", tmp_path / "broken.mp4", videos / "short.mp4"]
    found = estimated(tmp_path, paths, videos__max_video_length_sec=10)
    assert tasks(found)[Task.GLOBAL_CAPTION] == 1


def test_nothing_is_decoded_or_asked_and_no_answer_is_left_behind(videos: Path, tmp_path: Path) -> None:
    estimated(tmp_path, [videos / "short.mp4"])
    left = {path.name for path in (tmp_path / "data").rglob("*") if path.is_file()}
    assert left == {"manifest.jsonl", "batch.json", "probes.sqlite", "index.sqlite"}


def test_tokens_and_costs_follow_the_price_table(videos: Path, tmp_path: Path) -> None:
    found = estimated(tmp_path, [videos / "short.mp4", videos / "long.mp4"])
    captions = stage(found, Asset.CAPTIONS)
    assert captions.input_tokens is not None and captions.usd is not None and captions.most_usd is not None
    # Two prompts a video, 80 tokens a frame, one frame a second and one more.
    media = 2 * 80 * (3 + 25)
    assert media < captions.input_tokens < media + 4 * 1500
    assert captions.usd == pytest.approx((captions.input_tokens * 0.25 + captions.output_tokens * 1.5) / 1e6)
    assert captions.most_usd > 4 * 8192 * 1.5 / 1e6
    assert found.usd is not None and found.most_usd is not None and found.usd < found.most_usd


def test_unknown_prices_and_tokens_stay_unknown(videos: Path, tmp_path: Path) -> None:
    def found(prices_file: str) -> Estimate:
        return estimated(
            tmp_path,
            [videos / "short.mp4"],
            prices_file=prices_file,
            vlm__backend="openai",
            llm__backend="openai",
            vlm__openai__model_name="house-7b",
            llm__openai__model_name="gpt-4.1-mini",
        )

    unpriced = found("")
    captions = stage(unpriced, Asset.CAPTIONS)
    assert (captions.input_tokens, captions.usd, captions.most_usd) == (None, None, None)
    assert stage(unpriced, Asset.QA).usd is not None
    assert unpriced.usd is unpriced.most_usd is None

    free = tmp_path / "mine.toml"
    free.write_text('[[models]]\nnames = ["house-*"]\ninput_usd = 0\noutput_usd = 0')
    priced = found(str(free))
    assert stage(priced, Asset.CAPTIONS).usd == stage(priced, Asset.CAPTIONS).most_usd == 0.0
    assert priced.usd is not None and priced.usd > 0


def test_a_selection_counts_its_stages_only_and_needs_what_is_before_them(videos: Path, tmp_path: Path) -> None:
    some = estimated(tmp_path, [videos / "short.mp4"], assets=(Asset.RAW_VIDEOS, Asset.CAPTIONS))
    assert [one.asset for one in some.stages] == [Asset.CAPTIONS]
    with pytest.raises(StorageError, match="captions was not made for batch"):
        estimated(tmp_path, [videos / "short.mp4"], assets=(Asset.QA,))


def test_checks_of_items_that_are_still_to_be_written_are_counted_where_they_are_named(videos: Path, tmp_path: Path) -> None:
    checks, assets = "blind,support", (*Graph.VIDEOS.assets, Asset.EVIDENCE)
    found = estimated(tmp_path, [videos / "short.mp4"], assets=assets, evidence__checks=checks)
    # Blind: three orders of the choice, two of each question of the pair, a stretch, three open ones, which are judged.
    expected = {Task.BLIND: 3 + 4 + 1 + 3, Task.JUDGE: 3, Task.SUPPORT: QA_TYPES + 1}
    assert Counter(call.task for call in stage(found, Asset.EVIDENCE).calls) == expected
    assert tasks(found)[Task.MCQ] == 1
    both = estimated(tmp_path, [videos / "short.mp4", videos / "long.mp4"], assets=assets, evidence__checks=checks)
    assert len(stage(both, Asset.EVIDENCE).calls) == 2 * sum(expected.values()), "texts that are made up look alike, and are not"
    off = estimated(tmp_path, [videos / "short.mp4"], assets=assets)
    assert stage(off, Asset.EVIDENCE).calls == ()


def test_a_pace_that_is_set_and_the_ceiling_decide_the_time(videos: Path, tmp_path: Path) -> None:
    fast = estimated(tmp_path, [videos / "long.mp4"], calls__max_workers=16)
    slow = estimated(tmp_path, [videos / "long.mp4"], calls__max_workers=1)
    paced = estimated(tmp_path, [videos / "long.mp4"], llm__requests_per_minute=1)
    chunks = [stage(one, Asset.CHUNK_CAPTIONS).seconds for one in (fast, slow)]
    assert chunks[1] == 5 * chunks[0]
    assert stage(paced, Asset.QA).seconds == QA_TYPES * 60


def answer(task: Task, *, tokens: tuple[int | None, int | None], seconds: float = 2.0, **given: object) -> Answer:
    return Answer.model_validate(
        {
            "key": "k",
            "task": task,
            "outcome": Outcome.ANSWERED,
            "text": "",
            "finish": "stop",
            "usage": Usage(input_tokens=tokens[0], output_tokens=tokens[1]),
            "backend": "gemini",
            "model": "m",
            "domain": "general",
            "prompt": "p",
            "prompt_hash": "h",
            "prompt_text": "x" * 3000,
            "seconds": seconds,
            "at": "2026-01-01",
            **given,
        }
    )


def test_earlier_answers_to_the_same_task_by_the_same_model_say_what_is_usual() -> None:
    past = Experience(
        [
            answer(Task.MCQ, tokens=(1000, 300)),
            answer(Task.MCQ, tokens=(1000, 500), seconds=4.0),
            answer(Task.MCQ, tokens=(None, None), seconds=6.0),
            answer(Task.MCQ, tokens=(9000, 9000), model="other"),
            answer(Task.MCQ, tokens=(9000, 9000), outcome=Outcome.CUT),
        ]
    )
    usual = past.usual(Task.MCQ, "m", with_media=False)
    assert (usual.answers, usual.output_tokens, usual.seconds, usual.bytes_a_token) == (3, 400, 4.0, 3.0)
    assert past.usual(Task.BCQ, "m", with_media=False).answers == 0


def test_every_task_of_a_run_has_a_usual_answer() -> None:
    assert all(Experience([]).usual(task, "m", with_media=True).output_tokens > 0 for task in Task if task is not Task.PREFLIGHT)


def test_windows_of_a_long_video_are_a_call_each(videos: Path, tmp_path: Path) -> None:
    paths = [videos / "short.mp4", videos / "long.mp4"]
    frames = estimated(tmp_path, paths, long_video__long_video_threshold_sec=10)
    windows = estimated(tmp_path, paths, long_video__long_video_threshold_sec=10, long_video__long_video_input="windows")
    assert tasks(frames)[Task.DENSE_CAPTION] == 2
    assert tasks(windows) == {**tasks(frames), Task.DENSE_CAPTION: 1 + 3}
