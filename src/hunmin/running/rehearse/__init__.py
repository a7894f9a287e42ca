"""Any recipe at tiny size: the same stages and code, offline, on a CPU, in about a minute.

What cannot come along is replaced, and every replacement is said in words: the base by a tiny one of the same
architecture, Hub sources by bundled rows written in the source's own format, services by replies recorded beforehand,
and amounts, lengths, steps and shots by small ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...artifacts.record import Record, dumps, read_jsonl
from ...artifacts.rows import JsonObject
from ...errors import UserError
from ...measures import VERIFIERS
from ..recipe import BUNDLED, Recipe, Step, contract_problems
from . import bases, sources
from .sources import ROWS, Changes

STEPS = 4  # optimizer steps
MAX_LENGTH = 384
OWN_MAX_LENGTH = 1024
RECORDED = "recorded-replies"


def tiny(recipe: Recipe) -> tuple[Recipe, list[str]]:
    """Give the recipe at tiny size and what was replaced, a line each.

    Raises UserError for a stage whose source has no bundled rows of its format.
    """
    said: list[str] = []
    steps: list[Step] = []
    translates = any(step.stage.name == "translate" for step in recipe.steps)
    replies: list[Record] = []
    own = any(map(sources.is_own, recipe.steps))
    verified = not own and _verifies(recipe)
    for step in recipe.steps:
        changes: Changes = {}
        rows = sources.bundled("en.jsonl" if translates else _rows(recipe, step, verified))
        if any(getattr(s.config, "thinking", "auto") in ("learn", "show") for s in recipe.steps):
            rows = sources.with_thoughts()
        config = step.config
        if step.stage.name == "load":
            changes = sources.load(config, rows, replies)
        elif step.stage.name == "mix":
            changes = sources.mix(config, rows, replies)
        elif step.stage.name == "translate":
            changes = sources.translate(config, replies, own)
        elif verified and step.stage.name == "respond" and config.engine == "local":  # type: ignore[attr-defined]  # respond has it
            changes = _respond_verified(config)
        elif verified and step.stage.name == "pair":
            changes = {}
        elif step.stage.name in CHANGES:
            changes = CHANGES[step.stage.name](config)
        if own:
            changes = _for_own_rows(step.stage.name, config, changes)
        told = _say(config, changes)
        if own and step.stage.name == "translate":
            told += "; your own texts have none: Korean filler words stand in for their translation"
        elif own and "recorded:" in str(changes.get("base_url")) and step.stage.name != "judge":
            told += "; your own records have none: those of other records stand in"
        if told:
            said.append(f"{step.label}: {told}")
        steps.append(replace(step, config=_with(config, changes)))
    problems = contract_problems(steps)
    if problems:
        raise UserError("\n".join(problems), f"{recipe.name} --scale tiny", "The recipe cannot be rehearsed as it is.")
    return replace(recipe, name=f"{recipe.name}-tiny", steps=tuple(steps), ledger=None), said


def _verifies(recipe: Recipe) -> bool:
    """Tell a recipe that holds answers against a gold one: it is rehearsed with problems that bring one."""
    return any(
        getattr(step.config, "measure", None) in VERIFIERS or VERIFIERS & set(getattr(step.config, "rewards", ()))
        for step in recipe.steps
    )


def _rows(recipe: Recipe, step: Step, verified: bool) -> str:
    """Give the bundled file whose rows stand for what a step loads."""
    config: Any = step.config
    if step.stage.name == "load" and sources.is_preference(config):
        return "preference.jsonl"
    names = [s.stage.name for s in recipe.steps]
    one = sum(name in ("load", "mix") for name in names) == 1
    prefers = any(s.stage.name == "dpo" and not s.config.data for s in recipe.steps)  # type: ignore[attr-defined]  # dpo has it
    if one and prefers and "pair" not in names:
        return "preference.jsonl"
    return "maths.jsonl" if verified and step.stage.name == "load" and config.path else "ko.jsonl"


def _for_own_rows(name: str, config: Any, changes: Changes) -> Changes:
    """Give the changes with what rows of any length and without recorded replies need besides."""
    if name in ("rate", "respond") and "base_url" in changes:
        file = Path(str(changes["base_url"]).removeprefix("recorded:")).name
        return {**changes, "base_url": f"recorded:{sources.with_stand_ins(file)}"}
    if name in ("sft", "dpo") and config.overlong == "drop":  # the tiny tokenizer makes many tokens of a long row
        return {**changes, "overlong": "truncate_prompt", "max_length": min(config.max_length, OWN_MAX_LENGTH)}
    return changes


def _with(config: Any, changes: Changes) -> Any:
    """Give a checked copy of a Config."""
    return type(config)(**{**config.model_dump(), **changes})


def _say(config: Any, changes: Changes) -> str:
    """Give the replacements in words: option, what stood there, what stands there now."""
    before = config.model_dump()
    told = []
    for name, now in changes.items():
        was = before[name]
        if was == now:
            continue
        if name == "sources":
            told += [
                f"{a['name']}: {_where(a)} by {len_of(b)} bundled rows in the same format"
                for a, b in zip(was, now, strict=True)
            ]
        elif name in ("hub", "path") and now:
            told.append(f"{_where(before)} by {ROWS} bundled rows in the same format")
        elif name in ("split", "subset", "source") or (name in ("hub", "path", "revision") and not now):
            continue
        elif name == "base_model":
            told.append(f"base_model {was or 'of the run'} by {_name(now)}")
        elif name in ("replies", "base_url"):
            whose = "the model's own" if before.get("engine") == "local" else "the service's"
            told.append(f"{whose} answers by recorded replies, written for hunmin")
        else:
            told.append(f"{name} {_short(was)} by {_short(now)}")
    return "; ".join(dict.fromkeys(told))


def _where(row: JsonObject) -> str:
    return row.get("hub") or row.get("path") or "the source"


def len_of(source: JsonObject) -> int:
    return sum(1 for _ in read_jsonl(next(Path(source["hub"]).glob("*.jsonl"))))


def _short(value: Any) -> str:
    if isinstance(value, str):
        return _name(value) or "none"
    if isinstance(value, list):
        return "[" + ", ".join(_short(v) for v in value) + "]"
    return dumps(value)


def _name(value: str) -> str:
    return Path(value).name if value.startswith("/") else value


def _rate(config: Any) -> Changes:
    if config.rater == "ifd":
        return {"model": "tiny:llama", "revision": None, "quantization": "none"}
    return {
        "model": RECORDED,  # no rating may pass for one of the model that the recipe names
        "base_url": f"recorded:{BUNDLED / 'rate_replies.jsonl'}",
        "structured": "text",
        "request": {},
    }


def _respond(config: Any) -> Changes:
    """Recorded answers stand for the endpoint's, a tiny model for a local one; what they would fail is not asked."""
    changes: Changes = {"n": min(config.n, 2), "keep": [], "system": None, "revision": None, "quantization": "none"}
    if config.engine == "local":
        model = {} if config.model == "newest" else {"model": "tiny:llama"}
        return {**changes, **model, "max_new_tokens": min(config.max_new_tokens, 12)}
    recorded = f"recorded:{BUNDLED / 'respond_replies.jsonl'}"
    return {**changes, "model": RECORDED, "base_url": recorded, "request": {}}


