"""The repair stage: what it mends, what it leaves, and that it never makes a text worse."""

from __future__ import annotations

import pytest

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.stages import check, repair
from hunmin.translation.checks import DEFAULT
from hunmin.translation.checks.find_issues import context_of, issues_of, issues_of_text, resolve_checks
from hunmin.translation.checks.planted import planted
from hunmin.translation.repairs.mend_record import Outcome, better, mend_record, mend_text
from hunmin.translation.repairs.propose import propose, take_all

from ..fakes.openai_server import OpenAIServer

CHECKS = resolve_checks(DEFAULT)


def both(english: str, korean: str, field: str = "output", instruction: str = "") -> tuple[str, str]:
    """Give the text as repair leaves it unasked, and with every proposed mend taken."""
    context = {"field": field, "path": field, "instruction": instruction}
    issues = issues_of_text(english, korean, CHECKS, context)
    assert issues, "nothing found to mend"
    text, left, log = mend_text(english, korean, issues, CHECKS, context, Outcome())
    for entry in log:
        assert entry["after"] == entry["before"][: entry["start"]] + entry["text"] + entry["before"][entry["end"] :]
    return text, take_all(text, propose(english, text, left, CHECKS, context))


def test_a_mend_that_brings_another_issue_is_undone_and_counted():
    english, korean = "It fed 412 students.", "학생 421명이 먹었습니다."
    context = {"field": "output", "path": "output", "instruction": ""}
    issues = issues_of_text(english, korean, CHECKS, context)
    (lost,) = issues

    def spiteful(original, text, context):
        return [] if text == korean else [{**lost, "code": "spiteful"}]

    outcome = Outcome()
    text, left, log = mend_text(english, korean, issues, {**CHECKS, "spiteful": spiteful}, context, outcome)
    assert (text, left, log) == (korean, issues, []) and outcome.undone == {"number_lost": 1} and not outcome.kept


@pytest.mark.parametrize(
    ("english", "spoiled", "good"),
    [
        ("Call `input()` now.", "지금 `input ()`을 부르세요.", "지금 `input()`을 부르세요."),
        ("Use `useEffect()` here.", "여기 `효과 사용()`을 쓰세요.", "여기 `useEffect()`을 쓰세요."),
        ("`range(10)` and `len(x)`.", "`범위(10)` 및 `길이(x)`.", "`range(10)` 및 `len(x)`."),
        ("def f(x):\n    return x", "def 함수(x):\n    return x", "def f(x):\n    return x"),
        (
            "Run it:\n\n```python\nprint(total)  # show it\n```\n",
            "실행:\n\n```python\nprint(합계)  # 보여 줍니다\n```\n",
            "실행:\n\n```python\nprint(total)  # 보여 줍니다\n```\n",
        ),
        (
            "Run it:\n\n```python\nif x:\n    go(x)\n```\n",
            "실행:\n\n```python\nif x:\ngo(x)\n```\n",
            "실행:\n\n```python\nif x:\n    go(x)\n```\n",
        ),
        ("It fed 412 students.", "학생 421명이 먹었습니다.", "학생 412명이 먹었습니다."),
        ("It holds 3.25 l.", "325 l가 들어갑니다.", "3.25 l가 들어갑니다."),
        ("See https://a.example/b now.", "지금 https://에이.example/b를 보세요.", "지금 https://a.example/b를 보세요."),
        ("See https://a.example/b now.", "지금 https:/ /a.example/b 를 보세요.", "지금 https://a.example/b 를 보세요."),
        ("At {time} we meet.", "{시간}에 만납니다.", "{time}에 만납니다."),
        ("Solve $\\frac{a}{2}$.", "$\\분수{a}{2}$를 푸세요.", "$\\frac{a}{2}$를 푸세요."),
        (
            "| a | b |\n|---|---|\n| c | d |",
            "| 가 | 나 |\n|------|\n| 다 | 라 |",
            "| 가 | 나 |\n|---|---|\n| 다 | 라 |",
        ),
    ],
)
def test_mends_unasked(english, spoiled, good):
    assert both(english, spoiled) == (good, good)


