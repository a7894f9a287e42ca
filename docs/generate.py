"""Write docs/stages.md from the stages' own Configs: every option, its type, default and meaning, from its one home."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic.fields import FieldInfo

from hunmin.commands.flags import type_name
from hunmin.stages import STAGES
from hunmin.stages.protocol import find_stage

HEAD = """# Stages and their options

Made by `python docs/generate.py` from the code; do not edit. Every option is a key in a recipe (`min_score: 8.5`), an
override (`filter.min_score=8.5`) and a flag (`hunmin filter IN -o OUT --min-score 8.5`).
"""


def page() -> str:
    """Give the page's Markdown."""
    parts = [HEAD]
    for name in STAGES:
        stage = find_stage(name)
        doc = (importlib.import_module(STAGES[name]).__doc__ or "").strip()
        parts.append(f"## {name}\n\n{doc}\n")
        facts = [
            f"reads {', '.join(f'`{k}`' for k in stage.READS) or 'nothing'}",
            f"edits {', '.join(f'`{k}`' for k in stage.EDITS) or 'nothing'}",
            f"adds {', '.join(f'`{k}`' for k in stage.ADDS) or 'nothing'}",
            f"kind `{stage.KIND}`",
            f"leaves {stage.OUTPUT}",
        ]
        parts.append("; ".join(facts) + ".\n")
        for heading, fields in stage.shown({}).items():
            parts.append((f"### {name}, {heading}\n\n" if heading else "") + table(fields))
    return "\n".join(parts)


def table(fields: Mapping[str, FieldInfo]) -> str:
    """Give a table of options."""
    rows = ["| option | type | default | meaning |", "|---|---|---|---|"]
    for option, field in fields.items():
        required = field.is_required()
        default = "required" if required else json.dumps(field.get_default(), ensure_ascii=False, default=str)
        shown = default if required else f"`{default}`"
        cells = [f"`{option}`", type_name(field.annotation), shown, field.description or ""]
        rows.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name("stages.md").write_text(page(), encoding="utf-8")
