"""How fast requests go out: limits per minute, the shared gate after several 429s, jittered waits."""

from __future__ import annotations

import asyncio
import email.utils
import math
import random
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress

FIRST_WAIT_SECONDS = 0.5
WAIT_MOST_SECONDS = 30.0
SEVERAL = 3  # that many 429s within a second hold back everybody


class Pace:
    """Limits per minute (None = none) and the gate that all units of one client wait at."""

    def __init__(
        self,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        first_wait_seconds: float = FIRST_WAIT_SECONDS,
    ):
        self._first_wait_seconds = first_wait_seconds
        self._limits = [(limit, _Bucket(limit)) for limit in (requests_per_minute, tokens_per_minute)]
        self._open_at = 0.0
        self._refused: deque[float] = deque(maxlen=SEVERAL)
        self.waited_seconds = 0.0

    async def wait(self, amount: float) -> None:
        """Return when one request of `amount` tokens (or characters) may go out."""
        begun = time.monotonic()
        for (limit, bucket), n in zip(self._limits, (1.0, amount), strict=True):
            if limit is not None:
                delay = bucket.take(n)
                if delay > 0:
                    await asyncio.sleep(delay)
        while (delay := self._open_at - time.monotonic()) > 0:
            await asyncio.sleep(delay * random.uniform(1.0, 1.1))
        self.waited_seconds += time.monotonic() - begun

    def backoff(self, attempt: int) -> float:
        """Give a full-jitter wait in seconds before attempt number `attempt` + 1 (counted from 1)."""
        return random.uniform(0.0, min(WAIT_MOST_SECONDS, self._first_wait_seconds * 2 ** (attempt - 1)))

    def refused(self, delay: float) -> None:
        """Tell of a 429 whose unit waits `delay` seconds; several within a second close the gate that long."""
        now = time.monotonic()
        self._refused.append(now)
        if len(self._refused) == SEVERAL and now - self._refused[0] <= 1.0:
            self._open_at = max(self._open_at, now + delay)


class _Bucket:
    """Hands out slots at an even rate, with at most one second's worth in a burst."""

    def __init__(self, per_minute: float | None):
        self._per_second = (per_minute or 0.0) / 60
        self._next = 0.0

    def take(self, amount: float) -> float:
        now = time.monotonic()
        start = max(self._next, now - 1.0)
        self._next = start + amount / self._per_second
        return max(0.0, start - now)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Give the seconds a server asks to wait: retry-after-ms, else Retry-After as seconds or date; None = not said."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) / scale
            if not math.isnan(seconds):
                return max(0.0, seconds)
        except ValueError:
            with suppress(ValueError, OverflowError):  # a date that no calendar has
                when = email.utils.parsedate_tz(value)
                if when is not None:
                    return max(0.0, email.utils.mktime_tz(when) - time.time())
    return None
