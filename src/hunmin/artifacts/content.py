"""What an artifact's files hold, and whether they still do: size and sha256 of each, told by name where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from . import identity
from .rows import FileRow

_found_right: dict[Path, str] = {}
"""Of this process: a file -> the stamp and hash it was found right with. A model is opened several times in a stage."""


def listed(folder: Path, paths: Iterable[Path]) -> dict[str, FileRow]:
    """Give size in bytes and sha256 by the name below `folder`, of these files and of the files in these folders."""
    found: dict[str, FileRow] = {}
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                row: FileRow = {"size": file.stat().st_size, "sha256": identity.sha256_file(file)}
                found[file.relative_to(folder).as_posix()] = row
    return found


def wrong(folder: Path, files: Mapping[str, FileRow]) -> dict[str, str]:
    """Give in words what is wrong with each listed file; empty when all are as listed."""
    found: dict[str, str] = {}
    for name, row in files.items():
        path = folder / name
        if not path.is_file():
            found[name] = "missing"
            continue
        stat = path.stat()
        size, mark = stat.st_size, f"{stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino} {row['sha256']}"
        if size != row["size"]:
            found[name] = f"{size:,} bytes, where the stage left {row['size']:,}"
        elif identity.is_read_anew() or _found_right.get(path) != mark:
            if identity.sha256_file(path) != row["sha256"]:
                found[name] = "another content than the stage left"
            else:
                _found_right[path] = mark
    return found


def count_lines(path: Path) -> int:
    """Give the number of lines of a file, half a last one counted; 0 when there is no file."""
    if not path.is_file():
        return 0
    n, last = 0, b"\n"
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            n, last = n + block.count(b"\n"), block
    return n + (not last.endswith(b"\n"))
