"""A stage whose questions and answers are written down."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, cast

from vr_assets.backends.journaled import Asker
from vr_assets.errors import VrAssetsError
from vr_assets.journal import Asked
from vr_assets.prompts import Prompts
from vr_assets.records.call import Answer, MediaForm, Request
from vr_assets.records.row import Provenance
from vr_assets.records.trial import Exchange
from vr_assets.settings import Asset, Task
from vr_assets.steps.evidence import clock
from vr_assets.steps.stage import Stage

T = TypeVar("T")


def recording(stage: Stage, written: list[Exchange], prompts: Prompts) -> Stage:
    """The stage with these prompts, adding to `written` all that it asks, in the order in which answers come."""

    def recorder(asker: Asker) -> Asker:
        return cast(Asker, _Recorder(asker, stage.asset, written))

    return replace(stage, prompts=prompts, vlm=recorder(stage.vlm), llm=recorder(stage.llm))


class _Recorder:
    def __init__(self, asker: Asker, asset: Asset, written: list[Exchange]) -> None:
        self._asker = asker
        self._asset = asset
        self._written = written

    def structured(self, task: Task) -> bool:
        return self._asker.structured(task)

    def key(self, request: Request) -> str:
        return self._asker.key(request)

    def stored(self, request: Request) -> list[Answer]:
        return self._asker.stored(request)

    def provenance(self, request: Request, *keys: str) -> Provenance:
        return self._asker.provenance(request, *keys)

    async def ask(self, request: Request, parse: Callable[[str], T]) -> Asked[T]:
        before = {answer.at for answer in self._asker.stored(request)}
        try:
            asked = await self._asker.ask(request, parse)
        except VrAssetsError as error:
            stored = self._asker.stored(request)
            self._write(request, stored[0] if stored else None, reused=bool(before), problem=str(error))
            raise
        self._write(request, asked.answer, reused=asked.answer.at in before)
        return asked

    def _write(self, request: Request, answer: Answer | None, *, reused: bool, problem: str = "") -> None:
        source = self._asker.provenance(request)
        structured = self._asker.structured(request.task)
        self._written.append(
            Exchange(
                asset=self._asset,
                task=request.task,
                prompt=source.prompt,
                prompt_hash=source.prompt_hash,
                span=request.media[0].span if request.media else request.evidence.span,
                shown=_shown(request),
                sent=request.prompt.schema_text if structured else request.prompt.layout_text,
                model=source.model,
                reply=answer.text if answer else "",
                problem=problem,
                reused=reused,
                seconds=answer.seconds if answer else 0.0,
                cost_usd=answer.cost_usd if answer else None,
            )
        )


def _shown(request: Request) -> str:
    if not request.media:
        return "text only"
    said = [f"{clock(media.span.start_s)} - {clock(media.span.end_s)}" for media in request.media]
    forms = ["video" if media.form is MediaForm.VIDEO else f"{media.frame_count} frames" for media in request.media]
    return ", ".join(f"{form} of {span}" for form, span in zip(forms, said, strict=True))
