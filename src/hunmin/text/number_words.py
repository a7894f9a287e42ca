"""Words that carry a number without being numerals: a dozen, a decade, noon, Louis XIV; 이틀, 서너, 보름."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .scan import scan

_TENS = {name: 10 * i for i, name in enumerate("twen thir for fif six seven eigh nine".split(), 2)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}
_ENGLISH_FIRST = re.compile(
    r"[hHtTmMbBdDcCnNqQfFsSeEXIV](?<!\w.)(?=alf |undr|hous|illi|rill|ozen|ecad|ent|een|oon|idn|uart|ort|wen|hir|if|ix"
    r"|even|igh|inet|[XIV])"
)
_ENGLISH = re.compile(
    r"\b(?:(?:(?P<half>half (?:an? )?))?(?P<scale>hundred|thousand|million|billion|trillion)s?"
    r"|(?P<half_dozen>[hH]alf a dozen)|(?P<dozen>[dD]ozens?)|(?P<decade>[dD]ecades?)|(?P<century>[cC]entur(?:y|ies))"
    r"|(?P<teen>[tT]een(?:s|aged?|agers?)?)|(?P<noon>[nN]oon|[mM]idnight)|(?P<thirty>[hH]alf (?:past|an hour))"
    r"|(?P<fifteen>[qQ]uarter (?:past|of an hour))|(?P<forty_five>[qQ]uarter to)|(?P<fourteen>[fF]ortnight)"
    rf"|(?P<tens>(?i:{'|'.join(_TENS)}))ties|(?P<roman>(?=[XIV]{{2}})X{{0,3}}(?:IX|IV|V?I{{0,3}})))\b"
)
_VALUES = {
    "half_dozen": 6,
    "dozen": 12,
    "decade": 10,
    "century": 100,
    "teen": 10,
    "noon": 12,
    "thirty": 30,
    "fifteen": 15,
    "forty_five": 45,
    "fourteen": 14,
}

_KOREAN = {
    "이틀": (2,), "사흘": (3,), "나흘": (4,), "닷새": (5,), "엿새": (6,), "여드레": (8,), "아흐레": (9,), "열흘": (10,),
    "보름": (15,), "한두": (1, 2), "두세": (2, 3), "서너": (3, 4), "네댓": (4, 5), "너댓": (4, 5), "대여섯": (5, 6),
    "예닐곱": (6, 7), "반 시간": (30,), "반시간": (30,),
}  # fmt: skip
_KOREAN_FIRST = re.compile(rf"[{''.join(sorted({name[0] for name in _KOREAN}))}](?<![가-힣].)")
_KOREAN_WORD = re.compile(rf"(?<![가-힣])(?:{'|'.join(sorted(_KOREAN, key=len, reverse=True))})")


def _roman(body: str) -> int:
    values = [_ROMAN[char] for char in body]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def implied(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, value) of what an English word may become in Korean digits; Korean often leaves it out."""
    for match in scan(_ENGLISH_FIRST, _ENGLISH, text):
        kind = match.lastgroup
        if kind == "scale":
            yield *match.span(), _SCALES[match["scale"]] // (2 if match["half"] else 1)
        elif kind == "tens":
            yield *match.span(), _TENS[match["tens"].lower()]
        elif kind == "roman":
            yield *match.span(), _roman(match["roman"])
        elif kind:
            yield *match.span(), _VALUES[kind]


def korean_words(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, value) of Korean words for days and for two neighbouring numbers (서너 gives 3 and 4)."""
    for match in scan(_KOREAN_FIRST, _KOREAN_WORD, text):
        for value in _KOREAN[match.group()]:
            yield *match.span(), value
