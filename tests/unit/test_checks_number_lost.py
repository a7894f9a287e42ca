"""number_lost: what it finds and what it leaves alone."""

from __future__ import annotations

import pytest

from hunmin.translation.checks import number_lost


@pytest.mark.parametrize(
    ("english", "korean", "lost", "severity"),
    [
        ("It fed 412 students.", "학생 421명이 먹었습니다.", "412", "certain"),
        ("Wait for 30 seconds.", "기다리세요.", "30", "certain"),
        ("A height of 2.5 m.", "높이는 25 m입니다.", "2.5", "certain"),
        ("It is 1,210,000 won.", "121,000원입니다.", "1,210,000", "certain"),
        ("Meet on May 14.", "14일에 만나요.", "May", "review"),
        ("She has seven dogs.", "그는 개를 키웁니다.", "seven", "review"),
        ("The room is on the third floor.", "방은 층에 있습니다.", "third", "review"),
        ("Buy a dozen eggs and 24 forks.", "달걀 12개와 포크를 사세요.", "24", "certain"),
        ("Wait 3 or 4 days.", "사흘 기다리세요.", "4", "certain"),
    ],
)
def test_finds(english, korean, lost, severity):
    (one,) = number_lost.find(english, korean, {})
    assert english[slice(*one["source_span"])] == lost and one["severity"] == severity


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("It costs $10.", "10입니다."),
        ("It grew by 20%.", "20 늘었습니다."),
        ("Oil it every 200 km.", "200 m마다 기름을 칩니다."),
        ("Wait 5 minutes.", "5시간 기다리세요."),
    ],
)
def test_finds_lost_and_changed_units(english, korean):
    (one,) = number_lost.find(english, korean, {})
    assert one["severity"] == "certain" and "단위" in one["detail"]


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("up to five items", "최대 5가지 항목"),
        ("a year ago", "1년 전"),
        ("It opens in December.", "12월에 엽니다."),
        ("from 9 a.m. to 7 p.m.", "오전 9시부터 19시까지"),
        ("It costs $10.", "10달러입니다."),
        ("5 million people", "500만 명"),
        ("about 1/2 of them", "그중 절반쯤"),
        ("two apples and 3 pears", "사과 두 개와 배 세 개"),
        ("first-person account in 2 parts", "1인칭 글 두 편"),
        ("The table has | 1 | 2 |", "표는 | 1 | 2 |"),
        ("Use x2 and MZ-V8P2 now", "지금 x2와 MZ-V8P2를 쓰세요"),
        ("a pH of 7", "pH 7"),
        ("Return it within 2 days.", "이틀 안에 돌려주세요."),
        ("He slept for 3 or 4 hours.", "그는 서너 시간 잤다."),
        ("Walk 10,000 steps with 1,000 people.", "천 명과 만 보를 걷는다."),
        ("It is 384,400 km away.", "거리는 38만 4,400km이다."),
        ("She was 16, he turned 50.", "그녀는 열여섯에, 그는 쉰이 되어서."),
        ("half a million people, a dozen eggs", "50만 명, 달걀 12개"),
        ("In her twenties, a decade ago", "10년 전 20대에"),
        ("Louis XIV woke at half past nine.", "루이 14세는 9시 30분에 일어났다."),
        ("It rose to 36.8 gigatonnes.", "368억 톤으로 늘었다."),
        ("24/7 support", "24시간 연중무휴 지원"),
    ],
)
def test_is_silent(english, korean):
    assert number_lost.find(english, korean, {}) == []


def test_numbers_inside_code_belong_to_the_code_checks():
    assert number_lost.find("Run `sleep 30` now.", "지금 `sleep 30`을 실행하세요.", {}) == []


def test_a_number_the_english_has_not_is_for_review():
    (one,) = number_lost.find("The bridge is old.", "그 다리는 1987년에 지었습니다.", {})
    assert one["severity"] == "review" and one["source_span"] is None


def test_without_original_there_is_nothing_to_compare():
    assert number_lost.find("", "3개", {}) == []
