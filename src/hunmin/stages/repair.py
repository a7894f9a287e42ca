"""Mend what needs no person, log each edit, and write every other mend that is known on its issue as a proposal.

Unasked, only the source's own bytes come back, where their place is beyond doubt and what stood there was wrong: code,
malformed addresses, template placeholders, tags' names, a digit changed in place. Formulas, numbers, markers, labels
and form-dependent inputs are proposed; `review` takes a proposal with one key. A missing or an English sentence is
translated again, alone and with its neighbours as context, when an `engine` is given.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from ..artifacts.artifact import Counts, Inputs
from ..artifacts.record import Record, get_text, read_jsonl, with_texts
from ..artifacts.rows import Estimate, Issue, Notes
from ..artifacts.stream import stream
from ..clients.access import Access, HubId
from ..options import Options, opt
from ..tables import did_you_mean
from ..translation.checks import CHECKS, DEFAULT
from ..translation.checks.find_issues import context_of, original_of, resolve_checks
from ..translation.checks.planted import planted
from ..translation.engines.engine import Engine, find_engine
from ..translation.repairs import REPAIRS, retranslate
from ..translation.repairs.mend_record import Outcome, better, entry, mend_record, updated
from ..translation.repairs.propose import with_proposals
from ..translation.repairs.splice import between
from . import translate

log = logging.getLogger("hunmin")

READS = ("text", "issues", "original?")
EDITS = ("text", "issues")
ADDS = ("repairs",)
KIND = "record"
INPUT = "records"
OUTPUT = "records"

MAX_SENTENCES = 8  # of one text; more missing is a translation to make again
ENGINE_OPTIONS = (
    "model", "prompt", "speech_level", "glossary", "glossary_id", "base_url", "api_key_env", "request", "replies",
)  # fmt: skip


class Config(Options):
    mends: list[str] = opt(list(REPAIRS), f"The issue codes to mend: {', '.join(REPAIRS)}.")
    engine: str | None = opt(
        None, "Translates missing and English sentences: deepl, llm, local; null leaves them open."
    )
    model: str | None = opt(None, "The engine's model name.")
    prompt: str | None = opt(None, "The engine's prompt.")
    speech_level: Literal["합니다체", "해요체", "반말"] = opt("합니다체", "The Korean register to write in.")
    glossary: str | None = opt(None, "A CSV or TSV file of terms and their translations.")
    glossary_id: str | None = opt(None, "deepl: the id of a glossary that is there already.")
    base_url: str | None = opt(None, "Another server's address.")
    api_key_env: str | None = opt(None, "The environment variable with the key.")
    request: dict[str, Any] = opt({}, "Further fields of the request, passed through as they are.")
    replies: str | None = opt(None, "recorded: a JSONL file of {id, field, reply}.")
    labels: str | None = opt(None, "A file of planted errors {id, field, code}: counts what was found and mended.")


def configured(options: Mapping[str, Any]) -> type[Config]:
    """Give the Config with the options that an engine of the user's own brings along."""
    name = options.get("engine")
    own = find_engine(str(name), "repair.engine").Config if name else Options
    return Config if issubclass(translate.Config, own) else _with(own)


@cache
def _with(engine: type[Options]) -> type[Config]:
    return type("Config", (engine, Config), {"__module__": __name__})


def _engine(config: Config) -> tuple[Engine, Any] | None:
    """Give (engine, its translate options), or None without an engine."""
    if config.engine is None:
        return None
    engine = find_engine(config.engine, "repair.engine")
    given = {k: v for k, v in config.model_dump().items() if k in {*ENGINE_OPTIONS, *engine.Config.model_fields}}
    own = {k: v for k, v in given.items() if v not in (None, {})}
    options = {"engine": config.engine, "mask": config.engine != "recorded", **own}
    return engine, translate.configured(options)(**options)


