"""Let a model answer the records' instructions, n times each, and keep the answers that pass measures and verifiers.

The model is an endpoint's (through the ledger and the budget), a local one, or the run's newest. Each answer is a
record of its own; those of one instruction share `prompt_id`, from which `pair` makes preferences. An answer that
fails is dropped with the measure and its value, one that never came with its status. The record's own answer, where it
had one, stays beside it as `reference`.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from ..artifacts.artifact import Counts, Inputs, write_atomic
from ..artifacts.record import Record, kind, read_jsonl
from ..artifacts.rows import Estimate, Message, Notes
from ..artifacts.stream import Drop, count_lines, stream, take_back
from ..clients.access import Access, HubId
from ..clients.units import OUTAGE
from ..errors import EXIT_STOPPED, UserError
from ..measures.conditions import Condition, parse_conditions
from ..options import Endpoint, ModelOptions, opt
from ..templates.render import messages_of

log = logging.getLogger("hunmin")

READS = ("text",)
EDITS = ("text", "id", "label", "thinking", "ratings", "issues", "repairs", "review", "original", "generator")
ADDS = ("prompt_id", "generator", "reference", "gold", "output", "messages")
KIND = "record"
INPUT = ("records", "model?")
OUTPUT = "records"
SHARDS = "never"  # a record becomes several

OF_THE_ANSWER = ("label", "thinking", "ratings", "issues", "repairs", "review")
UNANSWERED = ("garbage", "rejected", "timeout", "unreachable", "limited", "unrecorded")
AGAIN = ("timeout", "unreachable", "limited")  # the service was not well: asked again by the next run, once
LOST = "lost.json"  # beside an artifact whose lost answers the next run asks again
FIELD = "answer"
EXPECT_TOKENS = 400


class Config(Endpoint, ModelOptions):
    engine: Literal["llm", "local"] = opt("llm", "llm (asks an endpoint) or local (a model that runs here).")
    model: str = opt(..., "llm: the endpoint's model; local: newest (of the run), Hub id, folder or tiny:llama.")
    n: int = opt(1, "Answers to each instruction.", ge=1, le=64)
    keep: list[str] = opt(
        ["foreign_script <= 0", "loop <= 0", "refusal <= 0"],
        "What an answer must pass: a measure, a sign and a number each (length >= 20, final_answer == 1).",
    )
    gold: str = opt("", "Where the gold answer stands (extra.answer, reference), to be kept as `gold` for verifiers.")
    system: str | None = opt(None, "System prompt for asking; null is the record's own. It is not written.")
    template: str | None = opt(None, "local: template; null is the model's own.")
    max_new_tokens: int = opt(512, "local: tokens an answer may have.", ge=1)
    temperature: float = opt(0.7, "local: 0 is greedy; an endpoint takes it in `request`.", ge=0)
    top_p: float = opt(0.95, "local: nucleus sampling.", gt=0, le=1)
    batch_size: int = opt(8, "local: answers generated at once.", ge=1)


def check(config: Config) -> list[str]:
    """Give what is wrong with the options before anything runs."""
    found = []
    try:
        parse_conditions(config.keep, "respond.keep")
    except UserError as error:
        found.append(str(error))
    if config.engine == "local" and config.n > 1 and config.temperature == 0:
        found.append("respond.temperature: 0 gives the same answer n times; set it above 0, or n: 1.")
    if config.engine == "llm" and config.model == "newest":
        found.append("respond.model: the run's newest model answers with engine: local.")
    return found


def needs(config: Config) -> tuple[str, ...]:
    """Give the artifacts that these options need."""
    return ("records", "model") if config.engine == "local" and config.model == "newest" else ("records",)


def files(config: Config) -> list[Path]:
    """Give the recorded replies, or the local model's folder."""
    if config.engine == "local":
        from ..models import local_folders

        return local_folders([config.model])
    recorded = (config.base_url or "").startswith("recorded:")
    return [Path((config.base_url or "").removeprefix("recorded:"))] if recorded else []


def services(config: Config) -> list[Access]:
    """Give the endpoint that is asked."""
    from ..clients import openai_chat

    return [] if config.engine == "local" else openai_chat.services(config.base_url, config.api_key_env)


def hub(config: Config) -> list[HubId]:
    """Give the model that answers here."""
    return [("model", config.model)] if config.engine == "local" and config.model != "newest" else []


def paid(config: Config) -> bool:
    """An endpoint costs money unless it runs on this machine or replays recorded replies."""
    from ..raters.asked import is_free

    return config.engine == "llm" and not is_free(config.base_url, config.model or "", config.free)


def loads_model(config: Config) -> bool:
    """A model in this process's memory makes it run in a child, as model stages do."""
    return config.engine == "local"


def batch(config: Config) -> int:
    """Give how many records are answered at once."""
    return config.batch_size if config.engine == "local" else 1


