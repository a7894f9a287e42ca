"""Ways to write that translators of documentation have and no check may take for damage; and the damage beside them."""

from __future__ import annotations

import pytest

from hunmin.stages.check import never_translated
from hunmin.text.segments import find_spans
from hunmin.translation.checks import DEFAULT
from hunmin.translation.checks.find_issues import issues_of_text, resolve_checks

CHECKS = resolve_checks(name for name in DEFAULT if name != "sense")


def found(english: str, korean: str, severity: str = "certain", field: str = "output") -> list[tuple[str, str]]:
    issues = issues_of_text(english, korean, CHECKS, {"field": field, "path": field})
    return [(i["code"], i["detail"]) for i in issues if severity in (i["severity"], "any")]


RIGHT = {
    "a date in signs of emphasis": ("_November 26, 2024_\n\nWe are live.", "_2024년 11월 26일_\n\n공개했습니다."),
    "a number in signs of emphasis": ("It took _12_ days.", "_12_일이 걸렸습니다."),
    "will not is no currency": (
        "The code in Listing 2-4 won’t compile yet.",
        "예제 2-4의 코드는 아직 컴파일되지 않습니다.",
    ),
    "an escaped sign of Markdown": (
        r"Thanks to [@\_kim](https://x.com/_kim) for the theme.",
        "테마를 만들어 준 [@_kim](https://x.com/_kim)에게 감사합니다.",
    ),
    "lines of a comment in code are no list": (
        "Ask:\n\n```ts\n/**\n * Warms up a file\n * before it is\n * asked for.\n */\nwarm(url)\n```",
        "물어보세요:\n\n```ts\n/**\n * 요청 전에\n * 파일을 준비합니다.\n */\nwarm(url)\n```",
    ),
    "a comment of the page": (
        "Add the line:\n\n<!-- When updating the version of `rand` used, also update:\n\n* ch01.md\n* ch02.md\n-->"
        "\n\nIt works now.",
        "다음 줄을 더하세요:\n\n<!-- When updating the version of `rand` used, also update:\n* ch02.md\n-->\n\n"
        "이제 됩니다.",
    ),
    "bold underscores as bold stars": (
        "HTML is built with __tags__, and tags form __elements__.",
        "HTML은 **태그**로 만들고, 태그는 **요소**를 이룹니다.",
    ),
    "bold underscores are no blanks": (
        "We look at template tags and at extending them.",
        "__템플릿 태그(template tags)__ 와 __확장(extending)__ 을 살펴봅니다.",
    ),
    "a file in underscores as one in stars": (
        "Open the generated _Cargo.toml_ and then _src/main.rs_, please.",
        "생성된 *Cargo.toml*을 연 다음 *src/main.rs*를 여세요.",
    ),
    "a placeholder without its blanks": (
        "Hello {{ user_name }}, welcome to us.",
        "안녕하세요 {{user_name}}님, 환영합니다.",
    ),
    "a range without its blank": ("Shorten it with {min,max} signs.", "{min, max} 기호로 줄입니다."),
    "where a reference leads": (
        "Read [the API docs][vec-api] first.\n\n[vec-api]: ../std/vec/struct.Vec.html",
        "먼저 [API 문서][vec-api]를 읽으세요.\n\n[vec-api]: https://doc.rust-lang.org/std/vec/struct.Vec.html",
    ),
    "words in the fragment of a reference": (
        "Compare them as before.\n\n[cmp]: ch02.html#comparing-the-guess-to-the-secret-number",
        "앞에서처럼 비교합니다.\n\n[cmp]:\nch02.html#comparing-the-guess-to-the-secret-number",
    ),
    "a particle behind a hard line break": (
        "The `add` method, Rust uses a deref coercion, which\nturns one into the other. We discuss it later.",
        "`add`에서 러스트는 역참조 강제(deref coercion)\n를 사용해 하나를 다른 것으로 바꿉니다.\n나중에 봅니다.",
    ),
    "blanks inside backticks": ("Repeat `let x =` here.", "여기서 `let x = `을 반복합니다."),
    "the wording of an error": (
        "### No such file or directory error due to case sensitivity",
        "### 대소문자 구분으로 인한 No such file or directory 오류",
    ),
    "an English sentence that is spoken of": (
        "Click the message that says I am not sure what this means to continue.",
        "계속하려면 I am not sure what this means라는 메시지를 클릭하세요.",
    ),
    "code over the end of a line": (
        "It just prints `Should have been able to read\nthe file`. That is all.",
        "그저 `Should have been able to read\nthe file`이라고 출력합니다. 그게 전부입니다.",
    ),
    "an English heading": ("### This package is ESM only", "### This package is ESM only {#esm-only}"),
    "slots of a command": (
        "Sync it:\n\n`filen sync {{path/to/local_folder}}:/{{remote_folder}}`",
        "동기화하세요:\n\n`filen sync {{경로/로컬_폴더}}:/{{원격_폴더}}`",
    ),
    "mnemonic brackets": ("Start a [l]istener, no[t] in [A]SCII.", "ASCII가 아닌 수신을 시작합니다."),
    "a heading sign in code": (
        "Install it.\n\n```py\n# uncomment to install\n# pip install x\n```",
        "설치하세요.\n\n```bash\npip install x\n```",
    ),
    "a name that Korean spells": ("Who won the Formula 1 title in 2010?", "2010년 포뮬러 원 타이틀은 누가 차지했나요?"),
    "a name by its letter": ("He drove in Formula 1 in 2010.", "그는 2010년에 F1에서 뛰었다."),
    "a name by its letters": ("I bought a PlayStation 5 in May.", "5월에 PS5를 샀다."),
    "a century before Christ": ("It was built in the 4th century BC.", "기원전 4세기에 지어졌다."),
    "a century before Christ in words": ("It was built in the fourth century BC.", "기원전 4세기에 지어졌다."),
    "years before Christ": ("From 300 to 200 BC it grew.", "기원전 300년부터 200년까지 성장했다."),
    "a permission that is missing": ("You do not have permission to do this.", "이 작업을 수행할 권한이 없습니다."),
    "a server that refuses": (
        "If it is not allowed, the server refuses this request.",
        "허용되지 않으면 서버는 이 요청을 처리할 수 없습니다.",
    ),
    "a statement of SQL before prose": (
        "SELECT name FROM users WHERE age > 30; Explain what this query does.",
        "SELECT name FROM users WHERE age > 30; 이 쿼리가 무엇을 하는지 설명하세요.",
    ),
    "a table and its caption that changed places": (
        "Table 1: Literals\n\n| Number | Example |\n| --- | --- |\n| Decimal | `98` |",
        "| 숫자 | 예 |\n| --- | --- |\n| 십진수 | `98` |\n\n표 1: 리터럴",
    ),
}
DAMAGE = {
    "another date in signs of emphasis": (
        *("_November 26, 2024_\n\nWe are live.",),
        "_2024년 12월 26일_\n\n공개했습니다.",
    ),
    "won as money": ("It costs 5000 won today.", "오늘 5000달러입니다."),
    "a dunder that was translated": ("Override __init__ there.", "거기서 __초기화__를 재정의하세요."),
    "a blank to fill in": ("The capital is ____. It is big.", "수도는 큽니다. 네, 큽니다."),
    "an item that is gone": ("Buy:\n\n- milk\n- bread\n- salt", "살 것:\n\n- 우유\n- 빵"),
    "a bare particle": ("From: Seoul\nTo: Busan", "에서: 서울\n를: 부산"),
    "a placeholder that is gone": ("Hello {{ user_name }}, welcome.", "안녕하세요, 환영합니다."),
    "a sentence left in English": (
        "It was late. I am not sure what this means for us. We left.",
        "늦은 시각이었다. I am not sure what this means for us. 우리는 떠났다.",
    ),
    "a year before Christ without its era": ("What happened in 500 BC?", "500년에 무슨 일이 있었나요?"),
    "the label of a task": ("Sentence: The cat sat on the mat.", "고양이가 매트 위에 앉았다."),
    "a number of a chapter": ("Read Chapter 3 first.", "장을 먼저 읽으세요."),
    "a refusal for a text that says no such thing": (
        "The cat did not sit on the mat. It slept on the warm stones.",
        "죄송하지만 이 요청은 도와드릴 수 없습니다.",
    ),
    "a statement of SQL that was translated": (
        "SELECT name FROM users WHERE age > 30; Explain what this query does.",
        "이름 선택 사용자에서 나이 > 30; 이 쿼리가 무엇을 하는지 설명하세요.",
    ),
    "a line of code": (
        "Run:\n\n```py\nx = load(1)\nsave(x)\n```",
        "실행:\n\n```py\nx = 불러오기(1)\nsave(x)\n```",
    ),
}
FORMATTED = {
    "last commas": (
        "Set it:\n\n```js\nexport default {\n  server: {\n    port: 3030,\n  },\n}\n```",
        "설정하세요:\n\n```js\nexport default {\n  server: {\n    port: 3030\n  }\n}\n```",
    ),
    "another language of the fence": ("See:\n\n```js\nf(1)\n```", "보세요:\n\n```ts\nf(1);\n```"),
    "the block moved to the right": ("See:\n\n```rust\nf(1);\n```", "보세요:\n\n```rust\n    f(1);\n```"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_translators_do_is_not_certain(name: str) -> None:
    assert found(*RIGHT[name]) == []


@pytest.mark.parametrize("name", DAMAGE)
def test_the_damage_beside_it_is_found(name: str) -> None:
    assert found(*DAMAGE[name], severity="any")


@pytest.mark.parametrize("name", FORMATTED)
def test_code_in_another_format_is_only_for_review(name: str) -> None:
    english, korean = FORMATTED[name]
    assert found(english, korean) == []
    assert found(english, korean, "review") in (
        [],
        [("code_mixed", "코드의 서식만 다름 / the code is formatted otherwise")],
    )


def test_names_in_emphasis_are_told_apart_from_names_with_underscores() -> None:
    text = "Open _src/main.rs_, _src/front_of_house_, _Cargo.toml_; call __init__ and _private_name of snake_case_."
    names = [span.of(text) for span in find_spans(text) if span.kind == "identifier"]
    assert names == ["src/main.rs", "front_of_house", "Cargo.toml", "__init__", "_private_name", "snake_case_"]


def test_a_field_of_commands_is_not_called_untranslated(tmp_path) -> None:  # type: ignore[no-untyped-def]
    import json

    rows = [
        {
            "instruction": f"# cmd{i}",
            "output": "파일을 엽니다.",
            "original": {"instruction": f"# cmd{i}", "output": "Opens."},
        }
        for i in range(10)
    ]
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert never_translated(path) == frozenset()
    for row in rows:
        row["instruction"] = row["original"]["instruction"] = "Open the file and close it."  # type: ignore[index]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert never_translated(path) == {"instruction"}
