"""Korean words brought to what they share across speech levels and topic or object marking, as jamo.

`먹었습니다`, `먹었어요` and `먹었다` give one stem; so do `철수는` and `철수가`, and `밥을` and `밥`. Rules on the last
syllables, without a dictionary: a word cut wrongly (`바다` -> `바`) is cut so everywhere, which is all that comparing
needs. What a stem hides - who does what to whom - `role` tells.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from .hangul import has_final

WORD = re.compile(r"[가-힣]+|[^\s가-힣]+")
MARKS = ".,!?~…\"'“”‘’"
ROLES = (  # longest first
    ("에게서", "from"), ("한테서", "from"), ("에게", "to"), ("한테", "to"), ("께서", "subject"), ("까지", "until"),
    ("부터", "from"), ("에서", "from"), ("보다", "than"), ("으로", "by"), ("은", "topic"), ("는", "topic"),
    ("이", "subject"), ("가", "subject"), ("을", "object"), ("를", "object"), ("로", "by"), ("께", "to"),
)  # fmt: skip
AFTER_CONSONANT, AFTER_VOWEL = frozenset("은이을"), frozenset("는가를")
CONTRACTED = {"ㅕ": "ㅣ", "ㅝ": "ㅜ", "ㅘ": "ㅗ", "ㅙ": "ㅚ"}
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
DROPPED = {"해": "하", "커": "크", "써": "쓰", "꺼": "끄", "떠": "뜨", "퍼": "푸"}
NIEUN, RIEUL, BIEUP = 4, 8, 17  # places among the final consonants


@lru_cache(maxsize=1 << 15)
def role(word: str) -> tuple[str, str]:
    """Give (noun, role of its particle) of a Hangul word; the role is "" where no particle of who-to-whom ends it."""
    for particle, name in ROLES:
        if len(word) > len(particle) and word.endswith(particle):
            rest = word[: -len(particle)]
            if particle in AFTER_CONSONANT and not has_final(rest[-1]):
                continue
            if particle in AFTER_VOWEL and has_final(rest[-1]):
                continue
            return rest, name
    return word, ""


@lru_cache(maxsize=1 << 15)
def stem(word: str) -> str:
    """Give a Hangul word without its sentence ending, or else without 은/는, 이/가, 을/를 or 께서."""
    cut = _without_ending(word)
    if cut is not None:
        return cut
    rest, name = role(word)
    return rest if name in ("topic", "subject", "object") else word


def _without_ending(word: str) -> str | None:
    last = word[-1]
    if last == "다" or last == "까":
        return _formal_or_plain(word)
    if last in "요죠":
        return _polite(word)
    if last == "오" and word.endswith(("십시오", "시오")):
        return _connected(word[: -3 if word.endswith("십시오") else -2])
    if last == "야" and len(word) > 2:
        return word[:-1]
    if last in "어아" and len(word) > 1 and has_final(word[-2]):
        return word[:-1]
    if last == "해":
        return word[:-1] + "하"
    if last == "게" and len(word) > 1 and _final(word[-2]) == RIEUL:
        return _open(word[:-1])
    return None


def _formal_or_plain(word: str) -> str | None:
    if word.endswith(("습니다", "습니까")):
        return word[:-3] or None
    if len(word) > 2 and word[-2] == "니" and _final(word[-3]) == BIEUP:
        return _open(word[:-2])
    if word[-1] == "까" or len(word) < 2:
        return None
    if word[-2] == "는" and len(word) > 2 and has_final(word[-3]):
        return word[:-2]
    return _open(word[:-1]) if _final(word[-2]) == NIEUN else word[:-1]


def _polite(word: str) -> str | None:
    if len(word) < 2:
        return None
    for tail in ("이에요", "이예요"):
        if word.endswith(tail) and len(word) > 3:
            return word[:-2]
    if word.endswith("예요") and len(word) > 2:
        return word[:-2] + "이"
    if word.endswith("세요") and len(word) > 2:
        return _connected(word[:-2])
    if word.endswith("게요") and len(word) > 2 and _final(word[-3]) == RIEUL:
        return _open(word[:-2])
    if word.endswith("지요") and len(word) > 2:
        return word[:-2]
    if word.endswith("죠"):
        return word[:-1]
    if word.endswith(("어요", "아요", "여요")) and len(word) > 2:
        return word[:-2]
    return _uncontracted(word[:-1])


def _connected(cut: str) -> str | None:
    """Take off the 으 that joins an ending to a consonant."""
    return (cut[:-1] if cut.endswith("으") and len(cut) > 1 else cut) or None


def _uncontracted(cut: str) -> str:
    """Undo the joining of a stem's vowel with 아/어: 마셔 -> 마시, 봐 -> 보, 해 -> 하, 몰라 -> 모르."""
    last = cut[-1]
    if last in DROPPED:
        return cut[:-1] + DROPPED[last]
    if last in "라러" and len(cut) > 1 and _final(cut[-2]) == RIEUL:
        return _open(cut[:-1]) + "르"
    if "가" <= last <= "힣" and not has_final(last):
        code = ord(last) - 0xAC00
        vowel = VOWELS[code // 28 % 21]
        if vowel in CONTRACTED:
            return cut[:-1] + chr(0xAC00 + (code // 588 * 21 + VOWELS.index(CONTRACTED[vowel])) * 28)
    return cut


def _final(char: str) -> int:
    return (ord(char) - 0xAC00) % 28 if "가" <= char <= "힣" else 0


def _open(cut: str) -> str:
    """Give the word with its last syllable opened: 갑 -> 가."""
    return cut[:-1] + chr(ord(cut[-1]) - _final(cut[-1]))


@lru_cache(maxsize=1 << 17)
def _jamo_of_stem(word: str) -> str:
    if "가" <= word[0] <= "힣":
        return unicodedata.normalize("NFD", stem(word))
    return word.rstrip(MARKS)


def stem_jamo(text: str) -> str:
    """Give a folded text as the jamo of its words' stems, without spaces and without marks at the end of words."""
    return "".join(map(_jamo_of_stem, WORD.findall(text)))


PARTICLES = re.compile(
    r"(?:에게서|한테서|으로부터|로부터|에서부터|으로서|으로써|로서|로써|에게|한테|께서|까지|부터|에서|보다|처럼|마다|조차|마저"
    r"|밖에|이나|이라도|라도|으로|하고|이랑|랑|와|과|은|는|이|가|을|를|에|의|도|만|로|나)+$"
)


@lru_cache(maxsize=1 << 15)
def bare_stem(word: str) -> str:
    """Give a word without its sentence ending or any particle; one syllable at least stays."""
    if not word or not "가" <= word[-1] <= "힣":
        return word
    cut = _without_ending(word)
    if cut is not None:
        return cut
    found = PARTICLES.search(word, 1)
    return word[: found.start()] if found else word
