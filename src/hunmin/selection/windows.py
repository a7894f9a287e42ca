"""Short items in another wording: the share of an item's letter 3-grams in one window of a text.

Both sides are reduced to the letters of their words' stems (no particle, no sentence ending), so that a changed
particle or ending leaves an item whole; a typo or a word left out takes some of its 3-grams. Items with a third of
their 4-grams somewhere in a text are candidates, and are measured in a window of about their length: by stems, then
as written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..text.korean import bare_stem
from ..text.normal import letters
from .shingles import gram_hashes

SEED, GRAM = 4, 3
FEWEST = 6  # letters of stems an item must have to be looked for in another wording
SEEDS = 0.3  # share of an item's 4-grams a text must have for the item to be measured
WHOLE = 8  # letters of stems from which on these alone may tell an item
SLACK = 1.3  # length of the window, in lengths of the item
REMEMBERED = 400_000
NOT_LETTER = re.compile(r"[\W_]+")


class _Stems(dict[str, str]):
    """The letters of a word's stem by the word as written. Holds state: the words met."""

    def __missing__(self, word: str) -> str:
        if len(self) >= REMEMBERED:
            self.clear()
        found = self[word] = "".join(map(bare_stem, NOT_LETTER.split(letters_apart(word))))
        return found


def letters_apart(word: str) -> str:
    """Give a word's letters, folded, with spaces where punctuation stood."""
    return " ".join(filter(None, (letters(part) for part in NOT_LETTER.split(word))))


_STEMS = _Stems()


def stems_of(text: str) -> str:
    """Give the letters of the stems of a text's words."""
    return "".join([_STEMS[word] for word in text.split()])


def needed(n: int) -> float:
    """Give the share of an item's 3-grams that must stand in one window, for an item of n letters of stems.

    Shorter ones than WHOLE say too little without their particles. Set on clean Korean records, where these shares
    found nothing that is not the item.
    """
    return 1.0 if n < 10 else 0.8 if n < 13 else 0.65


def needed_as_written(n: int) -> float:
    """Give the same for an item of n letters as written."""
    return 0.75 if n < 12 else 0.7


class Windows:
    """Items ready to be looked for in another wording. Holds state: the table of their grams, built once per run."""

    def __init__(self, stems: Sequence[str], letters: Sequence[str]):
        self._stems, self._letters = stems, letters
        chosen = np.array([i for i, s in enumerate(stems) if len(s) >= FEWEST], dtype=np.int64)
        self._grams = {int(i): _grams(stems[i]) for i in chosen}
        hashes, offsets = gram_hashes([stems[i] for i in chosen], SEED)
        owner = np.repeat(chosen, np.diff(offsets))
        order = np.lexsort((owner, hashes))
        hashes, owner = hashes[order], owner[order]
        first = np.ones(len(hashes), dtype=bool)
        first[1:] = (hashes[1:] != hashes[:-1]) | (owner[1:] != owner[:-1])
        self._keys, self._owners = hashes[first], owner[first]
        sizes = np.bincount(self._owners, minlength=len(stems))
        self._needed = np.maximum(2, np.ceil(SEEDS * sizes)).astype(np.int64)
        self._bitmap = np.zeros(1 << 22, dtype=bool)
        self._bitmap[(self._keys & np.uint64((1 << 22) - 1)).astype(np.int64)] = True

    def find(self, texts: Sequence[str], letters: Sequence[str]) -> list[list[tuple[int, float]]]:
        """Give (item, share of its 3-grams in one window) of every item found in each text.

        `texts` are the letters of stems, `letters` the same texts as written; fields are parted by NUL.
        """
        hits: list[list[tuple[int, float]]] = [[] for _ in texts]
        if not len(self._keys):
            return hits
        hashes, offsets = gram_hashes(texts, SEED)
        at = np.flatnonzero(self._bitmap[(hashes & np.uint64((1 << 22) - 1)).astype(np.int64)])
        left = np.searchsorted(self._keys, hashes[at], side="left")
        counts = np.searchsorted(self._keys, hashes[at], side="right") - left
        at, left, counts = at[counts > 0], left[counts > 0], counts[counts > 0]
        if not len(at):
            return hits
        where = np.repeat(np.searchsorted(offsets, at, side="right") - 1, counts)
        steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        items = self._owners[np.repeat(left, counts) + steps]
        pairs, n = np.unique(where * len(self._stems) + items, return_counts=True)
        where, items = np.divmod(pairs, len(self._stems))
        enough = n >= self._needed[items]
        for text, item in zip(where[enough].tolist(), items[enough].tolist(), strict=True):
            share = self._share(texts[text], letters[text], item)
            if share:
                hits[text].append((item, share))
        return hits

    def _share(self, stems: str, letters: str, item: int) -> float:
        """Give the largest share of the item's grams in one window; 0.0 when it is too little."""
        n = len(self._stems[item])
        share = _most(stems, self._grams[item], n) if n >= WHOLE else 0.0
        if share and share >= needed(n):
            return share
        mine = self._letters[item]
        share = _most(letters, _grams(mine), len(mine))
        return share if share >= needed_as_written(len(mine)) else 0.0


def _grams(text: str) -> set[str]:
    return {text[k : k + GRAM] for k in range(len(text) - GRAM + 1)}


def _most(text: str, grams: set[str], n: int) -> float:
    """Give the largest share of these grams, of an item of n letters, in one window of a text."""
    places = [(i, text[i : i + GRAM]) for i in range(len(text) - GRAM + 1) if text[i : i + GRAM] in grams]
    most, begin, width = 0, 0, int(SLACK * n) + 2
    inside: dict[str, int] = {}
    for place, gram in places:
        inside[gram] = inside.get(gram, 0) + 1
        while places[begin][0] < place - width + GRAM:
            old = places[begin][1]
            inside[old] -= 1
            if not inside[old]:
                del inside[old]
            begin += 1
        most = max(most, len(inside))
    return most / len(grams)
