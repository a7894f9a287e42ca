"""Near-duplicates: MinHash finds candidates, the true Jaccard similarity decides, each dropped one has a kept one.

Shingles are character 5-grams of the squashed text (no whitespace: Korean spacing varies), hashed to 64 bits by numpy;
signatures by rensa; bands are grouped by sorting, so that only records with a partner cost Python time. Clusters are
stars: a record is dropped only when it is itself as similar as the threshold to a record that is kept. Transitive
closure would chain templated texts into one giant cluster (marin-community/marin#6851).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..artifacts.record import Record, texts
from ..artifacts.rows import JsonObject, Shown
from ..text.normal import squash

NGRAM = 5
PERMUTATIONS = 128
SEED = 1
THRESHOLD = 0.7
RECALL = 0.985  # of pairs exactly at the threshold; more similar ones are found more surely
MARGIN = 4.0  # standard errors below the threshold at which an estimate still earns a true comparison
BATCH = 2000
BASE = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Link:
    """Why a record is a duplicate: the index of the kept one, their true Jaccard similarity, "exact" or "near"."""

    kept: int
    similarity: float
    how: str
    kept_id: str = ""

    def detail(self) -> Shown:
        return {"of": self.kept_id, "similarity": self.similarity, "how": self.how}

    @staticmethod
    def of(detail: JsonObject, kept: int = -1) -> Link:
        """Give the link a detail was made from; the index of the kept one is not in it."""
        return Link(kept, detail["similarity"], detail["how"], detail["of"])


@dataclass(frozen=True)
class Sketch:
    """What comparing needs of each record: `exact` [record] u64, `signatures` [record, permutation] u32."""

    exact: np.ndarray
    signatures: np.ndarray

    @staticmethod
    def joined(parts: Sequence[Sketch]) -> Sketch:
        return Sketch(np.concatenate([p.exact for p in parts]), np.concatenate([p.signatures for p in parts]))


def compared_text(record: Record, fields: Sequence[str] = ()) -> str:
    """Give the text of a record that is compared, squashed: every text but the system prompt, or only `fields`.

    A shared system prompt or template would make strangers look alike.
    """
    found = texts(record)
    if fields:
        wanted = [t for path, t in found.items() if path in fields or path.split(".")[0] in fields]
    else:
        wanted = [
            t
            for path, t in found.items()
            if path != "system" and not (path == "messages.0.content" and record["messages"][0]["role"] == "system")
        ]
    return "".join(squash(t) for t in wanted)


def _grams(flat: np.ndarray, n: int) -> np.ndarray:
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
    windows = _grams(flat, n)
    ends = np.cumsum(lengths)
    inside = np.ones(len(windows), dtype=bool)
    for k in range(1, n):  # windows that begin in one text and end in the next
        inside[(ends[:-1] - k)] = False
    return windows[inside], offsets


def shingles(squashed: str, n: int = NGRAM) -> np.ndarray:
    """Give the sorted distinct gram hashes of one text."""
    return np.unique(gram_hashes([squashed], n)[0])


def jaccard(a: np.ndarray, b: np.ndarray) -> float:
    """Give the true Jaccard similarity of two sorted sets of hashes."""
    if not len(a) or not len(b):
        return 0.0
    both = np.concatenate((a, b))
    both.sort(kind="stable")
    common = int((both[1:] == both[:-1]).sum())
    return common / (len(both) - common)


def sketch(squashed: Sequence[str]) -> Sketch:
    """Give the sketch of a batch of squashed texts."""
    import rensa

    exact = np.fromiter((_digest(t) for t in squashed), dtype=np.uint64, count=len(squashed))
    hashes, offsets = gram_hashes(squashed)
    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets.astype(np.uint64), PERMUTATIONS, SEED)
    signatures = np.array(matrix.to_rows(), dtype=np.uint32).reshape(len(squashed), PERMUTATIONS)
    return Sketch(exact, signatures)


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def sketches(squashed: Iterable[str]) -> Sketch:
    """Give the sketch of any number of texts, worked out in batches."""
    parts, batch = [], []
    for text in squashed:
        batch.append(text)
        if len(batch) == BATCH:
            parts.append(sketch(batch))
            batch = []
    if batch or not parts:
        parts.append(sketch(batch) if batch else Sketch(np.empty(0, "u8"), np.empty((0, PERMUTATIONS), "u4")))
    return Sketch.joined(parts)


def bands_for(threshold: float, permutations: int = PERMUTATIONS) -> tuple[int, int]:
    """Give (bands, rows): the longest bands that still find RECALL of the pairs exactly at the threshold."""
    best = (permutations, 1)
    for rows in range(1, permutations + 1):
        bands = permutations // rows
        if 1 - (1 - threshold**rows) ** bands >= RECALL:
            best = (bands, rows)
    return best


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


def key_groups(key: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Give (records, group of each, number of groups) of equal keys [record], group by group, records rising in each.

    Single records are left out.
    """
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    same = ordered[1:] == ordered[:-1]
    member = np.zeros(len(key), dtype=bool)
    member[1:] |= same
    member[:-1] |= same
    begins = np.ones(len(key), dtype=bool)
    begins[1:] = ~same
    group = np.cumsum(begins & member) - 1
    return order[member], group[member], int((begins & member).sum())


