"""Weight files looked at without loading them: each is there, whole, and what its name says.

A cut download or a Git LFS pointer is found by its header, before hours are spent or a request is paid for.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from ..errors import UserError
from .adapters import file_of
from .finding import Resolved, resolve
from .identity import WEIGHTS

LONGEST_HEADER = 100_000_000  # bytes, safetensors' own limit
LFS = b"version https://git-lfs"
INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
MEND = "Copy or download it again."


def check_files(model: str | Path) -> None:
    """Raise UserError when a weight file of a model on this machine is missing, cut off or something else.

    Base and adapter are both looked at; a Hub id has nothing here to look at.
    """
    found: Resolved = resolve(model)
    if found.adapter is not None:
        check_file(file_of(found.adapter))
    base = Path(found.base)
    if base.is_dir():
        for path in _weights(base):
            check_file(path)


def _weights(folder: Path) -> list[Path]:
    """Give the files that hold a model's weights, as transformers looks for them. Raises UserError for none."""
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    for name in INDEXES:
        if (folder / name).is_file():
            parts = _parts(folder / name)
            missing = [part for part in parts if not (folder / part).is_file()]
            if missing:
                raise UserError(
                    f"{len(missing)} of {len(parts)} weight files are missing (such as {missing[0]})", str(folder),
                    "Copy or download them too.",
                )  # fmt: skip
            return [folder / part for part in parts]
    if (folder / "pytorch_model.bin").is_file():
        return [folder / "pytorch_model.bin"]
    others = sorted(path for pattern in WEIGHTS for path in folder.glob(pattern))
    if others:
        return others  # under a name that the config gives, or the model's own code
    raise UserError(
        "the folder holds no weights", str(folder),
        "It needs model.safetensors, or model.safetensors.index.json and the files that it names.",
    )  # fmt: skip


def _parts(index: Path) -> list[str]:
    try:
        found = json.loads(index.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise UserError(f"not JSON: {str(error)[:100]}", str(index), MEND) from error
    named = found.get("weight_map") if isinstance(found, dict) else None
    if not isinstance(named, dict) or not named or not all(isinstance(v, str) for v in named.values()):
        raise UserError("the file names no weights (weight_map)", str(index), MEND)
    strange = [v for v in named.values() if not v or Path(v).name != v]
    if strange:
        raise UserError(f"weights outside the folder: {strange[0][:100]!r}", str(index), MEND)
    return sorted(set(named.values()))


def check_file(path: Path) -> None:
    """Raise UserError unless a weight file is whole by its own header: safetensors, or a pickle as torch writes it."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
            size = path.stat().st_size
            if start.startswith(LFS):
                raise UserError(
                    "a pointer of Git LFS, not the weights", str(path), "Fetch them: git lfs pull, or hf download."
                )
            if path.suffix != ".safetensors":
                if not (zipfile.is_zipfile(path) or start[:1] == b"\x80"):  # torch's own since 1.6, and before
                    raise UserError("not a file of weights", str(path), MEND)
                return
            n = int.from_bytes(start[:8], "little")
            if size < 8 or n > min(LONGEST_HEADER, size - 8):
                raise UserError("a weight file is broken or cut off: it ends within its header", str(path), MEND)
            file.seek(8)
            ends = _ends(file.read(n))
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", str(path), "Check its rights.") from error
    if ends is None:
        raise UserError("a weight file is broken: its header names no weights", str(path), MEND)
    whole = 8 + n + ends
    if size != whole:
        told = "cut off" if size < whole else "too long"
        raise UserError(f"a weight file is {told}: {size:,} bytes, its header says {whole:,}", str(path), MEND)


def _ends(header: bytes) -> int | None:
    """Give where the last weight ends, counted from the header's end; None when this is no header."""
    try:
        found: Any = json.loads(header)
        rows = [row for name, row in found.items() if name != "__metadata__"]
        return max((int(row["data_offsets"][1]) for row in rows), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None
