"""The scores of many models at one look: models down, tasks across, guessing in a row of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..artifacts.rows import ScoreRow, interval_of

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


def cell(row: ScoreRow | None) -> str:
    """Give a score with half the width of its interval."""
    if row is None or row["value"] is None:
        return "-"
    interval = interval_of(row)
    digits = 3 if abs(row["value"]) <= 1 else 2
    half = f" ±{(interval[1] - interval[0]) / 2:.2f}" if interval is not None else ""
    return f"{row['value']:.{digits}f}{half}"


def texts(matrix: Matrix) -> list[list[str]]:
    """Give the matrix as rows of text, the heads first, guessing last."""
    lines = [["model", *matrix.columns]]
    for model, cells in matrix.cells.items():
        lines.append([short(model), *(cell(cells.get(column)) for column in matrix.columns)])
    if matrix.chance:
        guessed = [f"{matrix.chance[c]:.3f}" if c in matrix.chance else "-" for c in matrix.columns]
        lines.append(["(guessing)", *guessed])
    return lines


def short(model: str) -> str:
    """Give a model's name as a column takes it: of a folder its last part."""
    return Path(model).name if model.startswith(("/", ".", "~")) else model


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
        lines += [f"## {title(matrix)}", "", "| " + " | ".join(padded[0]) + " |"]
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
