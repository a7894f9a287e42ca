"""A run folder to one self-contained HTML page that opens offline, and the score table for the terminal."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

import yaml

from ..artifacts import artifact
from ..artifacts.record import read_jsonl, texts
from ..artifacts.rows import REWARD, Manifest, ScoreRow
from . import charts

STYLE = Path(__file__).parent / "page.css"
Done = list[tuple[Path, Manifest]]
Way = tuple[str, str, int, str]
"""(protocol, task, shots, metric)."""
Cell = tuple[str, str, int, str, str]
METRICS = ("macro_f1", "acc", "acc_norm", "f1", "score")


def write(run: Path, out: Path | None = None) -> Path:
    """Write the page of a run and give its path; unfinished stages are named as such."""
    out = out or run / "report.html"
    artifact.write_atomic(out, page(run))
    return out


def page(run: Path) -> str:
    """Give the HTML of a run's report."""
    folders = artifact.stage_folders(run)
    stages = [(folder, artifact.read_manifest(folder)) for folder in folders]
    done = [(folder, manifest) for folder, manifest in stages if manifest]
    recipe = _recipe(run)
    name = str(recipe.get("name", run.name))
    sections = [
        _head(name, run, done, stages),
        _notices(run, done),
        _funnel(done, recipe),
        _scores(done),
        _answers(done),
        _training(done),
        _stages(done),
        _lengths(done),
        _versions(done),
        _resolved(run),
    ]
    body = "\n".join(s for s in sections if s)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(name)} - hunmin</title><style>{STYLE.read_text(encoding='utf-8')}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def _recipe(run: Path) -> dict[str, Any]:
    path = run / artifact.RESOLVED
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _head(name: str, run: Path, done: Done, stages: list[tuple[Path, Manifest | None]]) -> str:
    seconds = sum(m["seconds"] for _, m in done)
    unfinished = [f.name for f, m in stages if not m]
    state = f"{len(done)} stages finished" + (f"; not finished: {', '.join(unfinished)}" if unfinished else "")
    when = max((m["finished"] for _, m in done), default="")
    cost = sum(float(m["counts"]["notes"].get("usd") or 0) for _, m in done)
    spent = f" - {cost:.2f} USD" if cost else ""
    return (
        f"<header><p class=brand>hunmin run</p><h1>{escape(name)}</h1>"
        f"<p class=sub>{state} in {_duration(seconds)}{spent} - {escape(when)} - <code>{escape(str(run))}</code></p>"
        "</header>"
    )


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _notices(run: Path, done: Done) -> str:
    """Say what a reader must know before the numbers: recorded replies, tiny models, a rehearsal."""
    told = []
    for _, manifest in done:
        notice = manifest["counts"]["notes"].get("notice") or []
        label = escape(manifest["label"])
        told += [f"<b>{label}</b>: {escape(n)}" for n in ([notice] if isinstance(notice, str) else notice)]
    bases = {str(m["config"].get("base_model")) for _, m in done if m["config"].get("base_model")}
    if any(b.startswith("tiny:") for b in bases):
        told.append(
            "The base model is <b>tiny</b>: a few million parameters, pretrained for under a minute. "
            "This run proves the path, not the model; scores at chance are expected."
        )
    if not told:
        return ""
    return "<aside>" + "".join(f"<p>{t}</p>" for t in told) + "</aside>"


def _funnel(done: Done, recipe: dict[str, Any]) -> str:
    rows, top = [], 1
    for _, manifest in done:
        if manifest["output"] == "records" or manifest["counts"]["n_in"]:
            top = max(top, manifest["counts"]["n_in"])
    for _, manifest in done:
        counts = manifest["counts"]
        if manifest["output"] != "records" and not counts["n_in"]:
            continue
        dropped = ", ".join(f"{escape(k)} {v:,}" for k, v in counts["dropped"].items())
        width = 100 * counts["n_kept"] / top
        lost = 100 * counts["n_dropped"] / top
        rows.append(
            f"<tr><td>{escape(manifest['label'])}</td><td class=n>{counts['n_in']:,}</td>"
            f"<td class=n>{counts['n_kept']:,}</td>"
            f"<td class=bar><span style='width:{width:.2f}%'></span><i style='width:{lost:.2f}%'></i></td>"
            f"<td>{dropped}</td><td>{escape(str(counts['notes'].get('headline', '')))}</td>"
            f"<td class=n>{manifest['seconds']:.1f}</td></tr>"
        )
    if not rows:
        return ""
    return (
        "<section><h2>Records by stage</h2><table><thead><tr><th>stage<th class=n>in<th class=n>kept<th>"
        "<th>dropped, by reason<th><th class=n>seconds</tr></thead><tbody>"
        + "".join(rows)
        + "</tbody></table></section>"
    )


