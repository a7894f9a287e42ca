"""One model on one task at one number of shots under the harness protocol: score rows and per-document predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ... import statistics
from ...artifacts.identity import hash_of
from ...artifacts.rows import Document, ScoreRow
from ...errors import UserError
from ...tables import did_you_mean, resolve
from . import BENCHMARKS, GENERATED, SUITES, gold_answers, metrics, scorer, tokens
from . import task_rows as rows
from .endpoint import Remote
from .kobest import Item, Task, items

HARNESS, BOS = "harness", "harness-bos"
FIXED = "-fixed"  # ends the name of a protocol with one draw of shots for all


@dataclass(frozen=True)
class Job:
    """One task at one number of shots, its prompts built: the same for every model and process."""

    task: Task
    num_fewshot: int
    protocol: str
    items: list[Item]
    data: str

    @property
    def n_choices(self) -> int:
        return sum(len(item.choices) for item in self.items)

    @property
    def digest(self) -> str:
        """Name all prompts, choices and gold answers, shots included."""
        return hash_of([[item.digests(), item.gold] for item in self.items])


PACKAGED = frozenset(t for of in SUITES.values() for t in of if t not in BENCHMARKS and t not in GENERATED)


def planned(asked: Sequence[str], protocol: str) -> list[tuple[str, str]]:
    """Give (how, task) of everything that `asked` names: "chat" for generated answers, "harness" for tasks that have
    that protocol, else "upstream". A suite may mix them, and its members asked for alone run as in it; any other name
    must have the protocol asked for.

    Raises UserError for a name without a harness protocol, naming the nearest.
    """
    found: list[tuple[str, str]] = []
    for name in asked:
        lower = name.lower()
        if lower in GENERATED:
            found.append(("chat", lower))
            continue
        if lower not in SUITES:
            if name in PACKAGED:
                found.append(("upstream", name))
            elif protocol == "upstream":
                found.append((protocol, f"kobest_{lower}" if f"kobest_{lower}" in BENCHMARKS else name))
            else:
                found += [("harness", task) for task in task_names([name])]
            continue
        for task in SUITES[lower]:
            how = "chat" if task in GENERATED else "harness" if task in BENCHMARKS else "upstream"
            found.append(("upstream" if how == "harness" and protocol == "upstream" else how, task))
    return list(dict.fromkeys(found))


def task_names(asked: Sequence[str]) -> list[str]:
    """Give the tasks that `asked` names and suites stand for; `boolq` and `BoolQ` mean kobest_boolq.

    Raises UserError for a name without a harness protocol, naming the nearest.
    """
    found: list[str] = []
    for name in asked:
        lower = name.lower()
        if lower in SUITES and all(t in BENCHMARKS for t in SUITES[lower]):
            found += SUITES[lower]
        elif lower in BENCHMARKS:
            found.append(lower)
        elif f"kobest_{lower}" in BENCHMARKS:
            found.append(f"kobest_{lower}")
        elif ":" in name:
            found.append(name)
        else:
            near = did_you_mean(
                name, (*SUITES, *BENCHMARKS, *GENERATED, *(b.removeprefix("kobest_") for b in BENCHMARKS))
            )
            raise UserError(
                f"unknown task '{name}' of the harness protocol{near}",
                "tasks",
                f"Known: kobest, {', '.join(BENCHMARKS)}. lm-eval's own tasks need protocol: upstream.",
            )
    return list(dict.fromkeys(found))


def tasks(asked: Sequence[str]) -> list[Task]:
    """Give the tasks themselves. Raises UserError as `task_names`."""
    return [resolve(BENCHMARKS, name, "task", "tasks") for name in task_names(asked)]


def jobs(
    asked: Sequence[str],
    shots: Sequence[int],
    data: str | None,
    *,
    revision: str | None = None,
    limit: int | None = None,
    fixed: bool = False,
    protocol: str = HARNESS,
) -> list[Job]:
    """Build every task's prompts at every number of shots. Raises UserError for bad data or too few train rows."""
    found = []
    for task in tasks(asked):
        test = rows.read(task, "test", data, revision)
        train = rows.read(task, "train", data, revision) if any(shots) else []
        gold_answers.warn_if_repeated(task.name, [[row[c] for c in task.columns] for row in test])
        gold_answers.warn_if_one(task.name, [row["label"] for row in test])
        for k in shots:
            if k > len(train):
                raise UserError(
                    f"{k} shots asked, but {task.name} has only {len(train)} train rows",
                    "num_fewshot",
                    "Ask for fewer.",
                )
            named = protocol + FIXED if fixed and k else protocol
            found.append(
                Job(task, k, named, items(task, test, train, k, limit, fixed), rows.data_name(task, test, data))
            )
    return found


def run_job(
    job: Job,
    model_name: str,
    opened: scorer.Scorer | Remote,
    tokenizer: Any,
    tick: Callable[..., None] | None = None,
    **shard: Any,
) -> list[Document]:
    """Score a job's documents; give documents.jsonl's rows, in the protocol's order, without any text."""
    bos = None
    if job.protocol.startswith(BOS):
        bos = tokenizer.bos_token_id
        if bos is None:
            raise UserError(
                "the tokenizer has no BOS token", model_name, f"Score this model under protocol: {HARNESS}."
            )
    requests = tokens.encode(tokenizer, [(item.context, item.choices) for item in job.items], bos)
    scores = opened.score(requests, tick, **shard)
    found: list[Document] = []
    for item, request, scored in zip(job.items, requests, scores, strict=True):
        values = scored.loglikelihoods
        normed = [v / n for v, n in zip(values, item.lengths(), strict=True)]
        found.append(
            {
                "model": model_name,
                "task": job.task.name,
                "num_fewshot": job.num_fewshot,
                "protocol": job.protocol,
                "data": job.data,
                "position": item.position,
                "index": item.index,
                "gold": item.gold,
                "prediction": best(values),
                "prediction_norm": best(normed),
                "loglikelihoods": [round(v, 6) for v in values],
                "greedy": scored.greedy,
                "prompt": item.digests(),
                "n_context_tokens": len(request.context),
                "truncated": tokens.is_truncated(request, opened.max_length),
            }
        )
    return found


def best(values: Sequence[float]) -> int:
    """Give the index of the largest value, the first of equal ones (numpy's argmax)."""
    return max(range(len(values)), key=values.__getitem__)


def score_rows(documents: Sequence[Document], task: Task) -> list[ScoreRow]:
    """Give scores.json's rows of one model, task and number of shots, each with interval, n and chance level."""
    gold = [d["gold"] for d in documents]
    first = documents[0]
    found: list[ScoreRow] = []
    for metric in task.metrics:
        predicted = [d["prediction_norm" if metric == "acc_norm" else "prediction"] for d in documents]
        if metric == "macro_f1":
            value = metrics.macro_f1(gold, predicted)
            low, high = statistics.macro_f1_interval(gold, predicted)
        else:
            value = metrics.accuracy(gold, predicted)
            low, high = statistics.wilson(sum(g == p for g, p in zip(gold, predicted, strict=True)), len(gold))
        found.append(
            {
                "model": first["model"],
                "task": task.name,
                "metric": metric,
                "num_fewshot": first["num_fewshot"],
                "protocol": first["protocol"],
                "value": round(value, 6),
                "ci_low": round(low, 6),
                "ci_high": round(high, 6),
                "n": len(gold),
                "n_truncated": sum(d["truncated"] for d in documents),
                "data": first["data"],
                "chance": round(metrics.chance_level(metric, gold, task.labels), 6),
            }
        )
    return found
