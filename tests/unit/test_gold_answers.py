"""Rows that no model could be right about, or that every model is, are told before they become a number."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace

import pytest

from hunmin.errors import UserError
from hunmin.evaluation.benchmarks import GENERATED, contestants, generated, gold_answers, harness
from hunmin.stages import evaluate
from hunmin.tables import resolve

from .test_fingerprint import BUNDLED

ROWS = [{"q": f"{i}번?", "choices": ["가", "나", "다"], "gold": i % 3} for i in range(10)]


def body(rows, delimiter=" "):
    return SimpleNamespace(
        OUTPUT_TYPE="multiple_choice",
        config=SimpleNamespace(target_delimiter=delimiter),
        eval_docs=rows,
        doc_to_choice=lambda doc: doc["choices"],
        doc_to_target=lambda doc: doc["gold"],
    )


def changed(**columns):
    return [{**row, **columns} for row in ROWS]


@pytest.mark.parametrize(
    "rows, told",
    [
        (changed(gold=-1), "every question has a gold answer that is none of its choices .the first: -1."),  # hidden
        (changed(gold=3), "none of its choices"),
        (changed(gold=""), "none of its choices"),
        (changed(gold=None), "none of its choices"),
        (changed(gold="라"), "none of its choices"),
        (changed(gold=[]), "none of its choices"),
        (changed(gold=[0, 3]), "none of its choices"),
        (changed(choices=["가"], gold=0), "fewer than two choices"),
        (changed(choices=["가", "가"], gold=1), "fewer than two choices"),
        (changed(choices=["가", ""], gold=0), ""),  # a blank stands before it
        ([], "no rows"),
        (ROWS, ""),
        (changed(gold="나")[:5], ""),
        (changed(gold="1")[:5], ""),
        (changed(gold=[0, 2])[:5], ""),
    ],
)
def test_gold_answers_that_are_no_choice(rows, told):
    if not told:
        return gold_answers.check("mine", body(rows))
    with pytest.raises(UserError, match=told):
        gold_answers.check("mine", body(rows))


def test_an_empty_choice_is_refused():
    with pytest.raises(UserError, match="mine, row 0: a choice is empty"):
        gold_answers.check("mine", body(changed(choices=["가", ""], gold=0), delimiter=""))


def test_some_bad_rows_one_label_and_repeated_rows_are_warnings(caplog):
    caplog.set_level(logging.WARNING, "hunmin")
    gold_answers.check("mine", body([*ROWS[:9], {**ROWS[9], "gold": 7}]))
    assert "mine: 1 of 10 questions count as wrong: each has a gold answer that is none of its choices" in caplog.text
    assert "row 9" in caplog.text and "repeated" not in caplog.text
    gold_answers.check("mine", body(changed(gold=2)))
    assert "all 10 gold answers are the same (2); a constant scores 1" in caplog.text
    gold_answers.check("mine", body([*ROWS, *ROWS[:3]]))
    assert "3 of 13 rows are repeated" in caplog.text


def kobest(tmp_path, task, **columns):
    rows = [json.loads(line) for line in (BUNDLED / task / "test.jsonl").read_text("utf-8").splitlines()]
    path = tmp_path / "data" / task / "test.jsonl"
    path.parent.mkdir(parents=True)
    lines = [json.dumps({**row, **columns}, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(tmp_path / "data")


def test_kobest_rows_of_one_label_or_with_an_empty_ending(tmp_path, caplog):
    caplog.set_level(logging.WARNING, "hunmin")
    harness.jobs(["boolq"], [0], kobest(tmp_path / "a", "boolq", label=1))
    assert "kobest_boolq: all 24 gold answers are the same (1)" in caplog.text
    with pytest.raises(UserError, match="test.jsonl:1: a choice is empty"):
        harness.jobs(["hellaswag"], [0], kobest(tmp_path / "b", "hellaswag", ending_2=""))


@pytest.mark.parametrize(
    "name, row, told",
    [
        ("ifeval_ko", {"prompt": None, "constraints": [{"id": "no_comma"}]}, "no prompt"),
        ("ifeval_ko", {"prompt": "쓰세요.", "constraints": []}, "Every answer would be right"),
        ("maths_ko", {"question": "1+1은?", "answer": "둘"}, "no number in the answer '둘'"),
        ("maths_ko", {"question": "1+1은?", "answer": "nan"}, "no number in the answer"),
    ],
)
def test_generated_tasks_rows_that_decide_nothing_are_refused(tmp_path, name, row, told):
    (tmp_path / f"{name}.jsonl").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(UserError, match=told):
        generated.read(resolve(GENERATED, name, "task"), str(tmp_path))


def test_options_of_lm_eval_that_would_mix_models_or_scores_are_refused():
    """Its cache of answers is kept by the question alone: the second model would get the first one's."""
    told = evaluate.check(evaluate.Config(protocol="upstream", tasks=["mine"], lm_eval={"use_cache": "x", "limit": 2}))
    assert len(told) == 1 and "limit, use_cache" in told[0] and "whichever model" in told[0]
    assert evaluate.check(evaluate.Config(protocol="upstream", tasks=["mine"], lm_eval={"gen_kwargs": "a=1"})) == []


def test_two_models_of_one_name_are_refused(tmp_path):
    (tmp_path / "m").mkdir()
    with pytest.raises(UserError, match="two models are called 'm': .*/m and m"):
        contestants.contestants(["newest"], ["m"], tmp_path / "m", {})
    with pytest.raises(UserError, match="two models are called 'm': m and endpoint:m"):
        contestants.contestants([], ["m"], None, {}, ["m"])
    found, _ = contestants.contestants([], ["m", "m"], None, {}, ["other"])
    assert [c.name for c in found] == ["m", "other"]
