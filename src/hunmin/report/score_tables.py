"""Score rows as tables, one per protocol, task and metric, models down and shots across; as Markdown, CSV or HTML."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..artifacts.rows import Difference, ScoreRow, interval_of
from . import charts, matrix, page

KEYS = ("model", "task", "metric", "num_fewshot", "protocol", "data")
COLUMNS = (
    *KEYS,
    "value",
    "ci_low",
    "ci_high",
    "n",
    "n_truncated",
    "n_unread",
    "n_unfinished",
    "chance",
    "reference",
    "fingerprint",
    "published_in",
)


@dataclass
class Table:
    """Rows of one protocol and metric; `across` names the columns: shots of one task, or a judge's criteria."""

    protocol: str
    data: str
    metric: str
    title: str
    across: list[str]
    cells: dict[str, dict[str, ScoreRow]] = field(default_factory=dict)


def tables(rows: Sequence[ScoreRow]) -> list[Table]:
    """Give the tables; rows of different protocols never share one."""
    found: dict[tuple[str, ...], Table] = {}
    for row in rows:
        is_judge = row["protocol"].startswith("judge:")
        data = row.get("data") or ""
        against = row.get("reference") or ""
        key = (row["protocol"], data, row["metric"], against if is_judge else row["task"])
        column = row["task"] if is_judge else f"{row['num_fewshot']}-shot"
        title = row["metric"] + (f" (against {against})" if against else "")
        title = title if is_judge else f"{row['task']} {row['metric']}"
        table = found.setdefault(key, Table(row["protocol"], data, row["metric"], title, []))
        if column not in table.across:
            table.across.append(column)
        table.cells.setdefault(row["model"], {})[column] = row
    for table in found.values():
        if not table.protocol.startswith("judge:"):
            table.across.sort(key=lambda column: int(column.split("-")[0]))
    return sorted(found.values(), key=lambda t: (t.protocol, t.data))


def cell_text(row: ScoreRow | None) -> str:
    """Give a cell as text: value, interval, n."""
    if row is None or row["value"] is None:
        return "-"
    digits = 4 if abs(row["value"]) <= 1 else 3 if abs(row["value"]) < 10 else 1
    text = f"{row['value']:.{digits}f}"
    if matrix.too_few(row):
        text += " (too few for an interval: see acc)"
    elif (interval := interval_of(row)) is not None:
        text += f" [{interval[0]:.{max(1, digits - 1)}f}, {interval[1]:.{max(1, digits - 1)}f}]"
    if row.get("n"):
        text += f" n={row['n']}"
    if row.get("n_truncated"):
        text += f" ({row['n_truncated']} cut)"
    if row.get("n_unread"):
        text += f" ({row['n_unread']} unread)"
    if row.get("n_unfinished"):
        text += f" ({row['n_unfinished']} unfinished)"
    return text


def source_of(cells: dict[str, ScoreRow]) -> str:
    """Give where a table line comes from: the READMEs that printed it, or "measured"."""
    printed = [s for row in cells.values() for s in row.get("published_in") or ()]
    return "published: " + ", ".join(dict.fromkeys(printed)) if printed else "measured"


def heading(table: Table) -> str:
    """Give what a table's rows were measured by and on."""
    return f"protocol: {table.protocol}" + (f", data: {table.data}" if table.data else "")


def chance_of(table: Table) -> str:
    values = {round(row["chance"], 3) for cells in table.cells.values() for row in cells.values() if row.get("chance")}
    return "" if not values else f"guessing gives {' to '.join(f'{v:g}' for v in sorted({min(values), max(values)}))}"


def warnings(table: Table) -> list[str]:
    """Give what stands above a table because its numbers cannot be taken as they are."""
    return matrix.warnings_of(table.cells, table.across)