@pytest.mark.parametrize(
    ("english", "spoiled", "good"),
    [
        ("Make a branch called fix-typo.", "수정-오타라는 브랜치를 만드세요.", "fix-typo라는 브랜치를 만드세요."),
        ("Solve $x^2 = 4$.", "$x2 = 4$를 푸세요.", "$x^2 = 4$를 푸세요."),
        ("∃x∀y(p(x)→q(x,y)) holds.", "∃X∀Y(병사(X)→장군(X,Y))가 성립합니다.", "∃x∀y(p(x)→q(x,y))가 성립합니다."),
        ("Wait 30 minutes.", "분 동안 기다리세요.", "30분 동안 기다리세요."),
        ("The room holds 16 people.", "방에는 명이 들어갑니다.", "방에는 16명이 들어갑니다."),
        ("We open at 9 a.m. on Friday.", "금요일에는 오전 시에 엽니다.", "금요일에는 오전 9시에 엽니다."),
        ("Oil it every 200 km.", "200 m마다 기름을 칩니다.", "200 km마다 기름을 칩니다."),
        ("It costs $10.", "값은 10입니다.", "값은 10달러입니다."),
        ("Company: [Name]\nJob: cook", "회사: 회사명]: [회사명\n직무 요리사", "회사: [Name]\n직무: 요리사"),
        ("# Title\nText here.", "제목\n여기 글.", "# 제목\n여기 글."),
        ("**Note:** wait a moment.", "참고: 잠시 **기다리세요**.", "**참고:** 잠시 기다리세요."),
        ("Call `print` now.", "지금 print를 부르세요.", "지금 `print`를 부르세요."),
        ("From: Seoul\nTo: Busan", "에서: 서울\nTo: 부산", "보내는 곳: 서울\n받는 곳: 부산"),
    ],
)
def test_proposes(english, spoiled, good):
    assert both(english, spoiled) == (spoiled, good)


def test_the_input_of_a_form_task_is_proposed():
    instruction = "Correct the grammar mistakes in the sentence."
    english, korean = "She don't have no time.", "그녀는 시간이 없습니다."
    assert both(english, korean, "input", instruction) == (korean, english)


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("Wait for 30 seconds, then go.", "기다렸다가 가세요."),  # its whole phrase is gone: no hole shows
        ("It stops for 17 minutes on the way.", "이 순간 여행 시간은 도중에 멈춥니다."),
        ("Write to [Name] and to [Firm].", "[이름에게, 그리고 회사에 쓰세요."),
        ("It is dry. It is hot today. It is late.", "건조합니다. 늦었습니다."),
    ],
)
def test_what_it_cannot_place_stays_as_it_was(english, korean):
    context = {"field": "output", "path": "output"}
    issues = issues_of_text(english, korean, CHECKS, context)
    text, left, log = mend_text(english, korean, issues, CHECKS, context, Outcome())
    taken = take_all(text, propose(english, text, left, CHECKS, context))
    assert left and text == korean and not log
    assert taken == korean or "[" in korean


def test_an_edit_that_is_no_better_is_undone():
    certain = {"severity": "certain"}
    review = {"severity": "review"}
    assert better([], [review]) and better([review], [certain])
    assert (
        not better([review], [review]) and not better([certain, review], [certain]) and not better([certain], [review])
    )


def test_a_record_keeps_its_log_and_statuses():
    record = {
        "id": "a",
        "instruction": "값은?",
        "output": "값은 4,000원입니다. It is a very good price for the tea.",
        "original": {"instruction": "The price?", "output": "It is 4,500 won. It is a very good price for the tea."},
    }
    record["issues"] = issues_of(record, CHECKS)
    outcome = Outcome()
    new = mend_record(record, CHECKS, outcome)
    assert new["output"].startswith("값은 4,500원입니다.")
    assert [(r["field"], r["check"], r["before"]) for r in new["repairs"]] == [
        ("output", "number_lost", record["output"])
    ]
    assert {(i["code"], i["status"]) for i in new["issues"]} == {("number_lost", "mended"), ("untranslated", "open")}
    assert dict(outcome.kept) == {"number_lost": 1}
    assert mend_record(new, CHECKS, Outcome()) == new, "mending twice changes nothing"


def test_context_of_a_chat_is_the_question_before():
    record = {
        "messages": [{"role": "user", "content": "가"}, {"role": "assistant", "content": "나"}],
        "original": {"messages.0.content": "Fix the grammar.", "messages.1.content": "b"},
    }
    assert context_of(record, "messages.1.content")["instruction"] == "Fix the grammar."
    assert context_of(record, "messages.1.content")["field"] == "output"


