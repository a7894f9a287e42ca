"""What every stage's Config is made of: strict, frozen, each option with a type, a default and a line of meaning."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """A stage's options. Unknown keys are errors; YAML keys, command flags, help and docs derive from the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), validate_default=True)


def opt(default: Any, meaning: str, **limits: Any) -> Any:
    """Declare one option: its default (`...` = required), its line of meaning and pydantic limits (ge, le, gt)."""
    return Field(default, description=meaning, **limits)


class Endpoint(Options):
    """Where an LLM is asked. `model` is the stage's own: it knows whether one must be named."""

    base_url: str | None = opt(None, "Address of an OpenAI-compatible server; null is OpenAI's own.")
    api_key_env: str | None = opt(
        None, "The environment variable that holds the key; null is OPENAI_API_KEY at OpenAI, none elsewhere."
    )
    request: dict[str, Any] = opt({}, "Further fields of the request, passed through as they are.")


class ModelOptions(Options):
    """How a model that runs here is opened."""

    revision: str | None = opt(None, "Branch, tag or commit of a local model on the Hub.")
    dtype: Literal["auto", "bf16", "fp16", "fp32"] = opt("auto", "auto is bf16 on a GPU that has it, else fp32.")
    device: str = opt("auto", "auto (cuda, mps, cpu) or a device name.")
    quantization: Literal["none", "nf4", "int8"] = opt("none", "4-bit or 8-bit weights (GPU).")
    trust_remote_code: bool = opt(False, "Run the model repository's own code.")
