"""The training options that sft and dpo share, one flat list, and the checks across them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic.fields import FieldInfo

from ..errors import UserError
from ..options import Options, opt

TRACKERS = ("wandb", "tensorboard")


class TrainConfig(Options):
    """Options of both training stages; sft and dpo add their own."""

    base_model: str = opt("", "Model to tune: Hub id, folder, tiny:llama or tiny:neox; empty = the run's newest model.")
    revision: str | None = opt(None, "Hub revision of base_model.")
    adapter: str = opt("", "LoRA adapter folder to continue from, instead of a fresh one.")
    dtype: Literal["auto", "bf16", "fp16", "fp32"] = opt(
        "auto", "Number format of the frozen weights and of autocast; auto = bf16 on a GPU that has it, else fp32."
    )
    quantization: Literal["none", "nf4", "int8"] = opt(
        "none", "QLoRA: load the frozen weights in 4 or 8 bits (needs the extra `quant`)."
    )
    attention: Literal["auto", "hunmin", "sdpa", "eager", "flash_attention_2", "flex_attention"] = opt(
        "auto", "Attention; auto = flash-attention if installed, else hunmin's per-document kernel, else sdpa."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = opt("auto", "auto = cuda, mps, cpu, in that order.")
    trust_remote_code: bool = opt(False, "Run Python code that comes with the model.")
    template: str = opt(
        "auto",
        "alpaca, kullm, korae, chatml, model (the base's own), a .json or .jinja file; auto = model or kullm.",
    )
    template_date: str = opt(
        "2026-01-01",
        "The date that templates which print one (Llama 3, gpt-oss) show in training; a chat shows today's.",
        pattern=r"^\d{4}-\d{2}-\d{2}$",
    )
    system: str = opt("", "System message for records that bring none; empty = the template's own.")
    max_length: int = opt(2048, "Longest row in tokens, prompt and answer together.", ge=8)
    overlong: Literal["drop", "truncate_answer", "truncate_prompt", "error"] = opt(
        "drop", "What happens to rows over max_length; a cut answer loses its stop token on purpose."
    )
    val_size: int | float = opt(0, "Rows (1 or more) or share (below 1) held out for validation, by hash.", ge=0)
    seed: int | None = opt(None, "Seed of adapter, order and dropout; empty = from the recipe's seed and the label.")
    method: Literal["lora", "rslora", "dora", "full"] = opt("lora", "Adapter kind, or full fine-tuning.")
    lora_r: int = opt(8, "Rank of the adapter.", ge=1)
    lora_alpha: float = opt(16, "Scale of the adapter: alpha / r (rslora: alpha / sqrt r).", gt=0)
    lora_dropout: float = opt(0.05, "Dropout on the adapter's input.", ge=0, lt=1)
    target_modules: str | list[str] = opt(
        "auto", "Names of the matrices that get an adapter; auto = every linear layer but the head."
    )
    modules_to_save: list[str] = opt([], "Modules trained whole beside the adapter, such as embed_tokens, lm_head.")
    batch_size: int = opt(16, "Rows per optimizer step over all processes.", ge=1)
    micro_batch_size: int = opt(4, "Rows per forward pass and process, on average; must divide batch_size.", ge=1)
    num_train_epochs: float = opt(3, "Passes over the data, unless max_steps is set.", gt=0)
    max_steps: int = opt(0, "Optimizer steps; 0 = as many as num_train_epochs gives.", ge=0)
    learning_rate: float = opt(1e-4, "Highest learning rate.", gt=0)
    lr_scheduler: Literal["linear", "cosine", "constant", "constant_with_warmup", "polynomial", "inverse_sqrt"] = opt(
        "cosine", "How the learning rate falls."
    )
    warmup_steps: int = opt(0, "Steps in which the learning rate rises; 0 = by warmup_ratio.", ge=0)
    warmup_ratio: float = opt(0.03, "Share of all steps in which the learning rate rises.", ge=0, lt=1)
    weight_decay: float = opt(0.0, "AdamW's weight decay.", ge=0)
    max_grad_norm: float = opt(1.0, "Gradients are clipped to this norm; 0 = not clipped.", ge=0)
    optimizer: str = opt("adamw_torch", "An optimizer name of transformers' TrainingArguments.optim.")
    gradient_checkpointing: bool | Literal["auto"] = opt(
        "auto",
        "Recompute activations to save memory; auto = where they do not fit, measured on a CUDA card, else estimated.",
    )
    logging_steps: int = opt(10, "Steps between two points of the loss curve.", ge=1)
    eval_steps: int = opt(0, "Steps between validations; 0 = once an epoch.", ge=0)
    save_steps: int = opt(200, "Steps between checkpoints, from which a killed run goes on.", ge=1)
    save_total_limit: int = opt(2, "Checkpoints kept.", ge=1)
    early_stopping_patience: int = opt(0, "Stop after so many validations without a better loss; 0 = never.", ge=0)
    report_to: list[str] = opt([], "Trackers beside the run's own loss curve: wandb, tensorboard.")
    run_name: str = opt("", "Name of the run at the tracker.")
    project: str = opt("", "Project at the tracker.")
    launch: Literal["none", "ddp", "fsdp2"] = opt("none", "Several processes: ddp by torchrun, fsdp2 by accelerate.")
    num_processes: int = opt(1, "Processes, one per GPU.", ge=1)
    trainer: dict[str, Any] = opt({}, "Further options of trl's own config, checked against its fields.")


GROUPS = {
    "the model": "base_model revision adapter dtype quantization attention device trust_remote_code",
    "rows": "template template_date thinking system max_length overlong val_size train_on_inputs data "
    "max_prompt_length weight_field",
    "what is trained": "method lora_r lora_alpha lora_dropout target_modules modules_to_save",
    "the steps": "batch_size micro_batch_size num_train_epochs max_steps learning_rate lr_scheduler warmup_steps "
    "warmup_ratio weight_decay max_grad_norm optimizer seed gradient_checkpointing packing loss_scale neftune_alpha",
    "watching and keeping": "logging_steps eval_steps save_steps save_total_limit early_stopping_patience report_to "
    "run_name project",
    "several processes": "launch num_processes trainer",
}


def grouped(fields: Mapping[str, FieldInfo]) -> dict[str, Mapping[str, FieldInfo]]:
    """Give the options by heading; what no heading names, a stage's own, comes first."""
    named = {name: heading for heading, names in GROUPS.items() for name in names.split()}
    found: dict[str, dict[str, FieldInfo]] = {"": {}, **{heading: {} for heading in GROUPS}}
    for name, field in fields.items():
        found[named.get(name, "")][name] = field
    return {heading: options for heading, options in found.items() if options}


def cross_check(config: TrainConfig, kind: str) -> list[str]:
    """Give the problems that show only when options are looked at together; needs no model and no torch."""
    found = []
    per_step = config.micro_batch_size * config.num_processes
    if config.batch_size % per_step:
        near = max(per_step, config.batch_size - config.batch_size % per_step)
        found.append(
            f"batch_size {config.batch_size} is not a multiple of micro_batch_size {config.micro_batch_size} x "
            f"num_processes {config.num_processes}; the originals rounded it silently. Say {near}, for example."
        )
    if config.launch == "none" and config.num_processes > 1:
        found.append(f"num_processes is {config.num_processes}, but launch is none; say launch: ddp or fsdp2.")
    if config.launch == "fsdp2" and config.device == "cpu":
        found.append("launch: fsdp2 needs GPUs; use ddp on a CPU.")
    if config.method == "full":
        if config.quantization != "none":
            found.append("quantization needs an adapter; full fine-tuning of quantised weights is not possible.")
        if config.adapter:
            found.append("adapter is given, but method is full; merge the adapter first.")
    if config.early_stopping_patience and not config.val_size:
        found.append("early_stopping_patience needs validation rows; set val_size.")
    if config.eval_steps and not config.val_size:
        found.append("eval_steps needs validation rows; set val_size.")
    if config.val_size >= 1 and config.val_size != int(config.val_size):
        found.append(f"val_size {config.val_size}: a share is below 1, a number of rows is whole.")
    if config.early_stopping_patience and config.eval_steps and config.save_steps % config.eval_steps:
        found.append("with early stopping, save_steps must be a multiple of eval_steps, so that the best is saved.")
    for name in config.report_to:
        if name not in TRACKERS:
            found.append(f"report_to '{name}' is unknown; known are {', '.join(TRACKERS)}.")
    if config.project and not config.report_to:
        found.append("project is set, but report_to names no tracker.")
    ours = OURS | {"sft": OURS_IN_SFT, "dpo": OURS_IN_DPO, "grpo": OURS_IN_GRPO}[kind]
    taken = sorted(set(config.trainer) & set(ours))
    if taken:
        found.append("; ".join(f"trainer.{name} is set by hunmin's own {ours[name]}" for name in taken) + ".")
    found.extend(_unknown_trainer_options(config, kind))
    return found


