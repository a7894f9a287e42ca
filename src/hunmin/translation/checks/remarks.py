"""Labels of a remark at the beginning of a paragraph or line (`Note:`, `WARNING -`, **Remember:**) that are gone."""

from __future__ import annotations

import re

from ...text.hangul import has_hangul
from .reading import REVIEW, Issue, issue, lines_of, spans_of

_OPEN = r"(?:[-*+•>][ \t]+|\d{1,3}[.)][ \t]+|[^\w\s*_`'\"(\[<]{1,3}[ \t]*){0,3}"  # list, quotation, picture
_NAMES = (
    "pro[ -]?tips?|quick tips?|tips?|side ?notes?|please note|notes?|nota bene|n\\.?b\\.?|warnings?|cautions?|attention"
    "|important(?: note)?|hints?|remember|reminder|remarks?|danger|info|disclaimer|spoiler(?: alert)?"
)
MAY_BE = re.compile(rf"(?:{_NAMES})[\]*_ ]{{0,4}}[:：—–-]", re.I)
LABEL = re.compile(
    rf"^[ \t]*{_OPEN}(?P<mark>[*_]{{0,3}}\[?)(?P<name>{_NAMES})(?P<close>\]?[*_]{{0,3}})"
    r"(?:[ \t]?[:：][*_]{0,3}|[ \t]+(?:[-–—]|--)(?=[ \t])|—)(?P<rest>[*_]{0,3}[ \t]*\S.*)$",
    re.I,
)
# What a Korean remark begins with instead of a label, in its first words or in brackets; English labels stay at times.
SAID = re.compile(
    r"\W*(?:(?:[A-Za-z.]+ ?){1,3}[:：\-–—\])*]|[가-힣 ]{1,10}\W{0,3}?[:：](?!\S)"
    r"|.{0,8}(?:참고|참조|주의|노트|알림|알아\s?두|유의|경고|중요|힌트|팁|요령|조언|비고|명심|기억|잊지|안내|정보[:：]|위험|당부|덧붙|추신"
    r"|단[,\s]|다만|주[.:)]|※|스포일러|일러두))"
)
# The same told at a sentence's end: ... 점에 유의하세요.
TOLD = re.compile(r"(?:유의|주의|명심|기억|잊지|염두|알아\s?두|새겨)[가-힣\s]{1,12}[.!]")


def find(original: str, text: str) -> list[Issue]:
    """Give one `review` per remark whose label is gone, told neither by a word before it nor by the sentence."""
    if not MAY_BE.search(original) or not any(LABEL.match(line) for line in original.split("\n")):
        return []
    blocked = [(s.start, s.end) for s in spans_of(original) if s.kind in ("fence", "code", "latex", "json")]
    found = []
    for a, b in _pairs(original, text):
        one, two = original[a[0] : a[1]], text[b[0] : b[1]]
        label = LABEL.match(one)
        if label is None or any(x <= a[0] < y for x, y in blocked) or not has_hangul(two):
            continue
        if SAID.match(two) or TOLD.search(two):
            continue
        span = (a[0] + label.start("mark"), a[0] + label.start("rest"))
        detail = f"'{label['name']}' 표시가 없음 / the label of a remark is lost"
        found.append(issue("markup", REVIEW, span, b, detail))
    return found


def _pairs(original: str, text: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Give lines that are each other's: all when they are as many, else the first ones of as many paragraphs, else the
    first of all.
    """
    source, target = lines_of(original), lines_of(text)
    if not source or not target:
        return []
    if len(source) == len(target):
        return list(zip(source, target, strict=True))
    first = [[line for i, line in enumerate(lines) if i == 0 or _apart(side, lines[i - 1][1], line[0])]
             for side, lines in ((original, source), (text, target))]  # fmt: skip
    if len(first[0]) == len(first[1]):
        return list(zip(first[0], first[1], strict=True))
    return [(source[0], target[0])]


def _apart(text: str, end: int, start: int) -> bool:
    return text[end:start].count("\n") > 1
