"""Source rows to records: one small reader per dataset shape, told by its keys; ids, NFC and validation on the way.

From JSONL, JSON, CSV, TSV, Parquet, Excel (also .gz, .zst), a folder of those, or a Hub dataset with its revision.
Every key of every row is mapped to a record's field, kept under `extra`, or named; both are counted and told.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import field_validator, model_validator

from ..artifacts.artifact import Counts, Inputs
from ..artifacts.ids import Ids
from ..artifacts.record import HISTORY, Record, history_problems, nfc, problems, texts
from ..artifacts.rows import Estimate, JsonObject, Notes
from ..artifacts.stream import Drop, count_lines, stream
from ..clients.access import HubId
from ..errors import UserError
from ..formats import READ
from ..formats.columns import column_problems, plain, whole
from ..formats.files import Malformed, read_rows, records_of
from ..formats.learned import set_aside
from ..formats.originals import Originals, by_path
from ..formats.preference import NoPreference
from ..formats.recognise import Shape, reader, shape_of
from ..formats.told import Told
from ..options import Options, opt
from ..tables import did_you_mean

log = logging.getLogger("hunmin")

READS = ()
EDITS = ()
ADDS = ()  # what `provides` names comes with the rows
KIND = "record"
INPUT = None
OUTPUT = "records"

LOOK = 20  # rows that the format is told by
HANGUL = re.compile("[가-힣]")
LATIN = re.compile("[A-Za-z]")


class Config(Options):
    path: str | None = opt(None, "A file or folder of rows (JSONL, JSON, CSV, TSV, Parquet, Excel; .gz, .zst).")
    hub: str | None = opt(None, "A Hub dataset id, or a local dataset folder; instead of path.")
    revision: str | None = opt(None, "Branch, tag or commit of the Hub dataset.")
    split: str | None = opt(
        None, "Split of the Hub dataset (null: the only one, or train) or JSON file; sheet of a workbook."
    )
    subset: str | None = opt(None, "Configuration of a Hub dataset that has several.")
    format: str = opt("auto", f"The rows' shape: auto, {', '.join(READ)}.")
    columns: dict[str, str] = opt({}, "Record fields from any table's columns: {instruction: Q, output: A}.")
    ignore: list[str] = opt([], "Columns and turns' keys that mean nothing here, such as train; kept in extra.")
    original: str | None = opt(None, "A file with the untranslated rows, paired by id or by equal row count.")
    provides: list[str] = opt([], "History keys that the rows bring along, such as original or ratings.")
    encoding: str | None = opt(None, "The file's encoding when it is not UTF-8, such as cp949.")
    on_bad_row: Literal["error", "drop"] = opt("error", "A row that is no record: stop, or drop it with its reason.")
    source: str | None = opt(None, "Name of the source, also in the ids; null takes the file's or dataset's name.")
    license: str | None = opt(None, "Licence to write on every record.")
    generator: str | None = opt(None, "Who or what wrote the answers, to write on every record.")
    cot_join: str = opt("\n", "What stands between rationale and answer of CoT-Collection rows.")
    questions: bool = opt(False, "A question set: rows may come without an answer, to be translated or judged with.")
    limit: int | None = opt(None, "Read only the first N rows.", ge=1)

    @field_validator("format")
    @classmethod
    def _known_format(cls, name: str) -> str:
        if name != "auto" and ":" not in name and name not in READ:
            near = did_you_mean(name, ["auto", *READ])
            raise ValueError(f"unknown format{near}  (formats: auto, {', '.join(READ)})")
        return name

    @model_validator(mode="before")
    @classmethod
    def _original_is_provided(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("original"):
            given = data.get("provides") or []
            if isinstance(given, list) and "original" not in given:
                data = {**data, "provides": [*given, "original"]}
        return data


def check(config: Config) -> list[str]:
    """Give what is wrong across options, before anything is read."""
    found = []
    if bool(config.path) == bool(config.hub):
        found.append("give exactly one of path and hub")
    if config.path and (config.revision or config.subset):
        found.append("revision and subset belong to hub, not to path")
    if config.columns and config.format != "auto":
        found.append("columns and format exclude each other")
    found += [
        f"provides: unknown key '{k}'; a stage adds: {', '.join(HISTORY)}" for k in config.provides if k not in HISTORY
    ]
    both = [name for name in config.ignore if name in config.columns.values()]
    found += [f"ignore and columns both name '{name}'" for name in both]
    return found + column_problems(config.columns)


def files(config: Config) -> list[Path]:
    """Give the local files that decide the result."""
    return [records_of(Path(p)) or Path(p) for p in (config.path, config.original) if p]


def hub(config: Config) -> list[HubId]:
    """Give the dataset it downloads."""
    return [("dataset", config.hub)] if config.hub else []


def adds(config: Config) -> list[str]:
    """Give the keys that the rows bring along."""
    return config.provides


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Read, check and write the records of one source."""
    wrong = check(config)
    if wrong:
        raise UserError("; ".join(wrong), inputs.label, "Mend the options.")
    notes: Notes = {}
    counts = stream(_step, inputs, out, source=items(config, notes), total=_total(config))
    if not counts.n_in:
        raise UserError("the dataset is empty", config.path or config.hub or "", "Check the file, or the split.")
    if not counts.n_kept:
        told = "\n  ".join([*notes["told"].bad_lines()] or notes["told"].lines())
        raise UserError(f"no usable row\n  {told}.", config.path or config.hub or "", "Check the file and the format.")
    told = notes.pop("told")
    counts.notes = {k: v for k, v in {**notes, **told.notes(), "terminal": list(told.lines())}.items() if v}
    if notes["n_untranslated"]:
        log.warning("load: %d rows ask in Korean and answer without any Hangul", notes["n_untranslated"])
    return counts


