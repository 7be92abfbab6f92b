"""Batches to review, as the stages leave them: three videos, of which one was lost and one holds what could do harm."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import cv2

from vr_assets.export.review.conversations import conversation_page
from vr_assets.export.review.gathering import Opinions
from vr_assets.export.review.images import image_page
from vr_assets.export.review.site import site_files
from vr_assets.export.review.videos import video_page
from vr_assets.records.batch import Batch, ManifestRow
from vr_assets.records.conversation import CaptionedConversation
from vr_assets.records.image import Expression, Grounded, GroundedImage, ImageMedia, Instance
from vr_assets.records.review import Decision, Finding, Mark, Pictures, Verdict, fingerprint, item_id
from vr_assets.records.row import Failure, VideoMedia, VideoRow
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaption,
    ChunkCaptionedVideo,
    DescribedVideo,
    Event,
    HighlightChunk,
    HighlightedVideo,
    OpenItem,
    QaVideo,
    RawVideo,
)
from vr_assets.settings import Asset, Graph, Mode, QaType, Status
from vr_assets.storage import Store
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.export.rows import a_set, mcq, open_item, span_item

NAME = "cams"
SECONDS = 8
HARM = "<script>window.harmed=1</script><img src=x onerror='window.harmed=1'></script><b>\u202eABC\u2028 \"'`${x} <!-- --> &lt;"
LONG = "Wwwwww" * 8_500
GOOD, BAD, LOST = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc"
QUESTION = item_id(GOOD, QaType.MCQ, 0)
CLIP = Pictures(thumb="thumbs/a.jpg", clip="clips/a.mp4")

R = TypeVar("R", bound=VideoRow)


@dataclass(frozen=True)
class Video:
    id: str
    path: str
    mode: Mode

    def row(self, kind: type[R], *, status: Status = Status.OK, **own: object) -> R:
        """Its row at a stage."""
        known = VideoMedia(
            path=self.path,
            content=self.id * 4,
            size_bytes=1,
            duration_s=float(SECONDS),
            fps=8.0,
            width_px=160,
            height_px=120,
            codec="h264",
            frame_count=64,
        )
        return kind.model_validate(
            {"video_id": self.id, "video": self.path, "media": known, "mode": self.mode, "status": status, **own}
        )


def harmful() -> OpenItem:
    return open_item(HARM, answer=HARM, reasoning=HARM)


def video_rows(*, question: str = "Who yields?") -> dict[Asset, list[VideoRow]]:
    """The stages that matter to the page. `question` is the first one's text."""
    item = mcq().model_copy(update={"question": question})
    good = Video(GOOD, "/cctv/north gate #1.mp4", Mode.ANOMALY)
    bad = Video(BAD, f"/cctv/{HARM.replace('/', '')}.mp4", Mode.NORMAL)
    lost = Video(LOST, "/cctv/night.mp4", Mode.UNKNOWN)
    cut, blocked = "the reply is cut", "failed at captions: the reply is cut"
    return {
        Asset.RAW_VIDEOS: [one.row(RawVideo) for one in (good, bad, lost)],
        Asset.CAPTIONS: [
            captioned(good, "A white van waits at the line."),
            captioned(bad, f"{HARM}\n{LONG}"),
            lost.row(CaptionedVideo, status=Status.FAILED, reason=cut),
        ],
        Asset.CHUNK_CAPTIONS: [
            *(
                one.row(
                    ChunkCaptionedVideo,
                    chunk_captions=(ChunkCaption(chunk_index=0, timestamp_start=0.0, timestamp_end=8.0, caption=text),),
                )
                for one, text in ((good, "All of it."), (bad, HARM))
            ),
            lost.row(ChunkCaptionedVideo, status=Status.SKIPPED, reason=blocked, blocked_by=Asset.CAPTIONS),
        ],
        Asset.HIGHLIGHTS: [
            good.row(
                HighlightedVideo,
                highlight_chunk=HighlightChunk(
                    anomaly_timestamp_sec=4.5, timestamp_start=2.0, timestamp_end=7.5, caption="The van brakes."
                ),
            ),
            bad.row(HighlightedVideo, status=Status.SKIPPED, reason="normal"),
            lost.row(HighlightedVideo, status=Status.SKIPPED, reason=blocked, blocked_by=Asset.CAPTIONS),
        ],
        Asset.DESCRIPTIONS: [
            good.row(DescribedVideo, detailed_description="A junction by day."),
            bad.row(DescribedVideo, detailed_description=HARM),
            lost.row(DescribedVideo, status=Status.SKIPPED, reason=blocked, blocked_by=Asset.CAPTIONS),
        ],
        Asset.QA: [
            good.row(QaVideo, qa=(a_set(QaType.MCQ, item), a_set(QaType.TEMPORAL_LOCALIZATION, span_item(3.0, 7.0)))),
            bad.row(QaVideo, qa=(a_set(QaType.OPEN_QA, harmful()),), failures=(Failure(what="bcq", reason=HARM),)),
            lost.row(QaVideo, status=Status.SKIPPED, reason=blocked, blocked_by=Asset.CAPTIONS),
        ],
    }


