"""Measure dedup's units on Korean: changed wordings that should go, minimal pairs that must stay.

    python bench/dedup_korean.py --data TABLE.csv --columns Q A --passages PASSAGES.tsv --out dedup_korean.json

Changed: the same record with other sentence endings (-습니다, -어요, -다), 은/는 turned to 이/가, 을/를 left out, or
all of it, worked out by kiwipiepy from the morphemes. Minimal: 이/가 and 을/를 change places, 안 or 못 is put in, 있다
and 없다 are exchanged, or the task is the speech level. Short records are rows of the table, long ones are passages of
several sentences. Every pair is compared by itself. Needs the extra `ko`.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

Morphs = list[tuple[str, str]]
LEVELS = {"formal": "습니다", "polite": "어요", "plain": "다"}


def level_of(ending: str) -> str:
    """Give the speech level of a sentence ending, "" for questions, orders and the rest."""
    if ending.endswith("니다"):
        return "formal"
    if ending in ("어요", "아요", "에요", "예요", "여요", "요"):
        return "polite"
    return "plain" if ending in ("다", "ᆫ다", "는다") else ""


def endings(chance: random.Random) -> Callable[[Morphs], Morphs | None]:
    """Give the change that puts every statement of a text into one other speech level."""

    def change(morphs: Morphs) -> Morphs | None:
        had = {level_of(form) for form, tag in morphs if tag == "EF"} - {""}
        if not had:
            return None
        wanted = chance.choice(sorted(set(LEVELS) - had) or sorted(LEVELS))
        return [(LEVELS[wanted], tag) if tag == "EF" and level_of(form) else (form, tag) for form, tag in morphs]

    return change


def topics(morphs: Morphs) -> Morphs | None:
    """Turn 은/는 to 이/가."""
    new = [("이", "JKS") if tag == "JX" and form in ("은", "는") else (form, tag) for form, tag in morphs]
    return new if new != morphs else None


def objects(morphs: Morphs) -> Morphs | None:
    """Leave out 을/를."""
    new = [m for m in morphs if m[1] != "JKO"]
    return new if new != morphs else None


def everything(chance: random.Random) -> Callable[[Morphs], Morphs | None]:
    """Give the change that does all three."""
    level = endings(chance)

    def change(morphs: Morphs) -> Morphs | None:
        changed = level(morphs)
        return None if changed is None else objects(topics(changed) or changed) or topics(changed) or changed

    return change


def turned(morphs: Morphs) -> Morphs | None:
    """Let the first subject and the first object change their particles."""
    subject = next((i for i, m in enumerate(morphs) if m[1] == "JKS" and m[0] in ("이", "가")), None)
    object_ = next((i for i, m in enumerate(morphs) if m[1] == "JKO"), None)
    if subject is None or object_ is None:
        return None
    new = list(morphs)
    new[subject], new[object_] = ("을", "JKO"), ("이", "JKS")
    return new


def negated(word: str) -> Callable[[Morphs], Morphs | None]:
    """Give the change that puts 안 or 못 before the last verb."""

    def change(morphs: Morphs) -> Morphs | None:
        if any(form in ("안", "못", "않") for form, _ in morphs):
            return None
        at = next((i for i in range(len(morphs) - 1, -1, -1) if morphs[i][1] == "VV"), None)
        return None if at is None else [*morphs[:at], (word, "MAG"), *morphs[at:]]

    return change


def there(morphs: Morphs) -> Morphs | None:
    """Exchange the first 있다 and 없다."""
    other = {"있": "없", "없": "있"}
    at = next((i for i, (form, tag) in enumerate(morphs) if form in other and tag in ("VA", "VV", "VX")), None)
    return None if at is None else [*morphs[:at], (other[morphs[at][0]], "VA"), *morphs[at + 1 :]]


def changed(kiwi: Any, text: str, change: Callable[[Morphs], Morphs | None]) -> str | None:
    """Give the text after a change of its morphemes; None where it does not apply."""
    morphs = [(t.form, t.tag) for t in kiwi.tokenize(text)]
    plain = kiwi.join(morphs)
    new = change(morphs)
    found = None if new is None else kiwi.join(new)
    return found if found and found.split() != plain.split() else None


def pairs_of(
    kiwi: Any, records: list[tuple[str, str]], change: Callable[[Morphs], Morphs | None], n: int
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Give up to n pairs of a record and the same with its answer, and where it applies its question, changed."""
    found = []
    for question, answer in records:
        other = changed(kiwi, answer, change)
        if other is None:
            continue
        asked = changed(kiwi, question, change) if question and "" not in (question, answer) else None
        found.append((record("a", question, answer), record("b", asked or question, other)))
        if len(found) == n:
            break
    return found