def _total(config: Config) -> int | None:
    """Give the number of rows where it is cheap to know, for the time left."""
    path = Path(config.path or "")
    if path.is_file() and path.suffix in (".jsonl", ".ndjson"):
        n = count_lines(path)
        return n if config.limit is None else min(n, config.limit)
    return config.limit


def _step(items: list[JsonObject]) -> list[Record | Drop]:
    item = items[0]
    if item["bad"] is None:
        return [item["record"]]
    return [Drop(item["record"], item.get("reason", "bad_row"), item["bad"])]


def records(config: Config, notes: Notes | None = None) -> Iterator[Record]:
    """Yield the good records of a source, as `load` would keep them; `notes` is filled on the way."""
    for item in items(config, {} if notes is None else notes):
        if item["bad"] is None:
            yield item["record"]


def source_name(config: Config) -> str:
    """Give the source's name: the option, else the file's or the dataset's own."""
    if config.source:
        return config.source
    name = Path((config.path or config.hub or "").rstrip("/")).name
    if config.path:
        name = re.sub(r"(\.(jsonl|ndjson|json|csv|tsv|parquet|xlsx|txt|gz|zst))+$", "", name, flags=re.IGNORECASE)
    return re.sub(r"\s+", "_", name) or "source"


def located_rows(config: Config, notes: Notes | None = None) -> Iterator[tuple[str, Any]]:
    """Yield (where, row) of the source, before any format is read."""
    if config.hub:
        from ..formats.hub import read_hub

        rows = read_hub(config.hub, config.revision, config.split, config.subset, notes)
    else:
        rows = read_rows(Path(config.path or ""), config.encoding, config.split)
    return islice(rows, config.limit)


