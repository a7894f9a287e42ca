"""code_only: the whole field is program code, and the translation changed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...text.hangul import has_hangul
from ...text.segments import is_code
from .damage import written_anew
from .program import FORMATTED, difference, lines_of_code, only_formatted
from .reading import CERTAIN, REVIEW, Issue, issue

TITLE = {"ko": "코드가 번역됨", "en": "code translated"}


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give one issue when a field that is nothing but code is not the same code; translated comments are allowed."""
    if not original or original == text or not is_code(original):
        return []
    kind = difference(original, text)
    if kind in ("", "comment"):
        return []
    severity = REVIEW if kind == "string" else CERTAIN
    detail = (
        "문자열이 번역됨 / a text string in the code was translated"
        if kind == "string"
        else "코드가 바뀜 / the code was changed"
    )
    if kind == "code" and only_formatted(original, text):
        severity, detail = REVIEW, FORMATTED
    elif kind == "code" and (original.strip() in text or _other_version(original, text)):
        severity = REVIEW
    return [issue("code_only", severity, (0, len(original)), (0, len(text)), detail)]


def _other_version(original: str, text: str) -> bool:
    """Tell whether other code stands there, which nobody translated: other lines, or statements written anew.

    Code that was cut short holds no line of its own.
    """
    if has_hangul(text):
        return False
    mine, other = ({"".join(line.split()) for line in side.split("\n") if line.strip()} for side in (original, text))
    n_mine, n_other = (sum(bool(line.strip()) for line in side.split("\n")) for side in (original, text))
    if n_mine != n_other:
        return bool(other - mine)
    pairs = zip(*([x for x in lines_of_code(side) if x.whole.strip()] for side in (original, text)), strict=True)
    return any(written_anew(a, b) for a, b in pairs if a.whole != b.whole)
