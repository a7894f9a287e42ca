"""Pages of documentation: what stands without a fence, AsciiDoc, reST; right pairs silent, damage found."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hunmin.text.listings import listings
from hunmin.text.pages import page_spans
from hunmin.text.prose import prose_of
from hunmin.text.segments import Span
from hunmin.translation.checks import DEFAULT
from hunmin.translation.checks.find_issues import issues_of_text, resolve_checks

CHECKS = resolve_checks(name for name in DEFAULT if name != "sense")


def found(english: str, korean: str, severity: str = "certain") -> list[tuple[str, str]]:
    issues = issues_of_text(english, korean, CHECKS, {"field": "output", "path": "output"})
    return [(i["code"], i["detail"]) for i in issues if severity in (i["severity"], "any")]


LISTED = {
    "a listing of AsciiDoc": (
        "[source,console]\n----\n$ boat status\nYour sails are up and the anchor is in the boat.\n"
        '  (use "boat row" to move it by hand)\n----'
    ),
    "a listing with a title": ".What it prints\n----\nThe kettle is on and it will be ready in a minute.\n----",
    "a literal block of AsciiDoc": "....\nThe lamp that you asked for is not in the house.\n....",
    "a paragraph under [source]": "[source,text]\nThe lamp that you asked for is not in the house.",
    "a session of Python": ">>> say('what is it')\nit is the end of the day\n>>> say('and now')\nand now it is over",
    "a shell": "$ lamp --find all of them\nlooking in the attic and under the stairs\nfound 3 of them in the attic",
    "a shell in a room of its own": "(attic) $ python -m lamp show all of it\nfound it under the stairs of the house",
    "a diff": (
        "diff --git a/lamp.md b/lamp.md\nindex 3cb747f..e445e28 100644\n@@ -6,3 +6,4 @@ the lamp is out\n"
        " Please tell us what you have done with the lamp;\n-it was in the attic.\n+it was in the attic of the house."
    ),
    "commits": (
        "commit 5a82a6dff817ec66f44342007202690a93763949\nAuthor: Ada <ada@example.com>\nDate:   Mon Mar 17 2008\n\n"
        "    put the lamp back where it was in the attic"
    ),
    "commits, a line each": (
        "8c4e1f0 put the lamp back into the attic of the house\n1f2a9bc take the old chair out of it and burn it"
    ),
    "the head of a mail": (
        "From: Ada <ada@example.com>\nSubject: what to do with the lamp of the house\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=us-ascii"
    ),
    "a trace": (
        'Traceback (most recent call last):\n  File "lamp.py", line 3, in find\nValueError: the lamp is not in it'
    ),
    "a tree of files": "attic\n├── lamp.py  # what is the light of the house\n└── chair.py  # where to sit in it",
}


@pytest.mark.parametrize("name", LISTED)
def test_what_a_page_shows_stands_as_it_is(name: str) -> None:
    english = f"= The attic\n\nIt is dark there.\n\n{LISTED[name]}\n\nThen go up."
    korean = f"= 다락방\n\n그곳은 어둡습니다.\n\n{LISTED[name]}\n\n그다음 올라가세요."
    assert found(english, korean) == []


def test_a_literal_block_of_rest_and_a_code_directive() -> None:
    shown = "    The lamp that you asked for is not in the house."
    for head, there in (
        ("The reader prints it out::", "이렇게 출력합니다::"),
        ("Like so:\n\n.. code-block:: text\n   :caption: lamp", "이렇게:\n\n.. code-block:: text\n   :caption: lamp"),
    ):
        english, korean = f"{head}\n\n{shown}\n\nThen go up.", f"{there}\n\n{shown}\n\n그다음 올라가세요."
        assert found(english, korean) == []
        left = korean.replace("그다음 올라가세요.", "Then you should go up to the attic with it.")
        assert [code for code, _ in found(f"{english} Then you should go up to the attic with it.", left)] == [
            "untranslated"
        ]


@pytest.mark.parametrize("rule", ["----", "----\n"])
def test_a_sentence_between_two_rules_of_markdown_is_read(rule: str) -> None:
    said = "You should not go up to the attic when it is dark."
    assert listings(f"# Attic\n\n{rule}\n{said}\n\n{rule}\n\nMore of it.") == ()
    assert found(f"First.\n\n{rule}\n\n{said}\n\n{rule}\n\nLast.", f"처음.\n\n{rule}\n\n{said}\n\n{rule}\n\n끝.")


def test_a_sentence_beside_a_listing_is_found() -> None:
    listing = LISTED["a listing of AsciiDoc"]
    said = "You should not go up to the attic when it is dark."
    assert [c for c, _ in found(f"{listing}\n\n{said}\n\nEnd.", f"{listing}\n\n{said}\n\n끝입니다.")] == [
        "untranslated"
    ]


def test_code_of_a_listing_that_changed_is_found() -> None:
    listing = "[source,python]\n----\nlamp = find(attic)\nprint(lamp)\n----"
    changed = listing.replace("find(attic)", "찾기(attic)")
    assert ("code_mixed", "코드 블록이 바뀜 / a code block was changed") in found(
        f"So:\n\n{listing}", f"이렇게:\n\n{changed}"
    )


def test_forms_and_prices_are_no_sessions() -> None:
    for text in (
        "From: Ada\nTo: Bob\nSubject: Our party at the beach",
        "$ 5 is what it costs.",
        "Note::\nread it.",
        "> said",
    ):
        assert listings(text) == ()


def test_what_a_program_says_is_only_asked_about() -> None:
    session = "$ lamp find\nYou should not go up to the attic when it is dark."
    assert found(f"Run it.\n\n{session}", f"실행하세요.\n\n{session}") == []
    assert found(f"Run it.\n\n{session}", f"실행하세요.\n\n{session}", "review")


ROLES = {
    "a word that is explained": (
        "A :abbr:`FIFO (first-in, first-out)` queue is used here.",
        "여기서는 :abbr:`FIFO (선입선출, first-in, first-out)` 큐를 씁니다.",
    ),
    "words of a reference": (
        "See the :ref:`rules of the house <house-rules>` before you go.",
        "가기 전에 :ref:`집의 규칙 <house-rules>`\\을 보세요.",
    ),
    "the shown name of a class": (
        "All of these :class:`Lamps <.Lamp>` are bright.",
        "이 모든 :class:`램프 <.Lamp>`\\는 밝습니다.",
    ),
    "a term": ("It is an :term:`immortal` lamp.", "그것은 :term:`불멸 <immortal>` 램프입니다."),
    "a link": (
        "Read the `very first paper <https://example.com/18204>`_ on it.",
        "이에 대한 `최초의 논문 <https://example.com/18204>`_\\을 읽으세요.",
    ),
    "a letter behind an escape": ("Take the name of *lamp*\\s kind.", "*lamp*\\의 종류의 이름을 쓰세요."),
    "a definition": ("They are called :dfn:`handlers` here.", "여기서는 :dfn:`처리기 (handlers)` 라고 부릅니다."),
}


@pytest.mark.parametrize("name", ROLES)
def test_roles_of_rest_hold_words(name: str) -> None:
    assert [i for i in found(*ROLES[name], "any") if i[0] == "code_mixed"] == []


def test_code_in_double_backticks_is_still_code() -> None:
    assert found(
        "Call ``find_lamp()`` of :class:`House` now.", "이제 :class:`House`\\의 ``찾기_lamp()`` 를 호출하세요."
    )


def test_a_role_that_lost_its_target_is_found() -> None:
    assert found("Use :class:`House` for it.", "그것에는 :class:`집`\\을 쓰세요.", "any")
    assert found("See the :ref:`rules <house-rules>` first.", "먼저 :ref:`규칙 <집-규칙>`\\을 보세요.", "any")


MACROS = {
    "the words of a picture": (
        "Look at it.\n\nimage::images/lamp-1.png[The lamp in the attic.]\n\nNice.",
        "보세요.\n\nimage::images/lamp-1.png[다락방의 램프]\n\n좋네요.",
    ),
    "the words of a link": (
        "See https://example.com/lamp[the page of the lamp] for it.",
        "https://example.com/lamp[램프의 페이지]를 보세요.",
    ),
    "a reference": (
        "We tell more in <<ch04-on-the-roof-of-the-house#_getting_there>>.",
        "<<ch04-on-the-roof-of-the-house#_getting_there>>에서 더 이야기합니다.",
    ),
    "words of the index": (
        "(((lamps, bright)))Lamps are ((bright)) in here.",
        "(((램프)))여기서 램프는 밝습니다.",
    ),
    "a comment": (
        "The lamp is lit.\n\n////\nYou should not go up to the attic when it is dark.\n////\n\nEnd.",
        "램프가 켜졌습니다.\n\n////\nYou should not go up to the attic when it is dark.\n////\n\n끝.",
    ),
    "the sign of a title": (
        "Go up.\n\n.2FA in the attic\nimage::a.png[2FA in the attic]",
        "올라가세요.\n\n.다락방의 2FA\nimage::a.png[다락방의 2FA]",
    ),
    "the kind of a block": (
        "[NOTE]\n====\nIt is dark in the attic.\n====",
        "[참고]\n====\n다락방은 어둡습니다.\n====",
    ),
}


@pytest.mark.parametrize("name", MACROS)
def test_macros_of_asciidoc_hold_words(name: str) -> None:
    assert [
        i for i in found(*MACROS[name], "any") if "자리표시자" in i[1] or i[0] == "untranslated" or "주소" in i[1]
    ] == []


def test_a_placeholder_beside_a_macro_is_found() -> None:
    one = "image::lamp.png[The lamp]\n\nDear [Your Name], the lamp is here."
    assert any(
        "자리표시자" in d for _, d in found(one, "image::lamp.png[램프]\n\n친애하는 분께, 램프가 여기 있습니다.", "any")
    )


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        (
            "Read the [guide][attic-guide] or [Lamp][lamp] now.",
            "이제 [안내서](https://a.example/x)나 [램프](https://a.example/l)를 읽으세요.",
        ),
        ("The [Rules of the House] say so.", "[집의 규칙][]에 그렇게 쓰여 있습니다."),
        (
            "[the lamp]: https://a.example/lamp\n[Lamps of it]: ./b.md",
            "[램프]: https://a.example/lamp\n[램프들]: ./b.md",
        ),
        ("> It is no use [for those who see] at all.", "> 전혀 쓸모가 없습니다."),
        ("We go up.\n\n[lamp]: https://example.com/lamp", "올라갑니다."),
        (
            "Use [`withlamp`] here.\n\n[`withlamp`]: ../lamp.md",
            "여기서 [`withLamp`]를 쓰세요.\n\n[`withLamp`]: ../lamp.md",
        ),
    ],
)
def test_links_by_their_name_are_no_placeholders(english: str, korean: str) -> None:
    assert found(english, korean) == []


def test_a_slot_beside_links_by_their_name_is_missed() -> None:
    assert found("Dear {name}, see the [Rules].", "[규칙][]을 보세요.")


def test_an_address_whose_link_is_used_is_missed() -> None:
    english = "See the [lamp][lamp] here.\n\n[lamp]: https://example.com/lamp"
    assert any("주소" in detail for _, detail in found(english, "여기 램프를 보세요."))


WHOLE = {
    "badges": "[![The state of the house](https://a.example/b.svg)](https://a.example)\n[![How many of them](https://a.example/c.svg)](https://a.example/c)",
    "pictures": '![The lamp that is in the attic of the house](lamp.png "The lamp that is in the attic")\n\n<br/><br/>',
    "links to read": "- [How to find a lamp in the attic](https://a.example/1)\n- [What is in the house of the lamp](https://a.example/2)",
    "credits": "(Contributed by Ada Lovelace and Grace Hopper in :issue:`30688`.)",
    "imports": "from lamps import lamp, field, attic\n\n@lamp(order=True)\nclass House:\n    floor: int",
    "a session": ">>> print('{0} and {1}'.format('a', 'b'))\na and b\n>>> print('what is it')\nwhat is it",
    "a command": "$ /opt/bin/lamp-config --all\n-I/opt/include/lamp of the house -Wall -O3 in the attic",
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_field_without_a_sentence_is_not_surely_untranslated(name: str) -> None:
    assert found(WHOLE[name], WHOLE[name]) == []


@pytest.mark.parametrize(
    "text",
    [
        "You should not go up to the attic when it is dark. See [this](https://a.example).",
        "![A lamp](lamp.png)\n\nYou should not go up to the attic when it is dark.",
        "This picture shows how the lamp of the house is found.",
    ],
)
def test_a_field_with_a_sentence_is(text: str) -> None:
    assert [code for code, _ in found(text, text, "any")] == ["untranslated"], "one finding for one field"


@pytest.mark.parametrize(
    "korean",
    [
        "아래쪽은 *If you have an image file*로 표시되어 있습니다.",
        "<ol><li><i>What is the name of your lamp?</i><br/>램프의 이름입니다.</li></ol>",
        "버튼 **Go up to the attic now** 을 누르세요.",
    ],
)
def test_a_label_on_a_screen_may_stay(korean: str) -> None:
    english = (
        "It says: If you have an image file. What is the name of your lamp? Go up to the attic now. Then press it."
    )
    assert [c for c, _ in found(english, korean) if c == "untranslated"] == []


def test_a_bold_sentence_of_its_own_is_found() -> None:
    said = "**You should not go up to the attic when it is dark.**"
    assert [c for c, _ in found(f"{said}\n\nEnd.", f"{said}\n\n끝입니다.")] == ["untranslated"]


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("Set `lamptool.<lamp>.cmd` for it.", "그것에는 `lamptool.*.cmd`를 설정하세요."),
        ("Set `git` up.\n\n```sh\ngit init\n```", "`chsh <계정> -s <shell>`를 설정하세요.\n\n```sh\ngit init\n```"),
        ("Run `lamp.find word` now.", "이제 `lamp.find 낱말`을 실행하세요."),
        ("Choose `SvelteKit demo app` here.", "여기서 `SvelteKit 데모 앱`을 고르세요."),
        ("Run `lamp --file lamp.pfx -Force` now.", "이제 `lamp --file House/lamp.pfx -Force`를 실행하세요."),
    ],
)
def test_names_said_otherwise_are_only_asked_about(english: str, korean: str) -> None:
    assert found(english, korean) == [] and found(english, korean, "review")


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("Run `lamp add --patch` now.", "이제 `lamp add -patch`를 실행하세요."),
        ("Set `lamp.floor` for it.", "그것에는 `lamp.flor`를 설정하세요."),
        ("Call `find_lamp()` now.", "이제 `find_lanp()`를 호출하세요."),
    ],
)
def test_names_that_are_damaged_are_found(english: str, korean: str) -> None:
    assert [code for code, _ in found(english, korean)] == ["code_mixed"]


def test_other_code_is_another_version_and_lines_that_are_gone_are_not() -> None:
    code = "```js\nconst lamp = find(attic);\nif (lamp.on) {\n  lamp.off();\n}\n```"
    other = "```js\nvar lamps = attic.all();\nlamps.map((l) => l.off());\n```"
    assert found(code, other) == [] and found(code, other, "review")
    assert found(code, "```js\nconst lamp = find(attic);\n```")
    assert found(code, code.replace("lamp.off()", "lamp.끄기()"))
    assert found(code, code.replace("lamp.on", "lamp.of"))
    assert found(code, code.replace("const", "var")) == [] and found(code, code.replace("const", "var"), "review")


@pytest.mark.parametrize(
    ("line", "there", "certain"),
    [
        ("export default {", "module.exports = {", False),
        ("const lamp = find('attic');", "var lamp = find('attic');", False),
        ("lamp = find('attic')", 'lamp = find("attic")', False),
        ("lamp = find(attic)", "lamp = fond(attic)", True),
        ("total = a + b", "total = a - b", True),
        ("return lamp;", "return 램프;", True),
    ],
)
def test_a_statement_written_anew_in_a_block(line: str, there: str, certain: bool) -> None:
    block = "```js\nimport lamp;\n\nfor (x of y) {\n  go(x);\n}\n%s\n  all: true,\n};\n```"
    english, korean = f"Like so:\n\n{block % line}\n\nEnd.", f"이렇게:\n\n{block % there}\n\n끝."
    assert bool(found(english, korean)) is certain and found(english, korean, "any")


def test_spans_of_a_page_do_not_overlap() -> None:
    for text in [
        *LISTED.values(),
        *WHOLE.values(),
        *(one for pair in [*MACROS.values(), *ROLES.values()] for one in pair),
    ]:
        spans = page_spans(text)
        assert all(a.end <= b.start for a, b in zip(spans, spans[1:], strict=False)), text


PARTS = [
    *(":begin_tab:", ":end_tab:", "`mxnet`", ":ref:", "`가 <x>`_", "`code`", "snake_case", "[l](https://a.b/c_d)"),
    *("((t))", "<<a,b>>", "image::x[y]", "////", "----", "\n", "\n\n", ".제목", "[NOTE]", "::", "    x = 1", "$ ls"),
    *("$a_b$", "\\s", ">>> f(1)", "```", "{name}", "<b>", "가나다 라", "I said that it was so", "https://a.b[c]"),
]


@given(st.sampled_from(["", " "]).flatmap(lambda gap: st.lists(st.sampled_from(PARTS), max_size=12).map(gap.join)))
def test_the_spans_of_a_page_lie_apart_and_its_prose_is_as_long_as_it(text):
    spans = page_spans(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans)), spans
    assert len(prose_of(text)) == len(text)


def test_a_name_inside_a_role_is_the_roles():
    text = ":begin_tab:`mxnet`\n글루온입니다.\n:end_tab:"
    assert page_spans(text) == [Span(0, 18, "role"), Span(28, 35, "identifier")]
