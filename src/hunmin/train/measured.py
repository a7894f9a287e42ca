"""Memory measured: the heaviest micro-batch runs once before step 1, and its peak decides recomputation.

On a CUDA device with one process. Elsewhere the estimate decides (several processes would wait for one that ran out).
The decision is kept beside the checkpoints, so that a resumed training computes as it began.
"""

from __future__ import annotations

import gc
import json
import logging
from pathlib import Path
from typing import Any, Protocol

from transformers import TrainerCallback

from ..artifacts import artifact
from . import fitting, loop
from .config import TrainConfig
from .fitting import Load
from .resume import DECISION

log = logging.getLogger("hunmin")

SHARE = 0.92  # of a device's room that a measured peak may fill; the rest is for fragments


class Meter(Protocol):
    """Reads a device's memory; on CUDA torch's own counters."""

    def reset(self) -> None: ...
    def peak(self) -> float: ...
    def room(self) -> float: ...


class CudaMeter:
    """torch's counters of the current CUDA device."""

    def reset(self) -> None:
        import torch

        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()

    def peak(self) -> float:
        return fitting.peak_of("cuda")

    def room(self) -> float:
        return fitting.room_of("cuda")


def meter_for(device: str, launch: str) -> Meter | None:
    """Give the meter of a device that can be measured; None: the estimate decides."""
    return CudaMeter() if device == "cuda" and launch == "none" else None


def decision(out: Path) -> bool | None:
    """Give what an earlier call of this training decided on recomputation; None at the first."""
    path = out / loop.CHECKPOINTS / DECISION
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["gradient_checkpointing"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(out: Path, recompute: bool, by: str, **more: Any) -> None:
    """Keep the decision for a resumed training."""
    row = {"gradient_checkpointing": recompute, "by": by, **more}
    artifact.write_atomic(out / loop.CHECKPOINTS / DECISION, json.dumps(row, indent=1) + "\n")


def watch(trainer: Any, load: Load, out: Path, notes: dict[str, Any]) -> None:
    """Have the trainer run its heaviest micro-batch first, where the device's memory can be measured."""
    meter = meter_for(load.device, load.config.launch)
    if meter is not None:
        trainer.add_callback(HeaviestFirst(trainer, load, out, notes, meter))


class HeaviestFirst(TrainerCallback):
    """Runs the heaviest micro-batch forward and backward before step 1, and turns recomputation on if it must.

    `notes` gets the decision and the peak. Raises UserError when the micro-batch fits in no way that the options allow.
    """

    def __init__(self, trainer: Any, load: Load, out: Path, notes: dict[str, Any], meter: Meter):
        self.trainer, self.load, self.out, self.notes, self.meter = trainer, load, out, notes, meter

    @property
    def config(self) -> TrainConfig:
        return self.load.config

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step or decision(self.out) is not None:
            return  # resumed: as it began
        recompute = bool(args.activation_checkpointing)
        peak = self._run(recompute)
        if not recompute and self.config.gradient_checkpointing == "auto" and peak > SHARE * self.meter.room():
            from .internals import start_recomputing

            start_recomputing(self.trainer)
            recompute = True
            peak = self._run(recompute)
        self.notes["gradient_checkpointing"] = recompute
        self.notes["memory"] = {
            "measured_gb": round(peak / 1e9, 3),
            "estimated_gb": round(self.load.estimate(recompute) / 1e9, 3),
            "room_gb": round(self.meter.room() / 1e9, 1),
        }
        keep(self.out, recompute, "measured", peak_bytes=round(peak))
        self.meter.reset()  # peaks told from here on are the training's

    def _run(self, recompute: bool) -> float:
        """Give the bytes of the heaviest pass and its optimizer; inf where they ran out and it can recompute yet."""
        from .internals import try_rows

        self.meter.reset()
        try:
            try_rows(self.trainer, self._rows())
        except (MemoryError, RuntimeError) as error:
            if not fitting.is_out_of_memory(error):
                raise
            peak, room = self.meter.peak(), self.meter.room()
            if recompute or self.config.gradient_checkpointing != "auto":
                raise fitting.told(error, self.load, recompute=recompute, peak=peak, room=room) from error
            log.info("the heaviest pass does not fit without recomputation")
            return float("inf")
        finally:
            self.trainer.model.zero_grad(set_to_none=True)
        parts = self.load.parts(recompute)  # what is not there yet before the first step
        more = parts["optimizer"] + (parts["gradients"] if self.trainer.args.gradient_accumulation_steps > 1 else 0.0)
        return self.meter.peak() + more

    def _rows(self) -> list[Any]:
        rows = self.trainer.train_dataset
        if self.load.passes.layout != "packed":
            return [rows[i] for i in self.load.passes.heaviest(self.config)]
        fullest = sorted(range(len(rows)), key=lambda i: -len(rows[i]["input_ids"]))
        return [rows[i] for i in fullest[: self.config.micro_batch_size]]
