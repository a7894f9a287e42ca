"""How long an answer is, by itself and against its English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .measured import english_of


def length(answer: str, record: Mapping[str, Any]) -> float:
    """Give the number of characters without blanks at the ends; never None."""
    return float(len(answer.strip()))


def length_ratio(answer: str, record: Mapping[str, Any]) -> float | None:
    """Give the characters of an answer per character of its English; None when the record holds no English of it.

    Korean prose has about half as many characters as its English (0.49, standard deviation 0.08, over 80 characters).
    """
    english = english_of(answer, record).strip()
    return len(answer.strip()) / len(english) if english else None
