"""What stops a DPO training whose policy does not start at its reference."""

from __future__ import annotations

import math
from typing import Any

from transformers import TrainerCallback

from ..errors import UserError


class FirstStep(TrainerCallback):
    """Stops a training whose policy does not start at its reference: the first loss must be ln 2, its margin 0."""

    def __init__(self, plain_sigmoid: bool, tolerance: float):
        self.plain_sigmoid, self.tolerance = plain_sigmoid, tolerance
        self.first_loss: float | None = None

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if state.global_step != 1 or "loss" not in (logs or {}):
            return
        self.first_loss = float(logs["loss"])
        margin = float(logs["rewards/margins"])
        off = abs(self.first_loss - math.log(2)) if self.plain_sigmoid else abs(margin)
        if off > self.tolerance:
            raise UserError(
                f"the first step has loss {self.first_loss:.5f} and margin {margin:.5f}, not ln 2 = {math.log(2):.5f} "
                "and 0: the policy does not start at its reference",
                "dpo",
                "Merge the adapter first and start from the merged model, or remove options under trainer: that "
                "change the reference.",
            )
