"""Any recipe at tiny size: the same stages and code, offline, on a CPU, in about a minute.

What cannot come along is replaced, and every replacement is said in words: the base by a tiny one of the same
architecture, Hub sources by bundled rows written in the source's own format, services by replies recorded beforehand,
and amounts, lengths, steps and shots by small ones.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from .artifact import hash_of
from .errors import UserError
from .formats import FORMATS
from .publishing import known
from .recipe import BUNDLED, Recipe, Step, contract_problems
from .record import Record, dumps, kind, read_jsonl, texts, write_jsonl
from .tables import resolve

ROWS = 48  # records a source holds in a rehearsal
STEPS = 4  # optimizer steps
MAX_LENGTH = 384
CHATML = ("<|im_start|>", "<|im_end|>")


def tiny(recipe: Recipe) -> tuple[Recipe, list[str]]:
    """Give the recipe at tiny size and what was replaced, a line each.

    Raises UserError for a stage whose source has no bundled rows of its format.
    """
    said: list[str] = []
    steps: list[Step] = []
    translates = any(step.stage == "translate" for step in recipe.steps)
    prefers = any(step.stage == "dpo" and not step.config.data for step in recipe.steps)  # type: ignore[attr-defined]
    rows = _bundled("en.jsonl" if translates else "preference.jsonl" if prefers else "ko.jsonl")
    replies: list[Record] = []
    for step in recipe.steps:
        changes: dict[str, Any] = {}
        config = step.config
        if step.stage == "load":
            changes = _load(config, rows, replies)
        elif step.stage == "mix":
            changes = _mix(config, rows, replies)
        elif step.stage == "translate":
            changes = _translate(config, replies)
        elif step.stage in CHANGES:
            changes = CHANGES[step.stage](config)
        told = _say(config, changes)
        if told:
            said.append(f"{step.label}: {told}")
        steps.append(replace(step, config=_with(config, changes)))
    problems = contract_problems(steps)
    if problems:
        raise UserError("\n".join(problems), f"{recipe.name} --scale tiny", "The recipe cannot be rehearsed as it is.")
    return replace(recipe, name=f"{recipe.name}-tiny", steps=tuple(steps), ledger=None), said


def _with(config: Any, changes: dict[str, Any]) -> Any:
    """Give a checked copy of a Config."""
    return type(config)(**{**config.model_dump(), **changes})


def _say(config: Any, changes: dict[str, Any]) -> str:
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
            told.append("the service's answers by recorded replies, written for hunmin")
        else:
            told.append(f"{name} {_short(was)} by {_short(now)}")
    return "; ".join(dict.fromkeys(told))


def _where(row: dict[str, Any]) -> str:
    return row.get("hub") or row.get("path") or "the source"


def len_of(source: dict[str, Any]) -> int:
    return sum(1 for _ in read_jsonl(next(Path(source["hub"]).glob("*.jsonl"))))


def _short(value: Any) -> str:
    if isinstance(value, str):
        return _name(value) or "none"
    if isinstance(value, list):
        return "[" + ", ".join(_short(v) for v in value) + "]"
    return dumps(value)


def _name(value: str) -> str:
    return Path(value).name if value.startswith("/") else value


def cache_folder() -> Path:
    """Give the user's cache folder for rows and bases of rehearsals."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "hunmin" / "rehearsal"


def _bundled(name: str) -> list[Record]:
    return list(read_jsonl(BUNDLED / name))


# --- sources ---


def _load(config: Any, rows: list[Record], replies: list[Record]) -> dict[str, Any]:
    folder = _source(config, config.hub or config.path, rows, ROWS, replies)
    if config.hub:
        source = config.source or f"rehearsal-{config.hub.split('/')[-1]}"
        return {"hub": str(folder), "revision": None, "subset": None, "split": "train", "source": source}
    if Path(config.path).is_file():  # the user's own file is here already; a few of its rows will do
        return {"limit": min(config.limit or ROWS, ROWS)}
    return {"path": str(next(folder.glob("*.jsonl")))}


