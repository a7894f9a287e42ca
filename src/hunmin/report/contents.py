"""What the page of a run shows, read from its artifacts into plain rows; how it looks is the template's."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..artifacts import artifact
from ..artifacts.record import read_jsonl, texts
from ..artifacts.rows import REWARD, JsonObject, LossRow, Manifest, Notes, ScoreRow, interval_of
from . import card, charts, matrix
from .card import Card

Done = list[tuple[Path, Manifest]]
"""The finished artifacts of a run in order."""
Way = tuple[str, str, int, str]
"""(protocol, task, shots, metric)."""
LOSSES = "losses.json"
SAMPLES = "samples.json"
OPEN = ("repair", "review", "filter", "respond", "pair")  # whose notes are read rather than looked up
MOST_ROWS = 40  # of a list in the notes


@dataclass(frozen=True)
class Note:
    """One line of a notes table: a text, named values, or rows of their own."""

    name: str
    text: str = ""
    pairs: Sequence[tuple[str, str]] = ()
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class Flow:
    """A line of the funnel; widths are shares of the largest input in percent."""

    manifest: Manifest
    headline: str
    kept_width: float
    dropped_width: float


@dataclass(frozen=True)
class ScoreLine:
    """One way of measuring, with the row of each model or None."""

    way: Way
    data: str
    n: int | None
    chance: float | None
    cells: Sequence[ScoreRow | None]


@dataclass(frozen=True)
class Scores:
    """The scores of one artifact, models across."""

    label: str
    models: Sequence[str]
    lines: Sequence[ScoreLine]
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Noted:
    """A stage with its figures (SVG) and notes."""

    label: str
    seconds: float
    figures: Sequence[str]
    notes: Sequence[Note]
    is_open: bool = False


@dataclass(frozen=True)
class Contents:
    """The whole page, section by section; an empty one is not shown."""

    name: str
    run: str
    state: str
    seconds: str
    usd: float
    when: str
    notices: Sequence[tuple[str, str]]
    is_tiny: bool
    card: Card
    funnel: Sequence[Flow]
    scores: Sequence[Scores]
    answers: Sequence[JsonObject]
    trainings: Sequence[Noted]
    stages: Sequence[Noted]
    lengths: Noted | None
    versions: Sequence[Note]
    resolved: str


def finished(run: Path) -> Done:
    """Give the finished artifacts of a run in order."""
    return [(f, m) for f in artifact.stage_folders(run) if (m := artifact.read_manifest(f))]


def read(run: Path) -> Contents:
    """Read a run's folder; unfinished stages are named as such."""
    done = finished(run)
    path = run / artifact.RESOLVED
    resolved = path.read_text(encoding="utf-8") if path.is_file() else ""
    unfinished = [f.name for f in artifact.stage_folders(run) if f not in {folder for folder, _ in done}]
    usd = sum(_usd(m["counts"]["notes"]) for _, m in done)
    bases = [str(m["config"].get("base_model")) for _, m in done]
    return Contents(
        name=_name_of(resolved, run),
        run=str(run),
        state=f"{len(done)} stages finished" + (f"; not finished: {', '.join(unfinished)}" if unfinished else ""),
        seconds=_duration(sum(m["seconds"] for _, m in done)),
        usd=usd,
        when=max((m["finished"] for _, m in done), default=""),
        notices=[(m["label"], text) for _, m in done for text in _notices(m)],
        is_tiny=any(base.startswith("tiny:") for base in bases),
        card=card.card(done, usd, unfinished),
        funnel=_funnel(done),
        scores=[_scores(label, rows) for label, rows in score_rows(done)],
        answers=[sample for folder, _ in done for sample in _samples(folder)],
        trainings=[_training(f, m) for f, m in done if (f / LOSSES).is_file()],
        stages=[noted for f, m in done if not (f / LOSSES).is_file() and (noted := _stage(f, m))],
        lengths=_lengths(done),
        versions=_versions(done),
        resolved=resolved,
    )


