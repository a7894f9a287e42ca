"""What sft and dpo share around trl's loop: its arguments, guards while it runs, resume, and what is saved."""

from __future__ import annotations

import importlib.util
import json
import logging
import math
import os
import shutil
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from ..artifacts import artifact, progress
from ..artifacts.artifact import Inputs
from ..artifacts.rows import REWARD, LossRow
from ..errors import UserError
from ..models import devices, sound
from ..models.finding import CARD
from . import fitting, resume
from .config import TrainConfig
from .fitting import Load

log = logging.getLogger("hunmin")

LOSSES = "losses.json"
CHECKPOINTS = "checkpoints"
SKIPS_IN_A_ROW = 20  # fp16 halves its scale at each; some at the start are normal
UNMOVED_POINTS = 3  # logged losses that are all the same


def world_size() -> int:
    """Give the number of processes a launcher started; 1 without one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_main() -> bool:
    """Tell whether this process is the one that writes."""
    return int(os.environ.get("RANK", "0")) == 0


def be_quiet() -> None:
    """Keep the libraries' bars and notices off the terminal (ours say what matters), and trl from calling home."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")  # trl's own bars; progress.bar says itself whether it shows
    from datasets.utils.logging import disable_progress_bar as disable_datasets_bar
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    disable_datasets_bar()
    logging.getLogger("trl").setLevel(logging.ERROR)  # it warns of micro-batches of one document, as asked for
    progress.hush_libraries()


def check_trackers(config: TrainConfig) -> None:
    """Raise UserError for a tracker that is not installed, before any weight is loaded."""
    modules = {"wandb": "wandb", "tensorboard": "tensorboard"}
    missing = [name for name in config.report_to if importlib.util.find_spec(modules[name]) is None]
    if missing:
        raise UserError(
            f"{' and '.join(missing)} is not installed", "report_to", "pip install 'hunmin[trackers]', or leave it out."
        )


def steps_of(config: TrainConfig, n_rows: int) -> tuple[int, int]:
    """Give (steps per epoch, steps of the whole training) for so many rows; the last partial batch is kept."""
    per_epoch = math.ceil(n_rows / config.batch_size)
    return per_epoch, config.max_steps or math.ceil(per_epoch * config.num_train_epochs)


def warmup_of(config: TrainConfig, steps: int) -> int:
    return config.warmup_steps or math.ceil(config.warmup_ratio * steps)


def trainer_arguments(
    config: TrainConfig,
    inputs: Inputs,
    out: Path,
    *,
    device: str,
    dtype: str,
    n_rows: int,
    has_validation: bool,
    checkpointing: bool,
    seed: int,
) -> dict[str, Any]:
    """Give the keyword arguments that SFTConfig and DPOConfig share."""
    per_epoch, steps = steps_of(config, n_rows)
    every = config.eval_steps or per_epoch
    if config.project:
        os.environ["WANDB_PROJECT"] = config.project
    if "tensorboard" in config.report_to:
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(out / "tensorboard")
    given = {
        "output_dir": str(out / CHECKPOINTS),
        "per_device_train_batch_size": config.micro_batch_size,
        "per_device_eval_batch_size": config.micro_batch_size,
        "gradient_accumulation_steps": config.batch_size // config.micro_batch_size // world_size(),
        "num_train_epochs": config.num_train_epochs,
        "max_steps": config.max_steps or -1,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": config.lr_scheduler,
        "warmup_steps": warmup_of(config, steps),
        "weight_decay": config.weight_decay,
        "max_grad_norm": config.max_grad_norm,
        "optim": config.optimizer,
        "activation_checkpointing": checkpointing,
        "bf16": dtype == "bf16",
        "fp16": dtype == "fp16",
        "use_cpu": device == "cpu",
        "dataloader_pin_memory": device == "cuda",
        "seed": seed,
        "data_seed": seed,
        "logging_steps": config.logging_steps,
        "logging_first_step": True,
        "logging_nan_inf_filter": False,
        "eval_strategy": "steps" if has_validation else "no",
        "eval_steps": every if has_validation else None,
        "load_best_model_at_end": has_validation,
        "metric_for_best_model": "eval_loss" if has_validation else None,
        "greater_is_better": False if has_validation else None,
        "save_strategy": "steps",
        "save_steps": every if has_validation else config.save_steps,
        "save_total_limit": max(2, config.save_total_limit) if has_validation else config.save_total_limit,
        "report_to": list(config.report_to) or "none",
        "run_name": config.run_name or inputs.label,
        "disable_tqdm": True,
        "ddp_find_unused_parameters": False,
    }
    return {**given, **config.trainer}


