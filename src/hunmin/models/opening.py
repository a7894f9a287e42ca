"""The one door to weights: causal and encoder-decoder models opened for use, for training and for merging.

Device, number format, quantisation, attention and the words of an error are the same whoever opens. torch and
transformers are imported only here and on use.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..artifacts.rows import Message
from ..errors import UserError
from .adapters import lay
from .devices import dtype_for
from .finding import Resolved, resolve
from .sound import check_opened
from .tokenizers import FAULTS, cannot_open, first_line, open_tokenizer

log = logging.getLogger("hunmin")

Messages = list[Message]
DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}


@dataclass(frozen=True)
class Loaded:
    """An open model. `template` is None when neither the model nor the caller brings one; `max_length` is the number of
    positions the model was built for, in tokens, None when it names none; `stop_ids` end an answer."""

    model: Any
    tokenizer: Any
    template: Any
    name: str
    device: str = "cpu"
    dtype: str = "fp32"
    max_length: int | None = None
    stop_ids: frozenset[int] = frozenset()

    def encode(self, text: str) -> list[int]:
        """Give the ids of a prompt that carries its own special tokens."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])


def load(
    model: str | Path,
    adapter: str | Path | None = None,
    dtype: str = "auto",
    device: str = "auto",
    revision: str | None = None,
    quantization: str = "none",
    trust_remote_code: bool = False,
    template: str | None = None,
) -> Loaded:
    """Open a model for inference.

    `adapter` lies on top of `model` (an adapter folder named as `model` brings its base itself). dtype `auto` is bf16
    on a GPU that computes in it, else fp32; quantization is none, nf4 or int8. `template` names one of hunmin's
    templates in place of the model's own.
    Raises UserError when something cannot be found, opened or does not fit together.
    """
    found = resolve(model)
    if adapter is not None:
        second = resolve(adapter)
        if second.adapter is None:
            raise UserError("not an adapter", str(adapter), "Give the folder with adapter_config.json.")
        if found.adapter is not None:
            raise UserError("two adapters", f"{model} + {adapter}", "Give the base model and one adapter.")
        has_own = second.tokenizer == str(second.adapter)
        tokenizer = second.tokenizer if has_own else found.tokenizer
        found = Resolved(f"{found.name}+{adapter}", found.base, second.adapter, tokenizer, second.template, revision)
    device = choose_device(device)
    revision = revision or found.revision
    family = str(getattr(open_shape(found, revision, trust_remote_code).get_text_config(), "model_type", ""))
    kind = choose_dtype(dtype, device, family)
    tokenizer = open_tokenizer(found, revision, trust_remote_code)
    opened = open_weights(
        found,
        dtype=kind,
        device=device,
        revision=revision,
        quantization=quantization,
        trust_remote_code=trust_remote_code,
    )
    if found.adapter is not None:
        opened = lay(opened, found.adapter)
    opened.eval()
    head = opened.get_output_embeddings()
    if head is not None:
        head.register_forward_pre_hook(_in_one_piece)
    bound = _template(found.name, tokenizer, template)
    shape = opened.config.get_text_config()
    limit = getattr(shape, "max_position_embeddings", None) or getattr(shape, "n_positions", None)
    return Loaded(opened, tokenizer, bound, found.name, device, kind, limit, _stop_ids(opened, tokenizer, bound))


def _in_one_piece(head: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give the head its input in one piece.

    The last positions of a batch (logits_to_keep) are not, and torch on a CPU then copies the head for every row in
    bf16, unless the head takes a gradient, which below an adapter it does not: 32 rows and a vocabulary of 262,144
    took 9.5 GiB and five minutes.
    """
    return (given[0].contiguous(), *given[1:])


def check_opens(
    model: str | Path,
    template: str | None = None,
    revision: str | None = None,
    trust_remote_code: bool = False,
    needs_template: bool = False,
) -> None:
    """Raise what `load` would raise of a model but for its weights: its config, tokenizer and template are opened."""
    found = resolve(model)
    open_shape(found, revision, trust_remote_code)
    bound = _template(found.name, open_tokenizer(found, revision, trust_remote_code), template)
    if bound is None and needs_template:
        raise no_template(found.name)


def no_template(name: str) -> UserError:
    """Give the error of a model that has to be asked in a template and brings none."""
    return UserError(
        "the model brings no chat template", name, "Name the one it was tuned with, such as template: alpaca."
    )


def open_seq2seq(
    found: Resolved,
    dtype: str = "auto",
    device: str = "auto",
    revision: str | None = None,
    trust_remote_code: bool = False,
) -> Loaded:
    """Open an encoder-decoder, such as NLLB, for inference; dtype and device as `load` chooses them."""
    device = choose_device(device)
    dtype = choose_dtype(dtype, device)
    tokenizer = open_tokenizer(found, revision or found.revision, trust_remote_code)
    model = open_weights(
        found,
        dtype=dtype,
        device=device,
        revision=revision,
        trust_remote_code=trust_remote_code,
        kind="seq2seq",
    ).eval()
    limit = getattr(model.config, "max_position_embeddings", None)
    return Loaded(model, tokenizer, None, found.name, device, dtype, limit, _stop_ids(model, tokenizer, None))


def prompt(loaded: Loaded, messages: Messages) -> str:
    """Give the text that asks the model for the next answer in its own template.

    Raises UserError when there is no template, or it refuses the conversation.
    """
    if loaded.template is None:
        raise no_template(loaded.name)
    return str(loaded.template.prompt(messages))


def choose_device(device: str) -> str:
    """Give the device that "auto" stands for (cuda, mps, cpu, in that order), or the asked one.

    Raises UserError when it is not here.
    """
    import torch

    ready = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, there in ready.items() if there)
    if not ready.get(device.split(":")[0], False):
        raise UserError(f"there is no {device} device here", "device", "Set device: auto, cpu, cuda or mps.")
    return device


def choose_dtype(dtype: str, device: str, model_type: str = "") -> str:
    """Give "bf16", "fp16" or "fp32": `auto` is what `devices.dtype_for` says of the card and the family."""
    if dtype == "auto":
        return dtype_for(device.split(":")[0], model_type)
    if dtype not in DTYPES:
        raise UserError(f"unknown dtype '{dtype}'", "dtype", "Choose auto, bf16, fp16 or fp32.")
    return dtype


def quantized(kind: str, device: str, dtype: Any) -> Any:
    """Give the bitsandbytes configuration of "nf4" or "int8"."""
    if kind not in ("nf4", "int8"):
        raise UserError(f"unknown quantization '{kind}'", "quantization", "Choose none, nf4 or int8.")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise UserError("bitsandbytes is not installed", "quantization", "pip install 'hunmin[quant]'.")
    from transformers import BitsAndBytesConfig

    if device == "cpu":
        log.warning("quantization %s on a CPU saves memory and is very slow", kind)
    if kind == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
    )


def open_shape(found: Resolved, revision: str | None = None, trust_remote_code: bool = False) -> Any:
    """Give the transformers config of a model; no weight is read. Raises UserError when there is none."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(
            found.base, revision=revision or found.revision, trust_remote_code=trust_remote_code
        )
    except FAULTS as error:
        raise cannot_open("the model", error, found.base) from error