def family_of(shape: Any) -> str:
    """Give the model type of a transformers config's text part, such as llama or gemma3_text."""
    return str(getattr(shape.get_text_config(), "model_type", ""))


def dtype_of(config: TrainConfig, device: str, model_type: str = "") -> str:
    """Give "bf16", "fp16" or "fp32": what the frozen weights lie in and autocast computes in."""
    from ..models.devices import OVERFLOWS_FP16
    from ..models.opening import choose_dtype

    if config.dtype == "fp16" and device == "cpu":
        raise UserError("fp16 training needs a GPU", "dtype", "Set dtype: auto, bf16 or fp32.")
    if config.dtype == "fp16" and model_type in OVERFLOWS_FP16 and config.method == "full":
        raise UserError(f"{model_type} overflows fp16", "dtype", "Set dtype: auto, bf16 or fp32.")
    return choose_dtype(config.dtype, device, model_type)


OURS = {
    "per_device_train_batch_size": "micro_batch_size",
    "per_device_eval_batch_size": "micro_batch_size",
    "gradient_accumulation_steps": "batch_size / micro_batch_size / num_processes",
    "learning_rate": "learning_rate",
    "lr_scheduler_type": "lr_scheduler",
    "warmup_steps": "warmup_steps or warmup_ratio",
    "weight_decay": "weight_decay",
    "max_grad_norm": "max_grad_norm",
    "num_train_epochs": "num_train_epochs",
    "max_steps": "max_steps",
    "max_length": "max_length",
    "optim": "optimizer",
    "seed": "seed",
    "bf16": "dtype",
    "fp16": "dtype",
    "output_dir": "the run's folder",
    "report_to": "report_to",
    "logging_steps": "logging_steps",
    "save_steps": "save_steps",
    "eval_steps": "eval_steps",
    "save_total_limit": "save_total_limit",
    "gradient_checkpointing": "gradient_checkpointing",
    "activation_checkpointing": "gradient_checkpointing",
    "run_name": "run_name",
    "use_cpu": "device",
}
OURS_IN_SFT = {
    "packing": "packing",
    "padding_free": "packing",
    "eval_packing": "packing",
    "dataset_kwargs": "labels",
    "neftune_noise_alpha": "neftune_alpha",
}
OURS_IN_DPO = {
    "beta": "beta",
    "loss_type": "loss_type",
    "loss_weights": "sft_weight",
    "label_smoothing": "label_smoothing",
    "precompute_ref_log_probs": "precompute_ref_log_probs",
}

OURS_IN_GRPO = {
    "beta": "beta",
    "num_generations": "n",
    "max_completion_length": "max_new_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "reward_weights": "rewards",
    "generation_kwargs": "own stop tokens",
}


def _unknown_trainer_options(config: TrainConfig, kind: str) -> list[str]:
    """Names under `trainer:` that trl does not know; trl is imported only when there are any."""
    if not config.trainer:
        return []
    from dataclasses import fields

    import trl

    from ..tables import did_you_mean

    owner: Any = {"sft": trl.SFTConfig, "dpo": trl.DPOConfig, "grpo": trl.GRPOConfig}[kind]
    known = {f.name for f in fields(owner)}
    return [
        f"trainer.{name}: trl's {owner.__name__} has no such option{did_you_mean(name, known)}"
        for name in config.trainer
        if name not in known
    ]
