"""How long a service is waited for: silence is told, and a Retry-After of hours is not obeyed."""

from __future__ import annotations

import logging
import time

log = logging.getLogger("hunmin")

HANGING_SECONDS = 30.0  # a server silent for so long is told
WAIT_AT_MOST_SECONDS = 120.0  # whatever Retry-After says


class Patience:
    """What was told of one service already, so that a thousand requests that wait say it once in a while."""

    def __init__(self, label: str, service: str):
        self._who, self._quiet_until = f"{label}: {service}", 0.0

    def hanging(self) -> None:
        """Tell that the server has been silent."""
        self._tell(f"has not answered for {HANGING_SECONDS:.0f} s; waiting on")

    def capped(self, asked: float) -> float:
        """Give the seconds that a server asks to wait, up to a limit; a longer one is told."""
        if asked <= WAIT_AT_MOST_SECONDS:
            return asked
        self._tell(f"asks to wait {asked:,.0f} s; asking again after {WAIT_AT_MOST_SECONDS:.0f} s")
        return WAIT_AT_MOST_SECONDS

    def _tell(self, what: str) -> None:
        now = time.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + HANGING_SECONDS
            log.warning("%s %s", self._who, what)
