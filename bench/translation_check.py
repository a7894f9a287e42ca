"""How well the checks find translation errors and the repairs mend them: on human labels, on damage made here, on
clean pairs, and how fast.

    python bench/translation_check.py --gold DATA/parallel/gold_dev.jsonl --json out.json

`--gold` takes label files of the shape {id, field, source, translation, labels, severity, borderline}; strict counts
borderline fields as
clean, lenient leaves them out. Without it the other three tables are made from the package alone.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from translation_damage import DAMAGES
from translation_pairs import Pair, bundled, composed, varied

from hunmin.artifacts.record import read_jsonl
from hunmin.translation.checks import DEFAULT
from hunmin.translation.checks.find_issues import issues_of_text, resolve_checks
from hunmin.translation.repairs.mend_record import Outcome, mend_text
from hunmin.translation.repairs.propose import propose, take_all

CHECKS = resolve_checks(DEFAULT)
SEED_KINDS = ("code_only", "code_mixed", "number_lost", "math_symbol", "untranslated", "cut_off", "markup")
SPEED_RECORDS = 25_000


def wilson(k: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Give the Wilson score interval of k of n."""
    p, d = k / n, 1 + z * z / n
    middle, half = (p + z * z / (2 * n)) / d, z / d * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def share(k: int, n: int) -> dict[str, Any]:
    """Give k of n with its 95 % Wilson interval."""
    low, high = wilson(k, n) if n else (0.0, 0.0)
    return {"k": k, "n": n, "ratio": round(k / n, 4) if n else None, "low": round(low, 4), "high": round(high, 4)}


def told(one: dict[str, Any]) -> str:
    if not one["n"]:
        return "0 of 0"
    return f"{one['k']} of {one['n']} = {100 * one['ratio']:.1f} % [{100 * one['low']:.1f}, {100 * one['high']:.1f}]"


def score_gold(path: Path) -> dict[str, Any]:
    """Give precision and recall on one file of human labels."""
    rows = list(read_jsonl(path))
    instruction = {row["id"]: row["source"] for row in rows if row["field"] == "instruction"}
    inputs = {row["id"] for row in rows if row["field"] == "input"}
    for row in rows:
        context = {
            "field": row["field"],
            "path": row["field"],
            "instruction": instruction.get(row["id"], ""),
            "has_input": row["id"] in inputs,
        }
        row["found"] = issues_of_text(row["source"], row["translation"], CHECKS, context)
        row["certain"] = any(issue["severity"] == "certain" for issue in row["found"])
    result: dict[str, Any] = {"fields": len(rows)}
    for reading in ("strict", "lenient"):
        kept = [row for row in rows if reading == "strict" or not row["borderline"]]
        clean = [row for row in kept if not row["labels"]]
        certain = [row for row in kept if row["certain"]]
        result[reading] = {
            "false_certain": share(sum(row["certain"] for row in clean), len(clean)),
            "false_any": share(sum(bool(row["found"]) for row in clean), len(clean)),
            "precision_certain": share(sum(bool(row["labels"]) for row in certain), len(certain)),
            "precision_any": share(
                sum(bool(row["labels"]) for row in kept if row["found"]), sum(bool(row["found"]) for row in kept)
            ),
        }
    recall: dict[str, Any] = {}
    for name in (*SEED_KINDS, "task_broken", "other_mistranslation"):
        gold = [row for row in rows if name in row["labels"]]
        recall[name] = {
            "any_issue": share(sum(bool(row["found"]) for row in gold), len(gold)),
            "same_code": share(sum(any(i["code"] == name for i in row["found"]) for row in gold), len(gold)),
            "certain": share(sum(row["certain"] for row in gold), len(gold)),
        }
    seeds = [row for row in rows if set(row["labels"]) & set(SEED_KINDS)]
    majors = [row for row in rows if row["severity"] == "major"]
    recall["seed kinds and markup"] = {"any_issue": share(sum(bool(r["found"]) for r in seeds), len(seeds))}
    recall["major, all kinds"] = {"any_issue": share(sum(bool(r["found"]) for r in majors), len(majors))}
    flagged = [row for row in rows if row["labels"]]
    recall["all labels"] = {"any_issue": share(sum(bool(r["found"]) for r in flagged), len(flagged))}
    return {**result, "recall": recall}


def context_of(pair: Pair) -> dict[str, Any]:
    return {"field": pair.field, "path": pair.field, "instruction": pair.instruction}


def score_clean(pairs: list[Pair]) -> dict[str, Any]:
    """Give how many clean pairs are flagged, by family."""
    found: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for pair in pairs:
        issues = issues_of_text(pair.english, pair.korean, CHECKS, context_of(pair))
        severities = {issue["severity"] for issue in issues}
        for family in (pair.family, "all"):
            found[family].append(("certain" in severities, "review" in severities))
    return {
        family: {
            "certain": share(sum(c for c, _ in rows), len(rows)),
            "review": share(sum(r for _, r in rows), len(rows)),
        }
        for family, rows in found.items()
    }