def minimal_of(kiwi: Any, records: list[tuple[str, str]], change: Callable[[Morphs], Morphs | None], n: int) -> Any:
    """Give up to n pairs in which only one sentence of the answer is changed."""
    from hunmin.text.sentences import sentences

    found = []
    for question, answer in records:
        parts = sentences(answer)
        for i, part in enumerate(parts):
            other = changed(kiwi, part, change)
            if other is not None:
                plain = [kiwi.join([(t.form, t.tag) for t in kiwi.tokenize(p)]) for p in parts]
                new = [*plain[:i], other, *plain[i + 1 :]]
                found.append((record("a", question, " ".join(plain)), record("b", question, " ".join(new))))
                break
        if len(found) == n:
            break
    return found


def level_tasks(kiwi: Any, records: list[tuple[str, str]], chance: random.Random, n: int) -> Any:
    """Give up to n pairs of rows whose task is the speech level."""
    found = []
    for _, answer in records:
        forms = [changed(kiwi, answer, endings(chance)) for _ in range(4)]
        different = sorted({f for f in forms if f})
        if len(different) > 1:
            ask = "다음 글을 말투를 바꾸어 다시 쓰세요."
            found.append((record("a", ask, different[0], answer), record("b", ask, different[1], answer)))
        if len(found) == n:
            break
    return found


def record(name: str, instruction: str, output: str, given: str = "") -> dict[str, Any]:
    asked = {"instruction": instruction, **({"input": given} if given else {})}
    return {"id": name, "source": "s", **asked, "output": output}


def dropped(pair: tuple[dict[str, Any], dict[str, Any]], unit: str) -> bool:
    """Tell whether the second of a pair goes."""
    from hunmin.selection.nearest import duplicates

    return bool(duplicates(pair, unit=unit))


def strangers(records: list[dict[str, Any]], unit: str) -> float:
    """Give the highest similarity of neighbouring records that have nothing to do with each other."""
    from hunmin.selection.compared import Compared
    from hunmin.selection.shingles import jaccard

    grams = [Compared.of(r, unit=unit).grams for r in records]
    return round(max(jaccard(a, b) for a, b in zip(grams, grams[1:], strict=False)), 3)


def speed(records: list[dict[str, Any]], unit: str) -> dict[str, float]:
    """Give records per CPU second of the sketches here and in datasketch, on the same shingles."""
    from datasketch import MinHash

    from hunmin.selection.compared import Compared
    from hunmin.selection.shingles import plain
    from hunmin.selection.sketches import sketch

    texts = [Compared.of(r, unit=unit).letters for r in records]
    sketch(texts[:10])
    begun = time.process_time()
    for i in range(0, len(texts), 2000):
        sketch(texts[i : i + 2000])
    ours = time.process_time() - begun
    few = texts[: max(1, len(texts) // 5)]
    begun = time.process_time()
    for text in few:
        MinHash(num_perm=128).update_batch([g.encode() for g in plain(text)])
    theirs = time.process_time() - begun
    return {"ours": round(len(texts) / ours), "datasketch": round(len(few) / theirs)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="CSV of short questions and answers")
    parser.add_argument("--columns", nargs=2, default=["Q", "A"])
    parser.add_argument("--passages", type=Path, required=True, help="TSV of passages")
    parser.add_argument("--text", default="Text", help="column of the passages")
    parser.add_argument("--n", type=int, default=100, help="pairs of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    from kiwipiepy import Kiwi

    kiwi = Kiwi()
    chance = random.Random(args.seed)
    with args.data.open(encoding="utf-8") as file:
        short = [(r[args.columns[0]], r[args.columns[1]]) for r in csv.DictReader(file)]
    with args.passages.open(encoding="utf-8") as file:
        long = [("다음을 설명해 주세요.", r[args.text]) for r in csv.DictReader(file, delimiter="\t")]
    short = [p for p in short if len(p[0]) + len(p[1]) >= 25]
    long = [p for p in long if len(p[1]) >= 150]
    chance.shuffle(short)
    chance.shuffle(long)
    changes = {"endings": endings(chance), "topics": topics, "objects": objects, "all": everything(chance)}
    rows: list[dict[str, Any]] = []
    for length, records in (("long", long), ("short", short)):
        kinds = {name: pairs_of(kiwi, records, change, args.n) for name, change in changes.items()}
        minimal = {"turned": turned, "안": negated("안"), "못": negated("못"), "있다/없다": there}
        stay = {name: minimal_of(kiwi, records, change, args.n) for name, change in minimal.items()}
        stay["speech level"] = level_tasks(kiwi, records, chance, args.n)
        for group, table in (("changed: dropped", kinds), ("minimal: dropped", stay)):
            for name, pairs in table.items():
                found = {unit: sum(dropped(p, unit) for p in pairs) for unit in ("chars", "jamo")}
                rows.append({"records": length, "group": group, "change": name, "pairs": len(pairs), **found})
                print(rows[-1])
        some = [record("x", q, a) for q, a in records[:2000]]
        similar = {unit: strangers(some, unit) for unit in ("chars", "jamo")}
        rows.append({"records": length, "group": "strangers: highest similarity", "pairs": len(some) - 1, **similar})
        rows.append({"records": length, "group": "speed of sketches", "jamo": speed(some * 5, "jamo")})
        print(rows[-2], rows[-1], sep="\n")
    if args.out:
        args.out.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
