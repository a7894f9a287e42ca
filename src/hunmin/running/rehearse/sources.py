"""Bundled rows in the format of a recipe's own sources, and the recorded replies that translate them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...artifacts import identity
from ...artifacts.artifact import hash_of
from ...artifacts.record import Record, kind, read_jsonl, texts, write_jsonl
from ...artifacts.rows import Shown
from ...clients.recorded import ANYONE, FILLER
from ...errors import UserError
from ...formats import FORMATS
from ...formats.written import written
from ...publishing import known
from ...tables import resolve
from ..recipe import BUNDLED

Changes = dict[str, Any]
"""New values of a stage's options, by name."""

PREFERENCES = ("ultrafeedback", "openai_preference", "hh")
VERIFIED_BY = ("answer", "constraints")  # what a problem brings under `extra`
ROWS = 48  # records a source holds in a rehearsal


def cache_folder() -> Path:
    """Give the user's cache folder for rows and bases of rehearsals."""
    return identity.cache_folder("rehearsal")


def bundled(name: str) -> list[Record]:
    return list(read_jsonl(BUNDLED / name))


def is_preference(config: Any) -> bool:
    """Tell a source whose rows are preferences."""
    shape = config.format if config.format != "auto" else (known.dataset(config.hub) or {}).get("format")
    return shape in PREFERENCES


def with_thoughts() -> list[Record]:
    """Give the bundled problems with their steps as the thought and the last sentence as the answer."""
    found = []
    for row in bundled("maths.jsonl"):
        thought, _, answer = row["output"].rstrip(".").rpartition(". ")
        found.append({**row, "thinking": f"{thought}.", "output": f"{answer}."})
    return found


def maths_replies() -> Path:
    """Give a file with a right and a wrong recorded answer to every bundled problem."""
    lines = []
    for row in bundled("maths.jsonl"):
        gold = row["extra"]["answer"]
        wrong = f"어림하면 {gold}보다 하나 큽니다. 정답은 {float(gold) + 1:g}입니다."
        for k, reply in enumerate((row["output"], wrong)):
            lines.append({"id": row["id"], "field": "answer", "prompt": str(k), "reply": reply})
    file = cache_folder() / f"maths-replies-{hash_of(lines)}.jsonl"
    if not file.is_file():
        write_jsonl(file, lines)
    return file


def load(config: Any, rows: list[Record], replies: list[Record]) -> Changes:
    """Give the options that put bundled rows in place of a source; `replies` gathers the records it will give."""
    if Path(config.hub or config.path).exists():  # the user's own rows are here already; a few of them will do
        return {"limit": min(config.limit or ROWS, ROWS)}
    folder = _source(config, config.hub or config.path, rows, ROWS, replies)
    if config.hub:
        source = config.source or f"rehearsal-{config.hub.split('/')[-1]}"
        return {"hub": str(folder), "revision": None, "subset": None, "split": "train", "source": source}
    return {"path": str(next(folder.glob("*.jsonl")))}


def is_own(step: Any) -> bool:
    """Tell whether a stage reads rows that are on this machine: the user's own."""
    config = step.config
    if step.stage.name == "load":
        return Path(config.hub or config.path).exists()
    if step.stage.name == "mix":
        return any(Path(name).exists() for s in config.sources if (name := s.hub or s.path))
    return False


def with_stand_ins(name: str) -> Path:
    """Give a file with the bundled replies by record, and the same replies for any record that has none."""
    rows = bundled(name)
    anyones = [{**row, "id": ANYONE} for row in rows if not row.get("prompt")]
    file = cache_folder() / f"{name.removesuffix('.jsonl')}-{hash_of([rows, 'v1'])}.jsonl"
    if not file.is_file():
        write_jsonl(file, rows + anyones)
    return file


def mix(config: Any, rows: list[Record], replies: list[Record]) -> Changes:
    sources = []
    n = len(config.sources)
    for i, source in enumerate(config.sources):
        row = source.model_dump()
        name = source.hub or source.path
        if name and not Path(name).exists():
            folder = _source(source, name, rows[i::n], max(8, 2 * ROWS // n), replies)
            row |= {"hub": str(folder), "path": None, "revision": None, "subset": None, "split": "train"}
            if isinstance(source.take, int):
                row["take"] = min(source.take, 12 + 4 * i)
        elif name:  # the user's own rows: a few of them will do
            row["take"] = min(source.take, ROWS) if isinstance(source.take, int) else source.take
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


def _row(record: Record, shape: str, config: Any) -> tuple[Shown | None, Record]:
    """Give a bundled record as a row of the shape, and the record it reads back as; None when it does not fit."""
    record = {k: v for k, v in record.items() if k != "source"}
    if config.columns:
        if kind(record) != "instruction" or record.get("system"):
            return None, record
        row = {column: record.get(field) or "" for field, column in config.columns.items()}
        if "input" not in config.columns and record.get("input"):
            return None, record
        gold = {k: v for k, v in (record.get("extra") or {}).items() if k in VERIFIED_BY and k not in row}
        return {**row, **gold, "id": record["id"], **_id_column(config)}, record
    if shape == "sharegpt" or shape == "messages":
        record = _as_chat(record)
    elif shape == "cot":
        record = _as_cot(record)
    if not _fits(record, shape):
        return None, record
    row = written(record, shape)
    back = resolve(FORMATS, shape, "format").read(row)
    return (row, record) if texts(back[0]) == texts(record) else (None, record)


def _id_column(config: Any) -> Changes:
    return {}


def _fits(record: Record, shape: str) -> bool:
    if not record:
        return False
    wants = {"sharegpt": "chat", "messages": "chat"}.get(shape, "instruction")
    wants = "preference" if shape in PREFERENCES else wants
    if kind(record) != wants or (wants == "instruction" and not record.get("instruction")):
        return False
    return not (record.get("system") and shape in ("dolly", "instances", "cot", "hh")) and not (
        shape == "cot" and record.get("input")
    )


def _as_chat(record: Record) -> Record:
    if kind(record) != "instruction" or record.get("system"):
        return record
    asked = "\n\n".join(t for t in (record.get("instruction"), record.get("input")) if t)
    rest = {k: v for k, v in record.items() if k not in ("instruction", "input", "output")}
    thought = {"thinking": rest.pop("thinking")} if rest.get("thinking") else {}
    turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": record["output"], **thought}]
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


def translate(config: Any, rows: list[Record], own: bool = False) -> Changes:
    """Replies for the fields of these rows: the bundled ones, with the spoiled translations among them.

    The user's own texts have none: filler words stand in for their translation.
    """
    recorded = {(r["id"], r["field"]): r["reply"] for r in bundled("replies.jsonl")}
    found: dict[tuple[str, str], str] = {}
    korean = {r["id"]: r for r in bundled("ko.jsonl")}
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
    if own:
        lines.append({"id": ANYONE, "field": ANYONE, "reply": FILLER})
    file = cache_folder() / f"translations-{hash_of(lines)}.jsonl"
    if not file.is_file():
        write_jsonl(file, lines)
    return {
        "engine": "recorded",
        "replies": str(file),
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
