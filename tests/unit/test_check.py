"""The check stage: issues on records and chats, data sets left in English, no original, the model's question."""

from __future__ import annotations

import json

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.stages import check
from hunmin.translation.checks import sense

from ..fakes.openai_server import OpenAIServer

PAIR = {
    "id": "a",
    "instruction": "커피값은 얼마인가요?",
    "output": "커피는 4,000원입니다.",
    "original": {"instruction": "What does coffee cost?", "output": "Coffee costs 4,500 won."},
}


def run(tmp_path, rows, config=None, **more):
    write_jsonl(tmp_path / "in.jsonl", rows)
    inputs = Inputs(label="check", records=tmp_path / "in.jsonl", spend=Spend(ledger=tmp_path / "l.sqlite"), **more)
    counts = check.run(config or check.Config(), inputs, tmp_path / "out")
    return list(read_jsonl(tmp_path / "out" / "records.jsonl")), counts.notes


def test_issues_carry_their_field_and_spans(tmp_path):
    (record,), notes = run(tmp_path, [PAIR])
    (issue,) = record["issues"]
    assert issue["code"] == "number_lost" and issue["field"] == "output" and issue["status"] == "open"
    assert PAIR["original"]["output"][slice(*issue["source_span"])] == "4,500"
    assert PAIR["output"][slice(*issue["target_span"])] == "4,000"
    assert notes["issues"] == {"number_lost": 1} and notes["records_with_certain"] == 1


def test_texts_and_earlier_issues_stay(tmp_path):
    earlier = {"code": "own", "field": "output", "severity": "review", "status": "open"}
    (record,), _ = run(tmp_path, [{**PAIR, "issues": [earlier]}])
    assert record["output"] == PAIR["output"] and record["issues"][0] == earlier and len(record["issues"]) == 2


def test_chats_are_compared_message_by_message(tmp_path):
    chat = {
        "id": "c",
        "messages": [
            {"role": "user", "content": "문장의 문법 오류를 고치세요."},
            {"role": "assistant", "content": "그는 시간이 없습니다."},
        ],
        "original": {
            "messages.0.content": 'Correct the grammar mistakes: "He don\'t has time."',
            "messages.1.content": "He doesn't have time.",
        },
    }
    (record,), _ = run(tmp_path, [chat])
    assert {(i["code"], i["field"]) for i in record["issues"]} >= {("task_broken", "messages.1.content")}


def test_a_field_never_translated_is_found_in_every_record(tmp_path):
    answers = [
        "Positive",
        "x = 4",
        "😌",
        "A long answer that nobody translated.",
        "True",
        "print(1)",
        "C",
        "42",
        "demo",
    ]
    rows = [
        {
            "id": str(i),
            "instruction": "무엇인가요?",
            "output": text,
            "original": {"instruction": "What is it?", "output": text},
        }
        for i, text in enumerate(answers)
    ]
    records, notes = run(tmp_path, rows)
    assert notes["never_translated"] == ["output"]
    assert all([i["code"] for i in r["issues"]] == ["untranslated"] for r in records)


def test_an_english_data_set_is_not_called_untranslated(tmp_path):
    rows = [
        {"id": str(i), "instruction": "Say x.", "output": "x", "original": {"instruction": "Say x.", "output": "x"}}
        for i in range(9)
    ]
    _, notes = run(tmp_path, rows)
    assert notes["never_translated"] == []


def test_without_original_it_says_so(tmp_path, caplog):
    rows = [{"id": "a", "instruction": "안내서를 쓰세요.\n를 작성합니다.", "output": "네."}]
    (record,), notes = run(tmp_path, rows)
    assert [i["code"] for i in record["issues"]] == ["cut_off"] and notes["texts_without_original"] == 2
    assert "have no original" in caplog.text


