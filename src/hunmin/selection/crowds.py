"""Templates: what many similar records share, told from what is one record's own.

Records of one template (a task with other numbers, reviews under one long instruction, questions over one passage)
differ from each other in the same places. Copies of one text with noise differ each in a place of its own, where the
others still have the text. So the records that share a bucket with a pair are asked: grams that most of them have are
common; a pair is a duplicate when it is alike without the common grams, or when what one of the two lacks is common.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

import numpy as np

from .shingles import NGRAM, band_keys, jaccard, signatures_of
from .sketches import BATCH, bands_for, shared_bands

CROWD = 64  # records in a bucket from which on its common grams are left out before candidates are looked for
ASKED = 12  # records that are asked about a pair
SAMPLED = 32  # records from which a crowd's common grams are read
COMMON = 0.6
LITTLE = 0.1  # what a common gram weighs beside one of a record's own
MOST = 0.25  # of the own grams' number that the common ones weigh together
NOISE = 0.25  # share of what a record lacks that is common, from which on the difference is noise

NONE = np.empty(0, dtype=np.uint64)

Grams = Callable[[int], np.ndarray]


class Buckets:
    """Which records share which buckets. Holds state: the flat arrays in both orders."""

    def __init__(self, records: np.ndarray, buckets: np.ndarray):
        order = np.lexsort((buckets, records))
        self._records, self._of = records[order], buckets[order]
        order = np.lexsort((records, buckets))
        self._members = records[order]
        self._begins = np.searchsorted(buckets[order], np.arange(int(buckets.max(initial=-1)) + 2))
        self.sizes = np.diff(self._begins)
        self.records, starts = np.unique(self._records, return_index=True)
        self._most = np.maximum.reduceat(self.sizes[self._of], starts) if len(starts) else starts

    def most(self, i: int) -> int:
        """Give the size of the largest bucket of a record."""
        return int(self._most[np.searchsorted(self.records, i)])

    def of(self, i: int) -> np.ndarray:
        """Give the buckets of a record, rising."""
        a, b = np.searchsorted(self._records, [i, i + 1])
        return self._of[a:b]

    def members(self, bucket: int) -> np.ndarray:
        """Give the records of a bucket, rising."""
        return self._members[self._begins[bucket] : self._begins[bucket + 1]]

    def largest(self, i: int) -> int:
        """Give the bucket of record i that has most members, the first of equals."""
        mine = self.of(i)
        return int(mine[np.argmax(self.sizes[mine])])


def spread(members: np.ndarray, n: int) -> np.ndarray:
    """Give at most n members, evenly over all."""
    return members if len(members) <= n else members[np.arange(n) * len(members) // n]


def is_template(a: Set[str], b: Set[str], others: Sequence[Set[str]], threshold: float) -> bool:
    """Tell whether two records (their grams) are alike only by what the others have too."""
    left, right = a - b, b - a
    if min(len(left), len(right)) < NGRAM:  # one holds the other
        return False
    asked = [o for o in others if 2 * len(o & a) >= min(len(a), len(b)) and o != a and o != b]
    if not asked:
        return False

    def common(grams: Set[str]) -> int:
        return sum(sum(g in other for other in asked) >= COMMON * len(asked) for g in grams)

    rest = 0
    for side in (left, right):
        n = common(side)
        if n and n >= NOISE * len(side):
            return False
        rest += len(side) - n
    both = a & b
    own = len(both) - common(both)
    return own < threshold * (own + rest)


def common_grams(members: np.ndarray, grams: Grams) -> np.ndarray:
    """Give the grams that most records of a crowd have; empty where it is one text with noise, not a template."""
    sets = [grams(i) for i in spread(members, SAMPLED).tolist()]
    values, counts = np.unique(np.concatenate(sets), return_counts=True)
    common = values[counts >= COMMON * len(sets)]
    noisy = 0
    for a, b in zip(sets, sets[1:], strict=False):
        left, right = np.setdiff1d(a, b, assume_unique=True), np.setdiff1d(b, a, assume_unique=True)
        noisy += any(len(s) and np.isin(s, common).sum() >= NOISE * len(s) for s in (left, right))
    return common if 2 * noisy < len(sets) - 1 else NONE


class Crowds:
    """The templates among records. Holds state: the common grams of every crowd, by bucket."""

    def __init__(self, buckets: Buckets, grams: Grams, plain: Callable[[int], Set[str]]):
        self._buckets, self._grams, self._plain = buckets, grams, plain
        self._common: dict[int, np.ndarray] = {}

    def common(self, i: int) -> np.ndarray:
        """Give the grams that record i shares with its crowd as a template; empty when it is in none."""
        if self._buckets.most(i) <= CROWD:
            return NONE
        bucket = self._buckets.largest(i)
        found = self._common.get(bucket)
        if found is None:
            found = self._common[bucket] = common_grams(self._buckets.members(bucket), self._grams)
        return found

    def own(self, i: int, *commons: np.ndarray) -> np.ndarray:
        """Give record i's grams without these common ones."""
        mine = self._grams(i)
        for common in commons:
            mine = np.setdiff1d(mine, common, assume_unique=True)
        return mine

    def alike(self, i: int, j: int, threshold: float) -> bool:
        """Tell whether two records are duplicates although they share buckets with others."""
        most = max(self._buckets.most(i), self._buckets.most(j))
        if most <= 2:
            return True
        ours = (self.common(i), self.common(j)) if most > CROWD else (NONE, NONE)
        if len(ours[0]) or len(ours[1]):
            mine, yours = self.own(i, *ours), self.own(j, *ours)
            common = min(LITTLE * len(np.union1d(*ours)), MOST * (len(mine) + len(yours)) / 2)
            like = jaccard(mine, yours)
            both = (len(mine) + len(yours)) / (1 + like)
            return both > 0 and (like * both + common) / (both + common) >= threshold
        near = [self._buckets.members(int(b)) for k in (i, j) for b in self._buckets.of(k)]
        mates = np.unique(np.concatenate([spread(m, 2 * ASKED) for m in near]))
        mates = spread(mates[(mates != i) & (mates != j)], ASKED)
        if not len(mates):
            return True
        return not is_template(self._plain(i), self._plain(j), [self._plain(m) for m in mates.tolist()], threshold)

    def regrouped(self, threshold: float) -> tuple[np.ndarray, np.ndarray]:
        """Give (record, bucket) anew: large buckets are replaced by those of what is left without the common grams."""
        sizes = self._buckets.sizes
        crowd, kept_records, kept_buckets = [], [], []
        for i in self._buckets.records.tolist():
            mine = self._buckets.of(i)
            if self._buckets.most(i) > CROWD and len(self.common(i)):
                crowd.append(i)
                mine = mine[sizes[mine] <= CROWD]
            kept_records += [i] * len(mine)
            kept_buckets += mine.tolist()
        bands = bands_for(max(0.4, threshold - LITTLE))
        keys = []
        for begin in range(0, len(crowd), BATCH):
            sets = [self.own(i, self.common(i)) for i in crowd[begin : begin + BATCH]]
            # a record that is all template has nothing to be found by
            sets = [s if len(s) else np.array([begin + k], dtype=np.uint64) for k, s in enumerate(sets)]
            offsets = np.cumsum([0, *map(len, sets)])
            keys.append(band_keys(signatures_of(np.concatenate(sets), offsets), *bands))
        if keys:
            found, ids = shared_bands(np.concatenate(keys, axis=1))
            kept_records += np.array(crowd)[found].tolist()
            kept_buckets += (ids + len(sizes)).tolist()
        return np.array(kept_records, dtype=np.int64), np.array(kept_buckets, dtype=np.int64)
