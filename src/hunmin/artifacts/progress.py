"""The progress bar: rate and time left on the terminal for anything that takes over a second."""

from __future__ import annotations

from collections.abc import Callable

quiet = False  # set once by the command line (--quiet, --json)


def bar(label: str, total: int | None = None, unit: str = "record") -> Callable[..., None]:
    """Give `tick(n=1, note="")`; call `tick(0, done=True)` at the end. Silent off a terminal and under --quiet."""
    from tqdm import tqdm

    shown = tqdm(
        total=total,
        desc=label,
        unit=f" {unit}",
        delay=1,
        mininterval=0.3,
        disable=True if quiet else None,
        dynamic_ncols=True,
        leave=False,
    )

    def tick(n: int = 1, note: str = "", done: bool = False) -> None:
        if note:
            shown.set_postfix_str(note, refresh=False)
        shown.update(n)
        if done:
            shown.close()

    return tick
