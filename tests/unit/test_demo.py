"""The demo's parts that need no model: whose pairs are learned, what is refused, what is said; colours in a pipe."""

from __future__ import annotations

import io

import pytest

from hunmin.commands import cli, console, demo


def said(wanted: str, after: str, own: bool) -> demo.Said:
    return demo.Said("질문", wanted, "", after, own)


def test_own_pairs_stand_beside_the_built_in_and_replace_the_same_question(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("question,answer\n너는 누구니?,나는 나\n오늘 뭐 하지?,산책하세요.\n", encoding="utf-8")
    records = demo.records_of(demo._read(path))
    assert [r["source"] for r in records] == ["demo"] * 4 + ["own"] * 2
    assert records[-2]["output"] == "나는 나" and records[0]["instruction"] == demo.PAIRS[0][0]


def test_a_pair_is_learned_word_for_word_or_not_at_all():
    rows = [
        said("서울입니다.", "서울입니다.\n", False),
        said("서울입니다.", "서울 입니다.", False),
        said("네", "네", True),
    ]
    assert demo.verdict(rows).startswith("said word for word: 1 of 2 built-in, 1 of 1 of your own. Memorised")


def test_no_real_model_is_made_to_memorise(capsys):
    assert cli.main(["demo", "--base-model", "Qwen/Qwen3-0.6B-Base", "-y"]) == 2
    assert "would ruin a real model" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours_go_to_terminals_that_want_them(monkeypatch, no_color, coloured):
    monkeypatch.setenv("NO_COLOR", no_color)
    assert console.colours(Terminal()) is coloured
    assert not console.colours(io.StringIO())
    painted = "\x1b[2m질문 \x1b[0m\x1b[32m답\x1b[0m\x1b[1;37;41m</s>\x1b[0m"
    monkeypatch.setattr("sys.stdout", Terminal())
    assert console.painted(painted) == (painted if coloured else "질문 «답»«</s>»")
