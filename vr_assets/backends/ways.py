"""What to tell a person whose stage has no model to ask."""

from vr_assets.settings import environment_name


def setting(name: str, value: str = "") -> str:
    """A setting as messages name it: dotted, and as the environment spells it."""
    equals = f"={value}" if value else ""
    return f"{name}{equals} ({environment_name(name)}{equals})"


def gemini(role: str, key_env: str) -> str:
    return f"Gemini: {setting(f'{role}.backend', 'gemini')} and {key_env}, a key from https://aistudio.google.com/apikey"


def compatible(role: str) -> str:
    return (
        "an OpenAI-compatible endpoint (NIM, vLLM, TAO inference service, a gateway), which needs no key when it is your own: "
        f"{setting(f'{role}.backend', 'openai')}, {setting(f'{role}.openai.base_url', 'http://HOST:PORT/v1')}, "
        f"{setting(f'{role}.openai.model_name', 'NAME')}"
    )


def offline(role: str) -> str:
    return f"a dry run, offline, without model or key: {setting(f'{role}.backend', 'opencv')}"


def listed(problem: str, *ways: str) -> str:
    """A problem and the ways out of it, one a line."""
    return "\n".join([problem, "Ways on:", *(f"  - {way}" for way in ways)])
