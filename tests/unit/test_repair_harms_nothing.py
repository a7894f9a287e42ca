"""Repair cannot harm: what it may never do, and properties that hold for any pair of texts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hunmin.artifacts.record import texts
from hunmin.translation.checks import DEFAULT
from hunmin.translation.checks.find_issues import issues_of, issues_of_text, resolve_checks
from hunmin.translation.repairs.guards import spliced, true_equations
from hunmin.translation.repairs.mend_record import Outcome, mend_record, mend_text
from hunmin.translation.repairs.propose import propose, take_all, with_proposals
from hunmin.translation.repairs.splice import Edit, between, whole_lines

CHECKS = resolve_checks(DEFAULT)
CONTEXT = {"field": "output", "path": "output"}


def unasked(english: str, korean: str) -> str:
    issues = issues_of_text(english, korean, CHECKS, CONTEXT)
    return mend_text(english, korean, issues, CHECKS, CONTEXT, Outcome())[0]


def taken(english: str, korean: str) -> str:
    issues = issues_of_text(english, korean, CHECKS, CONTEXT)
    return take_all(korean, propose(english, korean, issues, CHECKS, CONTEXT))


FENCED = "```js\nconst total = 1; // the sum\nlet name = 'x';\n```"


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        # a true equation beside a number that is written in another way in the English
        ("He has 16 - 3 - 4 = 9 eggs, so $18.", "그는 16 - 3 - 4 = 9개, 9 * 2 = 18달러입니다."),
        ("Each is .5 of 10.", "각각 10의 0.5 * 10 = 5입니다."),
        # comments well translated, another version of the code beside them
        (FENCED, "```js\nconst total = 2; // 합계\nlet name = 'x';\n```"),
        (FENCED, "```js\nconst sum = 1; // 합계\nlet name = '이름';\n```"),
        # prose beside a listing: never back into English
        (
            "def f(x):\n    return x\n\nfor a in b:\n    print(a)\n\nThis prints each element.",
            "def f(x):\n    return x\n\nfor a in b:\n    print(a)\n\n모든 원소를 출력합니다.",
        ),
        # localisation
        ("See https://en.example.org/wiki/Sun now.", "지금 https://ko.example.org/wiki/해 를 보세요."),
        ("See https://example.com/user-guide now.", "지금 https://example.com/사용자-가이드 를 보세요."),
        ("Write `Hello` into it.", "거기에 `안녕`이라고 쓰세요."),
        ("Run `npm install <your-package>`.", "`npm install <내-패키지>`를 실행하세요."),
        ('<img alt="a cat" src="c.png">', '<img alt="고양이" src="c.png">'),
        # numbers: nothing is put into prose, nothing of a power is cut off
        ("About 10 people.", "사람 약 10^23명."),
        ("It has 3 rooms and 40 beds.", "방과 침대가 있습니다."),
        ("It is 1. 2. 3.", "하나, 둘, 셋입니다."),
    ],
)
def test_nothing_is_mended_unasked(english, korean):
    assert unasked(english, korean) == korean


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("He has 16 - 3 - 4 = 9 eggs, so $18.", "그는 16 - 3 - 4 = 9개, 9 * 2 = 18달러입니다."),
        ("5 + 5 = 10 and 7.", "5 + 5 = 10, 5 + 1 = 6입니다."),
        ("About 10 people.", "사람 약 10^23명."),
        ("Install it with `vite` and go.", "Invitely 설치하세요."),
        ("See https://example.com/user-guide.", "https://example.com/사용자가이드 보세요."),
    ],
)
def test_no_proposal_breaks_an_equation_or_splices_a_word(english, korean):
    after = taken(english, korean)
    assert true_equations(korean) <= true_equations(after)
    assert (
        "I`nvite`ly" not in after and "In`vite`ly" not in after and "가이드 " not in after.replace("사용자가이드", "")
    )


def test_the_code_comes_back_and_the_comments_stay():
    english = "```python\ndef area(w, h):  # width, height\n    # multiply both\n    return w * h\n```"
    korean = "```python\ndef 넓이(w, h):  # 너비, 높이\n    # 둘을 곱합니다\n    return w * h\n```"
    good = "```python\ndef area(w, h):  # 너비, 높이\n    # 둘을 곱합니다\n    return w * h\n```"
    assert unasked(english, korean) == good


def test_a_changed_operator_is_proposed_with_the_korean_comment():
    english = "```python\nif a <= b:  # not more\n    go()\n```"
    korean = "```python\nif a < b:  # 넘지 않으면\n    go()\n```"
    assert unasked(english, korean) == korean
    assert taken(english, korean) == korean.replace("a < b", "a <= b")


def test_only_what_is_certain_is_mended():
    record = {
        "id": "a",
        "instruction": "고치세요.",
        "output": "지금 `input ()`을 부르세요.",
        "original": {"instruction": "Mend.", "output": "Call `input()` now."},
    }
    issues = issues_of(record, CHECKS)
    certain = mend_record({**record, "issues": issues}, CHECKS, Outcome())
    assert certain["output"] == "지금 `input()`을 부르세요." and certain["issues"][0]["status"] == "mended"
    unsure = {**record, "issues": [{**i, "severity": "review"} for i in issues]}
    assert mend_record(unsure, CHECKS, Outcome()) == unsure
    offered = with_proposals(unsure, CHECKS)
    assert take_all(record["output"], offered["issues"]) == certain["output"]
    assert with_proposals(offered, CHECKS) == offered
    assert mend_record({**record, "issues": []}, CHECKS, Outcome())["output"] == record["output"]


@pytest.mark.parametrize(
    ("text", "edit", "bad"),
    [
        ("Invite 하세요", Edit(2, 6, "`vite`"), True),
        ("https://example.com/사용자-가이드", Edit(0, 24, "https://example.com/user-guide"), True),
        ("https://example.com/안내를", Edit(0, 22, "https://example.com/guide"), False),
        ("약 10^23명", Edit(2, 4, "12"), True),
        ("지금 print를", Edit(3, 8, "`print`"), False),
        ("x = 3명", Edit(4, 4, "1"), True),
    ],
)
def test_spliced(text, edit, bad):
    assert spliced(text, edit) is bad


def test_true_equations():
    assert true_equations("2 + 3 = 5, 2 * 3 = 7, $1.50 x 2 = $3, .5 * 4 = 2, 10 / 4 = 2.5개") == {
        "2+3=5", "$1.50x2=$3", ".5*4=2", "10/4=2.5",
    }  # fmt: skip


# Pieces that real texts are made of, so that random texts meet the rules.
ENGLISH = [
    "Use `f(x)` now.",
    "It has 412 seats.",
    "See https://a.example/b.",
    "{name} is here.",
    "$x^2 = 4$",
    "x <= 3",
    "**Note:** go.",
    "# Title",
    "- item",
    "| a | b |",
    "```py\nf(1)  # go\n```",
    "To: Kim",
    "3 + 4 = 7",
    "<b>x</b>",
    "SELECT a FROM b;",
    "It is late.",
    "[Your name]",
    "1. one",
]
KOREAN = [
    "`f(x)`를 쓰세요.",
    "`에프(x)`를 쓰세요.",
    "좌석이 421개입니다.",
    "https://에이.example/b 참고.",
    "{이름}이 있습니다.",
    "$x2 = 4$",
    "x < 3",
    "**참고:** 가세요.",
    "제목",
    "- 항목",
    "| 가 | 나 |",
    "```py\n에프(1)  # 가기\n```",
    "To: 김",
    "3 + 4 = 7",
    "3 + 5 = 8",
    "<굵게>x</굵게>",
    "선택 a 에서 b;",
    "늦었습니다.",
    "[귀하의 이름",
    "1. 하나",
    "10^23",
]


def made(pieces: list[str]) -> st.SearchStrategy[str]:
    part = st.one_of(st.sampled_from(pieces), st.text(alphabet="가나a1 .`*_{}[]()<>|=+^\n", max_size=12))
    return st.lists(part, min_size=1, max_size=5).flatmap(
        lambda parts: st.sampled_from([" ", "\n", "\n\n"]).map(lambda between: between.join(parts))
    )


@settings(max_examples=150, deadline=None)
@given(made(ENGLISH), made(KOREAN))
def test_outside_the_recorded_edits_nothing_changes_and_undoing_them_gives_the_input(english, korean):
    record = {"id": "a", "output": korean, "instruction": "가", "original": {"output": english, "instruction": "a"}}
    record["issues"] = issues_of(record, CHECKS)
    new = with_proposals(mend_record(record, CHECKS, Outcome()), CHECKS)
    now = new["output"]
    for entry in reversed(new.get("repairs", [])):
        assert entry["after"] == now and entry["before"] != now
        assert now == entry["before"][: entry["start"]] + entry["text"] + entry["before"][entry["end"] :]
        now = entry["before"]
    assert now == korean
    assert true_equations(korean) <= true_equations(new["output"])
    spans = {(i["proposal"]["start"], i["proposal"]["end"]) for i in new["issues"] if i.get("proposal")}
    ordered = sorted(spans)
    assert all(a[1] <= b[0] for a, b in zip(ordered, ordered[1:], strict=False)), "proposals of a field never overlap"
    assert all(0 <= a <= b <= len(new["output"]) for a, b in spans)


@settings(max_examples=80, deadline=None)
@given(made(ENGLISH))
def test_a_text_that_is_the_source_is_never_touched(english):
    assert unasked(english, english) == english


def test_the_clean_translations_of_the_sample_come_out_byte_identical():
    from pathlib import Path

    import hunmin
    from hunmin.artifacts.record import read_jsonl

    data = Path(hunmin.__file__).parent / "data"
    english = {r["id"]: texts(r) for r in read_jsonl(data / "en.jsonl")}
    for record in read_jsonl(data / "ko.jsonl"):
        known = {**record, "original": english[record["id"]]}
        known["issues"] = issues_of(known, CHECKS)
        assert texts(mend_record(known, CHECKS, Outcome())) == texts(record)


@given(st.text(alphabet="ab\n", max_size=20), st.text(alphabet="ab\n", max_size=20))
def test_edits_between_two_texts(one, two):
    assert between(one, two).on(one) == two
    whole = Edit(0, len(one), two)
    assert whole_lines(one, whole).on(one) == two


def test_the_commands_of_a_document_come_back_and_its_body_stays():
    english = "\\documentclass{article}\n\\begin{document}\nThis is a simple example of a text.\n\\end{document}"
    korean = "\\문서 클래스{문서}\n\\begin{문서}\n이것은 글의 간단한 예입니다.\n\\end{문서}"
    good = "\\documentclass{article}\n\\begin{document}\n이것은 글의 간단한 예입니다.\n\\end{document}"
    assert taken(english, unasked(english, korean)) == good


def test_lost_indentation_comes_back_and_a_formatters_stays():
    english = "```python\nfor a in b:\n    if a:\n        go(a)\n        end(a)\n```"
    assert unasked(english, english.replace("    ", "")) == english
    formatted = english.replace("    ", "  ")
    assert unasked(english, formatted) == formatted
