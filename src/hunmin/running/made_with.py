"""What an artifact is made with: stage, options, seed and the content of what goes in; and whether two are the same.

An older artifact stays valid: an option that it does not know and that stands at its default is no difference, and what
0.1 wrote of a folder is recognised.
"""

from __future__ import annotations

import calendar
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from ..artifacts import artifact, identity
from ..artifacts.artifact import Inputs
from ..artifacts.rows import Identity
from ..errors import UserError
from .recipe import Step, needs

STARTED = "started.json"
PROTOCOL = "protocol:"
CHECKS_OF_0_1 = "code_only code_mixed number_lost math_symbol untranslated cut_off markup task_broken"
DEFAULTS_OF_0_1: dict[str, dict[str, Any]] = {"check": {"checks": CHECKS_OF_0_1.split()}}
"""Defaults that are others today, by stage: an artifact that 0.1 made with its own is not orphaned."""


@dataclass(frozen=True)
class MadeWith:
    """What decides whether an artifact may be used again. `inputs` maps what goes in to the hash of its content:
    an earlier stage's label, records, model, file:NAME, base:NAME, hub:ID; protocol:NAME has its version."""

    step: Step
    seed: int
    config: dict[str, Any]
    inputs: dict[str, str]
    files: list[Path] = field(default_factory=list)
    model: Path | None = None

    @property
    def config_hash(self) -> str:
        return artifact.hash_of([self.step.stage.name, self.config, self.seed])

    def finished(self) -> dict[str, str]:
        """Give the inputs as the manifest keeps them: with the commits of what the stage brought into the cache."""
        return {**self.inputs, **_commits(self.step, self.model)}

    def to_json(self) -> Identity:
        return {
            "stage": self.step.stage.name,
            "config": self.config,
            "config_hash": self.config_hash,
            "identity": identity.VERSION,
            "inputs": self.inputs,
        }


def in_a_run(step: Step, inputs: Inputs) -> MadeWith:
    """Give what a recipe's stage is made with: of earlier artifacts those that it reads."""
    hashes: dict[str, str] = {}
    kinds = {kind for kind, _ in needs(step.stage)}
    for label, folder in inputs.earlier.items():
        manifest = artifact.read_manifest(folder)
        if manifest is None:
            continue
        newest_records = inputs.records is not None and inputs.records.parent == folder
        if "all" in kinds or (newest_records and "records" in kinds):
            hashes[label] = manifest["content_hash"]
        elif manifest["output"] == "model" and "model" in kinds:
            hashes[label] = manifest["content_hash"]
    return _made_with(step, inputs, hashes, None)


def alone(step: Step, inputs: Inputs) -> MadeWith:
    """Give what a stage on plain files is made with: its records, its model, and what that model stands on."""
    from .. import models

    hashes: dict[str, str] = {}
    if inputs.records is not None and inputs.records.is_file():
        hashes["records"] = artifact.sha256_file(inputs.records)[:16]
    if inputs.model is not None:
        if inputs.model.is_dir():
            own = artifact.model_folder(inputs.model)
            kept = own != inputs.model  # an artifact's: as its manifest says it
            hashes["model"] = artifact.content_hash(inputs.model, "model") if kept else identity.of_path(own)
            below = [path for path in models.bases_of(inputs.model) if path != own]
            hashes |= {k.replace("file:", "base:"): v for k, v in identity.of_files(below).items()}
    return _made_with(step, inputs, hashes, inputs.model)


def _made_with(step: Step, inputs: Inputs, hashes: dict[str, str], model: Path | None) -> MadeWith:
    files = local_files(step)
    for path in files:
        artifact.verify_path(path)
    hashes.update(identity.of_files(files))
    hashes.update(_commits(step, model))
    hashes.update({f"{PROTOCOL}{name}": str(n) for name, n in step.stage.versions(step.config).items()})
    return MadeWith(step, inputs.seed, step.config.model_dump(mode="json"), hashes, files, model)


def _commits(step: Step, model: Path | None) -> dict[str, str]:
    """Give the commits of the Hub models that the stage opens, as far as the cache holds them."""
    from .. import models

    names = [str(model)] if model is not None else []
    names += [name for kind, name in step.stage.hub(step.config) if kind == "model"]
    # evaluate's is its data's revision
    revision = None if step.stage.name == "evaluate" else getattr(step.config, "revision", None)
    return models.commits(names, revision)


def local_files(step: Step) -> list[Path]:
    """Give the files and folders on this machine that the stage's options name."""
    return [Path(p) for p in step.stage.files(step.config)]


def begin(folder: Path, wanted: MadeWith) -> None:
    """Note what an artifact is begun with; an unfinished one begun otherwise starts over, unless work would be lost.

    Half-written records are made again for nothing (paid answers lie in the ledger); checkpoints, decisions and the
    like are not thrown away: then it is an error.
    """
    started = folder / STARTED
    if started.is_file():
        found = _begun_with(started)
        if not differences(folder, found, wanted):
            return
        left = [p for p in folder.iterdir() if p.name not in (artifact.LOG, "input") and p.suffix != ".json"]
        worth = [p for p in left if not p.name.endswith(".part") and not p.name.startswith("ledger.sqlite")]
        if worth:
            same_or_error(folder, found, wanted, "was begun")
        for path in left:
            if path.name.endswith(".part"):
                path.unlink()
    artifact.write_atomic(started, json.dumps(wanted.to_json(), ensure_ascii=False, indent=2))


