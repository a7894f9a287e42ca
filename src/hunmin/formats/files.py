"""Rows from files: JSONL, JSON, CSV, TSV, Parquet and Excel, also .gz and .zst; each with where it stands.

UTF-8 (a BOM is fine); another encoding only when it is named. An undecodable file is an error that proposes cp949
where that fits. Files are read as streams, except a JSON array.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..artifacts.artifact import RECORDS, newest, stage_folders
from ..artifacts.rows import JsonObject
from ..errors import UserError
from ..tables import did_you_mean
from .archives import FAULTS, open_bytes
from .layouts import rows_of
from .workbooks import read_sheet

Located = tuple[str, Any]
"""(where, row): "file:line" and the row, or a `Malformed` in its place."""

KINDS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".xlsx")
PACKED = (".gz", ".zst")
BYTEWISE = ("utf-8", "utf-8-sig", "utf8", "cp949", "euc-kr", "euckr", "ms949", "uhc", "latin-1", "cp1252", "ascii")


class Malformed(str):
    """The text of a line that is not a row; `why` and `mend` tell what is wrong."""

    why: str
    mend: str


def malformed(text: str, why: str, mend: str = "Mend or remove the line") -> Malformed:
    """Give the stand-in for a row that could not be read."""
    row = Malformed(text[:2000])
    row.why, row.mend = why, mend
    return row


def data_files(path: Path) -> list[Path]:
    """Give the data files of a path: the file itself, or those of a folder in name order.

    Raises UserError when there are none, or when a folder mixes kinds of files.
    """
    if path.is_file():
        return [path]
    if not path.exists():
        near = did_you_mean(path.name, [p.name for p in path.parent.iterdir()]) if path.parent.is_dir() else ""
        raise UserError(f"no such file{near}", str(path), "Check the path.")
    own = records_of(path)
    if own is not None:
        return [own]
    found = sorted(p for p in path.iterdir() if p.is_file() and kind_of(p) is not None)
    if not found:
        raise UserError("the folder holds no data file", str(path), f"hunmin reads {', '.join(KINDS)} (.gz, .zst).")
    kinds = {kind_of(p) for p in found}
    if len(kinds) > 1:
        raise UserError(f"the folder mixes {', '.join(sorted(map(str, kinds)))} files", str(path), "Name one file.")
    return found


def records_of(path: Path) -> Path | None:
    """Give the records.jsonl of an artifact folder, or of a run's newest records artifact; None for anything else."""
    folder = newest(stage_folders(path), "records") if path.is_dir() else None
    file = (folder or path) / RECORDS
    return file if file.is_file() else None


def kind_of(path: Path) -> str | None:
    """Give the kind of a file by its suffix (without .gz or .zst), or None."""
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes and suffixes[-1] in KINDS else None


def read_rows(path: Path, encoding: str | None = None, split: str | None = None) -> Iterator[Located]:
    """Yield (where, row) for every row of a file or folder, in order; a bad line is yielded as `Malformed`.

    `split` names the split of a JSON file that holds several, or the sheet of a workbook.
    Raises UserError for an unknown kind, an undecodable file, or a broken archive.
    """
    for file in data_files(path):
        kind = kind_of(file)
        try:
            if kind == ".parquet":
                yield from _parquet(file)
            elif kind in (".csv", ".tsv"):
                yield from _table(file, encoding, "\t" if kind == ".tsv" else ",")
            elif kind == ".json":
                yield from _json(file, encoding, split)
            elif kind == ".xlsx":
                yield from read_sheet(file, split)
            elif kind is None and file.suffix.lower() not in ("", ".txt"):
                raise UserError(f"unknown kind of file '{file.suffix}'", str(file), f"hunmin reads {', '.join(KINDS)}.")
            else:
                yield from _jsonl(file, encoding)
        except FAULTS as error:
            raise UserError(f"the archive is broken: {error}", str(file), "Fetch the file again.") from error


def lines(path: Path, encoding: str | None = None) -> Iterator[tuple[int, str]]:
    """Yield (line number, text with its newline); a BOM is removed. Raises UserError at a byte that does not decode."""
    name = (encoding or "utf-8").lower()
    with open_bytes(path) as file:
        if name not in BYTEWISE:
            try:
                yield from enumerate(io.TextIOWrapper(file, encoding=name, newline="\n"), 1)
            except (UnicodeError, LookupError) as error:
                raise UserError(f"cannot be read as {name}: {error}", str(path), "Check encoding:.") from error
            return
        for number, raw in enumerate(file, 1):
            if number == 1 and name.startswith("utf"):
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            try:
                yield number, raw.decode(name)
            except UnicodeDecodeError as error:
                raise _undecodable(path, number, raw, name, error) from error


