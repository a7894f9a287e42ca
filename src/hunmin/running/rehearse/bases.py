"""Tiny bases of the architecture that a recipe names."""

from __future__ import annotations

import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from ... import models
from ...artifacts.artifact import hash_of
from ...publishing import known
from .sources import cache_folder

CHATML = ("<|im_start|>", "<|im_end|>")


def tiny_base(name: str, template: str) -> str:
    """Give the tiny base of the same architecture; for chatml one whose tokenizer knows its marks."""
    shape = ((known.model(name) or {}).get("config") or {}).get("model_type", "llama")
    arch = "neox" if shape == "gpt_neox" or "polyglot" in name.lower() else "llama"
    return f"tiny:{arch}" if template != "chatml" else str(_with_chatml(arch))


def _with_chatml(arch: str) -> Path:
    """Give a copy of the tiny base whose tokenizer knows <|im_start|> and <|im_end|>, as Qwen's does."""
    from ...tiny import build

    source = build(arch)
    version = metadata.version("transformers")
    folder = cache_folder() / f"tiny-{arch}-chatml-{hash_of([source.name, version, CHATML, 'v2'])}"
    if (folder / "config.json").is_file():
        return folder
    import torch

    from ...models.opening import open_weights

    found = models.resolve(source)
    tokenizer, model = models.open_tokenizer(found), open_weights(found, dtype="own")
    tokenizer.add_special_tokens({"additional_special_tokens": list(CHATML)})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".chatml-", dir=folder.parent))
    try:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        (temporary / "README.md").write_text("---\nlicense: apache-2.0\n---\nMade by hunmin for rehearsals.\n")
        temporary.replace(folder)
    except OSError:
        if not (folder / "config.json").is_file():  # else another process made it meanwhile
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder
