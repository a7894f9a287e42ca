"""Asks the judge: one grade a criterion and turn, or which of two answers is better, shown in both orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...artifacts import progress
from ...artifacts.artifact import Inputs
from ...artifacts.rows import JudgedDocument, Notes, Shown, Verdict
from ...clients.units import OK, chat
from ...raters import wording
from ...raters.asked import EXPECT_TOKENS, Asker, reply_text
from ..benchmarks.bounded import each
from .answers import Answer, Answers
from .criteria import PAIR_VALUES, PAIRWISE, VALUES, CriteriaSet, Criterion
from .questions import Question
from .replies import read_choice, weighted_score

SAID = {"ko": ("질문", "답변"), "en": ("question", "answer")}
ORDERS = ("ours_first", "ours_second")
KEPT_CHARS = 300  # of a reply that could not be read, for people


@dataclass(frozen=True)
class Job:
    """One grade to ask for: of `model`'s answer to turn `turn`, by `criterion`; pairwise jobs have an order instead."""

    model: str
    question: Question
    turn: int
    criterion: Criterion | None = None
    order: str = ""


def load_wording(name: str | None, criteria: CriteriaSet) -> wording.Wording:
    """Give the judge's prompt for these criteria: the shipped one of the language, or a file."""
    if criteria.name == PAIRWISE:
        return wording.load(
            name or f"pairwise_{criteria.language}", "judge", PAIR_VALUES, ("answer_a", "answer_b"), "judge.prompt"
        )
    return wording.load(name or criteria.language, "judge", VALUES, ("answer",), "judge.prompt")


def jobs_of(model: str, questions: Sequence[Question], criteria: CriteriaSet) -> list[Job]:
    """Give everything to ask about one model's answers, in document order."""
    if criteria.name == PAIRWISE:
        return [Job(model, q, len(q.turns) - 1, None, order) for q in questions for order in ORDERS]
    return [Job(model, q, turn, c) for q in questions for turn in range(len(q.turns)) for c in criteria.criteria]


def expected_rows(names: Sequence[str], questions: Sequence[Question], criteria: CriteriaSet) -> list[Shown]:
    """Give what `agreement.report` will read of the verdicts, all still unread."""
    jobs = [job for name in names for job in jobs_of(name, questions, criteria)]
    return [
        {
            "model": job.model,
            "id": job.question.id,
            "criterion": job.criterion.key if job.criterion else PAIRWISE,
            "turn": job.turn if job.criterion else 0,
            "score": None,
        }
        for job in jobs
    ]


def conversation(question: Question, turn: int, answers: Answers, language: str) -> str:
    """Give what the last answer answers: one turn as it is, several with the answers between them."""
    if turn == 0:
        return question.turns[0].text
    asked, said = SAID[language]
    parts = []
    for i in range(turn + 1):
        parts.append(f"[{asked}]\n{question.turns[i].text}")
        if i < turn:
            parts.append(f"[{said}]\n{answers[question.id, i].text}")
    return "\n\n".join(parts)


def grade_values(job: Job, answers: Answers, language: str) -> dict[str, str]:
    """Give what the grading prompt's placeholders stand for."""
    criterion = job.criterion
    assert criterion is not None
    return {
        "criterion": criterion.name,
        "definition": criterion.definition,
        "question": conversation(job.question, job.turn, answers, language),
        "answer": answers[job.question.id, job.turn].text,
        "reference": job.question.turns[job.turn].reference,
        "low": f"{criterion.scale.low:g}",
        "high": f"{criterion.scale.high:g}",
        "whole": "1" if criterion.scale.whole else "",
    }


def pair_values(job: Job, answers: Answers, opponent: Answers, language: str) -> dict[str, str]:
    """Give what the pairwise prompt's placeholders stand for; several turns are shown as one numbered answer."""
    turns = range(len(job.question.turns))

    def joined(texts: list[str]) -> str:
        return texts[0] if len(texts) == 1 else "\n\n".join(f"({i}) {text}" for i, text in enumerate(texts, 1))

    ours = joined([answers[job.question.id, i].text for i in turns])
    theirs = joined([opponent[job.question.id, i].text for i in turns])
    first, second = (ours, theirs) if job.order == "ours_first" else (theirs, ours)
    return {
        "question": joined([job.question.turns[i].text for i in turns]),
        "answer_a": first,
        "answer_b": second,
        "reference": job.question.turns[-1].reference,
    }


async def grade(
    job: Job, answers: Answers, asker: Asker, prompt: wording.Wording, language: str, weighted: bool
) -> Verdict:
    """Give the verdict of one job; an answer that is none is not shown to the judge."""
    criterion = job.criterion
    assert criterion is not None
    missing = _missing([answers[job.question.id, i] for i in range(job.turn + 1)])
    row: Verdict = {
        "criterion": criterion.key,
        "turn": job.turn,
        "scale": criterion.scale.name,
        "score": None,
        "weighted": None,
        "status": "no_answer",
        "reason": missing,
        "key": "",
    }
    if missing:
        return row
    asked = await asker.score(
        prompt.fill(grade_values(job, answers, language)),
        criterion.scale,
        record=job.question.id,
        field=f"judge.{criterion.key}.{job.turn}",
        prompt=prompt.name,
    )
    found = None
    if weighted and asked.score is not None:
        found = weighted_score(asked.tokens, criterion.scale, asked.score)
    row["score"], row["weighted"] = asked.score, round(found, 6) if found is not None else None
    row["status"], row["reason"], row["key"] = asked.status, asked.reason, asked.key
    if asked.score is None:
        row["reply"] = reply_text(asked.raw)[:KEPT_CHARS]
    return row


