"""Translate every text field: hide what must survive, send the prose, put everything back, keep the English beside it.

Code is copied, not sent. Tasks that depend on the form of the English (grammar, rhyme, letter case, ...) keep their
input in English, or the record is dropped: they are the largest source of major errors in translated instruction data.
A piece whose masks came back lost, doubled or moved is asked again in another form, then of the fallback engine, then
stays English and is flagged. Nothing here costs twice: all paid sending goes through the ledger.
Source: own measurements on the KULLM evaluation set translated by DeepL (9.5 % of records lost their task).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic.fields import FieldInfo

from ..artifacts.artifact import Counts, Inputs, hash_of
from ..artifacts.record import Record, read_jsonl, with_texts
from ..artifacts.rows import Estimate, Notes
from ..artifacts.stream import Drop, stream, take_back
from ..clients.access import Access, HubId
from ..clients.units import OUTAGE, Unit
from ..options import Options, opt
from ..text.masking import Segment, encode
from ..translation.engines import ENGINES, deepl, file, llm, local, recorded
from ..translation.engines.engine import Engine, find_engine
from ..translation.engines.fates import pieces_of, plan
from ..translation.engines.ladder import Asker, Told, all_of, known_key, say

READS = ("text",)
EDITS = ("text",)
ADDS = ("original", "translation")
KIND = "record"
INPUT = "records"
OUTPUT = "records"


class Common(Options):
    """What holds for every engine."""

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
    fallback_model: str | None = opt(None, "The fallback's model.")
    fallback_base_url: str | None = opt(None, "The fallback's address.")
    fallback_api_key_env: str | None = opt(None, "The fallback's key variable.")


class Config(recorded.Config, file.Config, local.Config, llm.Config, deepl.Config, Common):
    """Every built-in engine's options beside the common ones, flat: one recipe may change its engine in one word."""


def configured(options: Mapping[str, Any]) -> type[Config]:
    """Give the Config with the options that an engine of the user's own brings along."""
    chosen = [find_engine(str(name), f"translate.{key}") for key, name in _chosen(options).items()]
    return _with(tuple(dict.fromkeys(e.Config for e in chosen if not issubclass(Config, e.Config))))


@cache
def _with(engines: tuple[type[Options], ...]) -> type[Config]:
    return type("Config", (*engines, Config), {"__module__": __name__}) if engines else Config


