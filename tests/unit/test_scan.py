"""scan gives what finditer gives, for each pattern that is searched with it."""

from __future__ import annotations

import random

import pytest

from hunmin.text import number_words, numbers, sentences
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
        (numbers.EN_DIGITS_FIRST, numbers.EN_DIGITS),
        (numbers.EN_WORDS_FIRST, numbers.EN_WORDS),
        (numbers.EN_MONTH_FIRST, numbers.EN_MONTH),
        (numbers.DIGIT, numbers.KO_DIGITS),
        (numbers.KO_NATIVE_FIRST, numbers.KO_NATIVE),
        (numbers.KO_SINO_FIRST, numbers.KO_SINO),
        (number_words._ENGLISH_FIRST, number_words._ENGLISH),
        (number_words._KOREAN_FIRST, number_words._KOREAN_WORD),
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
