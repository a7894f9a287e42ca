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


# a model's own reply may begin with more than those: EXAONE Deep, Seed-OSS, Magistral (text of data may hold them too)
_FIRST = r"(?:<(?:think|thinking|reasoning|thought|seed:think)>|\[THINK\])"
_LAST = r"(?:</(?:think|thinking|reasoning|thought|seed:think)>|\[/THINK\])"
_LEADING = re.compile(rf"\A\s*{_FIRST}.*?{_LAST}\s*", re.DOTALL)
_HEADLESS = re.compile(rf"\A(?:(?!{_FIRST}).)*?{_LAST}\s*", re.DOTALL)
_UNENDED = re.compile(rf"\A\s*{_FIRST}", re.DOTALL)
_OPENS = re.compile(rf"{_FIRST}\s*\Z")


def answer_of(reply: str, opened: bool = False) -> tuple[str, bool]:
    """Give (a reply's answer, whether its thinking never ended); `opened`: the prompt itself began the thoughts.

    Thoughts that ended with nothing behind them are an empty answer.
    """
    whole = f"<think>{reply}" if opened and not _UNENDED.match(reply) else reply
    rest = _HEADLESS.sub("", _LEADING.sub("", whole))
    return strip_thinking("" if _UNENDED.match(rest) else rest).strip(), bool(_UNENDED.match(rest))


def opens_thinking(prompt: str) -> bool:
    """Tell whether a prompt's last words begin the thoughts, so that the reply does not."""
    return bool(_OPENS.search(prompt))
