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
# as Qwen3's own, in short: every answer has a block for its thought
OWN_TEMPLATE = (
    "{%- for m in messages -%}"
    "{{- '<|im_start|>' + m['role'] + '\n' -}}"
    "{%- if m['role'] == 'assistant' -%}"
    "{{- '<think>\n' + (m['reasoning_content'] or '') + '\n</think>\n\n' -}}"
    "{%- endif -%}"
    "{{- m['content'] + '<|im_end|>\n' -}}"
    "{%- endfor -%}"
    "{{- '<|im_start|>assistant\n' if add_generation_prompt else '' -}}"
)


def tiny_base(name: str, template: str) -> str:
    """Give the tiny base of the same architecture; for chatml one whose tokenizer knows its marks.

    For `model`, a base's own template, that base has one: ChatML with a place for thoughts.
    """
    shape = ((known.model(name) or {}).get("config") or {}).get("model_type", "llama")
    arch = "neox" if shape == "gpt_neox" or "polyglot" in name.lower() else "llama"
    if template not in ("chatml", "model"):
        return f"tiny:{arch}"
    return str(_with_chatml(arch, OWN_TEMPLATE if template == "model" else ""))


def _with_chatml(arch: str, own_template: str = "") -> Path:
    """Give a copy of the tiny base whose tokenizer knows <|im_start|> and <|im_end|>, as Qwen's does."""
    from ...tiny import build

    source = build(arch)
    version = metadata.version("transformers")
    key = hash_of([source.name, version, CHATML, "v2", *([own_template] if own_template else [])])
    folder = cache_folder() / f"tiny-{arch}-chatml-{key}"
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
        if own_template:
            tokenizer.chat_template = own_template
        tokenizer.save_pretrained(temporary)
        (temporary / "README.md").write_text("---\nlicense: apache-2.0\n---\nMade by hunmin for rehearsals.\n")
        temporary.replace(folder)
    except OSError:
        if not (folder / "config.json").is_file():  # else another process made it meanwhile
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder
