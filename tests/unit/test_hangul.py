"""Hangul share, speech levels, bare particles."""

from __future__ import annotations

import pytest

from hunmin.text.hangul import BARE_PARTICLE, ending, hangul_ratio, has_final, register


@pytest.mark.parametrize(("text", "ratio"), [("한글", 1.0), ("ab한글", 0.5), ("english", 0.0), ("123", 1.0)])
def test_ratio(text, ratio):
    assert hangul_ratio(text) == ratio


@pytest.mark.parametrize(
    ("sentence", "level"),
    [
        ("비가 옵니다.", "-ㅂ니다"),
        ("비가 와요!", "-요"),
        ("비가 온다.", "-다"),
        ("비가 와서 좋아.", "-어"),
        ("제목: 여름", ""),
        ("Hello.", ""),
    ],
)
def test_speech_level(sentence, level):
    assert ending(sentence) == level


def test_register_counts_levels():
    assert register(["갑니다.", "가요.", "갔습니다.", "여름"]) == {"-ㅂ니다": 2, "-요": 1}


def test_particles_that_cannot_begin_a_line():
    assert BARE_PARTICLE.match("를 작성합니다") and BARE_PARTICLE.match("에서: 서울")
    assert not BARE_PARTICLE.match("이 책은") and not BARE_PARTICLE.match("의사는")


def test_final_consonant():
    assert has_final("책") and not has_final("차") and not has_final("a")
