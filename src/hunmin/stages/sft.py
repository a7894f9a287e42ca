"""Supervised fine-tuning: instruction and chat records to a LoRA adapter or a fully tuned model.

trl owns the loop, the loss and the adapters; labels, length policy, batches without padding and the guards are ours.
Source: the five efforts' finetune scripts, whose faults and our answers stand in docs/footguns.md.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic.fields import FieldInfo

from ..artifacts.artifact import Counts, Inputs
from ..artifacts.rows import Estimate
from ..clients.access import HubId
from ..options import opt
from ..train.config import TrainConfig, cross_check, grouped

log = logging.getLogger("hunmin")

READS = ("text",)
EDITS = ()
ADDS = ()
KIND = "model"
INPUT = ("records", "model?")
OUTPUT = "model"


class Config(TrainConfig):
    train_on_inputs: bool = opt(False, "Also learn the prompt, not only the answers.")
    packing: Literal["none", "bfd"] = opt(
        "none", "none = batches without padding; bfd = trl's packing, where a row of a batch is a pack of max_length."
    )
    neftune_alpha: float = opt(0.0, "Noise on the embeddings (NEFTune); 0 = none, 5 is usual.", ge=0)
    thinking: Literal["auto", "learn", "show", "drop"] = opt(
        "auto",
        "Reasoning before an answer: learn it, show it without learning, or drop it; auto = learn where the template "
        "has a place for it, else drop.",
    )
    loss_scale: Literal["token", "sample"] = opt(
        "token", "token = every label weighs the same over the global batch; sample = every row does."
    )


def shown(options: Mapping[str, Any]) -> Mapping[str, Mapping[str, FieldInfo]]:
    """Give the options by heading."""
    return grouped(Config.model_fields)


def check(config: Config) -> list[str]:
    """Give the problems across options."""
    found = cross_check(config, "sft")
    if config.packing == "bfd" and config.overlong not in ("drop", "error"):
        found.append("packing: bfd takes overlong: drop or error.")
    return found


def files(config: Config) -> list[Path]:
    """Give the local files whose content decides the result."""
    return local_files(config)


def local_files(config: TrainConfig) -> list[Path]:
    """Give the template file, the adapter to continue and the base, where they are on this machine."""
    from ..models import local_folders

    found = [Path(config.template)] if Path(config.template).suffix in (".json", ".jinja", ".jinja2") else []
    return [*found, *([Path(config.adapter)] if config.adapter else []), *local_folders([config.base_model])]


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

    known = full_size.sft(config, inputs)
    if known is not None:
        return known
    from ..train import estimate as estimates

    return estimates.estimate(config, inputs, kind="sft")


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Train; leave adapter/ or model/, losses.json, dropped.jsonl and the checkpoints."""
    from datasets import Dataset
    from trl import SFTConfig

    from ..train import labels, loop, measured, prepare, resume
    from ..train.passes import Passes
    from ..train.sft_trainer import HunminSFTTrainer, Isolation

    ready = prepare.prepare(config, inputs)
    rows, report = labels.rows_of(
        prepare.read_records(inputs),
        ready.template,
        ready.tokenizer,
        max_length=config.max_length,
        overlong=config.overlong,
        train_on_inputs=config.train_on_inputs,
        thinking=config.thinking,
    )
    told_of(report, inputs.label)
    train_rows, validation = labels.split(rows, config.val_size)
    if loop.is_main():
        identity, older = prepare.identity(config, inputs, ready), prepare.older_identity(config, ready)
        resume.guard(out / loop.CHECKPOINTS, identity, older)
        prepare.write_dropped(out, inputs.label, report)

    packed = config.packing == "bfd"
    lengths = [len(row.input_ids) for row in train_rows]
    passes = Passes.of_rows(config, lengths, ready.seed)
    model, peft_config, notes, load = prepare.open_model(config, ready, passes, out)
    table = _table(train_rows)
    alone = "one_document_a_pass" in notes
    blank = None
    if loop.world_size() > 1 and not packed and not alone:
        blank = len(train_rows)  # a row without labels, for a process that the last batch leaves empty-handed
        table["input_ids"].append([ready.tokenizer.eos_token_id] * 2)
        table["labels"].append([labels.IGNORED] * 2)
    arguments = loop.trainer_arguments(
        config.model_copy(update={"micro_batch_size": 1}) if alone else config,
        inputs,
        out,
        device=ready.device,
        dtype=notes["dtype"],
        n_rows=len(train_rows),
        has_validation=bool(validation),
        checkpointing=notes["gradient_checkpointing"],
        seed=ready.seed,
    )
    trainer = HunminSFTTrainer(
        model=model,
        args=SFTConfig(
            packing=packed,
            eval_packing=False,
            padding_free=not alone,
            max_length=config.max_length if packed else None,
            neftune_noise_alpha=config.neftune_alpha or None,
            dataset_kwargs=None if packed else {"skip_prepare_dataset": True},
            **arguments,
        ),
        train_dataset=Dataset.from_dict(table),
        eval_dataset=Dataset.from_dict(_table(validation)) if validation else None,
        processing_class=ready.tokenizer,
        peft_config=peft_config,
        callbacks=[*([] if alone else [Isolation()]), *loop.callbacks(config, inputs.label, bool(validation))],
        lengths=None if packed or alone else lengths,
        blank=blank,
        loss_scale=config.loss_scale,
    )
    measured.watch(trainer, load, out, notes)
    notes |= {**loop.count_parameters(trainer.model), "validation_rows": len(validation)}
    notes["train_seconds"] = round(loop.train(trainer, out, load), 2)
    full = config.method == "full"
    loop.save(trainer, out, ready.tokenizer, ready.card(config), full=full, stop=ready.template.stop)
    return prepare.counts(config, report, trainer, notes, len(train_rows), inputs.label)


def told_of(report: Any, label: str) -> None:
    """Log what of the records is not learned: earlier turns that the template shows otherwise, dropped reasoning."""
    if report.n_turns_not_learned:
        share = report.n_turns_not_learned / report.n_turns
        log.warning(
            "%s: %d of %d answers (%.0f %%) are shown but not learned: the template shows earlier turns otherwise",
            *(label, report.n_turns_not_learned, report.n_turns, 100 * share),
        )
    if report.n_thoughts["drop"]:
        log.warning("%s: the reasoning before %d answers is dropped", label, report.n_thoughts["drop"])


def _table(rows: list[Any]) -> dict[str, list[Any]]:
    return {"input_ids": [r.input_ids for r in rows], "labels": [r.labels for r in rows]}
