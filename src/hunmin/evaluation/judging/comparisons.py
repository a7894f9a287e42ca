"""The verdict that the sentences of a reply give: "B가 A보다 낫습니다", "Overall, Assistant A is better".

A sentence is a verdict when it says nothing more than that: no condition, doubt, denial, or single aspect
("문법은 A가 낫다"), and nobody else's opinion. What is told of the other answer elsewhere takes it back unless the
verdict concludes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from . import english_verdicts as english
from . import korean_verdicts as korean
from .named import FIRST, SECOND, with_names

_SENTENCE = re.compile(r"[^.!?。\n]+(?:[.!?](?!\s|$)[^.!?。\n]*)*(?P<end>[.!?。]?)")
_BUT = re.compile(r"다만|하지만|그러나|그런데|반면|however|but\b|that said|on the other hand|yet\b|still,", re.I)
_AGAIN = re.compile(r"다시\s*(?:보|생각|검토|읽)|정정|on\s+second\s+thought|\bactually\b|\bcorrection\b", re.I)
MAX_SENTENCE = 600  # a longer one is no verdict, and would be searched for long


@dataclass(frozen=True)
class _Told:
    """What one sentence tells: its verdict, or which answers it praises, one aspect of them, or denies."""

    at: int
    choice: str | None = None
    concludes: bool = False
    praised: frozenset[str] = frozenset()
    aspect: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    names: bool = False
    turns: bool = False  # it opens with a "but"
    lone: str | None = None  # better in one aspect: a verdict when nothing else is told


def compared(text: str) -> tuple[str | None, str]:
    """Give ("A", "B" or "tie", "") that the reply's sentences state, or (None, "several" or "no_choice")."""
    told = [t for t in map(_tell, _sentences(with_names(text))) if t]
    verdicts = [t for t in told if t.choice]
    if not verdicts:
        lone = [t for t in told if t.names]
        return (lone[0].lone, "") if len(lone) == 1 and lone[0].lone else (None, "no_choice")
    concluding = [t for t in verdicts if t.concludes]
    chosen = {t.choice for t in concluding or verdicts}
    if len(chosen) > 1:
        return None, "several"
    choice = chosen.pop()
    last = (concluding or verdicts)[-1]
    for other in told:
        later = other.at > last.at
        if choice in other.denied and (later or not concluding):
            return None, "several"
        if (other.choice or choice) != choice and (later or not concluding):
            return None, "several"
        against = {"A", "B"} - {choice}
        if other.choice is None and other.praised & against and (later or not concluding):
            return None, "several"
        if other.aspect & against and not concluding and (verdicts[0].at > 0 or other.turns):
            return None, "several"
    if _AGAIN.search(text) and not concluding and len(told) > 1:
        return None, "several"
    return choice, ""


def _sentences(named: str) -> list[tuple[int, str]]:
    lines = [line for line in named.split("\n") if line.strip() and not line.lstrip().startswith(">")]
    found = [m for line in lines for m in _SENTENCE.finditer(line) if m[0].strip()]
    return [(i, m[0].strip()) for i, m in enumerate(found) if m["end"] != "?"]


def _tell(sentence: tuple[int, str]) -> _Told | None:
    at, text = sentence
    if len(text) > MAX_SENTENCE:
        return _Told(at, names=FIRST in text or SECOND in text)
    text = re.sub(r"\s+", " ", text).rstrip(".!。 ")
    language = korean if re.search("[가-힣]", text) else english
    names = FIRST in text or SECOND in text
    if not names and not language.MAY_TIE.search(text):
        return None
    verdict = language.verdict(text)
    praised, aspect, denied = language.mentions(text) if names else (set(), set(), set())
    choice, concludes = verdict if verdict else (None, False)
    return _Told(
        at,
        _letter(choice),
        concludes,
        _letters(praised),
        _letters(aspect),
        _letters(denied),
        names,
        bool(_BUT.match(text)),
        _letter(language.lone(text)) if names else None,
    )


def _letter(name: str | None) -> str | None:
    return {FIRST: "A", SECOND: "B", "tie": "tie"}[name] if name else None


def _letters(names: set[str]) -> frozenset[str]:
    return frozenset("A" if name == FIRST else "B" for name in names)
