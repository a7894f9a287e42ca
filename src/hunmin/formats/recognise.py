"""Which shape rows have, told by their keys and never by the file's name."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..artifacts.record import Record
from ..errors import UserError
from ..tables import resolve
from . import MEANS, READ
from .columns import read_columns
from .kobest import SETS
from .names import CHOICES, LETTERS, RAW, columns_line, filled, keys_of, plain_name, propose
from .ranked import answers_of
from .turns import said

RENDERED = re.compile(
    r"(?m)^(?:#{2,} ?\S[^\n]*|<\|?[a-z_|]+\|?>|\[INST\]|(?:Human|Assistant|질문|답변|명령어|응답) ?:)"
)
TALK = re.compile(
    r"(?ims)^\W*(?:user|human|사용자|질문자)\W{0,3}:.+?^\W*(?:assistant|gpt|bot|ai|어시스턴트|챗봇)\W{0,3}:"
)


@dataclass(frozen=True)
class Shape:
    """A format's name, and for the format `columns` which column is what."""

    name: str
    columns: Mapping[str, str] = field(default_factory=dict)

    def told(self) -> str:
        """Give what a person should know of how the rows are read."""
        mapped = ", ".join(f"{column} -> {meaning}" for meaning, column in self.columns.items())
        return f"read by columns: {mapped}" if mapped else f"read as {self.name}"


@functools.cache
def _modules() -> list[tuple[str, Any]]:
    return [(name, resolve(READ, name, "format")) for name in READ]


def fitting(row: Mapping[str, Any]) -> list[str]:
    """Give the names of the formats whose keys a row has; hunmin's own records win over alpaca and messages."""
    there = {key: value for key, value in row.items() if value is not None}  # tables fill up with nulls
    names = [name for name, module in _modules() if module.fits(there)]
    if not names and len(there) < len(row):
        names = [name for name, module in _modules() if module.fits(row)]
    if "records" in names and "cot" not in names:
        return ["records"]
    talks = [name for name in names if name in ("sharegpt", "messages")]
    return talks if len(talks) == 1 and len(names) > 1 and _said_twice(row) else names


def _said_twice(row: Mapping[str, Any]) -> bool:
    """Tell whether the columns that ask and answer only repeat turns of the row's conversation, as Magpie's do."""
    beside = [row[k] for meaning in ("instruction", "output") for k in keys_of(row, meaning) if filled(row[k])]
    talk = next((row[k] for k in ("conversations", "conversation", "messages") if k in row), None)
    return set(map(str, beside)) <= said(talk)


def recognise(rows: Sequence[Mapping[str, Any]], where: str) -> str:
    """Give the name of the one format that all these rows fit; "columns" for one that its columns' names tell."""
    return shape_of(rows, where).name


def shape_of(rows: Sequence[Mapping[str, Any]], where: str) -> Shape:
    """Give the one shape that all these rows have. Raises UserError when there is none, or more than one."""
    found = set(fitting(rows[0])) if rows else set()
    for row in rows[1:]:
        found &= set(fitting(row))
    if len(found) == 1:
        return Shape(found.pop())
    if found:
        names = sorted(found)
        lines = [f"--format {name}" + (f" ({MEANS[name]})" if name in MEANS else "") for name in names]
        mend = f"Name one: {' or '.join(lines)}."
        raise UserError(f"the keys fit several formats: {', '.join(names)}", where, mend)
    mixed = [i for i, row in enumerate(rows) if fitting(row) != fitting(rows[0])]
    if mixed and fitting(rows[0]):
        a, b = (", ".join(fitting(rows[i])) or "no format" for i in (0, mixed[0]))
        raise UserError(
            f"rows of several shapes: the first is {a}, row {mixed[0] + 1} is {b}", where, "Split the file."
        )
    _refuse(rows, where)
    proposal = propose(rows)
    if proposal.columns:
        return Shape("columns", proposal.columns)
    talks = [k for k in rows[0] if isinstance(rows[0][k], str) and TALK.search(rows[0][k])] if rows else []
    if talks:
        what = f"column '{talks[0]}' holds a whole conversation as one text"
        raise UserError(what, where, "Cut it at its speakers into messages: [{role, content}, ...].")
    keys = ", ".join(dict.fromkeys(str(key) for row in rows for key in row))
    ready = " or ".join(columns_line(c) for c in proposal.choices[:3])
    mend = f"Say which column is what: {ready}." if ready else "It needs a column that asks and a column that answers."
    if all(answers_of(row) for row in rows):
        mend = "For a record of each answer in the list: --format answers." + (f" {mend}" if ready else "")
    several = len(proposal.choices) > 1
    what = "these keys can be read in several ways" if several else "no known format has these keys"
    raise UserError(f"{what}: {keys} ({proposal.why})", where, mend)


