"""foreign_script: words in Han, Kana, Cyrillic, Thai and the like that neither the English nor the task asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...measures.scripts import ForeignWord, foreign_words
from .reading import CERTAIN, REVIEW, Issue, issue, question_of

TITLE = {"ko": "다른 나라 글자", "en": "foreign script"}

NAMES = {
    "Han": "한자",
    "Kana": "가나",
    "Cyrillic": "키릴 문자",
    "Thai": "태국 문자",
    "Arabic": "아랍 문자",
    "Greek": "그리스 문자",
}
GAP = 12  # characters between words of one stretch: blanks, punctuation, a particle


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give one issue per stretch of such words: certain when it holds a whole word, review for a lone letter."""
    words = foreign_words(text, question_of(original, text, context), code=bool(original))
    found = []
    for stretch in _stretches(words, text):
        start, end = stretch[0].start, stretch[-1].end
        whole = any(word.whole and (original or not word.quoted) for word in stretch)
        scripts = ", ".join(sorted({NAMES.get(word.script, word.script) for word in stretch}))
        detail = f"까닭 없는 다른 글자({scripts}) '{text[start:end][:40]}' / a script that nothing asks for"
        found.append(issue("foreign_script", CERTAIN if whole else REVIEW, None, (start, end), detail))
    return found


def _stretches(words: list[ForeignWord], text: str) -> list[list[ForeignWord]]:
    found: list[list[ForeignWord]] = []
    for word in words:
        if found and word.start - found[-1][-1].end <= GAP and "\n" not in text[found[-1][-1].end : word.start]:
            found[-1].append(word)
        else:
            found.append([word])
    return found
