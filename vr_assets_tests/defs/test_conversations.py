"""Defaults of the conversation graph."""

import pytest
from pydantic import JsonValue

from vr_assets.defs.surroundings import resolve_for
from vr_assets.records.batch import Batch
from vr_assets.settings import Graph


def batch(graph: Graph, **settings: JsonValue) -> Batch:
    kept = {name.replace("__", "."): value for name, value in settings.items()}
    return Batch(name="conv", family="conv", source_root=None, settings=kept, created="", graph=graph)


@pytest.mark.parametrize("endpoint", ["vlm", "endpoints.mine"])
@pytest.mark.parametrize(
    ("backend", "limit"), [("gemini", "max_output_tokens"), ("openai", "max_tokens"), ("vllm", "max_tokens")]
)
def test_captions_are_sampled_as_users_of_caption_pipelines_have_it(endpoint: str, backend: str, limit: str) -> None:
    resolved = resolve_for(batch(Graph.CONVERSATIONS), environ={"VR_ENDPOINTS__MINE__BACKEND": backend})
    found = [resolved.value(f"{endpoint}.{backend}.{name}") for name in ("temperature", "top_p", limit)]
    assert found == [0.7, 0.9, 2048]
    assert resolved.sources[f"{endpoint}.{backend}.top_p"] == "default for conversations"


def test_a_local_model_has_the_context_that_they_have() -> None:
    vllm = resolve_for(batch(Graph.CONVERSATIONS), environ={}).settings.vlm.vllm
    assert (vllm.max_model_len, vllm.tensor_parallel_size, vllm.gpu_memory_utilization) == (51200, 1, 0.9)


def test_whatever_is_set_is_stronger() -> None:
    resolved = resolve_for(batch(Graph.CONVERSATIONS, vlm__openai__top_p=0.5), environ={"VR_VLM__OPENAI__TEMPERATURE": "0.1"})
    assert (resolved.value("vlm.openai.top_p"), resolved.value("vlm.openai.temperature")) == (0.5, 0.1)


def test_videos_are_sampled_as_they_were() -> None:
    openai = resolve_for(batch(Graph.VIDEOS), environ={}).settings.vlm.openai
    assert (openai.temperature, openai.top_p, openai.max_tokens) == (0.7, 0.0, 4096)