def shared_bands(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give (record, bucket) for every band in which a record has a partner, as two flat arrays.

    `keys` is [band, record]. A bucket holds the records of one key of one band; buckets of one are left out.
    """
    records, buckets, n = [], [], 0
    for key in keys:
        found, ids, count = key_groups(key)
        records.append(found)
        buckets.append(ids + n)
        n += count
    if not records:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(records), np.concatenate(buckets)


def star_edges(key: np.ndarray) -> np.ndarray:
    """Give the edges [2, edge] from every record to the first one with its key [record]; single records have none."""
    records, groups, n = key_groups(key)
    heads = records[np.searchsorted(groups, np.arange(n))]
    return np.stack([records, heads[groups]])


def joined_components(labels: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Give the component [record] of each record after joining components `labels` [record] by edges [2, edge]."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = labels[edges]
    n = len(labels)
    graph = coo_array((np.ones(ends.shape[1], dtype=bool), (ends[0], ends[1])), shape=(n, n))
    groups: np.ndarray = connected_components(graph, directed=False)[1]
    found: np.ndarray = groups[labels]
    return found


def find(
    given: Sketch,
    fetch: Callable[[int], str],
    *,
    order: np.ndarray | None = None,
    threshold: float = THRESHOLD,
    near: bool = True,
    exact: bool = True,
    sources: np.ndarray | None = None,
    scope: str = "all",
    tick: Callable[[int], None] = lambda n: None,
) -> dict[int, Link]:
    """Give the link of every duplicate by index.

    `fetch(i)` gives record i's squashed text again; `order` is the order of preference (None: as they stand);
    `scope` compares all, only `within` a source, or only `across` sources (`sources` [record] are codes).
    """
    n = len(given.exact)
    order = np.arange(n) if order is None else np.asarray(order)
    links: dict[int, Link] = {}
    alone = sources if sources is not None and scope != "all" else np.zeros(n, dtype=np.int64)

    def allowed(i: int, j: int) -> bool:
        return scope == "all" or (alone[i] == alone[j]) == (scope == "within")

    first = _first_equal(given.exact, order, alone if scope == "within" else None)
    partners = _partners(given.signatures, first, scope, threshold) if near else {}
    buckets: dict[int, list[int]] = {}
    equal: dict[int, list[int]] = {}
    signatures = given.signatures
    error = (threshold * (1 - threshold) / PERMUTATIONS) ** 0.5
    enough = threshold - MARGIN * error
    cache: dict[int, np.ndarray] = {}

    def grams(i: int) -> np.ndarray:
        found = cache.get(i)
        if found is None:
            if len(cache) > 4096:
                cache.clear()
            found = cache[i] = shingles(fetch(i))
        return found

    for i in order.tolist():
        tick(1)
        leader = int(first[i])
        if leader != i and exact:
            if scope != "across":
                links[i] = Link(leader, 1.0, "exact") if leader not in links else links[leader]
                continue
            found = next((j for j in equal.get(leader, ()) if allowed(i, j)), None)
            if found is not None:
                links[i] = Link(found, 1.0, "exact")
                continue
        mine = partners.get(i)
        if mine is not None:
            candidates = sorted({j for bucket in mine for j in buckets.get(bucket, ()) if allowed(i, j)})
            if candidates:
                link = _best(i, candidates, signatures, enough, threshold, grams)
                if link is not None:
                    links[i] = link
                    continue
            for bucket in mine:
                buckets.setdefault(bucket, []).append(i)
        if scope == "across":
            equal.setdefault(leader, []).append(i)
    return links


def _best(
    i: int,
    candidates: list[int],
    signatures: np.ndarray,
    enough: float,
    threshold: float,
    grams: Callable[[int], np.ndarray],
) -> Link | None:
    """Give the link to the first candidate, by falling estimate, whose true similarity reaches the threshold."""
    estimates = (signatures[candidates] == signatures[i]).mean(axis=1)
    for at in np.argsort(-estimates, kind="stable"):
        if estimates[at] < enough:
            return None
        similarity = jaccard(grams(i), grams(candidates[at]))
        if similarity >= threshold:
            return Link(candidates[at], round(similarity, 4), "near")
    return None


def _first_equal(exact: np.ndarray, order: np.ndarray, within: np.ndarray | None) -> np.ndarray:
    """Give for every record the most preferred one with the same squashed text (itself when there is none)."""
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    keys = [rank, exact] if within is None else [rank, within, exact]
    by_text = np.lexsort(keys)
    begins = np.ones(len(by_text), dtype=bool)
    begins[1:] = exact[by_text][1:] != exact[by_text][:-1]
    if within is not None:
        begins[1:] |= within[by_text][1:] != within[by_text][:-1]
    leader = np.maximum.accumulate(np.where(begins, np.arange(len(by_text)), 0))
    first = np.empty(len(by_text), dtype=np.int64)
    first[by_text] = by_text[leader]
    return first


def _partners(signatures: np.ndarray, first: np.ndarray, scope: str, threshold: float) -> dict[int, list[int]]:
    """Give the buckets of every record that shares one with another; copies of an equal text stand aside."""
    unique = np.arange(len(first)) if scope == "across" else np.flatnonzero(first == np.arange(len(first)))
    found, buckets = shared_bands(band_keys(signatures[unique], *bands_for(threshold)))
    found = unique[found]
    by_record = np.argsort(found, kind="stable")
    found, buckets = found[by_record], buckets[by_record]
    if not len(found):
        return {}
    starts = np.flatnonzero(np.r_[True, found[1:] != found[:-1]])
    ends = [*starts[1:].tolist(), len(found)]
    return {int(found[a]): buckets[a:b].tolist() for a, b in zip(starts, ends, strict=True)}


def duplicates(
    records: Sequence[Record],
    *,
    order: np.ndarray | None = None,
    threshold: float = THRESHOLD,
    fields: Sequence[str] = (),
) -> dict[int, Link]:
    """Give the links of the duplicates among records held in memory, with the kept ones' ids."""
    squashed = [compared_text(r, fields) for r in records]
    found = find(sketches(squashed), squashed.__getitem__, order=order, threshold=threshold)
    return {
        i: Link(link.kept, link.similarity, link.how, str(records[link.kept].get("id"))) for i, link in found.items()
    }


def in_batches(rows: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """Yield lists of at most `size` rows."""
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
