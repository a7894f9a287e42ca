"""One writer at a time: the operating system's lock on a folder, and in its file who holds it.

The lock goes when the last process that holds it is gone, so a killed run leaves none behind. Processes that a run
starts inherit it (`descriptors`): an orphan that still writes keeps the folder closed.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import platform
import re
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import UserError
from .rows import Shown

log = logging.getLogger("hunmin")

LOCK = ".hunmin.lock"
STRAY = re.compile(r"\.\d+\.tmp\Z")  # of artifact.write_atomic: NAME.PID.tmp
OURS = ("run.log", "input", "ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "ledger.sqlite-journal", LOCK)
"""What may lie in a folder before its first artifact is begun."""
HELD_AT_ONCE = (errno.EWOULDBLOCK, errno.EACCES)

_held: dict[Path, tuple[int, int]] = {}
"""Of this process: the locked folder -> (descriptor, how many blocks hold it)."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold a folder as its only writer, made when it is missing; blocks of one process may be nested.

    What a process that is gone left half-written (*.PID.tmp) is removed. Raises UserError that says who holds it.
    """
    folder = folder.absolute()
    made = not folder.exists()
    if folder in _held:
        descriptor, depth = _held[folder]
        _held[folder] = (descriptor, depth + 1)
    else:
        _held[folder] = (_take(folder), 1)
    try:
        yield
    finally:
        descriptor, depth = _held[folder]
        if depth > 1:
            _held[folder] = (descriptor, depth - 1)
        else:
            del _held[folder]
            _leave(folder, descriptor)
            if made:
                with suppress(OSError):
                    folder.rmdir()  # nothing came into it


def descriptors() -> tuple[int, ...]:
    """Give the open files that a child process must inherit to hold what this one holds."""
    return tuple(descriptor for descriptor, _ in _held.values() if descriptor >= 0)


class Inherited:
    """The held descriptors on their way into a worker of multiprocessing: unpickled there, they are held there."""

    def __reduce__(self) -> tuple[Any, ...]:
        from multiprocessing.reduction import DupFd

        return _held_here, tuple(DupFd(descriptor) for descriptor in descriptors())


def _held_here(*descriptors: Any) -> Inherited:
    for descriptor in descriptors:
        descriptor.detach()
    return Inherited()


def strangers(folder: Path) -> list[str]:
    """Give the names in a folder that no begun run or stage of ours explains; none when it is not there."""
    if not folder.is_dir():
        return []
    return sorted(p.name for p in folder.iterdir() if p.name not in OURS and not p.name.endswith(".tmp"))


def _take(folder: Path) -> int:
    """Give the descriptor of the locked file; -1 where the file system or the platform has no locks."""
    _make(folder)
    path = folder / LOCK
    try:
        import fcntl
    except ImportError:  # Windows
        log.warning("%s: no lock on this platform; start no second writer here", folder)
        return -1
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise _cannot(folder, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno in HELD_AT_ONCE:
                raise UserError(f"another process writes here: {_owner(path)}", str(folder), MEND) from error
            log.warning("%s: this file system has no locks (%s); start no second writer here", folder, error.strerror)
            return -1
        with suppress(FileNotFoundError):
            if os.fstat(descriptor).st_ino == path.stat().st_ino:
                break
        os.close(descriptor)  # the one before removed it between our opening and our locking
    _clear(folder)
    with suppress(OSError):  # a full disk: the lock holds, only its owner's name is not told
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps(_this_process(), ensure_ascii=True).encode())
    return descriptor


MEND = "Wait until it ends, or stop it; for a second run choose another name (--name, -o)."


def _leave(folder: Path, descriptor: int) -> None:
    if descriptor >= 0:
        with suppress(OSError):
            (folder / LOCK).unlink()
        os.close(descriptor)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise _cannot(folder, error) from error


def _cannot(folder: Path, error: OSError) -> UserError:
    return UserError(
        f"the folder cannot be written: {error.strerror}", str(folder), "Name a folder that you may write to."
    )


def _clear(folder: Path) -> None:
    """Remove what a killed process left half-written in the folder and in its stages' folders."""
    for room in (folder, *(p for p in folder.glob("[0-9][0-9]-*") if p.is_dir())):
        for path in room.glob("*.tmp"):
            if STRAY.search(path.name) and path.is_file():
                with suppress(OSError):
                    path.unlink()


def _this_process() -> Shown:
    words = [Path(sys.argv[0]).name, *sys.argv[1:]]
    return {
        "pid": os.getpid(),
        "host": platform.node(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "command": shlex.join(words)[:300],
    }


def _owner(path: Path) -> str:
    try:
        row = json.loads(path.read_bytes())
        return f"{row['command']} (process {row['pid']} on {row['host']}, since {row['since']})"
    except (OSError, ValueError, KeyError, TypeError):  # it has only just begun
        return "one that has only just begun"
