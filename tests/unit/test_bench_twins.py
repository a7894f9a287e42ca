"""Leaks of a problem set: verbatim questions and template twins, counted on rows made for it."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("twins", Path(__file__).parents[2] / "bench" / "twins.py")
assert SPEC and SPEC.loader
twins = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(twins)

TRAIN = [
    "사과가 한 상자에 24개씩 들어 있습니다. 세 상자를 사서 15개를 먹으면 몇 개가 남나요?",
    "버스에 34명이 타고 있었습니다. 9명이 내리고 14명이 타면 버스에는 몇 명이 있나요?",
]
TEST = [
    "사과가 한 상자에 24개씩 들어 있습니다.  세 상자를 사서 15개를 먹으면 몇 개가 남나요? ",  # blanks aside the same
    "버스에 41명이 타고 있었습니다. 7명이 내리고 12명이 타면 버스에는 몇 명이 있나요?",  # other numbers
    "반지름이 7 cm인 원의 지름은 몇 cm인가요?",
]


def test_verbatim_twins_and_clean():
    found = twins.leaks(TRAIN, TEST)
    assert [verbatim for verbatim, _, _ in found] == [True, False, False]
    assert [place for _, _, place in found][:2] == [0, 1] and found[1][1] == 1.0 and found[2][1] < 0.2
    assert twins.report(found) == {"test": 3, "verbatim": 1, "twins": 2, "clean": 1}


def test_the_clean_remainder_is_written(tmp_path, monkeypatch, capsys):
    for name, texts in (("train.json", TRAIN), ("test.jsonl", TEST)):
        rows = [json.dumps({"question": t, "answer": "1"}, ensure_ascii=False) for t in texts]
        (tmp_path / name).write_text("\n".join(rows), encoding="utf-8")
    words = ["--train", tmp_path / "train.json", "--test", tmp_path / "test.jsonl", "--clean", tmp_path / "clean.jsonl"]
    monkeypatch.setattr(sys, "argv", ["twins.py", *map(str, words)])
    twins.main()
    assert json.loads(capsys.readouterr().out)["clean"] == 1
    kept = [json.loads(line) for line in (tmp_path / "clean.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["question"] for row in kept] == TEST[2:]
