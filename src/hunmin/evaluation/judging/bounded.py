"""Runs many small asks with so many in flight; at a stop, what is in flight is finished, since it is paid for."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable
from typing import Any


async def each(
    jobs: Iterable[Any], work: Callable[[Any], Awaitable[None]], in_flight: int, tick: Callable[..., None]
) -> None:
    """Do every job. The first exception (a budget, a quota) lets the others finish and is raised then; Ctrl-C alike."""
    waiting = iter(jobs)
    stopped: list[BaseException] = []
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(signal.SIGINT, lambda: stopped.append(KeyboardInterrupt()))
    except (NotImplementedError, RuntimeError, ValueError):
        pass  # Windows, or not in the main thread: Ctrl-C then raises as usual

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

    try:
        await asyncio.gather(*(worker() for _ in range(max(1, in_flight))))
    finally:
        try:
            loop.remove_signal_handler(signal.SIGINT)
        except (NotImplementedError, RuntimeError, ValueError):
            pass
    if stopped:
        raise stopped[0]
