"""The artifact: one folder a stage left behind, whose manifest is written last and atomically.

A folder without a manifest is unfinished; it is resumed or made again, never trusted. This is the only module that
knows where things lie inside a run.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any, cast

from .. import __version__
from ..errors import UserError
from ..options import number_problem
from . import content, identity
from .identity import hash_of as hash_of
from .identity import sha256_file as sha256_file
from .rows import CountsRow, Estimate, InputsRow, Manifest, Notes, ScoreRow, SpendRow

MANIFEST = "manifest.json"
RECORDS = "records.jsonl"
DROPPED = "dropped.jsonl"
ADAPTER = "adapter"
MODEL = "model"
SCORES = "scores.json"
DOCUMENTS = "documents.jsonl"
RESOLVED = "recipe.resolved.yaml"
LOG = "run.log"

VERSIONS_OF = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "lm_eval", "openai", "deepl", "rensa")


@dataclass(frozen=True)
class Spend:
    """What a paid stage may spend and where its ledger lies; a limit of None is no limit of that kind."""

    ledger: Path | None = None
    max_usd: float | None = None
    max_chars: int | None = None
    confirmed: bool = False

    def __post_init__(self) -> None:
        for name in ("max_usd", "max_chars"):
            if told := number_problem(getattr(self, name)):
                raise UserError(f"{name}: {told}, got {getattr(self, name)}", mend="A limit must be one to be kept.")

    def to_json(self) -> SpendRow:
        return {
            "ledger": str(self.ledger) if self.ledger else None,
            "max_usd": self.max_usd,
            "max_chars": self.max_chars,
            "confirmed": self.confirmed,
        }

    @staticmethod
    def from_json(row: SpendRow) -> Spend:
        ledger = Path(row["ledger"]) if row["ledger"] else None
        return Spend(ledger, row["max_usd"], row["max_chars"], row["confirmed"])


@dataclass(frozen=True)
class Inputs:
    """What a stage is given besides its Config: the newest earlier artifacts and the run's own settings.

    `records` is a records.jsonl, `model` the folder of the newest model artifact, `earlier` every earlier artifact
    folder by label in recipe order. `seed` already derives from (recipe seed, label). `expected` is what the earlier
    stages' estimates said in a dry run (`records`, `chars`, ...), when the artifacts are not there yet. `known` is what
    the stage's own `survey` found in the whole input, where `records` is only a shard of it.
    """

    label: str = "stage"
    seed: int = 0
    records: Path | None = None
    model: Path | None = None
    earlier: dict[str, Path] = field(default_factory=dict)
    spend: Spend = field(default_factory=Spend)
    in_flight: int = 8
    expected: Estimate = field(default_factory=dict)
    known: Notes = field(default_factory=dict)

    def absolute(self) -> Inputs:
        """Give the same inputs with absolute paths, for a worker that may stand in another folder."""
        ledger = self.spend.ledger
        return replace(
            self,
            records=self.records.resolve() if self.records else None,
            model=self.model.resolve() if self.model else None,
            earlier={label: path.resolve() for label, path in self.earlier.items()},
            spend=replace(self.spend, ledger=ledger.resolve() if ledger else None),
        )

    def to_json(self) -> InputsRow:
        """Give the inputs as a JSON object; whatever a process is told of them goes through here."""
        return {
            "label": self.label,
            "seed": self.seed,
            "records": str(self.records) if self.records else None,
            "model": str(self.model) if self.model else None,
            "earlier": {label: str(path) for label, path in self.earlier.items()},
            "spend": self.spend.to_json(),
            "in_flight": self.in_flight,
            "expected": self.expected,
            "known": self.known,
        }

    @staticmethod
    def from_json(row: InputsRow) -> Inputs:
        return Inputs(
            label=row["label"],
            seed=row["seed"],
            records=Path(row["records"]) if row["records"] else None,
            model=Path(row["model"]) if row["model"] else None,
            earlier={label: Path(path) for label, path in row["earlier"].items()},
            spend=Spend.from_json(row["spend"]),
            in_flight=row["in_flight"],
            expected=row["expected"],
            known=row["known"],
        )


@dataclass
class Counts:
    """How many records came in, were kept, and were dropped for which reason; `notes` is what else is worth reading."""

    n_in: int = 0
    n_kept: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    notes: Notes = field(default_factory=dict)

    @property
    def n_dropped(self) -> int:
        return sum(self.dropped.values())

    def check(self, label: str) -> Counts:
        """Assert in = kept + dropped."""
        if self.n_in != self.n_kept + self.n_dropped:
            raise AssertionError(f"{label}: {self.n_in} in, {self.n_kept} kept + {self.n_dropped} dropped")
        return self

    def to_json(self) -> CountsRow:
        return cast(CountsRow, {**asdict(self), "n_dropped": self.n_dropped})

    @staticmethod
    def from_json(row: CountsRow) -> Counts:
        return Counts(row["n_in"], row["n_kept"], row["dropped"], row["notes"])


def versions() -> dict[str, str]:
    """Give the versions that can change a result: Python, hunmin and the libraries that are installed."""
    found = {"python": platform.python_version(), "hunmin": __version__}
    for name in VERSIONS_OF:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def add_notes(notes: Sequence[Notes]) -> Notes:
    """Give the notes of the whole: whole numbers add up, maps add up by key, lists follow each other, equals stay."""
    found: Notes = {}
    for key in dict.fromkeys(k for note in notes for k in note):
        values = [note[key] for note in notes if note.get(key) is not None]
        if all(isinstance(v, dict) for v in values):
            found[key] = add_notes(values)
        elif all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
            same = all(isinstance(v, float) for v in values) and len(set(values)) == 1
            found[key] = values[0] if same else sum(values)
        elif all(isinstance(v, list) for v in values):
            found[key] = list(dict.fromkeys(map(str, sum(values, [])))) if key == "notice" else sum(values, [])
        else:
            found[key] = values[0] if len(set(map(str, values))) == 1 else "; ".join(dict.fromkeys(map(str, values)))
    return found


def write_atomic(path: Path, text: str) -> None:
    """Write a text file so that a reader or a crash sees the old or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def keep_first(temporary: Path, target: Path) -> None:
    """Rename a complete folder to its name; where another attempt was first, with the same bytes, remove this one."""
    try:
        temporary.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        shutil.rmtree(temporary, ignore_errors=True)


