"""Records in, kept or dropped out: order kept, counts conserved, resumable after kill -9, bounded concurrency.

The two part files grow in input order, dropped rows before the kept rows of the same batch, so that after a crash the
longest consistent prefix can be told from the files alone; half a last line is cut off.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import UserError
from . import interrupt, progress
from .artifact import DROPPED, RECORDS, Counts, Inputs
from .record import Record, dumps, read_jsonl


@dataclass(frozen=True)
class Drop:
    """A record that a step does not keep, with the reason (one word) and what a person should know."""

    record: Record
    reason: str
    detail: Any = None


Step = Callable[[list[Record]], Any]
"""`step(batch) -> list[Record | Drop]`, plain or async, as many out as in and in the same order."""


class Writer:
    """The two files of a records artifact, written in input order; for `whole` stages use it directly."""

    def __init__(self, out: Path, label: str, resume: bool = False):
        out.mkdir(parents=True, exist_ok=True)
        self.out, self.label = out, label
        self.counts = Counts()
        self._dropped: Counter[str] = Counter()
        self._paths = (out / (RECORDS + ".part"), out / (DROPPED + ".part"))
        for name in (RECORDS, DROPPED):  # finished files of an artifact that never got its manifest
            (out / name).unlink(missing_ok=True)
        if resume:
            self._cut_to_consistent()
        else:
            for path in self._paths:
                path.write_bytes(b"")
        self._files = tuple(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT) for path in self._paths)
        self._kept_buffer: list[str] = []
        self._drop_buffer: list[str] = []

    def keep(self, record: Record) -> None:
        self._kept_buffer.append(dumps(record) + "\n")
        self.counts.n_in += 1
        self.counts.n_kept += 1
        self._flush_when_large()

    def drop(self, record: Record, reason: str, detail: Any = None) -> None:
        row = {"stage": self.label, "reason": reason, "detail": detail, "index": self.counts.n_in, "record": record}
        self._drop_buffer.append(dumps(row) + "\n")
        self.counts.n_in += 1
        self._dropped[reason] += 1
        self._flush_when_large()

    def put(self, result: Record | Drop) -> None:
        if isinstance(result, Drop):
            self.drop(result.record, result.reason, result.detail)
        else:
            self.keep(result)

    def _flush_when_large(self) -> None:
        if len(self._kept_buffer) + len(self._drop_buffer) >= 2000:
            self.flush()

    def flush(self) -> None:
        for file, buffer in ((self._files[1], self._drop_buffer), (self._files[0], self._kept_buffer)):
            data = memoryview("".join(buffer).encode())
            while data:
                data = data[os.write(file, data) :]
            buffer.clear()

    def close(self) -> Counts:
        """Flush, rename the part files to their final names and give the counts."""
        self.flush()
        for file in self._files:
            os.fsync(file)
            os.close(file)
        for path, name in zip(self._paths, (RECORDS, DROPPED), strict=True):
            path.replace(self.out / name)
        self.counts.dropped = dict(sorted(self._dropped.items()))
        return self.counts.check(self.label)

    def _cut_to_consistent(self) -> None:
        kept_path, drop_path = self._paths
        kept_ends = _line_ends(kept_path)
        drop_ends = _line_ends(drop_path)
        n = len(kept_ends)  # the largest prefix in which every index is either kept or dropped
        n_dropped = 0
        if drop_ends:
            with drop_path.open("rb") as file:
                for line in islice(file, len(drop_ends)):
                    row = json.loads(line)
                    if row["index"] > n:
                        break
                    n += 1
                    n_dropped += 1
                    self._dropped[row["reason"]] += 1
        _truncate(kept_path, kept_ends[-1] if kept_ends else 0)
        _truncate(drop_path, drop_ends[n_dropped - 1] if n_dropped else 0)
        self.counts.n_in, self.counts.n_kept = n, len(kept_ends)


def take_back(out: Path, last: int, failed: Callable[[Record], bool], dropped: Collection[str] = ()) -> None:
    """Cut an interrupted artifact at the first of its `last` records that failed, as an outage that stopped it leaves.

    Kept records are asked of `failed`, dropped ones have one of the reasons `dropped`. They are done again; what was
    paid for behind them comes from the ledger.
    """
    kept, drops = out / (RECORDS + ".part"), out / (DROPPED + ".part")
    if drops.is_file() and dropped:
        ends, n_kept = _line_ends(drops), len(_line_ends(kept))
        first = n_kept + len(ends) - last
        with drops.open("rb") as file:
            for i, line in enumerate(islice(file, len(ends))):
                row = json.loads(line)
                if row["index"] >= first and row["reason"] in dropped:
                    _truncate(drops, ends[i] - len(line))
                    _cut_lines(kept, row["index"] - i)
                    break
    if not kept.is_file():
        return
    tail: deque[tuple[int, bytes]] = deque(maxlen=last)
    at = 0
    with kept.open("rb") as file:
        for line in file:
            tail.append((at, line))
            at += len(line)
    for start, line in tail:
        if line.endswith(b"\n") and failed(json.loads(line)):
            _truncate(kept, start)
            return


def _cut_lines(path: Path, n: int) -> None:
    """Leave the first n lines of a file, where it has more."""
    ends = _line_ends(path)
    if len(ends) > n:
        _truncate(path, ends[n - 1] if n else 0)


def _line_ends(path: Path) -> list[int]:
    if not path.exists():
        return []
    ends, at = [], 0
    with path.open("rb") as file:
        for line in file:
            at += len(line)
            if line.endswith(b"\n"):
                ends.append(at)
    return ends


def _truncate(path: Path, size: int) -> None:
    with path.open("ab") as file:
        file.truncate(size)


def count_lines(path: Path) -> int:
    """Give the number of non-empty lines of a file."""
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def stream(
    step: Step,
    inputs: Inputs,
    out: Path,
    *,
    in_flight: int = 1,
    batch: int = 1,
    source: Iterable[Record] | None = None,
    total: int | None = None,
) -> Counts:
    """Run `step` over the input records and leave records.jsonl and dropped.jsonl in `out`.

    `in_flight` batches run at once (async steps); `batch` records go to one call, cut by input index so that a resumed
    run makes the same batches. `source` replaces the input artifact (for `load`); it must yield the same rows again.
    Ctrl-C lets what is in flight finish, writes it and raises KeyboardInterrupt; the same call resumes.
    """
    if source is None:
        if inputs.records is None:
            raise UserError("no records to read", inputs.label, "Give an input file, or put a stage before this one.")
        source, total = read_jsonl(inputs.records), count_lines(inputs.records)
    writer = Writer(out, inputs.label, resume=True)
    done = writer.counts.n_in - writer.counts.n_in % batch
    if done != writer.counts.n_in:  # half a batch was written: only possible by hand; start over
        writer = Writer(out, inputs.label, resume=False)
        done = 0
    rows = islice(iter(source), done, None)
    tick = progress.bar(inputs.label, total)
    if done:
        tick(done)
    try:
        if inspect.iscoroutinefunction(step):
            asyncio.run(_run_async(step, _batches(rows, batch), writer, max(1, in_flight), tick))
        else:
            for group in _batches(rows, batch):
                _put(writer, group, step(group), tick, flush=batch > 1)
    finally:
        writer.flush()
        tick(0, done=True)
    return writer.close()


def _batches(rows: Iterator[Record], size: int) -> Iterator[list[Record]]:
    while group := list(islice(rows, size)):
        yield group


def _put(writer: Writer, group: list[Record], results: list[Record | Drop], tick: Any, flush: bool) -> None:
    if len(results) != len(group):
        raise AssertionError(f"{writer.label}: a step gave {len(results)} results for {len(group)} records")
    for result in results:
        writer.put(result)
    if flush:
        writer.flush()
    tick(len(group))


async def _run_async(step: Step, groups: Iterator[list[Record]], writer: Writer, in_flight: int, tick: Any) -> None:
    """Keep at most `in_flight` steps running and write their results in input order.

    A result that is ready waits for the ones before it; the window of waiting results is bounded too.
    """
    window: deque[tuple[list[Record], asyncio.Task[Any]]] = deque()
    gate = asyncio.Semaphore(in_flight)
    stop = asyncio.Event()
    at_once = False

    def first_press() -> int:
        stop.set()
        return min(in_flight, sum(not task.done() for _, task in window))

    def second_press() -> None:
        nonlocal at_once
        at_once = True
        for _, task in window:
            task.cancel()

    async def one(group: list[Record]) -> Any:
        async with gate:
            if stop.is_set():
                return None
            return await step(group)

    async def write_first() -> bool:
        group, task = window[0]
        result = await task
        window.popleft()
        if result is None:
            return False
        _put(writer, group, result, tick, flush=True)
        return True

    with interrupt.handled(first_press, second_press):
        try:
            for group in groups:
                if stop.is_set():
                    break
                window.append((group, asyncio.create_task(one(group))))
                while window and (window[0][1].done() or len(window) >= in_flight * 8):
                    if not await write_first():
                        break
                await asyncio.sleep(0)
            while window:
                if not await write_first():
                    break
        except BaseException:
            stop.set()  # a budget or quota stop: let the others finish, they are paid for
            await asyncio.gather(*(task for _, task in window), return_exceptions=True)
            if at_once:
                raise KeyboardInterrupt from None
            raise
        if stop.is_set():
            await asyncio.gather(*(task for _, task in window), return_exceptions=True)
            raise KeyboardInterrupt
