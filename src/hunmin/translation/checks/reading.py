"""What every check reads of a text, made once per text: its spans, its prose, its numbers, its sentences; and the
issue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ...artifacts.rows import Issue as Issue
from ...measures.measured import asked
from ...text.english_numbers import english_numbers
from ...text.korean_numbers import korean_numbers
from ...text.numbers import Number
from ...text.prose import prose_of as prose_of
from ...text.prose import spans_of as spans_of
from ...text.segments import prose
from ...text.sentences import split
from ...text.tasks import FormTask, form_task

CERTAIN, REVIEW = "certain", "review"


def issue(
    code: str, severity: str, source: tuple[int, int] | None, target: tuple[int, int] | None, detail: str
) -> Issue:
    """Give an open issue; a span is [start, end) in code points or None when that side has no place for it."""
    return {
        "code": code,
        "severity": severity,
        "field": "",
        "source_span": list(source) if source else None,
        "target_span": list(target) if target else None,
        "detail": detail,
        "status": "open",
    }


NOT_NUMBERS = ("fence", "code", "inline_code", "latex", "url", "email", "identifier", "tag", "structure", "hashtag")


# The signs of _emphasis_: to a pattern they are letters, and the number beside them is part of a name.
UNDERLINE = re.compile(r"(?<![A-Za-z0-9_])_{1,2}(?=[^\s_])|(?<=[^\s_])_{1,2}(?![A-Za-z0-9_])")


HYPHENATED = re.compile(r"\s(?=-\d)")  # RubyGems-3.3.7, whose name is blanked


@lru_cache(maxsize=512)
def countable(text: str) -> str:
    """Give the text with what holds digits of its own (code, LaTeX, URLs, list signs) blanked; formulas stay."""
    plain = prose(text, [span for span in spans_of(text) if span.kind in NOT_NUMBERS])
    if "&#" in plain:
        plain = re.sub(r"&#\d+;", lambda m: " " * len(m.group()), plain)
    if "-" in plain:
        plain = HYPHENATED.sub(lambda m: "a" if text[m.start()].isalnum() else m.group(), plain)
    return UNDERLINE.sub(lambda m: " " * len(m.group()), plain) if "_" in plain else plain


@lru_cache(maxsize=512)
def numbers_of(text: str, language: str) -> tuple[Number, ...]:
    return tuple((english_numbers if language == "en" else korean_numbers)(text))


@lru_cache(maxsize=512)
def sentences_of(text: str) -> tuple[tuple[int, int], ...]:
    return tuple(split(text))


def question_of(original: str, text: str, context: Mapping[str, Any]) -> str:
    """Give all that a text was asked for: its English, the instruction, the other fields of its record."""
    return "\n".join([original, str(context.get("instruction", "")), asked(text, context.get("record") or {})])


@lru_cache(maxsize=256)
def task_of(instruction: str) -> FormTask | None:
    return form_task(instruction)


@lru_cache(maxsize=4096)
def _pattern(name: str) -> re.Pattern[str]:
    before = r"(?<![A-Za-z0-9_])" if re.match(r"\w", name) else ""
    after = r"(?![A-Za-z0-9_])" if re.search(r"\w\Z", name) else ""
    return re.compile(before + re.escape(name) + after)


def count(name: str, text: str) -> int:
    """Count `name` in a text as a whole name, so that `id` is not found in `idea`; Hangul may follow."""
    if name not in text:
        return 0
    return len(_pattern(name).findall(text))


@lru_cache(maxsize=512)
def lines_of(text: str) -> tuple[tuple[int, int], ...]:
    """Give [start, end) of each line that is not blank."""
    found, at = [], 0
    for line in text.split("\n"):
        if line.strip():
            found.append((at, at + len(line)))
        at += len(line) + 1
    return tuple(found)


def place(original: str, text: str, at: int) -> tuple[int, int]:
    """Give where in `text` a lost piece at `at` of `original` should stand: the line or sentence at the same place.

    The line when both have as many, else the sentence when both have as many, else a point at the same share of length.
    """
    for parts in (lines_of, sentences_of):
        source, target = parts(original), parts(text)
        if len(source) == len(target):
            for (start, end), there in zip(source, target, strict=True):
                if start <= at <= end:
                    return there
    point = round(at / max(1, len(original)) * len(text))
    return point, point
