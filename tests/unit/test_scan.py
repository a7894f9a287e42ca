"""scan gives what finditer gives, for each pattern that is searched with it."""

from __future__ import annotations

import random

import pytest

from hunmin.text import english_numbers, english_numerals, korean_numbers, korean_numerals, sentences
from hunmin.text.scan import scan

PIECES = (
    "three|Twenty-one|ninth|FIVE hundred|eleventh|bone|$5|US$7|€3|1,000,000|12,00|2.5|7k|3bn|v2.0|March 3|May|on 9 May"
    "|half a million|hundreds|Dozen|decades|centuries|teenagers|midnight|half past|quarter to|twenties|nineties|XIV"
    "|사흘|서너 개|반 시간"
    "|Jan. 5|December|Octopus|3만 5천|1억 2천만 원|열두 개|스무 살|한 시간|하나|이 사람|세 번|오백 원|제삼|삼십 분"
    '|이천이십사년|제이의|e.g.|etc.|...|U.S.|갔다.그리고|왔다.|"왔다."|…|?!|3.5.|p.m.'
).split("|")


@pytest.mark.parametrize(
    ("first", "pattern"),
    [
        (english_numbers.EN_DIGITS_FIRST, english_numbers.EN_DIGITS),
        (english_numerals.EN_WORDS_FIRST, english_numerals.EN_WORDS),
        (english_numbers.EN_MONTH_FIRST, english_numbers.EN_MONTH),
        (korean_numbers.FIRST, korean_numbers.KO_DIGITS),
        (korean_numerals.NATIVE_FIRST, korean_numerals.NATIVE),
        (korean_numerals.SINO_FIRST, korean_numerals.SINO),
        (english_numerals._IMPLIED_FIRST, english_numerals._IMPLIED),
        (korean_numerals._WORDS_FIRST, korean_numerals._WORDS),
        (sentences.MARK, sentences.END),
    ],
    ids=["digits", "words", "month", "digits-ko", "native-ko", "sino-ko", "implied", "implied-ko", "sentence"],
)
def test_scan_is_finditer(first, pattern):
    random_ = random.Random(7)
    n_found = 0
    for _ in range(300):
        text = "".join(random_.choice(PIECES) + random_.choice(("", " ", " ", "\n", "x", "가")) for _ in range(12))
        start, end = sorted(random_.sample(range(len(text)), 2))
        there = [(m.span(), m.groups()) for m in pattern.finditer(text, start, end)]
        assert [(m.span(), m.groups()) for m in scan(first, pattern, text, start, end)] == there, text
        n_found += len(there)
    assert n_found > 30
