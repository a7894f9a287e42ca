"""What every stage's Config is made of: strict, frozen, each option with a type, a default and a line of meaning."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """A stage's options. Unknown keys are errors; YAML keys, command flags, help and docs derive from the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), validate_default=True)


def opt(default: Any, meaning: str, **limits: Any) -> Any:
    """Declare one option: its default (`...` = required), its line of meaning and pydantic limits (ge, le, gt)."""
    return Field(default, description=meaning, **limits)
