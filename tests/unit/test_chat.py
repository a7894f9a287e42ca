"""Chat commands, without a model."""

from __future__ import annotations

import json

import pytest

from hunmin.commands.chat import Params, Talk, command, set_params
from hunmin.errors import UserError
from hunmin.models.answering import read_questions


@pytest.fixture
def talk():
    made = Talk([{"role": "user", "content": "안녕"}, {"role": "assistant", "content": "네"}])
    return made


def test_reset_forgets_all_but_the_system_prompt(talk):
    told, _, ended = command("/system 짧게 답하세요.", talk, Params())
    assert talk.messages == [{"role": "system", "content": "짧게 답하세요."}] and not ended and "new" in told
    talk.messages.append({"role": "user", "content": "?"})
    command("/reset", talk, Params())
    assert talk.messages == [{"role": "system", "content": "짧게 답하세요."}]
    assert command("/system", talk, Params())[0] == "짧게 답하세요."


def test_undo_takes_back_question_and_answer_but_not_the_system_prompt(talk):
    assert "taken back" in command("/undo", talk, Params())[0] and talk.messages == []
    assert "nothing" in command("/undo", talk, Params())[0]
    talk.system = "x"
    talk.reset()
    assert "nothing" in command("/undo", talk, Params())[0] and len(talk.messages) == 1


def test_save_appends_a_record_that_load_reads(talk, tmp_path):
    from hunmin.artifacts.record import problems

    file = tmp_path / "새 폴더" / "talk.jsonl"
    assert "saved" in command(f"/save {file}", talk, Params())[0]
    assert "saved" in command(f"/save {file}", talk, Params())[0]
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert rows == [{"messages": talk.messages}] * 2 and problems(rows[0]) == []
    assert "nothing to save" in command(f"/save {file}", Talk(), Params())[0]
    assert "cannot be written" in command(f"/save {tmp_path}", talk, Params())[0]


def test_params_change_and_bad_ones_are_told(talk):
    told, params, _ = command("/params temperature=0 max_new_tokens=9 seed=3", talk, Params())
    assert (params.temperature, params.max_new_tokens, params.seed) == (0.0, 9, 3) and "temperature=0.0" in told
    assert set_params(params, "seed=none").seed is None
    for text, what in [("temprature=1", "did you mean 'temperature'"), ("temperature=hot", "not a number"),
                       ("top_p=0", "top_p"), ("temperature", "Write")]:  # fmt: skip
        with pytest.raises(UserError, match=what):
            set_params(params, text)
    assert command("/params top_p=9", talk, params)[1] == params


@pytest.mark.parametrize("line", ["/quit", "/q", "/exit"])
def test_quit_ends(talk, line):
    assert command(line, talk, Params())[2] is True


def test_unknown_commands_are_told(talk):
    assert "did you mean '/reset'" in command("/rest", talk, Params())[0]


@pytest.mark.parametrize("row", ['{"output": "x"}', '{"messages": []}', '"text"', '{"instruction": 3}'])
def test_a_row_that_asks_nothing_is_told_by_line(tmp_path, row):
    file = tmp_path / "q.jsonl"
    file.write_text('{"instruction": "a"}\n' + row + "\n", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_questions(file)
    assert f"{file}:2" in caught.value.where
