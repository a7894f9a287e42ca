"""show: any data file is read as `load` reads it, dropped rows have statistics too, colours go to terminals only."""

from __future__ import annotations

import argparse
import json

import pytest

from hunmin.artifacts.record import write_jsonl
from hunmin.commands import show
from hunmin.errors import UserError


def run(capsys, *argv):
    parser = argparse.ArgumentParser()
    show.add_arguments(parser)
    parser.add_argument("--json", action="store_true")
    assert show.main(parser.parse_args([str(a) for a in argv])) == 0
    return capsys.readouterr().out


def test_statistics_of_a_source_file_count_what_load_would_read(capsys, tmp_path):
    rows = [{"instruction": f"Question {i}?", "context": "", "response": f"대답 {i}입니다."} for i in range(3)]
    for name, text in (
        ("rows.jsonl", "".join(json.dumps(r) + "\n" for r in [*rows, {"instruction": "?", "response": None}])),
        ("rows.json", json.dumps([*rows, {"instruction": "?", "response": None}])),
    ):
        (tmp_path / name).write_text(text)
        found = json.loads(run(capsys, tmp_path / name, "--stats", "--json"))
        assert found["records"] == 3 and found["asked_and_answered_in"] == {"en -> ko": 3}
        assert found["bad_rows"] == {"field 'response': expected text, got null": 1}
    assert "대답 0입니다." in run(capsys, tmp_path / "rows.json", "-n", "1")


def test_statistics_of_dropped_rows_are_those_of_their_records(capsys, tmp_path):
    record = {"id": "a", "source": "s", "instruction": "질문", "output": "대답입니다."}
    write_jsonl(tmp_path / "dropped.jsonl", [{"stage": "x", "reason": "low_score", "detail": None, "record": record}])
    found = json.loads(run(capsys, tmp_path, "--dropped", "--stats", "--json"))
    assert found["asked_and_answered_in"] == {"ko -> ko": 1} and found["sources"]["s"]["records"] == 1


def test_no_colours_off_a_terminal_and_no_rows_that_are_none(capsys, tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{"id": "a", "source": "s", "instruction": "질문", "output": "답"}])
    out = run(capsys, tmp_path / "in.jsonl")
    assert out.startswith("a  s\n") and "\033" not in out
    (tmp_path / "list.jsonl").write_text("[1]\n")
    with pytest.raises(UserError, match="expected an object, got list"):
        run(capsys, tmp_path / "list.jsonl")


def test_thinking_weights_and_tool_calls_are_shown(capsys, tmp_path):
    turns = [
        {"role": "user", "content": "날씨?"},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "weather"}}]},
        {"role": "tool", "content": "맑음"},
        {"role": "assistant", "content": "맑아요.", "thinking": "결과를 옮긴다.", "weight": 0},
    ]
    rows = [
        {"id": "a", "source": "s", "messages": turns},
        {"id": "b", "source": "s", "instruction": "2+2?", "thinking": "둘 더하기 둘", "output": "4", "label": False},
    ]
    write_jsonl(tmp_path / "records.jsonl", rows)
    told = run(capsys, tmp_path / "records.jsonl")
    assert "[assistant, weight 0: not learned]" in told and "결과를 옮긴다." in told and '"name": "weather"' in told
    assert told.index("둘 더하기 둘") < told.index("\n    4\n") and "label: false" in told


def test_long_fields_are_cut_unless_full_and_issues_are_sentences(tmp_path, capsys):
    issue = {"code": "number_lost", "severity": "certain", "status": "open", "field": "output", "detail": "412"}
    row = {"id": "a", "source": "t", "instruction": "센다", "output": "가" * 2000, "issues": [issue]}
    row["original"] = {"instruction": "Count"}
    path = tmp_path / "r.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    out = run(capsys, path)
    assert "... 1,400 more characters: --full" in out and "ko  센다" in out and "en  Count" in out
    assert "number lost in output (412): surely wrong, still there" in out and "\x1b" not in out
    assert "가" * 2000 in run(capsys, path, "--full")
