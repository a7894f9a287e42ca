"""Which model this is: the whole content of a folder's weights, the resolved commit of a Hub id."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..artifacts import identity
from ..artifacts.identity import hash_of

WEIGHTS = ("*.safetensors", "*.bin")
DECIDING = (*WEIGHTS, "*.json", "*.jinja", "*.model", "*.txt", "*.py")
"""Files of a model folder that can change an answer: weights, configs, tokenizer, templates, its own code."""
NOT_DECIDING = ("manifest.json", "trainer_state.json", "started.json")


def of_base(base: str, revision: str | None = None) -> str:
    """Give 16 hex digits that tell one base model from another: of a folder its config and all of its weights, of a
    Hub id the commit (which is looked up when it is not in the cache)."""
    path = Path(base)
    if not path.is_dir():
        return hash_of(["commit", _looked_up(base, revision)])
    return hash_of([_config(path), *([f.name, identity.sha256_file(f)] for f in _weights(path))])


def is_base(recorded: str, base: str, revision: str | None = None) -> bool:
    """Tell whether a base is the one that an adapter's card names; adapters of 0.1 name theirs by another hash."""
    return recorded in (of_base(base, revision), as_in_0_1(base, revision))


def as_in_0_1(base: str, revision: str | None = None) -> str:
    """Give what 0.1 wrote of a base: of each weight file name, size, first and last MiB."""
    path = Path(base)
    if not path.is_dir():
        return of_base(base, revision)
    parts: list[Any] = [_config(path)]
    for file in _weights(path):
        first, last = identity.ends_of(file)
        parts.append([file.name, file.stat().st_size, hash_of(first.hex()), hash_of(last.hex())])
    return hash_of(parts)


def deciding(model: str, revision: str | None = None) -> list[list[str]]:
    """Give what of a model decides its answers, as [part, hash]: base, adapter and tokenizer, each folder by content,
    each Hub id by its commit ("" when the cache does not know it)."""
    from .finding import resolve

    found = resolve(model)
    rows = [["template", found.template]]
    parts = {"base": found.base, "adapter": str(found.adapter or ""), "tokenizer": found.tokenizer}
    for part, place in parts.items():
        folder = Path(place)
        if not place:
            continue
        if not folder.is_dir():
            rows.append([part, place, commit(place, revision or found.revision) or ""])
            continue
        files = sorted({f for pattern in DECIDING for f in folder.glob(pattern)} - {folder / n for n in NOT_DECIDING})
        rows += [[part, f.name, identity.sha256_file(f)] for f in files]
    return rows


def commit(name: str, revision: str | None = None) -> str | None:
    """Give the commit of a Hub id as it lies in the cache, without asking the Hub; None when it is not there."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    for file in ("config.json", "adapter_config.json"):
        try:
            found = try_to_load_from_cache(name, file, revision=revision)
        except (HFValidationError, ValueError):
            return None  # no Hub id at all
        if isinstance(found, str):
            return Path(found).parent.name
    return None


def commits(names: Iterable[str], revision: str | None = None) -> dict[str, str]:
    """Give the commits of those names that are Hub ids in the cache, by "hub:ID"."""
    found = {}
    for name in dict.fromkeys(names):
        if name.count("/") == 1 and not name.startswith((".", "/", "~")) and not Path(name).exists():
            known = commit(name, revision)
            if known:
                found[f"hub:{name}"] = known
    return found


def _looked_up(base: str, revision: str | None) -> str:
    known = commit(base, revision)
    if known:
        return known
    from transformers.utils import cached_file

    return Path(str(cached_file(base, "config.json", revision=revision))).parent.name


def _config(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config.pop("_name_or_path", None)
    return config


def _weights(folder: Path) -> list[Path]:
    return sorted(file for pattern in WEIGHTS for file in folder.glob(pattern))
