"""What a training takes of a device before it runs: parameters, and memory by part.

Memory is weights + gradients + optimizer + activations. What a layer saves for the backward pass is counted, not
guessed: a model of the same proportions with two small layers runs one forward pass, and autograd's saved tensors are
added up (inputs of every adapted layer, dropout's copies and masks, attention, norms).
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .config import TrainConfig

log = logging.getLogger("hunmin")

SAVED_BYTES = {"bf16": 83.0, "fp16": 83.0, "fp32": 124.0}
"""Per token, hidden unit and layer, where nothing can be counted: Llama, LoRA on all linears, dropout."""
RECOMPUTED_BYTES = 2  # at 16 bits: a layer's input
COUNTED_HIDDEN = 512  # hidden units of the model that is counted, and its tokens
COUNTED_TOKENS = 128
BYTES_OF = {"bf16": 2, "fp16": 2, "fp32": 4}
WEIGHT_BYTES_OF = {"nf4": 0.56, "int8": 1.05}  # with the quantiser's own constants
RESERVE = 0.85  # share of the free memory that an estimate may fill


@dataclass(frozen=True)
class Size:
    """Numbers of parameters."""

    parameters: int
    trainable: int


def size_of(config: TrainConfig, shape: Any) -> Size:
    """Count parameters on the meta device: exact, and nothing is loaded.

    Raises UserError for names under target_modules and modules_to_save that this model does not have.
    """
    import torch
    from transformers import AutoModelForCausalLM

    from .adapters import auto_targets, linear_names, lora_config

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(shape, trust_remote_code=config.trust_remote_code)
    total = sum(p.numel() for p in model.parameters())
    if config.method == "full":
        return Size(total, total)
    lora_config(config, model)  # every name under target_modules and modules_to_save is looked for
    if config.target_modules in ("auto", "all-linear"):
        targets = set(auto_targets(model, config.lora_dropout) or linear_names(model))
    else:
        given = config.target_modules
        targets = set([given] if isinstance(given, str) else given)
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
    saved = saved_bytes(config, shape, dtype)
    if recompute:  # each layer's input, and one layer at a time whole
        activations = tokens * (per_token * RECOMPUTED_BYTES + text.hidden_size * saved)
    else:
        activations = tokens * text.hidden_size * text.num_hidden_layers * saved
    head = min(tokens, 32768) * text.vocab_size * 4 * 0.05  # trl's head works in tiles
    return {
        "weights": (weights + (frozen * each if reference else 0)) / share,
        "gradients": gradients / share,
        "optimizer": optimizer / share,
        "activations": activations + head,
    }


def saved_bytes(config: TrainConfig, shape: Any, dtype: str) -> float:
    """Give the bytes that autograd saves per token, hidden unit and layer, counted on a smaller model of this shape."""
    full = config.method == "full"
    targets = config.target_modules if isinstance(config.target_modules, str) else tuple(config.target_modules)
    if not hasattr(shape, "to_dict"):
        return SAVED_BYTES[dtype]
    key = json.dumps(shape.get_text_config().to_dict(), sort_keys=True, default=str)
    found = _counted(key, dtype, full, config.lora_r, config.lora_dropout, targets)
    return SAVED_BYTES[dtype] if found is None else found


@lru_cache(maxsize=32)
def _counted(
    key: str, dtype: str, full: bool, rank: int, dropout: float, targets: str | tuple[str, ...]
) -> float | None:
    """Give saved bytes per token, hidden unit and layer; None where no smaller model of this shape can be made."""
    try:
        one, two = (_saved(json.loads(key), n, dtype, full, rank, dropout, targets) for n in (1, 2))
    except (ValueError, RuntimeError, TypeError, KeyError, AttributeError, IndexError, AssertionError) as error:
        log.info("what a layer saves could not be counted: %s", str(error).split("\n")[0])
        return None
    return (two[0] - one[0]) / COUNTED_TOKENS / two[1]


def _saved(
    values: dict[str, Any],
    layers: int,
    dtype: str,
    full: bool,
    rank: int,
    dropout: float,
    targets: str | tuple[str, ...],
) -> tuple[int, int]:
    """Give (bytes saved by a forward pass, hidden size) of a model of so many layers, its widths cut in proportion."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModel

    factor = max(1, values["hidden_size"] // COUNTED_HIDDEN)
    while any(values.get(name, factor) % factor for name in WIDTHS if values.get(name) is not None):
        factor -= 1
    cut = {name: values[name] // factor for name in WIDTHS if values.get(name) is not None}
    gone = ("layer_types", "architectures", "dtype", "torch_dtype", "transformers_version", "quantization_config")
    rest = {k: v for k, v in values.items() if k not in gone}
    small = {**rest, **cut, "num_hidden_layers": layers, "vocab_size": 64, "use_cache": False, "pad_token_id": None}
    shape = AutoConfig.for_model(small.pop("model_type"), **small)
    kind = torch.float32 if full or dtype == "fp32" else torch.bfloat16
    model: Any = AutoModel.from_config(shape, dtype=kind, attn_implementation="sdpa")
    if not full:
        chosen = targets if isinstance(targets, str) else list(targets)
        wanted = "all-linear" if chosen in ("auto", "all-linear") else chosen
        model = get_peft_model(model, LoraConfig(r=rank, lora_dropout=dropout, target_modules=wanted))
    model.train()
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    sizes: dict[int, int] = {}
    alive = []  # so that no storage is freed and its place taken by another

    def count(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            sizes[storage.data_ptr()] = max(sizes.get(storage.data_ptr(), 0), storage.nbytes())
            alive.append(tensor)
        return tensor

    ids = torch.zeros(1, COUNTED_TOKENS, dtype=torch.long)
    amp = torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype != "fp32")
    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor), amp:
        model(input_ids=ids)
    return sum(sizes.values()), int(shape.hidden_size)


WIDTHS = ("hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads")


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
