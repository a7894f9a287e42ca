"""Attach the issues that the checks find: what the translation lost, changed or left in English; drops and edits
nothing.

With an `original` each text is compared with its English; without one only what the Korean shows by itself is found,
and the notes say for how many texts. A field that a data set left in English throughout is found by reading the input
once before.
"""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any

from ..artifacts.artifact import RECORDS, Counts, Inputs, add_notes
from ..artifacts.record import Record, read_jsonl, texts
from ..artifacts.rows import Estimate, Notes
from ..artifacts.stream import stream
from ..clients.access import Access
from ..errors import UserError
from ..options import Endpoint, opt
from ..tables import did_you_mean
from ..text.hangul import has_hangul
from ..text.ngrams import FUNCTION_WORDS, english_words
from ..text.prose import prose_of
from ..translation.checks import CHECKS, DEFAULT
from ..translation.checks.find_issues import issues_of, original_of, resolve_checks, titles_of

log = logging.getLogger("hunmin")

READS = ("text", "original?")
EDITS: tuple[str, ...] = ()
ADDS = ("issues",)
KIND = "record"
INPUT = "records"
OUTPUT = "records"
SHARDS = "automatic"  # worth more than one process on one machine

SENSE = "sense"
NEVER = "never_translated"
MIN_RECORDS = 8  # fewer say nothing about a data set
MIN_IDENTICAL_RATIO = 0.9
MIN_SAID_RATIO = 0.1  # of these, what has English to translate: a field of names or commands needs none


class Config(Endpoint):
    checks: list[str] = opt(
        list(DEFAULT), f"The checks to run: {', '.join(CHECKS)}, {SENSE} (asks a model), or module:function."
    )
    model: str | None = opt(None, "sense: the endpoint's model name.")
    sense_min_sure: int = opt(
        0, "sense: ask how sure each error is, 0 to 100, and keep those at least so sure; 0 does not ask.", ge=0, le=100
    )


def check(config: Config) -> list[str]:
    """Give what is wrong with the options before anything runs."""
    known = [*CHECKS, SENSE]
    found = [
        f"check.checks: unknown check '{name}'{did_you_mean(name, known)} (known: {', '.join(known)})."
        for name in config.checks
        if name not in known and ":" not in name
    ]
    if SENSE in config.checks and not config.model:
        found.append("check.model: 'sense' asks a model; name one.")
    if not config.checks:
        found.append("check.checks: empty; name at least one check or leave the stage out.")
    return found


def files(config: Config) -> list[Path]:
    """Give the recorded replies, where `sense` replays some."""
    if SENSE in config.checks and (config.base_url or "").startswith("recorded:"):
        return [Path((config.base_url or "").removeprefix("recorded:"))]
    return []


def services(config: Config) -> list[Access]:
    """Give the endpoint that `sense` asks."""
    from ..clients import openai_chat

    if SENSE not in config.checks:
        return []
    return openai_chat.services(config.base_url, config.api_key_env, config.model, config.free)


def paid(config: Config) -> bool:
    """Only `sense` asks anyone; a server on this machine costs nothing."""
    from ..raters.asked import is_free

    return SENSE in config.checks and not is_free(config.base_url, config.model or "", config.free)


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Give what checking would take; nothing is sent."""
    n = inputs.expected.get("records")
    if inputs.records is None or not inputs.records.is_file():
        return {"records": n, "requests": n if SENSE in config.checks else 0}
    if SENSE not in config.checks:
        return {"records": sum(1 for _ in read_jsonl(inputs.records)), "requests": 0, "usd": 0.0}
    from ..clients import openai_chat as endpoint
    from ..translation.checks import sense

    units = (unit for record in read_jsonl(inputs.records) for unit in sense.units(record, config.sense_min_sure > 0))
    return endpoint.estimate(
        units,
        model=config.model or "",
        base_url=config.base_url,
        request=config.request,
        ledger=inputs.spend.ledger,
        free=config.free,
    )


def says_something(text: str) -> bool:
    """Tell whether there is English to translate in a text: not a name, a command, a label."""
    words = [word for word, _, _ in english_words(prose_of(text))]
    return len(words) >= 3 and not FUNCTION_WORDS.isdisjoint(words)


def never_translated(records: Path) -> frozenset[str]:
    """Give the fields that are the English, byte for byte, in at least nine of ten records that have them.

    Only among records whose other texts are Korean, so that an English data set is not called untranslated.
    """
    same: Counter[str] = Counter()
    said: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for record in read_jsonl(records):
        found = texts(record)
        for path, text in found.items():
            original = original_of(record, path)
            if (
                original
                and not path.startswith("messages.")
                and any(has_hangul(t) for p, t in found.items() if p != path)
            ):
                seen[path] += 1
                same[path] += text == original
                said[path] += text == original and says_something(original)
    return frozenset(
        path
        for path, n in seen.items()
        if n >= MIN_RECORDS and same[path] >= MIN_IDENTICAL_RATIO * n and said[path] >= MIN_SAID_RATIO * same[path]
    )


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Give each record its list of issues."""
    if inputs.records is None:
        raise UserError("no records to read", inputs.label, "Give an input file, or put a stage before this one.")
    checks = resolve_checks(name for name in config.checks if name != SENSE)
    left = frozenset((inputs.known or survey(config, inputs))[NEVER])

    def attach(record: Record) -> Record:
        return {**record, "issues": [*(record.get("issues") or []), *issues_of(record, checks, left)]}

    if SENSE in config.checks:
        counts = _with_sense(config, inputs, out, attach)
    else:
        counts = stream(lambda records: [attach(record) for record in records], inputs, out)
    counts.notes[NEVER] = sorted(left)
    if not inputs.known:  # else the shards' notes are read together
        counts.notes = _concluded(config, counts.notes, out)
    return counts


