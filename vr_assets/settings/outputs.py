"""Settings of what is judged and handed on."""

from pydantic import Field

from vr_assets.settings.fields import Checks, EvidenceChecks, Group, ReleaseForms, Strings
from vr_assets.settings.names import Check


class EvidenceSettings(Group):
    checks: EvidenceChecks = Field(
        (),
        description="Checks of QA items that cost calls: blind, support, agreement (docs/evidence.md). Empty: none.",
    )
    min_iou: float = Field(
        0.5, gt=0, le=1, description="Two stretches of time are the same answer from this overlap on (intersection over union)."
    )


class TaskFileSettings(Group):
    license: str = Field("", description="metadata.license of the task files.")
    description_extra: str = Field("", description="Follows the task's own sentence in metadata.description.")


class CheckSettings(Group):
    blocking: Checks = Field(
        (Check.FAILED_ROWS, Check.MISSING_ROWS),
        description="Checks that stop a run when they fail. Later calls rest on these two; the others tell of single items, "
        "which reviewers and the release can leave out.",
    )
    max_failed_share: float = Field(0.2, ge=0, le=1, description="A run fails when a larger share of a stage's rows failed.")
    max_left_out_share: float = Field(
        0.5, ge=0, le=1, description="A warning when the filter left out a larger share: the domain, or a limit, may not fit."
    )
    max_unlabelled_share: float = Field(
        0.1, ge=0, le=1, description="A warning when a larger share of the videos could be called neither anomaly nor normal."
    )
    max_unread_share: float = Field(
        0.05, ge=0, le=1, description="A warning when a larger share of the QA types asked gave no items: the prompt may not fit."
    )
    max_flawed_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="A warning when a larger share of texts or items has a flaw that a rule of thumb sees (cut, repeated, ...).",
    )
    max_letter_share: float = Field(
        0.4, ge=0, le=1, description="A warning when one letter is the answer more often; of four options, chance is 0.25."
    )
    max_yes_share: float = Field(
        0.65, ge=0, le=1, description="A warning when Yes, or No, is the answer more often; chance is 0.5."
    )
    max_longest_share: float = Field(
        0.45,
        ge=0,
        le=1,
        description="A warning when the right option is more often the longest, or the shortest; of four, chance is 0.25.",
    )
    chance: float = Field(
        0.001,
        gt=0,
        le=0.1,
        description="What fair answers would show with a smaller probability (binomial) is no chance; so a few items never fail.",
    )
    question_overlap: float = Field(
        0.8,
        gt=0,
        le=1,
        description="Two questions about a video that share so much of their words (Jaccard), and all numbers, are one question.",
    )
    shortest_text_chars: int = Field(12, ge=1, description="A caption or description with fewer characters says next to nothing.")
    max_ungrounded_share: float = Field(
        0.5, ge=0, le=1, description="A warning when a larger share of a batch's expressions has no box."
    )


class ReleaseSettings(Group):
    forms: ReleaseForms = Field((), description="Forms besides task files: sharegpt, qwen_vl, parquet and so on.")
    validation_share: float = Field(
        0.1, ge=0, lt=1, description="Share of the groups of videos that go to validation, by hash: about, not exactly. 0: none."
    )
    group_by: Strings = Field(
        (),
        description="Manifest fields, such as camera: videos with the same value in one of them stay on one side of the split.",
    )
    only_accepted: bool = Field(False, description="Release what a reviewer accepted or edited, and nothing else.")
    failed_marks: Strings = Field(
        ("*",),
        description="Evidence checks whose failed marks leave an item out, by name or pattern; what a reviewer accepts stays.",
    )
    findings: Strings = Field(
        (), description="Asset checks whose findings leave out what they name, by name or pattern; what a reviewer accepts stays."
    )
    drop_near_duplicates: bool = Field(
        False, description="Leave out videos that are nearly the same as an earlier one; kept, they are on its side of the split."
    )
    allow_baseline: bool = Field(
        False,
        description="Release rows of the offline annotator too. They say what it measured: fine for a dry run, not to train on.",
    )
    captions: bool = Field(True, description="Captions and descriptions as samples of their own, in all forms but task files.")
    with_reasoning: bool = Field(
        True,
        description="Answers of conversations begin with the reasoning in <think> tags, as trainers of reasoning models want it.",
    )
    license: str = Field("", description="License of the whole; empty: those of the batches (task_files.license), joined by AND.")
    shard_mb: float = Field(500.0, gt=0, le=4000, description="WebDataset shards are about so large, in MB.")
