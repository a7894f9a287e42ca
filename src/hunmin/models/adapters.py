"""An adapter laid on its base, for use, training and merging: every saved key checked, since peft ignores what matches
nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import UserError
from .sound import check_finite

HEAD_ALIASES = {"embed_out": "lm_head", "lm_head": "embed_out"}
"""GPT-NeoX's head is lm_head at run time since transformers 5.14, and embed_out on disk and in older adapters."""


def present(model: Any, name: str) -> str:
    """Give the head's name as this model spells it."""
    last = {n.rsplit(".", 1)[-1] for n, _ in model.named_modules()}
    alias = HEAD_ALIASES.get(name)
    return alias if alias and name not in last and alias in last else name


def lay(model: Any, folder: Path, trainable: bool = False) -> Any:
    """Give the PeftModel of a base and a saved adapter.

    The head goes by either of its names; an embedding that was saved with fewer rows than the base has (a shrunk
    vocabulary) is filled up with the base's rows, one with more makes the base grow. Never smaller.
    Raises UserError when a saved key finds no place or an adapter weight finds no key.
    """
    from peft import PeftConfig, get_peft_model, set_peft_model_state_dict

    try:
        config = PeftConfig.from_pretrained(str(folder))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"adapter_config.json cannot be read: {type(error).__name__}: {str(error)[:200]}"
        raise UserError(what, str(folder), "Copy the adapter again.") from error
    config.inference_mode = not trainable
    if config.modules_to_save:
        config.modules_to_save = [present(model, name) for name in config.modules_to_save]
    state = {_renamed(model, key): value for key, value in _saved(folder).items()}
    check_finite(state.items(), str(folder))
    _fit_rows(model, state)
    peft_model = get_peft_model(model, config)
    try:
        result: Any = set_peft_model_state_dict(peft_model, state)
    except (KeyError, RuntimeError) as error:
        raise UserError(
            f"the adapter does not fit this base: {str(error).strip().splitlines()[-1].strip()[:200]}",
            str(folder),
            "Give the base it was trained on.",
        ) from error
    lost = [k for k in result.unexpected_keys]
    empty = [k for k in result.missing_keys if "lora_" in k or "modules_to_save" in k]
    if lost or empty:
        told = [f"{len(lost)} saved keys fit nothing (such as {lost[0]})"] if lost else []
        told += [f"{len(empty)} adapter weights have no saved key (such as {empty[0]})"] if empty else []
        raise UserError(
            f"the adapter does not fit this base: {'; '.join(told)}", str(folder), "Give the base it was trained on."
        )
    return peft_model


def file_of(folder: Path) -> Path:
    """Give the file of an adapter's weights; older peft wrote a pickle. Raises UserError when there is none."""
    for name in ("adapter_model.safetensors", "adapter_model.bin"):
        if (folder / name).is_file():
            return folder / name
    raise UserError("adapter_model.safetensors is missing", str(folder), "Give the folder of a LoRA adapter.")


def _saved(folder: Path) -> dict[str, Any]:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = file_of(folder)
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        return dict(torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise UserError(f"the adapter cannot be read: {str(error)[:200]}", str(path), "Copy it again.") from error


def _renamed(model: Any, key: str) -> str:
    """Give an adapter key with the head under this model's name for it."""
    parts = key.split(".")
    return ".".join(present(model, p) if p in HEAD_ALIASES else p for p in parts)


def _fit_rows(model: Any, state: dict[str, Any]) -> None:
    import torch

    embeddings = {
        name: module.weight
        for name, module in model.named_modules()
        if module is model.get_input_embeddings() or module is model.get_output_embeddings()
    }
    for key in list(state):
        owner = next((n for n in embeddings if key == f"base_model.model.{n}.weight"), None)
        if owner is None:
            continue
        base, saved = embeddings[owner], state[key]
        if saved.shape[0] > model.get_input_embeddings().weight.shape[0]:
            model.resize_token_embeddings(saved.shape[0], mean_resizing=True)
        elif saved.shape[0] < base.shape[0]:
            state[key] = torch.cat([saved, base.detach()[saved.shape[0] :].to(saved.dtype)])
