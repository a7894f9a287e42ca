"""Pages of documentation through translate: listings and sessions are not sent and come back; check says the same."""

from __future__ import annotations

import json
import re

import pytest

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.stages import check, translate
from hunmin.text import filler, pages
from hunmin.text.masking import MaskError, Segment, cut, decode, encode, join, restore
from hunmin.text.pages import kept_spans, page_spans
from tests.fakes.deepl_server import DeepLServer
from tests.fakes.openai_server import OpenAIServer

SIZES = ("lines", "whole", "sentences")
BLOCKS = {  # what stands before, the block, what of its lines is language (a sentence that a program says)
    "reST": (
        "The reader prints it out",
        "::\n\n    The lamp that you asked for is not in the house.\n    # You may look again.\n\n    And that is all.",
        [],
    ),
    "a directive": (
        "This is how it looks:\n\n",
        ".. code-block:: text\n   :linenos:\n   :name: find-the-lamp\n\n   Find the lamp of the house for me.",
        [],
    ),
    "Python": (
        "You can ask the house for it:\n\n",
        ">>> # You should look in the attic first.\n>>> find('the lamp in it')\nfound it under the stairs\n>>> light\n"
        "'It was on for all of the day.'",
        [],
    ),
    "AsciiDoc": (
        "The house says what it knows.\n\n",
        "[source,console]\n----\n$ house status\nYour lamp is in the attic and the door is open.\n"
        '  (use "house close" to close it)\n# The rest of it is for you.\n----',
        [],
    ),
    "a literal block": ("It prints this.\n\n", "....\nThe lamp that you asked for is not here.\n....", []),
    "a shell": (
        "You can look for it and then at the\n",
        "$ house find --all of them\nlooking in the attic and under the stairs\n"
        "The lamp was not there at all.\nfound 3 of them in the attic",
        ["The lamp was not there at all."],
    ),
    "a log": (
        "These are the last changes.\n\n",
        "8c4e1f0 put the lamp back into the attic\n1f2a9bc take the old chair out of it",
        [],
    ),
    "a trace": (
        "It ends so.\n\n",
        'Traceback (most recent call last):\n  File "house.py", line 3, in find\nValueError: the lamp is not in it',
        [],
    ),
    "a comment of AsciiDoc": ("It is dark there.\n\n", "////\nThis is for who writes the page.\n////", []),
}


def page(name: str) -> str:
    before, block, _ = BLOCKS[name]
    head = "= The attic" if name in ("AsciiDoc", "a literal block", "a comment of AsciiDoc") else "The attic"
    return f"{head}\n\n{before}{block}\n\nThen go up with it."


def sent(text: str, size: str = "lines") -> list[str]:
    return [encode(p, "bracket") for p in cut(text, size) if isinstance(p, Segment)]


@pytest.mark.parametrize("name", BLOCKS)
def test_what_a_page_shows_is_not_sent_and_comes_back(name: str) -> None:
    before, block, said = BLOCKS[name]
    text = page(name)
    words = [line for line in block.split("\n") if re.search("[A-Za-z]", line) and line not in said]
    for size in SIZES:
        asked = sent(text, size)
        assert not any(line.strip() in one for one in asked for line in words), (size, asked)
        told = "\n".join(asked)
        assert all(one in told for one in [before.strip("\n:"), *said, "Then go up with it."]), (size, asked)
        pieces = cut(text, size)
        back = join(pieces, [restore(p, filler._filled(p.body)) for p in pieces if isinstance(p, Segment)])
        kept = re.split("|".join(map(re.escape, said)) or "$^", block)
        assert all(part.strip("\n") in back for part in kept)
        assert not any(one in back for one in [before.strip("\n:"), *said])


def test_a_caption_is_read() -> None:
    text = "So:\n\n.. code-block:: python\n   :caption: Where the lamp is\n   :linenos:\n\n   find(lamp)\n\nGo up."
    assert sent(text) == ["So", "Where the lamp is", "Go up."]
    assert sent(text, "whole") == ["So:\n\n⟦0⟧Where the lamp is⟦1⟧\n\nGo up."]


def test_a_block_behind_colons_stays_at_the_end_of_its_line() -> None:
    (segment,) = [p for p in cut(page("reST"), "whole") if isinstance(p, Segment)]
    assert encode(segment, "at") == "The attic\n\nThe reader prints it out@0@\n\nThen go up with it."
    assert decode(segment, "다락\n\n이렇게 씁니다@0@\n\n올라가세요.", "at")
    with pytest.raises(MaskError, match="::"):
        decode(segment, "다락\n\n이것을@0@ 씁니다\n\n올라가세요.", "at")


