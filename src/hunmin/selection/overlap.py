"""How much of a held-out item a text holds: whole items for short ones, character n-grams for long ones.

Word 13-grams cannot see KoBEST: its COPA premises have a median of 3 words, SentiNeg sentences 4. So both sides are
reduced to letters and digits; an item of `min_chars` or more is looked for whole, a shorter one counts where it is all
of a field, and of one of `long_chars` or more the share of its character n-grams is taken. Items below `long_chars` are
looked for in another wording too (`windows`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..artifacts.record import Record, texts
from ..text.normal import letters
from .shingles import gram_hashes
from .windows import Windows, stems_of


@dataclass(frozen=True)
class Item:
    """One held-out text: the benchmark it belongs to, its place there, and the text itself."""

    benchmark: str
    name: str
    text: str


@dataclass(frozen=True)
class Hit:
    """How much of an item a record holds: 1.0 is all of it; how = "contains", "equals", "ngrams" or "window"."""

    item: Item
    overlap: float
    how: str


def _rank(hit: Hit) -> tuple[float, int, str, str]:
    return -hit.overlap, -len(hit.item.text), hit.item.benchmark, hit.item.name


RUN = 0.9  # of max_overlap, that the letters of one run must be of a long item
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
        self._heads = _Table(heads, np.array(short, dtype=np.int64))
        grams, offsets = gram_hashes([squeezed[i] for i in long], ngram)
        owner = np.repeat(np.array(long, dtype=np.int64), np.diff(offsets))
        order = np.lexsort((owner, grams))
        grams, owner = grams[order], owner[order]
        first = np.ones(len(grams), dtype=bool)
        first[1:] = (grams[1:] != grams[:-1]) | (owner[1:] != owner[:-1])
        self._grams = _Table(grams[first], owner[first])
        self._sizes = np.bincount(owner[first], minlength=len(squeezed))
        self._short = short
        self._windows = Windows([stems_of(self.items[i].text) for i in short], [squeezed[i] for i in short])

    def find(self, text: str, max_overlap: float) -> list[Hit]:
        """Give the items of which `text` (letters only, fields parted by NUL) holds max_overlap or more, most first."""
        return self.find_many([text], max_overlap)[0]

    def find_in(self, records: Sequence[Record], fields: Iterable[str], max_overlap: float) -> list[list[Hit]]:
        """Give the items of which each record holds max_overlap or more, or, of short ones, another wording."""
        written = [letters_of(record, fields) for record in records]
        hits = self.find_many(written, max_overlap)
        stems = ["\0".join(map(stems_of, _fields_of(record, fields))) for record in records]
        for found, other in zip(hits, self._windows.find(stems, written), strict=True):
            known = {hit.item for hit in found}
            more = [(self.items[self._short[i]], share) for i, share in other]
            found += [Hit(item, round(share, 4), "window") for item, share in more if item not in known]
            found.sort(key=_rank)
        return hits

    def find_many(self, texts: Sequence[str], max_overlap: float) -> list[list[Hit]]:
        """Give what `find` gives for each of many texts, worked out together."""
        hits: list[list[Hit]] = [[] for _ in texts]
        for where, item in self._pairs(texts, self._heads, self.min_chars):
            if self.texts[item] in texts[where]:
                hits[where].append(Hit(self.items[item], 1.0, "contains"))
        if self._tiny:
            for where, text in enumerate(texts):
                for field in dict.fromkeys(text.split("\0")):
                    hits[where] += [Hit(self.items[i], 1.0, "equals") for i in self._tiny.get(field, ())]
        shared = Counter(self._pairs(texts, self._grams, self.ngram))
        for (where, item), n in shared.items():
            share = n / self._sizes[item]
            run = (n + self.ngram - 1) / len(self.texts[item])  # of its letters, when the grams follow each other
            if share >= max_overlap or run >= RUN * max_overlap:
                hits[where].append(Hit(self.items[item], round(min(1.0, float(max(share, run))), 4), "ngrams"))
        return [sorted(found, key=_rank) for found in hits]

    def _pairs(self, texts: Sequence[str], table: _Table, n: int) -> Iterator[tuple[int, int]]:
        """Yield (text, item) once for every distinct gram of a text that an item has."""
        if not len(table.keys):
            return
        hashes, offsets = gram_hashes(texts, n)
        at = table.maybe(hashes)
        found = np.unique(
            np.stack([(np.searchsorted(offsets, at, side="right") - 1).astype(np.uint64), hashes[at]]), axis=1
        )
        for where, gram in zip(found[0].tolist(), found[1].tolist(), strict=True):
            for item in table.values_of(gram):
                yield int(where), item


class _Table:
    """Sorted hashes with an item each (a hash may repeat), and a small bitmap that rules most strangers out."""

    BITS = 22

    def __init__(self, keys: np.ndarray, values: np.ndarray):
        order = np.argsort(keys, kind="stable")
        self.keys, self.values = keys[order], values[order]
        self._bitmap = np.zeros(1 << self.BITS, dtype=bool)
        self._bitmap[self._slot(self.keys)] = True

    def _slot(self, hashes: np.ndarray) -> np.ndarray:
        return (hashes & np.uint64((1 << self.BITS) - 1)).astype(np.int64)

    def maybe(self, hashes: np.ndarray) -> np.ndarray:
        """Give the positions of hashes that the table has."""
        at = np.flatnonzero(self._bitmap[self._slot(hashes)])
        near = np.searchsorted(self.keys, hashes[at])
        there: np.ndarray = at[self.keys[np.minimum(near, len(self.keys) - 1)] == hashes[at]]
        return there

    def values_of(self, gram: int) -> list[int]:
        """Give the items of one hash."""
        key = np.uint64(gram)
        left, right = (int(np.searchsorted(self.keys, key, side=side)) for side in ("left", "right"))
        found: list[int] = self.values[left:right].tolist()
        return found


def letters_of(record: Record, fields: Iterable[str] = ()) -> str:
    """Give a record's texts as letters only, parted by NUL, so that nothing is found across two fields."""
    return "\0".join(map(letters, _fields_of(record, fields)))


def _fields_of(record: Record, fields: Iterable[str]) -> list[str]:
    wanted = set(fields)
    found = texts(record)
    return [t for p, t in found.items() if not wanted or p in wanted or p.split(".")[0] in wanted]