def _respond_verified(config: Any) -> Changes:
    """A right and a wrong answer to each problem stand for the model's own: a tiny model solves none."""
    recorded = f"recorded:{sources.maths_replies()}"
    return {"engine": "llm", "model": RECORDED, "base_url": recorded, "request": {}, "n": 2, "revision": None}


def _judge(config: Any) -> Changes:
    return {
        "model": RECORDED,
        "questions": "sample",
        "limit": min(config.limit or 4, 4),
        "base_url": f"recorded:{BUNDLED / 'judge_replies.jsonl'}",
        "answer_base_url": None,
        "answers": [],
        "max_new_tokens": min(config.max_new_tokens, 12),
        "num_beams": min(config.num_beams, 2),
        "quantization": "none",
        "revision": None,
    }


# --- models ---


def _train(config: Any) -> Changes:
    changes: Changes = {
        "revision": None,
        "max_length": min(config.max_length, MAX_LENGTH),
        "max_steps": min(config.max_steps or STEPS, STEPS),
        "batch_size": 4,
        "micro_batch_size": min(config.micro_batch_size, 2),
        "warmup_steps": min(config.warmup_steps, 1),
        "val_size": min(config.val_size, 4) if config.val_size >= 1 else config.val_size,
        "eval_steps": min(config.eval_steps, 2),
        "save_steps": STEPS,
        "logging_steps": 1,
        "launch": "none",
        "num_processes": 1,
        "quantization": "none",
        "dtype": "auto",
        "report_to": [],
        "project": "",
        "trust_remote_code": False,
    }
    if config.base_model:
        changes["base_model"] = bases.tiny_base(config.base_model, config.template)
    return changes


