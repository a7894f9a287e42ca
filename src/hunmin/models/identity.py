"""Which model this is: the whole content of a folder's weights, the resolved commit of a Hub id."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..artifacts import identity
from ..artifacts.identity import hash_of

WEIGHTS = ("*.safetensors", "*.bin")
NOT_DECIDING = ("manifest.json", "trainer_state.json", "started.json")
NOT_READ = (
    *("optimizer.*", "scheduler.*", "scaler.pt", "rng_state*"),
    *("*.md", "*.log", "*.pdf", "*.html", "*.png", "*.jpg", "*.jpeg", "*.gif", "*.svg", "*.webp"),
    *("*.h5", "*.msgpack", "*.onnx", "*.gguf", "*.ot", "*.tflite"),
)
"""Files of a model folder that cannot change an answer: a trainer's state, what people read, other programs' weights.

Everything else counts: tokenizers come as *.json, *.model, *.tiktoken, *.spm, bpe.codes, and what a model's own code
reads has any name.
"""
BELOW = ("additional_chat_templates/*.jinja", "**/*.py")
"""What of a folder's folders counts too, besides hidden ones and a trainer's checkpoints."""


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
    each Hub id by the commit that opening it takes ("" when neither the Hub nor the cache tells it)."""
    from .finding import resolve

    found = resolve(model)
    rows = [["template", found.template]]
    parts = {"base": found.base, "adapter": str(found.adapter or ""), "tokenizer": found.tokenizer}
    for part, place in parts.items():
        folder = Path(place)
        if not place:
            continue
        if not folder.is_dir():
            rows.append([part, place, _opened(place, revision or found.revision)])
            continue
        rows += [[part, f.relative_to(folder).as_posix(), identity.sha256_file(f)] for f in _deciding_files(folder)]
    return rows


def _deciding_files(folder: Path) -> list[Path]:
    own = [f for f in folder.iterdir() if f.name not in NOT_DECIDING and not any(f.match(p) for p in NOT_READ)]
    below = [f for pattern in BELOW for f in folder.glob(pattern)]
    return sorted(
        f
        for f in {*own, *below}
        if f.is_file() and not any(part.startswith((".", "checkpoint-")) for part in f.relative_to(folder).parts)
    )


def _opened(name: str, revision: str | None) -> str:
    """Give the commit that transformers would open now: the Hub's where it can be asked, else the cache's."""
    try:
        return _asked(name, revision)
    except (OSError, ValueError):
        return commit(name, revision) or ""  # told where the model is opened


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
    return commit(base, revision) or _asked(base, revision)


def _asked(name: str, revision: str | None) -> str:
    """Give a Hub id's commit by fetching its config, as opening it does; offline it is the cache's."""
    from transformers.utils import cached_file

    return Path(str(cached_file(name, "config.json", revision=revision))).parent.name


def _config(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config.pop("_name_or_path", None)
    return config


def _weights(folder: Path) -> list[Path]:
    return sorted(file for pattern in WEIGHTS for file in folder.glob(pattern))
