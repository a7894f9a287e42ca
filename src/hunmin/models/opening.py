"""From a model's name to weights, tokenizer and template: Hub id, folder, artifact, run (its newest model), tiny."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..artifacts import artifact
from ..artifacts.rows import Message
from ..errors import UserError

CARD = "hunmin.json"
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
)
Messages = list[Message]


@dataclass(frozen=True)
class Resolved:
    """A model as named: `base` to open (folder or Hub id), `adapter` folder or None, where its tokenizer lies, and
    the template it was trained with ("" when hunmin did not train it)."""

    name: str
    base: str
    adapter: Path | None = None
    tokenizer: str = ""
    template: str = ""
    revision: str | None = None


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


def resolve(model: str | Path) -> Resolved:
    """Find a model by Hub id, folder, artifact, run (its newest model), `tiny:llama` or `tiny:neox`; nothing is loaded.

    Raises UserError for a folder that holds no model, or both merged weights and an adapter.
    """
    name = str(model)
    if name.startswith("tiny:"):
        from ..tiny import build

        base = str(build(name.removeprefix("tiny:")))
        return Resolved(name, base, None, base)
    path = Path(name).expanduser()
    if not path.exists():
        if name.startswith((".", "/", "~")) or name.endswith("/") or name.count("/") != 1:
            raise UserError("no such model", name, "Give a folder, a run, a Hub id (owner/name) or tiny:llama.")
        return Resolved(name, name, None, name)
    if path.is_dir() and artifact.stage_folders(path):
        found = artifact.newest(artifact.stage_folders(path), "model")
        if found is None:
            raise UserError("the run has no finished model", name, "Finish its sft stage, or give a model folder.")
        path = found
    path = artifact.model_folder(path)
    card = _card(path)
    template = card.get("template", "")
    if (path / "adapter_config.json").is_file():
        if (path / "config.json").is_file():
            what = "the folder holds merged weights and an adapter; the adapter would be applied a second time"
            raise UserError(what, str(path), "Move adapter_config.json and adapter_model.safetensors elsewhere.")
        config = json.loads((path / "adapter_config.json").read_text(encoding="utf-8"))
        wanted = card.get("base_model") or config.get("base_model_name_or_path") or ""
        if not wanted:
            raise UserError("the adapter names no base model", str(path), "Set base_model_name_or_path in its config.")
        below = resolve(wanted)
        if below.adapter is not None:
            raise UserError("the adapter stands on another adapter", str(path), "Merge the first one.")
        own = (path / "tokenizer_config.json").is_file()
        revision = card.get("base_revision")
        return Resolved(name, below.base, path, str(path) if own else below.tokenizer, template, revision)
    if not (path / "config.json").is_file():
        raise UserError("not a model: config.json is missing", str(path), "Give the folder of a model or a run.")
    return Resolved(name, str(path), None, str(path), template)


def local_folders(names: Iterable[str]) -> list[Path]:
    """Give the folders of those models that lie on this machine: their content decides a result as much as a file's."""
    found = []
    for name in names:
        if name and Path(name).expanduser().is_dir():
            try:
                model = resolve(name)
            except UserError:
                continue  # told where the model is opened
            found += [Path(p) for p in (model.adapter, model.base) if p and Path(p).is_dir()]
    return found


def _card(folder: Path) -> dict[str, Any]:
    path = folder / CARD
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


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
    import torch

    device = _device(device)
    kind = _dtype(dtype, device)
    revision = revision or found.revision
    tokenizer = _open_tokenizer(found, revision, trust_remote_code)
    options: dict[str, Any] = {
        "dtype": getattr(torch, {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}[kind])
    }
    if quantization != "none":
        options |= {"quantization_config": _quantized(quantization, options["dtype"]), "device_map": {"": device}}
    opened = _open_weights(found, revision, trust_remote_code, options)
    if quantization == "none":
        opened = opened.to(device)
    if found.adapter is not None:
        opened = _lay_on(opened, found.adapter)
    opened.eval()
    bound = _template(found.name, tokenizer, template)
    shape = opened.config.get_text_config()
    limit = getattr(shape, "max_position_embeddings", None) or getattr(shape, "n_positions", None)
    return Loaded(opened, tokenizer, bound, found.name, device, kind, limit, _stop_ids(opened, tokenizer, bound))