def _undecodable(path: Path, number: int, raw: bytes, name: str, error: UnicodeDecodeError) -> UserError:
    with open_bytes(path) as file:
        head = file.read(2)
    mend = "Convert the file to UTF-8, or name its encoding: encoding: cp949."
    if head in (b"\xff\xfe", b"\xfe\xff"):
        mend = "It begins like UTF-16; set encoding: utf-16."
    elif 0 in raw[:200]:
        mend = f"It reads like UTF-16; set encoding: utf-16-{'le' if 0 in raw[1:200:2] else 'be'}."
    elif name.startswith("utf") and _is_korean(raw, "cp949"):
        mend = f"It reads as Korean in cp949 ({_sample(raw)}); set encoding: cp949."
    return UserError(f"not {name}: byte 0x{raw[error.start]:02x} at {error.start}", f"{path}:{number}", mend)


def _is_korean(raw: bytes, name: str) -> bool:
    try:
        text = raw.decode(name)
    except UnicodeDecodeError:
        return False
    return any("가" <= c <= "힣" for c in text)


def _sample(raw: bytes) -> str:
    text = raw.decode("cp949").strip()
    first = next((i for i, c in enumerate(text) if "가" <= c <= "힣"), 0)
    return text[first : first + 12]


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _pairs(pairs: list[tuple[str, Any]]) -> JsonObject:
    row = dict(pairs)
    if len(row) != len(pairs):
        seen: set[str] = set()
        twice = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]  # None, so falsy
        raise ValueError(f"key '{twice}' stands twice")
    return row


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:20]} is too large a number")
    return value


_decoder = json.JSONDecoder(parse_constant=_constant, parse_float=_float, object_pairs_hook=_pairs)
_decode = _decoder.decode
SPACE = re.compile(r"[ \t\r\n]*")