def _name_of(resolved: str, run: Path) -> str:
    """Give the recipe's name; the folder's where its recipe cannot be read."""
    try:
        found = yaml.safe_load(resolved)
    except (yaml.YAMLError, ValueError, RecursionError):
        found = None
    return str(found.get("name", run.name)) if isinstance(found, dict) else run.name


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _usd(notes: Notes) -> float:
    """Give what a stage paid: translate's own figure, or the ledger's total that the other paid stages note."""
    if notes.get("usd") is not None:
        return float(notes["usd"])
    return float(((notes.get("paid") or {}).get("ledger") or {}).get("usd") or 0)


def _notices(manifest: Manifest) -> list[str]:
    """Give what a reader must know before the numbers: recorded replies, a rehearsal."""
    notice = manifest["counts"]["notes"].get("notice") or []
    return [notice] if isinstance(notice, str) else notice


def _funnel(done: Done) -> list[Flow]:
    shown = [m for _, m in done if m["output"] == "records" or m["counts"]["n_in"]]
    top = max((m["counts"]["n_in"] for m in shown), default=0) or 1
    return [
        Flow(
            manifest=m,
            headline=str(m["counts"]["notes"].get("headline", "")),
            kept_width=100 * m["counts"]["n_kept"] / top,
            dropped_width=100 * m["counts"]["n_dropped"] / top,
        )
        for m in shown
    ]


def score_rows(done: Done) -> list[tuple[str, list[ScoreRow]]]:
    """Give (stage label, score rows) of every scores artifact."""
    return [(m["label"], artifact.read_scores(f)) for f, m in done if (f / artifact.SCORES).is_file()]


def _scores(label: str, rows: Sequence[ScoreRow]) -> Scores:
    return Scores(label, list(dict.fromkeys(row["model"] for row in rows)), score_lines(rows), score_warnings(rows))


def score_warnings(rows: Sequence[ScoreRow]) -> list[str]:
    """Give what stands above the scores of an artifact, protocol by protocol."""
    found: list[str] = []
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        cells: dict[str, dict[str, ScoreRow]] = {}
        for row in rows:
            if row["protocol"] == protocol:
                cells.setdefault(row["model"], {})[f"{row['task']} {row['num_fewshot']}-shot"] = row
        columns = list(dict.fromkeys(column for own in cells.values() for column in own))
        found += [f"{protocol}: {warning}" for warning in matrix.warnings_of(cells, columns)]
    return found


def score_lines(rows: Sequence[ScoreRow]) -> list[ScoreLine]:
    """Give one line for each way of measuring, the models in their first order."""
    models = list(dict.fromkeys(row["model"] for row in rows))
    by_way: dict[Way, dict[str, ScoreRow]] = {}
    for row in rows:
        way = (row["protocol"], row["task"], row["num_fewshot"], row["metric"])
        by_way.setdefault(way, {})[row["model"]] = row
    data = {row["task"]: row["data"] for row in reversed(rows) if row.get("data")}
    found = []
    for way, cells in by_way.items():
        first = next(cells[model] for model in models if model in cells)
        line = ScoreLine(
            way, data.get(way[1], ""), first["n"], first.get("chance"), [cells.get(model) for model in models]
        )
        found.append(line)
    return found


def _samples(folder: Path) -> list[JsonObject]:
    path = folder / SAMPLES
    found: list[JsonObject] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    for row in found:
        row["answers"] = {model: re.sub(r"\n\s*\n", "\n", answer) for model, answer in row["answers"].items()}
    return found


def _training(folder: Path, manifest: Manifest) -> Noted:
    rows: list[LossRow] = json.loads((folder / LOSSES).read_text(encoding="utf-8"))
    figures = [charts.lines_svg(lines, f"{manifest['label']}: {panel}") for panel, lines in curves(rows).items()]
    notes = {k: v for k, v in manifest["counts"]["notes"].items() if isinstance(v, (int, float, str))}
    notes.pop("headline", None)
    return Noted(manifest["label"], manifest["seconds"], figures, notes_table(notes))


