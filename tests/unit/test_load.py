"""load: ids, encodings, NFC, bad rows, originals; every bad input says what, where and how to mend it."""

from __future__ import annotations

import json
import os
import random
import unicodedata

import pytest
from pydantic import ValidationError

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.errors import UserError
from hunmin.stages import load

ROWS = [{"instruction": f"{i}번 질문", "input": "", "output": f"{i}번 답"} for i in range(5)]


def run(tmp_path, rows=None, name="data.jsonl", **options):
    """Load rows (or a file made before) and give (records, dropped, counts)."""
    path = tmp_path / name
    if rows is not None:
        write_jsonl(path, rows)
    counts = load.run(load.Config(**{"path": str(path), **options}), Inputs(label="load"), tmp_path / "out")
    kept = list(read_jsonl(tmp_path / "out" / "records.jsonl"))
    return kept, list(read_jsonl(tmp_path / "out" / "dropped.jsonl")), counts.check("load")


def fails(tmp_path, says, rows=None, name="data.jsonl", **options):
    with pytest.raises(UserError) as error:
        run(tmp_path, rows, name, **options)
    for part in [says] if isinstance(says, str) else says:
        assert part in str(error.value), str(error.value)
    assert error.value.exit_code == 2


def test_ids_come_from_source_and_text_whatever_the_order(tmp_path):
    first, _, _ = run(tmp_path, ROWS)
    shuffled = random.Random(1).sample(ROWS, 5)
    (tmp_path / "b").mkdir()
    second, _, _ = run(tmp_path / "b", shuffled)
    assert {r["id"]: r["output"] for r in first} == {r["id"]: r["output"] for r in second}
    assert all(r["id"].startswith("data-") and r["source"] == "data" for r in first)


def test_equal_rows_get_numbered_ids(tmp_path):
    kept, _, _ = run(tmp_path, [ROWS[0], ROWS[1], ROWS[0], ROWS[0]])
    ids = [r["id"] for r in kept]
    assert ids[2] == f"{ids[0]}-2" and ids[3] == f"{ids[0]}-3" and len(set(ids)) == 4


def test_ready_unique_ids_are_kept_and_repeated_ones_are_named(tmp_path):
    kept, _, _ = run(tmp_path, [{**r, "id": i} for i, r in enumerate(ROWS)])
    assert [r["id"] for r in kept] == ["0", "1", "2", "3", "4"]
    rows = [{**r, "id": "x"} for r in ROWS[:2]]
    fails(tmp_path, ["data.jsonl:2", "id 'x' was used before, at", "data.jsonl:1", "Make the ids unique"], rows)
    kept, dropped, _ = run(tmp_path, rows, on_bad_row="drop")
    assert len(kept) == 1 and dropped[0]["reason"] == "bad_row"


def test_text_is_brought_to_nfc_and_counted(tmp_path):
    rows = [{"instruction": unicodedata.normalize("NFD", "한국의 수도는?"), "output": "서울"}, ROWS[0]]
    kept, _, counts = run(tmp_path, rows)
    assert kept[0]["instruction"] == "한국의 수도는?" and counts.notes["n_nfc"] == 1


def test_a_bom_and_named_cp949_are_read(tmp_path):
    (tmp_path / "bom.jsonl").write_bytes(b"\xef\xbb\xbf" + json.dumps(ROWS[0]).encode() + b"\n")
    assert run(tmp_path, name="bom.jsonl")[0][0]["output"] == "0번 답"
    (tmp_path / "old.csv").write_bytes("Q,A\n질문,대답\n".encode("cp949"))
    columns = {"instruction": "Q", "output": "A"}
    fails(tmp_path, ["old.csv:2", "encoding: cp949"], name="old.csv", columns=columns)
    kept, _, _ = run(tmp_path, name="old.csv", columns=columns, encoding="cp949")
    assert kept[0]["output"] == "대답"


