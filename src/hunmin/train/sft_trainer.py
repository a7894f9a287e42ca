"""trl's SFTTrainer with the token-balanced sampler and, if asked, every row weighing the same."""

from __future__ import annotations

import inspect
from typing import Any

import torch
import torch.nn.functional as F
from transformers import TrainerCallback
from trl import SFTTrainer

from .attention import check_isolation
from .batching import TokenBalancedSampler
from .internals import OpenTrainer

MAX_LOGITS = 1 << 28  # logits held at once outside trl's tiles: 1 GiB in fp32, 65,536 positions of 4,096 words


class Isolation(TrainerCallback):
    """Checks before the first step that documents of one flat row do not see each other."""

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        check_isolation(model)


class HunminSFTTrainer(OpenTrainer, SFTTrainer):
    """Adds `lengths` and `blank` (for the sampler: row lengths, index of the row without labels) and `loss_scale`.

    `loss_scale="token"`: the mean over all label tokens of the global batch. "sample": the mean over rows of each row's
    own mean, as the five originals had it with micro-batch 1.
    """

    def __init__(
        self,
        *args: Any,
        lengths: list[int] | None = None,
        blank: int | None = None,
        loss_scale: str = "token",
        **kwargs: Any,
    ):
        self.lengths, self.blank, self.loss_scale = lengths, blank, loss_scale
        self.sampler: TokenBalancedSampler | None = None
        super().__init__(*args, **kwargs)
        model: Any = self.model
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        self.keeps_positions = "logits_to_keep" in inspect.signature(type(base).forward).parameters

    def own_sampler(self) -> Any:
        """Give the token-balanced sampler, where row lengths are known."""
        if self.lengths is None:
            return None
        self.sampler = TokenBalancedSampler(
            self.lengths,
            self.args.train_batch_size * self.args.gradient_accumulation_steps * max(1, self.args.world_size),
            max(1, self.args.world_size),
            self.args.gradient_accumulation_steps,
            self.args.process_index,
            self.args.seed,
            self.blank,
        )
        return self.sampler

    def epoch_begins(self, epoch: int) -> None:
        """Tell the sampler: accelerate forwards set_epoch only through a wrapper, which one process lacks."""
        if self.sampler is not None:
            self.sampler.set_epoch(epoch)

    def count_items(self, batches: list[Any], device: torch.device) -> torch.Tensor | int | None:
        """Give the documents of a step where each weighs the same."""
        if self.loss_scale == "token":
            return None
        n = torch.tensor(sum(len(_documents(b["labels"], _edges(b))) for b in batches), device=device)
        if self.args.world_size > 1:
            n = self.accelerator.gather(n).sum()
        return n

    def plain_loss(self, *args: Any) -> Any:
        """Give trl's own loss."""
        return super().compute_loss(*args)  # type: ignore[no-untyped-call]  # transformers: no annotations

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Give the loss of a flat row of documents, by trl's tiled head or from the logits of the labelled positions.

        On a GPU trl's tiles score the labelled positions; elsewhere they score all, so asking the model for the
        labelled ones alone saves the head's work on all prompts - as long as their logits are few enough to hold.
        """
        labels = inputs["labels"]
        by_row = self.loss_scale == "sample" and model.training
        if return_outputs or self.args.loss_type != "nll":  # type: ignore[attr-defined]  # trl: SFTConfig
            return self.plain_loss(model, inputs, return_outputs, num_items_in_batch)
        positions = (labels[0, 1:] != -100).nonzero().flatten()
        shape: Any = self.accelerator.unwrap_model(model).config  # DDP wraps it
        small = len(positions) * shape.get_text_config().vocab_size <= MAX_LOGITS
        plain = self.keeps_positions and small and not labels.is_cuda and not self.aux_loss_enabled
        if not plain and not by_row:
            return self.plain_loss(model, inputs, return_outputs, num_items_in_batch)
        given = {k: v for k, v in inputs.items() if k != "labels"}
        if not len(positions):  # a blank row: every process must take part, with nothing to add
            return model(**given, use_cache=False, logits_to_keep=1).logits.sum() * 0.0
        if plain:
            logits = model(**given, use_cache=False, logits_to_keep=positions).logits[0]
            targets = labels[0, positions + 1]
            losses = F.cross_entropy(logits.float(), targets, reduction="none")
            right = (logits.argmax(-1) == targets).float().mean()
        else:
            found = model(**given, labels=labels, use_cache=False, fused_lm_head=True)
            losses = -found.log_probs[0, positions]
            right = found.is_top1[0, positions].float().mean()
        self.note_metric("mean_token_accuracy", right.item(), model.training)
        if by_row:
            total = torch.stack(
                [
                    losses[(positions >= start) & (positions < end)].mean()
                    for start, end in _documents(labels, _edges(inputs))
                ]
            ).sum()
        else:
            total = losses.sum()
        loss = total / (len(positions) if num_items_in_batch is None else num_items_in_batch)
        if num_items_in_batch is not None and self.args.average_tokens_across_devices:
            loss = loss * self.accelerator.num_processes  # DDP takes the mean over processes
        return loss


def _edges(batch: Any) -> torch.Tensor:
    """Give where the documents of a row [1, seq] begin and end; a batch without boundaries is one document."""
    found = batch.get("cu_seq_lens_q")
    return torch.tensor([0, batch["labels"].shape[1]]) if found is None else found


def _documents(labels: torch.Tensor, boundaries: torch.Tensor) -> list[tuple[int, int]]:
    """Give (first, past the last) predicting position of each document of a flat row [1, seq] that holds a label."""
    edges = boundaries.tolist()
    spans = zip(edges[:-1], edges[1:], strict=True)
    return [(start, end - 1) for start, end in spans if (labels[0, start + 1 : end] != -100).any()]