def check(config: Config) -> list[str]:
    """Give what is wrong with the options before anything runs."""
    found = [
        f"repair.mends: nothing mends '{code}'{did_you_mean(code, REPAIRS)} (known: {', '.join(REPAIRS)})."
        for code in config.mends
        if code not in REPAIRS
    ]
    if config.engine is None:
        return found
    chosen = _engine(config)
    problems = chosen[0].problems(chosen[1]) if chosen else []
    return found + [text.replace("translate", "repair", 1) for text in problems]


def files(config: Config) -> list[Path]:
    """Give the files that the engine reads."""
    found = _engine(config)
    own = [Path(config.labels)] if config.labels else []
    return [*own, *(found[0].files(found[1]) if found else ())]


def services(config: Config) -> list[Access]:
    """Give what the engine asks."""
    found = _engine(config)
    return list(found[0].services(found[1])) if found else []


def hub(config: Config) -> list[HubId]:
    """Give the model that the engine opens."""
    found = _engine(config)
    return list(found[0].hub(found[1])) if found else []


def loads_model(config: Config) -> bool:
    """A model in this process's memory makes it run in a child, as model stages do."""
    found = _engine(config)
    return bool(found and found[0].loads_model(found[1]))


def paid(config: Config) -> bool:
    """Only an engine with a service behind it costs anything."""
    found = _engine(config)
    return bool(found[0].paid(found[1])) if found else False


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Give how many issues there are to mend and what translating sentences again would take; nothing is sent."""
    if inputs.records is None or not inputs.records.is_file():
        return {"records": inputs.expected.get("records")}
    units, n_records, n_open = [], 0, 0
    found = _engine(config)
    for record in read_jsonl(inputs.records):
        n_records += 1
        for issue in record.get("issues") or ():
            n_open += issue.get("status", "open") == "open"
            asked = _question(record, issue) if found else None
            if asked and found:
                units.append(found[0].body(asked[0], found[1], record=str(record.get("id", "")), field=issue["field"]))
    told: Estimate = {"records": n_records, "issues": n_open, "sentences": len(units)}
    return {**told, **found[0].estimate(units, found[1], inputs.spend.ledger)} if found and units else told


def _question(record: Record, issue: Issue) -> tuple[str, str] | None:
    path = issue["field"]
    return retranslate.wanted(original_of(record, path), get_text(record, path), issue) if path else None


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Mend the records; see the module's text."""
    checks = resolve_checks(DEFAULT)
    outcome = Outcome()
    mends = frozenset(config.mends)
    engine = _engine(config)
    if engine is None:
        counts = stream(
            lambda rs: [with_proposals(mend_record(r, checks, outcome, mends), checks, mends) for r in rs], inputs, out
        )
    else:
        counts = _with_engine(engine, inputs, out, checks, outcome, mends)
    counts.notes.update(summary(out / "records.jsonl"))
    mended, n = sum(counts.notes["issues_mended"].values()), sum(counts.notes["issues_found"].values())
    proposed = sum(counts.notes["issues_proposed"].values())
    told = f"{mended:,} of {n:,} issues mended, {proposed:,} more proposed"
    told += f"; {counts.notes['records_left']:,} records left to read"
    if config.labels:
        found = planted(read_jsonl(out / "records.jsonl"), Path(config.labels))
        counts.notes["planted"] = found
        told += f"; planted {found['planted']:,}, found {found['found']:,}, mended {found['mended']:,}"
        told += f", proposed {found['proposed']:,}"
    counts.notes["headline"] = told
    known = {*CHECKS, *REPAIRS, "sense"}
    for code, where in counts.notes["first_of_unmendable"].items():
        if code not in known:
            log.warning(
                "%s: %s: nothing mends the issue code '%s'%s; it stays open for review. Known: %s.",
                inputs.label, where, code, did_you_mean(code, known), ", ".join(REPAIRS),
            )  # fmt: skip
    return counts


