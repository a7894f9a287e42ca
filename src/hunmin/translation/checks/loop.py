"""loop: a phrase or a line repeated without reason, also at the end of a text that was cut off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...measures.loops import loops
from .reading import CERTAIN, REVIEW, Issue, issue

TITLE = {"ko": "되풀이", "en": "loop"}

TIMES_LONGER = 2  # a refrain of the English may be somewhat longer in Korean
TWICE_CHARS = 15  # a whole text of this length that stands there twice
SURE_CHARS = 80  # without an English to compare, a shorter repetition may be somebody's style


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give one issue per loop; what the English repeats as well is no loop."""
    ours = loops(text)
    theirs = max((end - start for start, end in loops(original)), default=0) if ours else 0
    found = []
    for start, end in ours:
        if end - start <= TIMES_LONGER * theirs or theirs >= SURE_CHARS:
            continue
        severity = CERTAIN if original or end - start >= SURE_CHARS else REVIEW
        detail = f"까닭 없이 되풀이되는 말 '{text[start : start + 30].strip()}…' / repeated without reason"
        found.append(issue("loop", severity, None, (start, end), detail))
    again = _twice(text)
    if original and again and not found and not _twice(original):
        detail = "글 전체가 두 번 있음 / the whole text stands there twice"
        found.append(issue("loop", CERTAIN, None, (again, len(text)), detail))
    return found


def _twice(text: str) -> int:
    """Give where a text begins again, when it is one text written twice with blanks or line breaks between; else 0."""
    body = text.rstrip()
    for gap in range(1, 5):
        half, rest = divmod(len(body) - gap, 2)
        if (
            not rest
            and half >= TWICE_CHARS
            and body[:half] == body[half + gap :]
            and not body[half : half + gap].strip()
        ):
            return half + gap
    return 0