def prompt(loaded: Loaded, messages: Messages) -> str:
    """Give the text that asks the model for the next answer in its own template.

    Raises UserError when there is no template, or it refuses the conversation.
    """
    if loaded.template is None:
        raise UserError(
            "the model brings no chat template",
            loaded.name,
            "Name the one it was tuned with, such as template: alpaca.",
        )
    return str(loaded.template.prompt(messages))


def _device(device: str) -> str:
    import torch

    ready = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, there in ready.items() if there)
    if not ready.get(device.split(":")[0], False):
        raise UserError(f"there is no {device} device here", "device", "Set device: auto, cpu, cuda or mps.")
    return device


def _dtype(dtype: str, device: str) -> str:
    import torch

    if dtype == "auto":
        return "bf16" if device.startswith("cuda") and torch.cuda.is_bf16_supported() else "fp32"
    if dtype not in ("bf16", "fp16", "fp32"):
        raise UserError(f"unknown dtype '{dtype}'", "dtype", "Choose auto, bf16, fp16 or fp32.")
    return dtype


def _quantized(quantization: str, dtype: Any) -> Any:
    import importlib.util

    if quantization not in ("nf4", "int8"):
        raise UserError(f"unknown quantization '{quantization}'", "quantization", "Choose none, nf4 or int8.")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise UserError("bitsandbytes is not installed", "quantization", "pip install 'hunmin[quant]'.")
    from transformers import BitsAndBytesConfig

    if quantization == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
    )


def _open_tokenizer(found: Resolved, revision: str | None, trust_remote_code: bool) -> Any:
    from transformers import AutoTokenizer

    folder = Path(found.tokenizer)
    if folder.is_dir() and not any((folder / name).is_file() for name in TOKENIZER_FILES):
        what = "the folder holds no tokenizer"
        raise UserError(what, str(folder), f"Copy the base model's there: {', '.join(TOKENIZER_FILES[:2])}.")
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            found.tokenizer,
            revision=revision if found.tokenizer == found.base else None,
            trust_remote_code=trust_remote_code,
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise UserError(
            f"the tokenizer cannot be opened: {_first_line(error)}", found.tokenizer, _how(error)
        ) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
    return tokenizer


def _open_weights(found: Resolved, revision: str | None, trust_remote_code: bool, options: dict[str, Any]) -> Any:
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging as transformers_logging

    if not sys.stderr.isatty():
        transformers_logging.disable_progress_bar()
    try:
        return AutoModelForCausalLM.from_pretrained(
            found.base, revision=revision, trust_remote_code=trust_remote_code, **options
        )
    except (OSError, ValueError, ImportError) as error:
        raise UserError(f"the model cannot be opened: {_first_line(error)}", found.base, _how(error)) from error


def _lay_on(model: Any, adapter: Path) -> Any:
    """Give the model with the adapter on it; peft only warns when parts of an adapter find no place."""
    from peft import PeftModel

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            laid = PeftModel.from_pretrained(model, str(adapter))
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise UserError(
                f"the adapter does not fit the base: {_first_line(error)}", str(adapter), "Is this its base model?"
            ) from error
    for warning in caught:
        text = str(warning.message)
        if "adapter keys" in text:
            raise UserError(f"the adapter does not fit the base: {text[:300]}", str(adapter), "Is this its base model?")
    return laid


def _template(name: str, tokenizer: Any, wanted: str | None) -> Any:
    from ..templates.render import Template, load_template

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


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:300]


def _how(error: BaseException) -> str:
    text = f"{type(error).__name__} {error}"
    if "trust_remote_code" in text:
        return "If you trust its authors, set trust_remote_code: true."
    if "gated" in text.lower():
        return "Accept its terms on the Hub and log in: hf auth login, or HF_TOKEN."
    return "Check the name and the connection; a private model needs HF_TOKEN. Or download it and give its folder."