def _with_engine(
    engine: tuple[Any, Any], inputs: Inputs, out: Path, checks: Any, outcome: Outcome, mends: frozenset[str]
) -> Counts:
    room, options = engine
    with room.open_client(options, inputs) as client:

        async def step(records: list[Record]) -> list[Record]:
            (record,) = records
            mended = mend_record(record, checks, outcome, mends)
            filled = await _fill(mended, room, options, client, checks, outcome, mends)
            return [with_proposals(filled, checks, mends)]

        counts = stream(step, inputs, out, in_flight=inputs.in_flight)
        counts.notes["paid"] = client.report()
    return counts


async def _fill(
    record: Record, room: Any, options: Any, client: Any, checks: Any, outcome: Outcome, mends: frozenset[str]
) -> Record:
    """Give the record with missing and English sentences translated again, each kept only when it leaves fewer
    issues.
    """
    for _ in range(MAX_SENTENCES):
        issue = next(
            (
                i
                for i in record.get("issues") or ()
                if i.get("status", "open") == "open"
                and i["code"] in mends
                and not i.get("asked")
                and _question(record, i)
            ),
            None,
        )
        if issue is None:
            break
        path = issue["field"]
        original, text = original_of(record, path), get_text(record, path)
        piece, around = _question(record, issue) or ("", "")
        where = {"record": str(record.get("id", "")), "field": path}
        said = await retranslate.translate(piece, around, room, options, client, **where)
        issues = [cast(Issue, {**i, "asked": True}) if i is issue else i for i in record["issues"]]
        record = {**record, "issues": issues}
        if not said:
            outcome.undone[issue["code"]] += 1
            continue
        context = context_of(record, path)
        known = [i for i in issues if i["field"] == path and i.get("status", "open") == "open"]
        proposal, left = retranslate.accept(original, text, issue, said, checks, context)
        if not better(left, [i for i in known if i["code"] in checks]):
            outcome.undone[issue["code"]] += 1
            continue
        outcome.kept[issue["code"]] += 1
        record = with_texts(record, {path: proposal})
        done = entry(path, issue["code"], text, between(text, proposal))
        record["repairs"] = [*(record.get("repairs") or []), done]
        record["issues"] = updated(issues, known, left, path, checks)
    if any("asked" in i for i in record.get("issues") or ()):
        record = {**record, "issues": [{k: v for k, v in i.items() if k != "asked"} for i in record["issues"]]}
    return record


def summary(path: Path) -> Notes:
    """Give the funnel: issues and records before and after, proposals, edits by check, the codes that nothing mends."""
    found: Counter[str] = Counter()
    mended: Counter[str] = Counter()
    still: Counter[str] = Counter()
    proposed: Counter[str] = Counter()
    edits: Counter[str] = Counter()
    unmendable: dict[str, str] = {}
    n = Counter(records=0, records_with_issues=0, records_repaired=0, records_left=0)
    for record in read_jsonl(path):
        issues = record.get("issues") or []
        left = [i for i in issues if i.get("status", "open") == "open"]
        found.update(i["code"] for i in issues)
        mended.update(i["code"] for i in issues if i.get("status") == "mended")
        still.update(i["code"] for i in left)
        proposed.update(i["code"] for i in left if i.get("proposal"))
        edits.update(str(r.get("check")) for r in record.get("repairs") or ())
        for issue in issues:
            if issue["code"] not in REPAIRS:
                unmendable.setdefault(issue["code"], f"record {record.get('id', '?')}, field '{issue['field']}'")
        n["records"] += 1
        n["records_with_issues"] += bool(issues)
        n["records_repaired"] += bool(record.get("repairs"))
        n["records_left"] += bool(left)
    return {
        **n,
        "issues_found": dict(found.most_common()),
        "issues_mended": dict(mended.most_common()),
        "issues_open": dict(still.most_common()),
        "issues_proposed": dict(proposed.most_common()),
        "edits": dict(edits.most_common()),
        "first_of_unmendable": unmendable,
    }