def callbacks(config: TrainConfig, label: str, has_validation: bool) -> list[Any]:
    """Give the callbacks: progress, a stop at a loss that is no number, extra checkpoints, early stopping."""
    from transformers import EarlyStoppingCallback, TrainerCallback

    class Watch(TrainerCallback):
        tick: Any = None
        interrupted = False
        handler: Any = None
        skips = 0

        def interrupt(self, number: int, frame: Any) -> None:
            if self.interrupted:  # asked twice: at once, without saving
                raise KeyboardInterrupt
            self.interrupted = True
            log.warning("stopping after this step; its state is saved, and the same command goes on from there")

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.is_world_process_zero:
                self.tick = progress.bar(label, state.max_steps, "step")
                self.tick(state.global_step)
            if threading.current_thread() is threading.main_thread() and world_size() == 1:
                self.handler = signal.signal(signal.SIGINT, self.interrupt)

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if self.tick:
                self.tick(1)
            if args.device.type == "cpu":
                devices.give_back_memory()
            skipped = bool(args.fp16) and bool(getattr(kwargs.get("optimizer"), "step_was_skipped", False))
            self.skips = self.skips + 1 if skipped else 0
            if self.skips >= SKIPS_IN_A_ROW:
                raise UserError(
                    f"fp16's loss scaler skipped {self.skips} steps in a row, up to step {state.global_step}",
                    label,
                    "The gradients overflow at any scale: lower learning_rate, or set dtype: bf16 or fp32.",
                )
            if has_validation and state.global_step % config.save_steps == 0:
                control.should_save = True
            if self.interrupted:
                control.should_save = True

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if self.interrupted:  # between two steps, so that going on gives the same weights
                signal.signal(signal.SIGINT, self.handler)
                raise KeyboardInterrupt

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            loss = (logs or {}).get("loss")
            for name in ("loss", "eval_loss", "train_loss"):
                value = (logs or {}).get(name)
                if value is None or math.isfinite(float(value)):
                    continue
                raise UserError(
                    f"the {name} is {value} at step {state.global_step}",
                    label,
                    "Lower learning_rate, raise warmup_steps, or set dtype: bf16 or fp32; "
                    "the last checkpoint is from before.",
                )
            if loss is not None and self.tick:
                self.tick(0, f"loss {float(loss):.3f}")

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if self.handler is not None:
                signal.signal(signal.SIGINT, self.handler)
            if self.tick:
                self.tick(0, done=True)

    found: list[Any] = [Watch()]
    if config.early_stopping_patience:
        found.append(EarlyStoppingCallback(early_stopping_patience=config.early_stopping_patience))
    return found


def train(trainer: Any, out: Path, load: Load) -> float:
    """Train to the end, from the newest whole checkpoint if there is one; give the seconds it took.

    Raises UserError when memory does not suffice, naming the rows, the peak and settings that would fit.
    """
    from transformers import PrinterCallback

    from .internals import load_weights

    trainer.remove_callback(PrinterCallback)
    checkpoint = resume.newest_checkpoint(out / CHECKPOINTS, world_size(), remove_broken=is_main())
    begun = time.monotonic()
    if checkpoint is not None and resume.is_finished(checkpoint):
        log.warning("%s had ended; its weights are taken", checkpoint.name)
        state = type(trainer.state).load_from_json(str(checkpoint / "trainer_state.json"))
        best = state.best_model_checkpoint
        source = best if trainer.args.load_best_model_at_end and best and Path(best).is_dir() else str(checkpoint)
        load_weights(trainer, source)
        trainer.state = state
        return 0.0
    if checkpoint is not None:
        log.warning("going on from %s", checkpoint.name)
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except (MemoryError, RuntimeError) as error:
        if not fitting.is_out_of_memory(error):
            raise
        recompute = bool(trainer.args.activation_checkpointing)
        peak, room = fitting.peak_of(load.device), fitting.room_of(load.device)
        raise fitting.told(error, load, recompute=recompute, peak=peak, room=room) from error
    _check_end(trainer)
    return time.monotonic() - begun


