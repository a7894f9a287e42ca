"""English numbers in words: numerals (two hundred and fifty), ordinals, fractions, and words that carry a number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from .scan import scan

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
WORDS = {word: i for i, word in enumerate(_ONES)} | {word: 20 + 10 * i for i, word in enumerate(_TENS)}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
ORDINALS = {
    word: i
    for i, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        1,
    )
} | {"thirtieth": 30, "fortieth": 40, "fiftieth": 50, "hundredth": 100}
_WORD = "|".join([*_TENS, *sorted(_ONES, key=len, reverse=True)])
_SCALE = "|".join(SCALES)
_ORDINAL = "|".join(sorted((w for w in ORDINALS if w not in ("first", "second")), key=len, reverse=True))
_BELOW = "halves|half|thirds?|fourths?|quarters?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?"
_BELOW_VALUE = {"hal": 2, "qua": 4} | {
    word[:3]: i for word, i in ORDINALS.items() if i in (3, 4, 5, 6, 7, 8, 9, 10, 100)
}
# a numeral: words and scales in a row, "and" only behind a scale
EN_WORDS = re.compile(
    rf"\b(?:(?P<fraction>(?P<fa>{_WORD})[-\s](?P<fb>{_BELOW}))"
    rf"|(?P<n>(?:{_WORD}|(?:{_SCALE})(?=\sand\s(?:{_WORD})))"
    rf"(?:[-\s](?:{_WORD}|{_SCALE})|(?:(?<=hundred)|(?<=thousand)|(?<=illion)) and (?:{_WORD}))*)"
    rf"(?:[-\s](?P<dozen>dozen)|(?P<half>\sand a half))?(?:-(?P<last>first|second|{_ORDINAL})\b)?"
    rf"|(?P<o>{_ORDINAL}))\b",
    re.I,
)
_SECONDS = "|".join(sorted({word[1:3] for word in (*WORDS, *ORDINALS)}))
EN_WORDS_FIRST = re.compile(rf"[zotfsenhmbZOTFSENHMB](?<!\w.)(?=(?i:{_SECONDS}|un|ho|il|ri))")


def _parsed(words: list[str]) -> Fraction | None:
    """Give the value of numeral words; None for a row that is no numeral (six seven)."""
    total = section = Fraction(0)
    last = None
    for word in words:
        if word in SCALES:
            if word == "hundred":
                section = (section or Fraction(1)) * 100
            else:
                total += (section or Fraction(1)) * SCALES[word]
                section = Fraction(0)
            last = None
            continue
        said = WORDS[word]
        if last is not None:
            if last >= 20 and last % 10 == 0 and 0 < said < 10:
                pass
            elif 10 <= last <= 20 and 10 <= said and len(words) <= 3:  # nineteen ninety(-five): a year
                section *= 100
            elif section >= 1000 and last >= 20 and 0 < said < 10:
                pass
            else:
                return None
        section += said
        last = said
    return total + section


def spoken(text: str) -> Iterator[tuple[int, int, set[Fraction]]]:
    """Yield (start, end, values) of numerals in words; a lone "one" is none, and six seven are two."""
    for match in scan(EN_WORDS_FIRST, EN_WORDS, text):
        if match["o"]:
            yield *match.span(), {Fraction(ORDINALS[match["o"].lower()])}
            continue
        if match["fraction"]:
            below = _BELOW_VALUE[match["fb"][:3].lower()]
            above = WORDS[match["fa"].lower()]
            if 0 < above < below:
                yield *match.span(), {Fraction(above, below)}
            elif above >= 2:
                yield *match.span("fa"), {Fraction(above)}
            continue
        words = [w for w in re.split(r"[-\s]+", match["n"].lower()) if w != "and"]
        said = _parsed(words)
        if said is None:
            for piece in re.finditer(rf"(?i)\b(?:{_WORD})\b", match["n"]):
                value = WORDS[piece.group().lower()]
                if value != 1:
                    yield match.start("n") + piece.start(), match.start("n") + piece.end(), {Fraction(value)}
            continue
        if match["last"]:
            yield *match.span(), {said + ORDINALS[match["last"].lower()]}
        elif match["dozen"]:
            yield *match.span(), {said * 12}
        elif match["half"]:
            yield *match.span(), {said + Fraction(1, 2)}
        elif said != 1:
            yield *match.span("n"), {said}


_TIES = {name: 10 * i for i, name in enumerate("twen thir for fif six seven eigh nine".split(), 2)}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "M": 1000}
_IMPLIED_FIRST = re.compile(
    r"[aA](?<!\w.)(?=n? |-)|[hHtTmMbBdDcCnNqQfFsSeEpPoOXIVL](?<!\w.)(?=alf|undr|hous|illi|rill|ozen|ecad|ent|een|uart"
    r"|ort|ingle|wen|hir|if|ix|even|igh|inet|wice|hric|oubl|ripl|uadr|oth|oupl|air|nce|econ|irst|ne\b|[XIVL])"
)
_IMPLIED = re.compile(
    r"\b(?:(?P<and_half>(?:an?|one) (?P<what>hour|minute|year|day|week|month|mile|dollar|cup) and a half)"
    r"|(?P<half_scale>half (?:an? )?(?=(?:hundred|thousand|million|billion|trillion)))?"
    r"(?P<scale>hundred|thousand|million|billion|trillion)s?"
    r"|(?P<half_dozen>[hH]alf a dozen)|(?P<dozen>[dD]ozens?)|(?P<decade>[dD]ecades?)|(?P<century>[cC]entur(?:y|ies))"
    r"|(?P<teen>[tT]een(?:s|aged?|agers?)?)|(?P<half_hour>[hH]alf(?: an|[- ])\s?hour)|(?P<third>(?:a|one)[- ]third)"
    r"|(?P<quarter_hour>[qQ]uarter of an hour)|(?P<fortnight>[fF]ortnight)|(?P<half>[hH]alf|[hH]alves|[hH]alved)"
    r"|(?P<quarter>[qQ]uarters?)|(?P<two>[tT]wice|[dD]oubled?s?|[bB]oth|[cC]ouple|[pP]airs?|[sS]econd)"
    r"|(?P<three>[tT]hrice|[tT]ripled?s?)|(?P<four>[qQ]uadrupled?s?)|(?P<one>[oO]nce|[fF]irst|[oO]ne|[sS]ingle)"
    rf"|(?P<ties>(?i:{'|'.join(_TIES)}))ties"
    r"|(?P<roman>(?=[XIVL]{2,}\b)(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?<=[XIVL])))\b"
)
_F = Fraction
_VALUES: dict[str, tuple[Fraction, str]] = {
    "half_dozen": (_F(6), ""), "dozen": (_F(12), ""), "decade": (_F(10), "year"), "century": (_F(100), "year"),
    "teen": (_F(10), ""), "half_hour": (_F(1, 2), "hour"), "quarter_hour": (_F(15), "minute"),
    "fortnight": (_F(2), "week"), "half": (_F(1, 2), ""), "quarter": (_F(1, 4), ""), "two": (_F(2), ""),
    "three": (_F(3), ""), "four": (_F(4), ""), "one": (_F(1), ""), "third": (_F(1, 3), ""),
}  # fmt: skip


def roman(body: str) -> int:
    """Give the value of a Roman numeral."""
    values = [_ROMAN[char] for char in body]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def implied(text: str) -> Iterator[tuple[int, int, Fraction, str]]:
    """Yield (start, end, value, unit) of what an English word may become in Korean; Korean often leaves it out."""
    for match in scan(_IMPLIED_FIRST, _IMPLIED, text):
        kind = match.lastgroup
        if match["and_half"]:
            yield *match.span(), Fraction(3, 2), match["what"]
        elif match["scale"]:
            said = Fraction(SCALES[match["scale"]])
            yield *match.span(), said / 2 if match["half_scale"] else said, ""
        elif kind == "ties":
            yield *match.span(), Fraction(_TIES[match["ties"].lower()]), ""
        elif kind == "roman":
            yield *match.span(), Fraction(roman(match["roman"])), ""
        elif kind:
            yield *match.span(), *_VALUES[kind]