def read_manifest(folder: Path) -> Manifest | None:
    """Give the manifest of a finished artifact, or None when the folder is unfinished or absent."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError("the manifest is not JSON", str(path), f"Delete {folder} to make it again.") from error
    if not isinstance(found, dict) or not isinstance(found.get("output"), str):
        raise UserError("the manifest does not say what is here", str(path), f"Delete {folder} to make it again.")
    return cast(Manifest, found)


MUST = {
    **dict.fromkeys(("stage", "label", "output", "config_hash", "content_hash"), str),
    **dict.fromkeys(("config", "inputs", "counts"), dict),
}


def verify(folder: Path, whole: bool = False) -> None:
    """Compare a finished artifact's files with its manifest; an unfinished one has nothing to compare.

    `whole` asks the manifest for all that reuse needs. Raises UserError that names the first file that is missing, cut
    or changed.
    """
    for name, told in wrong(folder, whole=whole).items():
        raise UserError(
            f"{told}, so it was cut, edited or damaged since" if told.endswith("left") else told,
            str(folder / name),
            f"Put back the file as it was, or delete {folder} to make it again.",
        )


def wrong(folder: Path, *, whole: bool = True) -> dict[str, str]:
    """Give in words what is wrong with an artifact's files and its manifest, by file name."""
    manifest = read_manifest(folder)
    if manifest is None:
        return {}
    lacks = [key for key, kind in MUST.items() if not isinstance(manifest.get(key), kind)]
    lacks += [f"counts.{key}" for key in ("n_in", "n_kept", "n_dropped") if key not in manifest.get("counts", {})]
    if lacks and whole:
        return {MANIFEST: f"it lacks {', '.join(lacks)}"}
    files = manifest.get("files")
    if files is not None:
        return content.wrong(folder, files)
    kept = _content_paths(folder, manifest["output"])
    if not kept or "content_hash" not in manifest:
        return {}
    gone = {path.name: "missing" for path in kept[:1] if not path.exists()}
    if gone or content_hash(folder, manifest["output"]) == manifest["content_hash"]:
        return gone
    return {kept[0].name: "another content than the stage left"}