def becomes(config: Config) -> int:
    """Give how many records one record becomes."""
    return config.n


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Give what answering would take; nothing is sent."""
    if config.engine == "local" and Path(config.model).is_dir():
        from .. import models

        models.check_opens(
            config.model, config.template, config.revision, config.trust_remote_code, needs_template=True
        )
    if inputs.records is None or not inputs.records.is_file():
        n = inputs.expected.get("records")
        return (
            {}
            if n is None
            else {"records": n * config.n, "prompts": n, "requests": n * config.n if paid(config) else 0}
        )
    if config.engine == "local":
        n = count_lines(inputs.records)
        return {"records": n * config.n, "prompts": n, "requests": 0, "usd": 0.0}
    from ..clients import openai_chat

    found = openai_chat.estimate(
        (_unit(config, asked) for asked in prompts(config, inputs.records)),
        model=config.model,
        base_url=config.base_url,
        request=config.request,
        ledger=inputs.spend.ledger,
    )
    return {"records": count_lines(inputs.records) * config.n, **found}


def prompts(config: Config, path: Path) -> Iterator[Record]:
    """Yield every record n times without its answer: `prompt_id` is its id, the id is its own where n is 1."""
    for record in read_jsonl(path):
        for k in range(config.n):
            yield _asked(record, k, config.n)


def _asked(record: Record, k: int, n: int) -> Record:
    name = str(record.get("id", ""))
    new: Record = {key: v for key, v in record.items() if key not in (*OF_THE_ANSWER, "output", "chosen", "rejected")}
    reference = record.get("output") or record.get("chosen") or ""
    if record.get("messages"):
        turns = list(record["messages"])
        if kind(record) != "preference" and turns[-1]["role"] == "assistant":
            reference = turns.pop().get("content") or ""
        new["messages"] = turns
    original = record.get("original")
    if isinstance(original, dict):
        new["original"] = {key: v for key, v in original.items() if key not in ("output", "chosen", "rejected")}
    new |= {"id": name if n == 1 else f"{name}-a{k + 1}", "prompt_id": name}
    return new | ({"reference": reference} if reference else {})


def answered(asked: Record, answer: str, generator: str) -> Record:
    """Give the record of one answer."""
    if asked.get("messages"):
        new = {**asked, "messages": [*asked["messages"], {"role": "assistant", "content": answer}]}
    else:
        new = {**asked, "output": answer}
    return {**new, "generator": generator}


def judged(asked: Record, answer: str, generator: str, config: Config, conditions: list[Condition]) -> Record | Drop:
    """Give the record of an answer, or the drop that names what it fails."""
    new = answered(asked, answer, generator)
    gold = _gold(config, asked) if config.gold else None
    if gold is not None:
        new["gold"] = gold
    for condition in conditions:
        broken = condition.broken_by(answer, new)
        if broken is not None:
            return Drop(new, condition.name, broken)
    return new


def _gold(config: Config, record: Record) -> Any:
    value: Any = record
    for key in config.gold.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _messages(config: Config, asked: Record) -> list[Message]:
    messages = messages_of(asked)
    if config.system is None:
        return messages
    return [{"role": "system", "content": config.system}, *(m for m in messages if m["role"] != "system")]


def _unit(config: Config, asked: Record) -> Any:
    from ..clients.units import chat

    repeat = int(asked["id"].rpartition("-a")[2]) - 1 if config.n > 1 else 0
    messages = [
        {"role": m["role"], "content": "\n\n".join(t for t in (m.get("content"), m.get("input")) if t)}
        for m in _messages(config, asked)
    ]
    return chat(
        messages,
        record=asked["prompt_id"],
        field=FIELD,
        prompt=str(repeat),
        repeat=repeat,
        expect_tokens=EXPECT_TOKENS,
    )


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Answer every instruction n times; leave the answers that pass."""
    if inputs.records is None:
        raise UserError("no records to read", inputs.label, "Give an input file, or put a stage before this one.")
    conditions = parse_conditions(config.keep, f"{inputs.label}.keep")
    n = count_lines(inputs.records)
    by = _by_model if config.engine == "local" else _by_endpoint
    counts, extra = by(config, inputs, out, conditions, n * config.n)
    counts.notes = {**summary(out, n, config.n), **extra}
    lost = {k: v for k, v in counts.dropped.items() if k in UNANSWERED}
    if lost:
        log.warning("%s: answers that did not come: %s", inputs.label, ", ".join(f"{v:,} {k}" for k, v in lost.items()))
    return counts


def _by_endpoint(
    config: Config, inputs: Inputs, out: Path, conditions: list[Condition], total: int
) -> tuple[Counts, Notes]:
    from ..clients.openai_chat import open_for

    assert inputs.records is not None
    with open_for(config, inputs) as client:

        async def step(records: list[Record]) -> list[Record | Drop]:
            (asked,) = records
            answer = await client.ask(_unit(config, asked))
            if not answer.ok:
                return [Drop(asked, answer.status, {"detail": answer.detail} if answer.detail else None)]
            return [judged(asked, answer.text.strip(), config.model, config, conditions)]

        take_back(out, inputs.in_flight * 8, lambda record: False, dropped=OUTAGE)
        source = prompts(config, inputs.records)
        counts = stream(step, inputs, out, in_flight=inputs.in_flight, source=source, total=total)
        _ask_again(counts, inputs.label, out)
        return counts, {"generator": config.model, "paid": client.report()}