def items(config: Config, notes: Notes, name: str | None = None) -> Iterator[JsonObject]:
    """Yield {record, bad}: a record with bad None, or a row (as it was) and why it is none.

    The same rows come again when called again, so that a killed load resumes.
    """
    source = name or source_name(config)
    rows = located_rows(config, notes)
    if config.ignore:
        rows = ((where, set_aside(row, config.ignore)) for where, row in rows)
    head = list(islice(rows, LOOK))
    shape = _shape(config, [r for _, r in head if isinstance(r, dict)])
    read = reader(shape, named=bool(config.columns) or config.format != "auto", cot_join=config.cot_join)
    told = notes["told"] = Told(shape.told())
    notes.update(format=shape.name, rows=0, n_nfc=0, n_untranslated=0, n_history_in_extra=0)
    pair = _originals(config) if config.original else None
    ids = Ids()
    first_error: UserError | None = None
    for where, row in _chain(head, rows):
        notes["rows"] += 1
        found: list[Record] = []
        try:
            if isinstance(row, Malformed):
                raise UserError(row.why, mend=row.mend)
            found = read(row)
        except UserError as error:
            if pair is not None:
                pair.skip()
            if isinstance(error, NoPreference):
                told.more[f"rows dropped: {error.what}"] += 1
                item = {
                    "record": whole(plain(row)),
                    "bad": {"why": error.what, "where": where},
                    "reason": "no_preference",
                }
            else:
                item = _bad(config, told, where, row, error)
                first_error = first_error or _stop(config, where, error)
            if first_error is None:
                yield item
        for record in found:
            try:
                record = _finish(record, config, source, notes)
                ids.give(record, where)
                if pair is not None:
                    pair.attach(record, notes)
            except UserError as error:
                if pair is not None and error.where != "original":
                    pair.skip()
                item = _bad(config, told, where, row, error)
                first_error = first_error or _stop(config, where, error)
                if first_error is None:
                    yield item
                continue
            told.add(record)
            if first_error is None:
                yield {"record": record, "bad": None}
    if first_error is not None:
        raise _all_bad(first_error, told, notes["rows"])
    if pair is not None:
        pair.close(notes)
    for key in config.provides:
        if notes["rows"] and not notes.get(f"with_{key}"):
            raise UserError(f"provides names '{key}', but no row has it", _place(config), "Remove it from provides.")


T = TypeVar("T")


def _chain(head: list[T], rest: Iterator[T]) -> Iterator[T]:
    yield from head
    yield from rest


def _place(config: Config) -> str:
    return str(config.path or config.hub)


def _shape(config: Config, head: list[JsonObject]) -> Shape:
    """Give the shape that the options name, else the one that the first rows have."""
    if config.columns:
        return Shape("columns", config.columns)
    if config.format != "auto":
        return Shape(config.format)
    if config.questions and head and all("instruction" in row and "output" not in row for row in head):
        return Shape("records") if "instances" not in head[0] else shape_of(head, _place(config))
    return shape_of(head, _place(config)) if head else Shape("none")


def _bad(config: Config, told: Told, where: str, row: Any, error: UserError) -> JsonObject:
    """Give the item of a bad row, counted."""
    what = f"{error.where}: {error.what}" if error.where else error.what
    told.refuse(where, what, re.sub(r"\d+", "N", what)[:100])
    record = {"text": str(row)} if isinstance(row, Malformed) else whole(plain(row))
    return {"record": record, "bad": {"why": what, "where": where}}


def _stop(config: Config, where: str, error: UserError) -> UserError | None:
    """Give the error of a bad row when bad rows stop the load, else None. Raises it when no row can be better."""
    what = f"{error.where}: {error.what}" if error.where else error.what
    if config.on_bad_row == "drop" and error.where != "columns":
        return None
    mend = error.mend or "Fix the row"
    stop = UserError(what, where, f"{mend.rstrip('.')}, or set load.on_bad_row: drop.")
    if error.where == "columns":
        raise stop from error
    return stop


def _all_bad(first: UserError, told: Told, n: int) -> UserError:
    """Give the error of every bad row: the first alone as it is, of several the first 20 and how many of each kind."""
    n_bad = sum(told.reasons.values())
    if n_bad == 1:
        return first
    lines = "\n  ".join(told.bad_lines())
    return UserError(f"{n_bad:,} of {n:,} rows cannot be used\n  {lines}.", "", first.mend)


