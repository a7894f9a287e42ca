"""Whether a run, an artifact or a published folder is still what was made: files, counts, inputs, rows, ledger.

Offline, and every byte is read anew. What cannot be looked at from here - a file that is not at hand, a Hub commit - is
"not checked", never "ok".
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..artifacts import artifact, content, identity
from ..artifacts.record import read_jsonl
from ..artifacts.rows import Manifest
from ..clients import ledger_file
from ..errors import UserError
from .facts import Step

LINEAGE = "lineage.json"
OK, NOT_CHECKED, WRONG = "ok", "not checked", "WRONG"
NEW_IDS = ("load", "mix", "pair", "respond")  # stages that name rows anew


@dataclass(frozen=True)
class Row:
    """One line of the table: where it was looked, at what, with which status."""

    where: str
    what: str
    status: str
    detail: str = ""


def look(path: Path, rows: Path | None = None) -> list[Row]:
    """Give the table of a run, an artifact or a published folder; `rows` are the records a published model came from.

    Raises UserError when the path is none of them.
    """
    with identity.read_anew():
        folders = artifact.stage_folders(path) if path.is_dir() else []
        if folders:
            return [*stages(folders), *_ledgers(path, folders)]
        if (path / LINEAGE).is_file():
            return published(path, rows)
        if (path / artifact.MANIFEST).is_file():
            return [*stages([path]), *_ledgers(path, [path])]
    raise UserError("neither a run, an artifact nor a published folder", str(path), "Name runs/NAME or one of those.")


def stages(folders: Sequence[Path]) -> list[Row]:
    """Give the rows of stage folders in order; what one stage read is compared with what another one left."""
    found: list[Row] = []
    made: dict[str, tuple[Path, Manifest]] = {}
    sound: dict[str, tuple[Path, Manifest]] = {}
    for folder in folders:
        try:
            manifest = artifact.read_manifest(folder)
            faults = artifact.wrong(folder)
        except UserError as error:
            found.append(Row(folder.name, artifact.MANIFEST, WRONG, error.what))
            continue
        if manifest is None:
            found.append(Row(folder.name, artifact.MANIFEST, NOT_CHECKED, "unfinished"))
            continue
        found += [Row(folder.name, name, WRONG, told) for name, told in faults.items()]
        if artifact.MANIFEST in faults:
            continue
        if not faults:
            files = manifest.get("files")
            size = sum(row["size"] for row in files.values()) if files else 0
            told = f"{len(files)} files, {size:,} bytes" if files else "one hash over all (a manifest of 0.1)"
            found.append(Row(folder.name, "files", OK, told))
        found += _counts(folder, manifest)
        found += [_input(folder, manifest, name, made) for name in manifest["inputs"]]
        if manifest["output"] == "records" and not faults:
            found += _which_became_which(folder, manifest, sound)
        made[manifest["label"]] = (folder, manifest)
        if not faults:
            sound[manifest["label"]] = (folder, manifest)
    newest = [folder for folder, manifest in sound.values() if manifest["output"] == "records"][-1:]
    return [*found, *(_licences(folder) for folder in newest)]


def _counts(folder: Path, manifest: Manifest) -> list[Row]:
    counts = manifest["counts"]
    told = f"{counts['n_in']:,} in, {counts['n_kept']:,} kept, {counts['n_dropped']:,} dropped"
    if counts["n_in"] != counts["n_kept"] + counts["n_dropped"]:
        return [Row(folder.name, "counts", WRONG, told)]
    if manifest["output"] != "records":
        return []
    lines = [content.count_lines(folder / name) for name in (artifact.RECORDS, artifact.DROPPED)]
    if lines != [counts["n_kept"], counts["n_dropped"]]:
        return [Row(folder.name, "counts", WRONG, f"{told}; the files hold {lines[0]:,} and {lines[1]:,}")]
    return [Row(folder.name, "counts", OK, told)]


def _input(folder: Path, manifest: Manifest, name: str, made: Mapping[str, tuple[Path, Manifest]]) -> Row:
    mark = manifest["inputs"][name]
    if name in made:
        same = made[name][1]["content_hash"] == mark
        return Row(folder.name, f"from {name}", OK if same else WRONG, "" if same else "it has been made anew since")
    kind, _, rest = name.partition(":")
    if kind == "hub":
        return Row(folder.name, name, NOT_CHECKED, f"commit {mark}")
    if kind == "protocol":
        return Row(folder.name, name, NOT_CHECKED, f"version {mark}")
    paths = [p for p in _paths_in(manifest["config"]) if rest and p.name == rest and p.exists()]
    if kind != "file" or not paths:
        return Row(folder.name, name, NOT_CHECKED, "not at hand")
    same = identity.of_files(dict.fromkeys(paths)).get(name) == mark or identity.of_path(paths[0]) == mark
    return Row(folder.name, name, OK if same else WRONG, str(paths[0]) if same else f"{paths[0]} has changed since")


def _paths_in(value: Any) -> Iterator[Path]:
    """Yield every text of a stage's options as the path it may be."""
    if isinstance(value, str) and value and "\0" not in value and len(value) < 4096:
        yield Path(value)
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _paths_in(inner)


