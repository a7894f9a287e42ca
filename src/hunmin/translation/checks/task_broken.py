"""task_broken: the task depends on the form of the English (grammar, spelling, case, sound), and the form was
translated away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...text.english_part import english_part
from ...text.hangul import has_hangul
from ...text.ngrams import english_words
from .reading import REVIEW, Issue, issue, task_of

TITLE = {"ko": "과제가 성립하지 않음", "en": "task broken"}


def find(original: str, text: str, context: Mapping[str, Any]) -> list[Issue]:
    """Give an issue for a translated input (or an English answer) of a task that needs the English wording."""
    field = str(context.get("field", ""))
    instruction = str(context.get("instruction", ""))
    if not original or original == text or not instruction or not has_hangul(text) or has_hangul(original):
        return []
    task = task_of(instruction)
    if task is None or len(english_words(original)) == 0:
        return []
    # An English answer that stands as it is, with its explanation translated, is a good translation.
    kept = any(len(english_words(line)) >= 4 and line.strip() in text for line in original.splitlines())
    broken_output = field == "output" and task.output_too and not context.get("answer_talks") and not kept
    if field == "input" or broken_output:
        detail = f"영어의 형태가 필요한 과제({task.kind}) / the task needs the English as it stands ({task.kind})"
        return [issue("task_broken", REVIEW, (0, len(original)), (0, len(text)), detail)]
    if field == "instruction" and not context.get("has_input"):
        for start, end in english_part(original, task):
            piece = original[start:end].strip("\"“”'‘’ ")
            if piece not in text and english_words(piece):
                detail = f"과제의 영어 구절이 번역됨({task.kind}) / the English that the task is about was translated"
                return [issue("task_broken", REVIEW, (start, end), (0, len(text)), detail)]
    return []