def test_unknown_check_and_missing_model_are_told():
    assert "did you mean 'number_lost'" in check.check(check.Config(checks=["numbers_lost"]))[0]
    assert "name one" in check.check(check.Config(checks=["sense"]))[0]
    assert check.check(check.Config()) == [] and not check.paid(check.Config())
    assert check.paid(check.Config(checks=["sense"], model="m"))


def test_a_check_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "own_check.py").write_text(
        "def find(original, text, context):\n"
        "    return [{'code': 'own', 'severity': 'review', 'field': '', 'source_span': None, 'target_span': None,"
        " 'detail': text, 'status': 'open'}] if '커피' in text else []\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    (record,), _ = run(tmp_path, [PAIR], check.Config(checks=["own_check:find"]))
    assert [(i["code"], i["field"]) for i in record["issues"]] == [("own", "instruction"), ("own", "output")]


def test_sense_asks_once_and_keeps_what_it_cannot_read(tmp_path):
    reply = json.dumps(
        {"errors": [{"field": "output", "english": "4,500 won", "korean": "4,000원", "reason": "값이 다릅니다."}]}
    )
    with OpenAIServer(
        lambda n, body: reply if "coffee" in body["messages"][-1]["content"] else "모르겠습니다"
    ) as server:
        config = check.Config(checks=["sense"], model="m", base_url=server.base_url)
        other = {**PAIR, "id": "b", "original": {"instruction": "Tea?", "output": "Tea costs 4,000 won."}}
        (first, second), notes = run(tmp_path, [PAIR, other], config)
        assert len(server.chats) == 3  # one readable answer, one question asked twice
    (issue,) = first["issues"]
    assert issue["code"] == "sense" and issue["target_span"] == [4, 10] and issue["severity"] == "review"
    assert "unparsed" in second["issues"][0]["detail"]
    assert notes["paid"]


def test_sense_reads_strictly():
    assert sense.parse('{"errors": []}', PAIR) == []
    assert sense.parse("no JSON", PAIR) is None
    assert sense.parse('{"errors": [{"field": "title", "reason": ""}]}', PAIR) is None
    (issue,) = sense.parse('{"errors": [{"field": "output", "english": "tea", "korean": "차", "reason": "r"}]}', PAIR)
    assert issue["source_span"] is None and issue["target_span"] is None


def test_sense_keeps_what_the_model_is_sure_of_and_no_number_stands_for_an_unread_one():
    def reply(sure):
        row = '{"field": "output", "english": "tea", "korean": "차", "reason": "r", "sure": '
        return '{"errors": [' + row + sure + "}]}"

    assert [i["sure"] for i in sense.parse(reply("80"), PAIR, graded=True)] == [80]
    assert [i["sure"] for i in sense.parse(reply('"70 %"'), PAIR, graded=True)] == [70]
    for unread in ("null", '"high"', "true", "-1", "101", "[]"):
        assert sense.parse(reply(unread), PAIR, graded=True) is None
    assert sense.parse('{"errors": []}', PAIR, graded=True) == []
    assert "sure" not in sense.parse(reply("80"), PAIR)[0]
    (plain,), (graded,) = sense.units(PAIR), sense.units(PAIR, graded=True)
    assert "how sure" in graded.body["messages"][0]["content"] and plain.prompt == "sense_check"
    assert "how sure" not in plain.body["messages"][0]["content"], "what was asked before keeps its key"


def test_sense_below_the_wanted_sureness_is_left_out(tmp_path):
    def script(n, body):
        return '{"errors": [{"field": "output", "english": "", "korean": "", "reason": "r", "sure": 40}]}'

    rows = [PAIR | {"id": "a"}, PAIR | {"id": "b", "output": "다른 글"}]
    with OpenAIServer(script) as server:
        for least, n in ((30, 2), (50, 0)):
            config = check.Config(checks=["sense"], model="m", base_url=server.base_url, sense_min_sure=least)
            records, _ = run(tmp_path / str(least), rows, config=config)
            assert sum(len(r["issues"]) for r in records) == n
