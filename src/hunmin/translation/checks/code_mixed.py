"""code_mixed: code inside a text (blocks, inline code, identifiers, file names) that the translation lost or
changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...text.hangul import has_hangul
from ...text.patterns import PASCAL
from ...text.segments import Span, is_code
from .lost import lost_spans
from .program import difference
from .reading import CERTAIN, REVIEW, Issue, count, issue, place, spans_of

NAMES = ("inline_code", "identifier")
ESCAPED_QUOTES = re.compile(r"[‘’“”]")


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give an issue per block or name that is not in the translation as it stood; without an original, code with
    Hangul names.
    """
    if not original:
        return _alone(text)
    if original == text or is_code(original):
        return []
    return _blocks(original, text) + _names(original, text) + _variables(original, text)


def _alone(text: str) -> list[Issue]:
    found = []
    for span in spans_of(text):
        body = span.of(text)
        if span.kind == "inline_code" and has_hangul(body) and re.search(r"[(){}=;]|\w\.\w", body):
            found.append(
                issue("code_mixed", REVIEW, None, (span.start, span.end), "코드 안에 한글 / Hangul inside code")
            )
    if text.count("```") % 2:
        at = text.rfind("```")
        found.append(
            issue("code_mixed", CERTAIN, None, (at, at + 3), "닫히지 않은 코드 블록 / a code block is not closed")
        )
    return found


def _blocks(original: str, text: str) -> list[Issue]:
    source = [span for span in spans_of(original) if span.kind in ("fence", "code")]
    target = [span for span in spans_of(text) if span.kind in ("fence", "code")]
    missing = [span for span in source if span.of(original) not in text]
    kept = {span.of(original) for span in source if span not in missing}
    free = [span for span in target if span.of(text) not in kept]
    found = []
    for i, span in enumerate(missing):
        body = span.of(original)
        lines = [line.rstrip() for line in body.split("\n") if line.strip()]
        there = free[i] if len(free) == len(missing) else None
        kind = difference(body, there.of(text)) if there else "code"
        if kind in ("", "comment"):
            continue
        if span.kind == "code" and kind == "code" and all(_same_line(line, text) for line in lines):
            if len(lines) == 1 or [line for line in text.split("\n") if line.rstrip() in lines]:
                continue
        where = (there.start, there.end) if there else place(original, text, span.start)
        detail = "코드 블록의 문자열이 번역됨 / a text string in a code block was translated"
        if kind == "code":
            detail = "코드 블록이 바뀜 / a code block was changed"
        found.append(
            issue("code_mixed", REVIEW if kind == "string" else CERTAIN, (span.start, span.end), where, detail)
        )
    return found


def _same_line(line: str, text: str) -> bool:
    return line in text


def _weak(name: str, span: Span) -> bool:
    return span.kind == "identifier" and bool(PASCAL.fullmatch(name) or re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)+", name))


def _names(original: str, text: str) -> list[Issue]:
    found = []
    for lost in lost_spans(original, text, NAMES):
        name = lost.span.of(original)
        bare = name.strip("`").strip() if lost.span.kind == "inline_code" else name
        if lost.span.kind == "inline_code" and lost.instead is None and not lost.gone:
            severity = REVIEW
        elif (
            lost.span.kind == "inline_code"
            and lost.instead is None
            and bare
            and count(bare, text) >= count(bare, original)
        ):
            continue  # only the backticks are gone: markup's affair
        elif not lost.gone and lost.instead is None:
            continue  # a name said twice may be said once
        else:
            severity = REVIEW if _weak(name, lost.span) else CERTAIN
        where = (lost.instead.start, lost.instead.end) if lost.instead else place(original, text, lost.span.start)
        found.append(
            issue(
                "code_mixed",
                severity,
                (lost.span.start, lost.span.end),
                where,
                f"'{name[:60]}' 없음 / '{name[:60]}' is lost",
            )
        )
    return found


def _variables(original: str, text: str) -> list[Issue]:
    found, seen = [], set()
    for span in spans_of(original):
        name = span.of(original)
        if span.kind == "variable" and name not in seen and not count(name, text) and not count(name.upper(), text):
            seen.add(name)
            found.append(
                issue(
                    "code_mixed",
                    REVIEW,
                    (span.start, span.end),
                    place(original, text, span.start),
                    f"이름 '{name}' 없음 / the name '{name}' is lost",
                )
            )
    return found