def run(tmp_path, rows, config):
    write_jsonl(tmp_path / "in.jsonl", rows)
    spend = Spend(ledger=tmp_path / "l.sqlite")
    check.run(check.Config(), Inputs(label="check", records=tmp_path / "in.jsonl", spend=spend), tmp_path / "check")
    inputs = Inputs(label="repair", records=tmp_path / "check" / "records.jsonl", spend=spend)
    counts = repair.run(config, inputs, tmp_path / "repair")
    return list(read_jsonl(tmp_path / "repair" / "records.jsonl")), counts.notes


SENTENCES = {
    "id": "s",
    "instruction": "알려 주세요.",
    "output": "시장은 일찍 문을 엽니다. 정오 전에 오세요.",
    "original": {
        "instruction": "Tell me.",
        "output": "The market opens early. My neighbor sells 3 kinds of fruit there. Come before noon.",
    },
}


def test_a_missing_sentence_is_translated_alone_with_its_neighbours(tmp_path):
    with OpenAIServer(lambda n, body: '{"translation": "이웃은 거기서 과일 3가지를 팝니다."}') as server:
        config = repair.Config(engine="llm", model="m", base_url=server.base_url)
        (record,), notes = run(tmp_path, [SENTENCES], config)
        (chat,) = server.chats
    assert record["output"] == "시장은 일찍 문을 엽니다. 이웃은 거기서 과일 3가지를 팝니다. 정오 전에 오세요."
    assert "Come before noon." in chat["messages"][0]["content"]
    assert chat["messages"][-1]["content"].startswith("My neighbor sells")
    assert all(i["status"] == "mended" for i in record["issues"]) and notes["records_left"] == 0
    assert all("asked" not in i for i in record["issues"])


def test_a_bad_reply_is_not_kept(tmp_path):
    with OpenAIServer(lambda n, body: '{"translation": "I cannot translate this text for you, sorry."}') as server:
        config = repair.Config(engine="llm", model="m", base_url=server.base_url)
        (record,), notes = run(tmp_path, [SENTENCES], config)
        assert len(server.chats) == 1
    assert record["output"] == SENTENCES["output"] and notes["records_left"] == 1


def test_an_issue_code_nobody_mends_is_told_and_stays(tmp_path, caplog):
    issue = {"code": "cut_of", "severity": "review", "field": "output", "source_span": None, "target_span": None,
             "detail": "", "status": "open"}  # fmt: skip
    (record,), notes = run(tmp_path, [{**SENTENCES, "issues": [issue]}], repair.Config())
    assert issue in record["issues"]
    assert "record s, field 'output'" in caplog.text and "did you mean 'cut_off'" in caplog.text


def test_options_are_checked():
    assert "did you mean 'markup'" in repair.check(repair.Config(mends=["markups"]))[0]
    assert repair.check(repair.Config()) == [] and not repair.paid(repair.Config())


def test_the_planted_errors_of_the_sample(tmp_path):
    from hunmin.artifacts.record import texts, with_texts

    data = repair.Path(repair.__file__).parent.parent / "data"
    replies = {(r["id"], r["field"]): r["reply"] for r in read_jsonl(data / "replies.jsonl")}
    rows = []
    for english in read_jsonl(data / "en.jsonl"):
        fields = texts(english)
        rows.append({**with_texts(english, {p: replies[english["id"], p] for p in fields}), "original": fields})
    records, notes = run(tmp_path, rows, repair.Config())
    counts = planted(records, data / "labels.jsonl")
    assert counts["found"] == counts["planted"] == 49
    assert counts["mended"] >= 7 and counts["mended"] + counts["proposed"] >= 37
    assert counts["clean_fields_flagged"] <= 3
    good = {r["id"]: texts(r) for r in read_jsonl(data / "ko.jsonl")}
    for record in records:
        for entry in record.get("repairs", ()):
            assert entry["before"] != entry["after"]
    taken = [
        {
            p: take_all(t, [i for i in r["issues"] if i["field"] == p and i["status"] == "open"])
            for p, t in texts(r).items()
        }
        for r in records
    ]
    assert sum(t == good[r["id"]] for r, t in zip(records, taken, strict=True)) >= 105
