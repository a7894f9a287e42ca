"""What hunmin takes of trl's and transformers' trainers that they do not promise: every private name, here alone.

tests/model/test_compat.py asks for each of these names, so that an upgrade which moves one fails there and is mended
here. The sampler's inside is `batching`'s.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from transformers import Trainer
from trl import DPOTrainer, GRPOTrainer

from .flat_pairs import flatten


class OpenTrainer(Trainer):
    """A Trainer with public names for its sampler, the beginning of an epoch and the count of items; all may stay."""

    def own_sampler(self) -> Any:
        """Give the sampler of the training rows, or None for the Trainer's."""
        return None

    def epoch_begins(self, epoch: int) -> None:
        """Called before the rows of an epoch are drawn."""

    def count_items(self, batches: list[Any], device: torch.device) -> torch.Tensor | int | None:
        """Give what the loss of a step is divided by; None leaves it to the Trainer (label tokens)."""
        return None

    def note_metric(self, name: str, value: float, training: bool) -> None:
        """Add a value to what is averaged at the next line of the log (trl's trainers alone have this)."""
        self._metrics["train" if training else "eval"][name].append(value)  # type: ignore[attr-defined]  # trl's

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        found = self.own_sampler()
        return super()._get_train_sampler(train_dataset) if found is None else found

    def _run_epoch(self, *args: Any, **kwargs: Any) -> Any:
        self.epoch_begins(int(kwargs["epoch"]))
        return super()._run_epoch(*args, **kwargs)  # type: ignore[no-untyped-call]  # transformers: no annotations

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> torch.Tensor | int | None:
        found = self.count_items(batch_samples, device)
        return super()._get_num_items_in_batch(batch_samples, device) if found is None else found


class ReadyRowsDPOTrainer(DPOTrainer):
    """Takes rows of token ids as they are; trl would render and tokenise once more."""

    flat = False  # True: batches are computed without their padding; documents of one row must not see each other

    def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
        return dataset

    def compute_ref_log_probs(self, model: Any, inputs: Any) -> Any:
        """Give trl's sums of the reference."""
        self._flatten()
        return super().compute_ref_log_probs(model, inputs)  # type: ignore[no-untyped-call]  # trl: no annotations

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Give trl's own loss."""
        self._flatten()
        return super().compute_loss(model, inputs, *args, **kwargs)  # type: ignore[no-untyped-call]  # the same

    def _flatten(self) -> None:
        """Take the padding out of what the policy and a reference in memory compute; once."""
        for held in (self.model, self.ref_model) if self.flat else ():
            if held is not None:
                bare: Any = self.accelerator.unwrap_model(held)
                flatten(bare.get_base_model() if hasattr(bare, "get_base_model") else bare)


class FlatPairsDPOTrainer(ReadyRowsDPOTrainer):
    """DPO without padding."""

    flat = True


class ReadyPromptsGRPOTrainer(GRPOTrainer):
    """Tokenises prompts without adding special tokens: the template has written them already."""

    def _tokenize_prompts(self, prompts: list[Any]) -> tuple[list[list[int]], None, dict[str, Any]]:
        tokenizer: Any = self.processing_class
        return tokenizer(text=prompts, add_special_tokens=False)["input_ids"], None, {}


def load_weights(trainer: Trainer, checkpoint: str) -> None:
    """Load a checkpoint's weights, whole or adapter, into the trainer's model."""
    trainer._load_from_checkpoint(checkpoint)


def try_rows(trainer: Any, rows: list[Any]) -> None:
    """Run these rows forward and backward as a step would; random states and metrics stay as they were.

    The gradients stay too, for the caller to clear.
    """
    batch = trainer.data_collator(rows)
    shown = {mode: {name: list(values) for name, values in found.items()} for mode, found in trainer._metrics.items()}
    seen, chance, drawn = trainer._total_train_tokens, random.getstate(), np.random.get_state()
    devices = [torch.cuda.current_device()] if trainer.args.device.type == "cuda" else []
    trainer.current_gradient_accumulation_steps = trainer.args.gradient_accumulation_steps
    labels = batch.get("labels")
    n = None if labels is None else (labels != -100).sum().clamp(min=1).to(trainer.args.device)
    try:
        with torch.random.fork_rng(devices=devices):
            trainer.training_step(trainer.model_wrapped, batch, n)
    finally:
        random.setstate(chance)
        np.random.set_state(drawn)
        trainer._total_train_tokens = seen
        for mode, found in shown.items():
            trainer._metrics[mode].clear()
            trainer._metrics[mode].update(found)


def start_recomputing(trainer: Any) -> None:
    """Turn recomputation of activations on in a trainer that is made already, as trl does at its start."""
    if hasattr(trainer.model, "peft_config"):
        trainer.model.enable_input_require_grads()
    trainer.model.activation_checkpointing_enable()
    trainer.args.activation_checkpointing = True
