"""What hunmin takes of trl's and transformers' trainers that they do not promise: every private name, here alone.

tests/model/test_compat.py asks for each of these names, so that an upgrade which moves one fails there and is mended
here. The sampler's inside is `batching`'s.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import Trainer
from trl import DPOTrainer, GRPOTrainer


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

    def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
        return dataset


class ReadyPromptsGRPOTrainer(GRPOTrainer):
    """Tokenises prompts without adding special tokens: the template has written them already."""

    def _tokenize_prompts(self, prompts: list[Any]) -> tuple[list[list[int]], None, dict[str, Any]]:
        tokenizer: Any = self.processing_class
        return tokenizer(text=prompts, add_special_tokens=False)["input_ids"], None, {}


def load_weights(trainer: Trainer, checkpoint: str) -> None:
    """Load a checkpoint's weights, whole or adapter, into the trainer's model."""
    trainer._load_from_checkpoint(checkpoint)
