"""How much of a held-out item a text holds: whole items for short ones, character n-grams for long ones.

Word 13-grams cannot see KoBEST: its COPA premises have a median of 3 words, SentiNeg sentences 4. So both sides are
reduced to letters and digits; an item of `min_chars` or more is looked for whole, a shorter one counts where it is all
of a field, and of one of `long_chars` or more the share of its character n-grams is taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .nearest import gram_hashes
from .record import Record, texts
from .text.normal import letters


@dataclass(frozen=True)
class Item:
    """One held-out text: the benchmark it belongs to, its place there, and the text itself."""

    benchmark: str
    name: str
    text: str


@dataclass(frozen=True)
class Hit:
    """How much of an item a record holds: 1.0 is all of it; how = "contains", "equals" or "ngrams"."""

    item: Item
    overlap: float
    how: str


SHORTEST = 5  # letters; shorter items ("네", "좋아요") say nothing


class Index:
    """Held-out items ready to be looked for. Holds state: the gram tables built once per run."""

    def __init__(self, items: Iterable[Item], *, ngram: int = 13, min_chars: int = 8):
        self.ngram, self.min_chars, self.long_chars = ngram, min_chars, 3 * ngram
        self.items: list[Item] = []
        self.n_too_short = 0
        squeezed: list[str] = []
        seen: set[tuple[str, str]] = set()
        for item in items:
            text = letters(item.text)
            if len(text) < min(SHORTEST, min_chars):
                self.n_too_short += 1
            elif (item.benchmark, text) not in seen:
                seen.add((item.benchmark, text))
                self.items.append(item)
                squeezed.append(text)
        self.texts = squeezed
        self._tiny: dict[str, list[int]] = {}
        for i, text in enumerate(squeezed):
            if len(text) < min_chars:
                self._tiny.setdefault(text, []).append(i)
        short = [i for i, t in enumerate(squeezed) if min_chars <= len(t) < self.long_chars]
        long = [i for i, t in enumerate(squeezed) if len(t) >= self.long_chars]
        heads, _ = gram_hashes([squeezed[i][:min_chars] for i in short], min_chars)
        self._heads, self._head_items = _sorted(heads, np.array(short, dtype=np.int64))
        grams, offsets = gram_hashes([squeezed[i] for i in long], ngram)
        owner = np.repeat(np.array(long, dtype=np.int64), np.diff(offsets))
        pairs = np.unique(np.stack([grams, owner.astype(np.uint64)]), axis=1) if len(grams) else np.empty((2, 0), "u8")
        self._grams, self._gram_items = pairs[0], pairs[1].astype(np.int64)
        self._sizes = np.bincount(self._gram_items, minlength=len(squeezed))

    def find(self, text: str, max_overlap: float) -> list[Hit]:
        """Give the items of which `text` (letters only, fields parted by NUL) holds max_overlap or more, most first."""
        hits = [Hit(self.items[i], 1.0, "contains") for i in self._contained(text)]
        if self._tiny:
            fields = dict.fromkeys(text.split("\0"))
            hits += [Hit(self.items[i], 1.0, "equals") for f in fields for i in self._tiny.get(f, ())]
        if len(self._grams):
            found = _lookup(np.unique(gram_hashes([text], self.ngram)[0]), self._grams, self._gram_items)
            if len(found):
                shares = np.bincount(found, minlength=len(self.items)) / np.maximum(self._sizes, 1)
                hits += [
                    Hit(self.items[i], round(float(shares[i]), 4), "ngrams")
                    for i in np.flatnonzero(shares >= max_overlap).tolist()
                ]
        return sorted(hits, key=lambda h: (-h.overlap, -len(h.item.text), h.item.benchmark, h.item.name))

    def _contained(self, text: str) -> list[int]:
        if not len(self._heads) or len(text) < self.min_chars:
            return []
        found = _lookup(np.unique(gram_hashes([text], self.min_chars)[0]), self._heads, self._head_items)
        return [i for i in np.unique(found).tolist() if self.texts[i] in text]


def _sorted(keys: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(keys, kind="stable")
    return keys[order], values[order]


def _lookup(wanted: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Give the values of every key that is wanted; `keys` is sorted and may repeat."""
    left = np.searchsorted(keys, wanted, side="left")
    right = np.searchsorted(keys, wanted, side="right")
    hit = right > left
    return (
        np.concatenate([values[a:b] for a, b in zip(left[hit], right[hit], strict=True)]) if hit.any() else values[:0]
    )


def letters_of(record: Record, fields: Iterable[str] = ()) -> str:
    """Give a record's texts as letters only, parted by NUL, so that nothing is found across two fields."""
    wanted = set(fields)
    found = texts(record)
    return "\0".join(letters(t) for p, t in found.items() if not wanted or p in wanted or p.split(".")[0] in wanted)
