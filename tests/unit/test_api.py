from __future__ import annotations

import pytest

import hunmin
from hunmin.errors import UserError


def test_records_round_trip_and_malformed_ones_are_named(tmp_path):
    rows = [{"id": f"r{i}", "source": "t", "instruction": f"질문 {i}", "output": "답"} for i in range(5)]
    assert hunmin.write_records(tmp_path / "r.jsonl", rows) == 5
    assert hunmin.load_records(tmp_path / "r.jsonl") == rows
    with pytest.raises(UserError, match="record r9: field 'output'"):
        hunmin.write_records(tmp_path / "bad.jsonl", [{"id": "r9", "source": "t", "instruction": "질문", "output": ""}])
    assert not (tmp_path / "bad.jsonl").exists()


def test_any_table_loads_with_columns(tmp_path):
    (tmp_path / "t.csv").write_text("Q,A\n안녕,반갑습니다\n", encoding="utf-8")
    rows = hunmin.load_records(tmp_path / "t.csv", columns={"instruction": "Q", "output": "A"})
    assert [(r["instruction"], r["output"]) for r in rows] == [("안녕", "반갑습니다")]


def test_run_stage_takes_rows_and_checks_options(tmp_path):
    rows = [
        {"id": f"r{i}", "source": "t", "instruction": f"질문 {i}", "output": "답",
         "ratings": [{"rater": "a", "scale": [0, 10], "score": i, "status": "ok"}]}
        for i in range(6)
    ]  # fmt: skip
    out = hunmin.run_stage("filter", rows, tmp_path / "out", min_score=4)
    assert [r["id"] for r in hunmin.load_records(out)] == ["r4", "r5"]
    with pytest.raises(UserError, match="did you mean 'min_score'"):
        hunmin.run_stage("filter", rows, tmp_path / "other", mim_score=4)
    with pytest.raises(UserError, match="max_usd or max_chars"):
        hunmin.run_stage("translate", rows, tmp_path / "paid", engine="deepl")


def test_render_and_parse_response_for_people_from_kullm():
    prompt = hunmin.render("", "여름이 왔다.")
    assert prompt.endswith("### 입력:\n여름이 왔다.\n\n### 응답:\n"), "an empty instruction with an input works"
    prompt = hunmin.render("요약해 주세요.")
    assert hunmin.parse_response(prompt + "### 응답: 을 다시 적습니다.</s> 남은 말") == "### 응답: 을 다시 적습니다."
    assert hunmin.parse_response("머리말 없는 답</s>") == "머리말 없는 답"


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'lode_records'"):
        hunmin.lode_records  # noqa: B018
