"""Answers: resumed without asking twice, multi-turn with the model's own words, read from a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from hunmin.errors import UserError
from hunmin.evaluation.judging.answers import answer_locally, given_answers, messages_at, read_answers
from hunmin.evaluation.judging.questions import Question, Turn


@dataclass(frozen=True)
class Made:
    text: str
    n_tokens: int = 1
    finish_reason: str = "stop"


QUESTIONS = [
    Question("a", (Turn("하나", "자료"), Turn("둘"))),
    Question("b", (Turn("가나다\u2028라마바사"),), system="짧게"),
    Question("c", (Turn("긴" * 50),)),
]


def asker(calls):
    def generate(prompts, offset):
        calls.append((offset, list(prompts)))
        return [Made(f"<{prompt}>") for prompt in prompts]

    return generate


def run(path: Path, calls, **more):
    options = {"prompt": lambda m: "|".join(x["content"] for x in m), "n_tokens": len, "batch_size": 2}
    return answer_locally(
        QUESTIONS, path, generate=asker(calls), max_prompt_tokens=more.pop("max_prompt_tokens", None), **options, **more
    )


def test_turns_see_the_models_own_earlier_answer(tmp_path: Path) -> None:
    calls: list = []
    found = run(tmp_path / "answers.jsonl", calls)
    assert found["a", 1].text == "<하나|<하나>|둘>"
    assert [len(prompts) for _, prompts in calls] == [2, 1, 1]
    assert messages_at(QUESTIONS[0], 0, found, keep_input=True) == [
        {"role": "user", "content": "하나", "input": "자료"}
    ]
    assert messages_at(QUESTIONS[0], 0, found, keep_input=False) == [{"role": "user", "content": "하나\n\n자료"}]
    assert messages_at(QUESTIONS[1], 0, found, keep_input=True)[0] == {"role": "system", "content": "짧게"}


def test_a_killed_run_goes_on_with_the_same_batches(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    calls: list = []
    run(whole, calls)
    data = whole.read_bytes()
    for size in range(0, len(data), 7):
        cut.write_bytes(data[:size])
        again: list = []
        assert run(cut, again) == read_answers(whole)
        assert [c for c in again if c not in calls] == []  # no other batch, no other seed
    nothing: list = []
    run(whole, nothing)
    assert nothing == [] and whole.read_bytes() == data


def test_a_prompt_that_does_not_fit_is_not_asked(tmp_path: Path) -> None:
    calls: list = []
    found = run(tmp_path / "answers.jsonl", calls, max_prompt_tokens=20)
    assert found["c", 0].status == "too_long" and found["c", 0].text == ""
    assert all("긴" not in p for _, prompts in calls for p in prompts)


def test_given_answers(tmp_path: Path) -> None:
    path = tmp_path / "given.jsonl"
    rows = [{"id": "a", "answers": ["1", {"text": "2"}]}, {"id": "b", "answer": "3"}, {"id": "c", "answer": "4"}]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    found = given_answers(path, QUESTIONS)
    assert (found["a", 1].text, found["b", 0].text) == ("2", "3")
    path.write_text(json.dumps(rows[0]) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match="2 of 3 questions have no answer, the first is 'b'"):
        given_answers(path, QUESTIONS)
    path.write_text('{"id": "a"}\n', encoding="utf-8")
    with pytest.raises(UserError, match="no id or no answer"):
        given_answers(path, QUESTIONS)
    path.write_text("".join(json.dumps(rows[1]) + "\n" for _ in range(2)), encoding="utf-8")
    with pytest.raises(UserError, match="stands twice"):
        given_answers(path, QUESTIONS)
