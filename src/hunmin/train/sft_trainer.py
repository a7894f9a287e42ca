"""trl's SFTTrainer with the token-balanced sampler and, if asked, every row weighing the same."""

from __future__ import annotations

from typing import Any

import torch
from trl import SFTTrainer

from .batching import TokenBalancedSampler


class HunminSFTTrainer(SFTTrainer):
    """Adds `balanced` (lengths and the index of the blank row) and `loss_scale` to trl's trainer.

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

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        if self.lengths is None:
            return super()._get_train_sampler(train_dataset)
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

    def _run_epoch(self, *args: Any, **kwargs: Any) -> Any:
        if self.sampler is not None:  # accelerate forwards set_epoch only through a wrapper, which one process lacks
            self.sampler.set_epoch(int(kwargs["epoch"]))
        return super()._run_epoch(*args, **kwargs)

    def _get_num_items_in_batch(self, batch_samples: list, device: torch.device) -> torch.Tensor | int | None:
        if self.loss_scale == "token":
            return super()._get_num_items_in_batch(batch_samples, device)
        n = torch.tensor(sum(len(_documents(b["labels"], b)) for b in batch_samples), device=device)
        if self.args.world_size > 1:
            n = self.accelerator.gather(n).sum()
        return n

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        if self.loss_scale == "token" or not model.training:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        outputs = model(**{**inputs, "use_cache": False}, fused_lm_head=True)
        losses = [
            -outputs.log_probs[row, start:end].sum() / outputs.label_mask[row, start:end].sum()
            for row, start, end in _documents(inputs["labels"], inputs)
        ]
        total = torch.stack(losses).sum() if losses else outputs.log_probs.sum() * 0.0
        loss = total / torch.as_tensor(num_items_in_batch).clamp(min=1)
        self._metrics["train"]["mean_token_accuracy"].append(
            (outputs.is_top1.sum() / outputs.label_mask.sum().clamp(min=1)).item()
        )
        return loss * self.accelerator.num_processes if self.args.world_size > 1 else loss


def _documents(labels: torch.Tensor, inputs: Any) -> list[tuple[int, int, int]]:
    """Give (row, start, end) of each document's predictions that hold a label; predictions are labels[1:]."""
    found = []
    if "cu_seq_lens_q" in inputs:
        edges = inputs["cu_seq_lens_q"].tolist()
        spans = [(0, start, end) for start, end in zip(edges[:-1], edges[1:], strict=True)]
    else:
        spans = [(row, 0, labels.shape[1]) for row in range(labels.shape[0])]
    for row, start, end in spans:
        if (labels[row, start + 1 : end] != -100).any():
            found.append((row, start, end - 1))
    return found
