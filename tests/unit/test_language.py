"""The Korean catalogue: every text that is spoken is in it, nothing else is, and its gaps are the English's."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from hunmin.commands import cli
from hunmin.text import language

SRC = Path(cli.__file__).parents[1]


@pytest.fixture(autouse=True)
def no_choice(monkeypatch):
    for name in language.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    yield
    language.choose(None)


def spoken() -> set[str]:
    """Give every constant text that is looked up: `_("...")`, the commands, the report's and the card's words."""
    found = set(cli.COMMANDS.values()) | {"made", "done before", "reused"}
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_" and node.args:
                if isinstance(node.args[0], ast.Constant):
                    found.add(node.args[0].value)
    template = (SRC / "report/report.html.jinja").read_text(encoding="utf-8")
    found |= set(re.findall(r'\{\{ "([^"]+)" \| both', template))
    card = (SRC / "report/card.py").read_text(encoding="utf-8")
    return found | set(re.findall(r'lines\.append\(\s*\(\s*"([^"]+)"', card))


def test_the_catalogue_is_complete_and_holds_nothing_more():
    texts = language.catalogue("ko").texts
    assert spoken() == set(texts)
    for english, korean in texts.items():
        assert any("가" <= c <= "힣" for c in korean), english
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", korean)), english


def test_the_flag_is_heard_before_the_locale_and_stands_anywhere(capsys, monkeypatch):
    assert cli.main(["--lang", "ko", "--help"]) == 0
    assert "레시피를 실행하거나 이어서 합니다" in capsys.readouterr().out
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert cli.main(["--help"]) == 0
    assert "명령:" in capsys.readouterr().out
    assert cli.main(["--help", "--lang=en"]) == 0
    assert "commands:" in capsys.readouterr().out
    assert cli.main(["--lang", "fr", "--help"]) == 2
    assert "expected en or ko, got 'fr'" in capsys.readouterr().err


def test_a_catalogue_is_read_as_gettext_writes_it():
    text = 'msgid ""\nmsgstr "Language: ko\\n"\n\n'
    text += '# a\nmsgid "one "\n"two"\nmsgstr ""\n"하나 "\n"둘"\n\nmsgid "x"\nmsgstr "엑스"\n'
    assert language.read_po(text) == {"one two": "하나 둘", "x": "엑스"}
