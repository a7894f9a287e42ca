"""Reading rows from files: kinds, archives, encodings, and what is said about a file that cannot be read."""

from __future__ import annotations

import gzip
import json

import pytest
import zstandard

from hunmin.errors import UserError
from hunmin.formats.files import Malformed, read_rows

ROWS = [{"instruction": "수도는?", "output": "서울"}, {"instruction": 'a "b", c', "output": "줄\n바꿈"}]


def jsonl(rows=ROWS) -> str:
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)


def read(path, encoding=None):
    return [row for _, row in read_rows(path, encoding)]


def test_the_same_rows_from_every_kind_of_file(tmp_path):
    import pyarrow
    import pyarrow.parquet

    (tmp_path / "a.jsonl").write_text(jsonl(), encoding="utf-8")
    (tmp_path / "a.json").write_text(json.dumps(ROWS, ensure_ascii=False, indent=1), encoding="utf-8")
    (tmp_path / "b.json").write_text(json.dumps({"data": ROWS}), encoding="utf-8")
    (tmp_path / "c.json").write_text(jsonl(), encoding="utf-8")
    (tmp_path / "a.csv").write_text('instruction,output\n수도는?,서울\n"a ""b"", c","줄\n바꿈"\n', encoding="utf-8")
    (tmp_path / "a.tsv").write_text('instruction\toutput\n수도는?\t서울\n"a ""b"", c"\t"줄\n바꿈"\n', encoding="utf-8")
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    with gzip.open(tmp_path / "a.jsonl.gz", "wb") as file:
        file.write(jsonl().encode())
    (tmp_path / "a.csv.zst").write_bytes(zstandard.compress((tmp_path / "a.csv").read_bytes()))
    for name in ("a.jsonl", "a.json", "b.json", "c.json", "a.csv", "a.tsv", "a.parquet", "a.jsonl.gz", "a.csv.zst"):
        assert read(tmp_path / name) == ROWS, name


def test_a_folder_is_read_in_name_order(tmp_path):
    for i, row in enumerate(ROWS):
        (tmp_path / f"part-{i}.jsonl").write_text(jsonl([row]), encoding="utf-8")
    (tmp_path / "README.md").write_text("x")
    assert read(tmp_path) == ROWS
    (tmp_path / "z.csv").write_text("a\n1\n")
    with pytest.raises(UserError, match="mixes .csv, .jsonl"):
        read(tmp_path)


def test_a_bom_is_removed(tmp_path):
    for name, text in (("a.jsonl", jsonl()), ("a.json", json.dumps(ROWS)), ("a.csv", "instruction,output\na,b\n")):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
        assert list(read(tmp_path / name)[0]) == ["instruction", "output"]


def test_cp949_is_proposed_and_read_when_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("Q,A\nhello,world\n안녕하세요,반갑습니다\n".encode("cp949"))
    with pytest.raises(UserError) as error:
        read(path)
    assert (
        f"{path}:3" in str(error.value) and "encoding: cp949" in str(error.value) and "안녕하세요" in str(error.value)
    )
    assert read(path, "cp949")[1] == {"Q": "안녕하세요", "A": "반갑습니다"}


