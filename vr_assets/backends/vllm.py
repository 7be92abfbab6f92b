"""A model on this machine's GPUs: `vllm serve`, started and ended here."""

import json
from collections.abc import Mapping
from pathlib import Path

from vr_assets.backends import vllm_command
from vr_assets.backends.openai import OpenAIBackend
from vr_assets.backends.shown import shown_as
from vr_assets.backends.vllm_guard import State
from vr_assets.backends.vllm_server import VllmServer
from vr_assets.errors import Cause, TransientError, VrAssetsError
from vr_assets.records.call import MediaForm, Reply, Request
from vr_assets.settings import OpenAISettings, VideoInput, VllmSettings, environment_name


class VllmBackend:
    """Chat completions of a server that is started with the first request that needs it, and ended by `aclose`, or when this
    process is gone.

    When the server dies, calls in flight get a TransientError, and the next one waits until it is there again; three times,
    then it is a StageError.

    Args:
        environ: the server's environment (without keys of model endpoints), and where the executable is looked for.
        role: the settings' section as messages name it.
        folder: where runs on this machine find each other's servers, and where their logs lie; None: a temporary one.
    """

    name = "vllm"

    def __init__(
        self, settings: VllmSettings, *, environ: Mapping[str, str], role: str = "vlm", folder: Path | None = None
    ) -> None:
        self._settings = settings
        self._environ = environ
        self._role = role
        self._server = VllmServer(settings, environ=environ, folder=folder, role=role)
        self._port = 0
        self._client = self._client_of(0)
        self._former: list[OpenAIBackend] = []

    @property
    def model(self) -> str:
        """The last part of the model's path, wherever it lies, or the name it was given."""
        return vllm_command.model_name(self._settings)

    @property
    def endpoint(self) -> str:
        """The same before the server is started and at whatever port it is."""
        return f"vllm:{self.model}"

    @property
    def structured(self) -> bool:
        return self._client.structured

    def identity(self, request: Request) -> str:
        """Includes which frames of a video the server takes. Flags that change how it computes (a quantization) do not count."""
        known = json.loads(self._client.identity(request))
        frames_only = self._settings.video_input is VideoInput.FRAMES
        if MediaForm.VIDEO in shown_as(request.media, frames_only=frames_only):
            known |= vllm_command.shapes_media(self._settings)
        return json.dumps(known, sort_keys=True)

    def check_ready(self) -> None:
        vllm_command.check(self._settings, self._environ, role=self._role)

    @property
    def output_limit(self) -> int:
        return self._settings.max_tokens

    async def prepare(self, request: Request) -> Request:
        """Waits for the server first, so that a loading one holds neither a place nor media in memory."""
        client = self._speaking_to(await self._server.running())
        return await client.prepare(request)

    async def generate(self, request: Request) -> Reply:
        server = await self._server.running()
        client = self._speaking_to(server)
        try:
            return await client.generate(request)
        except TransientError as error:
            self._name_settings(error)
            if await self._server.died(server):
                raise TransientError(f"vLLM died. {self._server.last_words()}", cause=Cause.DROPPED) from None
            raise
        except VrAssetsError as error:
            self._name_settings(error)
            raise

    def plainer(self) -> bool:
        return self._client.plainer()

    async def aclose(self) -> None:
        try:
            for client in (*self._former, self._client):
                await client.aclose()
        finally:
            await self._server.release()

    def _speaking_to(self, server: State) -> OpenAIBackend:
        if server.port != self._port:
            # Kept until the end: calls to the server that died may still be under way.
            self._former.append(self._client)
            self._port, self._client = server.port, self._client_of(server.port)
        return self._client

    def _client_of(self, port: int) -> OpenAIBackend:
        settings = self._settings
        spoken = OpenAISettings(
            base_url=f"http://127.0.0.1:{port}/v1",
            model_name=self.model,
            temperature=settings.temperature,
            top_p=settings.top_p,
            max_tokens=settings.max_tokens,
            timeout=settings.timeout,
            video_input=settings.video_input,
            reply_format=settings.reply_format,
            max_request_mb=settings.max_request_mb,
        )
        # No key: the server asks for none.
        return OpenAIBackend(spoken, environ={}, role=self._role)

    def _name_settings(self, error: VrAssetsError) -> None:
        """In its own section, where a person has set them."""
        said = str(error)
        for spelled in (lambda name: name, environment_name):
            said = said.replace(spelled(f"{self._role}.openai."), spelled(f"{self._role}.vllm."))
        error.args = (said,)
