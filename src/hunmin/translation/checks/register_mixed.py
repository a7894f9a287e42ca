"""register_mixed: sentences of one text end in different speech levels (합니다체 beside 해요체). Off by default: taste
differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...text.hangul import ending
from ...text.segments import is_code
from .reading import REVIEW, Issue, issue, prose_of, sentences_of

TITLE = {"ko": "문체가 섞임", "en": "register mixed"}

POLITE = ("-ㅂ니다", "-요")


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give one issue at the first sentence whose speech level differs from that of most; quotations do not count."""
    if is_code(text):
        return []
    plain = prose_of(text)
    levels = []
    for start, end in sentences_of(text):
        sentence = plain[start:end].strip()
        if sentence[:1] in "\"“'‘「" or sentence[-1:] in "\"”'’」":
            continue
        level = ending(sentence)
        if level:
            levels.append((level, (start, end)))
    counts = {level: sum(1 for other, _ in levels if other == level) for level, _ in levels}
    mixed = set(counts) & set(POLITE)
    if len(mixed) < 2 and not (mixed and counts.get("-다", 0)):
        return []
    most = max(counts, key=lambda level: counts[level])
    level, where = next((level, where) for level, where in levels if level != most)
    return [issue("register_mixed", REVIEW, None, where, f"{most} 사이에 {level} / {level} among {most}")]
