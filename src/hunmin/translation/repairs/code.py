"""Mends code, identifiers and formulas: the English piece goes over what stands in its place."""

from __future__ import annotations

import re

from ...artifacts.rows import Issue
from ...text.formulas import RELATIONS, SYMBOLS
from ...text.segments import find_spans, is_code
from .blocks import merge
from .splice import Edit, piece_of, replace, source_span, stand_in, target_span, whole_lines

SIGN = re.compile(rf"[{RELATIONS}{SYMBOLS}]")
LOOSE_BEFORE = re.compile(r"(?:[A-Za-z0-9()./^]+\s*)?[=×÷+*/^≤≥<>−-]\s*$")
LOOSE_AFTER = re.compile(r"\s*[=×÷+*/^≤≥<>−-](?=\s*(?:[가-힣.,]|$))")
BLOCKS = ("fence", "code")


def mend(original: str, text: str, issue: Issue) -> Edit | None:
    """Give the edit that restores the issue's source piece byte for byte; None when it has no place."""
    if not issue.get("source_span") or not issue.get("target_span"):
        return None
    start, end = target_span(issue)
    if issue["code"] == "code_only" or is_code(original):
        return _lines(original, text, (0, len(text)), issue)
    piece = piece_of(original, issue)
    whole = _between_symbols(piece, original, text)
    if whole:
        return replace(text, whole, piece)
    spans = {(s.start, s.end): s.kind for s in find_spans(text)}
    kind = spans.get((start, end))
    if kind == "formula":
        start, end = _with_loose_ends(text, start, end)
    if kind in BLOCKS and ("\n" in piece or _kind(original, issue) in BLOCKS):
        return _lines(piece, text, (start, end), issue)
    if kind is not None and _kind(original, issue) == kind:
        return replace(text, (start, end), piece)
    there = stand_in(piece, original, text, [start, end])
    if there is None and kind is not None:
        there = (start, end)
    if there is None and "\n" in piece:
        there = _block(original, text, piece)
        return _lines(piece, text, there, issue) if there else None
    return replace(text, there, piece) if there else None


def _lines(piece: str, text: str, there: tuple[int, int], issue: Issue) -> Edit | None:
    """A block of code: its lines come back, its Korean comments stay."""
    merged = merge(piece, text[there[0] : there[1]], "문자열" in issue["detail"])
    return whole_lines(text, replace(text, there, merged[0])) if merged else None


def _kind(original: str, issue: Issue) -> str:
    start, end = source_span(issue)
    return next((s.kind for s in find_spans(original) if (s.start, s.end) == (start, end)), "")


def _block(original: str, text: str, piece: str) -> tuple[int, int] | None:
    """Give the lines of the target that stand where a block stood, found by the lines around it that are one to one."""
    if original.count("\n") != text.count("\n"):
        return None
    at = original.find(piece)
    first, n = original.count("\n", 0, at), piece.count("\n")
    starts = [0, *(m.end() for m in re.finditer("\n", text))]
    end = text.find("\n", starts[first + n])
    return starts[first], end if end >= 0 else len(text)


def _between_symbols(piece: str, original: str, text: str) -> tuple[int, int] | None:
    """Give where a formula with translated names stands: from its first sign to its last on one line."""
    if not SIGN.search(piece) or "\n" in piece:
        return None
    found = []
    for match in re.finditer(re.escape(piece[0]), text):
        line_end = text.find("\n", match.start())
        for last in re.finditer(re.escape(piece[-1]), text[match.start() : line_end if line_end >= 0 else len(text)]):
            body = text[match.start() : match.start() + last.end()]
            alike = SIGN.findall(body) == SIGN.findall(piece) and body.count("(") == body.count(")")
            if alike and body not in original and 0.5 * len(piece) <= len(body) < 1.5 * len(piece) + 4:
                found.append((match.start(), match.start() + last.end()))
                break
    return found[0] if len(found) == 1 else None


def _with_loose_ends(text: str, start: int, end: int) -> tuple[int, int]:
    """Give the span of a broken formula with the operators that dangle before and after it."""
    before, after = LOOSE_BEFORE.search(text[:start]), LOOSE_AFTER.match(text[end:])
    return before.start() if before else start, end + (after.end() if after else 0)
