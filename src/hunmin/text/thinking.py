"""Reasoning models put their thoughts before the answer; this takes them off."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"<(think|thinking|reasoning)>.*?</\1>\s*", re.DOTALL | re.IGNORECASE)
_ONLY_END = re.compile(r"\A.*?</(think|thinking|reasoning)>\s*", re.DOTALL | re.IGNORECASE)
_ONLY_START = re.compile(r"\A\s*<(think|thinking|reasoning)>.*\Z", re.DOTALL | re.IGNORECASE)


def strip_thinking(text: str) -> str:
    """Give the text without `<think>...</think>` blocks.

    A block that never began (some servers cut the opening tag) is removed up to its end; one that never ended leaves
    "": the model was cut off before it answered.
    """
    without = _BLOCK.sub("", text)
    without = _ONLY_END.sub("", without)
    return "" if _ONLY_START.match(without) else without
