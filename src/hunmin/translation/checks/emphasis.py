"""Markers of emphasis (`**bold**`, `_marked_`) that are gone or moved to other words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...text.patterns import EMPHASIS, UNDERSCORE
from .reading import CERTAIN, REVIEW, Issue, issue, lines_of, place, spans_of

Line = tuple[int, int]

SOLID = re.compile(r"[A-Za-z]*\d[\d,.]*|[A-Z][A-Za-z]{2,}|`[^`]+`")


COLON_END = re.compile(r":\s*$")
BE = re.compile(r"\b(?:is|are|was|were|be|not|very|too|so|been|becomes?|it)\s+$", re.I)
VERBAL = re.compile(r"(?:다|요|까|죠|지|고|며|면|서|게|음|함|므로|니까|지만|는데|해야|않음)[.!?]?$")
COPULA = re.compile(r"\s?(?:입니다|이다|이며|이고|이므로|인|이라|라고|이에|예요|이었|였|으로|로|에|가|이|을|를)")


@dataclass(frozen=True)
class Mark:
    """One marked stretch with its sign: [start, end) with the signs, `body` what is marked."""

    start: int
    end: int
    sign: str
    body: str


def marks(text: str) -> list[Mark]:
    """Give the marked stretches of a text outside code, formulas and names."""
    if "*" not in text and "_" not in text and "~~" not in text:
        return []
    blocked = [(s.start, s.end) for s in spans_of(text) if s.kind not in ("marker", "json", "table")]
    found = []
    for pattern in (EMPHASIS, UNDERSCORE):
        for match in pattern.finditer(text):
            if any(
                a < match.end() and match.start() < b and not (match.start() <= a and b <= match.end())
                for a, b in blocked
            ):
                continue
            if any(a <= match.start() and match.end() <= b for a, b in blocked):
                continue
            sign = re.match(r"[*_~]+", match.group())
            assert sign
            found.append(Mark(match.start(), match.end(), sign.group(), match.group().strip("*_~")))
    return sorted(found, key=lambda mark: mark.start)


def _of_label(original: str, mark: Mark, start: int, end: int) -> bool:
    """Tell whether a mark is on the label that a line begins with."""
    return start <= mark.start < end and not re.search(r"[^\s>*+•\d.)#_-]", original[start : mark.start])


HTML_MARK = re.compile(r"<(?P<name>strong|b|em|i)>[^<>\n]+</(?P=name)>")


def moved(original: str, text: str, told: Sequence[Issue] = ()) -> list[Issue]:
    """Give an issue when marks are fewer, and one per mark that cannot stand on the same words.

    `told` are issues about labels: the mark of a lost label is lost with it, and no loss of its own.
    """
    source, target = marks(original), marks(text)
    if len(target) < len(source) and told:
        labels = [one["source_span"] for one in told if one["source_span"]]
        source = [m for m in source if not any(_of_label(original, m, a, b) for a, b in labels)]
    if not source:
        return []
    n_html = len(HTML_MARK.findall(text)) - len(HTML_MARK.findall(original))
    if len(target) < len(source):
        if len(target) + n_html >= len(source):
            return []  # <strong> for **
        lost = source[min(len(target), len(source) - 1)]
        at = place(original, text, lost.start)
        detail = f"표시 '{lost.sign}' {len(source)} → {len(target)} / markers are lost"
        return [issue("markup", REVIEW, (lost.start, lost.end), at, detail)]
    if len(target) > len(source):
        return []  # a translator's own emphasis
    found = []
    for line, there, one, two in _beside(original, text, source, target):
        reason = _reason(original, text, line, there, one, two)
        if reason:
            severity = CERTAIN if reason.startswith("!") else REVIEW
            found.append(
                issue(
                    "markup",
                    severity,
                    (one.start, one.end),
                    (two.start, two.end),
                    f"표시가 다른 말로 옮겨짐 ({reason.lstrip('!')}) / a marker moved",
                )
            )
    return found


def _beside(
    original: str, text: str, source: list[Mark], target: list[Mark]
) -> Iterator[tuple[Line, Line, Mark, Mark]]:
    """Yield (source line, target line, source mark, target mark), paired line by line, or in order when lines
    differ.
    """
    lines, there = lines_of(original), lines_of(text)
    if len(lines) != len(there):
        lines, there = ((0, len(original)),), ((0, len(text)),)
    for a, b in zip(lines, there, strict=True):
        mine = [m for m in source if a[0] <= m.start < a[1]]
        other = [m for m in target if b[0] <= m.start < b[1]]
        if len(mine) == len(other):
            for one, two in zip(mine, other, strict=True):
                yield a, b, one, two
        elif mine and not other:
            yield a, b, mine[0], Mark(b[0], b[0], mine[0].sign, "")


def _reason(original: str, text: str, a: tuple[int, int], b: tuple[int, int], one: Mark, two: Mark) -> str:
    """Give why the target's mark cannot be on the source's words, "!" before what is certain, "" when it may."""
    if two.start == two.end:
        return "그 줄에 표시가 없음"
    if len(two.sign) != len(one.sign) or (two.sign[0] == "~") != (one.sign[0] == "~"):
        return "" if two.sign.startswith(one.sign) or one.sign.startswith(two.sign) else f"{one.sign} → {two.sign}"
    if one.sign[0] == two.sign[0] == "_" and two.start > 0 and re.match(r"\w", text[two.start - 1]):
        return "!낱말 안에 붙음"
    if "_" in two.body and "_" not in one.body and one.sign[0] == "_":
        return "!낱말 안에 붙음"
    before, after = original[a[0] : one.start], original[one.end : a[1]]
    prior, rest = text[b[0] : two.start], text[two.end : b[1]]
    lead = re.compile(r"^[\s>*+•\d.)#-]*$")
    label = lead.match(before) and (one.body.rstrip().endswith(":") or re.match(r"\s*:", after))
    if label and not lead.match(prior):
        return "!이름표 표시" if re.match(r"[^:：]{1,30}[:：]", lead.sub("", prior)) else "이름표 표시"
    if not after.strip(' .!?"') and not before.strip(' -*#>"') and (rest.strip(' .!?"') or prior.strip(' -*#>"')):
        return "줄 전체 표시"
    if COLON_END.search(before) and ":" in prior + two.body + rest and not COLON_END.search(prior):
        return "쌍점 뒤"
    return _by_words(one, two, before, after, prior, rest) if len(lines_marks(original, a)) == 1 else ""


def _by_words(one: Mark, two: Mark, before: str, after: str, prior: str, rest: str) -> str:
    """Give why the only mark of a line is on other words: by numbers and names, by place, by length, by the kind of
    word.
    """
    outside = before + after
    for piece in set(SOLID.findall(one.body)) & set(SOLID.findall(prior + two.body + rest)):
        if piece not in two.body and piece not in outside and (prior + rest).count(piece) == 1:
            return "!수나 이름" if re.search(r"\d|`", piece) and len(one.body.split()) <= 4 else "이름"
    for piece in set(SOLID.findall(two.body)) & set(SOLID.findall(outside)):
        if piece not in one.body:
            return "이름"
    length = len(before) + len(one.body) + len(after)
    if length >= 24:
        at, there = len(before.strip()) / length, len(prior.strip()) / max(1, len(prior) + len(two.body) + len(rest))
        if abs(at - there) > 0.55:
            return "자리"
    ratio = len(two.body) / max(1, len(one.body))
    if ratio > 1.8 and len(two.body) - len(one.body) > 4 or ratio < 0.13:
        return "길이"
    predicate = bool(BE.search(before)) and bool(re.match(r"\s*(?:[,.;!?]|$)", after))
    if predicate and not VERBAL.search(two.body) and not COPULA.match(rest):
        return "서술어"
    noun = not BE.search(before) and not one.body.rstrip().endswith((".", "!", "?")) and len(one.body.split()) <= 3
    if noun and re.search(r"(?:니다|세요|어요|아요|해요)\.?$", two.body):
        return "서술어"
    return ""


def lines_marks(text: str, line: tuple[int, int]) -> list[Mark]:
    """Give the marks of one line."""
    return [mark for mark in marks(text) if line[0] <= mark.start < line[1]]
