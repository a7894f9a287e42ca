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
    for page in ("report", "compare"):
        words = (SRC / f"report/{page}.html.jinja").read_text(encoding="utf-8")
        found |= set(re.findall(r'\{\{ "([^"]+)" \| both', words))
    card = (SRC / "report/card.py").read_text(encoding="utf-8")
    return found | set(re.findall(r'lines\.append\(\s*\(\s*"([^"]+)"', card))


def template(node: ast.AST) -> str:
    """Give a text of the code with {} for what differs; "" for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.BinOp):
        return template(node.left) + template(node.right)
    return ""


def trees():
    return [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SRC.rglob("*.py"))]


def of_help() -> set[str]:
    """Give the meaning of every option, the help of every argument, every stage's line and the options' headings."""
    from hunmin.stages import STAGES
    from hunmin.stages.protocol import find_stage
    from hunmin.train.config import GROUPS

    found = {find_stage(name).about for name in STAGES} | set(GROUPS)
    for node in (n for tree in trees() for n in ast.walk(tree) if isinstance(n, ast.Call)):
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if called == "opt" and len(node.args) > 1:
            found.add(template(node.args[1]))
        if called == "add_argument":
            found |= {template(k.value) for k in node.keywords if k.arg == "help"}
    return found - {""}


def test_the_catalogue_is_complete_for_help_reports_and_all_that_is_looked_up():
    texts = set(language.catalogue("ko").texts)
    assert spoken() - texts == set()
    assert of_help() - texts == set()


def test_the_catalogue_holds_nothing_that_nobody_says_and_keeps_every_value():
    """A key's words stand in the texts of the code, which are put together in many ways."""
    texts = language.catalogue("ko").texts
    code = {word for tree in trees() for n in ast.walk(tree) for word in re.findall(r"[A-Za-z]{4,}", template(n))}
    unheard = [
        english
        for english in set(texts) - spoken() - of_help() - ARGPARSES
        if not set(re.findall(r"[A-Za-z]{4,}", english)) <= code
    ]
    assert unheard == []
    for english, korean in texts.items():
        assert any("가" <= c <= "힣" for c in korean), english
        names, theirs = (sorted(re.findall(r"\{\w*\}", text)) for text in (english, korean))
        assert names == theirs or [f"{{{i}}}" for i in range(len(names))] == theirs, english


ARGPARSES = {
    "usage: ", "options", "positional arguments", "show this help message and exit", "unrecognized arguments: {}",
    "the following arguments are required: {}", "argument {}: invalid choice: {} (choose from {})",
    "argument {}: expected one argument", "argument {}: {}",
}  # fmt: skip


def test_the_flag_is_heard_before_the_locale_and_stands_anywhere(capsys, monkeypatch):
    assert cli.main(["--lang", "ko", "--help"]) == 0
    assert "레시피를 실행하거나 이어서 합니다" in capsys.readouterr().out
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    assert cli.main(["--help"]) == 0
    assert "명령:" in capsys.readouterr().out
    assert cli.main(["--help", "--lang=en"]) == 0
    assert "commands:" in capsys.readouterr().out
    monkeypatch.delenv("LANG")
    assert cli.main(["--lang", "fr", "--help"]) == 2
    assert "expected en or ko, got 'fr'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("no such file or folder", "그런 파일이나 폴더가 없습니다"),
        ("my.yaml:5: translate: the environment variable DEEPL_AUTH_KEY is not set",
         "my.yaml:5: translate: 환경 변수 DEEPL_AUTH_KEY이(가) 없습니다"),
        ("'a/b' cannot be looked up (X) and is not in the cache. Go online, or download it beforehand.",
         "'a/b'을(를) 확인할 수 없고(X) 캐시에도 없습니다. 인터넷에 연결하거나 미리 내려받으세요."),
        ("unknown command 'runn'; did you mean 'run'?", "모르는 명령 'runn'; 혹시 이것인가요: 'run'?"),
        ("3 of 57 records have no score (unparsed 3)", "레코드 57건 가운데 3건에 점수가 없습니다(unparsed 3)"),
        ("7 issues in 5 records", "레코드 5건에 문제 7개"),
        ("120 of 120", "120 가운데 120"),
        ("one of them", "one of them"),
        ("  what nobody translated; 3 of 4", "  what nobody translated; 4 가운데 3"),
    ],
)  # fmt: skip
def test_texts_with_values_are_said_in_korean_part_by_part(english, korean):
    assert language.in_language(english, "ko") == korean
    assert language.spoken(english) == english


def test_errors_help_and_headlines_are_korean_where_that_is_chosen(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["--lang", "ko", "show", "nothing"]) == 2
    assert capsys.readouterr().err == (
        "nothing: 그런 파일이나 폴더가 없습니다. 실행, 결과물, 레코드 파일 가운데 하나를 주세요.\n"
    )
    with pytest.raises(SystemExit):
        cli.main(["sft", "--help", "--lang", "ko"])
    told = capsys.readouterr().out
    assert told.startswith("사용법: hunmin sft") and "어댑터의 랭크 (기본값: 8)" in told and "Rank of" not in told


def test_a_catalogue_is_read_as_gettext_writes_it():
    text = 'msgid ""\nmsgstr "Language: ko\\n"\n\n'
    text += '# a\nmsgid "one "\n"two"\nmsgstr ""\n"하나 "\n"둘"\n\nmsgid "x"\nmsgstr "엑스"\n'
    assert language.read_po(text) == {"one two": "하나 둘", "x": "엑스"}
