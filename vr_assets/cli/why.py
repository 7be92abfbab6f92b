"""`vr-assets why`: how an item came to be, from the video to the task file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from vr_assets.cli.saying import harmless, say, show, table

if TYPE_CHECKING:
    from vr_assets.records.call import Answer
    from vr_assets.records.lineage import Call, Layer, Lineage
    from vr_assets.records.review import Finding
    from vr_assets.storage import Store

# Of what other stages sent and were answered.
_SHOWN_CHARACTERS = 600


@click.command("why")
@click.argument("item")
@click.option("--batch", "names", multiple=True, help="Look only in this batch; may be given again.")
@click.option("--full", is_flag=True, help="Whole prompts and replies of all stages, not only of the one that made the item.")
@click.option("--json", "as_json", is_flag=True, help="All that is known, as one JSON list.")
def command(item: str, *, names: tuple[str, ...], full: bool, as_json: bool) -> None:
    """Show how ITEM came to be: its video, what was sent to which model, what came back, what was said of it since.

    ITEM is a QA item (VIDEO_ID/mcq/0), an item_index of a task file, the id or path of a video or image, the id of an expression
    or box, or the id or place (rows.jsonl:12) of a row of conversations.
    """
    import json

    from vr_assets.settings import environment_layer, resolve
    from vr_assets.steps.why import explain
    from vr_assets.storage import Store

    settings = resolve(("environment", environment_layer())).settings
    store = Store.at(settings.data_root, settings.bucket)
    for name in names:
        store.read_batch(name)
    found = explain(item, store, names or store.batches(), findings=lambda batch: _findings(batch, store))
    if as_json:
        # Escaped: JSON goes to terminals too.
        say(json.dumps([one.model_dump(mode="json") for one in found], ensure_ascii=True, indent=2))
        return
    for number, one in enumerate(found):
        if number:
            say("\n")
        _tell(one, full=full)


def _findings(batch: str, store: "Store") -> "Sequence[Finding]":
    from vr_assets.defs.surroundings import resolve_for
    from vr_assets.steps.findings import find_all

    return find_all(store, batch, resolve_for(store.read_batch(batch)).settings)


def _tell(one: "Lineage", *, full: bool) -> None:
    say(f"{one.item} in batch {one.batch}")
    span = f", {one.span.start_s:g} - {one.span.end_s:g} s" if one.span else ""
    say(f"of {one.subject}{span}{f', {one.mode}' if one.mode else ''}")
    if one.text:
        say(f"\n{_quoted(one.text)}")
    elif one.is_gone:
        say("There is no such item now; its stages say why.")
    for layer in one.layers:
        _tell_layer(layer, full=full or layer.is_own)
    _tell_since(one)
    asked = sum(len(layer.calls) for layer in one.layers)
    unknown = f", {one.unpriced} of unknown cost" if one.unpriced else ""
    say(f"\n{asked} answers, {one.usd:.4f} USD{unknown}; a video's answers are shared by all its items")


def _tell_layer(layer: "Layer", *, full: bool) -> None:
    say(f"\n== {layer.asset}: {layer.status}{f', {layer.reason}' if layer.reason else ''}")
    for failure in layer.failures:
        say(f"  failed: {failure.what}: {failure.reason}")
    for call in layer.calls:
        _tell_call(call, full=full)
    if layer.wrote:
        say("  read as:" if layer.calls else "  wrote:")
        say(_quoted(_shortened(layer.wrote, full=full)))


def _tell_call(call: "Call", *, full: bool) -> None:
    answer = call.answer
    usage = answer.usage
    cost = "cost unknown" if answer.cost_usd is None else f"{answer.cost_usd:.6f} USD"
    tokens = f"{usage.input_tokens or '?'} + {usage.output_tokens or '?'} tokens"
    said = f"{answer.task}: {answer.model} ({answer.backend}), prompt {answer.domain}/{answer.prompt} {answer.prompt_hash[:12]}"
    say(f"  {said}")
    paid = f"paid by run {answer.run or '?'} of batch {answer.batch or '?'} at {answer.at[:19].replace('T', ' ')} UTC"
    say(f"    {paid}; {tokens}, {cost}, {answer.seconds:.1f} s; key {answer.key}")
    if call.problem:
        say(f"    does not read: {call.problem}")
    for remark in answer.remarks:
        say(f"    {remark}")
    for name, text in _texts(answer):
        say(f"    {name}:")
        say(_quoted(_shortened(text, full=full), indent="    "))


def _texts(answer: "Answer") -> list[tuple[str, str]]:
    texts = [
        ("sent", answer.prompt_text),
        ("restated from", answer.repaired_from),
        ("thought", answer.thinking),
        ("replied", answer.text),
    ]
    return [(name, text) for name, text in texts if text]


def _tell_since(one: "Lineage") -> None:
    rows = [
        *((f"check {held.mark.check}", _passed(held.mark.passed), held.mark.said, held.holds) for held in one.marks),
        *((f"finding {found.check}", "found", found.said, True) for found in one.findings),
        *(
            (f"review by {held.decision.by or '?'}", str(held.decision.verdict), held.decision.note, held.holds)
            for held in one.decisions
        ),
    ]
    if rows:
        from rich.text import Text

        shown = table("who", "verdict", "said", title="Said of it since")
        for who, verdict, words, holds in rows:
            stale = "" if holds else " (of another text than is there now)"
            # As Text, so that brackets in a model's words are no markup.
            shown.add_row(*(Text(harmless(cell)) for cell in (who, verdict, f"{words}{stale}")))
        say()
        show(shown)
    for held_by in one.task_files:
        say(f"held by {held_by}")


def _passed(passed: bool) -> str:
    return "passed" if passed else "NOT passed"


def _shortened(text: str, *, full: bool) -> str:
    if full or len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS].rstrip()}\n... {len(text) - _SHOWN_CHARACTERS} characters more: --full"


def _quoted(text: str, *, indent: str = "  ") -> str:
    return "\n".join(f"{indent}| {line}" for line in harmless(text).splitlines())