def _finish(record: Record, config: Config, source: str, notes: Notes) -> Record:
    """Give a checked record in its final key order. Raises UserError that names the field."""
    history = [k for k in HISTORY if k in record]
    provided = {k: record.pop(k) for k in history}
    extra = dict(record.pop("extra", None) or {})
    for key in config.provides:
        foreign = key != "original" and any(history_problems({key: extra.get(key)}))  # another's column of that name
        if key in extra and key not in provided and not foreign:
            provided[key] = extra.pop(key)
    kept = {k: v for k, v in provided.items() if k in config.provides}
    lost = {k: v for k, v in provided.items() if k not in config.provides}
    if lost:  # not promised by `provides`, so no later stage may build on it; it stays readable
        notes["n_history_in_extra"] += 1
        extra.update(lost)
    record, changed = nfc(record) if _texts_are_text(record) else (record, False)
    wrong = [p for p in problems(record) if not (config.questions and p[0] == "output" and not record.get("output"))]
    if wrong:
        field, what = wrong[0]
        raise UserError(what, f"field '{field}'" if field else "")
    found = texts(record)
    for path, text in found.items():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            what = f"half a character (lone surrogate) at {error.start}"
            raise UserError(what, f"field '{path}'") from error
    notes["n_nfc"] += changed
    notes["n_untranslated"] += _is_untranslated(found)
    if "original" in kept:
        kept["original"] = by_path(kept["original"], record)
    for key in kept:
        notes[f"with_{key}"] = notes.get(f"with_{key}", 0) + 1
    ordered: Record = {"id": record.pop("id", ""), "source": record.pop("source", None) or source}
    if config.source:
        ordered["source"] = config.source
    licence, generator = record.pop("license", None), record.pop("generator", None)
    ordered.update(record)
    for key, own, given in (("license", licence, config.license), ("generator", generator, config.generator)):
        if given or own:
            ordered[key] = given or own
    if extra:
        ordered["extra"] = whole(extra)
    return {**ordered, **kept}


def _texts_are_text(record: Record) -> bool:
    messages = record.get("messages")
    if messages is not None and not (isinstance(messages, list) and all(isinstance(m, dict) for m in messages)):
        return False
    return all(isinstance(t, str) for t in texts(record).values())


def _is_untranslated(found: dict[str, str]) -> bool:
    """Tell a row that asks in Korean and answers in Latin letters without any Hangul."""
    answer = found.get("output") or found.get("chosen") or ""
    asked = found.get("instruction", "")
    return bool(HANGUL.search(asked)) and len(LATIN.findall(answer[:200])) > 2 and not HANGUL.search(answer)


def _originals(config: Config) -> Originals:
    other = Config(path=config.original, columns=_columns_for(config))
    rows = [(item["record"]["id"], texts(item["record"])) for item in items(other, {})]
    return Originals(str(config.original), rows)


def _columns_for(config: Config) -> dict[str, str]:
    """The original's own shape is told by its keys; `columns` applies only when its table has those columns."""
    if not config.columns:
        return {}
    for _, row in islice(read_rows(Path(config.original or "")), 1):
        if isinstance(row, dict) and set(config.columns.values()) <= row.keys():
            return config.columns
    return {}


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Count rows and characters of a local source; a Hub dataset is only named, nothing is fetched."""
    from . import full_size

    known = full_size.load(config, inputs)
    if known is not None:
        return known
    if config.hub and not Path(config.hub).exists():
        return {"hub": config.hub, "note": "not counted: nothing is downloaded by --dry-run"}
    if config.path and not Path(config.path).exists():
        return {"path": config.path, "needs": f"the file {config.path}, which is not here"}
    n = chars = 0
    for record in records(config):
        n += 1
        chars += sum(map(len, texts(record).values()))
    return {"records": n, "chars": chars}