def test_utf16_is_proposed_and_read_when_named(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(jsonl(), encoding="utf-16")
    with pytest.raises(UserError, match="utf-16"):
        read(path)
    assert read(path, "utf-16") == ROWS


@pytest.mark.parametrize(
    "line, why",
    [
        ('{"a": 1', "not JSON: .* at column"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": 1, "a": 2}', "key 'a' stands twice"),
        ('["a"]', "expected an object, got list"),
        ("null", "expected an object, got NoneType"),
    ],
)
def test_a_malformed_line_is_named_and_the_others_are_read(tmp_path, line, why):
    path = tmp_path / "a.jsonl"
    path.write_text(jsonl()[:-1] + "\n\n" + line + "\n" + jsonl([ROWS[0]]), encoding="utf-8")
    found = list(read_rows(path))
    assert [isinstance(r, Malformed) for _, r in found] == [False, False, True, False]
    where, bad = found[2]
    assert where == f"{path}:4"
    import re

    assert re.match(why, bad.why) and bad == line


def test_rows_of_a_json_array_are_named_by_their_line(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[\n {"a": 1,\n  "b": 2},\n\n {"a": 3}, 4\n]\n')
    assert [where for where, _ in read_rows(path)] == [f"{path}:2", f"{path}:5", f"{path}:5"]
    assert isinstance([row for _, row in read_rows(path)][2], Malformed)
    for text, where in (('[{"a": 1}\n{"a": 2}]', 2), ('[{"a": 1}]\nx', 2), ('[{"a": 1}', 1)):
        path.write_text(text)
        with pytest.raises(UserError, match="not JSON") as error:
            read(path)
        assert f"{path}:{where}" in str(error.value)
    path.write_text(" [ ]\n")
    assert read(path) == []


def test_a_csv_row_with_too_many_cells_is_named_by_its_first_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('Q,A\n"two\nlines",b\na,b,c\n', encoding="utf-8")
    found = list(read_rows(path))
    assert found[0] == (f"{path}:2", {"Q": "two\nlines", "A": "b"})
    assert found[1][0] == f"{path}:4" and "3 cells, but the header names 2" in found[1][1].why


@pytest.mark.parametrize(
    "name, content, says",
    [
        ("a.csv", b'Q,A\n"open,b\n', "not a table"),
        ("a.csv", b"Q,Q\n1,2\n", "column 'Q' stands twice"),
        ("a.json", b"[1,", "not JSON"),
        ("a.json", b"3", "expected a list of rows"),
        ("a.jsonl.gz", b"nonsense", "archive is broken"),
        ("a.parquet", b"nonsense", "not Parquet"),
        ("a.xls", b"PK", "unknown kind of file"),
        ("a.xlsx", b"PK", "not an Excel workbook"),
    ],
)
def test_a_broken_file_is_an_error_with_its_name(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=says) as error:
        read(tmp_path / name)
    assert name in str(error.value)


def test_a_missing_file_proposes_a_neighbour(tmp_path):
    (tmp_path / "train.jsonl").write_text("")
    with pytest.raises(UserError, match="did you mean 'train.jsonl'"):
        read(tmp_path / "trian.jsonl")


def test_a_comma_too_many_and_an_array_one_row_a_line_are_read(tmp_path):
    body = ",\n".join(json.dumps(r, ensure_ascii=False) for r in ROWS)
    for name, text in (
        ("a.json", f"[{body},\n]"),
        ("a.jsonl", body + ",\n"),
        ("b.jsonl", f"[\n{body}\n]\n"),
        ("c.jsonl", f"[{body}]"),
        ("d.jsonl", f"[{body}]".replace(",\n", ",")),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert read(tmp_path / name) == ROWS, name


@pytest.mark.parametrize(
    "value",
    [
        {"instruction": {"0": "a", "1": "c"}, "output": {"0": "b", "1": "d"}},
        {"instruction": ["a", "c"], "output": ["b", "d"]},
        {"0": {"instruction": "a", "output": "b"}, "1": {"instruction": "c", "output": "d"}},
        {"columns": ["instruction", "output"], "index": [0, 1], "data": [["a", "b"], ["c", "d"]]},
        {"version": "1", "data": [{"instruction": "a", "output": "b"}, {"instruction": "c", "output": "d"}]},
        {"data": {"train": [{"instruction": "a", "output": "b"}, {"instruction": "c", "output": "d"}]}},
        {"result": {"items": [{"instruction": "a", "output": "b"}, {"instruction": "c", "output": "d"}]}},
    ],
)
def test_the_layouts_of_a_json_table(tmp_path, value):
    (tmp_path / "a.json").write_text(json.dumps(value))
    assert read(tmp_path / "a.json") == [{"instruction": "a", "output": "b"}, {"instruction": "c", "output": "d"}]


def test_rows_by_their_ids_and_a_column_of_conversations(tmp_path):
    row = {"instruction": "a", "output": "b"}
    (tmp_path / "a.json").write_text(json.dumps({"q-1": row, "q-2": row}))
    assert read(tmp_path / "a.json") == [{"id": "q-1", **row}, {"id": "q-2", **row}]
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    (tmp_path / "a.json").write_text(json.dumps({"messages": [talk, talk]}))
    assert read(tmp_path / "a.json") == [{"messages": talk}, {"messages": talk}]
    beside = {"question": "가", "answer": "나", "items": [{"n": 1}]}
    (tmp_path / "a.json").write_text(json.dumps(beside))
    assert read(tmp_path / "a.json") == [beside]


def test_what_a_file_says_of_all_its_rows_is_named_or_refused(tmp_path, caplog):
    (tmp_path / "a.json").write_text(json.dumps({"version": "1", "data": ROWS}))
    assert read(tmp_path / "a.json") == ROWS
    assert "not used beside 'data': version" in caplog.text
    (tmp_path / "a.json").write_text(json.dumps({"system": "너는 해적이다.", "data": ROWS}))
    with pytest.raises(UserError, match=r"'system' stands beside the rows \('data'\)"):
        read(tmp_path / "a.json")


def test_a_quote_left_open_in_a_table_of_tabs_takes_no_rows_with_it(tmp_path):
    (tmp_path / "a.tsv").write_text('질문\t답\n가\t"나\n"다"라\t마\n', encoding="utf-8")
    assert read(tmp_path / "a.tsv") == [{"질문": "가", "답": '"나'}, {"질문": '"다"라', "답": "마"}]


def test_rows_over_several_lines_and_utf16_without_its_mark_are_told(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps(ROWS[0], indent=1))
    with pytest.raises(UserError, match=r"a.jsonl:1: a row that spans several lines. Write one row a line"):
        read(tmp_path / "a.jsonl")
    for name in ("utf-16-le", "utf-16-be"):
        (tmp_path / "a.csv").write_bytes("질문,답변\n서울은?,수도\n".encode(name))
        with pytest.raises(UserError, match=f"encoding: {name}"):
            read(tmp_path / "a.csv")
        assert read(tmp_path / "a.csv", name) == [{"질문": "서울은?", "답변": "수도"}]


def test_one_row_of_lists_is_a_row_and_no_table(tmp_path):
    turn = {"role": "user", "content": "a"}
    for row in (
        {"chosen": [turn], "rejected": [turn]},
        {"id": 1, "conversations": [turn]},
        {"messages": [turn], "n": 1},
    ):
        (tmp_path / "a.json").write_text(json.dumps(row))
        assert read(tmp_path / "a.json") == [row]


def test_splits_of_a_json_file_need_a_name(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"train": [ROWS[0]], "test": [ROWS[1]]}), encoding="utf-8")
    with pytest.raises(UserError, match=r"several splits: train \(1 rows\), test \(1 rows\). Name one: split: train"):
        read(path)
    assert [row for _, row in read_rows(path, None, "test")] == [ROWS[1]]
    with pytest.raises(UserError, match="did you mean 'train'"):
        list(read_rows(path, None, "trian"))


def test_other_marks_than_commas_part_the_cells(tmp_path):
    for mark in ";|\t":
        (tmp_path / "a.csv").write_text(
            mark.join(["질문", "답"]) + "\n" + mark.join(["가, 나", "다"]) + "\n", encoding="utf-8"
        )
        assert read(tmp_path / "a.csv") == [{"질문": "가, 나", "답": "다"}]


def test_a_workbook_is_read_as_text(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["질문", "답변", None])
    book.active.append(["1+1?", 2, None])
    book.active.append([None, None, None])
    book.active.append(["줄_x000D_\n바꿈", 2.5, "메모"])
    book.create_sheet("빈 시트")
    book.save(tmp_path / "a.xlsx")
    rows = list(read_rows(tmp_path / "a.xlsx"))
    assert rows[0] == (f"{tmp_path / 'a.xlsx'}:2", {"질문": "1+1?", "답변": "2"})
    assert rows[1][1] == {"질문": "줄\r\n바꿈", "답변": "2.5", "(no header)": "메모"}
    book["빈 시트"].append(["Q", "A"])
    book.save(tmp_path / "b.xlsx")
    with pytest.raises(UserError, match="several sheets hold rows: Sheet .*, 빈 시트"):
        read(tmp_path / "b.xlsx")
    assert len(list(read_rows(tmp_path / "b.xlsx", None, "Sheet"))) == 2


def test_escaped_hangul_and_emoji_are_text_and_half_a_pair_is_none(tmp_path):
    """JSON of `ensure_ascii` writers: 한 is \\ud55c, which is no surrogate."""
    path = tmp_path / "escaped.jsonl"
    row = {"instruction": "한국어 힣 \\ud800 라는 글자", "output": "🙂 펭귄"}
    path.write_text(json.dumps(row) + "\n" + '{"instruction": "a", "output": "\\ud83d alone"}\n', encoding="utf-8")
    found = [row for _, row in read_rows(path)]
    assert found[0] == row and isinstance(found[1], Malformed) and "half of a surrogate" in found[1].why