def score_damage(pairs: list[Pair], at_least: int, seed: int) -> dict[str, Any]:
    """Give recall, and how much is mended, for each kind of damage."""
    result = {}
    for name, (damage, families, codes, mended_whole, wanted) in DAMAGES.items():
        random_ = random.Random(f"{seed} {name}")
        pool = [pair for pair in pairs if pair.family in (*families, "bundled")]
        cases: dict[tuple[str, str], tuple[Pair, str, str]] = {}
        for _ in range(12):  # several places of the same text, until there are enough
            for pair in pool:
                done = damage(pair.english, pair.korean, random_)
                if done and done[0] != pair.korean:
                    cases.setdefault((pair.name, done[0]), (pair, *done))
            if len(cases) >= at_least:
                break
        n_found = n_any = n_certain = n_unasked = n_restored = n_equal = 0
        missed = []
        for pair, text, piece in cases.values():
            context = context_of(pair)
            issues = issues_of_text(pair.english, text, CHECKS, context)
            hit = any(issue["code"] in codes for issue in issues)
            n_found += hit
            n_any += bool(issues)
            n_certain += any(issue["code"] in codes and issue["severity"] == "certain" for issue in issues)
            if not hit:
                missed.append({"pair": pair.name, "piece": piece[:80], "text": text[:200]})
            if mended_whole:
                done, left, _ = mend_text(pair.english, text, issues, CHECKS, context, Outcome())
                fixed = take_all(done, propose(pair.english, done, left, CHECKS, context))
                n_unasked += done != text and done.count(piece) >= pair.korean.count(piece)
                n_restored += fixed.count(piece) >= pair.korean.count(piece)
                n_equal += fixed == pair.korean
        n = len(cases)
        result[name] = {
            "wanted": wanted,
            "pairs": len({pair.name for pair, _, _ in cases.values()}),
            "found": share(n_found, n),
            "certain": share(n_certain, n),
            "any_issue": share(n_any, n),
            "unasked": share(n_unasked, n) if mended_whole else None,
            "restored": share(n_restored, n) if mended_whole else None,  # unasked, or with every proposal taken
            "field_equal": share(n_equal, n) if mended_whole else None,
            "missed": missed[:10],
        }
    return result


def measure_speed(pairs: list[Pair], seconds: float = 6.0) -> dict[str, Any]:
    """Give CPU seconds for 25,000 records on one core; each text and instruction is made different, so nothing is
    remembered.
    """
    by_record: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if pair.family == "bundled":
            by_record[pair.name.split("/")[0]].append(pair)
    records = list(by_record.values())
    n = chars = 0
    start = time.process_time()
    while time.process_time() - start < seconds:
        for record in records:
            for pair in record:
                context = {**context_of(pair), "instruction": f"{pair.instruction} ({n})"}
                issues_of_text(f"{pair.english}\n({n})", f"{pair.korean}\n({n})", CHECKS, context)
                chars += len(pair.english) + len(pair.korean)
            n += 1
    spent = time.process_time() - start
    return {
        "records": n,
        "chars_per_record": round(chars / n),
        "cpu_seconds_for_25000": round(spent / n * SPEED_RECORDS, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, nargs="*", default=[], help="files of human labels")
    parser.add_argument("--at-least", type=int, default=300, help="cases of each kind of damage")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--json", type=Path, help="write everything here")
    options = parser.parse_args()
    pairs = bundled() + composed()
    result: dict[str, Any] = {}
    for path in options.gold:
        gold = result.setdefault("gold", {})[path.name] = score_gold(path)
        print(f"\n{path.name}: {gold['fields']} fields")
        for reading in ("strict", "lenient"):
            for name, one in gold[reading].items():
                print(f"  {reading:8} {name:18} {told(one)}")
        for name, one in gold["recall"].items():
            print(f"  recall {name:22} " + "   ".join(f"{k} {told(v)}" for k, v in one.items()))
    result["clean"] = score_clean(pairs + varied())
    print("\nclean pairs flagged")
    for family, one in result["clean"].items():
        print(f"  {family:10} certain {told(one['certain'])}   review {told(one['review'])}")
    result["damage"] = score_damage(pairs, options.at_least, options.seed)
    print("\ndamage: found by its own check / by any; mended")
    for name, one in result["damage"].items():
        print(
            f"  {name:28} pairs {one['pairs']:4}  {told(one['found']):42} any {one['any_issue']['k']}  "
            f"certain {one['certain']['k']}",
            end="",
        )
        if one["restored"]:
            print(f"  unasked {one['unasked']['k']}, with proposals {told(one['restored'])}", end="")
        print(f", field equal {one['field_equal']['k']}" if one["restored"] else "")
    result["speed"] = measure_speed(pairs)
    print("\nspeed", result["speed"])
    if options.json:
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
