"""What a translation may say in words (asides, keys, placeholders, fixed expressions, references), and the damage
beside it.
"""

from __future__ import annotations

import pytest

from hunmin.translation.checks import DEFAULT
from hunmin.translation.checks.find_issues import issues_of_text, resolve_checks

CHECKS = resolve_checks(name for name in DEFAULT if name != "sense")


def found(english: str, korean: str) -> set[tuple[str, str]]:
    issues = issues_of_text(english, korean, CHECKS, {"field": "output", "path": "output"})
    return {(i["code"], i["severity"]) for i in issues}


NAMES = [  # English, Korean, how sure it is that the name is damaged
    (
        "Visitors may(should) sign in before they go up.",
        "방문자는 올라가기 전에 서명해도 됩니다(해야 합니다).",
        "review",
    ),
    ("Every he(she) has a seat.", "그(그녀)는 모두 자리가 있습니다.", "review"),
    ("Write a word(phrase) on the card.", "카드에 단어(구)를 쓰세요.", "review"),
    ("Call word(phrase) on the card.", "카드에서 단어(구)를 호출하세요.", "certain"),
    ("Then print(other) shows it.", "그러면 출력(다른)이 보여 줍니다.", "certain"),
    ("The function walk(steps) starts.", "함수 걷기(걸음)가 시작합니다.", "certain"),
    ("Write a word(phrase) on the card.", "카드에 쓰세요.", "certain"),
    ("Press `Cmd+click` to open it.", "`Cmd+클릭`으로 여세요.", "review"),
    ("Press `Ctrl + Shift + Enter` now.", "지금 `Ctrl + Shift + 엔터`를 누르세요.", "review"),
    ("Press `Ctrl+Shift+P` now.", "지금 `Ctrl+Shift+O`를 누르세요.", "certain"),
    ("Press `Cmd+click` to open it.", "`Cmd+O`로 여세요.", "review"),
    ("Put `table_name` in.", "`테이블 명`을 넣으세요.", "review"),
    ("Put `your-api-key` in.", "`여러분의 API 키`를 넣으세요.", "review"),
    ("Run `git checkout BRANCH_NAME` first.", "먼저 `git checkout 브랜치_이름`을 실행하세요.", "review"),
    ("Run `git checkout BRANCH_NAME` first.", "먼저 `git 체크아웃 브랜치_이름`을 실행하세요.", "review"),
    ("Use `parse_args` here.", "여기에 `인자_파싱`을 쓰세요.", "review"),
    (
        "Put `table_name` in:\n\n```py\ntable_name = 1\n```",
        "`테이블_명`을 넣으세요:\n\n```py\ntable_name = 1\n```",
        "review",
    ),
]


@pytest.mark.parametrize(("english", "korean", "severity"), NAMES)
def test_a_name_that_may_be_said_in_words_is_for_review_and_damage_is_certain(
    english: str, korean: str, severity: str
) -> None:
    assert {sure for code, sure in found(english, korean) if code == "code_mixed"} == {severity}


NUMBERS = [  # English, Korean, what `number_lost` says of it
    ("A 3rd party library does it.", "외부 라이브러리가 합니다.", ""),
    ("A 3rd-party library does it.", "서드파티 라이브러리가 합니다.", ""),
    ("A 3rd party library does it.", "라이브러리가 합니다.", "review"),
    ("A 3rd party library does it.", "5번째 라이브러리가 합니다.", "certain"),
    ("Functions are 1st-class citizens.", "함수는 최고의 시민입니다.", ""),
    ("Functions are 1st-class citizens.", "함수는 일급 시민입니다.", ""),
    ("The narrator speaks in the 1st person.", "화자는 일인칭으로 말합니다.", ""),
    ("Walking there became 2nd nature to her.", "그곳을 걷는 일은 그녀의 몸에 배었습니다.", ""),
    ("He drove 2nd in the race of the town.", "그는 마을 경주에서 운전했습니다.", "certain"),
    ("This is 10,000 miles beyond what I hoped.", "바라던 것을 훨씬 뛰어넘습니다.", "review"),
    ("This is 10,000 miles beyond what I hoped.", "바라던 것을 7,000마일이나 뛰어넘습니다.", "certain"),
    ("He walked 10,000 miles that year.", "그는 그해 많이 걸었습니다.", "certain"),
    ("The desk is open 24/7.", "창구는 연중무휴로 열려 있습니다.", ""),
    ("The desk is open 24/7.", "창구는 항상 열려 있습니다.", ""),
    ("The desk is open 24/7.", "창구는 평일에 열려 있습니다.", "review"),
    ("The desk is open 24/7.", "창구는 연중 12시간 열려 있습니다.", "review"),
    ("The desk is open 7 days a week.", "창구는 매일 열려 있습니다.", ""),
    ("The desk is open 7 days a week.", "창구는 주 5일 열려 있습니다.", "certain"),
    ("It closes on the 4th of July.", "독립기념일에는 닫습니다.", ""),
    ("It closes on the 4th of July.", "5월 4일에는 닫습니다.", "certain"),
    ("See the chart (example 2).", "차트를 보세요(위 예시).", "review"),
    ("See the chart (example 2).", "차트를 보세요(두 번째 예시).", ""),
    ("See the chart (example 2).", "차트를 보세요.", "certain"),
    ("See the chart (example 2).", "차트를 보세요(예시 3).", "certain"),
    ("Figure 4 shows the house.", "아래의 그림은 집을 보여 줍니다.", "review"),
    ("Figure 4 shows the house.", "아래의 표는 집을 보여 줍니다.", "certain"),
    ("Go back to step 3 and wait.", "이전 단계로 돌아가 기다리세요.", "review"),
    ("Figures 4 and 5 show the house.", "위의 두 그림은 집을 보여 줍니다.", "review"),
    ("Call the office in room 101 today.", "오늘 호 사무실로 전화하세요.", "certain"),
    ("There were 4 figures on it.", "위에 그림이 있었습니다.", "certain"),
]


