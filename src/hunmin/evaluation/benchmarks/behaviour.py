"""How a model answers, whatever the question: does it stop, loop, slip into another script, and how long is it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from ... import statistics
from ...artifacts.rows import ScoreRow
from ...measures.korean import hangul_share
from ...measures.loops import loop
from ...measures.scripts import foreign_script
from .answering import Answered, Question

METRICS = ("stop_rate", "loop_rate", "foreign_script_rate", "hangul_share", "length_chars", "thinking_tokens")


def measured(question: Question, answer: Answered) -> dict[str, float]:
    """Give what one answer shows; what does not apply to it is absent."""
    if answer.status not in ("ok", "unfinished"):
        return {}
    found = {"stop_rate": float(answer.finish_reason == "stop"), "thinking_tokens": float(answer.n_thinking)}
    if not answer.text:
        return found
    found["loop_rate"] = float((loop(answer.text, question.record) or 0) > 0)
    found["foreign_script_rate"] = float((foreign_script(answer.text, question.record) or 0) > 0)
    found["length_chars"] = float(len(answer.text))
    share = hangul_share(answer.text, question.record)
    if share is not None:
        found["hangul_share"] = share
    return found


def rows(
    model: str,
    task: str,
    protocol: str,
    data: str,
    questions: Sequence[Question],
    answers: Sequence[Answered],
    num_fewshot: int = 0,
) -> list[ScoreRow]:
    """Give one row a metric, with n answers' questions; several samples of one question count as its mean."""
    asked = {q.id: q for q in questions}
    by_metric: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        for metric, value in measured(asked[answer.id], answer).items():
            by_metric[metric][answer.id].append(value)
    found: list[ScoreRow] = []
    for metric in METRICS:
        values = [math.fsum(v) / len(v) for v in by_metric[metric].values()]
        if not values or (metric == "thinking_tokens" and not any(values)):
            continue
        if metric.endswith("_rate") and set(values) <= {0.0, 1.0}:
            value = sum(values) / len(values)
            low, high = statistics.wilson(int(sum(values)), len(values))
        else:
            value, low, high = statistics.mean_interval(values)
        found.append(
            {
                "model": model,
                "task": f"{task}.behaviour",
                "metric": metric,
                "num_fewshot": num_fewshot,
                "protocol": protocol,
                "value": round(value, 6),
                "ci_low": round(low, 6),
                "ci_high": round(high, 6),
                "n": len(values),
                "n_truncated": sum(a.finish_reason == "length" for a in answers),
                "n_unfinished": sum(a.status == "unfinished" for a in answers),
                "data": data,
            }
        )
    return found
