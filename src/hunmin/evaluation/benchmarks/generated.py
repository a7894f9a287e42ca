"""Benchmarks whose answers are generated (protocol `chat`): IFEval in Korean, word problems, letters of a choice.

Every task reads a packaged file, `data: FOLDER` (its `<task>.jsonl`), or the Hub; none of the public items is shipped.
A folder that also holds `<task>-shots.jsonl` has worked examples: with `num_fewshot` k above 0 the first k of them
stand before every question as plain text, no template and BOS first (protocol `plain`): the way to ask a base model.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ... import PACKAGE, statistics
from ...artifacts.identity import hash_of
from ...artifacts.rows import Document, ScoreRow
from ...errors import UserError
from ...formats.files import read_rows
from ...measures import constraints as verifying
from ...measures.final_answer import final_answer, number
from ...tables import resolve
from ...text.compose import compose_in
from . import GENERATED, behaviour, gold_answers, letters
from .answering import Answered, Question
from .ifeval_public import constraints_of

PROTOCOL = "chat"
PLAIN = "plain"  # worked examples as text, whoever answers
Row = Mapping[str, Any]
ASK, SAY = "질문:", "답:"
IFEVAL = PACKAGE / "data" / "ifeval_ko.jsonl"


@dataclass(frozen=True)
class Generated:
    """One such benchmark: `question(row, id)` reads a row, `score(answer, question)` gives numbers by metric name.

    `shares` are metrics of several yes or no a question, told apart by it; `packaged` is our own file, `hub` a
    (repository, config, split). `worked(row)` gives the answer of a worked example; a task without it takes no shots.
    """

    name: str
    question: Callable[[Row, str], Question]
    score: Callable[[str, Question], dict[str, list[bool]]]
    packaged: Path | None = None
    hub: tuple[str, str | None, str] | None = None
    worked: Callable[[Row], str] | None = None


def _ifeval(row: Row, key: str) -> Question:
    given, prompt = row.get("constraints"), row.get("prompt")
    if given is None:
        given = constraints_of(row, key)
    if not isinstance(prompt, str) or not prompt.strip():
        raise UserError("no prompt", key, "Mend the row.")
    if not given:
        raise UserError("no constraint", key, "Every answer would be right: take the row out.")
    return Question(key, [{"role": "user", "content": prompt}], given)


def _verified(answer: str, question: Question) -> dict[str, list[bool]]:
    strict, loose = verifying.strict(answer, question.gold), verifying.loose(answer, question.gold)
    return {
        "prompt_strict": [all(strict)],
        "instruction_strict": strict,
        "prompt_loose": [all(loose)],
        "instruction_loose": loose,
    }


def _maths(row: Row, key: str) -> Question:
    text = row.get("question") or row.get("kor_question") or row.get("problem")
    gold = next((row[k] for k in ("answer", "gold") if row.get(k) not in (None, "")), None)
    if not isinstance(text, str) or gold is None:
        raise UserError("no question and answer", key, "A row needs question and answer.")
    if number(str(gold)) is None:
        raise UserError(f"no number in the answer {str(gold)[:60]!r}", key, "No model could be right: mend the row.")
    return Question(key, [{"role": "user", "content": text}], str(gold))


def _reasoned(row: Row) -> str:
    return next((str(row[k]) for k in ("reason", "kor_answer", "output", "answer") if row.get(k) not in (None, "")), "")


def _right(answer: str, question: Question) -> dict[str, list[bool]]:
    return {"acc": [final_answer(answer, {"gold": question.gold}) == 1]}


IFEVAL_KO = Generated("ifeval_ko", _ifeval, _verified, packaged=IFEVAL)
IFEVAL_PUBLIC = Generated("ifeval_ko_public", _ifeval, _verified, hub=("allganize/IFEval-Ko", None, "train"))
MATHS_KO = Generated("maths_ko", _maths, _right, worked=_reasoned)
REDUX = ("LGAI-EXAONE/KMMLU-Redux", None, "test")
KMMLU_REDUX = Generated("kmmlu_redux", letters.of_options, letters.score, hub=REDUX)
KMMLU_PRO = Generated("kmmlu_pro", letters.of_options, letters.score, hub=("LGAI-EXAONE/KMMLU-Pro", None, "test"))
KOBALT = Generated("kobalt", letters.of_kobalt, letters.score, hub=("snunlp/KoBALT-700", "kobalt_v1", "raw"))


def file_of(name: str, data: str) -> Path | None:
    """Give the file of a folder that holds a task's rows, or None."""
    paths = (Path(data) / f"{name}{suffix}" for suffix in (".jsonl", ".json", ".csv", ".parquet"))
    return next((path for path in paths if path.is_file()), None)


