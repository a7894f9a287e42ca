"""Planted errors counted: how many of a labels file the checks found and the repairs mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ...artifacts.record import Record, read_jsonl
from ...artifacts.rows import Notes


def planted(records: Iterable[Record], labels: Path) -> Notes:
    """Give {planted, found, mended, proposed, by_code: {code: [planted, found, mended, proposed]},
    clean_fields_flagged} of checked (and repaired) records.

    Counted by (record, field, code), since a label names no span. Found: an issue of this code stands on the field.
    Mended: found, and no issue of this code is open there any more. Proposed: found, not mended, and an open one has
    a proposed mend. A flagged field without any label counts as a false alarm.
    """
    truth = {(row["id"], row["field"], row["code"]) for row in read_jsonl(labels)}
    labelled = {(record_id, field) for record_id, field, _ in truth}
    found: set[tuple[str, str, str]] = set()
    still: set[tuple[str, str, str]] = set()
    offered: set[tuple[str, str, str]] = set()
    false: set[tuple[str, str]] = set()
    for record in records:
        for issue in record.get("issues") or ():
            key = (record["id"], issue["field"], issue["code"])
            found.add(key)
            if issue.get("status", "open") == "open":
                still.add(key)
                if issue.get("proposal"):
                    offered.add(key)
            if key[:2] not in labelled:
                false.add(key[:2])
    counts: dict[str, Counter[str]] = {}
    for key in sorted(truth):
        one = counts.setdefault(key[2], Counter(planted=0, found=0, mended=0, proposed=0))
        one["planted"] += 1
        one["found"] += key in found
        one["mended"] += key in found and key not in still
        one["proposed"] += key in offered
    return {
        "planted": len(truth),
        "found": len(truth & found),
        "mended": len((truth & found) - still),
        "proposed": len(truth & offered),
        "clean_fields_flagged": len(false),
        "by_code": {code: list(one.values()) for code, one in counts.items()},
    }
