"""Write docs/stages.md from the stages' own Configs: every option, its type, default and meaning, from its one home."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

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
        module = find_stage(name)
        doc = (importlib.import_module(STAGES[name]).__doc__ or "").strip()
        parts.append(f"## {name}\n\n{doc}\n")
        facts = [
            f"reads {', '.join(f'`{k}`' for k in module.READS) or 'nothing'}",
            f"edits {', '.join(f'`{k}`' for k in module.EDITS) or 'nothing'}",
            f"adds {', '.join(f'`{k}`' for k in module.ADDS) or 'nothing'}",
            f"kind `{module.KIND}`",
            f"leaves {module.OUTPUT}",
        ]
        parts.append("; ".join(facts) + ".\n")
        rows = ["| option | type | default | meaning |", "|---|---|---|---|"]
        for option, field in module.Config.model_fields.items():
            default = (
                "required" if field.is_required() else json.dumps(field.get_default(), ensure_ascii=False, default=str)
            )
            cells = [
                f"`{option}`",
                type_name(field.annotation),
                f"`{default}`" if default != "required" else default,
                field.description or "",
            ]
            rows.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    Path(__file__).with_name("stages.md").write_text(page(), encoding="utf-8")
