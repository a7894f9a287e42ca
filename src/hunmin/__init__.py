"""Teach language models Korean by a straight path: instruction data in, a measured, published Korean model out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent  # what lies beside the code: data/, prompts/, recipes/
__version__ = "0.1.0"

__all__ = [
    "__version__",
    "generate",
    "load_records",
    "parse_response",
    "render",
    "run_recipe",
    "run_stage",
    "score",
    "write_records",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from . import api

        return getattr(api, name)
    raise AttributeError(f"module 'hunmin' has no attribute '{name}'")