def markdown(found: Sequence[Table], significance: Sequence[Difference]) -> str:
    """Give the tables and the paired comparisons as Markdown."""
    lines, above = [], ""
    for table in found:
        if heading(table) != above:
            above = heading(table)
            lines += [f"## {above}", ""]
        lines += [f"### {table.title}", ""]
        lines += [f"> **Warning**: {warning}.\n" for warning in warnings(table)]
        if chance_of(table):
            lines += [f"{chance_of(table)}; 95 % intervals in brackets.", ""]
        lines += ["| model | " + " | ".join(table.across) + " | source |", "|---" * (len(table.across) + 2) + "|"]
        for model, cells in table.cells.items():
            texts = [cell_text(cells.get(c)) for c in table.across]
            lines.append(f"| {_pipe(model)} | " + " | ".join(texts) + f" | {source_of(cells)} |")
        lines.append("")
    if significance:
        lines += ["## differences on the same documents (second - first)", ""]
        lines += ["| " + " | ".join(DIFFERENCE_HEADS) + " |", "|---" * len(DIFFERENCE_HEADS) + "|"]
        lines += ["| " + " | ".join(_pipe(t) for t in significance_texts(row)) + " |" for row in significance]
        lines += ["", f"{len(significance)} comparisons; p is not corrected for their number.", ""]
    return "\n".join(lines)


def significance_texts(row: Difference) -> list[str]:
    if "macro_f1_difference" in row:
        name, figures = "macro_f1", (row["macro_f1_difference"], row["macro_f1_low"], row["macro_f1_high"])
    else:
        name, figures = "mean", (row["mean_difference"], row["mean_low"], row["mean_high"])
    gap = f"{name} {figures[0]:+.4f} [{figures[1]:+.3f}, {figures[2]:+.3f}]"
    p = "-"
    if "mcnemar_p" in row:
        p = f"{row['mcnemar_p']:.3g} ({row['only_first']} against {row['only_second']})"
    texts = [row["protocol"], row["task"], str(row["num_fewshot"]), row["first"], row["second"], str(row["n"])]
    return [*texts, gap, p]


def as_csv(rows: Sequence[ScoreRow]) -> str:
    """Give the score rows as CSV, one line each."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, "published_in": "; ".join(row.get("published_in") or ())})
    return out.getvalue()


def plot(table: Table) -> str:
    """Draw a table as SVG: lines over shots for a few models, else bars with intervals."""
    title = f"{table.title} ({table.protocol})"
    measured = [row for cells in table.cells.values() for row in cells.values()]
    shares = all(0 <= row["value"] <= 1 for row in measured if row["value"] is not None)
    axis = (0.0, 1.0) if shares else None  # one axis for all, so that a longer bar is a better score
    chances = {round(row["chance"], 4) for row in measured if row.get("chance") is not None}
    chance = chances.pop() if len(chances) == 1 else None
    few = len(table.cells) <= 5 and max(map(len, table.cells)) <= 18  # what a legend of lines has room and colours for
    if few and not table.protocol.startswith("judge:") and len(table.across) > 1:
        shots = {c: int(c.split("-")[0]) for c in table.across}
        series = {
            m: [(float(shots[c]), r["value"]) for c, r in cells.items() if r["value"] is not None]
            for m, cells in table.cells.items()
        }
        ordered = {m: sorted(points) for m, points in series.items()}
        return charts.lines_svg(ordered, title, "shots", axis, chance)
    labels, values, spans = [], [], []
    for column in table.across:
        for model, cells in table.cells.items():
            if (row := cells.get(column)) is None or row["value"] is None:
                continue
            labels.append(model if len(table.across) == 1 else f"{column} {model}")
            values.append(row["value"])
            spans.append(interval_of(row))
    return charts.bars_svg(labels, values, title, spans, axis[1] if axis else None, chance)


DIFFERENCE_HEADS = ("protocol", "task", "shots", "first", "second", "n", "difference [95 %]", "McNemar p")


def html(found: Sequence[Table], significance: Sequence[Difference], first: Sequence[matrix.Matrix] = ()) -> str:
    """Give one self-contained page: tables, plots, paired comparisons."""
    shown = [
        {
            "title": table.title,
            "heading": heading(table),
            "chance": chance_of(table),
            "warnings": warnings(table),
            "heads": ["model", *table.across, "source"],
            "lines": [
                [model, *(cell_text(cells.get(column)) for column in table.across), source_of(cells)]
                for model, cells in table.cells.items()
            ],
            "plot": plot(table),
        }
        for table in found
    ]
    overview = [
        {"title": matrix.title(m), "lines": matrix.texts(m), "warnings": matrix.warnings_of(m.cells, m.columns)}
        for m in first
    ]
    differences = [significance_texts(row) for row in significance]
    return page.render(
        "compare.html.jinja", tables=shown, overview=overview, differences=differences, heads=DIFFERENCE_HEADS
    )


def _pipe(text: str) -> str:
    return text.replace("|", "\\|")
