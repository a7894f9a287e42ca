"""Break one line of a core file at a time and see whether the tests meant for it notice: `make mutants`.

Each mutant is (file below src/hunmin, text that stands there once, what takes its place, tests that should fail). Works
on a copy of the package. Exits with 1 when fewer than 85 % are caught, or a text is no longer there.

Survivors, with the reason: none. Three of 42 lived until their tests were mended: the steps of the test of concurrency
ended before the next began, nothing asked for a run that is not confirmed, no mend on offer broke something else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
UNIT = "tests/unit/"
PROMISES = UNIT + "test_promises.py"
MUTANTS: list[tuple[str, str, str, str]] = [
    # records in = kept + dropped
    ("artifacts/stream.py", "self.counts.n_kept += 1\n", "self.counts.n_kept += 2\n", UNIT + "test_stream.py"),
    ("artifacts/stream.py", 'if row["index"] > n:', 'if row["index"] >= n:', f"{PROMISES} {UNIT}test_stream.py"),
    ("artifacts/stream.py", "len(window) >= in_flight * 8", "len(window) >= in_flight * 800", PROMISES),
    ("artifacts/stream.py", "_truncate(kept_path, kept_ends[-1] if kept_ends else 0)", "pass", UNIT + "test_stream.py"),
    ("artifacts/stream.py", "gate = asyncio.Semaphore(in_flight)", "gate = asyncio.Semaphore(999)", PROMISES),
    ("artifacts/artifact.py", "if self.n_in != self.n_kept + self.n_dropped:", "if False:", PROMISES),
    # nothing is reused by mistake
    ("running/made_with.py", "if old.get(k) != new.get(k)\n", "if False\n", PROMISES),
    ("running/made_with.py", 'changed = ["another seed"]', "changed = []", PROMISES),
    ("running/made_with.py", "        names.append(name)\n", "        pass\n", PROMISES),
    ("running/run.py", "if foreign:", "if False:", PROMISES),
    ("running/run.py", "if not made_with.differences(candidate, manifest, wanted, strict=True):", "if True:", PROMISES),
    ("running/run.py", 'how = "done before"', 'how = "made"', PROMISES),
    ("artifacts/identity.py", "return digest.hexdigest()\n", 'return "0" * 64\n', PROMISES),
    (
        "artifacts/identity.py",
        "hash_of([[p.relative_to(path).as_posix(), sha256_file(p)]",
        "hash_of([[p.name]",
        UNIT + "test_identity.py",
    ),
    ("running/recipe.py", 'f"{self.seed}/{label}"', 'f"{self.seed}"', UNIT + "test_recipe.py"),
    # paid answers
    (
        "clients/ledger.py",
        "usd + unit.usd > max_usd",
        "usd > max_usd",
        f"{UNIT}test_ledger.py {UNIT}test_clients_llm.py",
    ),
    (
        "clients/ledger.py",
        "chars + unit.chars > max_chars",
        "chars > max_chars",
        f"{UNIT}test_ledger.py {UNIT}test_clients_deepl.py",
    ),
    ("clients/ledger.py", 'if row and row[0] == "done":', "if False:", UNIT + "test_ledger.py"),
    ("clients/ledger.py", "if not charged:", "if True:", PROMISES),
    ("clients/ledger.py", "doubles += 1  #", "doubles += 0  #", UNIT + "test_ledger.py"),
    (
        "clients/ledger.py",
        "self._dead[owner] = time.time() - row[3] > DEAD_AFTER_SECONDS",
        "self._dead[owner] = False",
        UNIT + "test_ledger.py",
    ),
    ("clients/asking.py", "self._in_a_row, self._heard = 0, True", "self._heard = True", PROMISES),
    ("clients/asking.py", "if self._in_a_row >= limit", "if self._in_a_row > limit", PROMISES),
    ("clients/asking.py", 'raw = raw.replace(secret.encode(), b"***")', "pass", UNIT + "test_clients_llm.py"),
    ("clients/pace.py", "len(self._refused) == SEVERAL", "len(self._refused) == 99", PROMISES),
    ("clients/pace.py", "delay = bucket.take(n)", "delay = 0.0", UNIT + "test_clients_llm.py"),
    # a failure is never a number; thresholds
    (
        "stages/filter.py",
        "scores.append(math.nan if value is None else value)",
        "scores.append(value or 0.0)",
        PROMISES,
    ),
    ("selection/nearest.py", "if like >= threshold:", "if like > threshold:", PROMISES),
    ("statistics.py", "if n == 0 else", "if n == 1 else", UNIT + "test_compare.py"),
    ("statistics.py", "(1 + level) / 2", "level", PROMISES),
    ("evaluation/benchmarks/metrics.py", "2 * hits[c]", "hits[c]", UNIT + "test_kobest.py"),
    # problems are found before money is spent
    ("running/recipe.py", "problems += contract_problems(steps)", "pass", UNIT + "test_recipe.py"),
    (
        "running/run.py",
        "if recipe.max_usd is None and recipe.max_chars is None:",
        "if False:",
        PROMISES,
    ),
    (
        "running/run.py",
        "if not options.confirm(estimates):",
        "if False:",
        f"{UNIT}test_rate.py {UNIT}test_own_stage.py {UNIT}test_cli.py",
    ),
    ("options.py", 'extra="forbid"', 'extra="ignore"', UNIT + "test_recipe.py"),
    # the text and its labels
    (
        "artifacts/record.py",
        "for name in TEXT_FIELDS[3:] if",
        "for name in TEXT_FIELDS[4:] if",
        PROMISES,
    ),
    ("artifacts/artifact.py", "else sum(values)\n", "else max(values)\n", PROMISES),
    ("running/shards.py", 'row["index"] + total.n_in', 'row["index"]', "tests/e2e/test_shards.py"),
    ("selection/chance.py", "parts = [str(seed), ", 'parts = ["", ', UNIT + "test_sample.py"),
    ("selection/chance.py", "rest -= 1", "rest -= 0", UNIT + "test_sample.py"),
    (
        "translation/repairs/mend_record.py",
        "if not better(after, current):",
        "if False:",
        f"{UNIT}test_repair.py {UNIT}test_repair_harms_nothing.py",
    ),
    (
        "translation/repairs/mend_record.py",
        "return sure(original, now, issue, edit) and not",
        "return not",
        UNIT + "test_repair_harms_nothing.py",
    ),
]


def caught(mutant: tuple[str, str, str, str], home: Path) -> bool | None:
    """Tell whether the tests fail on a mutant; None when its text does not stand there exactly once."""
    name, old, new, tests = mutant
    path = home / "hunmin" / name
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        return None
    path.write_text(text.replace(old, new), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(home), "PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests.split()]
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=300)
        return done.returncode == 1
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(text, encoding="utf-8")


def main() -> int:
    found: list[bool | None] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        shutil.copytree(ROOT / "src" / "hunmin", home / "hunmin", ignore=shutil.ignore_patterns("__pycache__"))
        for mutant in MUTANTS:
            found.append(caught(mutant, home))
            word = {True: "caught", False: "SURVIVED", None: "NOT THERE"}[found[-1]]
            print(f"{word:9}  {mutant[0]}: {mutant[1].strip()[:70]} -> {mutant[2].strip()[:50]}", flush=True)
    n = sum(1 for f in found if f)
    print(f"{n} of {len(found)} caught")
    return 0 if n >= 0.85 * len(found) and None not in found else 1


if __name__ == "__main__":
    sys.exit(main())
