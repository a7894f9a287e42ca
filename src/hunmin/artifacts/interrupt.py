"""Ctrl-C while services are asked: the first waits for what is under way and paid for, the second ends at once."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

log = logging.getLogger("hunmin")

longest_seconds = 0.0
"""The longest that one request of this process may take, for the words of the first Ctrl-C; its client sets it."""
at_once = False
"""Whether a second Ctrl-C came: then threads that still wait for a server are not waited for."""


@contextmanager
def handled(stop: Callable[[], int], cancel: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at the first Ctrl-C, which gives how many requests are under way, and `cancel` at the second."""
    presses = 0

    def pressed() -> None:
        nonlocal presses
        global at_once
        presses += 1
        if presses > 1:
            at_once = True
            cancel()
            return
        n = stop()
        limit = f", at most {longest_seconds:.0f} s each" if longest_seconds else ""
        log.warning("interrupted: waiting for %d under way%s; Ctrl-C again ends at once", n, limit)

    import asyncio  # not for every command: 30 ms

    loop = asyncio.get_running_loop()
    known = (NotImplementedError, RuntimeError, ValueError)  # Windows, or not the main thread: Ctrl-C raises as usual
    with suppress(*known):
        loop.add_signal_handler(signal.SIGINT, pressed)
    try:
        yield
    finally:
        with suppress(*known):
            loop.remove_signal_handler(signal.SIGINT)


def leave(code: int) -> None:
    """End the process; after a second Ctrl-C without waiting for threads. Everything is on disk by now."""
    if at_once:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)