async def prefer(
    job: Job, answers: Answers, opponent: Answers, client: Any, prompt: wording.Wording, language: str, asks: int
) -> Verdict:
    """Give the verdict of one order; an unread reply is asked for again up to `asks` times in all."""
    turns = range(len(job.question.turns))
    missing = _missing([a[job.question.id, i] for a in (answers, opponent) for i in turns])
    row: Verdict = {
        "criterion": PAIRWISE,
        "turn": job.turn,
        "order": job.order,
        "choice": None,
        "score": None,
        "status": "no_answer",
        "reason": missing,
        "key": "",
    }
    if missing:
        return row
    messages = prompt.fill(pair_values(job, answers, opponent, language))
    for repeat in range(asks):
        answer = await client.ask(
            chat(
                messages,
                record=job.question.id,
                field=f"judge.{PAIRWISE}.{job.order}",
                prompt=prompt.name,
                repeat=repeat,
                expect_tokens=EXPECT_TOKENS,
            )
        )
        choice, reason = read_choice(answer.text) if answer.text else (None, answer.detail)
        status = "ok" if choice else "unparsed" if answer.status == OK else answer.status
        row["choice"], row["status"], row["reason"], row["key"] = choice, status, reason, answer.key
        row.pop("reply", None)
        if choice or status not in ("unparsed", "empty", "cut_off"):
            break
        row["reply"] = reply_text(answer.raw)[:KEPT_CHARS]
    return row


def _missing(answers: list[Answer]) -> str:
    failed = next((a for a in answers if a.status != OK), None)
    return f"there is no answer to judge: {failed.status}" if failed else ""


async def answer_by_endpoint(question: Question, client: Any, answers: Answers) -> None:
    """Fill in an endpoint's answers to one question, turn by turn; an answer cut at its limit is still an answer."""
    from .answers import messages_at

    for turn in range(len(question.turns)):
        messages = messages_at(question, turn, answers, keep_input=False)
        got = await client.ask(chat(messages, record=question.id, field=f"answer.{turn}"))
        text = got.text or (reply_text(got.raw).strip() if got.status == "cut_off" else "")
        ok = got.status == OK or (got.status == "cut_off" and bool(text))
        answers[question.id, turn] = Answer(
            text,
            got.usage.get("out_tokens"),
            "length" if got.status == "cut_off" else "stop" if ok else "",
            OK if ok else got.status,
        )
        if not ok:
            for later in range(turn + 1, len(question.turns)):
                answers[question.id, later] = Answer("", None, "", got.status)
            return


def judge_all(
    config: Any,
    inputs: Inputs,
    questions: Sequence[Question],
    criteria: CriteriaSet,
    prompt: wording.Wording,
    names: list[str],
    answers: dict[str, Answers],
    opponent: Answers | None,
) -> tuple[list[JudgedDocument], Notes]:
    """Give the documents of all models, judged by one endpoint, and what it cost."""
    import asyncio

    from ...clients.openai_chat import open_for

    jobs = [job for name in names for job in jobs_of(name, questions, criteria)]
    done: dict[int, Verdict] = {}
    with open_for(config, inputs) as client:
        asker = Asker(client, config.structured, config.asks, config.weighted)

        async def ask(numbered: tuple[int, Job]) -> None:
            i, job = numbered
            ours = answers[job.model]
            if job.order:
                assert opponent is not None
                done[i] = await prefer(job, ours, opponent, client, prompt, config.language, config.asks)
            else:
                done[i] = await grade(job, ours, asker, prompt, config.language, config.weighted)

        tick = progress.bar(inputs.label, len(jobs), "verdict")
        try:
            asyncio.run(each(enumerate(jobs), ask, inputs.in_flight, tick))
        finally:
            tick(0, done=True)
        paid_for = client.report()
    documents: list[JudgedDocument] = []
    by_question: dict[tuple[str, str], list[Verdict]] = {}
    for i, job in enumerate(jobs):
        by_question.setdefault((job.model, job.question.id), []).append(done[i])
    for name in names:
        for q in questions:
            said = [answers[name][q.id, turn] for turn in range(len(q.turns))]
            documents.append(
                {
                    "model": name,
                    "id": q.id,
                    "category": q.category,
                    "turns": [turn.text for turn in q.turns],
                    "answers": [
                        {"text": a.text, "n_tokens": a.n_tokens, "finish_reason": a.finish_reason, "status": a.status}
                        for a in said
                    ],
                    "verdicts": by_question[name, q.id],
                }
            )
    return documents, paid_for
