"""What a training takes of a device before it runs: parameters, and memory by part.

Memory is weights + gradients + optimizer + activations. Activations follow Korthikanti et al., "Reducing Activation
Recomputation in Large Transformer Models" (2022), table 2, without the attention matrix, which no kernel here stores:
34 bytes x tokens x hidden x layers at 16 bits, and 2 with recomputation. An estimate, right within a third or so.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from .config import TrainConfig, dtype_of, family_of

SAVED_BYTES = 34  # per token, hidden unit and layer at 16 bits
RECOMPUTED_BYTES = 2
BYTES_OF = {"bf16": 2, "fp16": 2, "fp32": 4}
WEIGHT_BYTES_OF = {"nf4": 0.56, "int8": 1.05}  # with the quantiser's own constants
RESERVE = 0.85  # share of the free memory that an estimate may fill


@dataclass(frozen=True)
class Size:
    """Numbers of parameters."""

    parameters: int
    trainable: int


def size_of(config: TrainConfig, shape: Any) -> Size:
    """Count parameters on the meta device: exact, and nothing is loaded."""
    import torch
    from transformers import AutoModelForCausalLM

    from .adapters import auto_targets, linear_names, match_modules

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(shape, trust_remote_code=config.trust_remote_code)
    total = sum(p.numel() for p in model.parameters())
    if config.method == "full":
        return Size(total, total)
    if config.target_modules in ("auto", "all-linear"):
        targets = set(auto_targets(model, config.lora_dropout) or linear_names(model))
    else:
        given = config.target_modules
        targets = set([given] if isinstance(given, str) else given)
        match_modules(model, targets, "target_modules")
    head = model.get_output_embeddings()
    trainable = 0
    for name, module in model.named_modules():
        if module is head or not isinstance(module, torch.nn.Linear):
            continue
        if name in targets or name.rsplit(".", 1)[-1] in targets:
            trainable += config.lora_r * (module.in_features + module.out_features)
            if config.method == "dora":
                trainable += module.out_features
    for name, module in model.named_modules():
        if name.rsplit(".", 1)[-1] in config.modules_to_save:
            trainable += sum(p.numel() for p in module.parameters())
    return Size(total, trainable)


def memory_bytes(
    config: TrainConfig, shape: Any, size: Size, dtype: str, tokens: int, recompute: bool, reference: bool = False
) -> dict[str, float]:
    """Give bytes per device by part, for so many tokens in one forward pass."""
    text = shape.get_text_config()
    share = config.num_processes if config.launch == "fsdp2" else 1
    frozen = 0 if config.method == "full" else size.parameters
    each = WEIGHT_BYTES_OF.get(config.quantization, BYTES_OF[dtype])
    weights = frozen * each + size.trainable * 4
    gradients = size.trainable * 4
    optimizer = size.trainable * 8
    width = BYTES_OF[dtype] / 2
    per_token = text.hidden_size * text.num_hidden_layers * width
    activations = tokens * per_token * (RECOMPUTED_BYTES if recompute else SAVED_BYTES)
    if recompute:
        activations += tokens * text.hidden_size * width * SAVED_BYTES  # one layer at a time, recomputed whole
    head = min(tokens, 32768) * text.vocab_size * 4 * 0.05  # trl's head works in tiles
    return {
        "weights": (weights + (frozen * each if reference else 0)) / share,
        "gradients": gradients / share,
        "optimizer": optimizer / share,
        "activations": activations + head,
    }


def free_bytes(device: str) -> float:
    """Give the free memory of the device."""
    import torch

    if device == "cuda":
        return float(torch.cuda.mem_get_info()[0])
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable"):
                    return float(line.split()[1]) * 1024
    except OSError:
        pass
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) / 2


def wants_checkpointing(config: TrainConfig, shape: Any, device: str, tokens: int) -> bool:
    """Tell whether activations are to be recomputed: as asked, or under `auto` when they would not fit.

    `tokens` are those of the largest forward pass.
    """
    if config.gradient_checkpointing != "auto":
        return bool(config.gradient_checkpointing)
    parts = memory_bytes(
        config, shape, size_of(config, shape), dtype_of(config, device, family_of(shape)), tokens, recompute=False
    )
    return sum(parts.values()) > RESERVE * free_bytes(device)
