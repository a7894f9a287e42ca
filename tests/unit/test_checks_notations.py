"""One thing in another notation is no damage, a loss is told once: raised parts, tags, lists, remarks, eras."""

from __future__ import annotations

import time

import pytest

from hunmin.translation.checks import DEFAULT
from hunmin.translation.checks.find_issues import issues_of_text, resolve_checks

CHECKS = resolve_checks(DEFAULT)
CONTEXT = {"field": "output", "path": "output", "instruction": ""}


def found(english: str, korean: str) -> list[tuple[str, str]]:
    return [(i["code"], i["severity"]) for i in issues_of_text(english, korean, CHECKS, CONTEXT)]


GAS = "The leaf takes up CO<sub>2</sub> by day, and CO<sub>2</sub> feeds it."
STEPS = "Do this:\n\n1. Open the door.\n2. Go in.\n3. Close the door."
BARE = "Do this:\n\n- Open the door.\n- Go in.\n- Close the door."
NOTE = "the file is read twice before it is closed."
CITY = "The city stood from 300 to 200 BC."


@pytest.mark.parametrize(("english", "korean"), [
    (GAS, "잎은 낮에 이산화탄소를 마시고, 이산화탄소가 잎을 키웁니다."),
    (GAS, "잎은 낮에 CO₂를 마시고, CO₂가 잎을 키웁니다."),
    ("It talks over I<sup>2</sup>C now.", "이제 I²C로 통신합니다."),
    ("It talks over I<sup>2</sup>C now.", "이제 아이투씨로 통신합니다."),
    ("The room has 30 m<sup>2</sup>.", "방은 30제곱미터입니다."),
    ("The room has 30 m<sup>2</sup>.", "방은 30㎡입니다."),
    ("There are 10<sup>6</sup> stars.", "별이 10⁶개 있습니다."),
    ("There are 10<sup>6</sup> stars.", "별이 100만 개 있습니다."),
    ("In the 19<sup>th</sup> century", "19세기에"),
    (STEPS, "다음과 같이 하세요: (1) 문을 엽니다. (2) 들어갑니다. (3) 문을 닫습니다."),
    (STEPS, "다음과 같이 하세요:\n\n1. 문을 엽니다.\n1. 들어갑니다.\n1. 문을 닫습니다."),
    (STEPS, "다음과 같이 하세요:\n\n. 문을 엽니다.\n. 들어갑니다.\n. 문을 닫습니다."),
    (STEPS, "다음과 같이 하세요:\n\n① 문을 엽니다.\n② 들어갑니다.\n③ 문을 닫습니다."),
    (BARE, "다음과 같이 하세요:\n\n* 문을 엽니다.\n* 들어갑니다.\n* 문을 닫습니다."),
    ("## Setting up\n\nRun it first.", "== 설정\n\n먼저 실행합니다."),
    ("## Setting up\n\nRun it first.", "설정\n----\n\n먼저 실행합니다."),
    ("at a shell prompt will show the page of it.", "를 셸에서 실행하면 그 설명을 보여 줍니다."),
    ("will print ``Yes`` if the handle is open.", "는 핸들이 열려 있으면 ``Yes``\\를 인쇄합니다."),
    ("image::pics/map.png[A map of it]\n\nLook at it.", "image::pics/map.png[그것의 지도]\n\n보세요."),
    ("NOTE - " + NOTE, "참고 - 파일은 닫히기 전에 두 번 읽힙니다."),
    ("Remember: " + NOTE, "파일은 닫히기 전에 두 번 읽힌다는 점을 기억하세요."),
    ("Note: " + NOTE, "메모: 파일은 닫히기 전에 두 번 읽힙니다."),
    ("Note that " + NOTE, "파일은 닫히기 전에 두 번 읽힙니다."),
    (CITY, "그 도시는 기원전 300년에서 200년까지 있었다."),
    (CITY, "그 도시는 기원전 300~200년에 있었다."),
    (CITY, "그 도시는 BC 300~200년에 있었다."),
    (CITY, "그 도시는 300~200년(기원전)에 있었다."),
    ("In the 5th and 4th centuries BC it grew.", "기원전 5세기와 4세기에 그것은 자랐다."),
    ("It lasted from 100 BC to AD 200.", "기원전 100년부터 서기 200년까지 이어졌다."),
    ("The 300 men came in 200 BCE.", "기원전 200년에 300명이 왔다."),
])  # fmt: skip
def test_the_same_in_another_notation_is_silent(english, korean):
    assert found(english, korean) == []


