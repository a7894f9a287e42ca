"""How well a model finds what no rule sees: recall at 2 % false flags for wrong sense, reversed polarity, garbled text.

    python bench/translation_sense.py --gold DATA/parallel/gold_dev.jsonl --local MODEL_FOLDER --json out.json
    python bench/translation_sense.py --gold ... --base-url http://127.0.0.1:8000/v1 --model NAME --records 40

Two ways are measured. `--base-url` asks the check `sense`, one question a record, how sure it is of each error; a reply
that cannot be read counts as no answer, never as clean. `--local` opens a causal model and scores each pair by how much
the English helps it to predict the Korean (nats a token, in a prompt of three examples); nothing is asked.
Positives are the human labels for wrong sense, and three kinds of damage made in the pairs without any label. The
threshold is the one that flags 2 % of the clean pairs; it is chosen on them, so recall is an upper bound.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from translation_pairs import bundled

from hunmin.artifacts.record import read_jsonl
from hunmin.statistics import wilson
from hunmin.text.hangul import has_hangul

FALSE_FLAGS = 0.02
EXAMPLES = [
    ("The shop is closed on Sundays.", "가게는 일요일에 쉽니다."),
    ("Please send me the file before noon.", "정오 전에 파일을 보내 주세요."),
    ("She forgot her umbrella, so she got wet.", "그는 우산을 두고 와서 비에 젖었습니다."),
]
# A Korean ending and its opposite; the first that stands in a text is turned.
OPPOSITES = [
    ("있습니다", "없습니다"),
    ("없습니다", "있습니다"),
    ("지 않습니다", "습니다"),
    ("지 마세요", "세요"),
    ("할 수 있", "할 수 없"),
    ("합니다", "하지 않습니다"),
    ("됩니다", "되지 않습니다"),
    ("하세요", "하지 마세요"),
    ("입니다", "이 아닙니다"),
    ("었습니다", "지 않았습니다"),
    ("많", "적"),
    ("좋은", "나쁜"),
    ("큰", "작은"),
]


@dataclass(frozen=True)
class Case:
    """One pair, and what is wrong with it: "" for nothing."""

    name: str
    english: str
    korean: str
    kind: str


def reversed_polarity(rng: random.Random, korean: str, others: list[str]) -> str | None:
    for old, new in OPPOSITES:
        if old in korean:
            return korean.replace(old, new, 1)
    return None


def garbled(rng: random.Random, korean: str, others: list[str]) -> str | None:
    words = korean.split(" ")
    if len(words) < 5:
        return None
    mixed = words[:]
    rng.shuffle(mixed)
    return " ".join(mixed) if mixed != words else None


def other_word(rng: random.Random, korean: str, others: list[str]) -> str | None:
    """A noun in the sense of another text: its stem replaced by one from elsewhere, the particle kept."""
    pattern = re.compile(r"(?<![가-힣])([가-힣]{2,3})(?=[을를이가은는의에](?:\s|$))")
    own = list(pattern.finditer(korean))
    theirs = [m[1] for m in map(pattern.search, rng.sample(others, min(20, len(others)))) if m and m[1] not in korean]
    if not own or not theirs:
        return None
    one = rng.choice(own)
    return korean[: one.start()] + rng.choice(theirs) + korean[one.end() :]


DAMAGE = {"reversed polarity": reversed_polarity, "garbled": garbled, "a word of another sense": other_word}


def cases(gold: list[Path], seed: int) -> list[Case]:
    """Give the labelled pairs, the clean ones, and the clean ones with damage."""
    found: list[Case] = []
    clean: list[Case] = []
    for path in gold:
        for row in read_jsonl(path):
            if row["source"] == row["translation"] or row["borderline"] or not has_hangul(row["translation"]):
                continue
            name = f"{row['id']}/{row['field']}"
            if not row["labels"]:
                clean.append(Case(name, row["source"], row["translation"], ""))
            elif "other_mistranslation" in row["labels"]:
                found.append(Case(name, row["source"], row["translation"], f"labelled wrong sense, {row['severity']}"))
    for pair in bundled():
        if pair.english != pair.korean and has_hangul(pair.korean) and "```" not in pair.english:
            clean.append(Case(f"{pair.name}/{pair.field}", pair.english, pair.korean, ""))
    rng = random.Random(seed)
    texts = [case.korean for case in clean]
    for number, case in enumerate(clean):
        for kind, damage in list(DAMAGE.items())[number % 3 :] + list(DAMAGE.items())[: number % 3]:
            bad = damage(rng, case.korean, texts)
            if bad is not None and bad != case.korean:
                found.append(Case(case.name, case.english, bad, kind))
                break
    return [*clean, *found]


def local_scores(every: list[Case], folder: str) -> list[float | None]:
    """Give how little the English helps a local model with each Korean text: higher is worse; None is unread."""
    from hunmin import models

    loaded = models.load(folder)
    prompt = "".join(f"English: {a}\nKorean: {b}\n\n" for a, b in EXAMPLES)
    encode = lambda text: loaded.tokenizer.encode(text, add_special_tokens=False)  # noqa: E731
    start_id = loaded.tokenizer.bos_token_id
    start = [start_id if start_id is not None else loaded.tokenizer.eos_token_id]
    alone = [*start, *encode("".join(f"Korean: {b}\n\n" for _, b in EXAMPLES) + "Korean:")]
    pairs = []
    for case in every:
        korean = encode(" " + case.korean)[:400]
        pairs += [([*start, *encode(f"{prompt}English: {case.english[:1500]}\nKorean:")], korean), (alone, korean)]
    found = models.logprobs(loaded, pairs)
    scores: list[float | None] = []
    for given, without in zip(found[::2], found[1::2], strict=True):
        gain = (sum(given) - sum(without)) / max(1, len(given))
        scores.append(-gain if given and gain == gain else None)
    return scores


def asked_scores(
    every: list[Case], model: str, base_url: str, request: dict[str, Any]
) -> tuple[list[float | None], Counter[str]]:
    """Give how sure `sense` is of an error in each pair, 0 when it names none, None when its reply is not readable."""
    from hunmin.artifacts.artifact import Spend
    from hunmin.clients.openai_chat import open_client
    from hunmin.translation.checks import sense

    scores: list[float | None] = [None] * len(every)
    status: Counter[str] = Counter()

    async def ask_all(client: Any) -> None:
        gate = asyncio.Semaphore(2)

        async def one(i: int, case: Case) -> None:
            record = {"id": f"{i}", "output": case.korean, "original": {"output": case.english}}
            async with gate:
                found, why = await sense.ask(record, client, 1)
            status[why or "read"] += 1
            scores[i] = None if why else float(max((issue["sure"] for issue in found), default=0))

        await asyncio.gather(*(one(i, case) for i, case in enumerate(every)))

    with tempfile.TemporaryDirectory() as folder:
        spend = Spend(Path(folder) / "ledger.sqlite", None, None, confirmed=True)
        with open_client(model=model, base_url=base_url, spend=spend, label="bench", request=request) as client:
            asyncio.run(ask_all(client))
    return scores, status


def table(every: list[Case], scores: list[float | None]) -> dict[str, Any]:
    """Give recall per kind at the threshold that flags at most 2 % of the clean pairs; unread ones are not found."""
    clean = sorted((s for c, s in zip(every, scores, strict=True) if not c.kind and s is not None), reverse=True)
    n_clean = sum(not c.kind for c in every)
    allowed = int(FALSE_FLAGS * len(clean))
    threshold = clean[allowed] if len(clean) > allowed else float("inf")
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for case, score in zip(every, scores, strict=True):
        one = kinds[case.kind or "clean"]
        one["n"] += 1
        one["unread"] += score is None
        one["flagged"] += score is not None and score > threshold
    return {"threshold": threshold, "n_clean": n_clean, "kinds": {k: dict(v) for k, v in kinds.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gold", type=Path, nargs="*", default=[], help="label files")
    parser.add_argument("--local", help="a causal model's folder or Hub id")
    parser.add_argument("--base-url", help="an OpenAI-compatible server for `sense`")
    parser.add_argument("--model", default="model")
    parser.add_argument("--request", type=json.loads, default={})
    parser.add_argument("--records", type=int, help="ask of so many pairs only, evenly of every kind")
    parser.add_argument("--longest", type=int, default=1500, help="only pairs of so many English characters")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    every = [case for case in cases(given.gold, given.seed) if len(case.english) <= given.longest]
    if given.records:
        random.Random(given.seed).shuffle(every)
        kinds = sorted({case.kind for case in every})
        share = {kind: given.records // (2 if not kind else 2 * (len(kinds) - 1)) for kind in kinds}
        every = [c for kind in kinds for c in [c for c in every if c.kind == kind][: max(1, share[kind])]]
    result: dict[str, Any] = {}
    for way in ("local", "asked"):
        if not (given.local if way == "local" else given.base_url):
            continue
        begun, status = time.monotonic(), Counter[str]()
        if way == "local":
            scores = local_scores(every, given.local)
        else:
            scores, status = asked_scores(every, given.model, given.base_url, given.request)
        found = table(every, scores)
        seconds = (time.monotonic() - begun) / max(1, len(every))
        name = given.local if way == "local" else given.model
        print(f"\n{way}: {name}, {len(every)} pairs, {seconds:.2f} s a pair {dict(status)}")
        print("| pairs | n | flagged at 2 % false flags | unread |\n|---|---|---|---|")
        for kind, one in found["kinds"].items():
            low, high = wilson(one["flagged"], one["n"])
            rate = f"{one['flagged']} = {100 * one['flagged'] / one['n']:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
            print(f"| {kind} | {one['n']} | {rate} | {one['unread']} |")
        result[way] = {**found, "status": dict(status), "seconds_a_pair": seconds}
    if given.json:
        given.json.write_text(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
