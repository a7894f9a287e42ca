"""Writes the folder that is published: rows or weights, card, histogram, recipe; with what stands against it."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..artifacts import artifact
from ..artifacts.artifact import Counts, Inputs
from ..artifacts.record import TEXT_FIELDS, Record, dumps, read_jsonl, write_jsonl
from ..artifacts.rows import Manifest, Notes, Shown
from ..errors import UserError
from ..formats.written import written
from ..tables import did_you_mean
from . import dataset_card, known, model_card, verified
from . import secret_scan as scan
from .facts import MODEL_CARD, DataFacts, ModelFacts, Step, lineage, read_card, read_data, read_model, steps_before
from .licences import Conflict, Part, conflicts, licence, propose
from .parts_of_cards import Frame, short_name

HISTORY = ("original", "translation", "issues", "repairs", "review", "ratings", "extra")
# Weights and what a loader needs beside them; no optimizer state, no pickles.
PUBLISHED = (".safetensors", ".json", ".jinja", ".model", ".txt", ".gguf")
PUBLISHED_NAMES = ("Modelfile", "LICENSE", "NOTICE")


@dataclass
class Written:
    """The folder in words: its name, rows, files, licence, and what stands against publishing it."""

    name: str
    folder: Path
    licence: str
    n: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    found: scan.Found = field(default_factory=scan.Found)
    more: Notes = field(default_factory=dict)

    @property
    def n_files(self) -> int:
        return sum(1 for p in self.folder.rglob("*") if p.is_file())

    def refusals(self, config: Any) -> list[str]:
        """Give every reason not to upload, one line each."""
        lines = [f"{c.what} ({c.code})" for c in self.conflicts if c.code not in config.accept]
        if self.found.counts and config.sensitive == "refuse":
            lines.append(f"found {self.found.told()}: {'; '.join(self.found.places)}")
        return lines

    def notes(self) -> Notes:
        size = sum(p.stat().st_size for p in self.folder.rglob("*") if p.is_file())
        return {
            "licence": self.licence or "not clear",
            "conflicts": [{"code": c.code, "what": c.what} for c in self.conflicts],
            "sensitive": dict(self.found.counts),
            "files": self.n_files,
            "bytes": size,
            **self.more,
        }


def write(config: Any, inputs: Inputs, folder: Path) -> Written:
    """Write the folder anew and give what it is. Raises UserError when there is nothing of that kind."""
    shutil.rmtree(folder, ignore_errors=True)  # ours alone, and made again in seconds
    folder.mkdir(parents=True)
    steps, of = find(config, inputs)
    chain = lineage(steps, of)
    verified.require(chain, inputs.label)
    make = _records if config.what == "records" else _model
    written = make(config, inputs, folder, steps, of)
    verified.write_lineage(folder, chain, of)
    return written


def find(config: Any, inputs: Inputs) -> tuple[list[Step], Step]:
    """Give the earlier artifacts and the one to publish: `from`, else the newest of its kind."""
    start = inputs.records.parent if config.what == "records" and inputs.records else inputs.model
    steps = steps_before(inputs, start)
    label = getattr(config, "from")
    kind = "records" if config.what == "records" else "model"
    if label:
        found = [s for s in steps if s.label == label]
        if not found:
            known_labels = [s.label for s in steps]
            raise UserError(
                f"from: no finished stage labelled '{label}'{did_you_mean(label, known_labels)}",
                inputs.label,
                f"There are: {', '.join(known_labels) or 'none'}.",
            )
        if found[0].manifest["output"] != kind:
            raise UserError(f"from: '{label}' left {found[0].manifest['output']}, not {kind}", inputs.label)
        return steps, found[0]
    found = [s for s in steps if s.manifest["output"] == kind]
    if found:
        return steps, found[-1]
    if start is None:
        raise UserError(f"there are no {kind} to publish", inputs.label, f"Put a stage that leaves {kind} before it.")
    # A plain file or folder that no run made: published as it is, with nothing known of its past.
    manifest: Manifest = {
        "stage": "input",
        "label": start.name,
        "output": kind,
        "config": {},
        "config_hash": "",
        "seed": 0,
        "inputs": {},
        "content_hash": "",
        "counts": Counts().to_json(),
        "versions": artifact.versions(),
        "seconds": 0.0,
        "finished": "",
    }
    return [], Step(start.name, start, manifest)


def _name(config: Any, of: Step) -> str:
    return config.title or (config.repo or "").split("/")[-1] or (of.folder.parent.name or of.label)


def _notices(steps: list[Step]) -> list[str]:
    """Give what earlier stages want every reader to know."""
    found = []
    for step in steps:
        notice = step.notes.get("notice") or []
        found += [f"`{step.label}`: {text}" for text in ([notice] if isinstance(notice, str) else notice)]
    return found


def _frame(
    config: Any,
    of: Step,
    whole: str,
    chain: list[Step],
    clashes: list[Conflict],
    notices: list[str],
    data: DataFacts | None,
) -> Frame:
    return Frame(
        name=_name(config, of),
        repo=config.repo or "OWNER/NAME",
        licence=whole or "unknown",
        languages=config.languages,
        steps=chain,
        conflicts=clashes,
        accepted=config.accept,
        notices=notices,
        hub_data=_hub_data(chain, data),
        about=config.about,
        cite=config.citation,
        year=time.strftime("%Y", time.gmtime()),
        language=config.card_language,
    )


# --- a data set ---


def _records(config: Any, inputs: Inputs, folder: Path, steps: list[Step], of: Step) -> Written:
    path = of.folder / artifact.RECORDS
    if not path.is_file() and inputs.records is not None:
        path = inputs.records
    data = read_data([path])
    if not data.n:
        raise UserError(
            "there are no records to publish", str(path), "Look at dropped.jsonl: every record was dropped."
        )
    parts = data.parts()
    whole = licence(config.license).name or config.license or propose(parts)
    clashes = conflicts(parts, data.writers(), whole, model=False)
    found = scan.Found()
    columns = _columns(path, config)
    redact = config.sensitive == "redact"
    n = write_jsonl(folder / dataset_card.DATA_FILE, _rows(path, config, columns, found, redact))
    chain = lineage(steps, of) if steps else []
    notices = _notices(chain)
    if redact and found.counts:
        notices.append(f"replaced by a mark: {found.told()}")
    if data.recorded:
        notices.append("part of the text comes from replies recorded beforehand, not from a translation service")
    if data.scores:
        artifact.write_atomic(folder / dataset_card.HISTOGRAM, dataset_card.histogram(data))
    frame = _frame(config, of, whole, chain, clashes, notices, data)
    text = dataset_card.card(frame, data, columns)
    _finish(folder, text, chain, found, redact)
    return Written(_name(config, of), folder, whole, n, clashes, found, {"from": of.label, "columns": columns})


def _columns(path: Path, config: Any) -> list[str]:
    """Give the columns that some record fills, in the card's order."""
    seen: set[str] = set()
    for record in read_jsonl(path):
        seen |= {k for k, v in record.items() if v not in (None, "", [], {})}
    if config.format != "records":
        first = next(read_jsonl(path))
        return list(written(first, config.format))
    named = ["id", "source", "tools", *TEXT_FIELDS[:3], "messages", "thinking", *TEXT_FIELDS[3:]]
    named += ["label", "license", "generator"]
    columns = [c for c in named if c in seen]
    columns += ["score"] if "ratings" in seen else []
    return columns + (["history"] if config.history and seen & set(HISTORY) else [])


