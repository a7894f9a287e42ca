"""code_only, code_mixed, math_symbol: what they find and what they leave alone."""

from __future__ import annotations

import pytest

from hunmin.translation.checks import code_mixed, code_only, math_symbol

CODE = (
    'def area(width, height):\n    if width < 0:\n        raise ValueError("negative width")\n    return width * height'
)


@pytest.mark.parametrize(
    ("changed", "severity"),
    [
        (CODE.replace("area", "넓이"), "certain"),
        (CODE.replace("<", "<="), "certain"),
        (CODE.replace("        raise", "    raise"), "certain"),
        (CODE.replace("negative width", "음수 너비"), "review"),
        (CODE.replace("negative width", "negativ width"), "certain"),
    ],
)
def test_code_only_finds(changed, severity):
    (one,) = code_only.find(CODE, changed, {})
    assert one["severity"] == severity and one["source_span"] == [0, len(CODE)]


@pytest.mark.parametrize(
    "same", [CODE, CODE + "\n", CODE.replace("return width", "# 넓이\n    return width").replace("# 넓이\n    ", "")]
)
def test_code_only_is_silent(same):
    assert code_only.find(CODE, same, {}) == []


def test_translated_comments_are_wanted():
    original = "x = 1  # the start\nprint(x)"
    assert code_only.find(original, "x = 1  # 시작\nprint(x)", {}) == []


def test_a_block_of_plain_text_is_for_review_and_a_unit_may_be_glued():
    assert [i["severity"] for i in code_only.find("```\nHello!\n```", "```\n안녕!\n```", {})] == ["review"]
    assert code_only.find("x = 5 cm, y = 7 cm", "x = 5cm, y = 7cm", {}) == []
    assert math_symbol.find("It is 2(5 + 3) = 16 cm.", "둘레는 2(5 + 3) = 16cm입니다.", {}) == []
    assert math_symbol.find("It is 2(5 + 3) = 16 cm.", "둘레는 2(5 + 3) = 18cm입니다.", {})


@pytest.mark.parametrize(
    ("english", "korean", "lost"),
    [
        ("Call `input()` at the end.", "끝에서 `input ()`을 부르세요.", "`input()`"),
        ("Rename the column last_name.", "열 이름 성을 바꾸세요.", "last_name"),
        ("Open data/a.csv first.", "먼저 그것을 여세요.", "data/a.csv"),
        ("Use getUser() here.", "여기서 사용자얻기()를 쓰세요.", "getUser()"),
        ("Run it with --fast.", "빠르게 실행하세요.", "--fast"),
    ],
)
def test_code_mixed_finds(english, korean, lost):
    (one,) = code_mixed.find(english, korean, {})
    assert english[slice(*one["source_span"])] == lost and one["severity"] == "certain"


def test_code_mixed_finds_a_changed_block():
    english = "Try this:\n```python\nfor i in range(3):\n    print(i)\n```\nIt counts."
    korean = "해 보세요:\n```python\n범위(3)의 i에 대해:\n    인쇄(i)\n```\n셉니다."
    (one,) = code_mixed.find(english, korean, {})
    assert one["severity"] == "certain" and korean[slice(*one["target_span"])].startswith("```python")


def test_code_mixed_finds_translated_sql_between_prose():
    english = "Mend this query.\nselect name, city\nfrom people\nwhere age > 3"
    korean = "이 질의를 고치세요.\n이름, 도시 선택\npeople에서\n나이 > 3인 곳"
    assert [i["severity"] for i in code_mixed.find(english, korean, {})] == ["certain"]


def test_code_mixed_lone_name_is_for_review():
    (one,) = code_mixed.find("read the first 10 lines from f", "에서 처음 10줄을 읽습니다.", {})
    assert one["severity"] == "review"


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("Call `input()` at the end.", "끝에서 `input()`을 부르세요."),
        ("I bought an iPhone on eBay.", "이베이에서 아이폰을 샀습니다."),
        ("The file report.pdf is big. Open report.pdf.", "report.pdf 파일은 큽니다. 여세요."),
        ("Use getUser() here.", "여기서는 `getUser()`를 씁니다."),
        ("Select the best answer from the list.", "목록에서 가장 좋은 답을 고르세요."),
    ],
)
def test_code_mixed_is_silent(english, korean):
    assert code_mixed.find(english, korean, {}) == []


def test_code_mixed_without_original():
    assert code_mixed.find("", "```python\nprint(1)", {})[0]["severity"] == "certain"
    assert code_mixed.find("", "`합계(값)`을 부르세요.", {})[0]["severity"] == "review"
    assert code_mixed.find("", "`sum(x)`을 부르세요.", {}) == []


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("Solve $x^2 - 4 = 0$.", "$x2 - 4 = 0$을 푸세요."),
        ("We have \\[ \\frac{a}{b} \\ge 1. \\]", "다음을 얻습니다. \\[ \\분수{a}{b} \\ge 1. \\]"),
        ("∃x∀y(soldier(x)→general(x,y))", "∃X∀Y(병사(X)→장군(X,Y))"),
        ("For 2x + 3 ≤ 11 it holds.", "2x + 3 < 11이면 성립합니다."),
        ("Here x^3 - 8 = 0 holds.", "x² - 8 = 0이 성립합니다."),
        ("Here 2q^2 = p^2 holds.", "2q2 = p^2이 성립합니다."),
    ],
)
def test_math_symbol_finds(english, korean):
    found = math_symbol.find(english, korean, {})
    assert [i["severity"] for i in found] == ["certain"]


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("Solve $x^2 - 4 = 0$.", "$x^2-4=0$을 푸세요."),
        ("8 × 1,500 = 12,000 won", "8 × 1500 = 12000원"),
        ("10^3 = 1000", "10³ = 1000"),
        ("Here x² + 1 = 5 holds.", "x^2 + 1 = 5가 성립합니다."),
        ("$a = b \\text{ if } c$", "$a = b \\text{ 만약 } c$"),
        ("It costs $5, not $10.", "10달러가 아니라 5달러입니다."),
        ("Profit = price minus cost", "이익 = 가격 - 비용"),
    ],
)
def test_math_symbol_is_silent(english, korean):
    assert math_symbol.find(english, korean, {}) == []
