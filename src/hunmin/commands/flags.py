"""A stage's Config as command flags: one home for each option, here only its spelling on the command line."""

from __future__ import annotations

import argparse
import re
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..options import Options
from ..stages.protocol import Stage
from ..text.language import spoken
from ..text.language import translated as _
from .console import show_value


def given_flags(stage: Stage, argv: Sequence[str]) -> dict[str, Any]:
    """Give the options among these words as they stand, before it is known which others they bring along."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in stage.Config.model_fields:
        parser.add_argument(_flag(name), dest=name, nargs="?")
    return {name: value for name, value in vars(parser.parse_known_args(argv)[0]).items() if value is not None}


def add_flags(parser: argparse.ArgumentParser, stage: Stage, given: Mapping[str, Any]) -> type[Options]:
    """Give a parser a flag for every option of a stage (--min-score for min_score) and the Config they make.

    Options that do not matter with those `given` (another engine's) are taken but not shown.
    """
    model = stage.configured(given)
    groups: dict[str, list[str]] = {}
    meanings: dict[str, dict[str, str]] = {}
    for heading, fields in stage.shown(given).items():
        for name, field in fields.items():
            meanings.setdefault(name, {})[heading] = field.description or ""
    for name, told in meanings.items():
        groups.setdefault(", ".join(told), []).append(name)
    for heading, names in groups.items():
        group = parser.add_argument_group(_title(heading))
        for name in names:
            told = meanings[name]
            one = len(set(told.values())) == 1
            _add_flag(
                group, model, name, next(iter(told.values())) if one else " ".join(f"{h}: {m}" for h, m in told.items())
            )
    for name in model.model_fields:
        if name not in meanings:
            _add_flag(parser, model, name, None)
    return model


def _title(heading: str) -> str:
    """Give the title of a group of options: an engine's by its name, any other as it is."""
    return spoken(f"options of {heading}" if heading.startswith("engine") else heading or "the stage")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _add_flag(parser: argparse._ActionsContainer, model: type[Options], name: str, meaning: str | None) -> None:
    """Add one option's flag; values are read as YAML. Without a meaning it is taken, but not shown."""
    field = model.model_fields[name]
    if meaning is not None:
        required = field.is_required()
        default = None if required else field.get_default(call_default_factory=True)
        end = _("(required)") if required else _("(default: {})").format(show_value(default))
        shown = required or default not in (None, "")
        meaning = f"{spoken(meaning)} {end if shown else ''}".rstrip().replace("%", "%%")
    told = argparse.SUPPRESS if meaning is None else meaning
    kind: dict[str, Any] = {"metavar": type_name(field.annotation)}
    if _is_switch(field.annotation):
        kind = {"action": argparse.BooleanOptionalAction}
    parser.add_argument(_flag(name), dest=f"opt_{name}", default=None, help=told, **kind)


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


def config_from(stage: Stage, model: type[Options], args: argparse.Namespace) -> Any:
    """Build a stage's Config from the flags that were given; every problem at once."""
    from ..running import recipe as recipes
    from ..running.recipe_text import parse_value

    options = {}
    for name, field in model.model_fields.items():
        given = getattr(args, f"opt_{name}", None)
        if given is None:
            continue
        options[name] = given if field.annotation is str or isinstance(given, bool) else parse_value(given)
        kinds = type_name(field.annotation)
        if "list" in kinds and not isinstance(options[name], list) and ("text or list" not in kinds or "," in given):
            options[name] = [parse_value(part.strip()) for part in given.split(",")]
    config, problems = recipes.check_config(stage, options)
    if problems:
        raise UserError(
            "\n".join(f"hunmin {stage.name}: --{'.'.join(map(str, loc)).replace('_', '-')}: {m}" for loc, m in problems)
        )
    return config


def with_flags(text: str, stage: Stage) -> str:
    """Give a hint that was written for a recipe (keep_unrated: false) in the words of the command line.

    Names of one word are ordinary words too: they are flags only before a value.
    """
    for name, field in sorted(stage.Config.model_fields.items(), key=lambda one: -len(one[0])):
        flag, own = _flag(name), rf"(?<![\w.-])(?:{stage.label}\.)?{name}"
        if _is_switch(field.annotation):
            off = flag.replace("--", "--no-", 1)
            text = re.sub(rf"{own}: true (or|또는) false\b", rf"{flag} \1 {off}", text)
            text = re.sub(rf"{own}: true\b", flag, text)
            text = re.sub(rf"{own}: false\b", off, text)
        text = re.sub(rf"{own}: (?=\S)", f"{flag} ", text) if "_" in name or stage.label + "." in text else text
        text = re.sub(rf"{own}(?![\w.:=-])", flag, text) if "_" in name else text
    return text
