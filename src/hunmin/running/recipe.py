"""YAML to a checked list of (stage, Config): every problem at once, each with file:line, before anything runs.

A recipe is checked as a typed pipe: each stage's READS must be added by an earlier stage (or promised by
`load.provides`), and the artifact it needs must have been made by then.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from .. import PACKAGE
from ..artifacts.rows import JsonObject
from ..errors import UserError
from ..options import Options, number_problem
from ..stages import STAGES
from ..stages.protocol import Stage, find_stage, label_of
from ..tables import did_you_mean
from .recipe_text import At, Way, parse_value, read

RECIPES = PACKAGE / "recipes"
BUNDLED = PACKAGE / "data"
TOP_KEYS = ("name", "seed", "stages", "ledger", "max_usd", "max_chars")
_TOP_TYPES = {
    "name": (str,),
    "seed": (int,),
    "ledger": (str, type(None)),
    "max_usd": (int, float, type(None)),
    "max_chars": (int, type(None)),
}


@dataclass(frozen=True)
class Step:
    """One stage of a recipe with its label and its checked Config."""

    stage: Stage
    label: str
    config: Options
    where: str = ""


@dataclass(frozen=True)
class Recipe:
    name: str
    steps: tuple[Step, ...]
    seed: int = 0
    ledger: str | None = None
    max_usd: float | None = None
    max_chars: int | None = None
    path: Path | None = None

    def stage_seed(self, label: str) -> int:
        """Give the seed of a stage: it depends on the recipe's seed and the label only."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{label}".encode()).digest()[:4], "big")


Row = tuple[int, str, str, JsonObject]
"""A stage as written: its place in the list, its name, its label, its options."""


def find(name: str) -> Path:
    """Give the file of a recipe: a path, or the name of a packaged one (`quickstart`, `data/kopen-platypus`)."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if path.is_file():
            return path
        raise UserError("no such recipe file", name, "Check the path, or use a packaged name: " + _names() + ".")
    packaged = RECIPES / f"{name}.yaml"
    if packaged.is_file():
        return packaged
    if path.is_file():
        return path
    raise UserError(f"unknown recipe '{name}'{did_you_mean(name, packaged_names())}", mend=f"Packaged: {_names()}.")


def packaged_names() -> list[str]:
    """Give the names of the recipes that come with the package."""
    return sorted(str(p.relative_to(RECIPES).with_suffix("")) for p in RECIPES.rglob("*.yaml"))


def _names() -> str:
    return ", ".join(packaged_names())


def bundled(value: Any) -> Any:
    """Replace strings `bundled:<file>` (also inside lists and maps) by the path of the bundled sample data."""
    if isinstance(value, str) and value.startswith("bundled:"):
        return str(BUNDLED / value.removeprefix("bundled:"))
    if isinstance(value, list):
        return [bundled(v) for v in value]
    if isinstance(value, dict):
        return {k: bundled(v) for k, v in value.items()}
    return value


def load(name: str, overrides: Sequence[str] = ()) -> Recipe:
    """Read, override and check a recipe. Raises one UserError that lists every problem found."""
    path = find(name)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        told = f"not UTF-8: byte 0x{error.object[error.start]:02x} at {error.start}"
        raise UserError(told, str(path), "Save the recipe as UTF-8.") from error
    return parse(text, path, overrides)


def parse(text: str, path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Check recipe text; `path` is only named in messages."""
    data, at, problems = read(text, path)
    if not isinstance(data, dict):
        raise UserError("a recipe is a map with name and stages", str(path), "See `hunmin init` for a starter.")
    for key in data:
        if key not in TOP_KEYS:
            problems.append(
                f"{at(key)}: unknown key '{key}'{did_you_mean(key, TOP_KEYS)}  (a recipe has: {', '.join(TOP_KEYS)})"
            )
    data.setdefault("name", path.stem)
    rows = _rows(data.get("stages"), at, problems)
    problems += _override(data, rows, overrides)
    for key, types in _TOP_TYPES.items():
        if key in data and (not isinstance(data[key], types) or isinstance(data[key], bool)):
            names = " or ".join(t.__name__ for t in types if t is not type(None))
            problems.append(f"{at(key)}: {key}: expected {names}, got {data[key]!r}")
        elif told := number_problem(data.get(key)):
            problems.append(f"{at(key)}: {key}: {told}, got {data[key]!r}")
    if isinstance(data["name"], str) and (told := name_problem(data["name"])):
        problems.append(f"{at('name')}: name: {told}")
    steps = _steps(rows, at, problems)
    if len(steps) == len(rows):
        problems += contract_problems(steps)
    if problems:
        n = len(problems)
        raise UserError("\n".join(problems) + (f"\n{n} problems in the recipe; nothing was run." if n > 1 else ""))
    return Recipe(
        name=data["name"],
        steps=tuple(steps),
        seed=data.get("seed", 0),
        ledger=data.get("ledger"),
        max_usd=data.get("max_usd"),
        max_chars=data.get("max_chars"),
        path=path,
    )


