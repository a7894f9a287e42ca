"""UltraFeedback (binarised) rows: prompt, chosen, rejected, both shapes.

The Korean set (maywell/ko_Ultrafeedback_binarized) has plain strings; the English one
(HuggingFaceH4/ultrafeedback_binarized) message lists that begin with the prompt. A list of one exchange becomes
instruction, chosen, rejected; a longer one messages, chosen, rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..artifacts.record import Record
from ..artifacts.rows import Shown
from ..errors import UserError
from .columns import carry, give_back, text
from .messages import read_messages

LOSSLESS = True  # strings, and lists of several exchanges; a list of one exchange is written as strings


def fits(row: Mapping[str, Any]) -> bool:
    """Tell by keys: chosen and rejected, with a prompt or inside message lists."""
    if not {"chosen", "rejected"} <= row.keys():
        return False
    return "prompt" in row or isinstance(row["chosen"], list)


def read(row: Mapping[str, Any]) -> list[Record]:
    """Give the one preference record of a row."""
    used = ["prompt", "chosen", "rejected"]
    if isinstance(row["chosen"], str) or isinstance(row["rejected"], str):
        record: Record = {
            "instruction": text(row, "prompt"),
            "chosen": text(row, "chosen"),
            "rejected": text(row, "rejected"),
        }
        if row.get("system"):
            record["system"] = text(row, "system")
            used.append("system")
        return [carry(record, row, used)]
    chosen, rejected = (read_messages(row[k], k) for k in ("chosen", "rejected"))
    if row.get("messages") == row["chosen"]:
        used.append("messages")  # the published set repeats the chosen conversation there
    if not chosen or not rejected or chosen[-1]["role"] != "assistant" or rejected[-1]["role"] != "assistant":
        raise UserError("a conversation that does not end with the assistant", "field 'chosen'")
    before = chosen[:-1]
    if before != rejected[:-1]:
        raise UserError("chosen and rejected differ before the last answer", "field 'rejected'")
    if not before and isinstance(row.get("prompt"), str):
        before = [{"role": "user", "content": row["prompt"]}]
    answers = {"chosen": chosen[-1]["content"], "rejected": rejected[-1]["content"]}
    if [m["role"] for m in before] == ["user"]:
        return [carry({"instruction": before[0]["content"], **answers}, row, used)]
    return [carry({"messages": before, **answers}, row, used)]


def write(record: Record) -> Shown:
    """Give the row of a preference record: strings, or message lists when there are several turns."""
    if record.get("messages"):
        before = record["messages"]
        row: Shown = {"prompt": next(m["content"] for m in before if m["role"] == "user")}
        for name in ("chosen", "rejected"):
            row[name] = [*before, {"role": "assistant", "content": record[name]}]
    else:
        prompt = "\n".join(t for t in (record.get("instruction"), record.get("input")) if t)
        row = {"prompt": prompt, "chosen": record["chosen"], "rejected": record["rejected"]}
        if record.get("system"):
            row["system"] = record["system"]
    return {**row, **give_back(record)}
