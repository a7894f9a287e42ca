"""Direct preference optimisation: chosen and rejected answers to an adapter that prefers the chosen.

The reference costs no second model: it is the adapter switched off, or a frozen copy of the SFT adapter that training
continues. Source: Rafailov et al., "Direct Preference Optimization" (2023); KoRAE's DPO/dpo.py, whose faults and our
answers stand in docs/footguns.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic.fields import FieldInfo

from ..artifacts.artifact import Counts, Inputs
from ..artifacts.rows import Estimate
from ..clients.access import HubId
from ..errors import UserError
from ..options import opt
from ..train.config import TrainConfig, cross_check, grouped
from .sft import local_files

READS = ("text",)
EDITS = ()
ADDS = ()
KIND = "model"
INPUT = ("records?", "model?")
OUTPUT = "model"

SMOOTHED = ("robust", "exo_pair")


class Config(TrainConfig):
    data: str = opt("", "Preference records (JSONL), used when no earlier stage gives any.")
    max_prompt_length: int = opt(0, "Longest prompt in tokens; 0 = max_length alone decides.", ge=0)
    beta: float = opt(0.1, "How strongly the policy is held to the reference.", gt=0)
    loss_type: Literal[
        "sigmoid",
        "sigmoid_norm",
        "hinge",
        "ipo",
        "exo_pair",
        "nca_pair",
        "robust",
        "bco_pair",
        "sppo_hard",
        "aot",
        "aot_unpaired",
        "apo_zero",
        "apo_down",
        "discopop",
    ] = opt("sigmoid", "trl's DPO loss.")
    sft_weight: float = opt(0.0, "Weight of an added loss on the chosen answers (RPO); 0 = none.", ge=0)
    label_smoothing: float = opt(
        0.0, "Share of pairs assumed mislabelled; for loss_type robust or exo_pair.", ge=0, lt=0.5
    )
    precompute_ref_log_probs: bool | Literal["auto"] = opt(
        "auto", "Compute the reference once before training; auto = when there is more than one epoch."
    )
    learning_rate: float = opt(
        5e-6, "Highest learning rate; an adapter needs about ten times full fine-tuning's.", gt=0
    )
    num_train_epochs: float = opt(1, "Passes over the data, unless max_steps is set.", gt=0)


def shown(options: Mapping[str, Any]) -> Mapping[str, Mapping[str, FieldInfo]]:
    """Give the options by heading."""
    return grouped(Config.model_fields)


def check(config: Config) -> list[str]:
    """Give the problems across options."""
    found = cross_check(config, "dpo")
    if config.label_smoothing and config.loss_type not in SMOOTHED:
        found.append(f"label_smoothing has no effect on loss_type {config.loss_type}; use {' or '.join(SMOOTHED)}.")
    if config.max_prompt_length >= config.max_length:
        found.append(
            f"max_prompt_length {config.max_prompt_length} leaves no room within max_length {config.max_length}."
        )
    if config.precompute_ref_log_probs is True and config.trainer.get("sync_ref_model"):
        found.append("precompute_ref_log_probs needs a fixed reference; remove trainer.sync_ref_model.")
    return found


def files(config: Config) -> list[Path]:
    """Give the local files whose content decides the result."""
    return local_files(config) + ([Path(config.data)] if config.data else [])


def hub(config: Config) -> list[HubId]:
    """Give the base to train on."""
    return [("model", config.base_model)] if config.base_model else []


def launch(config: Config, spec: Path) -> list[str] | None:
    """Give the command of several processes, where they are asked for."""
    from ..train import launch

    return None if config.launch == "none" else launch.command(config, spec)


def preview(config: Config, inputs: Inputs, n: int) -> str:
    """Give the first rows as they are trained."""
    from ..train import preview

    return preview.preview(config, inputs, n)


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Give parameters, memory per device, steps, tokens and warm-up without loading a weight."""
    from . import full_size

    known = full_size.dpo(config, inputs)
    if known is not None:
        return known
    from ..train import estimate as estimates
    from ..train import prepare

    try:
        inputs = prepare.preference_inputs(config, inputs)
    except UserError:
        if config.data or inputs.expected.get("kind") != "preference":
            raise
        inputs = replace(inputs, records=None)  # an earlier stage will make the pairs
    return estimates.estimate(config, inputs, kind="dpo")


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Train; leave adapter/ or model/, losses.json, dropped.jsonl and the checkpoints."""
    from datasets import Dataset
    from trl import DPOConfig

    from ..train import labels, loop, measured, pairs, prepare, resume
    from ..train.first_step import FirstStep
    from ..train.internals import FlatPairsDPOTrainer, ReadyRowsDPOTrainer
    from ..train.passes import Passes

    inputs = prepare.preference_inputs(config, inputs)
    ready = prepare.prepare(config, inputs)
    kept, report, _ = pairs.pairs_of(prepare.read_records(inputs), ready.template, ready.tokenizer, config)
    train_pairs, validation = labels.split(kept, config.val_size)
    if loop.is_main():
        identity, older = prepare.identity(config, inputs, ready), prepare.older_identity(config, ready)
        resume.guard(out / loop.CHECKPOINTS, identity, older)
        prepare.write_dropped(out, inputs.label, report)
    model, peft_config, notes, load = prepare.open_model(config, ready, Passes.of_pairs(train_pairs), out)
    arguments = loop.trainer_arguments(
        config,
        inputs,
        out,
        device=ready.device,
        dtype=notes["dtype"],
        n_rows=len(train_pairs),
        has_validation=bool(validation),
        checkpointing=notes["gradient_checkpointing"],
        seed=ready.seed,
    )
    _, steps = loop.steps_of(config, len(train_pairs))
    precompute = config.precompute_ref_log_probs
    if precompute == "auto":
        precompute = steps > math.ceil(len(train_pairs) / config.batch_size)
    first = FirstStep(
        config.loss_type == "sigmoid" and not config.sft_weight, 1e-3 if notes["dtype"] == "fp32" else 0.02
    )
    kind = ReadyRowsDPOTrainer if load.passes.layout == "padded" else FlatPairsDPOTrainer
    trainer = kind(
        model=model,
        args=DPOConfig(
            beta=config.beta,
            loss_type=[config.loss_type, "sft"] if config.sft_weight else [config.loss_type],
            loss_weights=[1.0, config.sft_weight] if config.sft_weight else None,
            label_smoothing=config.label_smoothing,
            precompute_ref_log_probs=bool(precompute),
            max_length=None,
            **arguments,
        ),
        train_dataset=Dataset.from_dict(_table(train_pairs)),
        eval_dataset=Dataset.from_dict(_table(validation)) if validation else None,
        processing_class=ready.tokenizer,
        peft_config=peft_config,
        callbacks=[*loop.callbacks(config, inputs.label, bool(validation)), first],
    )
    if getattr(trainer, "aux_loss_enabled", False):
        first.plain_sigmoid = False  # the loss also holds the balance of the experts
    notes |= {
        **loop.count_parameters(trainer.model),
        "validation_rows": len(validation),
        "reference": prepare.reference_of(trainer, config),
        "precomputed_reference": bool(precompute),
    }
    measured.watch(trainer, load, out, notes)
    notes["train_seconds"] = round(loop.train(trainer, out, load), 2)
    full = config.method == "full"
    loop.save(trainer, out, ready.tokenizer, ready.card(config), full=full, stop=ready.template.stop)
    counts = prepare.counts(config, report, trainer, notes, len(train_pairs), inputs.label)
    last = counts.notes["losses"][-1]
    counts.notes |= {name: last.get(name) for name in ("rewards_accuracies", "rewards_margins") if name in last}
    return counts


def _table(kept: list[Any]) -> dict[str, list[Any]]:
    return {
        "prompt_ids": [p.prompt for p in kept],
        "chosen_ids": [p.chosen for p in kept],
        "rejected_ids": [p.rejected for p in kept],
    }
