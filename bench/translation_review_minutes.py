"""What reviewing the flagged costs and what it leaves: minutes per 1,000 records, and major errors that nobody sees.

    python bench/translation_review_minutes.py --gold DATA/parallel/gold_dev.jsonl --pairs DATA/parallel_fresh --make o/
    hunmin review o/labelled            # decide: the page times each decision
    python bench/translation_review_minutes.py --gold ... --pairs ... --decisions o/labelled o/fresh --json out.json

Every record is checked and repaired with the defaults; those with an open issue are the queue. `--make` writes the
queues as folders that `hunmin review` opens; `--decisions` reads the seconds that its page measured there. A major
error (by the human labels) is seen when its record is in the queue, since a reader has the whole record before him.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from pathlib import Path
from typing import Any

from hunmin.artifacts.record import Record, get_text, read_jsonl, write_jsonl
from hunmin.statistics import wilson
from hunmin.translation.checks import DEFAULT
from hunmin.translation.checks.find_issues import issues_of, resolve_checks
from hunmin.translation.repairs.mend_record import Outcome, mend_record
from hunmin.translation.repairs.propose import with_proposals
from hunmin.translation.review import decisions
from hunmin.translation.review.decisions import measured_seconds, open_issues

Field = tuple[str, str]
NO_ANSWER = "(답 없음)"  # the label files hold none, and a record without one cannot be edited


def labelled(paths: list[Path]) -> tuple[list[Record], set[Field]]:
    """Give the records of label files and the fields with a major error."""
    found: dict[str, Record] = {}
    major: set[Field] = set()
    for path in paths:
        for row in read_jsonl(path):
            name, field = str(row["id"]), row["field"]
            blank = {"id": name, "source": path.stem, "output": NO_ANSWER, "original": {}}
            record = found.setdefault(name, blank)
            record[field] = row["translation"]
            record["original"][field] = row["source"]
            if row["severity"] == "major":
                major.add((name, field))
    return list(found.values()), major


def fresh(folders: list[Path], n: int, seed: int) -> list[Record]:
    """Give `n` records with an original, evenly of each file."""
    files = [file for folder in folders for file in (sorted(folder.glob("*.jsonl")) if folder.is_dir() else [folder])]
    rng = random.Random(seed)
    found: list[Record] = []
    for file in files:
        rows = list(read_jsonl(file))
        found += rng.sample(rows, min(len(rows), round(n / len(files))))
    return found


def treated(records: list[Record]) -> list[Record]:
    """Give the records checked and repaired, as the stages with their defaults do."""
    checks, outcome = resolve_checks(DEFAULT), Outcome()
    checked = [{**record, "issues": issues_of(record, checks)} for record in records]
    return [with_proposals(mend_record(record, checks, outcome), checks) for record in checked]


def seconds_of(folder: Path) -> tuple[list[float], str]:
    """Give the seconds of each decision that the page measured in a review folder, and who decided."""
    queue = list(read_jsonl(folder / decisions.QUEUE))
    made = decisions.read_decisions(folder, decisions.queue_key(queue))
    return measured_seconds(made), ", ".join(sorted({d.by for d in made if d.by}))


def told(records: list[Record], major: set[Field], seconds: list[float]) -> dict[str, Any]:
    """Give the figures of one set."""
    queue = [record for record in records if open_issues(record)]
    ids = {record["id"] for record in queue}
    flagged = {(record["id"], issue["field"]) for record in records for issue in record["issues"]}
    proposed = sum(any(issue.get("proposal") for issue in open_issues(record)) for record in queue)
    mended = {
        (r["id"], m["field"])
        for r in records
        for m in r.get("repairs") or ()
        if (r["id"], m["field"]) in major and get_text(r, m["field"])
    }
    mean = statistics.fmean(seconds) if seconds else None
    share = len(queue) / len(records)
    seen = {field for field in major if field[0] in ids}
    return {
        "records": len(records),
        "queued": len(queue),
        "share": round(share, 4),
        "with_a_proposed_mend": proposed,
        "seconds_a_decision": round(mean, 2) if mean else None,
        "median_seconds": round(statistics.median(seconds), 2) if seconds else None,
        "n_timed": len(seconds),
        "minutes_per_1000": round(1000 * share * mean / 60, 1) if mean else None,
        "minutes_per_1000_reading_all": round(1000 * mean / 60, 1) if mean else None,
        "major": len(major),
        "major_on_a_flagged_field": len(major & flagged),
        "major_in_the_queue": len(seen),
        "major_mended": len(mended - seen),
        "major_left_unseen": len(major - seen - mended),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gold", type=Path, nargs="*", default=[])
    parser.add_argument("--pairs", type=Path, nargs="*", default=[], help="JSONL files of records with original")
    parser.add_argument("--fresh", type=int, default=500, help="so many of them")
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--make", type=Path, help="write the queues to review here")
    parser.add_argument("--decisions", type=Path, nargs="*", default=[], help="reviewed folders, named as --make did")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    records, major = labelled(given.gold)
    sets = {
        "labelled": (treated(records), major),
        "fresh": (treated(fresh(given.pairs, given.fresh, given.seed)), set()),
    }
    timed = {folder.name: seconds_of(folder) for folder in given.decisions}
    everyone = [second for seconds, _ in timed.values() for second in seconds]
    result: dict[str, Any] = {}
    for name, (rows, wrong) in sets.items():
        if not rows:
            continue
        if given.make:
            write_jsonl(given.make / f"{name}.jsonl", rows)
            decisions.write_queue(given.make / f"{name}.jsonl", given.make / name)
        seconds, by = timed.get(name, ([], ""))
        result[name] = one = told(rows, wrong, seconds or everyone) | {"decided_by": by}
        low, high = wilson(one["queued"], one["records"])
        queued = f"{one['queued']} = {100 * one['share']:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
        print(
            f"\n{name}: {one['records']} records; queued {queued}, {one['with_a_proposed_mend']} with a proposed mend"
        )
        if one["seconds_a_decision"]:
            timed_ = f"median {one['median_seconds']}, n {one['n_timed']}, {by or 'of the other set'}"
            cost = f"{one['minutes_per_1000']} minutes per 1,000 records, {one['minutes_per_1000_reading_all']} for all"
            print(f"  {one['seconds_a_decision']} s a decision ({timed_}): {cost}")
        if one["major"]:
            seen = f"{one['major_in_the_queue']} in the queue, {one['major_on_a_flagged_field']} on a flagged field"
            print(f"  major errors {one['major']}: {seen}, {one['major_left_unseen']} left unseen")
    if given.json:
        given.json.write_text(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
