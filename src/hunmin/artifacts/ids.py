"""The ids of a source's records: given where there are none, unique, and told twice; no string a row is kept."""

from __future__ import annotations

import re
from array import array

from ..errors import UserError
from .record import Record, content_hash

_MIX = 0x9E3779B97F4A7C15  # 2**64 / golden ratio: spreads hashes that differ in few bits over the slots
_MASK = (1 << 64) - 1


class Numbers:
    """A table hash -> number, both under 2**64, that only grows; at most two thirds of its slots are taken.

    Two names with one hash are taken for the same: of ten million names any two are so once in 370,000 times.
    """

    def __init__(self) -> None:
        self._n, self._bits = 0, 10
        self._make()

    def _make(self) -> None:
        self._keys = array("Q", bytes(8 << self._bits))
        self._values = array("Q", bytes(8 << self._bits))

    def __len__(self) -> int:
        return self._n

    def get(self, key: int) -> int | None:
        """Give the number kept for a hash; None when there is none."""
        slot = self._slot(key)
        return self._values[slot] - 1 if self._values[slot] else None

    def put(self, key: int, value: int) -> None:
        """Keep a number for a hash, in place of an earlier one."""
        if 3 * (self._n + 1) > 2 << self._bits:
            self._grow()
        slot = self._slot(key)
        self._n += not self._values[slot]
        self._keys[slot], self._values[slot] = key & _MASK, value + 1  # 0: the slot is free

    def _slot(self, key: int) -> int:
        """Give the slot that holds a hash, or the free one where it belongs."""
        key &= _MASK
        keys, values, last = self._keys, self._values, (1 << self._bits) - 1
        slot = (key * _MIX & _MASK) >> (64 - self._bits)
        while values[slot] and keys[slot] != key:
            slot = (slot + 1) & last
        return slot

    def _grow(self) -> None:
        keys, values = self._keys, self._values
        self._bits += 1
        self._make()
        for key, value in zip(keys, values, strict=True):
            if value:
                slot = self._slot(key)
                self._keys[slot], self._values[slot] = key, value


class Ids:
    """Gives records their ids in the order of their rows; remembers hashes and line numbers, 36 bytes a row."""

    def __init__(self) -> None:
        self._used, self._texts = Numbers(), Numbers()
        self._places: list[str] = []  # where rows stand, without the number at the end

    def give(self, record: Record, where: str) -> None:
        """Give a record its id: its own, else `<source>-<hash12>[-k]`. Raises UserError for one used before."""
        if not record["id"]:
            digest = content_hash(record)
            k = (self._texts.get(int(digest, 16)) or 0) + 1
            self._texts.put(int(digest, 16), k)
            record["id"] = f"{record['source']}-{digest}" + (f"-{k}" if k > 1 else "")
            return
        key = hash(record["id"])
        first = self._used.get(key)
        if first is not None:
            raise UserError(
                f"id '{record['id']}' was used before, at {self._place(first)}",
                "field 'id'",
                "Make the ids unique, or leave the column out (load then makes ids)",
            )
        self._used.put(key, self._packed(where))

    def _packed(self, where: str) -> int:
        """Give a place such as `rows.jsonl:12` as one number: which beginning, and the digits it ends with."""
        found = re.search(r"[1-9][0-9]{0,8}$", where)
        start = where[: found.start()] if found else where
        if not self._places or self._places[-1] != start:
            self._places.append(start)
        return (len(self._places) - 1) << 32 | int(found[0] if found else 0)

    def _place(self, packed: int) -> str:
        number = packed & 0xFFFFFFFF
        return self._places[packed >> 32] + (str(number) if number else "")