def _row(text: str) -> Any:
    """Give the JSON object of a line, or a Malformed."""
    try:
        row = _decode(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text[error.pos :].strip() == ",":
            return _row(text[: error.pos])  # the rows of a JSON array, one a line
        return malformed(text, f"not JSON: {error.msg} at column {error.colno}")
    except ValueError as error:
        return malformed(text, str(error))
    except RecursionError:
        return malformed(text, "nested too deeply")
    if not isinstance(row, dict):
        return malformed(text, f"expected an object, got {type(row).__name__}")
    return malformed(text, HALF) if _has_half(text) else row


HALF = "half of a surrogate pair (\\ud800 to \\udfff) stands alone in it; no text can hold that"
PAIRS = re.compile(r"(?i)\\\\|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}")
ESCAPED = re.compile(r"(?i)\\ud[89a-f][0-9a-f]{2}")  # \\ud55c is 한: Hangul reaches up to \\ud7a3


def _has_half(text: str) -> bool:
    """Tell whether JSON text escapes half a surrogate pair, in a key or a value."""
    return bool(ESCAPED.search(text)) and bool(ESCAPED.search(PAIRS.sub("", text)))


def _is_whole(path: Path, encoding: str | None, first: str) -> bool:
    """Tell whether the array that the first line begins is the whole file: it goes on, or no other line follows."""
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return True
    return not any(text.strip() for number, text in lines(path, encoding) if number > 1)


def _jsonl(path: Path, encoding: str | None) -> Iterator[Located]:
    brackets = 0  # a JSON array written one row a line
    for number, text in lines(path, encoding):
        text = text.strip(" \t\r\n\x1a")
        if number == 1 and text == "{":
            mend = "Write one row a line, e.g. jq -c . FILE > FILE.jsonl."
            raise UserError("a row that spans several lines", f"{path}:1", mend)
        if number == 1 and re.match(r"\[\s*\{", text) and _is_whole(path, encoding, text):
            yield from _array(path, "".join(line for _, line in lines(path, encoding)))
            return
        if text == ("]" if brackets else "[") and (brackets or number == 1):
            brackets += 1
        elif text:
            yield f"{path}:{number}", _row(text)


def _json(path: Path, encoding: str | None, split: str | None = None) -> Iterator[Located]:
    """A JSON array of rows, an object that holds one under a single key, or (common on the Hub) JSONL after all."""
    text = "".join(line for _, line in lines(path, encoding))
    try:
        if text.lstrip()[:1] == "[":
            if _has_half(text):
                raise UserError(HALF, str(path), "Mend the file.")
            yield from _array(path, text)
            return
        value = _decode(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text.lstrip().startswith("{"):
            yield from _jsonl(path, encoding)
            return
        raise UserError(
            f"not JSON: {error.msg} at column {error.colno}", f"{path}:{error.lineno}", "Mend the file."
        ) from error
    except ValueError as error:
        raise UserError(str(error), str(path), "Mend the file.") from error
    except RecursionError as error:
        raise UserError("nested too deeply", str(path), "Write one object a row.") from error
    if _has_half(text):
        raise UserError(HALF, str(path), "Mend the file.")
    if not isinstance(value, dict):
        raise UserError(f"expected a list of rows, got {type(value).__name__}", str(path), "Write one object a row.")
    for place, row in rows_of(value, path, split):
        yield f"{path}: {place}", row if isinstance(row, dict) else _not_an_object(row)


def _array(path: Path, text: str) -> Iterator[Located]:
    """Yield the rows of a JSON array one by one, each with the line it begins on."""
    at = text.index("[") + 1
    line = text.count("\n", 0, at) + 1
    first = True
    while True:
        begin = SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches the empty text too
        comma = not first and text[begin : begin + 1] == ","
        if comma:
            begin = SPACE.match(text, begin + 1).end()  # type: ignore[union-attr]  # it matches the empty text too
        if text[begin : begin + 1] == "]":
            end = SPACE.match(text, begin + 1).end()  # type: ignore[union-attr]  # it matches the empty text too
            if end != len(text):
                raise json.JSONDecodeError("Extra data", text, end)
            return
        if not first and not comma:
            raise json.JSONDecodeError("Expecting ',' delimiter", text, begin)
        line += text.count("\n", at, begin)
        value, at = _decoder.raw_decode(text, begin)
        yield f"{path}:{line}", value if isinstance(value, dict) else _not_an_object(value)
        line += text.count("\n", begin, at)
        first = False


def _not_an_object(value: Any) -> Malformed:
    return malformed(json.dumps(value, ensure_ascii=False), f"expected an object, got {type(value).__name__}")


def _delimiter(path: Path, encoding: str | None) -> str:
    """Give what parts the header's cells; a comma where it is a cell alone."""
    head = next((text for _, text in lines(path, encoding) if text.strip()), "")
    outside = re.sub(r'"[^"]*"', "", head)
    found = [mark for mark in (";", "\t", "|") if mark in outside]
    return found[0] if found and "," not in outside else ","


def _is_quoted(path: Path, encoding: str | None) -> bool:
    """Tell whether a table parted by tabs quotes its cells: not, when a quote in it would then be left open or over."""
    try:
        for _ in csv.reader((text for _, text in lines(path, encoding)), delimiter="\t", strict=True):
            pass
    except csv.Error:
        return False
    return True


class Unquoted(csv.excel):
    """A table whose quotes are letters like any other."""

    quoting = csv.QUOTE_NONE


def _table(path: Path, encoding: str | None, delimiter: str) -> Iterator[Located]:
    csv.field_size_limit(1 << 30)
    if delimiter == ",":
        delimiter = _delimiter(path, encoding)
    quoted = delimiter != "\t" or _is_quoted(path, encoding)
    text_lines = (text for _, text in lines(path, encoding))
    reader = csv.reader(text_lines, csv.excel if quoted else Unquoted, delimiter=delimiter, strict=True)
    header: list[str] | None = None
    try:
        begins = 1
        for cells in reader:
            where, begins = f"{path}:{begins}", reader.line_num + 1
            if header is None:
                header = [c.strip() for c in cells]
                twice = {c for c in header if header.count(c) > 1}
                if twice:
                    raise UserError(f"column '{sorted(twice)[0]}' stands twice in the header", where, "Rename one.")
            elif cells and len(cells) != len(header):
                why = f"{len(cells)} cells, but the header names {len(header)}"
                yield where, malformed(delimiter.join(cells), why, "Quote cells that hold the delimiter")
            elif cells:
                yield where, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise UserError(f"not a table: {error}", f"{path}:{reader.line_num}", "Mend the quotes.") from error


def _parquet(path: Path) -> Iterator[Located]:
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        file = parquet.ParquetFile(path if path.suffix == ".parquet" else _unpacked(path))
        number = 0
        for batch in file.iter_batches(batch_size=2000):
            for row in batch.to_pylist():
                number += 1
                yield f"{path}: row {number}", row
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(f"not Parquet: {error}", str(path), "Fetch the file again.") from error


def _unpacked(path: Path) -> io.BytesIO:
    with open_bytes(path) as file:
        return io.BytesIO(file.read())
