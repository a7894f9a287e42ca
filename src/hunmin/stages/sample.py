"""Some of the records: at random, by strata, by quota, or LIMA-style; the same ones in any file order.

What is chosen is decided by the hash of (seed, content). Two passes over the file and a few numbers a record: 1.8
million rows stream through. LIMA-style (arXiv 2305.11206; KyujinHan/CoT-llama2 drew its 2,000 so): equal strata,
answers of a middling length, no two alike.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..artifacts.artifact import Counts, Inputs
from ..artifacts.record import Record, read_jsonl
from ..artifacts.rows import Estimate
from ..artifacts.stream import Writer
from ..errors import UserError
from ..options import Options, opt
from ..selection import nearest
from ..selection.chance import chance, shares
from ..selection.strata import LENGTH, answer, stratum

READS = ()
EDITS = ()
ADDS = ()
KIND = "whole"
INPUT = "records"
OUTPUT = "records"

LIMA: dict[str, Any] = {"n": 2000, "balance": "equal", "min_chars": 200, "max_chars": 4000, "deduplicate": True}
NONE, SHORT, LONG = -1, -2, -3


class Config(Options):
    n: int | None = opt(None, "How many records; with quota or per_stratum left out.", ge=1)
    ratio: float | None = opt(None, "How many, as a ratio of what comes in.", gt=0, le=1)
    by: str | None = opt(None, "Stratify by: source, length, kind, or any field such as extra.task.")
    balance: Literal["proportional", "equal"] | None = opt(
        None, "A stratum's part: by its size, or all the same; null is proportional (lima: equal)."
    )
    per_stratum: int | None = opt(None, "At most this many of each stratum.", ge=1)
    quota: dict[str, int] = opt({}, "Exactly this many of each stratum named: {qa: 300, summary: 100}.")
    min_chars: int | None = opt(None, "Only records whose answer has at least this many characters.", ge=0)
    max_chars: int | None = opt(None, "Only records whose answer has at most this many characters.", ge=1)
    deduplicate: bool | None = opt(None, "Never take two near-duplicates (true Jaccard of 0.7 on character 5-grams).")
    preset: Literal["none", "lima"] = opt(
        "none", "lima: n 2000, equal strata, 200 to 4000 characters, deduplicated, for options left out."
    )


def settled(config: Config) -> Config:
    """Give the config with the preset's values where nothing was given."""
    if config.preset == "none":
        return config
    fill = {k: v for k, v in LIMA.items() if getattr(config, k) is None and not (k == "n" and _sizes(config))}
    return config.model_copy(update=fill)


def _sizes(config: Config) -> list[str]:
    """Give the options that say how many."""
    return [k for k in ("n", "ratio", "per_stratum", "quota") if getattr(config, k) not in (None, {})]


