"""sense: a model reads English and Korean side by side for what no rule sees: reversed meaning, wrong sense of a word,
swapped roles.

One question per record, with the whole record in it, since some errors show only against the answer. The reply is
JSON; what cannot be
read stays a status and never counts as clean.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ... import PACKAGE
from ...artifacts.record import Record, texts
from ...clients.units import Unit, chat
from .find_issues import original_of
from .reading import REVIEW, Issue, issue

PROMPT = PACKAGE / "prompts" / "sense_check.txt"
EXPECT_TOKENS = 200


def units(record: Record) -> list[Unit]:
    """Give the one question about a record; none when it has no original."""
    pairs = [(path, original_of(record, path), text) for path, text in texts(record).items()]
    pairs = [(path, original, text) for path, original, text in pairs if original and original != text]
    if not pairs:
        return []
    shown = "\n\n".join(f"[{path}]\nEnglish: {original}\nKorean: {text}" for path, original, text in pairs)
    question = PROMPT.read_text(encoding="utf-8").replace("{pairs}", shown)
    asked = [{"role": "user", "content": question}]
    name = str(record.get("id", ""))
    return [chat(asked, record=name, field="sense", prompt="sense_check", expect_tokens=EXPECT_TOKENS)]


def parse(reply: str, record: Record) -> list[Issue] | None:
    """Give the issues a reply names, [] when it finds none, None when it cannot be read.

    A quotation that stands in neither text is kept without a span: models misquote.
    """
    match = re.search(r"\{.*\}", reply, re.S)
    try:
        rows = json.loads(match.group())["errors"] if match else None
    except (json.JSONDecodeError, KeyError, TypeError):
        return None
    if not isinstance(rows, list) or any(not isinstance(row, dict) for row in rows):
        return None
    found = []
    there = texts(record)
    for row in rows:
        path = str(row.get("field", "")).strip("[] ")
        if path not in there:
            return None
        source = _find(original_of(record, path), row.get("english"))
        target = _find(there[path], row.get("korean"))
        one = issue("sense", REVIEW, source, target, str(row.get("reason", ""))[:300])
        one["field"] = path
        found.append(one)
    return found


def _find(text: str, piece: Any) -> tuple[int, int] | None:
    at = text.find(piece) if isinstance(piece, str) and piece else -1
    return (at, at + len(piece)) if at >= 0 else None


async def ask(record: Record, client: Any) -> tuple[list[Issue], str]:
    """Give the issues of a record and "" or why the reply could not be read, after one more try."""
    why = ""
    for unit in units(record):
        for repeat in (0, 1):
            answer = await client.ask(Unit(**{**unit.__dict__, "repeat": repeat}))
            found = parse(answer.text, record) if answer.ok else None
            if found is not None:
                return found, ""
            why = "unparsed" if answer.ok else answer.status
    return [], why


def unread_issue(why: str) -> Issue:
    """Give the issue that stands for a question without a readable answer."""
    return issue("sense", REVIEW, None, None, f"판정을 읽지 못함 ({why}) / the check of the sense could not be read")