@pytest.mark.parametrize(
    "row, says",
    [
        ({"instruction": "a", "output": None}, "field 'output': expected text, got null"),
        ({"instruction": "a", "output": ["b"]}, "field 'output': expected text, got list"),
        ({"instruction": "a", "output": " "}, "field 'output': empty"),
        ({"instruction": "", "input": "", "output": "b"}, "instruction and input are both empty"),
        ({"instruction": "a", "output": "\ud83d"}, "half of a surrogate pair"),
    ],
)
def test_a_bad_row_is_named_by_line_and_field(tmp_path, row, says):
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in [ROWS[0], ROWS[1], row]))
    fails(tmp_path, ["data.jsonl:3", says, "on_bad_row: drop"])
    kept, dropped, counts = run(tmp_path, on_bad_row="drop")
    assert len(kept) == 2 and counts.dropped == {"bad_row": 1}
    assert dropped[0]["detail"]["where"].endswith("data.jsonl:3") and says in dropped[0]["detail"]["why"]


def test_a_malformed_line_is_named_or_dropped_with_its_text(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps(ROWS[0]) + "\n{broken\n" + json.dumps(ROWS[1]) + "\n")
    fails(tmp_path, ["data.jsonl:2", "not JSON"])
    kept, dropped, _ = run(tmp_path, on_bad_row="drop")
    assert len(kept) == 2 and dropped[0]["record"] == {"text": "{broken"} and dropped[0]["index"] == 1


