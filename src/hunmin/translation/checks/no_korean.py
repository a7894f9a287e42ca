"""no_korean: no Hangul where there must be some: a blank field, an English or Chinese one, what `translate` flagged.

English may stay where it is what the task wants (a Korean instruction that asks for it, a task about the form of the
English), where the text is code, numbers, abbreviations, and where an input is a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...artifacts.record import get_text
from ...measures.korean import asks_for_other_language
from ...measures.scripts import ANY, foreign_words
from ...text.hangul import has_hangul
from ...text.ngrams import FUNCTION_WORDS, english_words
from ...text.segments import is_code
from .apart import REFERENCE, in_session, links_only
from .reading import CERTAIN, REVIEW, Issue, issue, prose_of, question_of, sentences_of, task_of

TITLE = {"ko": "한국어가 없음", "en": "no Korean"}

COMMENT = re.compile(r"\{/\*.*?\*/\}|<!--.*?-->|\{#[\w-]+\}|^\s*import .+ from .+$", re.S | re.M)
NOTHING = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\u3164]*")
LETTER = re.compile(r"[^\W\d_]")
ABBREVIATION = re.compile(r"[A-Z]{2,6}s?|[IVXLC]+")
UNIT = re.compile(
    r"(?<=\d) ?(?:[kcmnµ]?m|[kmµ]?g|[kMGT]?B|[kM]?Hz|k?W|ml|kJ|kcal|lbs?|oz|ft|in|am|pm|AM|PM|mph|km/h|USD)\b"
)
NAME_JOINTS = frozenset("of the and de da von van la le du in for on at to a an el al vs".split())
ENGLISH = re.compile(
    r"영어|영문|번역|원문|약어|약자|철자|알파벳|문법|시제|[수능]동태|[대소]문자|관사|전치사|\b(?:translat\w*|english|acronyms?|spell\w*|abbreviat\w*)\b",
    re.I,
)
CODE = re.compile(
    r"코드|명령어|프로그램|함수|쿼리|정규식|변수|태그|\b(?:code|commands?|program|function|query|regex|script|tags?)\b",
    re.I,
)
ENGLISH_WORDS = 60  # a piece of English that a task is about; a longer one is an answer left in English
CODE_WORDS = 12  # English words a command or a line of code may have; more are an explanation
MUCH = 3  # English words that must have left something in Korean


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give one issue for a field that has no Hangul and should, else one for what `translate` flagged in it."""
    where = (0, len(original)) if original else None
    if NOTHING.fullmatch(text):
        if original and not LETTER.search(original):
            return []
        return [issue("no_korean", CERTAIN, where, (0, len(text)), "빈 글 / the text is blank")]
    if original == text and context.get("field") in context.get("never_translated", ()):
        return []  # `untranslated` says so of each record
    severity = "" if has_hangul(text) else _severity(original, text, context)
    if severity:
        detail = "한국어가 한 글자도 없음 / there is no Korean in it"
        return [issue("no_korean", severity, where, (0, len(text)), detail)]
    return _flagged(original, text, context)


def _severity(original: str, text: str, context: Mapping[str, Any]) -> str:
    """Give how sure it is that a text without Hangul should have some; "" when it may stand so."""
    if ANY.search(text):
        words = foreign_words(text, question_of(original, text, context))
        if words:
            return CERTAIN if sum(w.end - w.start for w in words) >= 2 else REVIEW
    if is_code(text) and (not original or is_code(original)) or _on_purpose(original, text, context):
        return ""
    prose = UNIT.sub(_blank, prose_of(COMMENT.sub(_blank, text)))
    found = [(word, prose[start:end]) for word, start, end in english_words(prose) if end - start > 1]
    words_ = [(word, shown) for word, shown in found if not ABBREVIATION.fullmatch(shown)]
    if not words_:
        lost = original != text and len(english_words(prose_of(original))) >= MUCH and not is_code(original)
        return REVIEW if lost and not ANY.search(text) else ""  # also a program in the place of what asked for one
    small = [word for word, shown in words_ if shown[0].islower() and word not in NAME_JOINTS]
    named = context.get("field") == "input" or text.lstrip().startswith("#")
    if not small and len(words_) <= 4 and named and original in ("", text):
        return ""  # a name, a title, a brand that is worked on: "Samsung Galaxy" as an input
    functional = sum(word in FUNCTION_WORDS for word, _ in words_)
    if text.lstrip().startswith("#") and "\n" not in text.strip():
        return REVIEW  # a heading: often the wording of an error, or a name
    if REFERENCE.search(text) or links_only(text) or in_session(text, len(text)):
        return REVIEW  # titles of works, the words of pictures, what a program says
    sentence = functional >= 1 and len(words_) >= 3 or len(words_) >= 6
    return CERTAIN if sentence and len(small) >= 2 else REVIEW


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _on_purpose(original: str, text: str, context: Mapping[str, Any]) -> bool:
    """Tell whether a Korean instruction, or the English one that it translates, wants an answer that is not Korean."""
    record = context.get("record") or {}
    english = str(context.get("instruction", ""))
    korean = str(context.get("asks", ""))
    if record and not has_hangul(korean):
        return False  # nothing of the record is Korean: the whole of it was left in English
    if context.get("field") == "instruction":
        return False
    task = task_of(english) if english else None
    if task is not None and (task.output_too or context.get("field") == "input"):
        return True
    both = f"{korean}\n{english}"
    if asks_for_other_language(both):
        return True
    if original not in ("", text):
        return False  # not the English that was kept
    n = len(english_words(prose_of(text)))
    return n <= ENGLISH_WORDS and bool(ENGLISH.search(both)) or n <= CODE_WORDS and bool(CODE.search(both))


def _flagged(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give the issue for a field in which `translate` itself says that a piece stayed English."""
    why = str(context.get("flagged") or "")
    if not why:
        return []
    left = _left(original, text)
    if left is None and _edited(text, context):
        return []  # mended since
    source, target = left or (None, (0, len(text)))
    detail = f"translate가 표시함: {why} / flagged by translate"
    return [issue("no_korean", CERTAIN if left and not why.startswith("form_task") else REVIEW, source, target, detail)]


def _edited(text: str, context: Mapping[str, Any]) -> bool:
    """Tell whether this is another text than `translate` left, or one that was mended or edited since."""
    record, path = context.get("record") or {}, str(context.get("path", ""))
    if text != get_text(record, path) or any(mend["field"] == path for mend in record.get("repairs") or ()):
        return True
    return path in ((record.get("review") or {}).get("before") or {})


def _left(original: str, text: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Give the longest line or sentence of the English that stands in the Korean as it was, on both sides."""
    parts = [(a, b) for a, b in sentences_of(original) if english_words(original[a:b])]
    for start, end in sorted(parts, key=lambda part: part[0] - part[1]):
        at = text.find(original[start:end])
        if at >= 0:
            return (start, end), (at, at + end - start)
    return None
