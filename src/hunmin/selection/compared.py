"""What is compared of a record: its parts, their shingled text, and what a reader sees as equal.

The system prompt is not compared: shared, it would make strangers look alike.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..artifacts.record import Record, texts
from ..text.codelines import code_lines_of, may_have_code
from ..text.normal import squash
from .shingles import UNITS, plain, shingles

FENCE = re.compile(r"^\s*(?:```|~~~)")
PLAIN = (("instruction", "user"), ("input", "user"), ("output", "assistant"), ("chosen", "chosen"),
         ("rejected", "rejected"))  # fmt: skip
ANSWERS = ("output", "chosen", "rejected")


def parts_of(record: Record, fields: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Give (role, text) of every text that is compared, in reading order: all but the system prompt, or `fields`.

    Roles are user, assistant, chosen, rejected, so that a chat of one turn equals an instruction with its output.
    """
    if not fields and not record.get("messages"):
        return [(role, record[name]) for name, role in PLAIN if record.get(name)]
    found = []
    for path, text in texts(record).items():
        if fields:
            if path not in fields and path.split(".")[0] not in fields:
                continue
        elif path == "system":
            continue
        role = "user"
        if path.startswith("messages."):
            role = record["messages"][int(path.split(".")[1])]["role"]
            if role == "system" and not fields:
                continue
        elif path in ANSWERS:
            role = "assistant" if path == "output" else path
        found.append((role, text))
    return found


def compared_text(record: Record, fields: Sequence[str] = ()) -> str:
    """Give the squashed text of a record that is compared."""
    return "".join(squash(text) for _, text in parts_of(record, fields))


def digested(record: Record, parts: Sequence[tuple[str, str]], squashed: str) -> str:
    """Give the text whose digest groups records that may be equal; the two answers of a preference in either order."""
    if "chosen" not in record and "rejected" not in record:
        return squashed
    answers = sorted(squash(t) for role, t in parts if role in ("chosen", "rejected"))
    return "".join(squash(t) for role, t in parts if role not in ("chosen", "rejected")) + "\x1e".join(answers)


def digest(text: str) -> int:
    """Give 64 bits of a text's hash."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


@dataclass(frozen=True)
class Compared:
    """A record as it is compared with others; what costs time is worked out when asked for."""

    id: str
    parts: tuple[tuple[str, str], ...]
    system: str
    label: object
    unit: str

    @staticmethod
    def of(record: Record, fields: Sequence[str] = (), unit: str = "chars") -> Compared:
        system = record.get("system") or next(
            (m.get("content") or "" for m in record.get("messages") or () if m.get("role") == "system"), ""
        )
        parts = tuple(parts_of(record, fields))
        return Compared(str(record.get("id")), parts, system, record.get("label"), unit)

    @cached_property
    def squashed(self) -> str:
        return "".join(squash(text) for _, text in self.parts)

    @cached_property
    def letters(self) -> str:
        """The text in the unit."""
        return self.squashed if self.unit == "chars" else "".join([UNITS[self.unit](text) for _, text in self.parts])

    @cached_property
    def plain(self) -> set[str]:
        """The distinct grams in the unit."""
        return plain(self.letters)

    @cached_property
    def grams(self) -> np.ndarray:
        """The same as sorted hashes."""
        return shingles(self.letters)

    @cached_property
    def identity(self) -> str:
        """Equal for two records exactly when a reader sees the same: field borders and code's whitespace count.

        Whitespace and case outside code do not, unless the record's own fields differ only by them.
        """
        exact = _spacing_exercise([text for _, text in self.parts])
        rows = [f"{role}\x1f{text if exact else _seen(text)}" for role, text in self.parts]
        return "\x1e".join([*rows, repr(self.label)])

    @cached_property
    def swapped(self) -> str:
        """The identity that the record's contradiction has: chosen and rejected, or the label, the other way round."""
        other = {"chosen": "rejected", "rejected": "chosen"}
        if any(role in other for role, _ in self.parts):
            mine = dict(self.parts)
            turned = tuple((role, mine.get(other[role], "") if role in other else t) for role, t in self.parts)
            return Compared(self.id, turned, self.system, self.label, self.unit).identity
        if isinstance(self.label, bool):
            return Compared(self.id, self.parts, self.system, not self.label, self.unit).identity
        return ""


def _spacing_exercise(fields: Sequence[str]) -> bool:
    """Tell whether one field holds another that differs only by whitespace or case."""
    if len(fields) < 2:
        return False
    squashed = [squash(text) for text in fields]
    last, answer = fields[-1].strip(), squashed[-1]
    return any(
        answer and answer in before and last not in raw for raw, before in zip(fields[:-1], squashed[:-1], strict=True)
    )


def _seen(text: str) -> str:
    """Give the text squashed; lines of code are kept as they stand, with their indentation."""
    fenced = "```" in text or "~~~" in text
    if not fenced and not may_have_code(text):
        return squash(text)
    lines = text.split("\n")
    code = list(code_lines_of(text))
    inside = False
    for i, line in enumerate(lines):
        if FENCE.match(line):
            inside = not inside
            code[i] = False
        elif inside:
            code[i] = True
    if not any(code):
        return squash(text)
    rows = zip(lines, code, strict=True)
    return "".join(f"\n{line.rstrip()}\n" if is_code and line.strip() else squash(line) for line, is_code in rows)
