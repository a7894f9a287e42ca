from __future__ import annotations

import pytest

from hunmin.artifacts import record
from hunmin.errors import UserError


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"instruction": "묻는 말", "output": "답"}, "instruction"),
        ({"messages": [{"role": "user", "content": "안녕"}]}, "chat"),
        ({"instruction": "묻는 말", "chosen": "좋은 답", "rejected": "나쁜 답"}, "preference"),
        ({"messages": [{"role": "user", "content": "안녕"}], "chosen": "가", "rejected": "나"}, "preference"),
        ({"instruction": "묻는 말", "output": "나쁜 답", "label": False}, "labelled"),
        ({"messages": [{"role": "user", "content": "안녕"}], "label": True}, "labelled"),
        ({"instruction": "2+2?", "thinking": "둘 더하기 둘", "output": "4"}, "instruction"),
        (
            {
                "tools": [{"name": "weather", "parameters": {}}],
                "messages": [
                    {"role": "user", "content": "날씨?"},
                    {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "weather"}}]},
                    {"role": "tool", "content": "맑음"},
                    {"role": "assistant", "content": "맑아요.", "thinking": "결과를 옮긴다.", "weight": 1},
                ],
            },
            "chat",
        ),
    ],
)
def test_kind_is_told_by_keys_and_well_formed(row, kind):
    assert record.kind(row) == kind
    assert record.problems(row) == []


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ({"instruction": "가", "output": None}, "output", "got null"),
        ({"instruction": "가", "output": ""}, "output", "empty"),
        ({"instruction": "", "input": " ", "output": "답"}, "instruction", "both empty"),
        ({"instruction": 3, "output": "답"}, "instruction", "got int"),
        ({"messages": [{"role": "bot", "content": "가"}]}, "messages.0.role", "expected one of"),
        ({"messages": [{"role": "user", "content": None}]}, "messages.0.content", "got null"),
        ({"instruction": "가", "chosen": "나", "rejected": "나"}, "rejected", "no preference"),
        ({"instruction": "가", "chosen": "나"}, "rejected", "empty"),
        ([1], "", "expected an object"),
        ({"instruction": "가", "output": "나", "label": "false"}, "label", "expected true or false, got 'false'"),
        ({"instruction": "가", "output": "나", "label": None}, "label", "expected true or false"),
        ({"instruction": "가", "output": "나", "thinking": ["다"]}, "thinking", "got list"),
        ({"messages": [{"role": "assistant", "content": "가", "weight": 0.5}]}, "messages.0.weight", "0.5"),
        ({"messages": [{"role": "user", "content": "가", "thinking": "나"}]}, "messages.0.thinking", "assistant"),
        ({"messages": [{"role": "assistant", "content": ""}]}, "messages", "empty"),
        ({"instruction": "가", "chosen": "나", "rejected": "다", "label": True}, "label", "preference"),
    ],
)
def test_problems_name_the_field(row, field, words):
    found = record.problems(row)
    assert [f for f, _ in found] == [field]
    assert words in found[0][1]


def test_texts_and_with_texts_round_trip():
    row = {
        "id": "a",
        "system": "체계",
        "messages": [{"role": "user", "content": "질문"}, {"role": "assistant", "content": "답"}],
    }
    assert record.texts(row) == {"system": "체계", "messages.0.content": "질문", "messages.1.content": "답"}
    new = record.with_texts(row, {"messages.1.content": "새 답", "system": "새 체계"})
    assert record.get_text(new, "messages.1.content") == "새 답"
    assert row["messages"][1]["content"] == "답", "the given record is not changed"


def test_content_hash_ignores_history_and_keeps_text_apart():
    a = {"instruction": "가", "output": "나"}
    assert record.content_hash(a) == record.content_hash({**a, "ratings": [1], "id": "x"})
    assert record.content_hash(a) != record.content_hash({"instruction": "가나", "output": "나"})
    assert record.content_hash({"instruction": "가", "input": "", "output": "나"}) == record.content_hash(a)


def test_nfc_counts_only_what_changed():
    decomposed = {"instruction": "\u1112\u1161\u11ab", "output": "글"}
    new, changed = record.nfc(decomposed)
    assert changed and new["instruction"] == "한"
    assert record.nfc(new) == (new, False)


def test_malformed_line_names_file_and_line(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text('{"id": "a"}\n{"id": \n', encoding="utf-8")
    rows = record.read_jsonl(path)
    assert next(rows) == {"id": "a"}
    with pytest.raises(UserError, match=r"r\.jsonl:2"):
        next(rows)


def test_a_file_cut_inside_a_character_is_told_by_line(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + '{"id": "가"}\n{"id": "나"}\n'.encode()[:-5])
    with pytest.raises(UserError, match="not UTF-8") as error:
        list(record.read_jsonl(path))
    assert error.value.where == f"{path}:2"


@pytest.mark.parametrize(("key", "value", "field"), [
    ("ratings", "x", "ratings"), ("issues", 3, "issues"), ("issues", [{"check": 3}], "issues"),
    ("repairs", ["x"], "repairs"), ("translation", "x", "translation"), ("extra", [1], "extra"),
    ("original", {"instruction": 3}, "original.instruction"),
])  # fmt: skip
def test_what_stages_note_has_its_form(key, value, field):
    row = {"id": "a", "source": "s", "instruction": "가", "output": "나"}
    assert not record.problems(row) and [place for place, _ in record.problems({**row, key: value})] == [field]