def name_problem(name: str) -> str | None:
    """Give why a run cannot go by this name, which becomes its folder's; None when it can."""
    if not name.strip() or name.strip(".") == "":
        return f"{name!r} is no name for a folder"
    if not name.isprintable() or len(os.fsencode(name)) > MOST_NAME:
        return f"{name[:40]!r} must be printable and at most {MOST_NAME} bytes long"
    return None


MOST_NAME = 200


def _rows(stage_rows: Any, at: At, problems: list[str]) -> list[Row]:
    """Give the stages as written; what is no stage with options is added to the problems."""
    if not isinstance(stage_rows, list) or not stage_rows:
        problems.append(f"{at('stages')}: 'stages' must be a list of one-key maps, a stage each")
        stage_rows = []
    rows: list[Row] = []
    for i, row in enumerate(stage_rows):
        if isinstance(row, str):
            row = {row: None}
        if not isinstance(row, dict) or len(row) != 1:
            problems.append(f"{at('stages', i)}: stages[{i}]: expected one key, the stage, and its options below it")
            continue
        stage, options = next(iter(row.items()))
        if options is not None and not isinstance(options, dict):
            problems.append(f"{at('stages', i)}: stages[{i}].{stage}: expected options as a map")
            continue
        options = dict(options or {})
        rows.append((i, str(stage), str(options.pop("as", label_of(str(stage)))), options))
    return rows


def _steps(rows: list[Row], at: At, problems: list[str]) -> list[Step]:
    """Give the steps whose stage, label and options are right; what is wrong is added to the problems."""
    steps: list[Step] = []
    labels: set[str] = set()
    for i, stage, label, options in rows:
        where = at("stages", i)
        if stage not in STAGES and ":" not in stage:
            problems.append(
                f"{where}: stages[{i}]: unknown stage '{stage}'{did_you_mean(stage, STAGES)}  (stages: "
                f"{', '.join(STAGES)})"
            )
            continue
        if label in labels:
            problems.append(f"{where}: stages[{i}].{stage}: label '{label}' stands twice; give one `as: <label>`")
            continue
        if not re.fullmatch(r"[A-Za-z0-9_-]+", label):
            problems.append(f"{where}: stages[{i}].{stage}: label '{label}' may hold letters, digits, - and _ only")
            continue
        labels.add(label)
        try:
            found_stage = find_stage(stage, where)
        except UserError as error:
            problems.append(str(error))
            continue
        config, found = check_config(found_stage, options)
        for loc, message in found:
            problems.append(f"{at('stages', i, stage, *loc)}: stages[{i}].{stage}{_dotted(loc)}: {message}")
        if config is not None:
            steps.append(Step(found_stage, label, config, where))
    return steps


def _dotted(loc: Sequence[Any]) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in loc)


def _override(data: JsonObject, rows: list[Row], overrides: Sequence[str]) -> list[str]:
    """Apply `label.key=value` and `seed=1` in place; give the problems."""
    problems = []
    by_label = {label: options for _, _, label, options in rows}
    for text in overrides:
        name, equals, value = text.partition("=")
        label, dot, key = name.partition(".")
        if not equals:
            problems.append(f"override '{text}': expected label.key=value")
        elif not dot and name in TOP_KEYS and name != "stages":
            data[name] = parse_value(value)
        elif not dot:
            problems.append(f"override '{text}': unknown key '{name}'{did_you_mean(name, TOP_KEYS)}")
        elif label not in by_label:
            problems.append(f"override '{text}': no stage labelled '{label}'{did_you_mean(label, by_label)}")
        else:
            target = by_label[label]
            *parents, last = key.split(".")
            for parent in parents:
                inner = target.get(parent)
                target[parent] = dict(inner) if isinstance(inner, dict) else {}
                target = target[parent]
            target[last] = parse_value(value)
    return problems


