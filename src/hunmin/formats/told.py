"""What a person is told of rows that were read: keys not used with their values, labels and weights, bad rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import JsonObject
from .names import filled
from .records import DECLARED

FIRST = 20  # bad rows that are named one by one
FEW = 6  # distinct values of a key up to which they are counted by themselves
SHORT = 24


@dataclass
class Unused:
    """How many rows hold a key that no record field was made of, and its values while they are few."""

    rows: int = 0
    empty: int = 0
    values: Counter[str] | None = field(default_factory=Counter)

    def add(self, value: Any) -> None:
        self.rows += 1
        if not filled(value):
            self.empty += 1
        elif self.values is not None:
            told = str(value).lower() if isinstance(value, bool) else str(value).strip()
            plain = isinstance(value, (str, bool, int, float)) and len(told) <= SHORT and "\n" not in told
            self.values[told] += 1
            if not plain or len(self.values) > FEW:
                self.values = None

    def counted(self) -> dict[str, int]:
        """Give how often each value stands, when they are few and come again."""
        return dict(self.values.most_common()) if self.values and len(self.values) < self.rows - self.empty else {}

    def notes(self) -> JsonObject:
        """Give the counts as JSON."""
        found = {"rows": self.rows, "empty": self.empty, "values": self.counted()}
        return {k: v for k, v in found.items() if v}

    def told(self) -> str:
        """Give the counts in words: "300 rows: 150 true, 150 false"."""
        values = self.counted()
        parts = [f"{n:,} {value}" for value, n in values.items()]
        parts += [f"{self.empty:,} empty"] if self.empty else []
        return f"{self.rows:,} row{'s' if self.rows != 1 else ''}" + (f": {', '.join(parts)}" if parts else "")


@dataclass
class Told:
    """The counts of one source, for the terminal and the notes."""

    how: str = ""
    unused: dict[str, Unused] = field(default_factory=dict)
    labels: Counter[str] = field(default_factory=Counter)
    more: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[str, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, record: Record) -> None:
        """Count what one record holds beside its texts."""
        for key, value in (record.get("extra") or {}).items():
            self._unused(key, value)
        for key in record:
            if key not in DECLARED:
                self._unused(key, record[key])
        if "label" in record:
            self.labels[str(record["label"]).lower()] += 1
        self.more["rows with thinking"] += "thinking" in record
        self.more["rows with tools"] += "tools" in record
        ends = (record.get("messages") or [{}])[-1].get("role") == "user" and "chosen" not in record
        self.more["conversations that end with a question (it is not learned)"] += ends
        keys: set[str] = set()
        for message in record.get("messages") or ():
            self.more["turns with thinking"] += "thinking" in message
            self.more["turns that call tools"] += "tool_calls" in message
            if message.get("weight") == 0:
                self.more["turns of weight 0 (not learned)"] += message["role"] == "assistant"
            elif "weight" in message and message["role"] != "assistant":
                keys.add(f"weight of {message['role']} turns (only answers are learned)")
            keys |= set(message.get("extra") or ())
        for key in sorted(keys):
            self._unused(f"messages.{key}", ...)

    def _unused(self, key: str, value: Any) -> None:
        self.unused.setdefault(key, Unused()).add(value)

    def refuse(self, where: str, why: str, reason: str) -> None:
        """Count a bad row."""
        if len(self.bad) < FIRST:
            self.bad.append((where, why))
        self.reasons[reason] += 1

    def notes(self) -> JsonObject:
        """Give the counts for the manifest and for --json."""
        return {
            "read_as": self.how,
            "not_used": {key: found.notes() for key, found in self.unused.items()},
            "labels": dict(self.labels),
            "beside_the_text": {key: n for key, n in self.more.items() if n},
            "bad_rows": dict(self.reasons.most_common(FIRST)),
            "first_bad_rows": [{"where": where, "why": why} for where, why in self.bad],
        }

    def lines(self) -> Iterator[str]:
        """Yield what is shown at the terminal, one line each."""
        if self.how:
            yield self.how
        if self.labels:
            yield "label: " + ", ".join(f"{n:,} {label}" for label, n in self.labels.most_common())
        told = [f"{n:,} {what}" for what, n in self.more.items() if n]
        if told:
            yield ", ".join(told)
        yield from (
            f"not used: {key or '(a column without a name)'} ({found.told()})" for key, found in self.unused.items()
        )
        yield from self.bad_lines()

    def bad_lines(self) -> Iterator[str]:
        """Yield the first bad rows with line and reason, then the reasons with their counts."""
        yield from (f"bad row: {where}: {why}" for where, why in self.bad)
        if self.bad:
            n = sum(self.reasons.values())
            more = f", the first {FIRST} named above" if n > len(self.bad) else ""
            yield f"bad rows: {n:,}{more}; " + "; ".join(f"{why} ({k:,})" for why, k in self.reasons.most_common(FIRST))
