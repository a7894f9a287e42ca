"""Adapter + base -> a plain model folder, with a numerical check that it is still the same model.

Adding a small update to weights stored in 16 bits rounds most of it away (KoRAE's DPO at 5e-7 keeps about 28 % in
bf16), so each matrix's kept share is measured, and logits and greedy answers are compared with the adapter's.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

from ..artifacts.artifact import Counts, Inputs
from ..artifacts.rows import Estimate
from ..clients.access import HubId
from ..errors import UserError
from ..options import Options, opt

READS = ()
EDITS = ()
ADDS = ()
KIND = "model"
INPUT = "model?"
OUTPUT = "model"

log = logging.getLogger("hunmin")


class Config(Options):
    adapter: str = opt("", "Adapter folder; empty = the newest model of the run.")
    base_model: str = opt("", "Base to merge into; empty = the one the adapter was trained on.")
    revision: str | None = opt(None, "Hub revision of the base; empty = the one the adapter was trained on.")
    dtype: Literal["auto", "bf16", "fp16", "fp32"] = opt("auto", "Number format to store; auto = the base's own.")
    dequantize: bool = opt(False, "Merge an adapter of a quantised base into the weights it saw, dequantised.")
    trust_remote_code: bool = opt(False, "Run Python code that comes with the model.")
    min_kept: float = opt(0.95, "Warn when a smaller share of the update survives storing (0 to 1).", ge=0, le=1)
    check_tokens: int = opt(16, "Tokens of greedy answers compared between adapter and merged model.", ge=1)
    ollama: bool = opt(False, "Also write a Modelfile for ollama.")


def needs(config: Config) -> tuple[str, ...]:
    """Give the artifact it needs: a model, unless an adapter is named."""
    return ("model?",) if config.adapter else ("model",)


def files(config: Config) -> list[Path]:
    """Give the adapter folder, where one is named."""
    return [Path(config.adapter)] if config.adapter else []


def hub(config: Config) -> list[HubId]:
    """Give the base to merge into, where one is named."""
    return [("model", config.base_model)] if config.base_model else []


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Give the adapter and base that would be merged."""
    from ..models.finding import start as start_of

    if not config.adapter and inputs.model is None:
        return {"model": "comes from an earlier stage"}
    found = start_of(config.adapter or str(inputs.model))
    return {"base_model": found.name, "adapter": str(found.adapter), "dtype": config.dtype}


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Merge and check; leave model/."""
    from ..train import merging

    notes = merging.merge(config, start(config, inputs), out)
    for warning in notes["warnings"]:
        log.warning("%s: %s", inputs.label, warning)
    agreement = f"{notes['next_token_agreement']:.1%} next tokens as the adapter's"
    notes["headline"] = f"{notes['kept_min']:.1%} of the update kept, {agreement}"
    return Counts(notes=notes)


def start(config: Config, inputs: Inputs) -> str:
    """Give the name of the adapter to merge.

    Raises UserError when there is none.
    """
    if not config.adapter and inputs.model is None:
        raise UserError("no adapter to merge", inputs.label, "Put sft or dpo before it, or set adapter.")
    return config.adapter or str(inputs.model)
