"""Hangul: how much of a text is Korean, which speech level its sentences end in, and which particles stand alone."""

from __future__ import annotations

import re
from collections import Counter

HANGUL = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]")
LETTER = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣA-Za-z]")
# Particles that cannot begin a Korean line or sentence; 이, 가, 은, 도, 만 are words too and are left out.
BARE_PARTICLE = re.compile(
    r"(?P<p>에서는|에서도|에서|에게서|에게|으로는|으로서|으로써|으로|를|을|는|에는|에도|에|의|와|과"
    r"|로부터|까지|부터|에 대한|에 대해|에 의해)(?=[\s:.,]|$)"
)
ENDINGS = (
    ("-ㅂ니다", re.compile(r"(?:니다|니까|십시오)[\"'”’)\]]*[.?!…]*$")),
    ("-요", re.compile(r"(?:요|죠)[\"'”’)\]]*[.?!…~]*$")),
    ("-다", re.compile(r"(?<!니)다[\"'”’)\]]*[.?!…]*$")),
    ("-어", re.compile(r"(?:어|아|해|야|지|니|자|라|냐)[\"'”’)\]]*[.?!…~]*$")),
)


def hangul_ratio(text: str) -> float:
    """Give the share of Hangul among Hangul and Latin letters, 0 to 1; 1.0 when there is no letter at all."""
    letters = len(LETTER.findall(text))
    return len(HANGUL.findall(text)) / letters if letters else 1.0


def has_hangul(text: str) -> bool:
    """Tell whether any Hangul is in the text."""
    return bool(HANGUL.search(text))


def ending(sentence: str) -> str:
    """Give the speech level a sentence ends in: "-ㅂ니다", "-요", "-다", "-어", or "" (a noun, a label, no Hangul)."""
    tail = sentence.rstrip()
    return next((name for name, pattern in ENDINGS if pattern.search(tail)), "")


def register(sentences: list[str]) -> Counter[str]:
    """Count the speech levels of sentences; those that end in a noun are left out."""
    return Counter(level for sentence in sentences if (level := ending(sentence)))


def has_final(char: str) -> bool:
    """Tell whether a Hangul syllable ends in a consonant (받침)."""
    return "가" <= char <= "힣" and (ord(char) - 0xAC00) % 28 != 0
