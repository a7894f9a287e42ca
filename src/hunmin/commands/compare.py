"""Runs, scores and the published tables side by side, with paired significance where documents are the same."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from ..artifacts import artifact
from ..artifacts.record import read_jsonl
from ..artifacts.rows import Difference, JsonObject, JudgedDocument, ScoreRow
from ..errors import UserError
from ..evaluation.benchmarks import published, significance
from ..report import matrix
from ..report import score_tables as tables
from ..tables import did_you_mean

MOST_DIFFERENCES = 12  # on one screen
R = TypeVar("R", ScoreRow, JsonObject)
Found = tuple[list[ScoreRow], list[JsonObject]]
"""Score rows and documents."""
FORMATS = {".md": "md", ".csv": "csv", ".html": "html", ".json": "json", ".svg": "svg"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare compare's arguments."""
    parser.add_argument("runs", nargs="*", metavar="RUN", help="run folders, scores artifacts or scores.json files")
    parser.add_argument(
        "--published",
        choices=("auto", "kobest", "judge", "all", "none"),
        default="auto",
        help="published rows beside them (auto: those that share a protocol or task with the runs)",
    )
    parser.add_argument("--protocol", help="only rows measured by this protocol")
    parser.add_argument("--metric", help="only this metric, such as macro_f1 or acc")
    parser.add_argument("--task", help="only this task")
    parser.add_argument("--against", metavar="MODEL", help="compare every model with this one (default: the first)")
    parser.add_argument(
        "--format", choices=("md", "csv", "html", "json", "svg"), help="default: by -o's suffix, else md"
    )
    parser.add_argument("--json", action="store_true", help="print matrix, rows and differences as JSON")
    parser.add_argument("--full", action="store_true", help="print every table too: all shots, metrics and differences")
    parser.add_argument("-o", "--out", type=Path, help="write here instead of to the terminal")


def main(args: argparse.Namespace) -> int:
    """Print or write the comparison."""
    if not args.runs and args.published in ("auto", "none"):
        raise UserError("nothing to compare", "compare", "Name runs, or --published kobest for the published rows.")
    paths = list({path.resolve(): path for path in map(Path, args.runs)}.values())
    rows, documents = together([load(path) for path in paths], run_names(paths))
    beside = rows + published_rows(args, rows)
    kept = pick(beside, args)
    if not kept:
        raise _nothing_left(beside, args)
    found = tables.tables(kept)
    paired = [row for row in differences(documents, args.against) if keep(row, args)]
    kind = "json" if args.json else args.format or FORMATS.get(args.out.suffix if args.out else "", "md")
    whole = args.full or args.out is not None or args.format is not None
    text = render(kind, kept, found, paired) if whole or kind != "md" else one_screen(kept, paired)
    if args.out is None:
        print(text, end="" if text.endswith("\n") else "\n")
    else:
        artifact.write_atomic(args.out, text)
        print(args.out)
    return 0


def one_screen(rows: Sequence[ScoreRow], paired: Sequence[Difference]) -> str:
    """Give the matrix alone, with the differences that are beyond chance in a line each."""
    lines = [matrix.markdown(matrix.matrices(rows)).rstrip(), ""]
    clear = [row for row in paired if _beyond_chance(row)]
    for row in clear[:MOST_DIFFERENCES]:
        texts = tables.significance_texts(row)
        lines.append(
            f"{row['task']} {row['num_fewshot']}-shot: {row['second']} - {row['first']}: {texts[6]}, n={row['n']}"
        )
    if paired:
        lines.append(f"{len(clear)} of {len(paired)} differences on the same documents lie beyond their 95 % interval.")
    return "\n".join([*lines, "All tables: --full. For a program: --json.", ""])


def _beyond_chance(row: Difference) -> bool:
    low = row.get("macro_f1_low", row.get("mean_low", 0.0))
    high = row.get("macro_f1_high", row.get("mean_high", 0.0))
    return bool(low > 0 or high < 0)