def read(task: Generated, data: str | None, revision: str | None = None) -> tuple[list[Question], str]:
    """Give a task's questions and the name and hash of its rows. Raises UserError where it has none."""
    path = task.packaged
    if data is not None:
        path = file_of(task.name, data) or path
    if path is not None:
        found = [(str(path), row) for _, row in read_rows(path)]
    elif task.hub is not None and data is None:
        found = [(task.hub[0], dict(row)) for row in _hub(*task.hub, revision)]
    else:
        where = f"{task.name}.jsonl"
        raise UserError(f"no rows of '{task.name}'", "data", f"Give data: a folder with {where}.")
    questions = []
    for i, (where, row) in enumerate(found):
        if not isinstance(row, Mapping):
            raise UserError(getattr(row, "why", "not a row"), f"{where}: row {i + 1}", "Mend the file.")
        key = str(next((row[k] for k in ("id", "key") if row.get(k) not in (None, "")), i))
        questions.append(task.question(compose_in(dict(row)), key))
    gold_answers.warn_if_repeated(task.name, [[q.messages, q.gold] for q in questions])
    if not questions or len({q.id for q in questions}) != len(questions):
        raise UserError("no rows, or two with one id", task.name, "Give each row its id.")
    name = task.name if path is not None and path == task.packaged else Path(data or found[0][0]).name
    name = name if data or task.packaged else found[0][0]
    return questions, f"{name}@{hash_of([[q.messages, q.gold] for q in questions])[:8]}"


def shots_of(task: Generated, data: str | None, asked: Sequence[int]) -> list[int]:
    """Give the numbers of shots a task is asked with: those asked for where it has worked examples, else none."""
    has = task.worked is not None and data is not None and file_of(f"{task.name}-shots", data) is not None
    return list(dict.fromkeys(asked)) if has else [0]


def asked_plain(tasks: Sequence[str], data: str | None, shots: Sequence[int]) -> list[str]:
    """Give those of the tasks that these shots ask as plain text."""
    own = [name.lower() for name in tasks if name.lower() in GENERATED]
    return [name for name in own if any(shots_of(resolve(GENERATED, name, "task"), data, shots))]


def with_shots(task: Generated, questions: Sequence[Question], data: str, n: int) -> list[Question]:
    """Give the questions with the first `n` worked examples of the folder before each, as one plain text.

    Raises UserError where there are fewer, or where one of them is itself a question.
    """
    path = file_of(f"{task.name}-shots", data)
    if path is None or task.worked is None:
        raise UserError("no worked examples", f"{task.name}-shots.jsonl", "Set num_fewshot: 0, or put the file there.")
    rows = [(where, row) for where, row in read_rows(path) if isinstance(row, Mapping)]
    examples = [(task.question(row, where), task.worked(row)) for where, row in rows[:n]]
    if len(examples) < n:
        raise UserError(f"{len(examples)} worked examples, {n} asked for", str(path), "Lower num_fewshot.")
    asked = {q.messages[-1]["content"] for q in questions}
    for question, _ in examples:
        if question.messages[-1]["content"] in asked:
            raise UserError("a worked example is one of the questions", question.id, "Take it out of one of the files.")
    before = "".join(f"{ASK} {q.messages[-1]['content']}\n{SAY} {answer.strip()}\n\n" for q, answer in examples)
    return [
        replace(q, plain=f"{before}{ASK} {q.messages[-1]['content']}\n{SAY}", stop=(f"\n{ASK}",)) for q in questions
    ]


