"""Translate every text field: hide what must survive, send the prose, put everything back, keep the English beside it.

Code is copied, not sent. Tasks that depend on the form of the English (grammar, rhyme, letter case, ...) keep their
input in English, or the record is dropped: they are the largest source of major errors in translated instruction data.
A piece whose masks came back lost, doubled or moved is asked again in another form, then of the fallback engine, then
stays English and is flagged. Nothing here costs twice: all paid sending goes through the ledger.
Source: own measurements on the KULLM evaluation set translated by DeepL (9.5 % of records lost their task).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ..artifact import Counts, Inputs
from ..clients.units import Answer, Unit
from ..engines import ENGINES, Way
from ..options import Options, opt
from ..record import Record, read_jsonl, texts, with_texts
from ..stream import Drop, stream
from ..tables import resolve
from ..text.masking import MaskError, Piece, Segment, cut, decode, encode, join, restore
from ..text.segments import Span, find_spans, is_code
from ..text.tasks import FormTask, english_part, form_task

READS = ("text",)
EDITS = ("text",)
ADDS = ("original", "translation")
KIND = "record"
INPUT = "records"
OUTPUT = "records"

WHOLE_MOST_CHARS = 6000  # a longer field is sent line by line even to engines that take whole fields


class Config(Options):
    engine: str = opt("deepl", "deepl, llm, local, file, recorded, or package.module:engine.")
    fallback: str | None = opt(None, "Another engine for pieces whose masks do not survive.")
    source_lang: str = opt("en", "Language of the data (ISO 639-1).")
    target_lang: str = opt("ko", "Language to translate into.")
    mask: bool = opt(
        True, "Protect code, formulas, links, placeholders and form-dependent tasks; off sends fields as they are."
    )
    form_tasks: Literal["keep", "drop", "translate"] = opt(
        "keep", "Tasks about the form of the English: keep their input English, drop the record, or translate anyway."
    )
    on_failure: Literal["keep", "drop"] = opt(
        "keep", "A record with an untranslatable piece: keep it flagged, or drop."
    )
    skip: list[str] = opt([], "Text fields left as they are: system, instruction, input, output, messages, ...")
    speech_level: Literal["합니다체", "해요체", "반말"] = opt(
        "합니다체", "llm, local: the Korean register to write in."
    )
    context: str | None = opt(None, "deepl, llm: what the texts are about; not translated, not billed by DeepL.")
    glossary: str | None = opt(None, "deepl, llm, local: a CSV or TSV file of terms and their translations.")
    glossary_id: str | None = opt(None, "deepl: the id of a glossary that is there already.")
    formality: Literal["more", "less", "prefer_more", "prefer_less"] | None = opt(
        None, "deepl: formality; Korean takes none (prefer_* is accepted and ignored)."
    )
    model: str | None = opt(None, "llm: the endpoint's model name; local: Hub id or folder.")
    prompt: str | None = opt(
        None, "llm, local: translate_ko, translate_en, or a .txt file; null chooses by target_lang."
    )
    json_schema: Literal["auto", "always", "never"] = opt("auto", "llm: ask for JSON if the server takes it, always, never.")
    base_url: str | None = opt(None, "deepl, llm: another server's address; recorded:FILE replays (llm).")
    api_key_env: str | None = opt(None, "The environment variable with the key; null is the service's usual one.")
    request: dict[str, Any] = opt({}, "deepl, llm: further fields of the request, passed through as they are.")
    requests_per_minute: float | None = opt(None, "deepl, llm: at most so many requests a minute.", gt=0)
    tokens_per_minute: float | None = opt(None, "llm: at most so many tokens a minute.", gt=0)
    chars_per_minute: float | None = opt(None, "deepl: at most so many characters a minute.", gt=0)
    timeout_seconds: float = opt(300.0, "deepl, llm: a request without an answer for so long is sent again.", gt=0)
    fallback_model: str | None = opt(None, "The fallback's model.")
    fallback_base_url: str | None = opt(None, "The fallback's address.")
    fallback_api_key_env: str | None = opt(None, "The fallback's key variable.")
    file: str | None = opt(None, "file: the .xlsx or .csv that is written, translated elsewhere, and read.")
    replies: str | None = opt(None, "recorded: a JSONL file of {id, field, reply}; null is the bundled sample.")
    batch_size: int = opt(8, "local: texts computed at once.", ge=1)
    max_new_tokens: int = opt(512, "local: the longest translation of one piece.", ge=1)
    num_beams: int = opt(1, "local: beams; 1 is greedy.", ge=1)
    source_code: str | None = opt(None, "local: the model's own code of the source language (NLLB: eng_Latn).")
    target_code: str | None = opt(None, "local: the model's own code of the target language (NLLB: kor_Hang).")
    template: str | None = opt(None, "local: the chat template of a causal model that brings none.")
    revision: str | None = opt(None, "local: the model's branch, tag or commit on the Hub.")
    dtype: str = opt("auto", "local: auto, bf16, fp16 or fp32.")
    device: str = opt("auto", "local: auto (cuda, mps, cpu) or a device name.")


def _engines(config: Config) -> list[tuple[Any, Config]]:
    """Give (engine, its config) of the engine and the fallback."""
    found = [(resolve(ENGINES, config.engine, "engine", "translate.engine"), config)]
    if config.fallback:
        other = config.model_copy(
            update={
                "engine": config.fallback,
                "fallback": None,
                "model": config.fallback_model,
                "base_url": config.fallback_base_url,
                "api_key_env": config.fallback_api_key_env,
                "request": {},
                "glossary_id": None,
            }
        )
        found.append((resolve(ENGINES, config.fallback, "engine", "translate.fallback"), other))
    return found


def check(config: Config) -> list[str]:
    """Give what is wrong with the options before anything runs."""
    found = [problem for engine, own in _engines(config) for problem in engine.problems(own)]
    if config.fallback and not config.mask:
        found.append("translate.fallback: without masks there is nothing to fall back for")
    return found


def files(config: Config) -> list[Path]:
    """Give the glossaries, prompts and recorded replies that the engines read."""
    return list(dict.fromkeys(path for engine, own in _engines(config) for path in engine.files(own)))


def paid(config: Config) -> bool:
    """An engine with a service behind it spends money or quota."""
    return any(engine.paid(own) for engine, own in _engines(config))


# --- what happens to each field of a record ---


@dataclass(frozen=True)
class Field:
    """One text field and its fate: "send", "code" (copied), "english" (kept: its form is the task) or "skipped".

    `hidden` are further stretches of it that stay English.
    """

    path: str
    text: str
    fate: str
    hidden: tuple[tuple[int, int], ...] = ()


def plan(record: Record, config: Config) -> tuple[list[Field], FormTask | None, bool]:
    """Give a record's fields with their fates, its form-dependent task, and whether that task's English was found."""
    found: list[Field] = []
    task: FormTask | None = None
    located = False
    for path, text in texts(record).items():
        name = path.split(".")[0]
        if name in config.skip:
            found.append(Field(path, text, "skipped"))
            continue
        role = record["messages"][int(path.split(".")[1])]["role"] if name == "messages" else ""
        if config.mask and is_code(text):
            found.append(Field(path, text, "code"))
            continue
        if not config.mask or config.form_tasks == "translate":
            found.append(Field(path, text, "send"))
            continue
        if name == "instruction" or role == "user":
            task = form_task(text)
            located = False
            parts = english_part(text, task) if task else []
            located |= bool(parts)
            found.append(Field(path, text, "send", tuple(parts)))
        elif task and name == "input":
            located = True
            found.append(Field(path, text, "english"))
        elif task and (name in ("output", "chosen", "rejected") or role == "assistant"):
            fate = "english" if task.output_too else "send"
            parts = () if task.output_too else tuple(_quotations(text, record))
            found.append(Field(path, text, fate, parts))
        else:
            found.append(Field(path, text, "send"))
    first = next((form_task(f.text) for f in found if f.path == "instruction" or f.path.startswith("messages.")), None)
    return found, first if config.mask and config.form_tasks != "translate" else None, located


def _quotations(text: str, record: Record) -> Iterator[tuple[int, int]]:
    """Give the quoted stretches of an answer that stand word for word in the kept input."""
    source = record.get("input") or " ".join(m["content"] for m in record.get("messages") or ())
    task = FormTask("", 0, 0, False)
    for start, end in english_part(text, task):
        if text[start] in "\"“'‘" and text[start + 1 : end - 1] in source:
            yield start, end


def _pieces(item: Field, way: Way) -> list[Piece]:
    if way.size is None:
        return [Segment(item.text)]
    size = "lines" if way.size == "whole" and len(item.text) > WHOLE_MOST_CHARS else way.size
    if not item.hidden:
        return cut(item.text, size)
    spans = [Span(a, b, "reserved") for a, b in item.hidden]
    spans += [s for s in find_spans(item.text) if all(s.end <= a or b <= s.start for a, b in item.hidden)]
    return cut(item.text, size, sorted(spans))


# --- translating ---


@dataclass
class _Told:
    """What one record's translation took and met, collected piece by piece."""

    keys: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    usage: Counter[str] = field(default_factory=Counter)
    flagged: dict[str, str] = field(default_factory=dict)
    retried: int = 0


