"""What a model loses without its BOS token: the same texts with and without, in nats a token.

Measured on Gemma 3 270M: Korean paragraphs cost 2.6 to 3.6 nats a token with BOS and 5.6 to 6.0 without; SentiNeg
0-shot accuracy 0.683 and 0.450. The harness protocol sends none, so such a model is scored broken under it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...artifacts.rows import Notes
from .endpoint import Remote
from .scorer import Scorer

TEXTS = 20
MAX_TOKENS = 64  # of each text
LARGE = 0.5  # nats a token; a model that does not mind loses less than 0.1


def measure(opened: Scorer | Remote, tokenizer: Any, texts: Sequence[str]) -> Notes | None:
    """Give {with, without, n}: nats a token of the first 20 different texts; None when the tokenizer has no BOS."""
    bos = tokenizer.bos_token_id
    if bos is None:
        return None
    picked = list(dict.fromkeys(text for text in texts if text.strip()))[:TEXTS]
    ids = tokenizer(picked, add_special_tokens=False, verbose=False)["input_ids"] if picked else []
    kept = [tuple(row[:MAX_TOKENS]) for row in ids if len(row) > 1]
    if not kept:
        return None
    n = sum(len(row) - 1 for row in kept)
    found = {}
    for name, head in (("with", (bos,)), ("without", ())):
        found[name] = round(-sum(opened.alone([((*head, row[0]), row[1:]) for row in kept])) / n, 4)
    return {**found, "n": len(kept)}


def gap(found: Notes | None) -> float | None:
    """Give how many nats a token a model loses without BOS; None when there is nothing to say."""
    return None if found is None else round(found["without"] - found["with"], 4)
