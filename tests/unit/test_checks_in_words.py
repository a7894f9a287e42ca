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
    ("Run `git checkout BRANCH_NAME` first.", "먼저 `git 체크아웃 브랜치_이름`을 실행하세요.", "certain"),
    ("Use `parse_args` here.", "여기에 `인자_파싱`을 쓰세요.", "certain"),
    (
        "Put `table_name` in:\n\n```py\ntable_name = 1\n```",
        "`테이블_명`을 넣으세요:\n\n```py\ntable_name = 1\n```",
        "certain",
    ),
]


@pytest.mark.parametrize(("english", "korean", "severity"), NAMES)
def test_a_name_that_may_be_said_in_words_is_for_review_and_damage_is_certain(
    english: str, korean: str, severity: str
) -> None:
    assert {sure for code, sure in found(english, korean) if code == "code_mixed"} == {severity}