def _which_became_which(folder: Path, manifest: Manifest, sound: Mapping[str, tuple[Path, Manifest]]) -> list[Row]:
    """Compare the ids that went in with those kept and dropped: every row is one of them, and once."""
    before = [sound[n][0] for n in manifest["inputs"] if n in sound and sound[n][1]["output"] == "records"]
    if manifest["stage"] in NEW_IDS or ":" in manifest["stage"] or len(before) != 1:
        return []
    kept = Counter(row["id"] for row in read_jsonl(folder / artifact.RECORDS))
    lost = Counter(row["record"]["id"] for row in read_jsonl(folder / artifact.DROPPED))
    came = Counter(row["id"] for row in read_jsonl(before[0] / artifact.RECORDS))
    if kept + lost == came:
        return [Row(folder.name, "rows", OK, f"each of {came.total():,} is kept or dropped once")]
    odd = next(iter((came - kept - lost) + (kept + lost - came)))
    return [Row(folder.name, "rows", WRONG, f"{odd} is not kept or dropped exactly once")]


def _licences(folder: Path) -> Row:
    found = Counter(str(row.get("license") or "") for row in read_jsonl(folder / artifact.RECORDS))
    told = ", ".join(f"{name or 'none named'} {n:,}" for name, n in found.most_common(6))
    return Row(folder.name, "licences", NOT_CHECKED if "" in found or not found else OK, told or "no rows")


def _ledgers(path: Path, folders: Sequence[Path]) -> list[Row]:
    found = []
    for ledger in dict.fromkeys(p / "ledger.sqlite" for p in (path, *folders)):
        if ledger.is_file():
            whole, told = ledger_file.state_of(ledger)
            found.append(Row(ledger.parent.name, ledger.name, OK if whole else WRONG, told))
    return found


# --- a published folder ---


def require(steps: Sequence[Step], label: str) -> None:
    """Verify what is about to be published. Raises UserError that names what is not as it was made."""
    with identity.read_anew():
        bad = [row for row in stages([step.folder for step in steps]) if row.status == WRONG]
    if bad:
        told = "\n".join(f"  {row.where}: {row.what}: {row.detail}" for row in bad)
        raise UserError(f"not published, what went in is not as it was made:\n{told}", label, "See hunmin verify RUN.")


def write_lineage(folder: Path, steps: Sequence[Step], of: Step) -> None:
    """Write lineage.json beside what is published: what a stranger needs to check it back to its rows."""
    row = {
        "hunmin": __version__,
        "published": of.label,
        "files": content.listed(folder, [p for p in sorted(folder.iterdir()) if p.name not in (LINEAGE, "README.md")]),
        "stages": [_stage(step) for step in steps],
    }
    artifact.write_atomic(folder / LINEAGE, json.dumps(row, ensure_ascii=False, indent=1) + "\n")


def _stage(step: Step) -> dict[str, Any]:
    """Give a stage as a stranger may know it: no options, which may hold paths and addresses, only their hash."""
    manifest: Mapping[str, Any] = step.manifest
    kept = ("stage", "label", "output", "config_hash", "inputs", "content_hash", "files", "versions", "finished")
    row = {key: manifest[key] for key in kept if key in manifest}
    row["counts"] = {key: manifest["counts"][key] for key in ("n_in", "n_kept", "n_dropped", "dropped")}
    records = step.folder / artifact.RECORDS
    if records.is_file():
        ids = sorted(str(record["id"]) for record in read_jsonl(records))
        row["ids_sha256"] = hashlib.sha256("\n".join(ids).encode("utf-8", "surrogatepass")).hexdigest()
    return row


def published(folder: Path, rows: Path | None = None) -> list[Row]:
    """Give the table of a published folder by its lineage.json."""
    where = LINEAGE
    try:
        told = json.loads((folder / LINEAGE).read_text(encoding="utf-8"))
        chain = {stage["label"]: stage for stage in told["stages"]}
        files, of = told["files"], chain.get(told["published"])
        faults = content.wrong(folder, files)
        found = [Row(where, name, WRONG, fault) for name, fault in faults.items()]
        if not faults:
            found.append(Row(where, "files", OK, f"{len(files)} files"))
        for stage in chain.values():
            for name, mark in stage["inputs"].items():
                if name in chain:
                    same = chain[name]["content_hash"] == mark
                    found.append(Row(stage["label"], f"from {name}", OK if same else WRONG))
                else:
                    found.append(Row(stage["label"], name, NOT_CHECKED, "not at hand"))
        found += _weights(files, of)
        found += _rows_at_hand(chain, rows)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError("the lineage cannot be read", str(folder / LINEAGE), "Fetch the folder again.") from error
    return found


def _weights(files: Mapping[str, Any], of: Mapping[str, Any] | None) -> list[Row]:
    if of is None or of["output"] != "model":
        return []
    left = {row["sha256"] for row in of.get("files", {}).values()}
    weights = [name for name in files if name.endswith(".safetensors")]
    same = [name for name in weights if files[name]["sha256"] in left]
    if weights and len(same) == len(weights):
        return [Row(of["label"], "weights", OK, "byte for byte those of the stage")]
    return [Row(of["label"], "weights", NOT_CHECKED, "written anew for publishing")]


def _rows_at_hand(chain: Mapping[str, Any], rows: Path | None) -> list[Row]:
    left = {label: stage for label, stage in chain.items() if stage["output"] == "records"}
    if rows is None:
        return [Row(label, "rows", NOT_CHECKED, "not at hand (--rows records.jsonl)") for label in left]
    mark = identity.sha256_file(rows)[:16]
    same = [label for label, stage in left.items() if stage["content_hash"] == mark]
    if same:
        return [Row(label, "rows", OK, f"{rows}") for label in same]
    return [Row("rows", str(rows), WRONG, "no stage left these bytes")]
