"""Numbers of both languages come to the same values."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hunmin.text.counters import orphans, surely_orphan
from hunmin.text.english_numbers import english_numbers
from hunmin.text.korean_numbers import korean_numbers


def values(numbers) -> list[set[int | float]]:
    return [{float(v) for v in n.values if isinstance(v, Fraction)} for n in numbers]


@pytest.mark.parametrize(
    ("english", "korean", "value"),
    [
        ("1,000,000 people", "100만 명", 1_000_000),
        ("2 million people", "200만 명", 2_000_000),
        ("35,000 won", "3만 5천 원", 35_000),
        ("120 million", "1억 2천만", 120_000_000),
        ("two cups", "두 컵", 2),
        ("twenty-five cats", "스물다섯 마리", 25),
        ("two hundred pages", "이백 쪽", 200),
        ("the third floor", "제3층", 3),
        ("in December", "12월에", 12),
        ("4.5 km", "4.5 km", 4.5),
        ("$1.5 billion", "15억 달러", 1_500_000_000),
    ],
)
def test_same_value_in_both_languages(english, korean, value):
    (source,) = english_numbers(english)
    assert Fraction(str(value)) in source.values
    assert any(source.values & n.values for n in korean_numbers(korean))


def test_clock_times_and_units():
    one, two = english_numbers("from 7 p.m. to 9:00")
    assert one.values == {("clock", 19 * 60)} and {("clock", 540), ("clock", 1260)} < two.values
    assert two.parts[1].optional
    assert [n.unit for n in english_numbers("200 km in 3 hours at 20% and $5")] == ["km", "hour", "%", "dollar"]
    assert [n.unit for n in korean_numbers("200 km를 3시간에, 20%와 5달러, 30 ml")] == [
        "km",
        "hour",
        "%",
        "dollar",
        "ml",
    ]


@pytest.mark.parametrize("text", ["MZ-V8P2 and x2", "the one on the left", "May I?", "march on"])
def test_what_is_no_number_in_english(text):
    assert [n for n in english_numbers(text) if n.written != "digits" and not n.optional] == []
    assert all(text[n.start - 1 : n.start] not in "VPx" for n in english_numbers(text))


@pytest.mark.parametrize("text", ["서랍을 열었다", "한국의 세계 지도", "이 대학에서", "네, 알겠습니다", "교육과 육지"])
def test_words_that_only_begin_like_numerals(text):
    assert korean_numbers(text) == []


def test_pieces_are_not_trillions():
    (number,) = korean_numbers("케이크 3조각")
    assert values([number]) == [{3.0, 3e12}]


def test_broken_thousands_are_one_number():
    assert [text[n.start : n.end] for text in ["값은 12,00원"] for n in korean_numbers(text)] == ["12,00"]
    assert len(korean_numbers("점 (3,12)")) == 2


def test_counters_without_a_number():
    assert [m["c"] for m in orphans("꽃병 개를 샀다")] == ["개"]
    assert orphans("세 개를 샀다") == [] and orphans("몇 명이 왔다") == []
    (word,) = orphans("여행 시간은 짧다")
    assert not surely_orphan(word, "여행 시간은 짧다")
    (clock,) = orphans("오전 시부터 엽니다")
    assert surely_orphan(clock, "오전 시부터 엽니다")