def check_config(stage: Stage, options: Mapping[str, Any]) -> tuple[Options | None, list[tuple[Way, str]]]:
    """Validate options against a stage's Config; give it, or None with [(location, message)]."""
    given = {str(k): bundled(v) for k, v in options.items()}
    try:
        model = stage.configured(given)
    except UserError as error:
        return None, [((), str(error))]
    try:
        return model(**given), []
    except ValidationError as error:
        groups = stage.shown(given)
        accepts = list(dict.fromkeys(name for group in groups.values() for name in group))
        who = " with ".join([stage.name, *filter(None, [", ".join(filter(None, groups))])])
        found = []
        for item in error.errors():
            loc = item["loc"]
            if item["type"] == "extra_forbidden":
                key = str(loc[-1])
                if len(loc) == 1:
                    message = (
                        f"unknown key{did_you_mean(key, model.model_fields)}  ({who} accepts: {', '.join(accepts)})"
                    )
                else:
                    message = "unknown key"
            elif item["type"] == "missing":
                message = "required, but not given"
            else:
                message = f"{item['msg'].removeprefix('Value error, ')}, got {item['input']!r}"
                if item["type"] == "literal_error":
                    wanted = re.findall(r"'([^']+)'", str(item.get("ctx", {}).get("expected", "")))
                    message += did_you_mean(str(item["input"]), wanted)
            found.append((loc, message))
        return None, found


def needs(stage: Stage, config: Options | None = None) -> list[tuple[str, bool]]:
    """Give (artifact kind, optional) a stage needs; with these options, where that depends on them."""
    wanted = stage.INPUT if config is None else stage.needs(config)
    return [(w.rstrip("?"), w.endswith("?")) for w in wanted]


def contract_problems(steps: Sequence[Step]) -> list[str]:
    """Give what the typed pipe finds: keys read that nobody adds, artifacts needed that nobody makes, own checks."""
    problems = []
    keys: set[str] = {"text"}
    outputs: set[str] = set()
    for i, step in enumerate(steps):
        where = f"{step.where}: " if step.where else ""
        for kind, optional in needs(step.stage, step.config):
            if kind in ("records", "model") and not optional and kind not in outputs:
                adder = "load" if kind == "records" else "sft"
                problems.append(
                    f"{where}'{step.label}' needs {kind}, but no earlier stage makes any; put '{adder}' before it."
                )
        for key in step.stage.reads(step.config):
            if key.endswith("?") or key in keys:
                continue
            adders = [s for s in STAGES if s not in ("load", "mix") and _adds(s, key)]
            hint = f"put '{adders[0]}' before it, or " if adders else ""
            problems.append(
                f"{where}'{step.label}' reads '{key}', but no earlier stage adds it; {hint}say load.provides: [{key}]."
            )
        problems += [f"{where}stages[{i}].{step.stage.name}: {m}" for m in step.stage.check(step.config)]
        if step.stage.makes_records_from_nothing():
            keys = {"text"}
        keys |= set(step.stage.adds(step.config))
        outputs.add(step.stage.OUTPUT)
    return problems


def _adds(stage: str, key: str) -> bool:
    try:
        return key in find_stage(stage).ADDS
    except ImportError:
        return False


def resolved(recipe: Recipe) -> str:
    """Give the recipe as YAML with every default written out."""
    rows = []
    for step in recipe.steps:
        options = step.config.model_dump(mode="json")
        if step.label != step.stage.label:
            options = {"as": step.label, **options}
        rows.append({step.stage.name: options})
    top = {
        "name": recipe.name,
        "seed": recipe.seed,
        "ledger": recipe.ledger,
        "max_usd": recipe.max_usd,
        "max_chars": recipe.max_chars,
        "stages": rows,
    }
    return yaml.safe_dump(top, sort_keys=False, allow_unicode=True, width=110)