def check(config: Config) -> list[str]:
    """Give what is wrong across options."""
    config = settled(config)
    found = []
    ways = _sizes(config)
    if len(ways) != 1:
        told = f"; given: {', '.join(ways)}" if ways else ""
        found.append(f"give exactly one of n, ratio, per_stratum and quota{told}")
    if (config.quota or config.per_stratum) and not config.by:
        found.append("quota and per_stratum need by: which field makes the strata")
    if config.min_chars is not None and config.max_chars is not None and config.min_chars > config.max_chars:
        found.append("min_chars lies above max_chars")
    if any(n < 0 for n in config.quota.values()):
        found.append("quota: a negative number")
    return found


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Read once to choose, once to write."""
    wrong = check(config)
    if wrong:
        raise UserError("; ".join(wrong), inputs.label, "Mend the options.")
    assert inputs.records is not None
    preset, config = config.preset, settled(config)
    by, chances, codes, names = _read(config, inputs, guess=preset == "lima")
    sizes = {name: int((codes == i).sum()) for i, name in enumerate(names)}
    wanted = _wanted(config, sizes, len(chances), str(inputs.records))
    chosen, near = _choose(config, inputs, wanted, names, chances, codes)
    writer = Writer(out, inputs.label)
    for i, record in enumerate(read_jsonl(inputs.records)):
        if chosen[i]:
            writer.keep(record)
        elif codes[i] < 0:
            why = "answer too short" if codes[i] == SHORT else "answer too long"
            writer.drop(record, "not_sampled", {"why": why, "chars": len(answer(record))})
        elif i in near:
            writer.drop(record, "duplicate", near[i])
        else:
            writer.drop(record, "not_sampled", {"stratum": names[codes[i]]} if by else None)
    counts = writer.close()
    taken = Counter(names[c] for c in codes[chosen])
    table = [{"stratum": n, "available": sizes[n], "taken": taken.get(n, 0)} for n in sorted(sizes)]
    counts.notes = {
        "headline": f"{counts.n_kept:,} of {counts.n_in:,}" + (f" in {len(sizes)} strata by {by}" if by else ""),
        "by": by,
        "outside_the_length_band": int((codes < 0).sum()),
        "near_duplicates_skipped": len(near),
        **({"strata": table} if by else {}),
    }
    return counts


def _read(config: Config, inputs: Inputs, guess: bool) -> tuple[str | None, np.ndarray, np.ndarray, list[str]]:
    """Give (by, chance numbers `[record]`, stratum codes `[record]`, stratum names).

    Codes SHORT and LONG mark answers outside the length band. Raises UserError for an unknown stratum field.
    """
    assert inputs.records is not None
    by = config.by
    if by is None and guess:
        head = list(islice(read_jsonl(inputs.records), 200))
        by = next((f for f in ("extra.task", "extra.category") if head and all(stratum(r, f) for r in head)), "source")
    chances, codes = array("Q"), array("q")
    index: dict[str, int] = {}
    for i, record in enumerate(read_jsonl(inputs.records)):
        chances.append(chance(record, inputs.seed))
        length = len(answer(record))
        if config.min_chars is not None and length < config.min_chars:
            codes.append(SHORT)
            continue
        if config.max_chars is not None and length > config.max_chars:
            codes.append(LONG)
            continue
        name = stratum(record, by) if by else "all"
        if name is None:
            keys = sorted({*record, *(f"extra.{k}" for k in record.get("extra") or ())} - {"extra"})
            raise UserError(
                f"the record has no field '{by}'",
                f"{inputs.records}:{i + 1}: record {record.get('id')}",
                f"Stratify by one that every record has; this one has: {', '.join(keys)}, and {LENGTH}.",
            )
        codes.append(index.setdefault(name, len(index)))
    return by, np.frombuffer(chances, dtype="u8"), np.frombuffer(codes, dtype="i8"), list(index)


def _wanted(config: Config, sizes: dict[str, int], n_in: int, where: str) -> dict[str, int]:
    """Give how many of each stratum. Raises UserError when there are not enough."""
    available = sum(sizes.values())
    if config.quota:
        for name, n in config.quota.items():
            if n > sizes.get(name, 0):
                known = ", ".join(f"{k} {v:,}" for k, v in sorted(sizes.items())[:20])
                raise UserError(
                    f"stratum '{name}' has {sizes.get(name, 0):,} records, the quota asks for {n:,}",
                    where,
                    f"There are: {known}.",
                )
        return dict(config.quota)
    if config.per_stratum is not None:
        return {name: min(size, config.per_stratum) for name, size in sizes.items()}
    n = config.n if config.n is not None else int(round((config.ratio or 0) * n_in))
    if n > available:
        banded = config.min_chars is not None or config.max_chars is not None
        band, mend = (
            (" within the length band", "Ask for fewer, or widen the band.") if banded else ("", "Ask for fewer.")
        )
        raise UserError(f"{n:,} records were asked for, there are {available:,}{band}", where, mend)
    return shares(sizes, n, equal=config.balance == "equal")


def _choose(
    config: Config, inputs: Inputs, wanted: dict[str, int], names: list[str], chances: np.ndarray, codes: np.ndarray
) -> tuple[np.ndarray, dict[int, dict[str, Any]]]:
    """Give the mask `[record]` of what is chosen, and the near-duplicates that were passed over."""
    chosen = np.zeros(len(chances), dtype=bool)
    queues = {}
    for code, name in enumerate(names):
        mine = np.flatnonzero(codes == code)
        queues[name] = mine[np.argsort(chances[mine], kind="stable")]
        if not config.deduplicate:
            chosen[queues[name][: wanted.get(name, 0)]] = True
    if not config.deduplicate:
        return chosen, {}
    return _without_near(inputs, wanted, queues, chances)


def _without_near(
    inputs: Inputs, wanted: dict[str, int], queues: dict[str, np.ndarray], chances: np.ndarray
) -> tuple[np.ndarray, dict[int, dict[str, Any]]]:
    """Take the first of each stratum's queue that resemble none taken; look further down the queue as needed.

    Raises UserError when a stratum has too few different records.
    """
    looked = {name: min(len(queue), wanted.get(name, 0)) for name, queue in queues.items()}
    while True:
        candidates = np.sort(np.concatenate([queue[: looked[name]] for name, queue in queues.items()]))
        order = np.argsort(chances[candidates], kind="stable")
        found = nearest.duplicates(list(_rows(inputs, candidates)), order=order)
        near = {int(candidates[i]): link.detail() for i, link in found.items()}
        short = False
        for name, queue in queues.items():
            good = sum(1 for i in queue[: looked[name]] if int(i) not in near)
            missing = wanted.get(name, 0) - good
            if missing > 0:
                if looked[name] == len(queue):
                    raise UserError(
                        f"stratum '{name}' has only {good:,} different records, {wanted[name]:,} were asked for",
                        str(inputs.records),
                        "Ask for fewer, or set sample.deduplicate: false.",
                    )
                looked[name] = min(len(queue), looked[name] + missing * 2 + 8)
                short = True
        if not short:
            break
    chosen = np.zeros(len(chances), dtype=bool)
    for name, queue in queues.items():
        different = [int(i) for i in queue[: looked[name]] if int(i) not in near]
        chosen[different[: wanted.get(name, 0)]] = True
    return chosen, near


def _rows(inputs: Inputs, indices: np.ndarray) -> Iterator[Record]:
    assert inputs.records is not None
    wanted = iter(indices.tolist())
    following = next(wanted, None)
    for i, record in enumerate(read_jsonl(inputs.records)):
        if i == following:
            yield record
            following = next(wanted, None)
            if following is None:
                return


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Say how many records would be left, as far as that follows from the options."""
    from . import full_size

    known = full_size.sample(config, inputs)
    if known is not None:
        return known
    config = settled(config)
    n = inputs.expected.get("records")
    if inputs.records is not None and inputs.records.is_file():
        n = sum(1 for _ in read_jsonl(inputs.records))
    if config.quota:
        return {"records": sum(config.quota.values())}
    if config.n is not None:
        return {"records": config.n if n is None else min(config.n, int(n))}
    return {} if n is None else {"records": int(round((config.ratio or 1) * int(n)))}
