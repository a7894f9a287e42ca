"""The scores of many models at one look: models down, tasks across, guessing in a row of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..artifacts.rows import ScoreRow, interval_of
from ..statistics import TOO_FEW

MAIN = ("macro_f1", "acc", "acc_norm", "f1", "score")


@dataclass
class Matrix:
    """One way of measuring: `columns` are tasks (with their data where one task has several), `others` the shots that
    stand in tables of their own."""

    protocol: str
    metric: str
    shots: int
    columns: list[str] = field(default_factory=list)
    cells: dict[str, dict[str, ScoreRow]] = field(default_factory=dict)
    chance: dict[str, float] = field(default_factory=dict)
    others: list[int] = field(default_factory=list)


def matrices(rows: Sequence[ScoreRow]) -> list[Matrix]:
    """Give a matrix for every protocol: its main metric, and the shots in which most of its rows were measured.

    Of equal counts the fewest shots. Rows on other data never share a column.
    """
    found = []
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        own = [row for row in rows if row["protocol"] == protocol and row["value"] is not None]
        metrics = [row["metric"] for row in own]
        metric = next((m for m in MAIN if m in metrics), metrics[0] if metrics else "")
        own = [row for row in own if row["metric"] == metric and not row.get("reference")]
        counted = Counter(row["num_fewshot"] for row in own)
        if not counted:
            continue
        shots = min(counted, key=lambda k: (-counted[k], k))
        shown = [row for row in own if row["num_fewshot"] == shots]
        data: dict[str, list[str]] = {}
        for row in shown:
            if (name := row.get("data") or "") not in data.setdefault(row["task"], []):
                data[row["task"]].append(name)
        matrix = Matrix(protocol, metric, shots, others=sorted(set(counted) - {shots}))
        for row in shown:
            several = len(data[row["task"]]) > 1
            column = row["task"].removeprefix("kobest_") + (f" ({row.get('data')})" if several else "")
            if column not in matrix.columns:
                matrix.columns.append(column)
            matrix.cells.setdefault(row["model"], {})[column] = row
            if row.get("chance") is not None:
                matrix.chance.setdefault(column, row["chance"])
        found.append(matrix)
    return found


def too_few(row: ScoreRow) -> bool:
    """Tell whether a macro-F1 stands on too few documents for an interval; accuracy's stands beside it."""
    return row["metric"] == "macro_f1" and 0 < (row["n"] or 0) < TOO_FEW and "published_in" not in row


BOS_GAP = 0.5  # nats a token; evaluation/benchmarks/bos.py says where it comes from


def warnings_of(cells: Mapping[str, Mapping[str, ScoreRow]], columns: Sequence[str]) -> list[str]:
    """Give what stands above a table (model -> column -> row) because its numbers cannot be taken as they are."""
    found = []
    called = shorts(cells)
    for model, own in cells.items():
        gaps = [row["bos_gap"] for row in own.values() if row.get("bos_gap") is not None]
        if gaps and max(gaps) > BOS_GAP:
            found.append(
                f"{called[model]} loses {max(gaps):.2f} nats a token without BOS, which this protocol does not send: "
                "see its scores under harness-bos"
            )
        cut = max((row.get("n_bos_cut", 0) for row in own.values()), default=0)
        if cut:
            found.append(f"{called[model]}: the BOS of up to {cut} documents was cut off with their beginning")
    for column in columns:
        ways: dict[str, list[str]] = {}
        for model, own in cells.items():
            mark = own[column].get("fingerprint", "") if column in own else ""
            if "-" in mark:
                ways.setdefault(mark.rpartition("-")[2], []).append(called[model])
        if len(ways) > 1:
            said = "; ".join(f"{way}: {', '.join(names)}" for way, names in ways.items())
            found.append(f"{column} was not measured alike (fingerprints differ: {said})")
    return found


def cell(row: ScoreRow | None) -> str:
    """Give a score with half the width of its interval."""
    if row is None or row["value"] is None:
        return "-"
    interval = None if too_few(row) else interval_of(row)
    digits = 3 if abs(row["value"]) <= 1 else 2
    half = f" ±{(interval[1] - interval[0]) / 2:.2f}" if interval is not None else ""
    return f"{row['value']:.{digits}f}{half}"


def texts(matrix: Matrix) -> list[list[str]]:
    """Give the matrix as rows of text, the heads first, guessing last."""
    lines = [["model", *matrix.columns]]
    called = shorts(matrix.cells)
    for model, cells in matrix.cells.items():
        lines.append([called[model], *(cell(cells.get(column)) for column in matrix.columns)])
    if matrix.chance:
        guessed = [f"{matrix.chance[c]:.3f}" if c in matrix.chance else "-" for c in matrix.columns]
        lines.append(["(guessing)", *guessed])
    return lines


def short(model: str) -> str:
    """Give a model's name as a column takes it: of a folder its last part."""
    return Path(model).name if model.startswith(("/", ".", "~")) else model


def shorts(models: Iterable[str]) -> dict[str, str]:
    """Give each model's short name, or its whole one where two would be called alike."""
    short_of = {model: short(model) for model in models}
    n = Counter(short_of.values())
    return {model: name if n[name] == 1 else model for model, name in short_of.items()}


def title(matrix: Matrix) -> str:
    shots = "" if matrix.protocol.startswith("judge:") else f", {matrix.shots}-shot"
    return f"{matrix.protocol}: {matrix.metric}{shots}"


def markdown(found: Sequence[Matrix]) -> str:
    """Give the matrices as Markdown whose columns line up in a terminal."""
    lines = []
    for matrix in found:
        rows = [[text.replace("|", "\\|") for text in line] for line in texts(matrix)]
        widths = [max(len(line[i]) for line in rows) for i in range(len(rows[0]))]
        padded = [[text.ljust(width) for text, width in zip(line, widths, strict=True)] for line in rows]
        lines += [f"## {title(matrix)}", ""]
        lines += [f"> **Warning**: {warning}.\n" for warning in warnings_of(matrix.cells, matrix.columns)]
        lines += ["| " + " | ".join(padded[0]) + " |"]
        lines.append("|" + "|".join("-" * (width + 2) for width in widths) + "|")
        lines += ["| " + " | ".join(line) + " |" for line in padded[1:]]
        other = ", ".join(f"{k}-shot" for k in matrix.others)
        lines += ["", *([f"± is half of the 95 % interval; {other} are in --full.", ""] if other else [])]
    return "\n".join(lines)


def as_json(found: Sequence[Matrix]) -> list[dict[str, object]]:
    """Give the matrices for a program: protocol, metric, shots, chance, and value by model and column."""
    return [
        {
            "protocol": m.protocol,
            "metric": m.metric,
            "num_fewshot": m.shots,
            "chance": m.chance,
            "scores": {model: {c: row["value"] for c, row in cells.items()} for model, cells in m.cells.items()},
        }
        for m in found
    ]