def render(kind: str, rows: Sequence[ScoreRow], found: Sequence[tables.Table], paired: Sequence[Difference]) -> str:
    """Give the comparison as md, csv, html, json or svg (the first table's plot)."""
    if kind == "csv":
        return tables.as_csv(rows)
    if kind == "html":
        return tables.html(found, paired, matrix.matrices(rows))
    if kind == "json":
        told = {"matrix": matrix.as_json(matrix.matrices(rows)), "rows": list(rows), "differences": list(paired)}
        return json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    if kind == "svg":
        return tables.plot(found[0])
    return matrix.markdown(matrix.matrices(rows)) + "\n" + tables.markdown(found, paired)


def load(path: Path) -> Found:
    """Give the score rows and documents of a run (all its scores artifacts), an artifact, or a scores.json.

    Where two artifacts of a run score one model differently in the same way of measuring, the later one's model carries
    its artifact's name. Raises UserError when there are no scores.
    """
    if not path.exists():
        raise UserError("no such file or folder", str(path), "Name a run, a scores artifact or a scores.json.")
    if path.is_file():
        folders = [path.parent]
    else:
        folders = [f for f in (*artifact.stage_folders(path), path) if (f / artifact.SCORES).is_file()]
    rows: list[ScoreRow] = []
    documents: list[JsonObject] = []
    values: dict[tuple[Any, ...], Any] = {}
    for folder in folders:
        file = path if path.is_file() else folder / artifact.SCORES
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
        except json.JSONDecodeError as error:
            raise UserError(f"not JSON: {error.msg}", str(file), "Name a scores.json of hunmin.") from error
        own: Any = data.get("rows") if isinstance(data, dict) else data
        missing = _missing(own)
        if missing:
            raise UserError(f"not score rows: {missing}", str(file), "Name a scores.json of hunmin.")
        twice = {row["model"] for row in own if values.get(_measured(row), _found(row)) != _found(row)}
        names = {model: f"{model} ({folder.name})" for model in twice}
        rows += [_named(row, names) for row in own if row["model"] in twice or _measured(row) not in values]
        values.update((_measured(row), _found(row)) for row in own)
        if (folder / artifact.DOCUMENTS).is_file():
            way = {k: own[0].get(k) for k in ("protocol", "data")} if own else {}  # a judge's documents do not say it
            kept = read_jsonl(folder / artifact.DOCUMENTS)
            documents += [_named({**(way if "verdicts" in d else {}), **d}, names) for d in kept]
    if not rows:
        raise UserError("no scores", str(path), "Its evaluate or judge stage is not finished.")
    return rows, documents


def _measured(row: ScoreRow) -> tuple[Any, ...]:
    return (*(row.get(k) for k in tables.KEYS), row.get("reference"))


def _found(row: ScoreRow) -> tuple[Any, ...]:
    return row["value"], row.get("n")  # a value of ten documents may equal that of a thousand


def _named(row: R, names: Mapping[str, str]) -> R:
    return cast(R, {**row, "model": names[row["model"]]}) if row.get("model") in names else row


def run_names(paths: Sequence[Path]) -> list[str]:
    """Give each run the last part of its path, or so many parts that no two are equal."""
    parts = [(p.parent if p.is_file() else p).resolve().parts for p in paths]
    for n in range(1, max(map(len, parts), default=0) + 1):
        found = ["/".join(p[-n:]) for p in parts]
        if len(set(found)) == len(found):
            return found
    return [str(p) for p in paths]


def _missing(rows: Any) -> str:
    if not isinstance(rows, list):
        return "expected a list"
    needed = ("model", "task", "metric", "num_fewshot", "protocol", "value")
    for i, row in enumerate(rows):
        gone = [k for k in needed if not isinstance(row, dict) or k not in row]
        if gone:
            return f"row {i} has no {gone[0]}"
    return ""


def together(sources: Sequence[Found], names: Sequence[str]) -> Found:
    """Put several runs' rows and documents together; a model name that two runs share carries its run's name."""
    owners = Counter(model for rows, _ in sources for model in {row["model"] for row in rows})
    all_rows: list[ScoreRow] = []
    all_documents: list[JsonObject] = []
    for (rows, documents), run in zip(sources, names, strict=True):
        called = {model: f"{run}: {model}" for model, n in owners.items() if n > 1}
        all_rows += [_named(row, called) for row in rows]
        all_documents += [_named(d, called) for d in documents if "model" in d]
    return all_rows, all_documents