def _rows(path: Path, config: Any, columns: list[str], found: scan.Found, redact: bool) -> Iterator[Shown]:
    """Yield the rows to publish, every one with the same columns, so that `load_dataset` reads them all."""
    shaped = config.format != "records"
    for number, record in enumerate(read_jsonl(path), 1):
        row = written(record, config.format) if shaped else _row(record, columns)
        before = sum(found.counts.values())
        found.look(str(record.get("id") or f"row {number}"), strings(row))
        if redact and sum(found.counts.values()) > before:
            row = masked(row)
        if "history" in columns and not shaped:
            row["history"] = dumps(row["history"])
        yield row


def _row(record: Record, columns: list[str]) -> Shown:
    row: Shown = {}
    for column in columns:
        if column == "messages":
            row[column] = [{k: v for k, v in m.items() if k != "extra"} for m in record.get("messages") or ()]
        elif column == "tools":  # JSON text: schemas of different shapes are no column of a table
            row[column] = dumps(record["tools"]) if record.get("tools") else ""
        elif column == "label":
            row[column] = record.get("label")
        elif column == "score":
            rating = (record.get("ratings") or [{}])[-1]
            row[column] = None if rating.get("score") is None else float(rating["score"])
        elif column == "history":
            row[column] = {k: record[k] for k in HISTORY if record.get(k) not in (None, "", [], {})}
        else:
            row[column] = record.get(column) or ""
    return row


