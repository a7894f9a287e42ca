"""No failure becomes a number: weights that all found their place, and numbers that are numbers."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import UserError

log = logging.getLogger("hunmin")

SPARE = re.compile(
    r"(?i)(^|[._])((vision|visual|image|audio|video|multi_modal|mm)(_\w+)?|vit|mtp|multi_token\w*|nextn\w*)([._]|$)"
)
"""Weights of a model's other senses and of multi-token prediction: a text model runs without them."""


def check_keys(info: Mapping[str, Any], where: str) -> None:
    """Refuse a model whose weights do not all fit its config, by transformers' loading info.

    What transformers itself ignores is not in it; unused vision or multi-token-prediction weights are only told.
    Raises UserError: it would answer with random weights in the gaps, each time others.
    """
    missing = sorted(map(str, info.get("missing_keys") or ()))
    unexpected = sorted(map(str, info.get("unexpected_keys") or ()))
    mismatched = sorted(str(row[0]) for row in info.get("mismatched_keys") or ())
    spare = [key for key in unexpected if SPARE.search(key)]
    unexpected = [key for key in unexpected if not SPARE.search(key)]
    if spare:
        log.warning("%s: %d weights of other senses or of multi-token prediction are not used", where, len(spare))
    faults = []
    for keys, told in ((missing, "missing"), (unexpected, "unexpected"), (mismatched, "of another shape")):
        if keys:
            faults.append(f"{len(keys):,} weights are {told} (such as {keys[0]})")
    if faults:
        raise UserError(
            f"the weights do not fit the model's config: {'; '.join(faults)}", where,
            "Is config.json (model_type, num_hidden_layers) the one of these weights, and is every file there? "
            "Copy the model again.",
        )  # fmt: skip


def check_finite(tensors: Iterable[tuple[str, Any]], where: str, mend: str = "") -> None:
    """Raise UserError that names the first of these weights that holds nan or infinity."""
    for name, tensor in tensors:
        if tensor.is_floating_point() and tensor.device.type != "meta" and not bool(tensor.isfinite().all()):
            n = int((~tensor.isfinite()).sum())
            raise UserError(
                f"the weight {name} holds {n:,} values that are no numbers (nan or infinity)", where,
                mend or "Copy the model again, or take an earlier checkpoint; fp16 training overflows to them.",
            )  # fmt: skip


def check_scores(scores: Any, where: str) -> None:
    """Raise UserError unless every log-probability of a scored token [n] is a number."""
    if not bool(scores.isfinite().all()):
        n = int((~scores.isfinite()).sum())
        raise UserError(
            f"the log-probabilities of {n:,} scored tokens are no numbers (nan or infinity)", where,
            "The model's weights or its number format overflow: try dtype: fp32 or bf16.",
        )  # fmt: skip
