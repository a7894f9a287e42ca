"""untranslated: English that was left standing: a whole field, a sentence, a label."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...text.hangul import has_hangul
from ...text.ngrams import FUNCTION_WORDS, english_words, ngrams, runs_of_english
from ...text.segments import is_code
from .apart import REFERENCE, SLUG, in_session, links_only, set_apart
from .labels import GLOSSARY, LABEL
from .reading import CERTAIN, REVIEW, Issue, issue, prose_of, sentences_of, spans_of, task_of

TITLE = {"ko": "번역되지 않음", "en": "not translated"}

QUOTES = re.compile(
    r"\"[^\"\n]{1,80}\"|“[^”\n]{1,80}”|‘[^’\n]{1,80}’|(?<![A-Za-z])'[^'\n]{1,80}'(?![A-Za-z])|\([^()\n]{1,80}\)"
    r"|「[^」\n]+」|『[^』\n]+』"
)
CONTENT = re.compile(
    rf"(?<![\w'’])(?!(?:{'|'.join(sorted(FUNCTION_WORDS))})\b)[a-z]{{3,}}"
)  # a small word with a meaning
HEAD = re.compile(r"\A\ufeff?(?:[A-Z][A-Za-z-]*:[^\n]*\n){2,}(?=[ \t\r]*\n)")  # the keys that a page's own tool reads
FOREIGN = re.compile(r"\b(?:translat\w*|english|french|spanish|german|italian|latin|영어|영문|번역)\b|영어|영문", re.I)


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give an issue for a field in English, else one per run of English words and per English label line."""
    if original and original == text and context.get("field") in context.get("never_translated", ()):
        detail = "데이터 전체에서 번역되지 않은 필드 / the whole data set has this field in English"
        severity = REVIEW if _heading(text) or not re.search("[A-Za-z]{3}", prose_of(text)) else CERTAIN  # a name
        return [issue("untranslated", severity, (0, len(original)), (0, len(text)), detail)]
    if is_code(text):
        return []
    if not has_hangul(text):
        return _whole(original, text, context)
    if not original:
        return _runs("", text, context)
    runs = _runs(original, text, context)
    found = runs + _whole_sentences(original, text, context, runs)
    for one in found:
        span = one["target_span"]
        if span and set_apart(text, span[0], span[1]):
            one["severity"] = REVIEW
    return found + _labels(original, text)


def _heading(text: str) -> bool:
    return text.lstrip().startswith("#") and "\n" not in text.strip()


def _kept_on_purpose(context: Mapping[str, Any]) -> bool:
    """Tell whether the task is about English, so that English is what should stand there."""
    instruction = str(context.get("instruction", ""))
    return bool(instruction) and (task_of(instruction) is not None or bool(FOREIGN.search(instruction)))


