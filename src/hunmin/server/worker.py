"""One thread that owns the model: requests that wait together form a batch, batches under way take turns by token.

A newcomer starts with the next token instead of waiting for long answers to end. What nobody waits for any more is
dropped at its next token.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from .. import models
from ..models import Loaded, Piece, Request

log = logging.getLogger("hunmin")


class Busy(Exception):
    """Too many requests wait already."""


@dataclass(eq=False)
class _Job:
    """A request and where its pieces go: an event loop's queue, filled from the worker's thread."""

    request: Request | None
    loop: asyncio.AbstractEventLoop
    out: asyncio.Queue[Any]
    call: Callable[[], Any] | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: bool = False

    def put(self, item: Any) -> None:
        try:
            self.loop.call_soon_threadsafe(self.out.put_nowait, item)
        except RuntimeError:  # the loop has ended: nobody is left to tell
            self.cancelled.set()


class Worker:
    """Runs requests on a loaded model; `waiting` and `running` tell how many."""

    def __init__(self, loaded: Loaded, max_batch: int = 16, max_waiting: int = 256):
        self.loaded, self.max_batch, self.max_waiting = loaded, max_batch, max_waiting
        self._jobs: queue.Queue[_Job] = queue.Queue()
        self._running = 0
        threading.Thread(target=self._run, name="model", daemon=True).start()

    @property
    def waiting(self) -> int:
        return self._jobs.qsize()

    @property
    def running(self) -> int:
        return self._running

    async def pieces(self, request: Request) -> AsyncIterator[Piece]:
        """Yield a request's pieces; closing the iterator cancels the work. Raises Busy, or what the model raised."""
        job = self._submit(request, None)
        try:
            while True:
                item = await job.out.get()
                if isinstance(item, BaseException):
                    raise item
                yield item
                if item.finish_reason is not None:
                    return
        finally:
            self._leave(job)

    async def call(self, function: Callable[[], Any]) -> Any:
        """Run a function on the model's thread between tokens and give its result."""
        job = self._submit(None, function)
        try:
            item = await job.out.get()
        finally:
            self._leave(job)
        if isinstance(item, BaseException):
            raise item
        return item

    def require_room(self, n: int) -> None:
        """Raise Busy unless `n` more requests may wait: a request of many answers is queued whole or not at all."""
        if self._jobs.qsize() + n > self.max_waiting:
            raise Busy

    def _leave(self, job: _Job) -> None:
        """Nobody waits for this job any more: it ends at its next token, and gives up its place in the queue now."""
        job.cancelled.set()
        with self._jobs.mutex, suppress(ValueError):
            self._jobs.queue.remove(job)

    def _submit(self, request: Request | None, function: Callable[[], Any] | None) -> _Job:
        self.require_room(1)
        job = _Job(request, asyncio.get_running_loop(), asyncio.Queue(), function)
        if request is not None:
            job.request = replace(request, cancelled=job.cancelled.is_set)
        self._jobs.put(job)
        return job

    def _run(self) -> None:
        batches: list[tuple[Iterator[list[Piece]], list[_Job]]] = []
        while True:
            new = self._take(block=not batches, room=self.max_batch - self._running)
            for job in new:
                if job.call is not None:
                    self._answer(job)
            asked = [job for job in new if job.request is not None and not job.cancelled.is_set()]
            if asked:
                requests = [job.request for job in asked if job.request is not None]
                batches.append((models.steps(self.loaded, requests), asked))
                self._running += len(asked)
            batches = [batch for batch in batches if self._step(*batch)]

    def _take(self, block: bool, room: int) -> list[_Job]:
        """Give the jobs that wait, at most `room` of them; wait for one when nothing is under way."""
        found = [self._jobs.get()] if block else []
        while len(found) < room:
            try:
                found.append(self._jobs.get_nowait())
            except queue.Empty:
                break
        return found

    def _answer(self, job: _Job) -> None:
        if job.cancelled.is_set() or job.call is None:
            return
        try:
            job.put(job.call())
        except Exception as error:  # the caller gets it; the thread goes on for the others
            job.put(error)

    def _step(self, pieces: Iterator[list[Piece]], jobs: Sequence[_Job]) -> bool:
        """Take one batch a token further; give whether it goes on."""
        try:
            made = next(pieces, None)
        except Exception as error:  # every caller of this batch gets it; the thread goes on for the others
            log.exception("the model failed")
            for job in jobs:
                job.put(error)
            self._running -= sum(1 for job in jobs if not job.ended)
            return False
        if made is None:
            return False
        for piece in made:
            jobs[piece.index].put(piece)
            if piece.finish_reason is not None:
                jobs[piece.index].ended = True
                self._running -= 1
        return True
