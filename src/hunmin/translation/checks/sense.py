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

TITLE = {"ko": "뜻이 다름", "en": "sense differs"}

PROMPTS = PACKAGE / "prompts"
PLAIN, GRADED = "sense_check", "sense_graded"  # the second asks how sure each error is
EXPECT_TOKENS = 200


def units(record: Record, graded: bool = False) -> list[Unit]:
    """Give the one question about a record; none when it has no original."""
    pairs = [(path, original_of(record, path), text) for path, text in texts(record).items()]
    pairs = [(path, original, text) for path, original, text in pairs if original and original != text]
    if not pairs:
        return []
    shown = "\n\n".join(f"[{path}]\nEnglish: {original}\nKorean: {text}" for path, original, text in pairs)
    wording = GRADED if graded else PLAIN
    question = (PROMPTS / f"{wording}.txt").read_text(encoding="utf-8").replace("{pairs}", shown)
    asked = [{"role": "user", "content": question}]
    name = str(record.get("id", ""))
    return [chat(asked, record=name, field="sense", prompt=wording, expect_tokens=EXPECT_TOKENS)]


def parse(reply: str, record: Record, graded: bool = False) -> list[Issue] | None:
    """Give the issues a reply names, [] when it finds none, None when it cannot be read.

    With `graded` each carries `sure`, 0 to 100; an error without a readable one makes the reply unreadable.
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
        if graded:
            sure = _sure(row.get("sure"))
            if sure is None:
                return None
            one["sure"] = sure
        found.append(one)
    return found


def _sure(value: Any) -> int | None:
    """Give how sure a reply says it is, 0 to 100; None for anything else: no number stands for what was not said."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,3}(?:\.\d+)?\s*%?\s*", value):
        value = float(value.strip().rstrip("% "))
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
        return None
    return round(value)


def _find(text: str, piece: Any) -> tuple[int, int] | None:
    at = text.find(piece) if isinstance(piece, str) and piece else -1
    return (at, at + len(piece)) if at >= 0 else None


async def ask(record: Record, client: Any, min_sure: int = 0) -> tuple[list[Issue], str]:
    """Give the issues of a record and "" or why the reply could not be read, after one more try.

    With `min_sure` it is asked how sure each error is, and what is less sure is left out.
    """
    why, graded = "", min_sure > 0
    for unit in units(record, graded):
        for repeat in (0, 1):
            answer = await client.ask(Unit(**{**unit.__dict__, "repeat": repeat}))
            found = parse(answer.text, record, graded) if answer.ok else None
            if found is not None:
                return [one for one in found if not graded or one["sure"] >= min_sure], ""
            why = "unparsed" if answer.ok else answer.status
    return [], why


def unread_issue(why: str) -> Issue:
    """Give the issue that stands for a question without a readable answer."""
    return issue("sense", REVIEW, None, None, f"판정을 읽지 못함 ({why}) / the check of the sense could not be read")
