"""Whether a task's gold answers can be right at all: among the choices, and more than one.

lm-eval counts a gold answer that is none of the choices (hidden labels, -1) as wrong for every model, with a message
nobody sees.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

from ...errors import UserError

log = logging.getLogger("hunmin")

FEW = 8  # rows whose answers may well all be the same
REPEATED = 0.05  # public sets hold a row twice now and then


def warn_if_one(task: str, golds: Sequence[Any]) -> None:
    """Warn when all gold answers are the same: a model that always says it has them all."""
    if len(golds) >= FEW and len({str(gold) for gold in golds}) == 1:
        log.warning("%s: all %d gold answers are the same (%s); a constant scores 1", task, len(golds), golds[0])


def warn_if_repeated(task: str, rows: Sequence[Any]) -> None:
    """Warn when more than one row in twenty stands there before: they are counted, so intervals are too narrow."""
    again = len(rows) - len({json.dumps(row, sort_keys=True, ensure_ascii=False, default=str) for row in rows})
    if again > REPEATED * len(rows):
        log.warning("%s: %d of %d rows are repeated; its intervals are too narrow", task, again, len(rows))


def check(task: str, body: Any) -> None:
    """Warn of the questions of an lm-eval multiple choice whose gold answer is no choice, or that has fewer than two.

    Raises UserError when that is every question, when a choice is empty, and for a task without rows.
    """
    if not len(body.eval_docs):
        raise UserError("no rows", task, "Its file is empty, or its process_docs keeps none.")
    warn_if_repeated(task, [dict(doc) for doc in body.eval_docs])
    if getattr(body, "OUTPUT_TYPE", "") != "multiple_choice" or getattr(body, "multiple_input", 0):
        return
    astray, alone, golds = [], [], []
    docs = list(body.eval_docs)
    for i, doc in enumerate(docs):
        choices, gold = list(body.doc_to_choice(doc)), body.doc_to_target(doc)
        golds.append(gold)
        if not _among(gold, choices):
            astray.append(i)
        if not all(f"{body.config.target_delimiter}{choice}" for choice in choices):
            raise UserError("a choice is empty", f"{task}, row {i}", "It has no tokens to score: mend the row.")
        if len(set(choices)) < 2:
            alone.append(i)
    for bad, what in ((astray, "has a gold answer that is none of its choices"), (alone, "has fewer than two choices")):
        if bad and len(bad) == len(docs):
            told = f"every question {what} (the first: {golds[0]!r})"
            raise UserError(told, task, "Are these the rows with answers? Mend doc_to_target or doc_to_choice.")
        if bad:
            counted = f"{len(bad)} of {len(docs)} questions count as wrong"
            log.warning("%s: %s: each %s; the first is row %d", task, counted, what, bad[0])
    warn_if_one(task, golds)


def _among(gold: Any, choices: Sequence[Any]) -> bool:
    if isinstance(gold, list):
        return bool(gold) and all(_among(one, choices) for one in gold)
    if isinstance(gold, int):
        return 0 <= gold < len(choices)
    return str(gold) in [str(choice) for choice in choices] or (str(gold).isdecimal() and int(gold) < len(choices))