def survey(config: Config, inputs: Inputs) -> Notes:
    """Give what only the whole input shows: the fields that were never translated."""
    assert inputs.records is not None
    return {NEVER: sorted(never_translated(inputs.records))}


def merge(config: Config, notes: list[Notes], out: Path) -> Notes:
    """Give the notes of the whole from its shards', whose records are joined in `out` already."""
    joined = {**add_notes([{k: n[k] for k in n if k == "paid"} for n in notes]), NEVER: notes[0][NEVER]}
    return _concluded(config, joined, out)


def _concluded(config: Config, notes: Notes, out: Path) -> Notes:
    """Give the notes with the counts of all issues, and say what a person should know."""
    notes = {**notes, **summary(out / RECORDS)}
    own = titles_of(name for name in config.checks if ":" in name)
    if own:  # for the review page, which need not import a user's file
        notes["titles"] = own
    n_issues, n_records = sum(notes["issues"].values()), notes["records_with_issues"]
    notes["headline"] = f"{n_issues:,} issues in {n_records:,} records"
    if notes["texts_without_original"]:
        log.warning(
            "check: %s of %s texts have no original; only what the Korean shows by itself was checked there",
            f"{notes['texts_without_original']:,}",
            f"{notes['texts']:,}",
        )
    for path in notes[NEVER]:
        log.warning("check: '%s' is the English in nearly every record: it was never translated", path)
    return notes


def _with_sense(config: Config, inputs: Inputs, out: Path, attach: Any) -> Counts:
    from ..clients.openai_chat import open_for
    from ..translation.checks import sense

    with open_for(config, inputs) as client:

        async def step(records: list[Record]) -> list[Record]:
            (record,) = records
            found, unread = await sense.ask(record, client, config.sense_min_sure)
            record = attach(record)
            record["issues"] = [*record["issues"], *found]
            if unread:
                record["issues"].append(sense.unread_issue(unread))
            return [record]

        counts = stream(step, inputs, out, in_flight=inputs.in_flight)
        counts.notes["paid"] = client.report()
        return counts


def summary(path: Path) -> Notes:
    """Give issues by code and severity, records and fields with any, and how many texts had no original."""
    codes: Counter[str] = Counter()
    severities: Counter[str] = Counter()
    records: Counter[str] = Counter()
    notes = {"texts": 0, "texts_without_original": 0, "records_with_issues": 0, "records_with_certain": 0}
    for record in read_jsonl(path):
        issues = record["issues"]
        for field in texts(record):
            notes["texts"] += 1
            notes["texts_without_original"] += not original_of(record, field)
        codes.update(issue["code"] for issue in issues)
        severities.update(issue["severity"] for issue in issues)
        records.update({issue["code"] for issue in issues})
        notes["records_with_issues"] += bool(issues)
        notes["records_with_certain"] += any(issue["severity"] == "certain" for issue in issues)
    return {
        **notes,
        "issues": dict(codes.most_common()),
        "severities": dict(severities.most_common()),
        "records_by_code": dict(records.most_common()),
    }
