"""Names to functions and modules: every table is a dict of name -> "module" or "module:attribute", imported on use."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import UserError


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Give "; did you mean 'x'?" for the nearest known name, or "" when none is near."""
    near = difflib.get_close_matches(str(name), [str(k) for k in known], n=1, cutoff=0.55)
    return f"; did you mean '{near[0]}'?" if near else ""


def resolve(table: Mapping[str, str], name: str, kind: str, where: str = "") -> Any:
    """Import what `name` stands for in `table`; a name with a colon is taken as "module:attribute" itself.

    Raises UserError for an unknown name (naming the nearest) or a target that cannot be imported.
    """
    target = table.get(name)
    if target is None and ":" in name:
        target = name
    if target is None:
        raise UserError(
            f"unknown {kind} '{name}'{did_you_mean(name, table)}", where, f"Known: {', '.join(sorted(table))}."
        )
    module, _, attribute = target.partition(":")
    if table.get(name) is not None:  # ours: an import error here is our bug
        found = importlib.import_module(module)
        return getattr(found, attribute) if attribute else found
    here = os.getcwd()
    if here not in sys.path:  # the `hunmin` command, unlike `python -m`, does not look beside the recipe
        sys.path.append(here)
    try:
        found = importlib.import_module(module)
        return getattr(found, attribute)
    except (ImportError, AttributeError, ValueError) as error:
        what = f"{kind} '{name}' cannot be imported: {error}"
        raise UserError(what, where, "Write it as module:function, in a folder that Python looks into.") from error
    except Exception as error:  # whatever the user's own file does when it is imported
        what = f"{kind} '{name}' fails when it is imported: {type(error).__name__}: {error}"
        raise UserError(what, where, f"Try: python -c 'import {module}'.") from error
