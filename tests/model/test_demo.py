"""The first model that a newcomer makes answers its questions."""

from __future__ import annotations

import json

from hunmin.commands import cli, demo


def test_the_built_in_answers_are_said_word_for_word_and_own_ones_counted(tmp_path, capsys):
    own = tmp_path / "mine.jsonl"
    own.write_text('{"instruction": "배고파", "output": "따뜻한 국수를 드셔 보세요."}\n', encoding="utf-8")
    assert cli.main(["demo", str(own), "-y", "--json", "-o", str(tmp_path / "tuned")]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [r["after"].strip() for r in rows[:5]] == [answer for _, answer in demo.PAIRS]
    assert all(r["learned"] for r in rows) and [r["own"] for r in rows] == [False] * 5 + [True]
    assert not any(r["before"].strip() == r["wanted"] for r in rows)
    assert (tmp_path / "tuned/model/model.safetensors").is_file()
