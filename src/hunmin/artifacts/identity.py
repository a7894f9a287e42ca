"""Which file or folder this is: hashes of whole contents, kept in hunmin's own cache folder, never in a user's.

A hash is kept by path, size, times and inode, so that a model of many gigabytes is read once and not on every call.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import UserError

log = logging.getLogger("hunmin")

VERSION = 2
"""Of what a manifest's `inputs` say. Those of 0.1 name no version: they knew a folder by the ends of its files only."""
WORTH_KEEPING = 1 << 20  # bytes; a smaller file is read as fast as its note
_anew = False
SETTLED_SECONDS = 2.0  # a file written just now may change again within its file system's clock tick (FAT: 2 s)


def cache_folder(room: str) -> Path:
    """Give the folder of this user's cache that holds one kind of thing, such as "tiny"; it may not be there yet."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "hunmin" / room


def hash_of(value: Any) -> str:
    """Give 16 hex digits of the hash of a JSON value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def sha256_file(path: Path) -> str:
    """Give the hex sha256 of a file's bytes, or of a folder's file names and bytes."""
    _regular(path)
    return _read(path) if _anew else _remembered(path, _below(path), lambda: _read(path))


@contextmanager
def read_anew() -> Iterator[None]:
    """Read every byte of every file within this block, whatever is remembered of it."""
    global _anew
    before, _anew = _anew, True
    try:
        yield
    finally:
        _anew = before


def is_read_anew() -> bool:
    return _anew


def _regular(path: Path) -> None:
    """Raise UserError for a pipe or a device, which may never end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UserError("a pipe or a device, not a file", str(path), "Save it as a file first.")


def _read(path: Path) -> str:
    digest = hashlib.sha256()
    for file in _below(path):
        if path.is_dir():
            digest.update(str(file.relative_to(path)).encode() + b"\0")
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _below(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def files_of(folder: Path) -> list[Path]:
    """Give the files of a folder that can decide a result, in order: no hidden ones and no trainer's checkpoints."""
    found = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if not any(p.startswith((".", "checkpoint-")) for p in parts) and path.is_file():
            found.append(path)
    return found


def of_path(path: Path) -> str:
    """Give 16 hex digits of the whole content of a file, or of the names and contents of a folder's files."""
    if not path.is_dir():
        return sha256_file(path)[:16]
    return hash_of([[p.relative_to(path).as_posix(), sha256_file(p)] for p in files_of(path)])


def of_files(paths: Iterable[Path], of: Callable[[Path], str] = of_path) -> dict[str, str]:
    """Give 16 hex digits for each name of these files and folders, those of one name together; no missing ones."""
    found: dict[str, list[str]] = {}
    for path in paths:
        if path.exists():
            found.setdefault(f"file:{path.name}", []).append(of(path))
    return {name: marks[0] if len(marks) == 1 else hash_of(marks) for name, marks in found.items()}


def as_in_0_1(path: Path) -> str:
    """Give what a manifest of 0.1 says: a file's hash; of a folder names, sizes and each file's first and last MiB.

    Only to recognise what 0.1 made: two checkpoints of one training may share this mark.
    """
    if not path.is_dir():
        return sha256_file(path)[:16]
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        size = file.stat().st_size
        digest.update(f"{file.relative_to(path).as_posix()}\0{size}\0".encode())
        for block in ends_of(file):
            digest.update(block)
    return digest.hexdigest()[:16]


def ends_of(file: Path) -> tuple[bytes, bytes]:
    """Give the first and the last MiB of a file; of a small one both are all of it."""
    with file.open("rb") as stream:
        first = stream.read(1 << 20)
        stream.seek(max(0, file.stat().st_size - (1 << 20)))
        return first, stream.read()


def _remembered(path: Path, files: list[Path], read: Callable[[], str]) -> str:
    stamp, newest, size = _stamp(files)
    if size < WORTH_KEEPING:
        return read()
    note = cache_folder("hashes") / f"{hash_of(str(path.absolute()))}.json"
    try:
        kept = json.loads(note.read_text(encoding="utf-8"))
        if kept["stamp"] == stamp:
            return str(kept["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        kept = None  # no note, or half of one
    found = read()
    if time.time() - newest > SETTLED_SECONDS and _stamp(files)[0] == stamp:
        _keep(note, {"path": str(path.absolute()), "stamp": stamp, "sha256": found})
    return found


def _stamp(files: list[Path]) -> tuple[str, float, int]:
    """Give (what changes when a content does, time of the newest change in seconds, bytes in all)."""
    stats = [file.stat() for file in files]
    # ctime tells a file whose mtime was set back (rsync --times, cp -p); a new hard link only costs one more reading.
    rows = [[str(f), s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino] for f, s in zip(files, stats, strict=True)]
    newest = max((max(s.st_mtime, s.st_ctime) for s in stats), default=0.0)
    return hash_of(rows), newest, sum(s.st_size for s in stats)


def _keep(note: Path, value: dict[str, str]) -> None:
    temporary = note.with_name(f"{note.name}.{os.getpid()}.tmp")
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(value), encoding="utf-8")
        temporary.replace(note)
    except OSError as error:  # a read-only or full home: the file is read again next time
        log.debug("%s: not kept: %s", note, error)