def _check_end(trainer: Any) -> None:
    """Refuse weights that are no numbers before anything is made of them; tell a loss that never moved."""
    trained = (
        (name, p.to_local() if hasattr(p, "to_local") else p.detach())  # under FSDP each rank looks at its own part
        for name, p in trainer.model.named_parameters()
        if p.requires_grad
    )
    where = f"step {trainer.state.global_step}"
    sound.check_finite(trained, where, "Lower learning_rate, raise warmup_steps, or set dtype: bf16 or fp32.")
    losses = [row["loss"] for row in loss_curve(trainer.state.log_history) if "loss" in row]
    if len(losses) >= UNMOVED_POINTS and len(set(losses)) == 1:
        log.warning(
            "the loss stayed at %s from step 1 to %d: nothing was learned; is learning_rate too small, or is no row "
            "labelled?",
            *(losses[0], trainer.state.global_step),
        )


def loss_curve(history: Sequence[Mapping[str, Any]]) -> list[LossRow]:
    """Give trl's log history as one row a step: step, epoch, loss, learning_rate, grad_norm, eval_loss, rewards..."""
    rows: dict[int, dict[str, float]] = {}
    for entry in history:
        if not any(k in entry for k in ("loss", "eval_loss")):
            continue
        row = rows.setdefault(entry["step"], {"step": entry["step"]})
        for name, value in entry.items():
            short = name.replace("rewards/", REWARD)
            if isinstance(value, int | float) and not name.endswith(("_runtime", "_per_second", "num_tokens")):
                row[short] = value
    first = ("step", "epoch", "loss", "eval_loss", "learning_rate", "grad_norm")
    found: list[LossRow] = []
    for step in sorted(rows):
        names = sorted(rows[step], key=lambda n: (first.index(n) if n in first else len(first), n))
        found.append(cast(LossRow, {name: rows[step][name] for name in names}))
    return found


def save(
    trainer: Any,
    out: Path,
    tokenizer: Any,
    card: dict[str, Any],
    *,
    full: bool,
    stop: str,
) -> Path:
    """Save adapter/ or model/ with tokenizer, chat_template and hunmin.json, whole or not at all."""
    final = out / (artifact.MODEL if full else artifact.ADAPTER)
    part = out / (final.name + ".part")
    if is_main():
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(final, ignore_errors=True)
    if full:
        set_stop(trainer.model, tokenizer, stop)
    trainer.save_model(str(part))  # every rank takes part: FSDP gathers here
    if is_main():
        for name in ("training_args.bin", "README.md"):  # a pickle, and a card that describes another library
            (part / name).unlink(missing_ok=True)
        shutil.rmtree(part / "ref", ignore_errors=True)
        tokenizer.save_pretrained(part)
        sort_lists(part / "adapter_config.json")
        artifact.write_atomic(part / CARD, json.dumps(card, ensure_ascii=False, indent=2) + "\n")
        part.replace(final)
        artifact.write_atomic(
            out / LOSSES, json.dumps(loss_curve(trainer.state.log_history), ensure_ascii=False, indent=1) + "\n"
        )
    trainer.accelerator.wait_for_everyone()
    return final


def sort_lists(config: Path) -> None:
    """Write an adapter's config with its lists of names in order: peft writes sets, so equal adapters differed."""
    if config.is_file():
        row = json.loads(config.read_text(encoding="utf-8"))
        for key, value in row.items():
            if isinstance(value, list) and all(isinstance(name, str) for name in value):
                row[key] = sorted(value)
        artifact.write_atomic(config, json.dumps(row, ensure_ascii=False, indent=2, sort_keys=True))


def set_stop(model: Any, tokenizer: Any, stop: str) -> None:
    """Make generation end at the template's stop token and at eos, whichever comes first."""
    ids = [tokenizer.convert_tokens_to_ids(stop), tokenizer.eos_token_id]
    unique = list(dict.fromkeys(i for i in ids if i is not None))
    model.generation_config.eos_token_id = unique if len(unique) > 1 else unique[0]
    if not model.generation_config.do_sample:  # a base's sampling values without sampling fail validation on saving
        for name in ("temperature", "top_p", "top_k"):
            setattr(model.generation_config, name, None)


def count_parameters(model: Any) -> dict[str, int]:
    """Give the numbers of all and of trainable parameters."""
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "trainable": sum(p.numel() for p in model.parameters() if p.requires_grad),
    }
