"""not_a_translation: what a model says in place of a translation or around one.

Refusals, preambles (`다음은 번역입니다:`), notes behind the text, wrapping quotes, a shell of JSON, XML or a fence,
remains of its thoughts, an answer to the text instead of its translation, a length out of all proportion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...measures.refusals import REFUSAL_EN, refusals
from ...measures.wrapping import NOTE, PREAMBLE, wraps
from ...text.hangul import has_hangul
from .answered import answered
from .reading import CERTAIN, REVIEW, Issue, issue, prose_of, sentences_of

TITLE = {"ko": "번역이 아님", "en": "not a translation"}

KINDS = {
    "thinking": "생각하던 자취 / remains of thoughts",
    "preamble": "머리말 / a preamble",
    "label": "머리말 / a preamble",
    "opener": "맞장구 / the opening of an answer",
    "note": "덧붙인 말 / a note behind the text",
    "farewell": "덧붙인 말 / a note behind the text",
    "json": "JSON 껍데기 / a shell of JSON",
    "xml": "XML 껍데기 / a shell of XML",
    "fence": "코드 블록 껍데기 / a fence around it",
    "code_fence": "코드 블록 껍데기 / a fence around it",
    "quotes": "따옴표로 싸임 / wrapping quotes",
}
ALONE = ("thinking", "preamble", "json", "xml", "fence")  # what shows without the English
SURE = ("thinking", "preamble", "json", "xml", "label", "fence", "code_fence")
OPENER_EN = re.compile(
    r"^\W*(?:yes|yeah|no\b|sure|of course|certainly|absolutely|okay|ok\b|right|well|great|alright|all right|got it"
    r"|i see|understood|definitely|indeed|no problem|thank|hi\b|hello|good|gladly|naturally|exactly|correct)",
    re.I,
)
NOTE_EN = re.compile(
    r"\b(?:note|notes|n\.b|p\.s|explanation|remark|caution|warning|important|tips?|references?"
    r"|caveat|see|refer|comments?|description|memo|disclaimer|attention|pitfall)\b",
    re.I,
)
HELP_EN = re.compile(
    r"\b(?:help|question|let me know|feel free|contact|reach out|hesitate|any time|anytime|need)\w*", re.I
)
ABOUT_TRANSLATION = re.compile(r"\btranslat\w*|\bkorean\b|번역|한국어|역주|[의직]역", re.I)
SORRY_EN = re.compile(
    r"\b(?:sorry|apolog\w+|unable|cannot|can['’]?t|refus\w+|not able|won['’]t|decline\w*|against)\b", re.I
)
NOT_EN = re.compile(
    r"\b(?:not|cannot|no|never|without|unable|fail\w*|den(?:y|ies|ied)|reject\w*|forbid\w*|prohibit\w*|impossible|invalid"
    r"|unauthori[sz]ed|unavailable|unsupported|block\w*)\b|n['’]t\b",
    re.I,
)
SORRY_KO = re.compile(r"죄송|미안|유감|양해|언어\s?모델|인공\s?지능|\bAI\b|번역|도와\s?드릴|도움을\s?드릴")
MACHINE = re.compile(r"번역|언어\s?모델|인공\s?지능|\bAI\b|요청|translat|language model|assist", re.I)
# Characters without blanks of the prose, Korean per English, by the length of the English: outside of these nothing
# among 5,800 pairs translated by people and machines was a whole translation.
LENGTHS = ((10, 0.0, 5.0), (20, 0.0, 2.5), (40, 0.12, 1.8), (80, 0.18, 1.75), (200, 0.22, 1.5), (1 << 60, 0.2, 1.25))
PARAGRAPH = re.compile(r"\n\s*\n")
LONG_ENOUGH = 40  # characters of the longer side


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give one issue per thing that is no translation; without an original only what the text alone shows."""
    found = [*_around(original, text), *_refusals(original, text, context)]
    if original and original != text:
        answer = answered(original, text, context)
        if answer:
            why, sure = answer
            found.append(
                _issue(CERTAIN if sure else REVIEW, (0, len(text)), f"번역 대신 답({why}) / an answer", original)
            )
        found += _length(original, text)
    return found


def _issue(severity: str, target: tuple[int, int], detail: str, original: str = "") -> Issue:
    return issue("not_a_translation", severity, (0, len(original)) if original else None, target, detail)


