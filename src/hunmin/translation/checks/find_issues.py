"""The checks applied to a record: each text beside its English, with what the other fields tell."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...artifacts.record import TEXT_FIELDS, Record, get_text, texts
from ...tables import resolve
from . import CHECKS
from .reading import CERTAIN, Issue

BLANK = "no_korean"  # the one check that a text without a character is given to
Check = Callable[[str, str, Mapping[str, Any]], list[Issue]]


def resolve_checks(names: Iterable[str]) -> dict[str, Check]:
    """Give the functions of these checks by name. Raises UserError for an unknown one."""
    return {name: resolve(CHECKS, name, "check") for name in names}


def titles_of(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Give what people call the issues of these checks, {code: {"ko": ..., "en": ...}}; the code is the file's name.

    A check of the user's own may have no TITLE, and then goes by its code. Raises UserError for an unknown one.
    """
    found = {}
    for name in names:
        resolve(CHECKS, name, "check")
        module = CHECKS.get(name, name).partition(":")[0]
        title = getattr(sys.modules[module], "TITLE", None)
        if isinstance(title, dict):
            found[module.rpartition(".")[2]] = {str(language): str(text) for language, text in title.items()}
    return found


def original_of(record: Record, path: str) -> str:
    """Give the English of a field path; "" when the record has none."""
    original = record.get("original")
    if not isinstance(original, dict):
        return ""
    found = original.get(path) or original.get(path.removesuffix(".content"))
    if isinstance(found, str):
        return found
    return get_text(original, path) if path.startswith("messages.") else ""


def context_of(record: Record, path: str, never_translated: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Give what a check may know beside the two texts: the kind of field and the English instruction it belongs to."""
    known: dict[str, Any] = {"field": path, "path": path, "never_translated": never_translated, "record": record}
    flagged = (record.get("translation") or {}).get("flagged") or {}
    known["flagged"] = flagged.get(path, "")
    if not path.startswith("messages."):
        known["instruction"] = original_of(record, "instruction")
        known["asks"] = record.get("instruction") or ""
        known["has_input"] = bool(record.get("input"))
        if path in ("chosen", "rejected"):
            known["field"] = "output"
        return known
    i = int(path.split(".")[1])
    messages = record["messages"]
    role = messages[i].get("role")
    known["field"] = {"assistant": "output", "system": "system"}.get(role, "instruction")
    asked = i if role == "user" else next((k for k in range(i - 1, -1, -1) if messages[k].get("role") == "user"), i)
    known["instruction"] = original_of(record, f"messages.{asked}.content")
    known["asks"] = messages[asked].get("content") or ""
    if role == "user" and all(m.get("role") != "user" for m in messages[:i]):
        known["flagged"] = known["flagged"] or flagged.get("messages", "")  # a task of the whole conversation
    return known


def issues_of(
    record: Record, checks: Mapping[str, Check], never_translated: frozenset[str] = frozenset(), only: str | None = None
) -> list[Issue]:
    """Give the issues of a record (or of one field path), field by field, in the order of the checks."""
    found: list[Issue] = []
    for path, text in texts(record).items():
        if only is None or path == only:
            found += issues_of_text(original_of(record, path), text, checks, context_of(record, path, never_translated))
    if BLANK in checks:
        for path in blank(record):
            if only is None or path == only:
                context = context_of(record, path)
                found += issues_of_text(original_of(record, path), "", {BLANK: checks[BLANK]}, context)
    return found


def blank(record: Record) -> list[str]:
    """Give the field paths that hold nothing although the English does, or although an answer belongs there."""
    there = texts(record)
    paths = [path for path in record.get("original") or () if original_of(record, path).strip()]
    paths += [name for name in ("output", "chosen", "rejected") if name in record]
    paths += [f"messages.{i}.content" for i, _ in enumerate(record.get("messages") or ())]
    return [p for p in dict.fromkeys(paths) if p not in there and _is_field(record, p)]


def _is_field(record: Record, path: str) -> bool:
    if path in TEXT_FIELDS:
        return True
    parts = path.split(".")
    return len(parts) == 3 and parts[0] == "messages" and int(parts[1]) < len(record.get("messages") or ())


def issues_of_text(original: str, text: str, checks: Mapping[str, Check], context: Mapping[str, Any]) -> list[Issue]:
    """Give the issues of one text; each carries its field path."""
    found: list[Issue] = []
    for check in checks.values():
        found += check(original, text, context)
    for one in found:
        one["field"] = context.get("path", context.get("field", ""))
    return _told_once(found, text)


def _told_once(found: list[Issue], text: str) -> list[Issue]:
    """Give the issues of a text, one alone for a field in English: `untranslated`, which can be translated again.

    It is as sure as the surer of the two.
    """
    whole = [one for one in found if one["target_span"] == [0, len(text)]]
    english = next((one for one in whole if one["code"] == "untranslated"), None)
    same = [one for one in whole if one["code"] == BLANK]
    if english is None or not same:
        return found
    if any(one["severity"] == CERTAIN for one in same):
        english["severity"] = CERTAIN
    return [one for one in found if one not in same]
