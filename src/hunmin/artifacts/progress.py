"""What is under way, said: a bar with rate and time left on a terminal, a line every 30 seconds anywhere else.

A thread keeps the terminal's bar alive while nothing ticks, so that a long step is not taken for a dead one.
"""

from __future__ import annotations

import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..text.language import current, spoken

quiet = False  # set once by the command line (--quiet, --json)

ALIVE_SECONDS = 2.0  # on a terminal the clock moves at least so often
LINE_SECONDS = 30.0  # off it, a line so often


def hush_libraries() -> None:
    """Keep deprecations between the training libraries (peft asks transformers by an old name) from the user."""
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers|trl|peft")


class _Lines:
    """The bar of a place that is no terminal: a line from time to time, nothing for what ends sooner."""

    def __init__(self, label: str, total: int | None, unit: str):
        self.label, self.total, self.unit = label, total, unit
        self.n, self.note, self.begun = 0, "", time.monotonic()

    def update(self, n: int) -> None:
        self.n += n

    def set_postfix_str(self, note: str, refresh: bool = False) -> None:
        self.note = note

    def refresh(self) -> None:
        seconds = time.monotonic() - self.begun
        several, of = (self.unit, "/") if current() == "ko" else (f"{self.unit}s", "of")
        done = f"{self.n:,} {of} {self.total:,} {several}, " if self.total else f"{self.n:,} {several}, "
        note = f"; {self.note}" if self.note else ""
        print(f"{self.label}: {done if self.unit else ''}{_time(seconds)}{note}", file=sys.stderr, flush=True)

    def close(self) -> None:
        return None


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _keep_alive(held: weakref.ref[Any], ended: threading.Event, every: float) -> None:
    """Refresh what is shown until it ends, or until nobody holds it any more (an exception ended its work)."""
    while not ended.wait(every):
        shown = held()
        if shown is None:
            return
        shown.refresh()
        del shown


def bar(label: str, total: int | None = None, unit: str = "record") -> Callable[..., None]:
    """Give `tick(n=1, note="")`; call `tick(0, done=True)` at the end. Silent under --quiet.

    Without a unit there is nothing to count: what is under way is named, with its time.
    """
    if quiet:
        return lambda n=1, note="", done=False: None
    label, unit = spoken(label), spoken(unit)
    terminal = sys.stderr.isatty()
    shown: Any = _terminal_bar(label, total, unit) if terminal else _Lines(label, total, unit)
    ended = threading.Event()
    every = ALIVE_SECONDS if terminal else LINE_SECONDS
    threading.Thread(target=_keep_alive, args=(weakref.ref(shown), ended, every), daemon=True).start()

    def tick(n: int = 1, note: str = "", done: bool = False) -> None:
        if note:
            shown.set_postfix_str(note, refresh=False)
        shown.update(n)
        if done:
            ended.set()
            shown.close()

    return tick


def _terminal_bar(label: str, total: int | None, unit: str) -> Any:
    from tqdm import tqdm

    return tqdm(
        total=total,
        desc=label,
        unit=f" {unit}",
        delay=1,
        mininterval=0.3,
        disable=False,  # TQDM_DISABLE hushes the libraries' bars, not ours
        dynamic_ncols=True,
        leave=False,
        bar_format=None if unit else "{desc} {elapsed}",
    )


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Name what is under way while it lasts: a model being opened, rows being prepared."""
    tick = bar(what, unit="")
    try:
        yield
    finally:
        tick(0, done=True)