def _whole(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """A field without Hangul that reads as English: four words, one of eight a small one (the, of, is).

    "Harry Potter, J. K. Rowling" has none of those and is a name; "The Wind in the Willows" has three and no small
    word with a meaning: `review`, a title may stay.
    """
    words = [word for word, _, _ in english_words(prose_of(text))]
    functional = sum(word in FUNCTION_WORDS for word in words)
    if original and original != text and not ngrams(words, 2) & ngrams([w for w, _, _ in english_words(original)], 2):
        return []  # another language, or a rewritten text
    if len(words) < 4 or functional < 1 or functional / len(words) < 0.12 or _kept_on_purpose(context):
        return []
    where = (0, len(original)) if original else None
    told = prose_of(text)
    sentence = CONTENT.search(told) and not REFERENCE.search(text)  # else a title, names, a reference
    sentence = sentence and not _heading(text) and not links_only(text) and not in_session(text, len(text))
    severity = CERTAIN if sentence and (functional >= 2 or len(words) >= 6) else REVIEW
    return [issue("untranslated", severity, where, (0, len(text)), "필드 전체가 영어 / the whole field is in English")]


def _runs(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Runs of English words inside Korean: 그는 said that he was tired라고 했다.

    Two words of five in lower case, since names run on too (New York Stock Exchange of America); words that are not in
    the original are a quotation of the translator's own unless the run is a long sentence.
    """
    if not re.search(r"[A-Za-z]\w*[ ,;'’]+[A-Za-z]\w*[ ,;'’]+[A-Za-z]", text):
        return []
    plain = SLUG.sub(lambda m: "-" * len(m.group()), prose_of(text))
    plain = QUOTES.sub(lambda m: " 가 ".ljust(len(m.group()), "가")[: len(m.group())], plain)
    source_words = [word for word, _, _ in english_words(original)]
    shared = ngrams(source_words, 4)
    found: list[Issue] = []
    purpose: bool | None = None
    for run in runs_of_english(plain):
        words = [word for word, _, _ in run]
        lower = [word for word, start, _ in run if text[start].islower()]
        functional = sum(word in FUNCTION_WORDS for word in words)
        if len(words) < 4 or functional < 1 or len(lower) < 0.4 * len(words):
            continue
        strange = bool(original) and not (ngrams(words, 4) & shared)
        if strange and not (len(words) >= 6 and functional >= 2 and len(lower) >= 0.7 * len(words)):
            continue
        if purpose is None:
            purpose = _kept_on_purpose(context)
        start, end = run[0][1], run[-1][2]
        if end < len(text) and text[end] in ".!?":
            end += 1
        severity = CERTAIN if len(words) >= 5 and functional >= 2 and len(lower) >= 0.6 * len(words) else REVIEW
        found.append(
            issue(
                "untranslated",
                REVIEW if purpose or strange else severity,
                None if strange else _sentence(original, words),
                (start, end),
                "영어로 남은 문장 / a sentence left in English",
            )
        )
    return found


def _whole_sentences(original: str, text: str, context: Mapping[str, Any], taken: list[Issue]) -> list[Issue]:
    """Sentences that stand word for word in the English, though formulas and names break their words into short
    runs.
    """
    found = []
    plain = prose_of(text)
    covered = [span for one in taken if (span := one["target_span"])]
    for start, end in sentences_of(text):
        sentence = text[start:end]
        if (
            has_hangul(sentence)
            or len(sentence) < 15
            or " " not in sentence
            or sentence not in original
            or any(a < end and start < b for a, b in covered)
        ):
            continue
        words = [word for word, at, _ in english_words(plain[start:end]) if sentence[at].islower() or at == 0]
        if len(words) < 2 or not set(words) & FUNCTION_WORDS or sentence[0] in "\"“'" and sentence[-1] in "\"”'":
            continue
        at = original.index(sentence)
        sure = len(words) >= 3 and sentence[-1] in ".?!" and not _kept_on_purpose(context)
        found.append(
            issue(
                "untranslated",
                CERTAIN if sure else REVIEW,
                (at, at + len(sentence)),
                (start, end),
                "영어로 남은 문장 / a sentence left in English",
            )
        )
    return found


def _sentence(original: str, words: list[str]) -> tuple[int, int] | None:
    """Give the source sentence that shares most with these words."""
    wanted = set(words)
    best, score = None, 0
    for start, end in sentences_of(original):
        common = len(wanted & {word for word, _, _ in english_words(original[start:end])})
        if common > score:
            best, score = (start, end), common
    return best


def _labels(original: str, text: str) -> list[Issue]:
    labels = {m["label"].lower(): m for m in LABEL.finditer(original)}
    found = []
    code = [(s.start, s.end) for s in spans_of(text) if s.kind in ("fence", "code")]
    code += [m.span() for m in HEAD.finditer(text) if HEAD.match(original)]
    kept = {match["label"].lower() for match in LABEL.finditer(text)}
    for match in LABEL.finditer(text):
        name = match["label"].lower()
        if name in labels and name in GLOSSARY and not any(a <= match.start() < b for a, b in code):
            there = labels[name]
            above = original.rfind("\n\n", 0, there.start()) + 1
            beside = LABEL.finditer(original, above, (original + "\n\n").index("\n\n", there.end()))
            # Keys of a form stay in English as often as not; one beside others that were translated was forgotten.
            forgotten = any(m["label"].lower() in GLOSSARY and m["label"].lower() not in kept for m in beside)
            found.append(
                issue(
                    "untranslated",
                    CERTAIN if forgotten else REVIEW,
                    there.span("label"),
                    match.span("label"),
                    f"영어로 남은 이름표 '{match['label']}:' / a label left in English",
                )
            )
    return found
