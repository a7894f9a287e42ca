"""math_symbol: LaTeX or a written-out formula that the translation lost or changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...text.formulas import RELATIONS, SYMBOLS
from ...text.segments import is_code
from .lost import lost_spans, squeeze
from .reading import CERTAIN, REVIEW, Issue, issue, place, spans_of

STRONG = re.compile(rf"[{RELATIONS}{SYMBOLS}]|\^|=|[<>]=?")
TEXT = re.compile(
    r"\\(?:text(?:rm|bf|it|tt|sf|sc)?|mbox|mathrm|emph|underline|(?:sub)*section\*?|paragraph|caption|title|footnote)"
    r"\{[^{}]*\}"
)
GLUED = re.compile(r"(?<=\d)(?=(?:km/h|m/s|[kcm]m|m|[km]?g|m?[lL])(?![A-Za-z0-9]))")


def _same(text: str) -> str:
    """Formulas agree up to blanks, thousands commas, the words of \\text{} and where the full stop of a display
    stands; a unit is kept apart from its number, so that 16cm ends in 16.
    """
    plain = squeeze(TEXT.sub(lambda m: m.group() if "mathrm" in m.group() else "\\text{}", text))
    plain = re.sub(r"[.,;](?=\\\]|\$\$)", "", plain).replace("퍼센트", "%").replace("m²", "").replace("제곱미터", "")
    return GLUED.sub(" ", plain)


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give an issue per formula that is not in the translation; without an original, only delimiters that do not
    close.
    """
    if not original:
        return _alone(text)
    if original == text or is_code(original):
        return []
    found = []
    for lost in lost_spans(original, text, ("latex", "formula"), _same):
        body = lost.span.of(original)
        if not lost.gone and lost.instead is None:
            if lost.span.kind == "formula" or len(body) <= 5:
                continue
            severity = REVIEW
        else:
            severity = CERTAIN if lost.span.kind == "latex" or STRONG.search(body) else REVIEW
        where = (lost.instead.start, lost.instead.end) if lost.instead else place(original, text, lost.span.start)
        found.append(
            issue(
                "math_symbol",
                severity,
                (lost.span.start, lost.span.end),
                where,
                f"수식 '{body[:60]}' 없음 / the formula '{body[:60]}' is lost",
            )
        )
    return found


def _alone(text: str) -> list[Issue]:
    found = []
    for opening, closing in (("\\[", "\\]"), ("\\(", "\\)")):
        if text.count(opening) != text.count(closing):
            at = text.find(opening) if opening in text else text.find(closing)
            found.append(
                issue(
                    "math_symbol",
                    REVIEW,
                    None,
                    (at, at + 2),
                    f"짝이 맞지 않는 {opening} {closing} / unbalanced delimiters",
                )
            )
    for span in spans_of(text):
        if span.kind == "latex" and re.search(r"\\[가-힣]", span.of(text)):
            found.append(
                issue(
                    "math_symbol",
                    CERTAIN,
                    None,
                    (span.start, span.end),
                    "번역된 LaTeX 명령 / a LaTeX command in Hangul",
                )
            )
    return found