@pytest.mark.parametrize("name, content", [("e.jsonl", ""), ("e.json", "[]"), ("e.csv", "instruction,output\n")])
def test_an_empty_dataset_is_an_error(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    fails(tmp_path, ["the dataset is empty", name], name=name)


def test_a_dataset_of_bad_rows_only_is_an_error_with_the_reasons(tmp_path):
    fails(tmp_path, ["no usable row", "empty", "(2)"], [{"instruction": "a", "output": ""}] * 2, on_bad_row="drop")


def test_missing_file_unknown_shape_and_wrong_columns(tmp_path):
    fails(tmp_path, ["no such file"], name="nosuch.jsonl")
    fails(
        tmp_path,
        ["no known format has these keys: 가나, 다라", "--columns '{instruction: 가나, output: 다라}'"],
        [{"가나": "a", "다라": "bb"}],
    )
    fails(
        tmp_path,
        "no column 'AA'",
        [{"Q": "a", "A": "b"}],
        columns={"instruction": "Q", "output": "AA"},
        on_bad_row="drop",
    )


def test_options_that_exclude_each_other():
    assert load.check(load.Config()) == ["give exactly one of path and hub"]
    assert load.check(load.Config(path="a", hub="b")) == ["give exactly one of path and hub"]
    assert "revision" in load.check(load.Config(path="a", revision="main"))[0]
    assert (
        "exclude" in load.check(load.Config(path="a", format="alpaca", columns={"instruction": "Q", "output": "A"}))[0]
    )
    assert "unknown key 'rating'" in load.check(load.Config(path="a", provides=["rating"]))[0]
    with pytest.raises(ValidationError, match="unknown format"):
        load.Config(path="a", format="alpacca")


def test_licence_generator_source_and_limit(tmp_path):
    kept, _, _ = run(tmp_path, ROWS, license="CC BY 4.0", generator="사람", source="내 자료", limit=2)
    assert len(kept) == 2
    assert kept[0]["license"] == "CC BY 4.0" and kept[0]["generator"] == "사람" and kept[0]["source"] == "내 자료"
    kept, _, _ = run(tmp_path, [{**ROWS[0], "license": "MIT", "data_source": "x"}])
    assert kept[0]["license"] == "MIT" and kept[0]["extra"] == {"data_source": "x"}


def test_originals_pair_by_id_and_else_by_row(tmp_path):
    english = [{"instruction": f"question {i}", "output": f"answer {i}"} for i in range(5)]
    write_jsonl(tmp_path / "en.jsonl", english)
    kept, _, counts = run(tmp_path, ROWS, original=str(tmp_path / "en.jsonl"))
    assert kept[3]["original"] == {"instruction": "question 3", "output": "answer 3"}
    assert counts.notes["paired_by"] == "position"
    write_jsonl(tmp_path / "en.jsonl", [{"id": f"r{4 - i}", **english[4 - i]} for i in range(5)])
    with_ids = [{"id": f"r{i}", **r} for i, r in enumerate(ROWS)]
    with_ids[0]["id"], with_ids[4]["id"] = "r4", "r0"
    kept, _, counts = run(tmp_path, with_ids, original=str(tmp_path / "en.jsonl"))
    assert counts.notes["paired_by"] == "id" and kept[0]["original"]["output"] == "answer 4"


def test_a_dropped_row_does_not_shift_the_originals_of_the_others(tmp_path):
    write_jsonl(tmp_path / "en.jsonl", [{"instruction": f"q {i}", "output": f"answer {i}"} for i in range(5)])
    for bad in ({"instruction": "a", "output": None}, {"instruction": "a", "output": ""}):
        rows = [*ROWS[:2], bad, *ROWS[3:]]
        kept, _, _ = run(tmp_path, rows, original=str(tmp_path / "en.jsonl"), on_bad_row="drop")
        assert [r["original"]["output"][-1] for r in kept] == ["0", "1", "3", "4"]


def test_originals_that_cannot_be_paired(tmp_path):
    english = [{"instruction": f"question {i}", "output": f"answer {i}"} for i in range(4)]
    write_jsonl(tmp_path / "en.jsonl", english)
    fails(tmp_path, ["has only 4 rows"], ROWS, original=str(tmp_path / "en.jsonl"))
    write_jsonl(tmp_path / "en.jsonl", english + english)
    fails(tmp_path, ["5 rows here, 8 in", "same number of rows"], ROWS, original=str(tmp_path / "en.jsonl"))


def test_history_keys_need_provides(tmp_path):
    rating = {"rater": "llm", "score": 8.5, "scale": "0-10", "status": "ok"}
    rows = [{"id": str(i), "source": "s", **r, "ratings": [rating]} for i, r in enumerate(ROWS)]
    kept, _, _ = run(tmp_path, rows, provides=["ratings"])
    assert kept[0]["ratings"] == [rating]
    kept, _, counts = run(tmp_path, rows)
    assert "ratings" not in kept[0] and kept[0]["extra"]["ratings"] == [rating]
    assert counts.notes["n_history_in_extra"] == 5
    fails(tmp_path, "provides names 'review', but no row has it", rows, provides=["review"])
    assert load.Config(path="a", original="b").provides == ["original"]


def test_rows_that_ask_in_korean_and_answer_in_english_are_counted(tmp_path):
    rows = [{"instruction": "문장을 고치세요", "output": "This was never translated at all."}, ROWS[0]]
    assert run(tmp_path, rows)[2].notes["n_untranslated"] == 1


def test_a_cot_row_is_joined_as_asked(tmp_path):
    rows = [{"source": "1+1?", "target": "2", "rationale": "하나와 하나", "task": "math"}]
    kept, _, _ = run(tmp_path, rows, cot_join=" => ")
    assert kept[0]["output"] == "하나와 하나 => 2" and kept[0]["extra"]["task"] == "math"


def test_the_dry_run_counts_and_changes_nothing(tmp_path):
    write_jsonl(tmp_path / "data.jsonl", ROWS)
    found = load.estimate(load.Config(path=str(tmp_path / "data.jsonl")), Inputs(label="load"))
    assert found == {"records": 5, "chars": sum(len(r["instruction"]) + len(r["output"]) for r in ROWS)}
    assert os.listdir(tmp_path) == ["data.jsonl"]


@pytest.mark.data
def test_the_never_translated_outputs_of_the_deepl_rows_are_flagged(data_folder, tmp_path):
    """Trap: KULLM's evaluation rows have Korean instructions and English outputs, all 252 of them."""
    config = load.Config(
        path=str(data_folder / "parallel/ko_deepl.jsonl"), original=str(data_folder / "parallel/en.jsonl")
    )
    counts = load.run(config, Inputs(label="load"), tmp_path / "out")
    assert counts.n_kept == 252 and counts.notes["with_original"] == 252 and counts.notes["format"] == "instances"
    assert counts.notes["n_untranslated"] >= 240


@pytest.mark.data
def test_the_empty_outputs_of_alpaca_are_found(data_folder, tmp_path):
    for name, n in (("alpaca_random_9k.json", 9229), ("alpaca_claude_t45.json", 5305)):
        path = str(data_folder / "instruct" / name)
        counts = load.run(load.Config(path=path, on_bad_row="drop"), Inputs(label="load"), tmp_path / name)
        assert counts.n_in == n and counts.dropped == {"bad_row": 4}


def test_a_question_set_may_come_without_answers(tmp_path):
    path = tmp_path / "q.jsonl"
    path.write_text('{"id": "q1", "instruction": "What is Seoul?"}\n', encoding="utf-8")
    with pytest.raises(UserError):
        load.run(load.Config(path=str(path)), Inputs(label="load"), tmp_path / "a")
    counts = load.run(load.Config(path=str(path), questions=True), Inputs(label="load"), tmp_path / "b")
    assert counts.n_kept == 1
    path.write_text('{"id": "q1", "instruction": ""}\n', encoding="utf-8")
    with pytest.raises(UserError, match="both empty"):
        load.run(load.Config(path=str(path), questions=True), Inputs(label="load"), tmp_path / "c")


@pytest.mark.parametrize("original", [
    {"messages.0": "Hi", "messages.1": "Hello"}, {"messages.0.content": "Hi", "messages.1.content": "Hello"},
    {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]},
])  # fmt: skip
def test_the_original_of_messages_is_understood(tmp_path, original):
    from hunmin.translation.checks.find_issues import original_of

    chat = {"messages": [{"role": "user", "content": "안녕"}, {"role": "assistant", "content": "안녕하세요"}]}
    kept, _, _ = run(tmp_path, [{**chat, "original": original}], provides=["original"])
    assert kept[0]["original"] == {"messages.0.content": "Hi", "messages.1.content": "Hello"}
    if "messages.0" in original:  # also in records that no load has seen
        assert original_of({**chat, "original": original}, "messages.1.content") == "Hello"