def curves(rows: Sequence[LossRow]) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Give the curves of losses.json by panel and name, as (step, value): loss, DPO's rewards, pairs ranked right."""
    panels: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for key, value in row.items():
            if not isinstance(value, (int, float)):
                continue
            if key in ("loss", "eval_loss"):
                panels["loss"][key].append((row["step"], value))
            elif key == "reward":
                panels["rewards"]["mean reward"].append((row["step"], value))
            elif key.startswith(REWARD) and key.endswith("/std"):
                continue
            elif key.removeprefix("eval_").startswith(REWARD):
                panel = "pairs ranked right" if key.endswith("accuracies") else "rewards"
                panels[panel][key.replace(REWARD, "").removesuffix("/mean").replace("_", " ")].append(
                    (row["step"], value)
                )
    return panels


def _stage(folder: Path, manifest: Manifest) -> Noted | None:
    hidden = ("headline", "notice", "terminal", "bins")
    notes = {k: v for k, v in manifest["counts"]["notes"].items() if k not in hidden}
    figures = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.svg"))]
    if not notes and not figures:
        return None
    is_open = bool(figures) or manifest["stage"] in OPEN
    return Noted(manifest["label"], manifest["seconds"], figures, notes_table(notes), is_open)


def _lengths(done: Done) -> Noted | None:
    """Give how long the texts of the last records artifact are, and where they come from."""
    last = next((folder for folder, m in reversed(done) if m["output"] == "records"), None)
    if last is None:
        return None
    sizes: list[int] = []
    sources: Counter[str] = Counter()
    for record in read_jsonl(last / artifact.RECORDS):
        sizes.append(sum(len(text) for text in texts(record).values()))
        sources[str(record.get("source", "?"))] += 1
    if not sizes:
        return None
    step = max(10, round(max(sizes) / 24, -1) or 10)
    bins = Counter(int(size // step) for size in sizes)
    rows = [(i * step, (i + 1) * step, bins[i]) for i in range(max(bins) + 1)]
    figure = charts.histogram_svg(rows, title=f"characters a record ({last.name}, n = {len(sizes):,})")
    return Noted(last.name, 0.0, [figure], notes_table({"by source": dict(sources.most_common(20))}))


def _versions(done: Done) -> list[Note]:
    if not done:
        return []
    seconds = {m["label"]: f"{m['seconds']:.1f} s" for _, m in done}
    return notes_table({"versions": done[-1][1]["versions"], "seconds": seconds})


def notes_table(notes: Mapping[str, Any]) -> list[Note]:
    """Give notes as lines: maps as named values, lists of maps as rows, all else as text."""
    return [_note(str(key).replace("_", " "), value) for key, value in notes.items()]


def _note(name: str, value: Any) -> Note:
    if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        heads = list(dict.fromkeys(str(k) for v in value for k in v))
        return Note(name, heads=heads, rows=[[value_text(v.get(h)) for h in heads] for v in value[:MOST_ROWS]])
    if isinstance(value, dict):
        return Note(name, pairs=[(str(k), value_text(v)) for k, v in value.items()])
    return Note(name, value_text(value))


def value_text(value: Any) -> str:
    """Give one noted value as a reader's text."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{str(k).replace('_', ' ')} {value_text(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return " / ".join(value_text(v) for v in value)
    return str(value)


def interval_text(row: ScoreRow, digits: int) -> str:
    """Give a score's interval in brackets; "" when it has none, "too few" where one would say more than is known."""
    if matrix.too_few(row):
        return "too few"
    interval = interval_of(row)
    return "" if interval is None else f"[{interval[0]:.{digits}f}, {interval[1]:.{digits}f}]"
