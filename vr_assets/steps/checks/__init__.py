"""Whether the data of a batch is good, rule by rule: each stage's checks, and how they are carried out."""

from collections.abc import Mapping

from vr_assets.settings import Asset, Check, Settings
from vr_assets.steps.checks import balance, completeness, images, questions, task_files, times, wording
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.rule import Checked, Rule

_EVERY: Mapping[Check, Rule] = {
    Check.FAILED_ROWS: completeness.failed_rows,
    Check.MISSING_ROWS: completeness.missing_rows,
}
_TEXTS: Mapping[Check, Rule] = {
    Check.EMPTY_TEXTS: wording.empty_texts,
    Check.REFUSALS: wording.refusals,
    Check.TRUNCATED_TEXTS: wording.truncated_texts,
    Check.REPEATED_TEXTS: wording.repeated_texts,
}
_IDS: Mapping[Check, Rule] = {Check.IDS_UNIQUE: completeness.ids_unique}
_EXPRESSIONS: Mapping[Check, Rule] = {**_IDS, Check.SPANS_MATCH_TEXT: images.spans_match_text}

RULES: Mapping[Asset, Mapping[Check, Rule]] = {
    Asset.RAW_VIDEOS: {**_EVERY, **_IDS},
    Asset.FILTERED_VIDEOS: {
        **_EVERY,
        Check.LEFT_OUT_SHARE: completeness.left_out_share,
        Check.UNLABELLED_SHARE: completeness.unlabelled_share,
    },
    Asset.CAPTIONS: {**_EVERY, **_TEXTS, Check.EVENT_TIMES: times.event_times},
    Asset.CHUNK_CAPTIONS: {**_EVERY, **_TEXTS, Check.CHUNK_COVERAGE: times.chunk_coverage},
    Asset.HIGHLIGHTS: {
        **_EVERY,
        **_TEXTS,
        Check.HIGHLIGHT_TIMES: times.highlight_times,
        Check.HIGHLIGHT_AGREES: times.highlight_agrees,
    },
    Asset.DESCRIPTIONS: {
        **_EVERY,
        **_TEXTS,
        Check.DESCRIPTION_PARTS: times.description_parts,
        Check.TIMES_INSIDE: times.times_inside,
    },
    Asset.QA: {
        **_EVERY,
        Check.UNREAD_SHARE: questions.unread_share,
        Check.REFUSALS: wording.refusals,
        Check.TRUNCATED_TEXTS: wording.truncated_texts,
        Check.MCQ_OPTIONS: questions.mcq_options,
        Check.LETTER_BALANCE: balance.letter_balance,
        Check.OPTION_LENGTHS: balance.option_lengths,
        Check.YES_NO_BALANCE: balance.yes_no_balance,
        Check.TIMES_INSIDE: times.times_inside,
        Check.CAPTIONS_CITED: questions.captions_cited,
        Check.REPEATED_QUESTIONS: questions.repeated_questions,
        Check.REPEATED_ITEMS: questions.repeated_items,
        Check.REASONING_PRESENT: questions.reasoning_present,
        Check.REASONING_LETTERS: questions.reasoning_letters,
    },
    Asset.TASK_FILES: {
        **_EVERY,
        Check.TASK_FILE_SCHEMA: task_files.task_file_schema,
        Check.TASK_FILE_COUNTS: task_files.task_file_counts,
    },
    Asset.EVIDENCE: {**_EVERY},
    Asset.RAW_IMAGES: {**_EVERY, **_IDS},
    Asset.EXPRESSIONS: {
        **_EVERY,
        **_EXPRESSIONS,
        Check.EMPTY_TEXTS: wording.empty_texts,
        Check.REFUSALS: wording.refusals,
    },
    Asset.GROUNDINGS: {
        **_EVERY,
        **_EXPRESSIONS,
        Check.BOXES_INSIDE: images.boxes_inside,
        Check.EXPRESSIONS_ACCOUNTED_FOR: images.expressions_accounted_for,
        Check.NEAR_DUPLICATE_BOXES: images.near_duplicate_boxes,
        Check.UNGROUNDED_SHARE: images.ungrounded_share,
        Check.TASK_FILE_SCHEMA: task_files.task_file_schema,
    },
    Asset.VIDEO_CAPTIONS: {**_EVERY, **_TEXTS},
}


def check_stage(rows: BatchRows, asset: Asset, settings: Settings) -> list[Checked]:
    """Every check of one stage, in their order. Raises StorageError."""
    return [Checked(asset, check, rule(rows, asset, settings)) for check, rule in RULES[asset].items()]


def check_batch(rows: BatchRows, settings: Settings) -> list[Checked]:
    """Every check of every stage that was made, upstream first. Raises StorageError."""
    made = [asset for asset in rows.batch.graph.every_asset if rows.made(asset) is not None]
    return [checked for asset in made for checked in check_stage(rows, asset, settings)]
