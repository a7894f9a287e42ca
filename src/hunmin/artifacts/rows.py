"""The rows that artifacts hold and stages hand to each other, as typed dicts: at run time they are the JSON itself.

A row that is a dict stays a dict, so that what is read from an older artifact is valid without a conversion; the type
says which keys it has. `NotRequired` keys are the ones that a reader must ask for with `.get`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

Notes = dict[str, Any]
"""What a stage tells of its work, by names of its own: JSON values, shown in the report and kept in the manifest."""
Estimate = dict[str, Any]
"""What a stage says before it runs: records, characters, tokens, cost, memory, by names of its own."""
JsonObject = dict[str, Any]
"""A JSON object from outside, of any shape until it is checked: a request, a reply, a source's row."""
Message = dict[str, Any]
"""One turn of a conversation as a template takes it: role, content, and what its family adds."""
Shown = dict[str, object]
"""A JSON object that is made to be written or shown, never read again here."""

Span = list[int]
"""[start, end) in code points."""


class Place(TypedDict):
    """New text over [start, end) of a field."""

    start: int
    end: int
    text: str


class Issue(TypedDict):
    """What a check found wrong in one text field of a record; `status` is open or mended.

    `proposal` is the mend that waits for a person, `asked` marks (while repair runs) what was asked again,
    `sure` is how sure a model said it was, 0 to 100.
    """

    code: str
    severity: str
    field: str
    source_span: Span | None
    target_span: Span | None
    detail: str
    status: str
    proposal: NotRequired[Place]
    sure: NotRequired[int]
    asked: NotRequired[bool]


class Repair(Place):
    """One edit that a repair made and kept, and the issue code it mended: `after` is `before` with `text` there."""

    field: str
    check: str
    before: str
    after: str


class Review(TypedDict):
    """What a person decided about a record; `before` holds the text of each edited field."""

    decision: str
    by: str
    before: NotRequired[dict[str, str]]
    kept_english: NotRequired[list[str]]
    note: NotRequired[str]


class Rating(TypedDict):
    """One rater's score of a record. `score` is null when there is none, and `status` says why: never a number."""

    rater: str
    model: str
    prompt: str | None
    scale: str
    score: float | None
    status: str
    reason: str
    key: NotRequired[str]


class Verdict(TypedDict):
    """What a judge said of one answer: a grade of one criterion, or (with `order`) which of two answers is better."""

    criterion: str
    turn: int
    scale: NotRequired[str]
    score: float | None
    weighted: NotRequired[float | None]
    order: NotRequired[str]
    choice: NotRequired[str | None]
    status: str
    reason: str
    key: str
    reply: NotRequired[str]


class JudgedAnswer(TypedDict):
    """A model's answer to one turn, as it was judged."""

    text: str
    n_tokens: int | None
    finish_reason: str
    status: str


class JudgedDocument(TypedDict):
    """One question of a judge's documents.jsonl: what was asked, answered and said of it."""

    model: str
    id: str
    category: str
    turns: list[str]
    answers: list[JudgedAnswer]
    verdicts: list[Verdict]


class Document(TypedDict):
    """One benchmark document of documents.jsonl: the prediction, never the benchmark's text."""

    model: str
    task: str
    num_fewshot: int
    protocol: str
    data: NotRequired[str]
    position: NotRequired[int]
    index: int
    gold: Any
    prediction: Any
    prediction_norm: NotRequired[int]
    loglikelihoods: NotRequired[list[float]]
    greedy: NotRequired[list[bool]]
    prompt: list[str]
    n_context_tokens: NotRequired[int]
    truncated: bool
    metrics: NotRequired[dict[str, float]]
    filter: NotRequired[str]
    answer: NotRequired[str]
    n_tokens: NotRequired[int]
    n_thinking: NotRequired[int]
    finish_reason: NotRequired[str]
    status: NotRequired[str]