@pytest.mark.parametrize(("row", "field"), [
    ({"messages": [{"role": "user", "content": "사과가 3개 있다."}, {"role": "assistant", "content": "네."}],
      "original": {"messages.0": "There are 5 apples."}}, "messages.0.content"),
    ({"instruction": "사과가 3개 있다.", "output": "네.",
      "original": {"instruction": "There are 5 apples."}}, "instruction"),
])  # fmt: skip
def test_check_compares_with_the_original_of_rows_without_a_source(tmp_path, row, field):
    from hunmin.commands import one_stage

    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert one_stage.main("check", [str(path), "-o", str(tmp_path / "checked")]) == 0
    (record,) = read_jsonl(tmp_path / "checked" / "records.jsonl")
    assert [(i["code"], i["field"]) for i in record["issues"]] == [("number_lost", field)]


def test_another_dataset_s_column_original_is_no_history(tmp_path):
    from hunmin.commands import one_stage

    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{"instruction": "가?", "output": "나.", "original": {"url": "x"}}])
    assert one_stage.main("check", [str(path), "-o", str(tmp_path / "checked")]) == 0
    (record,) = read_jsonl(tmp_path / "checked" / "records.jsonl")
    assert record["extra"] == {"original": {"url": "x"}}


@pytest.mark.parametrize(("original", "told"), [
    ({"messages.7": "Hi"}, "no text field 'messages.7'"), ({"ouput": "Hi"}, "did you mean 'output'"),
    ("Hi", "an object of texts"), ({"output": 3}, "expected text, got int"),
])  # fmt: skip
def test_an_original_that_fits_no_field_is_refused(tmp_path, original, told):
    fails(tmp_path, told, [{"instruction": "가", "output": "나", "original": original}], provides=["original"])


def test_the_memory_of_ids_is_small_and_finds_each_again():
    """No string a row: hashes and line numbers, in tables that grow."""
    import tracemalloc

    from hunmin.artifacts.ids import Ids

    def give(i: int, id_: str = "") -> str:
        record = {"id": id_, "source": "s", "instruction": "뭐?", "output": f"답 {i % 7}" if not id_ else "답"}
        ids.give(record, f"/some/long/folder/of/data/file-{i // 20_000}.jsonl:{i % 20_000 + 1}")
        return record["id"]

    ids = Ids()
    tracemalloc.start()
    for i in range(30_000):
        give(i, f"name-{i}")
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used < 60 * 30_000
    for i in (0, 9, 19_999, 20_000, 29_999):
        with pytest.raises(UserError, match=rf"used before, at .*file-{i // 20_000}.jsonl:{i % 20_000 + 1}\b"):
            give(1, f"name-{i}")
    made = [give(i) for i in range(21)]
    assert len(set(made)) == 21 and made[14] == f"{made[0]}-3"
