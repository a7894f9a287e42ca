"""What decides a number: the model's half and the half of how it was measured, as `MODEL-WAY`, 8 hex digits each.

The model's half covers weights, config, tokenizer, chat template and generation config; the other the prompts, gold
answers and shots themselves, the protocol's version, precision and lengths. Two models measured alike share the second.
"""

from __future__ import annotations

from typing import Any

from ...artifacts.identity import hash_of

VERSIONS = {
    "harness": 1,
    "harness-bos": 1,
    "harness-fixed": 1,
    "harness-bos-fixed": 1,
    "upstream": 1,
    "chat": 2,
    "plain": 2,
    "judge": 2,
}
"""Raise a protocol's version with every change of what it asks, how it reads or how it counts: old scores are then not
taken for new ones. tests/unit/test_protocol_versions.py holds a golden digest of each version."""


def of_model(source: str, revision: str | None = None) -> str:
    """Give the model's half: of folders the content of every file that can change an answer, of Hub ids the commit."""
    from ... import models

    return hash_of(models.deciding(source, revision))[:8]


def of_way(protocol: str, *parts: Any) -> str:
    """Give the half of how it was measured."""
    return hash_of([protocol, VERSIONS.get(protocol, 0), *parts])[:8]


def joined(model: str, way: str) -> str:
    return f"{model}-{way}"
