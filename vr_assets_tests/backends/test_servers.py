"""The servers that other tests lean on: what they answer reads, and they log what they served."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import JsonValue

from vr_assets.backends.base import Backend
from vr_assets.backends.gemini import GeminiBackend
from vr_assets.backends.openai import OpenAIBackend
from vr_assets.errors import ReplyError, TransientError
from vr_assets.parsing import captions, chunk_captions, descriptions, filtered_videos, highlights, qa
from vr_assets.parsing.schemas import reply_schema
from vr_assets.prompts import PROMPTS as OFFERED
from vr_assets.prompts import Prompts
from vr_assets.records.base import Span
from vr_assets.records.call import Evidence, Finish, Request
from vr_assets.settings import Asset, GeminiSettings, OpenAISettings, QaType, ReplyFormat, Task
from vr_assets_tests.backends.asked import CLIP_BYTES, SPAN, VIDEO, request
from vr_assets_tests.servers import gemini, openai
from vr_assets_tests.servers.answers import clock, duration_s
from vr_assets_tests.servers.serving import Dialect, serve

pytestmark = pytest.mark.anyio

PROMPTS = Prompts.load("general")

# About a video of a second and a half, so that times in answers have little room.
WINDOW = Span(start_s=0.0, end_s=1.5)
CAPTIONS = {"duration": "00:01.5"}
CHUNK = {"start": "00:00.0", "end": "00:01.0", "duration": "00:01.5"}
MOMENT = {"captions": "A van at 00:01.0.", "chunks": "SCENE: a yard. QUESTION: none.", "duration": "00:01.5"}
CLIP = {"moment": "00:00.5", **CHUNK}
DESCRIPTION = {"duration": "00:01.5", "global_caption": "A van.", "dense_caption": "", "chunks": "", "highlight": ""}
QA = {**MOMENT, "description": "SCENE: a yard.\nEVENTS: [00:00 - 00:01] a van.\nANALYSIS: OPTIONS: none."}

Read = Callable[[str], object]


def _qa(kind: QaType) -> Read:
    return lambda text: qa.parse_qa(text, qa_type=kind, within=WINDOW)


TASKS: list[tuple[Task, Asset, str, Mapping[str, str], Read]] = [
    (Task.SUITABLE, Asset.FILTERED_VIDEOS, "suitable", {}, filtered_videos.parse_suitable),
    (Task.ANOMALY_OR_NORMAL, Asset.FILTERED_VIDEOS, "anomaly_or_normal", {}, filtered_videos.parse_anomaly_or_normal),
    (Task.SCREENING, Asset.FILTERED_VIDEOS, "screening", {}, filtered_videos.parse_screening),
    (Task.GLOBAL_CAPTION, Asset.CAPTIONS, "global.anomaly", CAPTIONS, captions.parse_global_caption),
    (
        Task.DENSE_CAPTION,
        Asset.CAPTIONS,
        "dense.normal",
        CAPTIONS,
        lambda text: captions.parse_dense_caption(text, within=WINDOW),
    ),
    (Task.CHUNK_CAPTION, Asset.CHUNK_CAPTIONS, "chunk.normal", CHUNK, chunk_captions.parse_chunk_caption),
    (Task.MOMENT, Asset.HIGHLIGHTS, "moment", MOMENT, lambda text: highlights.parse_moment(text, within=WINDOW)),
    (Task.CLIP_CAPTION, Asset.HIGHLIGHTS, "clip", CLIP, highlights.parse_clip_caption),
    (Task.DESCRIPTION, Asset.DESCRIPTIONS, "description.anomaly", DESCRIPTION, descriptions.parse_description),
    *((Task(kind), Asset.QA, kind if kind in PROMPTS.names(Asset.QA) else f"{kind}.anomaly", QA, _qa(kind)) for kind in QaType),
]


def _openai(url: str, reply_format: ReplyFormat) -> Backend:
    return OpenAIBackend(OpenAISettings(base_url=url, model_name="m", reply_format=reply_format), environ={})


def _gemini(url: str, reply_format: ReplyFormat) -> Backend:
    return GeminiBackend(GeminiSettings(base_url=url), environ={"GOOGLE_API_KEY": "k"})


async def _answers(dialect: Dialect, asking: Callable[[str, ReplyFormat], Backend], style: ReplyFormat) -> list[str]:
    with serve(dialect) as server:
        backend = asking(server.url, style)
        texts = []
        for task, asset, name, values, read in TASKS:
            # Neither labels nor timelines are given.
            prompt = PROMPTS.render(asset, name, {**dict.fromkeys(OFFERED[asset][name], ""), **values})
            reply = await backend.generate(
                Request(
                    task=task,
                    prompt=prompt,
                    evidence=Evidence(duration_s=1.5, span=WINDOW),
                    subject=VIDEO,
                    reply_schema=reply_schema(task),
                )
            )
            assert read(reply.text), task
            texts.append(reply.text)
        await backend.aclose()
    return texts


@pytest.mark.parametrize(
    ("dialect", "asking", "style"),
    [
        pytest.param(openai.DIALECT, _openai, ReplyFormat.SCHEMA, id="openai-schema"),
        pytest.param(openai.DIALECT, _openai, ReplyFormat.LAYOUT, id="openai-layout"),
        pytest.param(gemini.DIALECT, _gemini, ReplyFormat.SCHEMA, id="gemini"),
    ],
)
async def test_every_task_gets_a_reply_that_reads_and_the_same_one_each_time(
    dialect: Dialect, asking: Callable[[str, ReplyFormat], Backend], style: ReplyFormat
) -> None:
    first = await _answers(dialect, asking, style)
    assert first == await _answers(dialect, asking, style)


async def test_other_media_get_other_words() -> None:
    with serve(openai.DIALECT) as server:
        backend = _openai(server.url, ReplyFormat.SCHEMA)
        texts = {(await backend.generate(request(Task.GLOBAL_CAPTION, *media))).text for media in ((), (VIDEO,))}
        await backend.aclose()
    assert len(texts) == 2


@pytest.mark.parametrize(
    ("prompt", "seconds"),
    [
        ("It is 00:12.5 long.", 12.5),
        ("The video is 01:02:03 long.", 3723.0),
        ("Duration: 42.5", 42.5),
        ("duration of the video is 01:30. It is 00:05 long", 90.0),
        ("12 s long", 12.0),
        ("Nothing is said of it.", 1.0),
    ],
)
def test_the_stated_duration_is_found(prompt: str, seconds: float) -> None:
    assert duration_s(prompt) == seconds


def test_clocks_are_rounded_down() -> None:
    assert [clock(seconds) for seconds in (0.0, 0.3, 59.99, 75.25)] == ["00:00.0", "00:00.3", "00:59.9", "01:15.2"]


@contextmanager
def _running(module: str, *options: str) -> Iterator[str]:
    command = [sys.executable, "-m", f"vr_assets_tests.servers.{module}", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def _lines(log: Path, count: int) -> list[dict[str, JsonValue]]:
    """The first `count` lines of a log, as soon as they are there: a server logs an answer after it went out."""
    while not log.exists() or log.read_text(encoding="utf-8").count("\n") < count:
        time.sleep(0.01)
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


async def test_a_server_of_its_own_process_does_as_its_options_say_and_logs_it(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    options = ["--log", str(log), "--fail", "1:429", "--retry-after", "3", "--drop", "2", "--cut", "moment", "--garbage", "mcq"]
    with _running("openai", *options, "--refuse", "temperature", "--verdict", "Normal") as url:
        backend = _openai(url, ReplyFormat.SCHEMA)
        with pytest.raises(TransientError) as turned_away:
            await backend.generate(request())
        with pytest.raises(TransientError):
            await backend.generate(request())
        cut = await backend.generate(request(Task.MOMENT, VIDEO))
        garbage = await backend.generate(request(Task.MCQ))
        verdict = await backend.generate(request(Task.ANOMALY_OR_NORMAL))
        await backend.aclose()
        lines = _lines(log, 6)
    assert turned_away.value.retry_after_s == 3.0
    assert cut.finish is Finish.LENGTH
    with pytest.raises(ReplyError):
        qa.parse_qa(garbage.text, qa_type=QaType.MCQ, within=SPAN)
    assert json.loads(verdict.text)["verdict"] == "Normal"
    assert [line["status"] for line in lines] == [429, 200, 400, 200, 200, 200]
    assert [line["sent_at"] is None for line in lines] == [False, True, False, False, False, False]
    assert lines[3]["task"] == "moment"
    assert lines[3]["media"] == [
        {"kind": "video", "mime_type": "video/mp4", "bytes": len(CLIP_BYTES), "sha256": VIDEO.identity.partition("/")[0]}
    ]


async def test_a_gemini_server_of_its_own_process_lets_in_the_right_key_only(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    with _running("gemini", "--log", str(log), "--key", "k", "--thinking", "field", "--delay", "0.01") as url:
        backend = _gemini(url, ReplyFormat.SCHEMA)
        assert (await backend.generate(request())).finish is Finish.STOP
        await backend.aclose()
        lines = _lines(log, 1)
    assert [(line["status"], line["authorized"]) for line in lines] == [(200, True)]
