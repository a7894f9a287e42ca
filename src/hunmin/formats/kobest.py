"""KoBEST's five sets as they lie on the Hub and in its authors' files: names, columns, labels, digests of the rows.

Everything else that speaks of the five (evaluate, decontaminate, load's refusal, the model card) takes them from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

HUB = "skt/kobest_v1"
PARQUET = "refs/convert/parquet"  # the Hub's script-free copy of a data set that has only a loading script
VERSION = "kobest_v1"


@dataclass(frozen=True)
class Set:
    """One set: the Hub's `columns`, the authors' `tsv` columns -> the Hub's, and what their label means.

    `rows` are 12 hex digits of the test and the train rows (`task_rows.digest`), to tell them from other data;
    `told_by` the columns by which any row shows that it is of this set.
    """

    name: str
    columns: tuple[str, ...]
    told_by: frozenset[str]
    tsv: Mapping[str, str]
    label: Callable[[str], int]
    rows: tuple[str, str]

    @property
    def task(self) -> str:
        """The name lm-eval and the published tables have for it."""
        return f"kobest_{self.name}"


_TRUE = {"False": 0, "True": 1, "0": 0, "1": 1, "false": 0, "true": 1, "FALSE": 0, "TRUE": 1}

# Columns, labels and rows of v1.0: SKT-LSL/KoBEST_datarepo 2956e24.
BOOLQ = Set(
    name="boolq",
    columns=("paragraph", "question", "label"),
    told_by=frozenset(("paragraph", "question", "label")),
    tsv={"Text": "paragraph", "Question": "question", "Answer": "label"},
    label=_TRUE.__getitem__,
    rows=("139ee5e8f08a", "bf716874319a"),
)
COPA = Set(
    name="copa",
    columns=("premise", "question", "alternative_1", "alternative_2", "label"),
    told_by=frozenset(("premise", "question", "alternative_1", "alternative_2")),
    tsv={
        "sentence": "premise",
        "question": "question",
        "1": "alternative_1",
        "2": "alternative_2",
        "Answer": "label",
    },
    label=lambda text: int(text) - 1,
    rows=("e782701917ba", "ea71a753d5de"),
)
HELLASWAG = Set(
    name="hellaswag",
    columns=("context", "ending_1", "ending_2", "ending_3", "ending_4", "label"),
    told_by=frozenset(("context", "ending_1", "ending_2")),
    tsv={"context": "context", **{f"choice{i}": f"ending_{i}" for i in (1, 2, 3, 4)}, "label": "label"},
    label=int,
    rows=("e21d108e073b", "8ab2edfd1316"),
)
SENTINEG = Set(
    name="sentineg",
    columns=("sentence", "label"),
    told_by=frozenset(("sentence", "label")),
    tsv={"Text": "sentence", "sentence": "sentence", "Label": "label"},
    label=int,
    rows=("6769b893f960", "0a6974cd2790"),
)
WIC = Set(
    name="wic",
    columns=("word", "context_1", "context_2", "label"),
    told_by=frozenset(("word", "context_1", "context_2")),
    tsv={"Target": "word", "SENTENCE1": "context_1", "SENTENCE2": "context_2", "ANSWER": "label"},
    label=_TRUE.__getitem__,
    rows=("9f3e99e4a373", "983e84de7998"),
)

SETS: dict[str, Set] = {one.name: one for one in (BOOLQ, COPA, HELLASWAG, SENTINEG, WIC)}
TASKS: dict[str, Set] = {one.task: one for one in SETS.values()}
