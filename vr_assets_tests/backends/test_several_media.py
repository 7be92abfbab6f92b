"""Several videos and images in one request: in order, each named, on both APIs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from vr_assets.backends.gemini import GeminiBackend
from vr_assets.backends.shown import Held, labels, prepared
from vr_assets.records.call import Frame, MediaForm, Request
from vr_assets.settings import GeminiSettings, Task, VideoInput
from vr_assets_tests.backends.asked import FRAMES, VIDEO, BytesMedia, request
from vr_assets_tests.backends.compatible import ask
from vr_assets_tests.servers import gemini, openai
from vr_assets_tests.servers.serving import Medium, serve

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class ImageMedia(BytesMedia):
    form: MediaForm = MediaForm.IMAGE
    content: bytes = b"pixels"

    async def frames(self, *, at_most_bytes: int | None = None) -> Sequence[Frame]:
        return [Frame(content=self.content, time_s=0.0, mime_type="image/png")]


OTHER = BytesMedia(content=b"other" * 100)
PNG = ImageMedia()


def asked(*media: BytesMedia) -> Request:
    return request(Task.VIDEO_CAPTION, *media, reply_schema={})


def video(media: BytesMedia) -> Medium:
    return Medium("video", "video/mp4", media.content)


EXPECTED = ("Video 1:", video(OTHER), "Image 1:", Medium("image", "image/png", b"pixels"), "Video 2:", video(VIDEO))


async def test_openai_is_shown_all_of_them_in_order_and_named_before_the_prompt() -> None:
    with serve(openai.DIALECT) as server:
        await ask(server, asked(OTHER, PNG, VIDEO))
    assert server.questions[0].parts == (*EXPECTED, server.questions[0].prompt)


async def test_gemini_is_shown_all_of_them_in_order_and_named_before_the_prompt() -> None:
    with serve(gemini.DIALECT) as server:
        settings = GeminiSettings(base_url=server.url, model="gemini-test", top_p=0.9)
        backend = GeminiBackend(settings, environ={"GOOGLE_API_KEY": "g-key"})
        await backend.generate(asked(OTHER, PNG, VIDEO))
        await backend.aclose()
    assert server.questions[0].parts == (*EXPECTED, server.questions[0].prompt)
    assert server.questions[0].parameters["topP"] == 0.9
    assert "responseMimeType" not in server.questions[0].parameters


async def test_frames_of_one_video_are_told_from_those_of_another() -> None:
    with serve(openai.DIALECT) as server:
        await ask(server, asked(VIDEO, FRAMES), video_input=VideoInput.FRAMES)
    words = [part for part in server.questions[0].parts if isinstance(part, str)]
    assert words[:-1] == ["Video 1:", "00:00.0", "00:02.5", "00:07.9", "Video 2:", "00:00.0", "00:02.5", "00:07.9"]


async def test_one_medium_alone_has_no_name() -> None:
    assert labels([VIDEO]) == labels([PNG]) == ("",)
    assert labels([]) == ()
    held = (await prepared(asked(VIDEO, PNG))).media
    assert all(isinstance(media, Held) for media in held)
    assert labels(held) == ("Video 1:", "Image 1:")


async def test_what_has_no_form_is_asked_for_in_running_text_and_without_one() -> None:
    with serve(openai.DIALECT) as server:
        reply = await ask(server, asked(VIDEO))
    assert "response_format" not in server.served[0].body
    assert server.questions[0].prompt.endswith("Reply as text.")
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.text)