class ScoreRow(TypedDict):
    """One score of scores.json, with its n and 95 % interval and how it was measured."""

    model: str
    task: str
    metric: str
    num_fewshot: int
    protocol: str
    value: float | None
    """None where nothing could be read: n is then 0."""
    ci_low: float | None
    ci_high: float | None
    n: int | None
    n_truncated: int | None
    n_unread: NotRequired[int]
    data: NotRequired[str]
    """The test rows' name and hash; shots and prompts do not change it. Only rows with equal `data` are joined."""
    fingerprint: NotRequired[str]
    """All that decides the value, `MODEL-WAY`: the model's content, and how it was measured."""
    bos_gap: NotRequired[float]
    """Nats a token that the model loses without BOS, where it was scored without."""
    n_bos_cut: NotRequired[int]
    """Documents whose BOS was cut off with the left of their context."""
    n_unfinished: NotRequired[int]
    """Answers whose thinking never ended."""
    chance: NotRequired[float]
    task_version: NotRequired[str]
    reference: NotRequired[str]
    scale: NotRequired[str]
    published_in: NotRequired[list[str]]
    label: NotRequired[str]


class Compared(TypedDict, total=False):
    """What two models' results on the same documents say, second minus first."""

    n: int
    only_first: int
    only_second: int
    mcnemar_p: float
    acc_difference: float
    macro_f1_difference: float
    macro_f1_low: float
    macro_f1_high: float
    mean_difference: float
    mean_low: float
    mean_high: float


class Difference(Compared):
    """Two models compared on one task in one way of measuring."""

    protocol: str
    task: str
    num_fewshot: int
    first: str
    second: str


def interval_of(row: ScoreRow) -> tuple[float, float] | None:
    """Give a score's 95 % interval; None when it was printed without one."""
    low, high = row.get("ci_low"), row.get("ci_high")
    return None if low is None or high is None else (low, high)


REWARD = "rewards_"
"""How a row of losses.json names trl's `rewards/chosen`: `rewards_chosen`; of the validation set, after `eval_`."""


class LossRow(TypedDict, total=False):
    """One logged step of losses.json; DPO's rewards beside the loss, and whatever else trl logged as a number."""

    step: int
    epoch: float
    loss: float
    eval_loss: float
    learning_rate: float
    grad_norm: float
    rewards_chosen: float
    rewards_rejected: float
    rewards_margins: float
    rewards_accuracies: float
    eval_rewards_chosen: float
    eval_rewards_rejected: float
    eval_rewards_margins: float
    eval_rewards_accuracies: float


class SpendRow(TypedDict):
    """`Spend` as JSON."""

    ledger: str | None
    max_usd: float | None
    max_chars: int | None
    confirmed: bool


class InputsRow(TypedDict):
    """`Inputs` as JSON, as a child process or a worker is told them."""

    label: str
    seed: int
    records: str | None
    model: str | None
    earlier: dict[str, str]
    spend: SpendRow
    in_flight: int
    expected: Estimate
    known: Notes


class ShardSpec(TypedDict):
    """What a worker is told of one task: the stage and its inputs, the part to work on and where its result goes."""

    stage: str
    config: Mapping[str, Any]
    inputs: InputsRow
    align: int
    parts: list[str]
    target: NotRequired[str]
    part: NotRequired[str]
    out: NotRequired[str]


class CountsRow(TypedDict):
    """`Counts` as JSON, as the manifest holds them."""

    n_in: int
    n_kept: int
    dropped: dict[str, int]
    notes: Notes
    n_dropped: int


class Identity(TypedDict):
    """What decides whether an artifact may be reused: stage, options, seed (in the hash), hashes of what goes in."""

    stage: str
    config: Mapping[str, Any]
    config_hash: str
    inputs: dict[str, str]
    identity: NotRequired[int]
    """How `inputs` are hashed (artifacts/identity.py); 0.1 did not say."""


class FileRow(TypedDict):
    """What a file of an artifact held when the stage ended: its size in bytes and its sha256."""

    size: int
    sha256: str


class Manifest(Identity):
    """manifest.json of a finished artifact: what made it, from what, with which result."""

    label: str
    output: str
    seed: int
    content_hash: str
    files: NotRequired[dict[str, FileRow]]
    """The artifact's content by file; 0.1 noted only the hash of it all."""
    counts: CountsRow
    versions: dict[str, str]
    seconds: float
    finished: str
