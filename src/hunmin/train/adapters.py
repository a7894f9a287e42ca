"""A fresh adapter for a base: every module name checked, since peft ignores what matches nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..errors import UserError
from ..models.adapters import present
from ..tables import did_you_mean
from .config import TrainConfig


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
    whole = [present(model, name) for name in config.modules_to_save]
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
