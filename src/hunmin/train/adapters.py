"""The adapter laid on a base: every module name and saved key checked, since peft ignores what matches nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..tables import did_you_mean
from .config import TrainConfig

HEAD_ALIASES = {"embed_out": "lm_head", "lm_head": "embed_out"}
"""GPT-NeoX's head is lm_head at run time since transformers 5.14, and embed_out on disk and in older adapters."""


def linear_names(model: Any) -> list[str]:
    """Give the last names of all linear layers but the output head, such as q_proj."""
    import torch

    head = model.get_output_embeddings()
    kinds = (torch.nn.Linear,)
    found = {name.rsplit(".", 1)[-1] for name, m in model.named_modules() if isinstance(m, kinds) and m is not head}
    return sorted(found)


def match_modules(model: Any, wanted: Iterable[str], option: str) -> dict[str, int]:
    """Give how many modules each wanted name matches; head names go by either spelling.

    Raises UserError naming every name that matches nothing: peft would ignore it.
    """
    names = [name for name, _ in model.named_modules() if name]
    counts = {w: sum(1 for n in names if n == w or n.endswith("." + w)) for w in wanted}
    missing = [w for w, n in counts.items() if not n]
    if missing:
        known = sorted({n.rsplit(".", 1)[-1] for n in names if not n.rsplit(".", 1)[-1].isdigit()})
        told = "; ".join(f"'{w}' matches nothing{did_you_mean(w, known)}" for w in missing)
        raise UserError(told, option, f"Linear layers here: {', '.join(linear_names(model))}.")
    return counts


def lora_config(config: TrainConfig, model: Any) -> Any:
    """Give peft's LoraConfig with every name checked against the model."""
    from peft import LoraConfig

    targets: str | list[str]
    if config.target_modules in ("auto", "all-linear"):
        targets = "all-linear"
    else:
        targets = [config.target_modules] if isinstance(config.target_modules, str) else list(config.target_modules)
        head = next((n for n, m in model.named_modules() if m is model.get_output_embeddings()), "lm_head")
        if any(t in ("lm_head", "embed_out", head) for t in targets):
            raise UserError(
                "an adapter on the output head is never trained (trl reads the head's own weight)",
                "target_modules",
                "Put the head under modules_to_save instead.",
            )
        match_modules(model, targets, "target_modules")
    whole = [_present(model, name) for name in config.modules_to_save]
    if whole:
        match_modules(model, whole, "modules_to_save")
    return LoraConfig(
        r=config.lora_r,
        lora_alpha=config.lora_alpha,  # type: ignore[arg-type]  # peft divides by it, any number will do
        lora_dropout=config.lora_dropout,
        target_modules=targets,
        modules_to_save=whole or None,
        use_rslora=config.method == "rslora",
        use_dora=config.method == "dora",
        bias="none",
        task_type="CAUSAL_LM",
    )


def _present(model: Any, name: str) -> str:
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
    from safetensors.torch import load_file

    path = folder / "adapter_model.safetensors"
    if not path.is_file():
        raise UserError("adapter_model.safetensors is missing", str(folder), "Give the folder of a LoRA adapter.")
    config = PeftConfig.from_pretrained(str(folder))
    config.inference_mode = not trainable
    if config.modules_to_save:
        config.modules_to_save = [_present(model, name) for name in config.modules_to_save]
    state = {_renamed(model, key): value for key, value in load_file(path).items()}
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
        what = [f"{len(lost)} saved keys fit nothing (such as {lost[0]})"] if lost else []
        what += [f"{len(empty)} adapter weights have no saved key (such as {empty[0]})"] if empty else []
        raise UserError("; ".join(what), str(folder), "Give the base it was trained on.")
    return peft_model


def _renamed(model: Any, key: str) -> str:
    """Give an adapter key with the head under this model's name for it."""
    parts = key.split(".")
    return ".".join(_present(model, p) if p in HEAD_ALIASES else p for p in parts)


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
