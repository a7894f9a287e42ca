"""What an engine is: one typed thing, made from a module (or any object with its names) and checked once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ...artifacts.artifact import Inputs
from ...artifacts.rows import Estimate
from ...clients.access import Access, HubId
from ...clients.units import Answer, Unit
from ...errors import UserError
from ...options import Options
from ...tables import resolve
from . import ENGINES
from .ways import UNMASKED, Way

MEND = "See 'An engine, from nothing' in docs/adding.md."
NEEDED = ("open_client", "body", "parse")


@dataclass(frozen=True)
class Engine:
    """An engine as the stages see it; `config` is the stage's Config, which holds the engine's own options too."""

    name: str
    Config: type[Options]
    """Its own options; an engine without any has an empty one."""
    open_client: Callable[[Any, Inputs], Any]
    """What answers `await ask(unit)` and tells `report()`, used with `with`."""
    body: Callable[..., Unit]
    """`body(source, config, record=..., field=...)`: the unit of one masked text."""
    parse: Callable[[Answer], str]
    # What an engine may leave out.
    ways: Callable[[Any], tuple[Way, ...]]
    """How it may be asked, best first."""
    paid: Callable[[Any], bool]
    problems: Callable[[Any], Sequence[str]]
    files: Callable[[Any], Sequence[Path]]
    services: Callable[[Any], Sequence[Access]]
    hub: Callable[[Any], Sequence[HubId]]
    loads_model: Callable[[Any], bool]
    estimate: Callable[[Iterable[Unit], Any, Path | None], Estimate]
    simpler: Callable[[Unit, Any], Unit | None]
    """The same question in plainer form, for a server that does not take the unit."""
    prompts: Callable[[Any], Mapping[str, str]]
    """The wordings it asks with, by name."""


def find_engine(name: str, where: str = "") -> Engine:
    """Give the engine of a name in the table, or of `package.module:object`.

    Raises UserError that says everything the object lacks.
    """
    try:
        return _find(name)
    except UserError as error:
        raise UserError(error.what, where or error.where, error.mend) from error


@cache
def _find(name: str) -> Engine:
    return engine_of(resolve(ENGINES, name, "engine"), name)


def engine_of(found: Any, name: str) -> Engine:
    """Make an Engine of an object with an engine's names. Raises UserError with all that is missing or wrong."""
    wrong = [f"{key} is missing; write a function" for key in NEEDED if not callable(getattr(found, key, None))]
    config = getattr(found, "Config", Options)
    if not (isinstance(config, type) and issubclass(config, Options)):
        wrong.append("Config is no subclass of hunmin.options.Options")
    own = {key: getattr(found, key, None) for key in DEFAULTS}
    wrong += [f"{key} is {value!r}; write a function" for key, value in own.items() if value and not callable(value)]
    if wrong:
        raise UserError(f"'{name}' is no engine: {'; '.join(wrong)}", mend=MEND)
    return Engine(
        name=name,
        Config=config,
        **{key: getattr(found, key) for key in NEEDED},
        **{key: own[key] or default for key, default in DEFAULTS.items()},
    )


def _ways(config: Any) -> tuple[Way, ...]:
    return (Way("lines", "bracket"), Way("sentences", "xml_empty")) if config.mask else UNMASKED


def _estimate(units: Iterable[Unit], config: Any, ledger: Path | None) -> Estimate:
    rows = {str(unit.body.get("text", unit.body)) for unit in units}
    return {"texts": len(rows), "chars": sum(map(len, rows))}


DEFAULTS: dict[str, Callable[..., Any]] = {
    "ways": _ways,
    "paid": lambda config: False,
    "problems": lambda config: (),
    "files": lambda config: (),
    "services": lambda config: (),
    "hub": lambda config: (),
    "loads_model": lambda config: False,
    "estimate": _estimate,
    "simpler": lambda unit, config: None,
    "prompts": lambda config: {},
}
