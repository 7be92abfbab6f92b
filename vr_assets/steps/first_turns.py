"""What is asked about a row of conversations: its own prompt, the user's, or the template's; and the turn that holds it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from vr_assets.errors import SettingsError
from vr_assets.parsing.turns import first_human, said, tag, tags, without_tags
from vr_assets.prompts import Prompts
from vr_assets.records.batch import ConversationEntry
from vr_assets.records.call import PromptText
from vr_assets.records.conversation import Turn
from vr_assets.settings import Asset, VideoCaptionSettings

TEMPLATE = "caption"


@dataclass(frozen=True)
class Asked:
    """What a model is asked, and the conversation with it in the first human turn. `is_template`: the reply is a caption; to any
    other prompt it may be whatever was asked for.
    """

    prompt: PromptText
    conversation: tuple[Turn, ...]
    is_template: bool


def asked_of(entry: ConversationEntry, prompts: Prompts, settings: VideoCaptionSettings) -> Asked:
    """The first human turn's own prompt, where it has one and `force_prompt` is off; else the user's or the template's.

    Raises:
        SettingsError: as `own_prompt`.
    """
    turns = conversation_of(entry)
    place = first_human(turns)
    assert place is not None, f"{entry.source}: no human turn"
    text = said(turns[place])
    own = "" if settings.force_prompt else without_tags(text)
    if own:
        return Asked(_verbatim(prompts, "row", own), turns, is_template=False)
    mine = own_prompt(settings)
    prompt = _verbatim(prompts, "prompt", mine) if mine else _template(entry, prompts)
    kept = "".join(map(tag, tags(text)))
    value = f"{kept}\n{prompt.schema_text}" if kept else prompt.schema_text
    return Asked(prompt, (*turns[:place], {**turns[place], "value": value}, *turns[place + 1 :]), is_template=not mine)


def conversation_of(entry: ConversationEntry) -> tuple[Turn, ...]:
    """The turns of a row, as it was given."""
    turns = entry.row["conversation"]
    assert isinstance(turns, list), f"{entry.source}: no conversation"
    return tuple(turn for turn in turns if isinstance(turn, dict))


def own_prompt(settings: VideoCaptionSettings) -> str:
    """The user's own prompt, from the settings or the file that they name; empty for the template's.

    Raises:
        SettingsError: both are set, or the file cannot be read or is empty.
    """
    if not settings.prompt_file:
        return settings.prompt.strip()
    name = f"video_captions.prompt_file = {settings.prompt_file}"
    if settings.prompt.strip():
        raise SettingsError(f"{name}, and video_captions.prompt is set too; keep one")
    try:
        text = Path(settings.prompt_file).expanduser().read_text(encoding="utf-8-sig").strip()
    except UnicodeDecodeError:
        raise SettingsError(f"{name}: not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{name}: cannot be read ({error.strerror}); name a text file") from None
    if not text:
        raise SettingsError(f"{name}: the file is empty; write your prompt into it")
    return text


def _template(entry: ConversationEntry, prompts: Prompts) -> PromptText:
    counts = {"videos": str(len(entry.videos)), "images": str(len(entry.images))}
    prompt = prompts.render(Asset.VIDEO_CAPTIONS, TEMPLATE, counts)
    return _in_one_style(prompt, prompt.layout_text.strip())


def _verbatim(prompts: Prompts, name: str, text: str) -> PromptText:
    prompt = PromptText(
        domain=prompts.domain,
        asset=Asset.VIDEO_CAPTIONS,
        name=name,
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
        schema_text="",
        layout_text="",
    )
    return _in_one_style(prompt, text)


def _in_one_style(prompt: PromptText, text: str) -> PromptText:
    """The reply is running text, whatever the endpoint takes: what is asked is what training data will show."""
    return prompt.model_copy(update={"schema_text": text, "layout_text": text})
