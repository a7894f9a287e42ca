"""Going on after a crash: the newest checkpoint whose state is whole, and only with the options it was made with."""

from __future__ import annotations

import json
import logging
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from ..artifacts import artifact
from ..errors import UserError

log = logging.getLogger("hunmin")

IDENTITY = "identity.json"
DECISION = "memory.json"  # whether activations are recomputed
HARMLESS = {"report_to", "run_name", "project", "logging_steps", "save_steps", "save_total_limit"}


def guard(checkpoints: Path, identity: Mapping[str, object], older: Mapping[str, object] | None = None) -> None:
    """Note what this training is; raise UserError with the difference when the folder began as another one.

    `identity` maps option names, and "data", "template", "base_model's weights", to values. `older` gives values that
    mean the same in a folder begun by an older hunmin: another hash of the weights, defaults of newer options.
    A training that left no checkpoint (out of memory at the first step) may begin again with other options.
    """
    path = checkpoints / IDENTITY
    if path.is_file() and not any(checkpoints.glob("checkpoint-*")):
        for name in (IDENTITY, DECISION):
            (checkpoints / name).unlink(missing_ok=True)
    wanted = {k: v for k, v in identity.items() if k not in HARMLESS}
    wanted = json.loads(json.dumps(wanted, default=str))
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
        before = json.loads(json.dumps(older or {}, default=str))
        changed = [
            f"{k}={found.get(k)!r}, now {wanted.get(k)!r}"
            for k in {**found, **wanted}
            if found.get(k) != wanted.get(k)
            and not (found[k] == before.get(k) if k in found else k in before and before[k] == wanted.get(k))
        ]
        if changed:
            raise UserError(
                f"this training was begun with {'; '.join(changed)}",
                str(checkpoints.parent),
                f"Use a new output folder, or delete {checkpoints} to start again.",
            )
    else:
        artifact.write_atomic(path, json.dumps(wanted, ensure_ascii=False, indent=2) + "\n")


def newest_checkpoint(checkpoints: Path, world: int = 1, remove_broken: bool = True) -> Path | None:
    """Give the newest whole checkpoint, or None; broken newer ones (a kill while writing) are removed."""
    found = sorted(checkpoints.glob("checkpoint-*"), key=lambda p: int(p.name.rsplit("-", 1)[1]), reverse=True)
    for folder in found:
        problem = fault(folder, world)
        if problem is None:
            return folder
        log.warning("%s is incomplete (%s), so the one before it is taken", folder.name, problem)
        if remove_broken:
            shutil.rmtree(folder)
    return None


def fault(folder: Path, world: int = 1) -> str | None:
    """Give what is wrong with a checkpoint, or None: each file must be there and parse."""
    from safetensors import SafetensorError, safe_open

    try:
        json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
        weights = list(folder.glob("*.safetensors"))
        if not weights and not list(folder.glob("pytorch_model_fsdp*")):
            return "no weights"
        for file in weights:
            with safe_open(file, framework="pt") as tensors:
                for name in tensors.keys():
                    tensors.get_slice(name)
        random = ["rng_state.pth"] if world == 1 else [f"rng_state_{rank}.pth" for rank in range(world)]
        for name in ("optimizer.pt", "scheduler.pt", *random):
            path = folder / name
            if not path.is_file():
                if name == "optimizer.pt" and list(folder.glob("optimizer*")):
                    continue  # a sharded optimizer state
                return f"{name} is missing"
            with zipfile.ZipFile(path) as archive:  # whole or not is told without running a pickle
                if broken := archive.testzip():
                    return f"{name} is damaged at {broken}"
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, SafetensorError) as error:
        return f"{type(error).__name__}: {str(error)[:100]}"
    return None


def is_finished(checkpoint: Path) -> bool:
    """Tell whether the training of this checkpoint had ended: resuming it would do one step too many."""
    state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    if state["global_step"] >= state["max_steps"]:
        return True
    control = state.get("stateful_callbacks", {}).get("TrainerControl", {}).get("args", {})
    return bool(control.get("should_training_stop"))
