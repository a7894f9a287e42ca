"""What a recipe needs beyond itself, one truth for `validate`, the dry run and `run`: files, keys, Hub, services."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..clients.access import HubId
from ..clients.hub import require_access
from ..errors import UserError
from ..tables import did_you_mean
from .made_with import local_files
from .recipe import Step

MEND = "Put the file there or name another, set the key, and run again; --until LABEL stops before a stage."


def missing(steps: Sequence[Step], run: Path, max_usd: float | None) -> list[str]:
    """Give what the stages to come need and that is not here: files, keys and prices, each with file and line.

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
    return list(dict.fromkeys(problems))


def _neighbours(path: Path, run: Path) -> list[str]:
    """Give what a missing path may have meant: not the run's own folder, which has only just been made."""
    if not path.parent.is_dir():
        return []
    own = {run.resolve(), *run.resolve().parents}
    return [p.name for p in path.parent.iterdir() if p.resolve() not in own]


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
