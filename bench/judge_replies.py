"""How judges' replies are read: the table of replies in the tests, counted as right, unread and wrong.

    python bench/judge_replies.py
    PYTHONPATH=OTHER/src python bench/judge_replies.py     # the same table with another version of hunmin

The replies are hunmin's own, written after the ways in which judges answer. Wrong is a score or winner that a person
would not read; unread is none where a person reads one.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from hunmin.evaluation.judging.replies import read_choice
from hunmin.raters.scores import read
from tests.unit.test_judge_reading import CHOSEN, NOT_CHOSEN
from tests.unit.test_replies_afresh import CHOICES, CHOICES_LEFT_UNREAD, SCORES, SCORES_LEFT_UNREAD
from tests.unit.test_scores import FRESH, READ, TEN, UNREAD


def main() -> None:
    scores = [(reply, score, read(reply, TEN).score) for reply, score in READ]
    scores += [(reply, None, read(reply, TEN).score) for reply, _ in UNREAD]
    scores += [(reply, score, read(reply, TEN).score) for reply, score in [*FRESH, *SCORES, *SCORES_LEFT_UNREAD]]
    choices = [(reply, choice, read_choice(reply)[0]) for reply, choice in CHOSEN]
    choices += [(reply, None, read_choice(reply)[0]) for reply in NOT_CHOSEN]
    choices += [(reply, choice, read_choice(reply)[0]) for reply, choice in [*CHOICES, *CHOICES_LEFT_UNREAD]]
    print("| what is read | replies | right | unread | wrong |\n|---|---|---|---|---|")
    for name, rows in (("a score of 0-10", scores), ("which of two", choices)):
        wrong = [(reply, found) for reply, right, found in rows if found is not None and found != right]
        unread = sum(found is None and right is not None for _, right, found in rows)
        print(f"| {name} | {len(rows)} | {len(rows) - unread - len(wrong)} | {unread} | {len(wrong)} |")
        for reply, found in wrong:
            print(f"  wrong: {found} of {reply!r}", file=sys.stderr)
    for name, rows, reader in (("scores", scores, lambda reply: read(reply, TEN)), ("choices", choices, read_choice)):
        begun = time.process_time()
        for _ in range(20):
            for reply, *_ in rows:
                reader(reply)
        print(f"{20 * len(rows) / (time.process_time() - begun):,.0f} {name} read a CPU second", file=sys.stderr)


if __name__ == "__main__":
    main()
