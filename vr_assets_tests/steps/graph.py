"""The video graph over a scripted model: real videos, media, prompts, parsers and journal."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio

from vr_assets.backends.base import Backend
from vr_assets.backends.calling import Caller, UnderWay
from vr_assets.backends.counts import Counts
from vr_assets.backends.journaled import Asker
from vr_assets.backends.limits import Gate, Limiter
from vr_assets.backends.scripted import Line, ScriptedBackend
from vr_assets.journal import Epochs, Journal
from vr_assets.media.library import MediaLibrary
from vr_assets.media.workers import Workers
from vr_assets.records.batch import ConversationEntry, ManifestRow
from vr_assets.records.call import Request
from vr_assets.records.conversation import CaptionedConversation
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaptionedVideo,
    DescribedVideo,
    EvidenceVideo,
    FilteredVideo,
    HighlightedVideo,
    QaVideo,
    RawVideo,
)
from vr_assets.settings import Asset, MediaSettings, resolve
from vr_assets.steps.captions import caption_videos
from vr_assets.steps.chunk_captions import caption_chunks
from vr_assets.steps.descriptions import describe_videos
from vr_assets.steps.evidence_checks import check_evidence
from vr_assets.steps.filtered_videos import filter_videos
from vr_assets.steps.highlights import caption_highlights
from vr_assets.steps.qa import ask_questions
from vr_assets.steps.raw_videos import read_videos
from vr_assets.steps.stage import Stage, imports_of, load_prompts
from vr_assets.steps.video_captions import caption_conversations
from vr_assets.storage import Store
from vr_assets_tests.servers.answers import Answers, layout

Script = Callable[[Request], Line]


def valid(request: Request, *, verdict: str = "Anomaly", structured: bool = True) -> str:
    """A reply that reads, whatever is asked."""
    text = request.prompt.schema_text if structured else request.prompt.layout_text
    fields = Answers(verdict=verdict).fields(request.task, text, seed="".join(media.identity for media in request.media))
    return json.dumps(fields) if structured else layout(request.task, fields)


async def _at_once(seconds: float) -> None:
    """Sleeps not at all."""


@dataclass(frozen=True)
class Rows:
    """What a run of the graph wrote."""

    raw: list[RawVideo]
    filtered: list[FilteredVideo]
    captions: list[CaptionedVideo]
    chunks: list[ChunkCaptionedVideo]
    highlights: list[HighlightedVideo]
    descriptions: list[DescribedVideo]
    qa: list[QaVideo]


@dataclass
class Graph:
    """One data folder; each `run` is a run of its own, with a journal part of its own and media processes of its own."""

    folder: Path
    runs: int = 0
    batch: str = "batch"
    workers: Callable[[MediaSettings], Workers] = Workers

    def run(
        self,
        manifest: Sequence[ManifestRow],
        script: Script = valid,
        *,
        structured: bool = True,
        **given: object,
    ) -> tuple[Rows, list[Request]]:
        """All rows, and the requests that reached the model. `given` are settings, with `__` for the dot."""
        backend = ScriptedBackend(script, structured=structured)
        return self.run_with(backend, manifest, **given), backend.requests

    def run_with(self, backend: Backend, manifest: Sequence[ManifestRow], **given: object) -> Rows:
        """All rows."""
        self.runs += 1
        layer = {name.replace("__", "."): value for name, value in given.items()}
        return anyio.run(self._run, manifest, backend, layer)

    def caption(
        self, manifest: Sequence[ConversationEntry], script: Script, **given: object
    ) -> tuple[list[CaptionedConversation], list[Request]]:
        """The same of conversations; the model answers in running text."""
        self.runs += 1
        backend = ScriptedBackend(script, structured=False)
        layer = {name.replace("__", "."): value for name, value in given.items()}

        async def work() -> list[CaptionedConversation]:
            with self._stages(backend, layer) as at:
                return await caption_conversations(manifest, at(Asset.VIDEO_CAPTIONS))

        return anyio.run(work), backend.requests

    def check(self, rows: Rows, script: Script, **given: object) -> tuple[list[EvidenceVideo], list[Request]]:
        """The evidence checks of what was written."""
        self.runs += 1
        backend = ScriptedBackend(script)
        layer = {name.replace("__", "."): value for name, value in given.items()}

        async def work() -> list[EvidenceVideo]:
            with self._stages(backend, layer) as at:
                told = (rows.captions, rows.chunks, rows.highlights, rows.descriptions, rows.qa)
                return await check_evidence(*told, at(Asset.EVIDENCE))

        return anyio.run(work), backend.requests

    async def _run(self, manifest: Sequence[ManifestRow], backend: Backend, layer: dict[str, object]) -> Rows:
        with self._stages(backend, layer) as at:
            raw = await read_videos(manifest, at(Asset.RAW_VIDEOS))
            filtered = await filter_videos(raw, at(Asset.FILTERED_VIDEOS))
            captions = await caption_videos(raw, filtered, at(Asset.CAPTIONS))
            chunks = await caption_chunks(captions, at(Asset.CHUNK_CAPTIONS))
            highlights = await caption_highlights(captions, chunks, at(Asset.HIGHLIGHTS))
            descriptions = await describe_videos(captions, chunks, highlights, at(Asset.DESCRIPTIONS))
            qa = await ask_questions(captions, chunks, highlights, descriptions, at(Asset.QA))
            return Rows(raw, filtered, captions, chunks, highlights, descriptions, qa)

    @contextmanager
    def _stages(self, backend: Backend, layer: dict[str, object]) -> Iterator[Callable[[Asset], Stage]]:
        settings = resolve(("test", layer)).settings
        workers = self.workers(settings.media)
        journals: list[Journal] = []
        caller = Caller(
            backend, calls=settings.calls, limiter=Limiter("scripted", 16), gate=Gate(16), under_way=UnderWay(), sleep=_at_once
        )

        def stage(asset: Asset) -> Stage:
            folder, part = self.folder / "journal" / asset, f"run{self.runs}"
            journal = Journal(folder, part=part, max_answers=settings.calls.max_answers, epochs=Epochs())
            journals.append(journal)
            counts, calls = Counts(), settings.calls
            now = datetime(2026, 1, 1, self.runs, tzinfo=UTC)
            asker = Asker(lambda task: caller, journal, asset=asset, counts=counts, calls=calls, now=lambda: now)
            media = MediaLibrary(self.folder / "media", settings.media, settings.long_video, workers)
            return Stage(
                asset,
                settings,
                load_prompts(settings),
                media,
                vlm=asker,
                llm=asker,
                counts=counts,
                batch=self.batch,
                imports=imports_of(self.batch, asset, Store(self.folder)),
            )

        try:
            yield stage
        finally:
            for journal in journals:
                journal.close()
            workers.close()