def strings(value: Any) -> Iterator[str]:
    """Yield every text inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def masked(value: Any) -> Any:
    """Give a JSON value with every find in its texts replaced by a mark."""
    if isinstance(value, str):
        return scan.mask(value)
    if isinstance(value, dict):
        return {k: masked(v) for k, v in value.items()}
    return [masked(v) for v in value] if isinstance(value, list) else value


def _hub_data(steps: list[Step], data: DataFacts | None) -> list[str]:
    """Give the Hub ids of the data sets that went in."""
    found: list[str] = []
    for step in steps:
        given = [
            step.config.get("hub"),
            *(s.get("hub") for s in step.config.get("sources") or () if isinstance(s, dict)),
        ]
        found += [hub for hub in given if isinstance(hub, str) and model_card.is_hub_id(hub)]
    if data is not None:
        found += [source for source, _ in data.sources if known.dataset(source)]
    return list(dict.fromkeys(found))


# --- a model ---


def _model(config: Any, inputs: Inputs, folder: Path, steps: list[Step], of: Step) -> Written:
    places = weight_folders(config, steps, of)
    facts = read_model(steps, of, next(iter(places.values())))
    chain = lineage(steps, of) if steps else []
    base = Part(short_name(facts.base), config.base_license or facts.base_licence)
    parts = [base, *(facts.data.parts() if facts.data else ())]
    whole = licence(config.license).name or config.license or propose(parts)
    clashes = conflicts(parts, facts.data.writers() if facts.data else (), whole, model=True)
    if facts.data is None and facts.trainings:
        clashes.append(Conflict("unknown-licence", "the training data is not there, so its licences are not known"))
    weights = "both" if len(places) == 2 else next(iter(places))
    notices = _notices(chain)
    for kind, source in places.items():
        target = folder / "adapter" if kind == "adapter" and weights == "both" else folder
        copy_weights(source, target, facts)
    if "adapter" in places and not model_card.is_hub_id(facts.base):
        notices.append(
            f"the adapter's base `{short_name(facts.base)}` is not on the Hub, so nobody else can load it; "
            "publish merged weights"
        )
    if facts.is_tiny:
        notices.append("the base is a tiny model made for rehearsals: this proves the path, not the model")
    if facts.data is not None and facts.data.recorded:
        notices.append("part of the training text comes from replies recorded beforehand, not from a service")
    newest = [s for s in steps if s.manifest["output"] == "model"][-1:] == [of]
    frame = _frame(config, of, whole, chain, clashes, notices, facts.data)
    text = model_card.card(frame, facts, of, newest, folder, weights)
    found = scan.Found()
    _finish(folder, text, chain, found, config.sensitive == "redact")
    n = 0
    return Written(_name(config, of), folder, whole, n, clashes, found, {"from": of.label, "weights": weights})


def weight_folders(config: Any, steps: list[Step], of: Step) -> dict[str, Path]:
    """Give {merged: folder, adapter: folder} as asked; the other half is looked for in the artifact's own line."""
    line = [s.folder for s in (lineage(steps, of) if steps else [of])]
    found = {}
    for kind, name in (("merged", artifact.MODEL), ("adapter", artifact.ADAPTER)):
        there = [f / name for f in line if (f / name).is_dir()]
        if there:
            found[kind] = there[-1]
    if not found and (of.folder / "adapter_config.json").is_file():
        found["adapter"] = of.folder
    elif not found and (of.folder / "config.json").is_file():
        found["merged"] = of.folder
    if not of.folder.exists():
        raise UserError("no such file or folder", str(of.folder), "Check the path.")
    if not found:
        raise UserError("there are no weights", str(of.folder), "Name a model artifact or folder.")
    of_own = "merged" if (of.folder / artifact.MODEL).is_dir() else "adapter"
    wanted = {"auto": [of_own if of_own in found else next(iter(found))], "both": ["merged", "adapter"]}.get(
        config.weights, [config.weights]
    )
    missing = [kind for kind in wanted if kind not in found]
    if missing:
        mend = "Put 'merge' before it, or publish the adapter." if missing == ["merged"] else "Publish what there is."
        raise UserError(f"there are no {missing[0]} weights of '{of.label}'", "publish.weights", mend)
    if config.weights == "both" and read_card(found["merged"]) and _older(found, line):
        raise UserError(
            f"the merged weights are older than the adapter of '{of.label}'", "publish.weights", "Merge it again after."
        )
    return {kind: found[kind] for kind in wanted}