def open_weights(
    found: Resolved,
    *,
    dtype: str,
    device: str | int | None = None,
    revision: str | None = None,
    quantization: str = "none",
    compute: str | None = None,
    trust_remote_code: bool = False,
    attention: str | None = None,
    kind: Literal["causal", "seq2seq"] = "causal",
) -> Any:
    """Give the base model's weights, without its adapter: the one place where transformers opens any.

    dtype is bf16, fp16, fp32, or own (as they are stored). `device` None leaves them where transformers puts them (a
    trainer moves them itself); a quantised model is put there while it is read. `compute` is the dtype that quantised
    weights compute in, `dtype` when empty. Raises UserError when they cannot be opened.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM
    from transformers.utils import logging as transformers_logging

    if not sys.stderr.isatty():
        transformers_logging.disable_progress_bar()
    options: dict[str, Any] = {"dtype": "auto" if dtype == "own" else getattr(torch, DTYPES[dtype])}
    if attention is not None:
        options["attn_implementation"] = attention
    if quantization != "none":
        computed = getattr(torch, DTYPES[compute or dtype])
        options["quantization_config"] = quantized(quantization, "cpu" if device == "cpu" else "gpu", computed)
    straight = isinstance(device, int) or str(device).startswith("cuda")  # never whole in host memory first
    if device is not None and (quantization != "none" or straight):
        options["device_map"] = {"": device}
    owner: Any = AutoModelForCausalLM if kind == "causal" else AutoModelForSeq2SeqLM
    try:
        model, info = owner.from_pretrained(
            found.base,
            revision=revision or found.revision,
            trust_remote_code=trust_remote_code,
            output_loading_info=True,
            **options,
        )
    except SafetensorError as error:
        what = f"a weight file is broken or cut off: {first_line(error)}"
        raise UserError(what, found.base, "Copy or download it again.") from error
    except FAULTS as error:
        raise cannot_open("the model", error, found.base) from error
    check_opened(model, info, found.base)
    return model if device is None or "device_map" in options else model.to(device)


class Gated:
    """A class of transformers' (AutoModelForCausalLM) for who opens models by it: none comes through with weights that
    miss or are no numbers."""

    def __init__(self, owner: Any):
        self.owner = owner

    def from_pretrained(self, name: str, **options: Any) -> Any:
        """Give the model as `owner` opens it. Raises UserError."""
        model, info = self.owner.from_pretrained(name, output_loading_info=True, **options)
        check_opened(model, info, name)
        return model


def _template(name: str, tokenizer: Any, wanted: str | None) -> Any:
    from ..templates.render import Template, load_template
    from ..templates.sandbox import tried

    if wanted and wanted != "model":
        bound = load_template(wanted, tokenizer)
        tokenizer.chat_template = bound.chat_template
        return bound
    source = getattr(tokenizer, "chat_template", None)
    if isinstance(source, dict):
        source = source.get("default")
    if not source:
        if wanted:
            raise UserError("the model brings no chat template", name, "Name one, such as alpaca.")
        return None
    tried(source, name)
    # Training asks more of a template (a stop token, a prompt that begins its training text) than answering does.
    return Template("model", source, tokenizer.eos_token or "", tokenizer.bos_token or "", tokenizer.eos_token or "")


def _stop_ids(model: Any, tokenizer: Any, template: Any) -> frozenset[int]:
    """Give every token that ends an answer: the tokenizer's eos, the generation config's, the template's stop."""
    found = {tokenizer.eos_token_id}
    own = getattr(model, "generation_config", None)
    eos = own.eos_token_id if own is not None else None
    found.update(eos if isinstance(eos, list) else [eos])
    if template is not None and template.stop:
        ids = tokenizer(template.stop, add_special_tokens=False)["input_ids"]
        if len(ids) == 1:
            found.add(ids[0])
    return frozenset(i for i in found if i is not None)
