import subprocess
import sys

import pytest

from vr_assets.backends.make import make_backend
from vr_assets.errors import StageError
from vr_assets.settings import BackendName, ModelSettings, OpenAISettings


@pytest.mark.parametrize("name", list(BackendName))
def test_the_settings_name_the_backend_and_making_it_needs_no_key(name: BackendName) -> None:
    assert make_backend(ModelSettings(backend=name), environ={}).name == name


def test_messages_name_the_section_of_the_settings() -> None:
    settings = ModelSettings(backend=BackendName.OPENAI, openai=OpenAISettings(base_url="http://127.0.0.1:1"))
    with pytest.raises(StageError, match=r"llm\.openai\.model_name"):
        make_backend(settings, environ={}, role="llm").check_ready()


@pytest.mark.parametrize(("chosen", "absent"), [("gemini", "openai"), ("openai", "google.genai"), ("opencv", "openai")])
def test_only_the_chosen_sdk_is_imported(chosen: str, absent: str) -> None:
    code = (
        "import sys\n"
        "from vr_assets.backends.make import make_backend\n"
        "from vr_assets.settings import ModelSettings\n"
        "assert not {'openai', 'google.genai'} & set(sys.modules)\n"
        f"make_backend(ModelSettings(backend={chosen!r}), environ={{}})\n"
        f"assert {absent!r} not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