def score_rows(done: Iterable[tuple[Path, Manifest]]) -> list[tuple[str, list[ScoreRow]]]:
    """Give (stage label, score rows) of every scores artifact."""
    found = []
    for folder, manifest in done:
        if (folder / artifact.SCORES).is_file():
            found.append((manifest["label"], artifact.read_scores(folder)))
    return found


def _pivot(rows: list[ScoreRow]) -> tuple[list[str], list[Way], dict[Cell, ScoreRow]]:
    models = list(dict.fromkeys(r["model"] for r in rows))
    keys = list(dict.fromkeys((r["protocol"], r["task"], r["num_fewshot"], r["metric"]) for r in rows))
    cells = {(r["protocol"], r["task"], r["num_fewshot"], r["metric"], r["model"]): r for r in rows}
    return models, keys, cells


def _scores(done: Done) -> str:
    parts = []
    for label, rows in score_rows(done):
        models, keys, cells = _pivot(rows)
        head = "".join(f"<th class=n>{escape(m)}" for m in models)
        lines = []
        for key in keys:
            protocol, task, shots, metric = key
            data = next((r["data"] for r in rows if r["task"] == task and r.get("data")), "")
            first = next(cells[(*key, m)] for m in models if (*key, m) in cells)
            tds = []
            for model in models:
                row = cells.get((*key, model))
                if row is None or row["value"] is None:
                    tds.append("<td class=n>-</td>")
                    continue
                ci = (
                    f"<small>[{row['ci_low']:.3f}, {row['ci_high']:.3f}]</small>"
                    if row.get("ci_low") is not None
                    else ""
                )
                cut = f"<small>{row['n_truncated']} cut</small>" if row.get("n_truncated") else ""
                tds.append(f"<td class=n>{row['value']:.3f} <small>{ci}</small> {cut}</td>")
            chance = f"{first['chance']:.2f}" if first.get("chance") is not None else ""
            shown = "" if shots is None else shots
            lines.append(
                f"<tr><td>{escape(str(task))}<td>{escape(str(metric))}<td class=n>{shown}<td>{escape(str(protocol))} "
                f"<small>{escape(str(data))}</small>"
                f"<td class=n>{first['n']}<td class=n>{chance}{''.join(tds)}</tr>"
            )
        parts.append(
            f"<section><h2>Scores <small>{escape(label)}</small></h2><div class=wide><table><thead><tr><th>task"
            f"<th>metric<th class=n>shots<th>protocol<th class=n>n<th class=n>chance{head}</tr></thead><tbody>"
            + "".join(lines)
            + "</tbody></table></div><p class=hint>In brackets: 95 % interval. Different protocols are different "
            "benchmarks and do not compare.</p></section>"
        )
    return "\n".join(parts)


def _interval(row: ScoreRow, digits: int) -> str:
    low, high = row.get("ci_low"), row.get("ci_high")
    return "" if low is None or high is None else f"[{low:.{digits}f}, {high:.{digits}f}]"


def score_lines(run: Path) -> list[str]:
    """Give the newest scores of a run as lines of a table for the terminal."""
    done = [(f, m) for f in artifact.stage_folders(run) if (m := artifact.read_manifest(f))]
    found = [rows for _, rows in score_rows(done) if rows]
    if not found:
        return []
    models, keys, cells = _pivot(found[-1])
    metric = next((m for m in METRICS if any(k[3] == m for k in keys)), keys[0][3])
    lines = [f"{'task':<22} {'shots':>5} {'n':>5} {'chance':>6}  " + "  ".join(f"{m[:22]:>22}" for m in models)]
    for key in keys:
        if key[3] != metric:
            continue
        row = next(cells[(*key, m)] for m in models if (*key, m) in cells)
        values = []
        for model in models:
            cell = cells.get((*key, model))
            if cell is None or cell["value"] is None:
                values.append(f"{'-':>22}")
            else:
                ci = " " + _interval(cell, 2)
                values.append(f"{cell['value']:.3f}{ci}".rstrip().rjust(22))
        chance = f"{row['chance']:.2f}" if row.get("chance") is not None else ""
        shots = "" if key[2] is None else key[2]
        lines.append(f"{key[1]:<22} {shots:>5} {row['n']:>5} {chance:>6}  " + "  ".join(values))
    protocols = ", ".join(dict.fromkeys(str(k[0]) for k in keys))
    return [*lines, f"({metric}, 95 % intervals; protocol: {protocols})"]


def _answers(done: Done) -> str:
    parts = []
    for folder, _ in done:
        path = folder / "samples.json"
        if not path.is_file():
            continue
        for sample in json.loads(path.read_text(encoding="utf-8")):
            answers = "".join(f"<dt>{escape(m)}</dt><dd>{escape(a)}</dd>" for m, a in sample["answers"].items())
            parts.append(f"<article><p class=q>{escape(sample['prompt'])}</p><dl>{answers}</dl></article>")
    if not parts:
        return ""
    return "<section><h2>Sample answers, before and after</h2>" + "".join(parts) + "</section>"