@dataclass
class _Asker:
    """One opened engine and whether its server takes the fuller form of a unit."""

    engine: Any
    config: Config
    client: Any
    simple: bool = False

    async def ask(self, source: str, **where: Any) -> Answer:
        unit = self.engine.body(source, self.config, **where)
        plainer = getattr(self.engine, "simpler", lambda unit, config: None)(unit, self.config)
        if plainer is not None and self.simple:
            return await self.client.ask(plainer)
        answer = await self.client.ask(unit)
        if answer.status == "rejected" and plainer is not None:
            second = await self.client.ask(plainer)
            self.simple = self.simple or second.status != "rejected"
            return second
        return answer


async def _all(tasks: list[Any]) -> list[Any]:
    """Await all, so that what is paid for arrives, then raise the first error if there was one."""
    found = await asyncio.gather(*tasks, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return found


Rung = tuple[_Asker, Way]


async def _say(item: Field, record_id: str, rungs: list[Rung], told: _Told) -> str:
    """Give a field's translation; pieces that fail go down the ladder one by one and stay English at its end."""
    pieces = _pieces(item, rungs[0][1])
    segments = [p for p in pieces if isinstance(p, Segment)]
    said = await _all([_say_segment(s, item.path, record_id, rungs, told) for s in segments])
    return join(pieces, said)


async def _say_segment(segment: Segment, path: str, record_id: str, rungs: list[Rung], told: _Told) -> str:
    asker, way = rungs[0]
    source = segment.body if way.size is None else encode(segment, way.style)
    answer = await asker.ask(source, record=record_id, field=path)
    if answer.key:
        told.keys.append(answer.key)
    told.usage.update({k: v for k, v in answer.usage.items() if v})
    if answer.model and answer.model not in told.models:
        told.models.append(answer.model)
    if answer.ok:
        reply = asker.engine.parse(answer)
        if way.size is None:
            return reply
        try:
            return restore(segment, decode(segment, reply, way.style))
        except MaskError as error:
            why = f"mask: {error}"
    else:
        why = f"{answer.status}: {answer.detail}" if answer.detail else answer.status
    if len(rungs) == 1:
        told.flagged.setdefault(path, why[:300])
        return segment.source
    told.retried += 1
    again = Field(path, segment.source, "send", tuple(_kept(segment)))
    return await _say(again, record_id, rungs[1:], told)


def _kept(segment: Segment) -> Iterator[tuple[int, int]]:
    """Give where the hidden stretches of a segment lie in its source, so that a smaller cut hides the same ones."""
    at = 0
    for i, hidden in enumerate(segment.hidden):
        if segment.kinds[i] == "reserved" and len(hidden) > 1:
            start = segment.source.find(hidden, at)
            if start >= 0:
                yield start, start + len(hidden)
                at = start + len(hidden)


async def _translate(record: Record, askers: list[_Asker], config: Config) -> Record | Drop:
    fields, task, located = plan(record, config)
    if task and config.form_tasks == "drop":
        return Drop(record, "form_task", {"kind": task.kind})
    rungs = [(asker, way) for asker in askers for way in asker.engine.ways(asker.config)]
    told = _Told()
    sent = [item for item in fields if item.fate == "send"]
    said = await _all([_say(item, record["id"], rungs, told) for item in sent])
    changed = dict(zip([item.path for item in sent], said, strict=True))
    kept = {item.path: item.fate for item in fields if item.fate != "send"}
    if task and not located:
        told.flagged.setdefault("instruction" if record.get("instruction") else "messages", f"form_task: {task.kind}")
    if told.flagged and config.on_failure == "drop":
        return Drop(record, "untranslated", told.flagged)
    new = with_texts(record, changed)
    new["original"] = {
        **record.get("original", {}),
        **{item.path: item.text for item in fields if item.fate != "skipped"},
    }
    new["translation"] = {
        "engine": config.engine if config.mask else f"{config.engine}, unmasked",
        "model": ", ".join(sorted(told.models)),
        "source_lang": config.source_lang,
        "target_lang": config.target_lang,
        "status": "flagged" if told.flagged else "ok",
        **({"form_task": task.kind} if task else {}),
        **({"kept": kept} if kept else {}),
        **({"flagged": dict(sorted(told.flagged.items()))} if told.flagged else {}),
        "usage": {k: round(v, 8) for k, v in sorted(told.usage.items())},
        "keys": sorted(told.keys),
    }
    return new


def _units(record: Record, engine: Any, config: Config) -> Iterator[tuple[str, Unit]]:
    """Give (field, unit) of what translating a record sends at first, before any retry."""
    fields, task, _ = plan(record, config)
    if task and config.form_tasks == "drop":
        return
    way = engine.ways(config)[0]
    for item in fields:
        if item.fate == "send":
            for piece in _pieces(item, way):
                if isinstance(piece, Segment):
                    source = piece.body if way.size is None else encode(piece, way.style)
                    yield item.path, engine.body(source, config, record=record["id"], field=item.path)


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Translate the records; see the module's text."""
    if inputs.spend.ledger is None:
        inputs = replace(inputs, spend=replace(inputs.spend, ledger=out / "ledger.sqlite"))
    with ExitStack() as stack:
        askers = [
            _Asker(engine, own, stack.enter_context(engine.open_client(own, inputs)))
            for engine, own in _engines(config)
        ]
        first = askers[0]
        if hasattr(first.client, "prepare") and inputs.records is not None:
            rows = read_jsonl(inputs.records)
            first.client.prepare(unit for row in rows for _, unit in _units(row, first.engine, config))
        flagged: Counter[str] = Counter()
        kept: Counter[str] = Counter()

        async def step(batch: list[Record]) -> list[Record | Drop]:
            return await _all([_translate(record, askers, config) for record in batch])

        local = config.engine == "local"
        counts = stream(
            step, inputs, out, in_flight=1 if local else inputs.in_flight, batch=config.batch_size if local else 1
        )
        for row in read_jsonl(out / "records.jsonl"):
            for path, why in row["translation"].get("flagged", {}).items():
                flagged[f"{path.split('.')[0]}: {why.split(':')[0]}"] += 1
            kept.update(row["translation"].get("kept", {}).values())
        counts.notes["engine"] = config.engine if config.mask else f"{config.engine}, unmasked"
        counts.notes["services"] = [asker.client.report() for asker in askers]
        counts.notes["flagged"] = dict(sorted(flagged.items()))
        counts.notes["kept_fields"] = dict(sorted(kept.items()))
    return counts


def estimate(config: Config, inputs: Inputs) -> dict[str, Any]:
    """Give requests, characters and cost in all and per field; no key is needed and nothing is sent."""
    engine = resolve(ENGINES, config.engine, "engine", "translate.engine")
    if inputs.records is None or not inputs.records.is_file():
        return {
            "engine": config.engine,
            "records": inputs.expected.get("records"),
            "chars": inputs.expected.get("chars"),
        }
    units: dict[str, list[Unit]] = {}
    n_records = n_form = 0
    for record in read_jsonl(inputs.records):
        n_records += 1
        n_form += plan(record, config)[1] is not None
        for path, unit in _units(record, engine, config):
            units.setdefault(path.split(".")[0], []).append(unit)
    everything = [unit for group in units.values() for unit in group]
    ledger = inputs.spend.ledger
    per_field = {name: engine.estimate(group, config, ledger) for name, group in units.items()}
    return {
        "engine": config.engine,
        "records": n_records,
        "form_tasks": n_form,
        **engine.estimate(everything, config, ledger),
        "fields": {
            name: ", ".join(f"{row[k]:,} {k}" for k in ("requests", "chars") if row.get(k) is not None)
            + (f", {row['usd']:.4f} usd" if row.get("usd") is not None else "")
            for name, row in per_field.items()
        },
    }
