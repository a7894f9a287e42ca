"""The base model opened for training and merging: found, fingerprinted, loaded."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..artifacts.artifact import hash_of
from ..errors import UserError
from ..models import Resolved, resolve
from .config import TrainConfig

log = logging.getLogger("hunmin")

CARD = "hunmin.json"


def locate(model: str | Path, revision: str | None = None) -> Resolved:
    """Find where training starts. `name` is the base's to record; `revision` goes before the adapter's own."""
    found = resolve(model)
    name = found.name if found.adapter is None and found.name.startswith("tiny:") else found.base
    recorded = card(found.adapter).get("base_model") if found.adapter else None
    return replace(found, name=recorded or name, revision=revision or found.revision)


def card(folder: Path) -> dict[str, Any]:
    """Give what hunmin noted beside a model: base_model, base_hash, template, ...; empty when it made none."""
    path = folder / CARD
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def fingerprint(base: str, revision: str | None = None) -> str:
    """Give 16 hex digits that tell one base model from another without reading all of it.

    Of a folder: its config and, of each weight file, name, size, first and last megabyte. Of a Hub id: the commit.
    """
    path = Path(base)
    if not path.is_dir():
        from transformers.utils import cached_file

        return hash_of(["commit", Path(str(cached_file(base, "config.json", revision=revision))).parent.name])
    parts: list[Any] = [json.loads((path / "config.json").read_text(encoding="utf-8"))]
    parts[0].pop("_name_or_path", None)
    for file in sorted([*path.glob("*.safetensors"), *path.glob("*.bin")]):
        size = file.stat().st_size
        with file.open("rb") as stream:
            first = stream.read(1 << 20)
            stream.seek(max(0, size - (1 << 20)))
            last = stream.read(1 << 20)
        parts.append([file.name, size, hash_of(first.hex()), hash_of(last.hex())])
    return hash_of(parts)


def device_of(config: TrainConfig) -> str:
    """Give "cuda", "mps" or "cpu"."""
    import torch

    if config.device != "auto":
        ready = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        if not ready[config.device]:
            raise UserError(f"there is no {config.device} device here", "device", "Set device: auto.")
        return config.device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def dtype_of(config: TrainConfig, device: str) -> str:
    """Give "bf16", "fp16" or "fp32": `auto` is bf16 on a GPU that computes in it, fp32 elsewhere."""
    import torch

    if config.dtype != "auto":
        if config.dtype == "fp16" and device == "cpu":
            raise UserError("fp16 training needs a GPU", "dtype", "Set dtype: auto, bf16 or fp32.")
        return config.dtype
    return "bf16" if device == "cuda" and torch.cuda.is_bf16_supported() else "fp32"


def load_tokenizer(base: str, adapter: Path | None, revision: str | None, trust_remote_code: bool) -> Any:
    """Give the tokenizer saved with the adapter, else the base's, with a pad token."""
    from transformers import AutoTokenizer

    where = str(adapter) if adapter and (adapter / "tokenizer_config.json").is_file() else base
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            where, revision=revision if where == base else None, trust_remote_code=trust_remote_code
        )
    except (OSError, ValueError) as error:
        raise UserError(f"the tokenizer cannot be loaded: {_first_line(error)}", where, _how(error)) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
    return tokenizer


def load_base(found: Resolved, config: TrainConfig, device: str, attention: str) -> Any:
    """Give the base model in the wanted dtype or quantisation, ready for an adapter or full training."""
    import torch
    from transformers import AutoModelForCausalLM

    names = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
    # Full fine-tuning keeps fp32 master weights and computes under autocast; frozen weights may lie in 16 bits.
    dtype = torch.float32 if config.method == "full" else names[dtype_of(config, device)]
    options: dict[str, Any] = {"dtype": dtype, "attn_implementation": attention, "revision": found.revision}
    if config.quantization != "none":
        options["quantization_config"] = quantized(config.quantization, device, dtype)
        if device == "cuda":
            import os

            options["device_map"] = {"": int(os.environ.get("LOCAL_RANK", "0"))}
    try:
        return AutoModelForCausalLM.from_pretrained(found.base, trust_remote_code=config.trust_remote_code, **options)
    except (OSError, ValueError, ImportError) as error:
        raise UserError(f"the model cannot be loaded: {_first_line(error)}", found.name, _how(error)) from error


def quantized(kind: str, device: str, dtype: Any) -> Any:
    """Give the bitsandbytes configuration of "nf4" or "int8"."""
    import importlib.util

    if importlib.util.find_spec("bitsandbytes") is None:
        raise UserError("bitsandbytes is not installed", "quantization", "pip install 'hunmin[quant]'.")
    from transformers import BitsAndBytesConfig

    if device == "cpu":
        log.warning("quantization %s on a CPU saves memory and is very slow", kind)
    if kind == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:300]


def _how(error: BaseException) -> str:
    text = str(error)
    if "trust_remote_code" in text:
        return "If you trust its authors, set trust_remote_code: true."
    if "flash" in text.lower():
        return "Set attention: auto."
    return "Check the name and the connection, or download it first and give its folder."


def check_vocabulary(tokenizer: Any, model: Any, base: str) -> None:
    """Raise UserError when the tokenizer can give ids that the base has no row for."""
    rows = model.get_input_embeddings().weight.shape[0]
    highest = max(tokenizer.get_vocab().values())
    if highest >= rows:
        raise UserError(
            f"the tokenizer gives ids up to {highest}, but the base has {rows} embedding rows",
            base,
            "Tokenizer and base do not belong together; use the base's own tokenizer.",
        )
