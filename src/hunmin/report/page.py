"""A run folder to one self-contained HTML page that opens offline, and the score table for the terminal."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from ..artifacts import artifact
from ..text import language
from . import contents, matrix

FOLDER = Path(__file__).parent
METRICS = ("macro_f1", "acc", "acc_norm", "f1", "score")


def write(run: Path, out: Path | None = None) -> Path:
    """Write the page of a run and give its path; unfinished stages are named as such."""
    out = out or run / "report.html"
    artifact.write_atomic(out, page(run))
    return out


def page(run: Path) -> str:
    """Give the HTML of a run's report."""
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    return render("report.html.jinja", page=contents.read(run), style=style)


def render(name: str, **given: Any) -> str:
    """Fill one of this folder's templates; every text is escaped, but the style and our own SVG."""
    spoken = {"language": language.current(), "chosen": language.chosen()}
    return str(_templates().get_template(name).render(**spoken, **given))


@functools.cache
def _templates() -> Any:
    import jinja2

    loader = jinja2.FileSystemLoader(FOLDER)
    found = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found.filters["interval"] = contents.interval_text
    found.filters["both"] = _both
    found.filters["told"] = _told
    found.filters["short"] = matrix.short
    return found


def _both(text: str) -> Any:
    """Give a fixed text in both languages; the page shows one of them."""
    import markupsafe

    korean = language.catalogue("ko").texts[text]
    return markupsafe.Markup("<span lang=en>{}</span><span lang=ko>{}</span>").format(text, korean)


def _told(text: str) -> Any:
    """Give a text made of values in both languages, where the catalogue has it."""
    import markupsafe

    korean = language.in_language(text, "ko")
    if korean == text:
        return text
    return markupsafe.Markup("<span lang=en>{}</span><span lang=ko>{}</span>").format(text, korean)


def _short(model: str) -> str:
    """Give a model's name as a column takes it: of a folder its last part, of a long name its end."""
    name = matrix.short(model)
    return name if len(name) <= 22 else "..." + name[-19:]


def score_lines(run: Path) -> list[str]:
    """Give the newest scores of a run as lines of a table for the terminal."""
    found = [rows for _, rows in contents.score_rows(contents.finished(run)) if rows]
    if not found:
        return []
    models = list(dict.fromkeys(row["model"] for row in found[-1]))
    ways = contents.score_lines(found[-1])
    metric = next((m for m in METRICS if any(line.way[3] == m for line in ways)), ways[0].way[3])
    called = [_short(m) for m in models]
    called = called if len(set(called)) == len(called) else models
    lines = [f"{'task':<22} {'shots':>5} {'n':>5} {'chance':>6}  " + "  ".join(f"{name:>22}" for name in called)]
    for line in ways:
        _, task, shots, measured = line.way
        if measured != metric:
            continue
        values = [
            "-" if cell is None or cell["value"] is None else f"{cell['value']:.3f} {contents.interval_text(cell, 2)}"
            for cell in line.cells
        ]
        chance = "" if line.chance is None else f"{line.chance:.2f}"
        shown = "" if shots is None else shots
        told = "  ".join(value.rstrip().rjust(22) for value in values)
        lines.append(f"{task:<22} {shown:>5} {line.n:>5} {chance:>6}  {told}")
    protocols = ", ".join(dict.fromkeys(str(line.way[0]) for line in ways))
    above = [f"warning: {warning}" for warning in contents.score_warnings(found[-1])]
    return [*above, *lines, f"({metric}, 95 % intervals; protocol: {protocols})"]