def _around(original: str, text: str) -> Iterator[Issue]:
    ours = wraps(text)
    theirs = {w.kind for w in wraps(original)} if original and ours else set()
    for wrap in ours:
        if wrap.kind in theirs or (not original and wrap.kind not in ALONE):
            continue
        if original and _fits(wrap.kind, original, text):
            continue
        sure = wrap.kind in SURE or wrap.kind == "note" and ABOUT_TRANSLATION.search(text[wrap.start : wrap.end])
        yield _issue(CERTAIN if sure else REVIEW, (wrap.start, wrap.end), KINDS[wrap.kind])
    if not original or not ABOUT_TRANSLATION.search(text) or ABOUT_TRANSLATION.search(original):
        return
    for number, (start, end) in enumerate(sentences_of(text)):  # sentence by sentence translated, each may have its own
        pattern = PREAMBLE.match(text[start:end]) or (
            NOTE.match(text[start:end]) if "번역" in text[start:end] else None
        )
        if number and pattern and ABOUT_TRANSLATION.search(pattern.group()):
            yield _issue(CERTAIN, (start, start + pattern.end()), KINDS["preamble"])


def _fits(kind: str, original: str, text: str) -> bool:
    """Tell whether the English has something of which this is the translation."""
    theirs, ours = ([line for line in side.splitlines() if line.strip()] for side in (original, text))
    head, tail = original.lstrip()[:80], "\n".join(theirs[-3:])
    if kind == "preamble":
        return bool(ABOUT_TRANSLATION.search(original.lstrip()[:150]))
    if kind == "label":
        return ":" in head
    if kind == "opener":
        return bool(OPENER_EN.match(head))
    if kind in ("json", "xml"):
        return original.strip()[:1] in ("{", "[", "<")
    if kind in ("fence", "code_fence"):
        return "```" in original or "~~~" in original
    if kind == "note" and re.search("역주|의역|직역|번역", text.rstrip()[-200:]):
        return False
    if kind == "note":
        return bool(NOTE_EN.search(tail)) or len(ours) == len(theirs) > 1  # line for line, so none was added
    if kind == "farewell":
        return bool(HELP_EN.search(tail))
    if kind == "quotes":
        return original.strip()[:1] in "\"'“‘«「『`" or original.strip()[-1:] in "\"'”’»」』"
    return False


def _refusals(original: str, text: str, context: Mapping[str, Any]) -> Iterator[Issue]:
    if original and REFUSAL_EN.search(original):
        return
    apologetic = bool(original and SORRY_EN.search(original))  # "Sorry, I can't come" is 죄송하지만 갈 수 없습니다
    if not original and context.get("field") != "output":
        return
    for start, end in refusals(text, opening=0 if original else 2):
        if apologetic and not MACHINE.search(text, start, end):
            continue
        told = bool(NOT_EN.search(original)) and not SORRY_KO.search(text, start, end)
        if told and len(sentences_of(original)) <= len(sentences_of(text)):
            continue  # the English says it too: "the server cannot process this request"
        yield _issue(CERTAIN if original and not told else REVIEW, (start, end), "거절 / a refusal")


def _length(original: str, text: str) -> list[Issue]:
    """Give an issue when one side is out of all proportion to the other, in its prose and as a whole."""
    if not has_hangul(text):
        return []
    english, korean = (len("".join(prose_of(side).split())) for side in (original, text))
    if max(english, korean) < LONG_ENOUGH or not english:
        return []
    low, high = next((low, high) for most, low, high in LENGTHS if english < most)
    ratio, whole = korean / english, len(text) / len(original)
    more = len(PARAGRAPH.findall(text.strip())) - len(PARAGRAPH.findall(original.strip()))
    if more > 0 and len(sentences_of(text)) >= len(sentences_of(original)) + 2 and ratio > 0.8:
        detail = "원문보다 문단과 문장이 많음 / more paragraphs and sentences than the English"
        return [_issue(REVIEW, (0, len(text)), detail, original)]
    if low <= ratio <= high or low <= whole <= high:
        return []
    sure = english >= 80 and (ratio > 2 * high or ratio < low / 2)
    detail = f"길이가 원문의 {ratio:.2f}배 / length out of proportion"
    return [_issue(CERTAIN if sure else REVIEW, (0, len(text)), detail, original)]
