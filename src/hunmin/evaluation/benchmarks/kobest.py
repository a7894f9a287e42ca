"""KoBEST as the published tables measured it: prompts, few-shot draws and order of documents of the harness protocol.

Source: Beomi/ko-lm-evaluation-harness b4bd6f6 (lm_eval/tasks/kobest.py, evaluator.py). Ours is stateless: the shots of
document i are a pure function of (number of test rows, number of train rows, k, i), whatever the limit or the number
of processes; the digests of tests/unit/goldens/prompt_digests.json hold for the full test sets.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import UserError
from ...formats import kobest as sets

SEED = 42  # the harness seeds one generator per task with 42; there is no option for it
SEPARATOR = "\n\n"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """One benchmark: `text` is what stands before the answer, `target` the answer inside a shot, `choices` what is
    scored after the query (its spacing may differ from the shot's: KoBEST's COPA and BoolQ depend on it)."""

    name: str
    columns: tuple[str, ...]
    labels: int
    text: Callable[[Row], str]
    target: Callable[[Row], str]
    choices: Callable[[Row], list[str]]
    strip_query: bool = False
    metrics: tuple[str, ...] = ("macro_f1", "acc")


@dataclass(frozen=True)
class Item:
    """One document ready to be scored: `index` is its row in the test file, `position` its place in the order."""

    position: int
    index: int
    context: str
    choices: tuple[str, ...]
    gold: int
    shots: tuple[int, ...]

    def lengths(self) -> list[int]:
        """Give the characters of each choice without the space before it: what acc_norm divides by."""
        return [len(c.removeprefix(" ")) for c in self.choices]

    def digests(self) -> list[str]:
        """Give 12 hex digits of sha256(context NUL choice) for each choice: the text's fingerprint without the text."""
        return [hashlib.sha256(f"{self.context}\0{c}".encode()).hexdigest()[:12] for c in self.choices]


def draws(n_test: int, n_train: int, k: int) -> tuple[list[int], list[tuple[int, ...]]]:
    """Give the order of the test rows and, for each place in that order, the train rows of its shots.

    Raises UserError when there are fewer train rows than shots.
    """
    if k > n_train:
        raise UserError(f"{k} shots asked, but only {n_train} train rows", mend="Ask for fewer shots.")
    chance = random.Random(SEED)
    order = list(range(n_test))
    chance.shuffle(order)
    return order, [tuple(chance.sample(range(n_train), k)) if k else () for _ in order]


def fixed_draw(n_test: int, n_train: int, k: int) -> tuple[list[int], list[tuple[int, ...]]]:
    """Give the same order with one draw of shots for all (protocol `harness-fixed`, not the published one)."""
    order, shots = draws(n_test, n_train, k)
    return order, [shots[0]] * len(order) if order else []


def items(
    task: Task,
    test: Sequence[Row],
    train: Sequence[Row],
    k: int,
    limit: int | None = None,
    fixed: bool = False,
) -> list[Item]:
    """Give the first `limit` documents (None = all) of the protocol's order with k shots each."""
    order, shots = (fixed_draw if fixed else draws)(len(test), len(train), k)
    found = []
    for position, index in enumerate(order[:limit]):
        row = test[index]
        examples = [task.text(train[j]) + task.target(train[j]) for j in shots[position]]
        context = SEPARATOR.join([*examples, task.text(row)])
        if task.strip_query:
            context = context.strip()
        found.append(Item(position, index, context, tuple(task.choices(row)), int(row["label"]), shots[position]))
    return found


# --- the five tasks; double spaces and missing spaces are the protocol's ---


def _boolq(row: Row) -> str:
    return (
        f"내용: {row['paragraph']}\n질문: 다음 문장이 내용에 있는 사실과 일치하는가?\n문장: {row['question']}\n응답: "
    )


def _copa(row: Row) -> str:
    return str(row["premise"]) + " " + {"원인": "왜냐하면", "결과": "그래서"}[row["question"].strip()]


def _copa_choices(row: Row) -> list[str]:
    return [row["alternative_1"], row["alternative_2"]]


def _hellaswag_choices(row: Row) -> list[str]:
    return [f" {row[f'ending_{i}']}" for i in (1, 2, 3, 4)]


def _wic(row: Row) -> str:
    return (
        f"문장1: {row['context_1']}\n문장2: {row['context_2']}\n"
        f"질문: 문장1과 문장2에서 쓰인 단어 [{row['word']}]가 같은 뜻으로 쓰였나?\n응답: "
    )


def _pick(words: Sequence[str]) -> tuple[Callable[[Row], str], Callable[[Row], list[str]]]:
    return lambda row: words[int(row["label"])], lambda row: list(words)


_BOOLQ_TARGET, _BOOLQ_CHOICES = _pick((" 아니오", " 예"))
_SENTINEG_TARGET, _SENTINEG_CHOICES = _pick((" (부정)", " (긍정)"))
_WIC_TARGET, _WIC_CHOICES = _pick(("아니오", "예"))

BOOLQ = Task(
    name=sets.BOOLQ.task,
    columns=sets.BOOLQ.columns,
    labels=2,
    text=_boolq,
    target=_BOOLQ_TARGET,
    choices=_BOOLQ_CHOICES,
)
COPA = Task(
    name=sets.COPA.task,
    columns=sets.COPA.columns,
    labels=2,
    text=_copa,
    target=lambda row: " " + _copa_choices(row)[int(row["label"])],
    choices=_copa_choices,
    strip_query=True,
)
HELLASWAG = Task(
    name=sets.HELLASWAG.task,
    columns=sets.HELLASWAG.columns,
    labels=4,
    text=lambda row: row["context"],
    target=lambda row: _hellaswag_choices(row)[int(row["label"])],
    choices=_hellaswag_choices,
    metrics=("macro_f1", "acc", "acc_norm"),
)
SENTINEG = Task(
    name=sets.SENTINEG.task,
    columns=sets.SENTINEG.columns,
    labels=2,
    text=lambda row: row["sentence"],
    target=_SENTINEG_TARGET,
    choices=_SENTINEG_CHOICES,
)
WIC = Task(
    name=sets.WIC.task,
    columns=sets.WIC.columns,
    labels=2,
    text=_wic,
    target=_WIC_TARGET,
    choices=_WIC_CHOICES,
)