def _ask_again(counts: Counts, label: str, out: Path) -> None:
    """Raise UserError (exit code 4) for answers that an outage too short to stop the run cost, the first time.

    The same command asks them again and takes the others from the ledger; what is lost then as well stays dropped.
    """
    lost = {why: n for why, n in counts.dropped.items() if why in AGAIN}
    path = out / LOST
    if lost and not path.exists():
        write_atomic(path, json.dumps(lost))
        told = ", ".join(f"{n:,} {why}" for why, n in lost.items())
        raise UserError(
            f"{sum(lost.values()):,} answers did not come ({told}); {counts.n_kept:,} that pass are saved", label,
            "Run the same command again: it asks these anew, and finishes without those that do not come then.",
            exit_code=EXIT_STOPPED,
        )  # fmt: skip
    path.unlink(missing_ok=True)


def _by_model(
    config: Config, inputs: Inputs, out: Path, conditions: list[Condition], total: int
) -> tuple[Counts, Notes]:
    from .. import models

    assert inputs.records is not None
    name = str(inputs.model) if config.model == "newest" else config.model
    loaded = models.load(
        name,
        dtype=config.dtype,
        device=config.device,
        revision=config.revision,
        quantization=config.quantization,
        trust_remote_code=config.trust_remote_code,
        template=config.template,
    )
    stop = [loaded.template.stop] if loaded.template is not None else []
    room = loaded.max_length - config.max_new_tokens if loaded.max_length is not None else None
    generator = _generator(name)

    def step(records: list[Record]) -> list[Record | Drop]:
        texts = [models.prompt(loaded, _messages(config, r)) for r in records]
        fits = [room is None or len(loaded.encode(t)) <= room for t in texts]
        made = iter(
            models.generate(
                loaded,
                [t for t, fit in zip(texts, fits, strict=True) if fit],
                max_new_tokens=config.max_new_tokens,
                temperature=config.temperature,
                top_p=config.top_p,
                stop=stop,
                seed=(inputs.seed + _place(records[0])) % 2**31,
                batch_size=config.batch_size,
            )
        )
        found: list[Record | Drop] = []
        for record, fit in zip(records, fits, strict=True):
            if not fit:
                found.append(Drop(record, "too_long", {"tokens_left": room}))
                continue
            answer = next(made)
            text = answer.text.strip()
            if answer.finish_reason == "length":
                found.append(Drop(answered(record, text, generator), "cut_off", {"tokens": answer.n_tokens}))
            elif not text:
                found.append(Drop(record, "empty"))
            else:
                found.append(judged(record, text, generator, config, conditions))
        return found

    source = prompts(config, inputs.records)
    counts = stream(step, inputs, out, batch=config.batch_size, source=source, total=total)
    return counts, {"generator": generator}


def _place(record: Record) -> int:
    """Give a number of this answer's own, so that a resumed run draws as an uninterrupted one would."""
    from ..artifacts.artifact import hash_of

    return int(hash_of([record["id"]])[:7], 16)


def _generator(name: str) -> str:
    """Give who wrote the answers, for the terms: the base of what was trained here."""
    from .. import models

    found = models.resolve(name)
    base = Path(found.base)
    return f"{name if not Path(name).exists() else Path(name).name} ({base.name if base.exists() else found.base})"


def summary(out: Path, n_prompts: int, n: int) -> Notes:
    """Give what became of the answers, and draw it: how many passed, why the others went, instructions by answers."""
    from ..report import charts

    passed = Counter(str(r["prompt_id"]) for r in read_jsonl(out / "records.jsonl"))
    why = Counter(row["reason"] for row in read_jsonl(out / "dropped.jsonl"))
    kept, without = sum(passed.values()), n_prompts - len(passed)
    by_instruction = {**({0: without} if without else {}), **Counter(passed.values())}
    notes: Notes = {
        "headline": f"{kept:,} of {n_prompts * n:,} answers pass; {without:,} instructions without one",
        "instructions": n_prompts,
        "answers_each": n,
        "passed_by_instruction": {str(k): v for k, v in sorted(by_instruction.items())},
        "dropped_for": dict(why.most_common()),
    }
    shown = {"pass": kept, **notes["dropped_for"]}
    write_atomic(out / "answers.svg", charts.counts_svg(shown, f"what became of {n_prompts * n:,} answers"))
    each = {f"{k} pass": v for k, v in notes["passed_by_instruction"].items()}
    write_atomic(out / "instructions.svg", charts.counts_svg(each, f"instructions by how many of {n} answers pass"))
    return notes