def _hub(repo: str, config: str | None, split: str, revision: str | None) -> Sequence[Row]:
    import datasets

    try:
        rows: Sequence[Row] = datasets.load_dataset(repo, config, split=split, revision=revision)
    except (ConnectionError, FileNotFoundError, OSError) as error:
        raise UserError(
            f"the Hub cannot be reached for {repo}: {type(error).__name__}",
            "data",
            "Give data: a folder with its rows.",
        ) from error
    return rows


def protocol_of(num_fewshot: int) -> str:
    """Give the protocol's name: worked examples make it another benchmark."""
    return PLAIN if num_fewshot else PROTOCOL


def documents(
    task: Generated,
    model: str,
    data: str,
    questions: Sequence[Question],
    answers: Sequence[Answered],
    num_fewshot: int = 0,
) -> list[Document]:
    """Give documents.jsonl's rows: what was answered and how it scored, not the question."""
    places = {q.id: i for i, q in enumerate(questions)}
    found: list[Document] = []
    for answer in answers:
        question = questions[places[answer.id]]
        scored = task.score(answer.text, question)
        row: Document = {
            "model": model,
            "task": task.name,
            "num_fewshot": num_fewshot,
            "protocol": protocol_of(num_fewshot),
            "data": data,
            "index": places[answer.id],
            "gold": None,
            "prediction": None,
            "prompt": [
                hashlib.sha256((question.plain or str(question.messages)).encode()).hexdigest()[:12],
                str(answer.sample),
            ],
            "truncated": answer.finish_reason == "length",
            "metrics": {k: math.fsum(v) / len(v) for k, v in scored.items() if v},
            "answer": answer.text,
            "n_tokens": answer.n_tokens,
            "n_thinking": answer.n_thinking,
            "finish_reason": answer.finish_reason,
            "status": answer.status,
        }
        found.append(row)
    return found


def score_rows(
    task: Generated,
    model: str,
    data: str,
    questions: Sequence[Question],
    answers: Sequence[Answered],
    num_fewshot: int = 0,
) -> list[ScoreRow]:
    """Give the task's rows, then the behaviour rows. Intervals are over questions: their samples belong together."""
    by_id = {q.id: q for q in questions}
    hits: dict[str, dict[str, list[bool]]] = {}
    for answer in answers:
        for metric, kept in task.score(answer.text, by_id[answer.id]).items():
            hits.setdefault(metric, {}).setdefault(answer.id, []).extend(kept)
    found: list[ScoreRow] = []
    for metric, of_question in hits.items():
        values = list(of_question.values())
        n = sum(map(len, values))
        if all(len(v) == 1 for v in values):
            low, high = statistics.wilson(sum(v[0] for v in values), n)
        else:
            low, high = statistics.ratio_interval([sum(v) for v in values], [len(v) for v in values])
        found.append(
            {
                "model": model,
                "task": task.name,
                "metric": metric,
                "num_fewshot": num_fewshot,
                "protocol": protocol_of(num_fewshot),
                "value": round(sum(map(sum, values)) / n, 6),
                "ci_low": round(low, 6),
                "ci_high": round(high, 6),
                "n": len(values) if metric.startswith("prompt") else n,
                "n_truncated": sum(a.finish_reason == "length" for a in answers),
                "n_unfinished": sum(a.status == "unfinished" for a in answers),
                "n_unread": sum(a.status not in ("ok", "unfinished") for a in answers),
                "data": data,
            }
        )
    return found + behaviour.rows(model, task.name, protocol_of(num_fewshot), data, questions, answers, num_fewshot)