def _dpo(config: Any) -> Changes:
    changes = _train(config)
    if config.data and not Path(config.data).is_file():
        changes["data"] = str(BUNDLED / "preference.jsonl")
    if config.max_prompt_length:
        changes["max_prompt_length"] = min(config.max_prompt_length, MAX_LENGTH // 2)
    return changes


def _grpo(config: Any) -> Changes:
    return {**_train(config), "n": 2, "max_new_tokens": min(config.max_new_tokens, 16)}


def _merge(config: Any) -> Changes:
    base = {"base_model": bases.tiny_base(config.base_model, "")} if config.base_model else {}
    return {**base, "revision": None, "check_tokens": min(config.check_tokens, 4)}


def _evaluate(config: Any) -> Changes:
    shots = config.num_fewshot if isinstance(config.num_fewshot, list) else [config.num_fewshot]
    return {
        "data": str(BUNDLED / "benchmark"),
        "revision": None,
        "protocol": "harness" if config.protocol == "upstream" else config.protocol,
        "num_fewshot": list(dict.fromkeys(min(k, 2) for k in shots)),
        "limit": min(config.limit or 6, 6),
        "max_new_tokens": min(config.max_new_tokens, 12),
        "repeats": 1,
        "remote": [],
        "baselines": [],
        "include_path": [],
        "lm_eval": {},
        "launch": "none",
        "num_processes": 1,
        "quantization": "none",
        "trust_remote_code": False,
    }


# --- the rest ---


def _sample(config: Any) -> Changes:
    return {
        "n": min(config.n, 24) if config.n else None,
        "per_stratum": min(config.per_stratum, 4) if config.per_stratum else None,
        "quota": {k: min(v, 4) for k, v in config.quota.items()},
    }


def _filter(config: Any) -> Changes:
    return {"top_k": min(config.top_k, 24)} if config.top_k else {}


def _against(names: Iterable[str]) -> list[str]:
    return [name if Path(name).exists() else str(BUNDLED / "benchmark") for name in names]


CHANGES: dict[str, Callable[[Any], Changes]] = {
    "review": lambda config: {"unreviewed": "keep"} if config.unreviewed == "stop" else {},
    "decontaminate": lambda config: {"against": list(dict.fromkeys(_against(config.against)))},
    "check": lambda config: {"checks": [c for c in config.checks if c != "sense"]} if "sense" in config.checks else {},
    "sample": _sample,
    "filter": _filter,
    "rate": _rate,
    "respond": _respond,
    "pair": lambda config: {} if config.by == "rating" else {"by": "length", "prefer": "higher", "min_chosen": None},
    "judge": _judge,
    "sft": _train,
    "dpo": _dpo,
    "grpo": _grpo,
    "merge": _merge,
    "evaluate": _evaluate,
    "publish": lambda config: {"repo": None},
}
