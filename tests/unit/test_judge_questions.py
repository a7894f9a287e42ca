"""Question sets of every shape, and the prompts and criteria they are judged with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hunmin.errors import UserError
from hunmin.evaluation.judging import criteria
from hunmin.evaluation.judging.criteria import FILE, load_criteria
from hunmin.evaluation.judging.questions import read_questions
from hunmin.raters import wording


def write(path: Path, *rows) -> Path:
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    return path


def test_self_instruct_instances_and_their_untranslated_outputs(tmp_path: Path) -> None:
    row = {
        "id": "user_oriented_task_0",
        "motivation_app": "Grammarly",
        "instruction": "문장을 다듬으세요.",
        "instances": [{"input": "나는 학교 갔다", "output": "I went to school"}],
    }
    (found,) = read_questions(write(tmp_path / "q.jsonl", row))
    assert (found.id, found.category) == ("user_oriented_task_0", "Grammarly")
    assert found.turns[0].text == "문장을 다듬으세요.\n\n나는 학교 갔다"
    assert found.turns[0].reference == ""  # never judged against English by accident
    assert read_questions(tmp_path / "q.jsonl", use_references=True)[0].turns[0].reference == "I went to school"
    two = write(tmp_path / "two.jsonl", {**row, "instances": [{"input": "가"}, {"input": "나"}]})
    assert [q.id for q in read_questions(two)] == ["user_oriented_task_0#0", "user_oriented_task_0#1"]


def test_logickor_turns(tmp_path: Path) -> None:
    row = {"id": 3, "category": "수학(Math)", "questions": ["3+4는?", "거기에 2를 곱하면?"], "references": ["7", None]}
    (found,) = read_questions(write(tmp_path / "q.jsonl", row), use_references=True)
    assert [t.text for t in found.turns] == ["3+4는?", "거기에 2를 곱하면?"]
    assert [t.reference for t in found.turns] == ["7", ""]
    assert (found.id, found.category) == ("3", "수학(Math)")


def test_mt_bench_turns_three_of_them(tmp_path: Path) -> None:
    row = {
        "question_id": 81,
        "category": "글쓰기",
        "turns": ["시를 써줘.", "더 짧게.", "제목도."],
        "reference": ["가", "나"],
    }
    (found,) = read_questions(write(tmp_path / "q.jsonl", row), use_references=True)
    assert (found.id, found.category, [t.text for t in found.turns]) == ("81", "글쓰기", row["turns"])
    assert [t.reference for t in found.turns] == ["가", "나", ""]


def test_instruction_rows_messages_and_json_lists(tmp_path: Path) -> None:
    rows = [
        {"instruction": "번역하세요", "input": "hello", "output": "안녕"},
        {"messages": [{"role": "system", "content": "짧게"}, {"role": "user", "content": "누구세요?"}]},
        {"input": "수도는?"},
    ]
    path = tmp_path / "q.json"
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    found = read_questions(path, use_references=True)
    assert [q.id for q in found] == ["0", "1", "2"]
    assert (found[0].turns[0].input, found[0].turns[0].reference) == ("hello", "안녕")
    assert found[1].system == "짧게"
    assert found[2].turns[0].text == "수도는?"
    assert len(read_questions(path, limit=2)) == 2


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"id": 1, "text": "?"}, "no question here: the keys are id, text"),
        ({"questions": ["a", ""]}, "an empty question"),
        ({"questions": []}, "an empty question"),
        ({"questions": ["a", None]}, "field 'questions.1': expected text, got null"),
        ({"instruction": None, "instances": [{}]}, "field 'instruction': expected text, got null"),
        ([1], "expected an object, got list"),
    ],
)
def test_bad_rows_are_told_with_their_line(tmp_path: Path, row, what: str) -> None:
    path = write(tmp_path / "q.jsonl", {"id": "x", "instruction": "ok"}, row)
    with pytest.raises(UserError, match="q.jsonl:2") as error:
        read_questions(path)
    assert what in str(error.value)


def test_two_equal_ids_no_rows_and_no_file(tmp_path: Path) -> None:
    row = {"id": "a", "instruction": "x"}
    with pytest.raises(UserError, match="stands at .*q.jsonl:1 too"):
        read_questions(write(tmp_path / "q.jsonl", row, row))
    with pytest.raises(UserError, match="no questions"):
        read_questions(write(tmp_path / "empty.jsonl"))
    with pytest.raises(UserError, match="no such file"):
        read_questions(tmp_path / "none.jsonl")


def test_the_shipped_criteria_have_the_published_names_and_scales() -> None:
    v2 = load_criteria("kullm-v2", "ko")
    assert [(c.name, c.scale.name) for c in v2.criteria] == [
        ("이해 가능성", "0-1"),
        ("자연스러움", "1-3"),
        ("맥락 유지", "1-3"),
        ("흥미롭기", "1-3"),
        ("지시어 사용", "0-1"),
        ("전반적인 품질", "1-5"),
    ]
    v3 = load_criteria("kullm-v3", "en")
    assert [c.key for c in v3.criteria] == ["fluency", "coherence", "accuracy", "completeness", "overall"]
    assert {c.scale.name for c in v3.criteria} == {"1-5"}
    assert [c.scale.name for c in load_criteria("score-100", "ko").criteria] == ["0-100"]
    assert load_criteria("pairwise", "ko").criteria == ()
    assert load_criteria("kullm-v2", "ko").digest != load_criteria("kullm-v2", "en").digest


def test_own_criteria_and_their_errors(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "mine:\n  criteria:\n    polite: {scale: [1, 7], ko: {name: 공손함, text: 공손한가}}\n", encoding="utf-8"
    )
    assert load_criteria(str(own), "ko").criteria[0].scale.high == 7
    with pytest.raises(UserError, match="no en name and text"):
        load_criteria(str(own), "en")
    own.write_text(
        "mine:\n  criteria:\n    polite: {scale: [7, 1], ko: {name: 공손함, text: 공손한가}}\n", encoding="utf-8"
    )
    with pytest.raises(UserError, match="not a scale"):
        load_criteria(str(own), "ko")
    with pytest.raises(UserError, match="did you mean 'kullm-v2'"):
        load_criteria("kulm-v2", "ko")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_shipped_prompt_fills_without_leftovers(language: str) -> None:
    values = {name: f"<{name}>" for name in criteria.VALUES}
    judge = wording.load(language, "judge", criteria.VALUES, ("criterion", "definition", "question", "answer"))
    for filled in (values, {**values, "reference": "", "whole": ""}):
        messages = judge.fill(filled)
        assert [m["role"] for m in messages] == ["system", "user"]
        assert "{" not in messages[1]["content"] and "<answer>" in messages[1]["content"]
    assert "reference" not in judge.fill({**values, "reference": ""})[1]["content"]
    pairs = wording.load(f"pairwise_{language}", "judge", criteria.PAIR_VALUES, ("answer_a", "answer_b"))
    assert "<answer_b>" in pairs.fill({name: f"<{name}>" for name in criteria.PAIR_VALUES})[1]["content"]


def test_values_are_put_in_once_and_the_hash_names_the_file(tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("심사\n===\n{?input}입력 {input}\n{/input}질문 {question}\n답 {answer}", encoding="utf-8")
    found = wording.load(str(own), "rate", ("question", "answer", "input"), ("question", "answer"))
    assert found.name.startswith("own@") and len(found.name) == len("own@") + 8
    messages = found.fill({"question": "{answer}와 {set}", "answer": "{question}", "input": ""})
    assert messages == [
        {"role": "system", "content": "심사"},
        {"role": "user", "content": "질문 {answer}와 {set}\n답 {question}"},
    ]
    own.write_text("{question}", encoding="utf-8")
    with pytest.raises(UserError, match="lacks {answer}"):
        wording.load(str(own), "rate", ("question", "answer"), ("question", "answer"))
    own.write_text("{question} {answer} {anser}", encoding="utf-8")
    with pytest.raises(UserError, match="unknown placeholder {anser}; did you mean 'answer'"):
        wording.load(str(own), "rate", ("question", "answer"), ("question", "answer"))
    with pytest.raises(UserError, match="no prompt 'kp'"):
        wording.load("kp", "rate", ("question",), ())


def test_the_criteria_file_ships_every_set_in_both_languages() -> None:
    import yaml

    for name in yaml.safe_load(FILE.read_text(encoding="utf-8")):
        for language in ("ko", "en"):
            assert load_criteria(name, language).criteria