PROSE = {
    "a quotation": "She wrote:\n\n> The lamp is in the attic.\n> You should look there.",
    "a quotation in a mail": ">>> It was in the attic of the house.\n>> No, it was not there.\n> Look again.",
    "colons": "You need three things of the house:\n\n  a lamp, a chair and all of the stairs.",
    "definitions": "Lamp::\n  What gives light in it.\nStairs:: What you go up.",
    "definitions apart": "Lamp::\n\n  What gives light in the attic.\n\nStairs::\n\n  What you go up,\n  and down.",
    "definitions by indent": "Lamp\n  What gives light in the attic.",
    "rules of Markdown": "One.\n\n----\n\nIt is in the attic of the house.\n\n----\n\nTwo.",
    "prices": "It costs\n$ 5 and 20 % of it.\nThat is what they ask.",
    "a letter": "From: the house\nSubject: what to do with it\n\nIt is dark.",
    "an admonition": ".. note::\n\n   The lamp that you asked for is not in the house.",
}


@pytest.mark.parametrize("name", PROSE)
def test_prose_that_only_looks_like_it_is_sent(name: str) -> None:
    asked = " ".join(sent(PROSE[name]))
    plain = re.sub(r"^[>. ]*(?:note::)?|:$|^-+$", "", PROSE[name], flags=re.M)
    left = [w for w in re.findall(r"[A-Za-z]+", plain) if not re.search(rf"\b{w}\b", asked)]
    assert not left or name == "a letter" and set(left) <= {"From", "Subject"}


def test_what_is_said_between_commands_is_sent() -> None:
    text = (
        "Run\n$ house open\nand then look at what is in it with\n$ house show\nto see it.\n\n"
        "$ house close\nThis will close all of the doors that are in\nthe house and the attic."
    )
    assert sent(text) == [
        "Run",
        "and then look at what is in it with",
        "to see it.",
        "This will close all of the doors that are in the house and the attic.",
    ]


def test_masking_and_the_checks_have_one_truth() -> None:
    for text in [*map(page, BLOCKS), *PROSE.values()]:
        code = {(s.start, s.end) for s in kept_spans(text) if s.kind in ("code", "fence")}
        assert code == {(s.start, s.end) for s in page_spans(text) if s.kind in ("code", "fence")}


# --- the whole path ---


def in_korean(text: str) -> str:
    parts = re.split(r"(<x [^<>]*/>|<x [^<>]*>.*?</x>|⟦\d+⟧)", text)
    return "".join(part if i % 2 else _words(part) for i, part in enumerate(parts))


def _words(text: str) -> str:
    return "\n".join(filler._filled(line) if line.strip() else line for line in text.split("\n"))


def through(tmp_path, name: str, **options):
    records = tmp_path / "in.jsonl"
    write_jsonl(records, [{"id": n, "source": "t", "instruction": page(n), "output": "Yes."} for n in BLOCKS])
    inputs = Inputs(label="translate", records=records, spend=Spend(tmp_path / "ledger.sqlite", 5, 10**7))
    translate.run(translate.Config(**options), inputs, tmp_path / name)
    return list(read_jsonl(tmp_path / name / "records.jsonl"))


@pytest.mark.parametrize("engine", ["deepl", "llm"])
def test_translate_and_check_of_a_page(tmp_path, monkeypatch, engine) -> None:
    monkeypatch.setenv("DEEPL_AUTH_KEY", "test-key:fx")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    if engine == "deepl":
        with DeepLServer(lambda n, body: [in_korean(t) for t in body["text"]]) as server:
            through(tmp_path, "out", base_url=server.url)
    else:

        def reply(n, body):
            return json.dumps({"translation": in_korean(body["messages"][-1]["content"])}, ensure_ascii=False)

        with OpenAIServer(reply) as other:
            through(tmp_path, "out", engine="llm", model="gpt-4o-mini", base_url=other.base_url)
    inputs = Inputs(label="check", records=tmp_path / "out" / "records.jsonl", spend=Spend(tmp_path / "l.sqlite"))
    check.run(check.Config(), inputs, tmp_path / "checked")
    for record in read_jsonl(tmp_path / "checked" / "records.jsonl"):
        assert record["translation"]["status"] == "ok", record["translation"]
        assert record["issues"] == [], (record["instruction"], record["issues"])


def test_the_ledger_of_an_older_run_answers(tmp_path, monkeypatch) -> None:
    """What was paid for when listings were sent as prose is not asked again, but for what touches a listing."""
    monkeypatch.setenv("DEEPL_AUTH_KEY", "test-key:fx")
    with DeepLServer() as server:
        with monkeypatch.context() as older:
            older.setattr(pages, "listings", lambda text: ())
            older.setattr(pages, "COMMENT", re.compile("$^"))
            through(tmp_path, "older", base_url=server.url)
        before = set(server.texts)
        through(tmp_path, "newer", base_url=server.url)
        new = {"The reader prints it out", "You can look for it and then at the", "The lamp was not there at all."}
        assert set(server.texts) - before <= new
