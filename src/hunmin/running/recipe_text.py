"""A recipe's YAML as plain data: strict, with the line of every place in it, and safe to read from a stranger."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ..errors import UserError
from ..text.writable import is_writable

Way = tuple[int | str, ...]
"""The keys and list positions from a document's root to a value."""
At = Callable[..., str]
"""Gives `file:line` of a place in the recipe."""

MOST_DEEP = 40
MOST_PLACES = 50_000


class _Loader(yaml.SafeLoader):
    """YAML whose `1e-5` is a number, as everyone who writes a learning rate expects."""


_Loader.yaml_implicit_resolvers = {k: list(v) for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def parse_value(text: str) -> Any:
    """Read one option value as YAML: numbers, true/false, null, lists and maps."""
    try:
        value = yaml.load(text, _Loader)
        node = yaml.compose(text, _Loader) if "*" in text else None
        if node is not None:
            _plain(node, (), {}, [])  # bounded: aliases that hold themselves, or repeat far too often
        return value
    except (yaml.YAMLError, ValueError, RecursionError):
        return text


def _plain(node: yaml.Node, path: Way, lines: dict[Way, int], errors: list[tuple[int, str]]) -> Any:
    """Build plain Python from a YAML node, remembering the line of every path; a repeated key is an error.

    Raises YAMLError for aliases that repeat without end, or far too often.
    """
    if len(path) > MOST_DEEP or len(lines) > MOST_PLACES:
        told = "aliases that repeat without end, or far too often"
        raise yaml.composer.ComposerError(None, None, told, node.start_mark)
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                errors.append((key_node.start_mark.line + 1, "a key must be a text, not a list or a map"))
                continue
            key = _scalar(key_node, errors)
            if key in found:
                errors.append((key_node.start_mark.line + 1, f"key '{key}' stands twice"))
            found[key] = _plain(value_node, (*path, key), lines, errors)
            lines[(*path, key)] = key_node.start_mark.line + 1
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, i), lines, errors) for i, item in enumerate(node.value)]
    return _scalar(node, errors)


def _scalar(node: yaml.Node, errors: list[tuple[int, str]]) -> Any:
    """Give a YAML scalar's value; text that no file name and no record can hold is an error."""
    line = node.start_mark.line + 1
    try:
        value = _Loader("").construct_object(node)
    except ValueError as error:  # a date that no calendar has
        errors.append((line, str(error)))
        return None
    if isinstance(value, str) and not is_writable(value):
        errors.append((line, "a text with a NUL or half of a surrogate pair; no file can hold that"))
        return None
    return value


def read(text: str, path: Path) -> tuple[Any, At, list[str]]:
    """Give the plain data of YAML text, where each of its places stands, and the keys that stand twice."""
    lines: dict[Way, int] = {}
    twice: list[tuple[int, str]] = []
    try:
        node = yaml.compose(text, _Loader)
        data = _plain(node, (), lines, twice) if node else None
    except RecursionError as error:
        raise UserError("nested too deeply", str(path), "A recipe is a list of stages with their options.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise UserError(f"not YAML: {getattr(error, 'problem', error)}", where, "Mend the line.") from error

    def at(*where: Any) -> str:
        for n in range(len(where), -1, -1):
            if where[:n] in lines:
                return f"{path}:{lines[where[:n]]}"
        return str(path)

    return data, at, [f"{path}:{line}: {what}" for line, what in twice]
