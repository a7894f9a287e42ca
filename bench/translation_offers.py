"""Which errors `repair` mends unasked, offers or leaves, by seed kind: on the planted sample and on human labels.

    python bench/translation_offers.py --gold DATA/parallel/gold_dev.jsonl

An error is a (record, field, kind) that `check` finds. Unasked: mended without a person; offered: open, with a proposal
that one key takes; untouched: open, without one.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from hunmin import data
from hunmin.artifacts.record import Record, read_jsonl, texts, with_texts
from hunmin.translation.checks import DEFAULT
from hunmin.translation.checks.find_issues import issues_of, resolve_checks
from hunmin.translation.repairs.mend_record import Outcome, mend_record
from hunmin.translation.repairs.propose import with_proposals

CHECKS = resolve_checks(DEFAULT)
DATA = Path(next(iter(data.__path__)))


def planted_rows() -> tuple[list[Record], set[tuple[str, str, str]]]:
    """Give the sample with its planted errors, and what was planted."""
    replies = {(r["id"], r["field"]): r["reply"] for r in read_jsonl(DATA / "replies.jsonl")}
    rows = []
    for english in read_jsonl(DATA / "en.jsonl"):
        fields = texts(english)
        rows.append({**with_texts(english, {p: replies[english["id"], p] for p in fields}), "original": fields})
    return rows, {(r["id"], r["field"], r["code"]) for r in read_jsonl(DATA / "labels.jsonl")}


def gold_rows(path: Path) -> tuple[list[Record], set[tuple[str, str, str]]]:
    """Give the labelled records of one file, and the labels that are kinds of a check."""
    rows: dict[str, dict[str, Any]] = {}
    wanted = set()
    for one in read_jsonl(path):
        row = rows.setdefault(one["id"], {"id": one["id"], "original": {}})
        row[one["field"]] = one["translation"]
        row["original"][one["field"]] = one["source"]
        wanted |= {(one["id"], one["field"], label) for label in one["labels"] if label in DEFAULT}
    return list(rows.values()), wanted


def counted(rows: list[Record], wanted: set[tuple[str, str, str]]) -> dict[str, Counter[str]]:
    """Give {kind: {errors, found, unasked, offered, untouched}}."""
    found: dict[str, Counter[str]] = {}
    keys: dict[tuple[str, str, str], str] = {}
    for row in rows:
        checked = {**row, "issues": issues_of(row, CHECKS)}
        done = with_proposals(mend_record(checked, CHECKS, Outcome()), CHECKS)
        for issue in done["issues"]:
            key = (row["id"], issue["field"], issue["code"])
            state = "offered" if issue.get("proposal") else "untouched"
            state = state if issue["status"] == "open" else "unasked"
            worse = ("unasked", "offered", "untouched")
            keys[key] = max(keys.get(key, state), state, key=worse.index)
    for key in sorted(wanted):
        one = found.setdefault(key[2], Counter())
        one["errors"] += 1
        if key in keys:
            one["found"] += 1
            one[keys[key]] += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, nargs="*", default=[], help="files of human labels")
    parser.add_argument("--json", type=Path, help="write everything here")
    options = parser.parse_args()
    sets = {"planted": planted_rows(), **{path.name: gold_rows(path) for path in options.gold}}
    result = {name: counted(rows, wanted) for name, (rows, wanted) in sets.items()}
    for name, kinds in result.items():
        print(name)
        for kind, one in {**kinds, "all": sum(kinds.values(), Counter())}.items():
            told = "  ".join(f"{k} {one[k]}" for k in ("errors", "found", "unasked", "offered", "untouched"))
            print(f"  {kind:14} {told}")
    if options.json:
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
