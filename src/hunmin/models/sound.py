"""No failure becomes a number: weights that all found their place, and numbers that are numbers."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
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


LARGEST = 1e18  # of a weight; fp32 squares end at 3.4e38, where a norm divides by infinity and gives nothing but zeros


class NotNumbers(UserError):
    """What a model gave is no number, so there is nothing to score and nothing to say."""


def check_finite(tensors: Iterable[tuple[str, Any]], where: str, mend: str = "") -> None:
    """Raise UserError that names the first of these weights that holds nan or infinity, or one as good as infinite."""
    for name, tensor in tensors:
        if not tensor.is_floating_point() or tensor.device.type == "meta" or not tensor.numel():
            continue
        what = ""
        if not bool(tensor.isfinite().all()):
            what = f"{int((~tensor.isfinite()).sum()):,} values that are no numbers (nan or infinity)"
        elif tensor.dtype.itemsize > 1 and max(map(abs, map(float, tensor.detach().aminmax()))) > LARGEST:
            what = f"values above {LARGEST:.0e}, whose squares are no numbers (infinity)"
        if what:
            raise UserError(
                f"the weight {name} holds {what}", where,
                mend or "Copy the model again, or take an earlier checkpoint; fp16 training overflows to them.",
            )  # fmt: skip


def check_buffers(model: Any, where: str) -> None:
    """Raise UserError for a buffer (an expert's bias, a rotary frequency) that holds nan; infinity may be a mask's."""
    floats = ((n, b) for n, b in model.named_buffers() if b.is_floating_point() and b.device.type != "meta")
    check_finite(((name, buffer) for name, buffer in floats if bool(buffer.isnan().any())), where)


def check_opened(model: Any, info: Mapping[str, Any], where: str) -> None:
    """The gate of a model that was just opened, whoever opens it: refuse weights that do not fit or are no numbers.

    `info` is transformers' loading info. Raises UserError.
    """
    check_keys(info, where)
    check_finite(model.named_parameters(), where)
    check_buffers(model, where)


MEND = "Its weights are broken or overflow: try dtype: fp32 or bf16, else copy the model again or take an earlier one."


def check_scores(scores: Any, where: str) -> None:
    """Raise NotNumbers unless every log-probability of a scored token [n] is a number."""
    if not bool(scores.isfinite().all()):
        n = int((~scores.isfinite()).sum())
        raise NotNumbers(
            f"the log-probabilities of {n:,} scored tokens are no numbers (nan or infinity)", where, MEND
        )  # fmt: skip


def check_logits(logits: Any, where: str) -> None:
    """Raise NotNumbers unless logits [..., vocab] can choose a token: the best are numbers and not all are the same.

    A single nan anywhere makes the best nan; a logit of -inf only forbids its token. One row of equal logits is no
    fault: it stands behind nothing but a token whose embedding is zero, as padding's often is.
    """
    low, best = logits.amin(dim=-1), logits.amax(dim=-1)  # nan in either; aminmax is ten times slower on a CPU
    if not bool(best.isfinite().all()):
        raise NotNumbers("the model's logits are no numbers (nan or infinity)", where, MEND)
    if logits.shape[-1] > 1 and bool((low == best).all()):
        raise NotNumbers("the model's logits are the same for every token: its head or last norm is empty", where, MEND)


@contextmanager
def watched(model: Any, where: str) -> Iterator[None]:
    """Raise NotNumbers from within transformers' own generation, which takes the next token from nan as well."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    hook = inner.register_forward_hook(lambda _module, _given, output: check_logits(output.logits[:, -1], where))
    try:
        yield
    finally:
        hook.remove()