def _begun_with(started: Path) -> Identity:
    try:
        found = json.loads(started.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(k in found for k in ("stage", "config", "config_hash", "inputs")):
        raise UserError(
            "the file does not say what this artifact was begun with", str(started),
            f"Delete {started.parent} to begin it again; paid answers are safe in the ledger.",
        )  # fmt: skip
    return cast(Identity, found)


def leave_nothing_empty(folder: Path) -> None:
    """Take away the folder of a stage that failed before it had anything to keep."""
    traces = {STARTED, "spec.json", "error.json"}
    if folder.is_dir() and {path.name for path in folder.iterdir()} <= traces:
        shutil.rmtree(folder, ignore_errors=True)


def same_or_error(folder: Path, found: Identity, wanted: MadeWith, verb: str) -> None:
    """Raise UserError that says each difference, unless what is there was made with the same."""
    changed = differences(folder, found, wanted)
    if changed:
        in_a_run = (folder.parent / artifact.RESOLVED).is_file()
        new = f"Use a new run name: --name NEW --reuse {folder.parent} takes over" if in_a_run else "Name a new folder"
        told = " what has not changed" if in_a_run else ""
        raise UserError(f"{folder.name} {verb} with {'; '.join(changed)}", mend=f"{new}{told}, or delete {folder}.")


def differences(folder: Path, found: Identity, wanted: MadeWith, strict: bool = False) -> list[str]:
    """Give in words what a manifest (or started.json) in `folder` was made with otherwise; empty when nothing.

    `strict` takes no word of 0.1 for a folder's content: it read only the ends of a folder's files.
    """
    old, new = dict(_filled(found["config"], wanted.step)), wanted.config
    if "identity" not in found:  # a default that has changed since 0.1, and that neither says otherwise
        for name, before in DEFAULTS_OF_0_1.get(wanted.step.stage.name, {}).items():
            if old.get(name) == before and new.get(name) == type(wanted.step.config).model_fields[name].default:
                old[name] = new[name]
    changed = [
        f"{k}={_short(old.get(k))}, the recipe now says {_short(new.get(k))}"
        for k in {**old, **new}
        if old.get(k) != new.get(k)
    ]
    names = _other_inputs(folder, found, wanted, strict)
    if not changed:
        changed = [f"another {_told(name)}" for name in names]
    if not changed and found["config_hash"] != artifact.hash_of([found["stage"], found["config"], wanted.seed]):
        changed = ["another seed"]
    return changed


def _told(name: str) -> str:
    kind, _, rest = name.partition(":")
    return f"version of the protocol {rest}" if f"{kind}:" == PROTOCOL else rest or name


def _filled(config: Mapping[str, Any], step: Step) -> dict[str, Any]:
    """Give an older manifest's options with the defaults of those that came later."""
    try:
        filled: dict[str, Any] = step.stage.config(config).model_dump(mode="json")
    except (ValidationError, UserError):
        return dict(
            config
        )  # an option that is gone, or takes no such value any more: the difference is told as it stands
    return filled


def _other_inputs(folder: Path, found: Identity, wanted: MadeWith, strict: bool) -> list[str]:
    """Give the names of the inputs whose content is not the one an artifact was made with."""
    old, new = found["inputs"], wanted.inputs
    current = "identity" in found
    accepted = {} if current or strict else _as_in_0_1(folder, found, wanted)
    names = []
    for name in {**old, **new}:
        if old.get(name) == new.get(name) or (name in accepted and accepted[name] == old.get(name)):
            continue
        if name.startswith("hub:") and not (name in old and name in new):
            continue  # the commit is known only once the model lies in the cache
        if name.startswith(PROTOCOL) and not (name in old and name in new):
            continue  # older manifests did not note it, and which protocols there are follows from the options
        if name not in old and ":" in name and not current and not strict:
            continue  # 0.1 did not look at what a model stands on
        names.append(name)
    return names


def _as_in_0_1(folder: Path, found: Identity, wanted: MadeWith) -> dict[str, str]:
    """Give those inputs that 0.1 noted in another way, as it would have noted what is there now."""
    accepted = identity.of_files(wanted.files, identity.as_in_0_1)
    model = wanted.model
    if model is not None and model.is_dir() and artifact.model_folder(model) == model:
        # 0.1 noted a plain folder's name alone, so all it can be held to is that nothing in it is newer.
        changed = max((p.stat().st_mtime for p in identity.files_of(model)), default=0.0)
        if changed <= _time_of(folder, found):
            accepted["model"] = artifact.hash_of(str(model))
    return accepted


def _time_of(folder: Path, found: Identity) -> float:
    finished = cast(dict[str, Any], found).get("finished")
    if finished:
        return float(calendar.timegm(time.strptime(finished, "%Y-%m-%dT%H:%M:%SZ")))
    started = folder / STARTED
    return started.stat().st_mtime if started.is_file() else 0.0


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    return text if len(text) <= 80 else text[:77] + "..."
