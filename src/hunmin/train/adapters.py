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


EXPERT_LAYERS = ("gate_proj", "up_proj", "gate_up_proj", "down_proj", "w1", "w2", "w3")
"""What peft takes for the layers of experts, which transformers 5 keeps fused in one parameter each."""


def has_fused_experts(model: Any) -> bool:
    """Tell whether the model keeps its experts' weights in parameters [experts, in, out], not linear layers."""
    return any(".experts." in f".{name}" and p.dim() == 3 for name, p in model.named_parameters())


def auto_targets(model: Any, dropout: float) -> list[str] | None:
    """Give the layers that `auto` adapts where that is not simply all linear ones: None, or the names.

    peft's LoRA on fused experts takes no dropout, so with one the experts stay frozen.
    """
    if not dropout or not has_fused_experts(model):
        return None
    return [name for name in linear_names(model) if name not in EXPERT_LAYERS]


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
        targets = auto_targets(model, config.lora_dropout) or "all-linear"
    else:
        targets = [config.target_modules] if isinstance(config.target_modules, str) else list(config.target_modules)
        head = next((n for n, m in model.named_modules() if m is model.get_output_embeddings()), "lm_head")
        if any(t in ("lm_head", "embed_out", head) for t in targets):
            raise UserError(
                "an adapter on the output head is never trained (trl reads the head's own weight)",
                "target_modules",
                "Put the head under modules_to_save instead.",
            )
        experts = [t for t in targets if t.rsplit(".", 1)[-1] in EXPERT_LAYERS]
        if experts and config.lora_dropout and has_fused_experts(model):
            raise UserError(
                f"{', '.join(experts)} are experts' layers, fused in one parameter, whose adapter takes no dropout",
                "lora_dropout",
                "Set lora_dropout: 0, or target_modules: auto, which leaves the experts frozen.",
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
