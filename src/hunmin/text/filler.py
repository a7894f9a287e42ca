"""Korean filler words in place of English ones: a text to rehearse a translation's path with, not a translation.

What must survive a translation (code, formulas, addresses, numbers, marks) stands where it stood, so that checks,
repairs and training see a text of the usual shape. The same text always gives the same filler.
"""

from __future__ import annotations

import re
import zlib

from .masking import Segment, cut, join, restore

NOUNS = "나무 바다 하늘 사람 마음 시간 이야기 학교 친구 노래 바람 아침 저녁 계절 도시 마을 음식 생각 여행 기억".split()
ENDS = "있습니다 합니다 됩니다 좋습니다 보입니다 많습니다".split()
_WORDS = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*(?P<end>[.!?]*)")
_SMALL = frozenset("a an the of to in on at by for and or is are was were be as it that this with from".split())


def filler(text: str) -> str:
    """Give the text with its English words replaced; a text without any stays as it is."""
    pieces = cut(text, "lines")
    return join(pieces, [restore(p, _filled(p.body)) for p in pieces if isinstance(p, Segment)])


def _filled(body: str) -> str:
    def word(found: re.Match[str]) -> str:
        asked = found[0].rstrip(".!?").lower()
        end = found["end"]
        if asked in _SMALL and not end:
            return ""
        words = ENDS if end else NOUNS
        return words[zlib.crc32(asked.encode()) % len(words)] + end

    return re.sub(r"(?<=\S) {2,}", " ", _WORDS.sub(word, body)).lstrip(" ") or body
