"""From a model's name to where it lies: Hub id, folder, artifact, run (its newest model), tiny; nothing is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..artifacts import artifact
from ..errors import UserError

CARD = "hunmin.json"


@dataclass(frozen=True)
class Resolved:
    """A model as named: `base` to open (folder or Hub id), `adapter` folder or None, where its tokenizer lies, and
    the template it was trained with ("" when hunmin did not train it)."""

    name: str
    base: str
    adapter: Path | None = None
    tokenizer: str = ""
    template: str = ""
    revision: str | None = None


def resolve(model: str | Path) -> Resolved:
    """Find a model by Hub id, folder, artifact, run (its newest model), `tiny:llama` or `tiny:neox`; nothing is loaded.

    Raises UserError for a folder that holds no model, or both merged weights and an adapter.
    """
    name = str(model)
    if name.startswith("tiny:"):
        from ..tiny import build

        base = str(build(name.removeprefix("tiny:")))
        return Resolved(name, base, None, base)
    path = Path(name).expanduser()
    if not path.exists():
        if name.startswith((".", "/", "~")) or name.endswith("/") or name.count("/") != 1:
            raise UserError("no such model", name, "Give a folder, a run, a Hub id (owner/name) or tiny:llama.")
        return Resolved(name, name, None, name)
    if path.is_dir() and artifact.stage_folders(path):
        found = artifact.newest(artifact.stage_folders(path), "model")
        if found is None:
            raise UserError("the run has no finished model", name, "Finish its sft stage, or give a model folder.")
        path = found
    artifact.verify(path if artifact.model_folder(path) != path else path.parent)
    path = artifact.model_folder(path)
    noted = card(path)
    template = noted.get("template", "")
    if (path / "adapter_config.json").is_file():
        if (path / "config.json").is_file():
            what = "the folder holds merged weights and an adapter; the adapter would be applied a second time"
            raise UserError(what, str(path), "Move adapter_config.json and adapter_model.safetensors elsewhere.")
        config = _object(path / "adapter_config.json")
        wanted = noted.get("base_model") or config.get("base_model_name_or_path") or ""
        if not isinstance(wanted, str) or not wanted:
            raise UserError("the adapter names no base model", str(path), "Set base_model_name_or_path in its config.")
        if Path(wanted).expanduser().is_dir() and artifact.model_folder(Path(wanted).expanduser()).samefile(path):
            raise UserError("the adapter names itself as its base", str(path), "Set base_model_name_or_path.")
        below = resolve(wanted)
        if below.adapter is not None:
            raise UserError("the adapter stands on another adapter", str(path), "Merge the first one.")
        own = (path / "tokenizer_config.json").is_file()
        revision = noted.get("base_revision")
        return Resolved(name, below.base, path, str(path) if own else below.tokenizer, template, revision)
    if not (path / "config.json").is_file():
        raise UserError("not a model: config.json is missing", str(path), "Give the folder of a model or a run.")
    return Resolved(name, str(path), None, str(path), template)


def local_folders(names: Iterable[str]) -> list[Path]:
    """Give the folders of those models that lie on this machine: their content decides a result as much as a file's."""
    found = []
    for name in names:
        if name and Path(name).expanduser().is_dir():
            try:
                model = resolve(name)
            except UserError:
                continue  # told where the model is opened
            found += [Path(p) for p in (model.adapter, model.base) if p and Path(p).is_dir()]
    return found


def bases_of(model: str | Path) -> list[Path]:
    """Give the folders on this machine that a model was made from: below its adapter, or named by its card or run."""
    try:
        found = resolve(model)
    except UserError:
        return []  # told where the model is opened
    names = [found.base, card(found.adapter or Path(found.base)).get("base_model")]
    path = Path(model)
    for folder in artifact.stage_folders(path.parent) if artifact.read_manifest(path) else []:
        manifest = artifact.read_manifest(folder)
        names.append(manifest["config"].get("base_model") if manifest else None)
    return list(dict.fromkeys(local_folders(str(name) for name in names if name)))


def card(folder: Path) -> dict[str, Any]:
    """Give what hunmin noted beside a model: base_model, base_hash, template, ...; empty when it made none."""
    path = folder / CARD
    return _object(path) if path.is_file() else {}


def _object(path: Path) -> dict[str, Any]:
    """Give the JSON object of a model's file. Raises UserError when it holds anything else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"not JSON: {str(error)[:100]}", str(path), "Copy the model again.") from error
    if not isinstance(found, dict):
        raise UserError(f"expected an object, got {type(found).__name__}", str(path), "Copy the model again.")
    return found


def start(model: str | Path, revision: str | None = None) -> Resolved:
    """Find where training starts. `name` is the base's to record; `revision` goes before the adapter's own."""
    found = resolve(model)
    name = found.name if found.adapter is None and found.name.startswith("tiny:") else found.base
    recorded = card(found.adapter).get("base_model") if found.adapter else None
    return replace(found, name=recorded or name, revision=revision or found.revision)