@pytest.mark.parametrize(("english", "korean", "severity"), NUMBERS)
def test_a_number_of_a_saying_or_a_reference_and_a_lost_one(english: str, korean: str, severity: str) -> None:
    said = {sure for code, sure in found(english, korean) if code == "number_lost"}
    assert said == ({severity} if severity else set())


POWERS = ["10^24^", "10<sup>24</sup>", "10²⁴", "10^24", "10^{24}"]
WRONG_POWERS = ["10^23^", "10<sup>23</sup>", "10²³", "1024", "10의 23제곱", "10"]


@pytest.mark.parametrize("there", [*POWERS, "10의 24제곱", "10의 24승"])
@pytest.mark.parametrize("power", POWERS)
def test_a_power_is_the_same_number_however_it_is_raised(power: str, there: str) -> None:
    assert found(f"There are {power} stars.", f"별은 {there}개 있습니다.") == set()


@pytest.mark.parametrize("there", WRONG_POWERS)
@pytest.mark.parametrize("power", POWERS)
def test_another_power_is_not(power: str, there: str) -> None:
    assert ("number_lost", "certain") in found(f"There are {power} stars.", f"별은 {there}개 있습니다.")


@pytest.mark.parametrize(
    ("english", "right", "wrong"),
    [
        ("It weighs 10^-6^ g.", "무게는 10⁻⁶ g입니다.", "무게는 10⁶ g입니다."),
        ("It weighs 10<sup>−6</sup> g.", "무게는 10⁻⁶ g입니다.", "무게는 10⁻⁷ g입니다."),
        ("CO~2~ is a gas.", "CO₂는 기체입니다.", "CO₃는 기체입니다."),
        ("CO~2~ is a gas.", "이산화탄소는 기체입니다.", "탄소는 기체입니다."),
        ("H~2~O is wet.", "H₂O는 젖어 있습니다.", "H₃O는 젖어 있습니다."),
    ],
)
def test_raised_and_lowered_numbers_in_other_characters(english: str, right: str, wrong: str) -> None:
    assert found(english, right) == set()
    assert ("number_lost", "certain") in found(english, wrong)


def test_square_metres_in_a_word() -> None:
    assert ("number_lost", "certain") not in found("It has 5 m^2^ of floor.", "바닥은 5제곱미터입니다.")
    assert ("number_lost", "certain") in found("It has 5 m^2^ of floor.", "바닥은 5미터입니다.")


def test_a_field_in_english_is_one_finding_and_as_sure_as_the_surer_check() -> None:
    text = "The stairs of the old house are steep, so hold on to the rail."
    (both,) = issues_of_text(text, text, CHECKS, {"field": "output", "path": "output"})
    assert (both["code"], both["severity"], both["target_span"]) == ("untranslated", "certain", [0, len(text)])
    short = "Stairs of wood creak."
    alone = {
        c: issues_of_text(short, short, {c: CHECKS[c]}, {"field": "output"}) for c in ("untranslated", "no_korean")
    }
    (one,) = issues_of_text(short, short, CHECKS, {"field": "output", "path": "output"})
    assert [alone[c][0]["severity"] for c in alone] == ["review", "certain"] and one["severity"] == "certain"
    (two_words,) = issues_of_text("red car", "red car", CHECKS, {"field": "output", "path": "output"})
    assert two_words["code"] == "no_korean"
    mixed = f"{text} 난간을 잡으세요."
    assert [i["code"] for i in issues_of_text(text, mixed, CHECKS, {"field": "output"})] == ["untranslated"]