def _refuse(rows: Sequence[Mapping[str, Any]], where: str) -> None:
    """Raises UserError for what is no training data, or loses its meaning when two columns of it are read."""
    row = rows[0] if rows else {}
    for name, one in SETS.items():
        if one.told_by <= row.keys():
            raise UserError(
                f"this is evaluation data (KoBEST {name}), not to be trained on",
                where,
                "Use it in evaluate, or in decontaminate.against.",
            )
    names = {plain_name(key): key for key in row}
    choices = [names[n] for n in names if n in CHOICES and isinstance(row[names[n]], (list, tuple, Mapping))]
    letters = [names[n] for group in LETTERS if group <= names.keys() for n in sorted(group)]
    if choices or letters:
        raise UserError(
            f"multiple-choice questions: an answer means nothing without its choices ({', '.join(choices or letters)})",
            where,
            "Write the choices into the question, then name the columns, e.g. "
            "--columns '{instruction: question, output: answer}'; a benchmark belongs in decontaminate.against.",
        )
    parent = next((names[n] for n in ("parentid", "parentmessageid", "replyto") if n in names), None)
    if parent and {"text", "content"} & names.keys() and {"role", "speaker", "author"} & names.keys():
        raise UserError(
            f"one message a row: its conversation is spread over the rows that '{parent}' joins",
            where,
            "Join them into rows of messages: [{role, content}, ...], or load the set's trees (prompt with replies).",
        )
    texts = [key for key in row if isinstance(row[key], str) and filled(row[key])]
    raw = [key for key in texts if plain_name(key) in RAW]
    if raw and not propose(rows).columns and len(texts) - len([k for k in texts if plain_name(k) == "id"]) == 1:
        head = RENDERED.search(row[raw[0]])
        mend = (
            f"It looks rendered ({head[0].strip()[:20]!r}): cut it at its headings into question and answer columns."
            if head
            else "Give each text its question: rows of instruction and output. hunmin does not pre-train."
        )
        raise UserError(f"raw text (column '{raw[0]}'), which neither asks nor answers", where, mend)


def reader(shape: Shape, named: bool, cot_join: str) -> Callable[[Mapping[str, Any]], list[Record]]:
    """Give read(row) -> records of a shape; `named` when a person named it, or its columns.

    A row that fails because it has another shape than the first rows says so.
    """
    if shape.name == "none":
        return lambda row: [dict(row)]
    if shape.columns:
        return lambda row: _read(lambda r: read_columns(r, shape.columns), row, shape, named)
    module = resolve(READ, shape.name, "format", "load.format")
    own = getattr(module, "read", module)
    if shape.name == "cot":
        return lambda row: _read(lambda r: own(r, cot_join), row, shape, named)
    return lambda row: _read(own, row, shape, named)


def _read(
    read: Callable[[Mapping[str, Any]], list[Record]], row: Mapping[str, Any], shape: Shape, named: bool
) -> list[Record]:
    try:
        return read(row)
    except UserError as error:
        strange = error.where == "columns" and shape.name == "columns" and not named
        other = fitting(row) if error.what == "missing" or strange else []
        if other and shape.name not in other:
            what = f"rows of several shapes: the first are {shape.name}, this one is {other[0]}"
            mend = "Split the file by shape"
            if named:
                what = f"the row is not of format '{shape.name}' ({error.where}: missing), but of {other[0]}"
                mend = f"Leave --format out, or name --format {other[0]}"
            raise UserError(what, "", mend) from error
        if strange:  # the columns were told by the first rows; this row has others
            raise UserError(error.what) from error
        raise
    except KeyError as error:
        raise UserError("missing", f"field {error}") from error