def verify_path(path: Path) -> None:
    """Compare what a path of the user's leads to - a run, an artifact or a file of one - with the manifests there."""
    for folder in stage_folders(path) if path.is_dir() else []:
        verify(folder)
    if path.is_dir():
        verify(path)
    elif path.is_file() and path.name in (RECORDS, DROPPED, SCORES, DOCUMENTS):
        verify(path.parent)


def _content_paths(folder: Path, output: str) -> list[Path]:
    """Give the files and folders that are an artifact's content, the one that later stages read first."""
    if output == "records":
        return [folder / RECORDS, folder / DROPPED]
    if output == "model":
        return [folder / (MODEL if (folder / MODEL).is_dir() else ADAPTER)]
    return [folder / SCORES, folder / DOCUMENTS] if (folder / SCORES).is_file() else []


def as_counted(folder: Path, counts: Counts) -> None:
    """Raise UserError when the records written are not as many as were counted."""
    for name, n in ((RECORDS, counts.n_kept), (DROPPED, counts.n_dropped)):
        there = content.count_lines(folder / name)
        if there != n:
            raise UserError(
                f"holds {there:,} rows, where {n:,} were counted", str(folder / name),
                f"Did something else write here, or the disk fail? Delete {folder} and run the same command again.",
            )  # fmt: skip


def read_scores(folder: Path) -> list[ScoreRow]:
    """Give the rows of an artifact's scores.json; none when it has no such file."""
    path = folder / SCORES
    if not path.is_file():
        return []
    found = json.loads(path.read_text(encoding="utf-8"))
    return cast(list[ScoreRow], found["rows"] if isinstance(found, dict) else found)


def content_hash(folder: Path, output: str) -> str:
    """Give the hash that a later stage records of this artifact: of its records, model files or scores."""
    if output == "records":
        return sha256_file(folder / RECORDS)[:16]
    if output == "model":
        name = MODEL if (folder / MODEL).is_dir() else ADAPTER
        return sha256_file(folder / name)[:16] if (folder / name).is_dir() else hash_of(str(folder))
    return sha256_file(folder / SCORES)[:16] if (folder / SCORES).is_file() else hash_of(str(folder))


def write_manifest(
    folder: Path,
    *,
    stage: str,
    label: str,
    output: str,
    config: Mapping[str, Any],
    seed: int,
    inputs: dict[str, str],
    counts: Counts,
    seconds: float,
) -> Manifest:
    """Write the manifest last and atomically; after this the artifact is finished."""
    manifest: Manifest = {
        "stage": stage,
        "label": label,
        "output": output,
        "config": config,
        "config_hash": hash_of([stage, config, seed]),
        "seed": seed,
        "identity": identity.VERSION,
        "inputs": inputs,
        "content_hash": content_hash(folder, output),
        "files": content.listed(folder, _content_paths(folder, output)),
        "counts": counts.to_json(),
        "versions": versions(),
        "seconds": round(seconds, 3),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    write_atomic(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2, default=str) + "\n")
    return manifest


def model_folder(artifact: Path) -> Path:
    """Give the folder of a model artifact that a loader opens: the plain model, else the adapter."""
    for name in (MODEL, ADAPTER):
        if (artifact / name).is_dir():
            return artifact / name
    return artifact


def stage_folders(run: Path) -> list[Path]:
    """Give the NN-label folders of a run in order, finished or not."""
    return sorted(p for p in run.glob("[0-9][0-9]-*") if p.is_dir())


def newest(folders: Iterable[Path], output: str) -> Path | None:
    """Give the newest finished artifact of this output kind among stage folders in order."""
    found = None
    for folder in folders:
        manifest = read_manifest(folder)
        if manifest and manifest["output"] == output:
            found = folder
    return found
