"""What a recipe needs beyond itself, one truth for `validate`, the dry run and `run`: files, keys, models, Hub."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .. import models
from ..clients.access import HubId
from ..clients.hub import require_access
from ..errors import UserError
from ..tables import did_you_mean
from .made_with import local_files
from .recipe import Step

CARDS = ("config.json", "adapter_config.json")  # a folder that holds one is a model
MEND = "Put the file there or name another, set the key, and run again; --until LABEL stops before a stage."


def missing(steps: Sequence[Step], run: Path, max_usd: float | None) -> list[str]:
    """Give what the stages to come need and that is not here: files, keys, prices, models; each with file and line.

    A judge's missing question file must not be found out after days of training. Files inside the run's own folder may
    be made on the way.
    """
    problems = []
    for step in steps:
        for path in dict.fromkeys(local_files(step)):
            if not path.exists() and run.resolve() not in path.resolve().parents:
                near = did_you_mean(path.name, _neighbours(path, run))
                problems.append(f"{step.where}: {step.label}: no such file: {path}{near}")
        problems += [f"{step.where}: {step.label}: {told}" for told in _missing_keys(step, max_usd)]
        problems += [f"{step.where}: {step.label}: {told}" for told in _unusable_models(step, run)]
    return list(dict.fromkeys(problems))


def _neighbours(path: Path, run: Path) -> list[str]:
    """Give what a missing path may have meant: not the run's own folder, which has only just been made."""
    if not path.parent.is_dir():
        return []
    own = {run.resolve(), *run.resolve().parents}
    return [p.name for p in path.parent.iterdir() if Path(os.path.realpath(p)) not in own]  # links may lead in a circle


def _missing_keys(step: Step, max_usd: float | None) -> list[str]:
    """Give what is wrong with the keys, addresses and prices of the services that a stage asks."""
    try:
        services = step.stage.services(step.config)
    except UserError as error:
        return [error.what]
    found = [told for service in services if (told := service.problem())]
    if max_usd is not None:
        found += [
            f"the price of '{service.unpriced}' is not known, so max_usd cannot be kept; write it into ./prices.yaml, "
            "limit by max_chars, or say free: true"
            for service in services
            if service.unpriced
        ]
    return found


def _unusable_models(step: Step, run: Path) -> list[str]:
    """Give what is wrong with the models on this machine that a stage's options name, and with what they need.

    Only headers are read: a cut file, a missing part or an absent library must not be found after the paid stages.
    """
    found = []
    kind = getattr(step.config, "quantization", "none")
    if isinstance(kind, str) and kind != "none" and find_spec("bitsandbytes") is None:
        found.append(f"quantization: {kind} needs bitsandbytes, which is not installed: pip install 'hunmin[quant]'")
    for name in _local_models(step, run):
        try:
            models.check_files(name)
        except UserError as error:
            found.append(". ".join(part for part in (f"{error.where}: {error.what}", error.mend) if part))
    return found


def check_models(step: Step, run: Path) -> None:
    """Raise UserError when a model here that a stage asks would not open: its config, tokenizer or template.

    What trains looks at its own base in its estimate. transformers is imported: for a dry run and before paying.
    """
    config = step.config
    if step.stage.OUTPUT == "model":
        return
    for name in _local_models(step, run):
        models.check_opens(
            name,
            template=getattr(config, "template", None),
            revision=getattr(config, "revision", None) if step.stage.name != "evaluate" else None,
            trust_remote_code=getattr(config, "trust_remote_code", False),
        )


def _local_models(step: Step, run: Path) -> list[str]:
    """Give the folders of models among a stage's options, and what it calls a model but is neither folder nor id."""
    words = [text for text in _texts(step.config.model_dump()) if text and len(text) < 4096 and "\0" not in text]
    named = [name for kind, name in step.stage.hub(step.config) if kind == "model" and not name.startswith("tiny:")]
    folders = [word for word in words if any((_path(word) / card).is_file() for card in CARDS)]
    paths = [name for name in named if name.startswith((".", "/", "~")) or _path(name).is_dir()]
    own = run.resolve()
    return [name for name in dict.fromkeys([*folders, *paths]) if own not in _path(name).resolve().parents]


def _path(word: str) -> Path:
    return Path(word).expanduser() if word.startswith("~/") else Path(word)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def hub_of(step: Step) -> list[HubId]:
    """Give what a stage opens on the Hub; paths and tiny models are none of it."""
    found = dict.fromkeys(step.stage.hub(step.config))
    return [(kind, name) for kind, name in found if name and ":" not in name and not Path(name).exists()]


def no_access(steps: Sequence[Step]) -> list[str]:
    """Give what cannot be opened on the Hub, all of it; asks the Hub, sends nothing else."""
    problems: dict[HubId, str] = {}
    for step in steps:
        for kind, name in hub_of(step):
            if (kind, name) in problems:
                continue
            try:
                require_access([name], kind)
            except UserError as error:
                problems[kind, name] = f"{step.where}: {step.label}: {error.what}. {error.mend}"
    return list(problems.values())


def network(step: Step) -> list[str]:
    """Give what a stage asks of the network, in words: Hub repositories, services, an upload."""
    told = [f"{kind} {name} from the Hub" for kind, name in hub_of(step)]
    try:
        addresses = [service.address for service in step.stage.services(step.config)]
    except UserError:
        addresses = []
    told += [f"the service at {address}" for address in addresses if not address.startswith("recorded")]
    repo = getattr(step.config, "repo", None)
    return list(dict.fromkeys([*told, *([f"uploads to {repo}"] if repo else [])]))