def _training(done: Done) -> str:
    parts = []
    for folder, manifest in done:
        path = folder / "losses.json"
        if not path.is_file():
            continue
        rows = json.loads(path.read_text(encoding="utf-8"))
        groups: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
        for row in rows:
            for key, value in row.items():
                if key in ("step", "epoch", "learning_rate") or not isinstance(value, (int, float)):
                    continue
                panel = "loss" if key in ("loss", "eval_loss") else _reward_panel(key)
                if panel:
                    name = key if panel == "loss" else key.replace(REWARD, "").replace("_", " ")
                    groups[panel][name].append((row["step"], value))
        figures = "".join(
            f"<figure>{charts.lines_svg(lines, manifest['label'] + ': ' + panel)}</figure>"
            for panel, lines in groups.items()
        )
        notes = {
            k: v for k, v in manifest["counts"]["notes"].items() if isinstance(v, (int, float, str)) and k != "headline"
        }
        parts.append(f"<h3>{escape(manifest['label'])}</h3><div class=figures>{figures}</div>{_table(notes)}")
    return "<section><h2>Training</h2>" + "".join(parts) + "</section>" if parts else ""


def _reward_panel(key: str) -> str | None:
    """Give the figure a DPO value belongs to: its rewards, the share of pairs ranked right, or none."""
    if not key.removeprefix("eval_").startswith(REWARD):
        return None
    return "pairs ranked right" if key.endswith("accuracies") else "rewards"


def _table(notes: dict[str, Any]) -> str:
    """Show a dict as a two-column table; dicts inside become rows of their own, lists of rows become tables."""
    if not notes:
        return ""
    rows = []
    for key, value in notes.items():
        if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
            heads = list(dict.fromkeys(k for v in value for k in v))
            inner = "".join(
                "<tr>" + "".join(f"<td>{escape(_value(v.get(h)))}" for h in heads) + "</tr>" for v in value[:40]
            )
            shown = "<table><tr>" + "".join(f"<th>{escape(str(h))}" for h in heads) + f"</tr>{inner}</table>"
        elif isinstance(value, dict):
            shown = ", ".join(f"{escape(str(k))} <b>{escape(_value(v))}</b>" for k, v in value.items())
        else:
            shown = escape(_value(value))
        rows.append(f"<tr><th>{escape(str(key).replace('_', ' '))}</th><td>{shown}</td></tr>")
    return f"<div class=wide><table class=notes>{''.join(rows)}</table></div>"


def _value(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _stages(done: Done) -> str:
    parts = []
    for folder, manifest in done:
        notes = {
            k: v for k, v in manifest["counts"]["notes"].items() if k not in ("headline", "notice", "terminal", "bins")
        }
        figures = "".join(
            f"<figure>{path.read_text(encoding='utf-8')}</figure>" for path in sorted(folder.glob("*.svg"))
        )
        if (folder / "losses.json").is_file() or not (notes or figures):
            continue
        about = f"{manifest['seconds']:.1f} s"
        opened = " open" if figures or manifest["stage"] in ("repair", "review", "filter") else ""
        parts.append(
            f"<details{opened}><summary>{escape(manifest['label'])} <small>{about}</small></summary>"
            f"<div class=figures>{figures}</div>{_table(notes)}</details>"
        )
    return "<section><h2>What each stage noted</h2>" + "".join(parts) + "</section>" if parts else ""


def _lengths(done: Done) -> str:
    """Show how long the texts of the last records artifact are, and where they come from."""
    last = next((folder for folder, m in reversed(done) if m["output"] == "records"), None)
    if last is None:
        return ""
    sizes: list[int] = []
    sources: Counter[str] = Counter()
    for record in read_jsonl(last / artifact.RECORDS):
        sizes.append(sum(len(t) for t in texts(record).values()))
        sources[str(record.get("source", "?"))] += 1
    if not sizes:
        return ""
    step = max(10, round(max(sizes) / 24, -1) or 10)
    bins = Counter(int(size // step) for size in sizes)
    rows = [(i * step, (i + 1) * step, bins[i]) for i in range(max(bins) + 1)]
    figure = charts.histogram_svg(rows, title=f"characters a record ({last.name}, n = {len(sizes):,})")
    table = _table({"by source": dict(sources.most_common(20))})
    return f"<section><h2>Lengths</h2><div class=figures><figure>{figure}</figure></div>{table}</section>"


def _versions(done: Done) -> str:
    if not done:
        return ""
    rows = dict(done[-1][1]["versions"])
    seconds = {m["label"]: f"{m['seconds']:.1f} s" for _, m in done}
    return f"<section><h2>Versions and seconds</h2>{_table({'versions': rows, 'seconds': seconds})}</section>"


def _resolved(run: Path) -> str:
    path = run / artifact.RESOLVED
    if not path.is_file():
        return ""
    return (
        "<section><h2>Recipe, every default written out</h2><details><summary>show</summary><pre>"
        f"{escape(path.read_text(encoding='utf-8'))}</pre></details></section>"
    )
