"""The SQLite file below a ledger: transactions, a full disk told as everywhere else, live processes, network mounts."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NETWORK_FILE_SYSTEMS = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "lustre", "gpfs", "beegfs", "9p", "ceph")


class Transaction:
    """BEGIN IMMEDIATE ... COMMIT; anything raised inside rolls back."""

    def __init__(self, db: sqlite3.Connection, path: Path):
        self._db, self._path = db, path

    def __enter__(self) -> None:
        with told_when_full(self._path):
            self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        with told_when_full(self._path):
            if kind is None:
                try:
                    self._db.execute("COMMIT")
                    return
                except sqlite3.Error:
                    self._roll_back()
                    raise
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                raise error

    def _roll_back(self) -> None:
        if self._db.in_transaction:  # SQLite has rolled back by itself when the disk was full
            self._db.execute("ROLLBACK")


@contextmanager
def told_when_full(path: Path) -> Iterator[None]:
    """Turn SQLite's word for a full disk into the system's own, as every other file of a run meets it."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise


def process_start(pid: int) -> str:
    """Give the kernel's start time of a process, "" when there is none (so a reused pid is not taken for it)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return ""
    except OSError:
        return ""
    else:
        state, *rest = stat.rpartition(")")[2].split()
        return "" if state in ("Z", "X") else rest[18]  # field 22 of proc(5) is starttime
    try:  # no /proc (macOS, BSD): being alive must do
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"


def on_network(path: Path) -> bool:
    """Tell whether the file lies on a network file system, from the longest matching mount point."""
    try:
        mounts = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return False
    folder = str(path.parent.resolve())
    best, kind = "", ""
    for line in mounts:
        _, point, fs, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fs
    return kind in NETWORK_FILE_SYSTEMS


def state_of(path: Path) -> tuple[bool, str]:
    """Give whether a ledger file is whole, and in words what it holds or what is wrong; nothing is changed."""
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
        try:
            said = db.execute("PRAGMA quick_check").fetchone()[0]
            states = dict(db.execute("SELECT state, COUNT(*) FROM unit GROUP BY state"))
        finally:
            db.close()
    except sqlite3.Error as error:
        return False, str(error)
    told = ", ".join(f"{n:,} {state}" for state, n in sorted(states.items())) or "no requests"
    return said == "ok", told if said == "ok" else str(said)