def _older(found: dict[str, Path], line: list[Path]) -> bool:
    return line.index(found["merged"].parent) < line.index(found["adapter"].parent)


def copy_weights(source: Path, target: Path, facts: ModelFacts) -> None:
    """Link or copy what a loader needs; local folders in the JSON files are replaced by names."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        if not path.is_file() or not (path.suffix in PUBLISHED or path.name in PUBLISHED_NAMES):
            continue
        if path.name in ("adapter_config.json", "config.json", MODEL_CARD):
            row = json.loads(path.read_text(encoding="utf-8"))
            for key in ("base_model_name_or_path", "base_model", "_name_or_path"):
                if isinstance(row.get(key), str):
                    row[key] = facts.base if model_card.is_hub_id(facts.base) else short_name(row[key])
            artifact.write_atomic(target / path.name, json.dumps(row, ensure_ascii=False, indent=2) + "\n")
        else:
            try:
                os.link(path, target / path.name)
            except OSError:
                shutil.copy2(path, target / path.name)


def _finish(folder: Path, text: str, steps: list[Step], found: scan.Found, redact: bool) -> None:
    """Write the card and the recipe, scanned like the data."""
    recipe = recipe_of(steps)
    for name, content in (("README.md", text), ("recipe.yaml", recipe)):
        if content:
            found.look(name, [content])
            artifact.write_atomic(folder / name, scan.mask(content) if redact else content)


def recipe_of(steps: list[Step]) -> str:
    """Give the stages that led here with their options, local folders shortened to names; "" when there are none."""
    import yaml

    def short(value: Any) -> Any:
        if isinstance(value, str):
            return short_name(value) if value.startswith(("/", "~")) else value
        if isinstance(value, list):
            return [short(v) for v in value]
        return {k: short(v) for k, v in value.items()} if isinstance(value, dict) else value

    rows = []
    for step in steps:
        options = {k: v for k, v in short(step.config).items() if v not in (None, "", [], {})}
        if step.label != step.manifest["stage"]:
            options = {"as": step.label, **options}
        rows.append({step.manifest["stage"]: options})
    return yaml.safe_dump({"stages": rows}, sort_keys=False, allow_unicode=True, width=110) if rows else ""
