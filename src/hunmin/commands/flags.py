"""A stage's Config as command flags: one home for each option, here only its spelling on the command line."""

from __future__ import annotations

import argparse
import types
import typing
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..stages.protocol import Stage
from .console import show_value


def add_flags(parser: argparse._ActionsContainer, model: Any) -> None:
    """Give a parser a flag for every option of a Config: --min-score for min_score; values are read as YAML."""
    for name, field in model.model_fields.items():
        required = field.is_required()
        default = "" if required else f" (default: {show_value(field.get_default(call_default_factory=True))})"
        meaning = (field.description or "").replace("%", "%%") + (
            " (required)" if required else default.replace("%", "%%")
        )
        flag = "--" + name.replace("_", "-")
        if _is_switch(field.annotation):
            parser.add_argument(
                flag, dest=f"opt_{name}", action=argparse.BooleanOptionalAction, default=None, help=meaning
            )
        else:
            parser.add_argument(
                flag, dest=f"opt_{name}", metavar=type_name(field.annotation), default=None, help=meaning
            )


def _is_switch(annotation: Any) -> bool:
    """Tell whether an option is yes or no, also one without a default (bool | None)."""
    return annotation is bool or set(typing.get_args(annotation)) == {bool, type(None)}


def type_name(annotation: Any) -> str:
    """Give an option's type as people write it: text, number, a|b|c, list of text."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return "|".join(str(a) for a in inner)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(type_name(a) for a in inner if a is not type(None)))
    if origin in (list, tuple, set):
        return f"list of {type_name(inner[0])}" if inner else "list"
    if origin is dict or annotation is dict:
        return "map"
    names = {str: "text", int: "number", float: "number", bool: "true|false", Path: "path"}
    return names.get(annotation, getattr(annotation, "__name__", "value"))


def config_from(stage: Stage, args: argparse.Namespace) -> Any:
    """Build a stage's Config from the flags that were given; every problem at once."""
    from ..running import recipe as recipes

    options = {}
    for name, field in stage.Config.model_fields.items():
        given = getattr(args, f"opt_{name}", None)
        if given is None:
            continue
        options[name] = given if field.annotation is str or isinstance(given, bool) else recipes.parse_value(given)
        kinds = type_name(field.annotation)
        if "list" in kinds and not isinstance(options[name], list) and ("text or list" not in kinds or "," in given):
            options[name] = [recipes.parse_value(part.strip()) for part in given.split(",")]
    config, problems = recipes.check_config(stage, options)
    if problems:
        raise UserError(
            "\n".join(f"hunmin {stage.name}: --{'.'.join(map(str, loc)).replace('_', '-')}: {m}" for loc, m in problems)
        )
    return config
