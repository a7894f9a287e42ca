"""Shingles: hashed character n-grams of a text in a named unit, their true Jaccard similarity, MinHash signatures.

Units: `chars` are the letters without whitespace (Korean spacing varies); `jamo` the letters of the words' stems, so
that sentence endings, speech levels, 은/는 for 이/가 and an omitted 을/를 count little.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np

from ..text.korean import stem_jamo
from ..text.normal import fold, squash

NGRAM = 5
PERMUTATIONS = 128
SEED = 1
BASE = np.uint64(0x9E3779B97F4A7C15)

UNITS: dict[str, Callable[[str], str]] = {"chars": squash, "jamo": lambda text: stem_jamo(fold(text))}


def grams(flat: np.ndarray, n: int) -> np.ndarray:
    """Give the 64-bit hash of every window of n code points, well mixed (splitmix64's finaliser)."""
    width = len(flat) - n + 1
    with np.errstate(over="ignore"):
        h = flat[:width].copy()
        for k in range(1, n):
            h *= BASE
            h += flat[k : k + width]
        h ^= h >> np.uint64(30)
        h *= np.uint64(0xBF58476D1CE4E5B9)
        h ^= h >> np.uint64(27)
        h *= np.uint64(0x94D049BB133111EB)
        h ^= h >> np.uint64(31)
    return h


def gram_hashes(squashed: Sequence[str], n: int = NGRAM) -> tuple[np.ndarray, np.ndarray]:
    """Give (hashes [gram] u64, offsets [text + 1]) of all character n-grams of these texts, text by text.

    A text shorter than n is one gram, padded.
    """
    padded = [t if len(t) >= n else t + "\0" * (n - len(t)) for t in squashed]
    lengths = np.fromiter(map(len, padded), dtype=np.int64, count=len(padded))
    offsets = np.zeros(len(padded) + 1, dtype=np.int64)
    np.cumsum(lengths - n + 1, out=offsets[1:])
    if not len(padded):
        return np.empty(0, dtype=np.uint64), offsets
    flat = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    windows = grams(flat, n)
    ends = np.cumsum(lengths)
    inside = np.ones(len(windows), dtype=bool)
    for k in range(1, n):  # windows that begin in one text and end in the next
        inside[(ends[:-1] - k)] = False
    return windows[inside], offsets


def shingles(squashed: str, n: int = NGRAM) -> np.ndarray:
    """Give the sorted distinct gram hashes of one text."""
    padded = squashed if len(squashed) >= n else squashed + "\0" * (n - len(squashed))
    found = grams(np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64), n)
    found.sort()
    new = np.ones(len(found), dtype=bool)
    np.not_equal(found[1:], found[:-1], out=new[1:])
    return found[new]


def jaccard(a: np.ndarray, b: np.ndarray) -> float:
    """Give the true Jaccard similarity of two sorted sets of hashes."""
    if not len(a) or not len(b):
        return 0.0
    both = np.concatenate((a, b))
    both.sort(kind="stable")
    common = int((both[1:] == both[:-1]).sum())
    return common / (len(both) - common)


def plain(text: str, n: int = NGRAM) -> set[str]:
    """Give the distinct grams of one text as they stand: for a single pair faster than hashing."""
    return {text[i : i + n] for i in range(max(1, len(text) - n + 1))}


def similarity(a: set[str], b: set[str]) -> float:
    """Give the Jaccard similarity of two sets of grams."""
    common = len(a & b)
    return common / (len(a) + len(b) - common)


def signatures_of(hashes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Give the MinHash signatures [text, permutation] u32 of texts' gram hashes."""
    import rensa

    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets.astype(np.uint64), PERMUTATIONS, SEED)
    n = len(offsets) - 1
    values = chain.from_iterable(matrix.to_rows())
    return np.fromiter(values, dtype=np.uint32, count=n * PERMUTATIONS).reshape(n, PERMUTATIONS)


def band_keys(signatures: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """Give the key [band, record] u64 of every band: records that agree in all rows of one band have the same key."""
    keys = np.zeros((bands, len(signatures)), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for band, key in enumerate(keys):
            for row in range(band * rows, (band + 1) * rows):
                key ^= signatures[:, row]
                key *= BASE
                key ^= key >> np.uint64(29)
    return keys