def captioned(video: Video, text: str) -> CaptionedVideo:
    events = (Event(start_s=0.5, end_s=3.0, text=text), Event(start_s=5.0, end_s=7.0, text="It drives on."))
    return video.row(CaptionedVideo, global_caption=text, dense_caption=text, events=events)


def opinions() -> Opinions:
    """A finding and two marks; one mark is of an earlier text."""
    of = fingerprint(mcq())
    return Opinions(
        findings=[Finding(check="repeated_text", asset="captions", subject=BAD, said=HARM)],
        marks=[
            Mark(check="blind", subject=QUESTION, of=of, passed=True, said="needs the video"),
            Mark(check="support", subject=QUESTION, of="0" * 16, passed=False, said="nothing shows it"),
        ],
    )


def store_with_videos(root: Path) -> Store:
    """A store with the batch's rows, and its page with a real clip."""
    store = Store(root)
    batch = Batch(name=NAME, family=NAME, source_root=None, created="2026-01-02T00:00:00+00:00")
    store.create_batch(batch, [ManifestRow(video_path=row.subject) for row in video_rows()[Asset.RAW_VIDEOS]])
    for asset, rows in video_rows().items():
        store.write_rows(NAME, asset, rows)
    folder = store.review_folder(NAME)
    (folder / "clips").mkdir(parents=True)
    (folder / "thumbs").mkdir()
    (folder / CLIP.clip).write_bytes(clip())
    write_picture(folder / CLIP.thumb)
    store.publish_review(NAME, video_files(), [CLIP.clip, CLIP.thumb])
    return store


def video_files(*, question: str = "Who yields?", decisions: Sequence[Decision] = ()) -> dict[str, bytes]:
    said = replace(opinions(), decisions=decisions)
    page = video_page(video_rows(question=question), [CLIP, CLIP, Pictures(problem="it was not decoded")], said)
    return site_files(NAME, Graph.VIDEOS, page, decisions)


def a_decision(verdict: Verdict = Verdict.REJECT, *, note: str = "") -> Decision:
    """On the first question."""
    of = fingerprint(mcq())
    return Decision(subject=QUESTION, of=of, verdict=verdict, note=note, by="ada", at="2026-01-02T00:00:00+00:00")


def many_rows(count: int) -> dict[Asset, list[VideoRow]]:
    """Videos of the usual amount of text."""
    videos = [Video(f"{number:016x}", f"/cctv/cam{number:04d}.mp4", Mode.NORMAL) for number in range(count)]
    items = tuple(open_item(f"Why does the van of number {place} wait? {'It stands there. ' * 6}") for place in range(9))
    return {
        Asset.CAPTIONS: [
            captioned(one, f"This is number {place} . {'A van waits at the line. ' * 40}") for place, one in enumerate(videos)
        ],
        Asset.QA: [one.row(QaVideo, qa=(a_set(QaType.OPEN_QA, *items),)) for one in videos],
    }


def image_files(folder: Path) -> dict[str, bytes]:
    """The page of one image with two expressions, and its picture in a folder."""
    (folder / "stills").mkdir(parents=True)
    write_picture(folder / "stills" / "a.png")
    row = GroundedImage(
        image_id="street/1",
        image="/images/street.png",
        caption=HARM,
        width=160,
        height=120,
        media=ImageMedia(path="/images/street.png", content="d" * 64, size_bytes=1, width_px=160, height_px=120, format="PNG"),
        status=Status.OK,
        cleaned_caption="A red car and a tree.",
        expressions=(
            Expression(
                expression_id="e0",
                text="red car",
                char_span=(2, 9),
                grounded=Grounded.FOUND,
                instances=(Instance(bbox_id="b0", bbox=(16.0, 12.0, 80.0, 60.0), score=0.9),),
            ),
            Expression(expression_id="e1", text=HARM, char_span=None, grounded=Grounded.ABSENT),
        ),
    )
    page = image_page({Asset.GROUNDINGS: [row]}, [Pictures(thumb="stills/a.png", still="stills/a.png")], Opinions())
    return site_files("street", Graph.IMAGES, page, ())


def conversation_files(folder: Path) -> dict[str, bytes]:
    """The page of one row of conversations with a video and an image, and their files in a folder."""
    (folder / "clips").mkdir(parents=True)
    (folder / "stills").mkdir()
    (folder / CLIP.clip).write_bytes(clip())
    write_picture(folder / "stills" / "a.png")
    row = CaptionedConversation(
        source="/lists/rows.jsonl:7",
        videos=("/cctv/a.mp4",),
        images=("/cctv/a.png",),
        conversation=({"from": "human", "value": f"<video>{HARM}"},),
        prompt="What happens?",
        caption=HARM,
        status=Status.OK,
    )
    shown = Pictures(clip=CLIP.clip, more=(Pictures(still="stills/a.png"),))
    return site_files("rows", Graph.CONVERSATIONS, conversation_page({Asset.VIDEO_CAPTIONS: [row]}, [shown], Opinions()), ())


@cache
def clip() -> bytes:
    with TemporaryDirectory() as folder:
        return write_clip(Path(folder) / "clip.mp4", moving_box(8 * SECONDS), 8, faststart=True).read_bytes()


def write_picture(path: Path) -> None:
    path.write_bytes(cv2.imencode(path.suffix, next(iter(moving_box(1))))[1].tobytes())
