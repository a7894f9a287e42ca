"""Masking: what must survive is hidden and comes back exactly; what an engine spoils is noticed."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hunmin.artifacts.record import texts
from hunmin.text.masking import MaskError, Segment, cut, decode, encode, join, restore

SIZES = ("whole", "lines", "sentences")
STYLES = ("xml", "xml_empty", "bracket", "at")


def sent(text, size="lines", style="xml"):
    return [encode(p, style) for p in cut(text, size) if isinstance(p, Segment)]


def there_and_back(text, size, style):
    pieces = cut(text, size)
    said = [restore(p, decode(p, encode(p, style), style)) for p in pieces if isinstance(p, Segment)]
    return join(pieces, said)


PIECES = st.sampled_from(
    "the quick fox|`code x`|```py\nx = 1\n```|$a^2$|\\[ x \\]|https://a.b/c?d=e|me@x.org|[Your name]|{name}|"
    "<b>bold</b>|"
    "____|**bold**|_marked_|#tag|| a | b |\n|Key: value\n|\n\n|\n|  |\t|- item\n|1. first\n|camelCase|f(x)|--flag|a.py|"
    '{"a": "text"}|⟦0⟧|<x id="0"/>|X0X|@0@|2 x 3 x 4|&amp;|&lt;x&gt;|∀x∃y|<|>|&|"quoted"|. |! |, |: |가나다|é|\r\n|'
    "$ ls -a\n|>>> f(x)\n|::\n\n    a b\n\n|----\n|[source]\n|////\n|said in the\n|"
    "\U000f0000|\x00|\u2028".split("|")
)
ANY = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=14).map("".join))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", SIZES)
def test_restoring_a_masked_text_gives_the_text(size, style):
    @settings(max_examples=100, deadline=None)
    @given(ANY)
    @example("a long line that goes on and on and\nthen continues here, with `code` and\n  more. Next.")
    @example("@0@5@1@ `a` @ b `c`")
    @example("One two three four.----\n# You look at\n      the end of all of it and of\n      more of it.")
    @example("A\n```\U000f0000\n")
    @example("X0\x1b")
    def check(text):
        assert there_and_back(text, size, style) == text

    check()


@pytest.mark.parametrize("size", SIZES)
def test_the_bundled_records_come_back(size):
    n = 0
    for line in resources.files("hunmin.data").joinpath("en.jsonl").read_text(encoding="utf-8").splitlines():
        for text in texts(json.loads(line)).values():
            for style in STYLES:
                assert there_and_back(text, size, style) == text
                n += 1
    assert n > 1000


def test_what_is_never_sent():
    text = (
        "Call `foo()` in main.py, then see https://x.org/a_b and mail me@x.org.\n"
        "Write [Your name] or {name} into ____ where $x^2$ and ∀x∃y(p(x)→q(y)) hold.\n"
        "```\nprint('hello')\n```\n"
        "Use camelCase, snake_case and _underlined_ words. #tag\n"
    )
    seen = "\n".join(sent(text, style="xml_empty"))
    for hidden in (
        "foo()",
        "main.py",
        "https",
        "me@x.org",
        "Your name",
        "{name}",
        "____",
        "$x^2$",
        "∀",
        "print",
        "camelCase",
        "snake_case",
        "_underlined_",
        "#tag",
    ):
        assert hidden not in seen
    assert "Call" in seen and "hold" in seen


def test_nothing_but_code_is_copied():
    for text in ("SELECT a FROM b;", "def f(x):\n    return x", "```\nanything\n```", "12.5 + 3", "   ", ""):
        assert sent(text) == []


def test_structure_stays_outside():
    assert sent("- apples\n- pears") == ["apples", "pears"]
    assert sent("| Name | Age |\n| --- | --- |\n| Tom Thumb | 3 |") == ["Name", "Age", "Tom Thumb"]
    assert sent("Company: Acme Ltd\nJob: engineer") == ["Company", "Acme Ltd", "Job", "engineer"]
    assert sent('{"city": "Busan", "n": 3}') == ["Busan"]
    assert sent("Here is the list:\nA") == ["Here is the list:", "A"]


def test_a_quotation_mark_in_json_is_escaped():
    pieces = cut('{"a": "say hi", "b": 1}', "lines")
    said = [restore(p, '그는 "안녕"') for p in pieces if isinstance(p, Segment)]
    assert json.loads(join(pieces, said)) == {"a": '그는 "안녕"', "b": 1}


def test_hard_line_breaks_are_joined_and_set_again():
    text = "Write a simple guide for uploading the bibliography database\n on Overleaf."
    (piece,) = cut(text, "lines")
    assert encode(piece, "xml") == "Write a simple guide for uploading the bibliography database on Overleaf."
    korean = restore(piece, "Overleaf에 참고문헌 데이터베이스를 올리는 간단한 안내서를 쓰세요.")
    assert korean.count("\n") == 1 and korean.replace("\n ", " ").startswith("Overleaf에 참고문헌")
    assert len(cut("Roses are red\nViolets are blue", "lines")) == 3  # lines of a poem are no hard breaks


def test_lost_doubled_and_invented_masks_are_noticed():
    (piece,) = cut("Call `foo()` and `bar()` now.", "lines")
    assert (
        restore(piece, decode(piece, '지금 <x id="1">`bar()`</x>와 <x id="0"/>를', "xml")) == "지금 `bar()`와 `foo()`를"
    )
    for reply in (
        '지금 <x id="0"/>를 부르세요.',
        '<x id="0"/> <x id="1"/> <x id="1"/> 부르세요',
        '<x id="0"/> <x id="1"/> <x id="7"/> 부르세요',
        '<x id="0"/> <x id=1> 부르세요',
        '<x id="0"/><x id="1"/>',
    ):
        with pytest.raises(MaskError):
            decode(piece, reply, "xml")
    with pytest.raises(MaskError):
        decode(piece, "⟦0⟧ 부르세요 ⟦1", "bracket")


def test_moved_masks_are_noticed():
    (piece,) = cut("This is **very** important", "lines")
    assert restore(piece, decode(piece, '이것은 <x id="0"/> 매우 <x id="1"/> 중요하다', "xml")).count("**") == 2
    with pytest.raises(MaskError, match="moved"):
        decode(piece, '이것은 <x id="1"/>매우<x id="0"/> 중요하다', "xml")
    (whole,) = cut("First `a` line.\nSecond `b` line.", "whole")
    with pytest.raises(MaskError, match="left line"):
        decode(whole, "첫 ⟦1⟧ 줄.\n둘째 ⟦0⟧ 줄.", "bracket")
    with pytest.raises(MaskError, match="lines became"):
        decode(whole, "첫 ⟦0⟧ 줄. 둘째 ⟦1⟧ 줄.", "bracket")


def test_structure_of_a_whole_field_is_compared():
    (whole,) = cut("Name: Tom\n- a thing\n| a | b |", "whole")
    assert decode(whole, "이름: 톰\n- 물건\n| 가 | 나 |", "bracket")
    for reply in ("이름은 톰\n- 물건\n| 가 | 나 |", "이름: 톰\n물건\n| 가 | 나 |", "이름: 톰\n- 물건\n| 가 나 |"):
        with pytest.raises(MaskError):
            decode(whole, reply, "bracket")


def test_sentences_are_the_smallest_pieces():
    assert sent("One `a` here. Two here! Is it 3.5? Yes.", "sentences", "bracket") == [
        "One ⟦0⟧ here.",
        "Two here!",
        "Is it 3.5?",
        "Yes.",
    ]


@pytest.mark.data
def test_what_a_real_translator_damaged_would_not_have_been_sent(data_folder):
    labels = ("code_only", "code_mixed", "math_symbol", "markup")
    n = 0
    for line in (data_folder / "parallel" / "gold_dev.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for span in row["spans"]:
            if span["label"] in labels and "task_broken" not in row["labels"]:
                n += 1
                seen = sent(row["source"], style="xml_empty")
                assert not any(span["source_span"] in text for text in seen), (row["id"], span["source_span"])
    assert n >= 10