def published_rows(args: argparse.Namespace, rows: Sequence[ScoreRow]) -> list[ScoreRow]:
    """Give the published rows that belong beside these. Raises UserError for a protocol they do not have."""
    if args.published == "none":
        return []
    if args.published != "auto":
        return published.rows_for(args.published, args.protocol)
    here = {(row["protocol"], row["task"], row.get("data")) for row in rows}
    found = [row for row in published.kobest() if (row["protocol"], row["task"], row["data"]) in here]
    sets = {
        protocol.split(":")[1].split("-ko")[0].split("-en")[0] for protocol, _, _ in here if protocol[:6] == "judge:"
    }
    return found + [row for row in published.judge() if row["protocol"].split(":")[1] in sets]


def keep(row: ScoreRow | Difference, args: argparse.Namespace) -> bool:
    """Tell whether a row is of the protocol and task asked for."""
    of_task = args.task in (None, row["task"], row["task"].partition(" ")[0])  # a difference names its metric too
    return of_task and args.protocol in (None, row["protocol"])


def pick(rows: Sequence[ScoreRow], args: argparse.Namespace) -> list[ScoreRow]:
    """Give the rows of the protocol, task and metric asked for."""
    return [row for row in rows if keep(row, args) and args.metric in (None, row["metric"])]


def _nothing_left(rows: Sequence[ScoreRow], args: argparse.Namespace) -> UserError:
    names: tuple[Literal["protocol", "task", "metric"], ...] = ("protocol", "task", "metric")
    for name in names:
        asked, there = getattr(args, name), list(dict.fromkeys(row[name] for row in rows))
        if asked is not None and asked not in there:
            near = did_you_mean(asked, there)
            return UserError(f"no score row of {name} '{asked}'{near}", f"--{name}", f"There are: {', '.join(there)}.")
    return UserError("no score row has all that was asked for", "compare", "Leave out --protocol, --task or --metric.")


def differences(documents: Sequence[JsonObject], against: str | None) -> list[Difference]:
    """Compare every model with `against` (default: the first) wherever both answered the same documents.

    Raises UserError when `against` has no documents.
    """
    models = list(dict.fromkeys(d["model"] for d in documents))
    first = against or (models[0] if models else None)
    if against is not None and against not in models:
        raise UserError(f"no documents of '{against}'", "--against", f"There are: {', '.join(models) or 'none'}.")
    found: list[Difference] = []
    benchmark, answered = significance.by_key(documents), significance.generated_by_key(documents)
    for model in models:
        if model == first or first is None:
            continue
        for key, own in benchmark.get(model, {}).items():
            result = significance.compare(benchmark.get(first, {}).get(key, {}), own)
            if result:
                protocol, task, shots = key
                found.append(
                    {
                        "protocol": protocol,
                        "task": task,
                        "num_fewshot": shots,
                        "first": first,
                        "second": model,
                        **result,
                    }
                )
        for (key, metric), values in answered.get(model, {}).items():
            result = significance.compare_means(answered.get(first, {}).get((key, metric), {}), values)
            if result:
                protocol, task, shots = key
                about = {"protocol": protocol, "task": f"{task} {metric}", "num_fewshot": shots}
                found.append(cast(Difference, {**about, "first": first, "second": model, **result}))
        found += _judged(documents, first, model)
    return found


def _judged(documents: Sequence[JsonObject], first: str, second: str) -> list[Difference]:
    from ..evaluation.judging.score_rows import per_question

    judged = [cast(JudgedDocument, d) for d in documents if "verdicts" in d]
    ways = [(d["protocol"], d.get("data")) for d in documents if "verdicts" in d]
    graded = [(*way, v["criterion"]) for d, way in zip(judged, ways, strict=True) for v in d["verdicts"]]
    found: list[Difference] = []
    for protocol, data, criterion in dict.fromkeys(graded):
        same = [d for d, way in zip(judged, ways, strict=True) if way == (protocol, data)]
        one = per_question([d for d in same if d["model"] == first], criterion)
        two = per_question([d for d in same if d["model"] == second], criterion)
        result = significance.compare_means(one, two)
        if result:
            found.append(
                {
                    "protocol": protocol,
                    "task": criterion,
                    "num_fewshot": 0,
                    "first": first,
                    "second": second,
                    **result,
                }
            )
    return found