@pytest.mark.parametrize(("english", "korean", "expected"), [
    (GAS, "잎은 낮에 CO2를 마시고, CO2가 잎을 키웁니다.", [("markup", "review")]),
    (GAS, "잎은 낮에 CO를 마시고, CO<sub>2</sub>가 잎을 키웁니다.", [("markup", "certain")]),
    (GAS, "잎은 낮에 CO<sub>3</sub>를 마시고, CO<sub>2</sub>가 잎을 키웁니다.", [("number_lost", "certain")]),
    (GAS, "잎은 낮에 CO<sub>2를 마시고, CO<sub>2</sub>가 잎을 키웁니다.", [("markup", "certain")]),
    ("There are 10<sup>6</sup> stars.", "별이 106개 있습니다.", [("number_lost", "certain")]),
    ("Take x<sup>2</sup> of each.", "각각의 x2를 구하세요.", [("markup", "certain")]),
    ("See <Step n={2}>the first part</Step> of it.", "그 첫 부분을 보세요.", [("markup", "review")]),
    (STEPS, "다음과 같이 하세요: (1) 문을 엽니다. (2) 들어갑니다.", [("cut_off", "certain")]),
    (BARE, "다음과 같이 하세요:\n\n* 문을 엽니다.\n* 문을 닫습니다.", [("cut_off", "certain")]),
    ("- Pull weeds now\n- Plant it\n\n**Tip:** do.", "- 잡초 뽑기\n\n**팁:** 하세요.", [("cut_off", "certain")]),
    ("1. Open it.\n1. Go in there.\n1. Close it.", "1. 여세요.\n1. 닫으세요.", [("cut_off", "certain")]),
    ("## Setting up\n\nRun it first.", "**설정**\n\n먼저 실행합니다.", [("markup", "review")]),
    ("## Setting up\n\nRun it first.", "설정\n\n먼저 실행합니다.", [("markup", "certain")]),
    ("The handle is printed if it is open now.", "는 열려 있으면 인쇄됩니다.", [("cut_off", "certain")]),
    ("read all of it from f now", "에서 지금 모두 읽습니다.", [("code_mixed", "review"), ("cut_off", "certain")]),
    ("a | b | c\n\nIt is so.", "a | b | c | 더\n\n그렇습니다.", [("markup", "review")]),
    (CITY, "그 도시는 서기 300년에서 200년까지 있었다.", [("number_lost", "certain")]),
    (CITY, "그 도시는 300년에서 200년까지 있었다.", [("number_lost", "certain")]),
    (CITY, "그 도시는 기원전 300년에서 서기 200년까지 있었다.", [("number_lost", "certain")]),
    ("In the 5th and 4th centuries BC it grew.", "5세기와 4세기에 그것은 자랐다.", [("number_lost", "certain")]),
    ("It lasted from 100 BC to AD 200.", "서기 100년부터 200년까지 이어졌다.", [("number_lost", "certain")]),
    ("It lasted from 100 BC to AD 200.", "기원전 100년부터 200년까지 이어졌다.", [("number_lost", "review")]),
])  # fmt: skip
def test_what_is_lost_is_told_once(english, korean, expected):
    assert found(english, korean) == expected


@pytest.mark.parametrize("label", [
    "NOTE - ", "Remember: ", "Tip: ", "WARNING - ", "**Note:** ", "> **Tip:** ", "**Warning** - ", "💡 Note: ",
])  # fmt: skip
def test_a_dropped_label_of_a_remark_is_one_review(label):
    assert found(label + NOTE, "파일은 닫히기 전에 두 번 읽힙니다.") == [("markup", "review")]


def test_signs_in_a_row_take_no_time():
    started = time.process_time()
    for sign in ("-", "=", "─", "> ", "| "):
        found(f"{sign * 300}\nNote: {NOTE}", f"{sign * 300}\n참고: 파일은 두 번 읽힙니다.")
    assert time.process_time() - started < 5
