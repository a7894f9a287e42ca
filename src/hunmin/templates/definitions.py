"""Prompt definitions as alpaca-lora writes them (two wordings in JSON) turned into one jinja template."""

from __future__ import annotations

import json

from ..errors import UserError


def jinja_of(source: str, where: str) -> str:
    """Give the jinja of an alpaca-lora style definition: two wordings, split where the response starts."""
    try:
        definition = json.loads(source)
        without, with_input = definition["prompt_no_input"], definition["prompt_input"]
        marker = definition["response_split"].strip()
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(
            f"not a prompt definition: {error!r}", where, "It needs prompt_input, prompt_no_input and response_split."
        ) from error
    wrong = [n for n, t in (("prompt_no_input", without), ("prompt_input", with_input)) if "{instruction}" not in t]
    if wrong or "{input}" not in with_input or not marker or marker not in without or marker not in with_input:
        raise UserError(
            "a wording lacks {instruction}, {input} or the response_split text", where, "See templates/alpaca.json."
        )
    header = without[without.rindex(marker) :]
    without = without[: without.rindex(marker)]
    with_input = with_input[: with_input.rindex(marker)]
    # A later turn repeats the headings, not the sentence that explains the task.
    later = [text[_heading(text) :] for text in (without, with_input)]
    return (
        "{%- for message in messages -%}"
        "{%- if message['role'] == 'system' -%}{{- message['content'] + '\\n\\n' -}}"
        "{%- elif message['role'] == 'user' -%}"
        "{%- set first = messages[:loop.index0] | selectattr('role', 'equalto', 'user') | list | length == 0 -%}"
        "{{- '\\n\\n' if loop.previtem is defined and loop.previtem['role'] == 'assistant' else '' -}}"
        "{%- if message['input'] -%}"
        "{%- if first -%}" + _wording(with_input) + "{%- else -%}" + _wording(later[1]) + "{%- endif -%}"
        "{%- else -%}"
        "{%- if first -%}" + _wording(without) + "{%- else -%}" + _wording(later[0]) + "{%- endif -%}"
        "{%- endif -%}"
        "{%- elif message['role'] == 'assistant' -%}"
        "{{- " + _quote(header) + " + message['content'] + eos_token -}}"
        "{%- endif -%}{%- endfor -%}"
        "{{- " + _quote(header) + " if add_generation_prompt else '' -}}"
    )


def _heading(wording: str) -> int:
    """Where the block that holds {instruction} starts: after the last blank line before it."""
    at = wording.rfind("\n\n", 0, wording.index("{instruction}"))
    return at + 2 if at >= 0 else 0


def _wording(text: str) -> str:
    before, _, rest = text.partition("{instruction}")
    between, found, after = rest.partition("{input}")
    parts = [_quote(before), "message['content']", _quote(between)]
    if found:
        parts += ["message['input']", _quote(after)]
    return "{{- " + " + ".join(parts) + " -}}"


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"
