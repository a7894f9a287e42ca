"""Runs many small asks with so many in flight; at a stop, what is in flight is finished, since it is paid for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from ...artifacts import interrupt


async def each(
    jobs: Iterable[Any], work: Callable[[Any], Awaitable[None]], in_flight: int, tick: Callable[..., None]
) -> None:
    """Do every job. The first exception (a budget, a quota) lets the others finish and is raised then; Ctrl-C alike."""
    waiting = iter(jobs)
    stopped: list[BaseException] = []

    async def worker() -> None:
        for job in waiting:
            if stopped:
                return
            try:
                await work(job)
            except Exception as error:
                stopped.append(error)
                return
            tick(1)

    workers = [asyncio.create_task(worker()) for _ in range(max(1, in_flight))]

    def first_press() -> int:
        stopped.append(KeyboardInterrupt())
        return sum(not task.done() for task in workers)

    def second_press() -> None:
        for task in workers:
            task.cancel()

    with interrupt.handled(first_press, second_press):
        found = await asyncio.gather(*workers, return_exceptions=True)
    for outcome in found:
        if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
            stopped.append(outcome)
    if stopped:
        raise stopped[0]