def _mix(config: Any, rows: list[Record], replies: list[Record]) -> dict[str, Any]:
    sources = []
    n = len(config.sources)
    for i, source in enumerate(config.sources):
        row = source.model_dump()
        if source.hub or source.path:
            folder = _source(source, source.hub or source.path, rows[i::n], max(8, 2 * ROWS // n), replies)
            row |= {"hub": str(folder), "path": None, "revision": None, "subset": None, "split": "train"}
            if isinstance(source.take, int):
                row["take"] = min(source.take, 12 + 4 * i)
        sources.append(row)
    return {"sources": sources}


def _source(config: Any, name: str, rows: list[Record], n: int, replies: list[Record]) -> Path:
    """Write n bundled rows in the format of a source, as a data set folder in the cache, and note their records.

    What `load` reads back is what was written: checked here, record by record.
    """
    shape = config.format if config.format != "auto" else (known.dataset(name) or {}).get("format") or "alpaca"
    written, kept = [], []
    for record in rows:
        row, back = _row(record, shape, config)
        if row is not None:
            written.append(row)
            kept.append({**back, "id": record["id"]})
        if len(written) == n:
            break
    if not written:
        raise UserError(f"no bundled row fits the format '{shape}'", name, "Rehearse another recipe.")
    replies += kept
    folder = cache_folder() / f"{name.replace('/', '--')}-{hash_of(written)}"
    path = folder / "train.jsonl"
    if not path.is_file():
        write_jsonl(path, written)
    return folder


def _row(record: Record, shape: str, config: Any) -> tuple[dict[str, Any] | None, Record]:
    """Give a bundled record as a row of the shape, and the record it reads back as; None when it does not fit."""
    record = {k: v for k, v in record.items() if k != "source"}
    if config.columns:
        if kind(record) != "instruction" or record.get("system"):
            return None, record
        row = {column: record.get(field) or "" for field, column in config.columns.items()}
        if "input" not in config.columns and record.get("input"):
            return None, record
        return {**row, "id": record["id"], **_id_column(config)}, record
    if shape == "sharegpt" or shape == "messages":
        record = _as_chat(record)
    elif shape == "cot":
        record = _as_cot(record)
    module = resolve(FORMATS, shape, "format")
    if not _fits(record, shape):
        return None, record
    row = module.write(record)
    back = module.read(row)
    if len(back) != 1 or texts(back[0]) != texts(record):
        return None, record
    return row, record


def _id_column(config: Any) -> dict[str, Any]:
    return {}


def _fits(record: Record, shape: str) -> bool:
    if not record:
        return False
    wants = {"sharegpt": "chat", "messages": "chat", "ultrafeedback": "preference"}.get(shape, "instruction")
    if kind(record) != wants or (wants == "instruction" and not record.get("instruction")):
        return False
    return not (record.get("system") and shape in ("dolly", "instances", "cot")) and not (
        shape == "cot" and record.get("input")
    )


def _as_chat(record: Record) -> Record:
    if kind(record) != "instruction" or record.get("system"):
        return record
    asked = "\n\n".join(t for t in (record.get("instruction"), record.get("input")) if t)
    rest = {k: v for k, v in record.items() if k not in ("instruction", "input", "output")}
    turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": record["output"]}]
    return {**rest, "messages": turns}


def _as_cot(record: Record) -> Record:
    """Take the last sentence for the answer and what stands before it for the reasoning."""
    if kind(record) != "instruction":
        return {}
    text = record["output"].strip()
    cut = max(text.rfind(mark, 0, len(text) - 2) for mark in (". ", "다. ", ".\n", "\n"))
    if cut < 0:
        return {}
    end = cut + 1
    rationale, target = text[:end].rstrip(), text[end:].lstrip()
    if not rationale or not target:
        return {}
    task = (record.get("extra") or {}).get("task", "")
    return {**record, "output": f"{rationale}\n{target}", "extra": {"target": target, "task": task, "type": "cot"}}


# --- recorded replies ---


def _translate(config: Any, rows: list[Record]) -> dict[str, Any]:
    """Replies for the fields of these rows: the bundled ones, with the spoiled translations among them."""
    recorded = {(r["id"], r["field"]): r["reply"] for r in _bundled("replies.jsonl")}
    found: dict[tuple[str, str], str] = {}
    korean = {r["id"]: r for r in _bundled("ko.jsonl")}
    for row in rows:
        for path in texts(row):
            reply = (
                recorded.get((row["id"], path))
                or _chat_reply(row, path, recorded)
                or texts(korean[row["id"]]).get(path)
            )
            if reply:
                found[row["id"], path] = reply
    lines = [{"id": i, "field": f, "reply": reply} for (i, f), reply in found.items()]
    path = cache_folder() / f"translations-{hash_of(lines)}.jsonl"
    if not path.is_file():
        write_jsonl(path, lines)
    return {
        "engine": "recorded",
        "replies": str(path),
        "mask": False,
        "fallback": None,
        "base_url": None,
        "glossary": None,
        "glossary_id": None,
    }


def _chat_reply(row: Record, path: str, recorded: dict[tuple[str, str], str]) -> str:
    """The reply of a message that was an instruction with its input, or an output, before it became a chat."""
    parts = {"messages.0.content": ("instruction", "input"), "messages.1.content": ("output",)}.get(path, ())
    found = [recorded[row["id"], part] for part in parts if (row["id"], part) in recorded]
    return "\n\n".join(found)


def _rate(config: Any) -> dict[str, Any]:
    if config.rater == "ifd":
        return {"model": "tiny:llama", "revision": None, "quantization": "none"}
    return {"base_url": f"recorded:{BUNDLED / 'rate_replies.jsonl'}", "structured": "text", "request": {}}


def _judge(config: Any) -> dict[str, Any]:
    return {
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


def _train(config: Any) -> dict[str, Any]:
    changes: dict[str, Any] = {
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
        changes["base_model"] = _base(config.base_model, config.template)
    return changes


def _dpo(config: Any) -> dict[str, Any]:
    changes = _train(config)
    if config.data and not Path(config.data).is_file():
        changes["data"] = str(BUNDLED / "preference.jsonl")
    if config.max_prompt_length:
        changes["max_prompt_length"] = min(config.max_prompt_length, MAX_LENGTH // 2)
    return changes


def _base(name: str, template: str) -> str:
    """Give the tiny base of the same architecture; for chatml one whose tokenizer knows its marks."""
    shape = ((known.model(name) or {}).get("config") or {}).get("model_type", "llama")
    arch = "neox" if shape == "gpt_neox" or "polyglot" in name.lower() else "llama"
    return f"tiny:{arch}" if template != "chatml" else str(_with_chatml(arch))


def _with_chatml(arch: str) -> Path:
    """Give a copy of the tiny base whose tokenizer knows <|im_start|> and <|im_end|>, as Qwen's does."""
    from .tiny import build

    source = build(arch)
    version = metadata.version("transformers")
    folder = cache_folder() / f"tiny-{arch}-chatml-{hash_of([source.name, version, CHATML, 'v2'])}"
    if (folder / "config.json").is_file():
        return folder
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(source), AutoModelForCausalLM.from_pretrained(source)
    tokenizer.add_special_tokens({"additional_special_tokens": list(CHATML)})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".chatml-", dir=folder.parent))
    try:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        (temporary / "README.md").write_text("---\nlicense: apache-2.0\n---\nMade by hunmin for rehearsals.\n")
        temporary.replace(folder)
    except OSError:
        if not (folder / "config.json").is_file():  # else another process made it meanwhile
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _merge(config: Any) -> dict[str, Any]:
    base = {"base_model": _base(config.base_model, "")} if config.base_model else {}
    return {**base, "revision": None, "check_tokens": min(config.check_tokens, 4)}


def _evaluate(config: Any) -> dict[str, Any]:
    shots = config.num_fewshot if isinstance(config.num_fewshot, list) else [config.num_fewshot]
    return {
        "data": str(BUNDLED / "benchmark"),
        "revision": None,
        "protocol": "harness",
        "num_fewshot": list(dict.fromkeys(min(k, 2) for k in shots)),
        "limit": min(config.limit or 6, 6),
        "baselines": [],
        "include_path": [],
        "lm_eval": {},
        "launch": "none",
        "num_processes": 1,
        "quantization": "none",
        "trust_remote_code": False,
    }


# --- the rest ---


def _sample(config: Any) -> dict[str, Any]:
    return {
        "n": min(config.n, 24) if config.n else None,
        "per_stratum": min(config.per_stratum, 4) if config.per_stratum else None,
        "quota": {k: min(v, 4) for k, v in config.quota.items()},
    }


def _filter(config: Any) -> dict[str, Any]:
    return {"top_k": min(config.top_k, 24)} if config.top_k else {}


def _against(names: Iterable[str]) -> list[str]:
    return [name if Path(name).exists() else str(BUNDLED / "benchmark") for name in names]


CHANGES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "review": lambda config: {"unreviewed": "keep"} if config.unreviewed == "stop" else {},
    "decontaminate": lambda config: {"against": list(dict.fromkeys(_against(config.against)))},
    "check": lambda config: {"checks": [c for c in config.checks if c != "sense"]} if "sense" in config.checks else {},
    "sample": _sample,
    "filter": _filter,
    "rate": _rate,
    "judge": _judge,
    "sft": _train,
    "dpo": _dpo,
    "merge": _merge,
    "evaluate": _evaluate,
    "publish": lambda config: {"repo": None},
}
