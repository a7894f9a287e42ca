"""What every stage's Config is made of: strict, frozen, each option with a type, a default and a line of meaning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator


class Options(BaseModel):
    """A stage's options. Unknown keys are errors; YAML keys, command flags, help and docs derive from the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _yes_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields.get(info.field_name or "")
        if field is None or not isinstance(value, bool):
            return value
        kinds = {field.annotation, *get_args(field.annotation)}
        if kinds & {int, float} and bool not in kinds:
            raise ValueError("expected a number, not yes or no")
        return value

    @field_validator("*", mode="after")
    @classmethod
    def _numbers_are_numbers(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields.get(info.field_name or "")
        more = field.json_schema_extra if field is not None else None
        if told := number_problem(value, signed=isinstance(more, dict) and bool(more.get("signed"))):
            raise ValueError(told)
        return value


def opt(default: Any, meaning: str, signed: bool = False, **limits: Any) -> Any:
    """Declare one option: its default (`...` = required), its line of meaning and pydantic limits (ge, le, gt).

    Numbers are finite and at least 0; `signed` ones may be below.
    """
    return Field(default, description=meaning, json_schema_extra={"signed": True} if signed else None, **limits)


def number_problem(value: Any, signed: bool = False) -> str | None:
    """Give what is wrong with an option as a number; None for a sound one and for what is no number.

    What is passed through to others (maps and lists) may hold negative numbers, but no nan and no infinity.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return "expected a finite number"
    if isinstance(value, int | float) and value < 0 and not signed:
        return "expected a number from 0 on"
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple | set) else ()
    return next((told for item in inner if (told := number_problem(item, signed=True))), None)


class Endpoint(Options):
    """Where an LLM is asked. `model` is the stage's own: it knows whether one must be named."""

    base_url: str | None = opt(None, "Address of an OpenAI-compatible server; null is OpenAI's own.")
    api_key_env: str | None = opt(
        None, "The environment variable that holds the key; null is OPENAI_API_KEY at OpenAI, none elsewhere."
    )
    free: bool = opt(False, "The server charges nothing; one on this machine is free unless its model has a price.")
    request: dict[str, Any] = opt({}, "Further fields of the request, passed through as they are.")


class ModelOptions(Options):
    """How a model that runs here is opened."""

    revision: str | None = opt(None, "Branch, tag or commit of a local model on the Hub.")
    dtype: Literal["auto", "bf16", "fp16", "fp32"] = opt("auto", "auto is bf16 on a GPU that has it, else fp32.")
    device: str = opt("auto", "auto (cuda, mps, cpu) or a device name.")
    quantization: Literal["none", "nf4", "int8"] = opt("none", "4-bit or 8-bit weights (GPU).")
    trust_remote_code: bool = opt(False, "Run the model repository's own code.")