def _chosen(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the names of the engine and the fallback."""
    named = {
        "engine": options.get("engine") or Common.model_fields["engine"].default,
        **{"fallback": options.get("fallback")},
    }
    return {key: name for key, name in named.items() if name}


def shown(options: Mapping[str, Any]) -> dict[str, Mapping[str, FieldInfo]]:
    """Give the options by heading: the common ones and those of the engines chosen; of all without any option."""
    names = list(dict.fromkeys(_chosen(options).values())) if options else list(ENGINES)
    groups: dict[str, Mapping[str, FieldInfo]] = {"": Common.model_fields}
    for name in names:
        own = find_engine(name, "translate.engine").Config.model_fields
        groups[f"engine {name}"] = {k: v for k, v in own.items() if k not in Common.model_fields}
    return groups


def _engines(config: Config) -> list[tuple[Engine, Config]]:
    """Give (engine, its config) of the engine and the fallback."""
    found = [(find_engine(config.engine, "translate.engine"), config)]
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
        found.append((find_engine(config.fallback, "translate.fallback"), other))
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


def services(config: Config) -> list[Access]:
    """Give what the engines ask."""
    return [service for engine, own in _engines(config) for service in engine.services(own)]


def hub(config: Config) -> list[HubId]:
    """Give the models that the engines open."""
    return [found for engine, own in _engines(config) for found in engine.hub(own)]


def batch(config: Config) -> int:
    """Give how many records are translated at once."""
    return config.batch_size


def loads_model(config: Config) -> bool:
    """A model in this process's memory makes it run in a child, as model stages do."""
    return any(engine.loads_model(own) for engine, own in _engines(config))


def paid(config: Config) -> bool:
    """An engine with a service behind it spends money or quota."""
    return any(engine.paid(own) for engine, own in _engines(config))


async def _translate(record: Record, askers: list[Asker], config: Config) -> Record | Drop:
    fields, task, located = plan(record, config)
    if task and config.form_tasks == "drop":
        return Drop(record, "form_task", {"kind": task.kind})
    rungs = [(asker, way) for asker in askers for way in asker.engine.ways(asker.config)]
    told = Told()
    sent = [item for item in fields if item.fate == "send"]
    said = await all_of([say(item, record["id"], rungs, told) for item in sent])
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


def _units(record: Record, engine: Engine, config: Config) -> Iterator[tuple[str, Unit]]:
    """Give (field, unit) of what translating a record sends at first, before any retry."""
    fields, task, _ = plan(record, config)
    if task and config.form_tasks == "drop":
        return
    way = engine.ways(config)[0]
    for item in fields:
        if item.fate == "send":
            for piece in pieces_of(item, way):
                if isinstance(piece, Segment) and known_key(piece, config) is None:
                    source = piece.body if way.size is None else encode(piece, way.style)
                    yield item.path, engine.body(source, config, record=record["id"], field=item.path)


def _prompt(engine: Engine, config: Config) -> dict[str, str]:
    """Give the hashes of the wordings an engine asks with, by their names."""
    return {name: hash_of(text) for name, text in engine.prompts(config).items()}


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Translate the records; see the module's text."""
    if inputs.spend.ledger is None:
        inputs = replace(inputs, spend=replace(inputs.spend, ledger=out / "ledger.sqlite"))
    with ExitStack() as stack:
        askers = [
            Asker(engine, own, stack.enter_context(engine.open_client(own, inputs))) for engine, own in _engines(config)
        ]
        first = askers[0]
        if hasattr(first.client, "prepare") and inputs.records is not None:
            rows = read_jsonl(inputs.records)
            first.client.prepare(unit for row in rows for _, unit in _units(row, first.engine, config))

        async def step(batch: list[Record]) -> list[Record | Drop]:
            return await all_of([_translate(record, askers, config) for record in batch])

        take_back(out, inputs.in_flight * 8, _lost)
        local = config.engine == "local"
        counts = stream(
            step, inputs, out, in_flight=1 if local else inputs.in_flight, batch=config.batch_size if local else 1
        )
        counts.notes.update(_notes(config, out, [asker.client.report() for asker in askers]))
    return counts


def _lost(record: Record) -> bool:
    """Whether a piece stayed English because the service did not answer."""
    return any(why.split(":")[0] in OUTAGE for why in record["translation"].get("flagged", {}).values())


def _notes(config: Config, out: Path, services: list[Notes]) -> Notes:
    """Give what the manifest and the report say: what was sent, kept and flagged, and what to beware of."""
    flagged: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    n_flagged = 0
    for row in read_jsonl(out / "records.jsonl"):
        told = row["translation"]
        n_flagged += told["status"] == "flagged"
        flagged.update(f"{path.split('.')[0]}: {why.split(':')[0]}" for path, why in told.get("flagged", {}).items())
        kept.update(told.get("kept", {}).values())
    ledgers = [service["ledger"] for service in services if "ledger" in service]
    spent = ledgers[-1] if ledgers else {}  # engine and fallback share the ledger and the label
    doubles = spent.get("possible_double_charges", 0)
    notice = []
    if any(service["service"] == "recorded" for service in services):
        notice.append("the translations are recorded replies written beforehand; no service was asked")
        if recorded.stands_in(config):
            notice.append("what had no recorded reply is no translation but Korean filler words, to rehearse with")
    if not config.mask:
        notice.append(
            "fields were sent unmasked (mask: off): nothing in them was protected, so damage is to be expected"
        )
    if doubles:
        notice.append(
            f"{doubles:,} requests may have been charged twice (timeouts, lost connections, killed processes)"
        )
    if n_flagged:
        notice.append(f"{n_flagged:,} records are flagged: a part stayed English, see translation.flagged")
    return {
        "headline": f"{config.engine}{'' if config.mask else ', unmasked'}; {n_flagged:,} records flagged",
        "usd": spent.get("usd", 0.0),
        "chars": spent.get("chars", 0),
        **({"notice": notice} if notice else {}),
        "engine": config.engine if config.mask else f"{config.engine}, unmasked",
        "services": services,
        "prompts": {k: v for engine, own in _engines(config) for k, v in _prompt(engine, own).items()},
        "flagged": dict(sorted(flagged.items())),
        "kept_fields": dict(sorted(kept.items())),
    }


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Give requests, characters and cost in all and per field; no key is needed and nothing is sent."""
    from . import full_size

    known = full_size.translate(config, inputs)
    if known is not None:
        return known
    engine = find_engine(config.engine, "translate.engine")
    if inputs.records is None or not inputs.records.is_file():
        return {
            "engine": config.engine,
            "records": inputs.expected.get("records"),
            "chars": inputs.expected.get("chars"),
        }
    units: dict[str, list[Unit]] = {}
    everything: list[Unit] = []  # in the order of the records, which decides what shares a request
    n_records = n_form = 0
    for record in read_jsonl(inputs.records):
        n_records += 1
        n_form += plan(record, config)[1] is not None
        for path, unit in _units(record, engine, config):
            units.setdefault(path.split(".")[0], []).append(unit)
            everything.append(unit)
    ledger = inputs.spend.ledger
    per_field = {name: engine.estimate(group, config, ledger) for name, group in units.items()}
    return {
        "engine": config.engine,
        "records": n_records,
        "form_tasks": n_form,
        **engine.estimate(everything, config, ledger),
        "fields": {
            name: ", ".join(
                f"{row[k]:,} {k}"
                for k in ("units" if "units" in row else "requests", "chars")
                if row.get(k) is not None
            )
            + (f", {row['usd']:.4f} usd" if row.get("usd") is not None else "")
            for name, row in per_field.items()
        },
    }
