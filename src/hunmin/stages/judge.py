"""Answer a question set and have the answers graded by a judge model (G-Eval); scores with intervals, and a plot each.

Answers come from local models (any template and adapter, batched by length), from an endpoint, or from a file; every
grade is one request through the ledger, read strictly: an unread verdict has a status and no number.
Source: G-Eval (arXiv 2303.16634); nlpai-lab/KULLM's two judge tables; both orders for pairwise as in MT-Bench
(arXiv 2306.05685).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import field_validator

from .. import PACKAGE
from ..artifacts.artifact import DOCUMENTS, SCORES, Counts, Inputs, hash_of, read_manifest, write_atomic
from ..artifacts.record import read_jsonl, write_jsonl
from ..artifacts.rows import Estimate, JudgedDocument, Notes, ScoreRow, interval_of
from ..clients.access import Access, HubId
from ..errors import UserError
from ..evaluation.judging import score_rows as scoring
from ..evaluation.judging.answers import Answers, given_answers
from ..evaluation.judging.criteria import PAIRWISE, CriteriaSet, load_criteria
from ..evaluation.judging.questions import Question, read_questions
from ..options import Endpoint, ModelOptions, opt
from ..report import charts

if TYPE_CHECKING:  # it opens models, which a recipe's check must not load
    from ..evaluation.judging.answerers import Contestant

log = logging.getLogger("hunmin")
SAMPLE = PACKAGE / "data" / "questions.jsonl"

READS: tuple[str, ...] = ()
EDITS: tuple[str, ...] = ()
ADDS: tuple[str, ...] = ()
KIND = "model"
INPUT = "model?"
OUTPUT = "scores"


class Config(Endpoint, ModelOptions):
    questions: str = opt("sample", "The question set: a .jsonl or .json file, or sample (the bundled one).")
    use_references: bool = opt(False, "Show the question set's own answers to the judge as reference answers.")
    limit: int | None = opt(None, "Only the first so many questions.", ge=1)
    models: list[str] = opt(["newest"], "What answers: newest, base, a stage's label, a folder, a Hub id, tiny:llama.")
    answers: list[str] = opt([], "Ready answers: JSONL files {id, answer}, one a model; `models` then only names them.")
    answer_base_url: str | None = opt(None, "An OpenAI-compatible server that answers; `models` are then its models.")
    answer_api_key_env: str | None = opt(None, "The environment variable that holds the answering server's key.")
    answer_request: dict[str, Any] = opt(
        {}, "Fields of the answering request (max_tokens, temperature), passed through."
    )
    template: str | None = opt(None, "Template for local models; null is each model's own.")
    max_new_tokens: int = opt(512, "Tokens a local model's answer may have.", ge=1)
    temperature: float = opt(0.0, "Of local models; 0 is greedy.", ge=0)
    top_p: float = opt(1.0, "Nucleus sampling.", gt=0, le=1)
    num_beams: int = opt(1, "Beam search with so many beams (KULLM: 5).", ge=1)
    repetition_penalty: float = opt(1.0, "Over 1 discourages repetition.", gt=0)
    batch_size: int = opt(8, "Answers generated at once.", ge=1)
    model: str = opt(..., "The judge: the endpoint's model name.")
    criteria: str = opt("kullm-v2", "kullm-v2, kullm-v3, score-100, pairwise, or a YAML file of criteria.")
    language: Literal["ko", "en"] = opt("ko", "The language the judge is asked in.")
    prompt: str | None = opt(None, "A text file in place of the judge's prompt (with {question} and {answer}).")
    structured: Literal["auto", "schema", "text"] = opt(
        "text", "Ask for JSON by schema (schema), for plain text (text), or for JSON if the server takes it (auto)."
    )
    asks: int = opt(2, "How often a reply without a readable grade is asked for in all.", ge=1, le=5)
    weighted: bool = opt(False, "Also weight grades by the judge's own probabilities (G-Eval), where it gives them.")
    reference: str | None = opt(
        None, "The model = 100, or pairwise the opponent: one of `models`, or a judge artifact."
    )
    agreement: str | None = opt(None, "Human labels {id, criterion, score}: how far the judge agrees with people.")

    @field_validator("models", "answers", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


def check(config: Config) -> list[str]:
    """Give what is wrong with the options before anything runs."""
    from ..evaluation.judging.verdicts import load_wording

    found = []
    try:
        load_wording(config.prompt, load_criteria(config.criteria, config.language))
    except UserError as error:
        found.append(str(error))
    if config.criteria == PAIRWISE and not config.reference:
        found.append("judge.reference: pairwise needs an opponent; name one of `models`, or a judge artifact.")
    if config.criteria == PAIRWISE and config.weighted:
        found.append("judge.weighted: pairwise verdicts have no grade to weight.")
    if config.answers and config.answer_base_url:
        found.append("judge.answers and judge.answer_base_url: give one of them.")
    if config.answers and config.models not in (["newest"],) and len(config.answers) != len(config.models):
        found.append(f"judge.answers: {len(config.answers)} files for {len(config.models)} names in models.")
    if config.agreement and not Path(config.agreement).is_file():
        found.append(f"judge.agreement: no such file {config.agreement}.")
    if config.answer_base_url and config.models == ["newest"]:
        found.append("judge.models: name the models of answer_base_url.")
    return found


def files(config: Config) -> list[Path]:
    """Give the local files whose content decides the result."""
    named = [config.prompt, config.criteria, config.template, config.agreement]
    found = [Path(name) for name in named if name and Path(name).is_file()]
    found += [Path(config.questions)] if config.questions != "sample" else []
    found += [Path(name) for name in config.answers if not Path(name).is_dir()]
    found += [Path(name) / DOCUMENTS for name in (config.reference, *config.answers) if name and Path(name).is_dir()]
    recorded = [
        u.removeprefix("recorded:") for u in (config.base_url, config.answer_base_url) if u and "recorded:" in u
    ]
    from ..models import local_folders

    return [*found, *map(Path, recorded), *local_folders(config.models)]


def hub(config: Config) -> list[HubId]:
    """Give the models that answer here, where they are no label of the run."""
    elsewhere = bool(config.answers) or config.answer_base_url is not None
    return [] if elsewhere else [("model", name) for name in config.models if "/" in name or Path(name).is_dir()]


def versions(config: Config) -> dict[str, int]:
    """Give the version of the judge's protocol, which is how it is asked and read."""
    from ..evaluation.benchmarks.fingerprint import VERSIONS

    return {"judge": VERSIONS["judge"]}


def services(config: Config) -> list[Access]:
    """Give the judge's endpoint and the answering one."""
    from ..clients import openai_chat

    answering = config.answer_base_url is not None
    return [
        *openai_chat.services(config.base_url, config.api_key_env, config.model, config.free),
        *(openai_chat.services(config.answer_base_url, config.answer_api_key_env) if answering else []),
    ]


def paid(config: Config) -> bool:
    """Judge and answering endpoints cost money unless they run on this machine or are recorded."""
    from ..raters.asked import is_free

    url = config.answer_base_url
    answering = url is not None and not all(is_free(url, name) for name in config.models)
    return answering or not is_free(config.base_url, config.model, config.free)


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Give what judging would take, with answers as long as max_new_tokens allows; nothing is sent."""
    from . import full_size

    if config.agreement:
        from ..evaluation.judging import agreement

        agreement.labels_of(Path(config.agreement))  # found broken before anything is judged, not after
    known = full_size.judge(config, inputs)
    if known is not None:
        return known
    from ..clients import openai_chat as llm
    from ..clients.units import chat
    from ..evaluation.judging import verdicts
    from ..evaluation.judging.answers import Answer
    from ..raters.asked import EXPECT_TOKENS

    (questions, _), criteria = _questions(config), load_criteria(config.criteria, config.language)
    prompt = verdicts.load_wording(config.prompt, criteria)
    stand_in = Answer("가" * int(config.max_new_tokens * 1.4))
    answers = {(q.id, turn): stand_in for q in questions for turn in range(len(q.turns))}
    n_models = len(config.answers or config.models)
    units = []
    for k in range(n_models):
        for job in verdicts.jobs_of("", questions, criteria):
            values = (
                verdicts.pair_values(job, answers, answers, config.language)
                if job.order
                else verdicts.grade_values(job, answers, config.language)
            )
            units.append(
                chat(prompt.fill(values), expect_tokens=EXPECT_TOKENS, repeat=k * 2 + (job.order == "ours_first"))
            )
    found = llm.estimate(units, model=config.model, base_url=config.base_url, request=config.request, free=config.free)
    return {"questions": len(questions), "models": n_models, "at_most": True, **found}


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Answer, judge, and leave scores.json, documents.jsonl and a plot for each criterion."""
    from ..evaluation.benchmarks.fingerprint import of_way
    from ..evaluation.judging import agreement, verdicts
    from ..evaluation.judging import answerers as who

    out.mkdir(parents=True, exist_ok=True)
    (questions, data), criteria = _questions(config), load_criteria(config.criteria, config.language)
    prompt = verdicts.load_wording(config.prompt, criteria)
    protocol = protocol_of(config, criteria, prompt.name)
    judged = who.contestants(config, inputs)
    opponent, earlier = _reference(config, criteria, protocol, data, [c.name for c in judged], questions)
    names = [c.name for c in judged if not (criteria.name == PAIRWISE and c.name == config.reference)]
    if not names:
        raise UserError(
            f"only the reference '{config.reference}' is here", "judge.models", "Add who it is compared with."
        )
    if config.agreement:  # labels that match nothing are told before anything is paid
        agreement.report(verdicts.expected_rows(names, questions, criteria), Path(config.agreement))
    notes: Notes = {"protocol": protocol, "criteria": criteria.name, "judge": config.model, "questions": data}
    answers = _answers(config, inputs, out, judged, questions, notes)
    if opponent is None and config.reference is not None:
        opponent = answers.get(config.reference)
    documents, notes["paid"] = verdicts.judge_all(config, inputs, questions, criteria, prompt, names, answers, opponent)
    _stop_if_unreadable(documents, inputs.label)
    by_model = {name: [d for d in documents if d["model"] == name] for name in names}
    if config.reference and earlier is None:
        earlier = by_model.get(config.reference)
    rows = _rows(config, criteria, protocol, inputs.seed, by_model, earlier)
    asked = [[q.id, q.system, [[t.text, t.reference] for t in q.turns]] for q in questions]
    marks = who.fingerprints(config, inputs, judged, of_way("judge", protocol, asked))
    for row in rows:
        row["data"], row["fingerprint"] = data, marks[row["model"]]
    write_jsonl(out / DOCUMENTS, documents)
    write_atomic(out / SCORES, json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    notes["plots"] = plots(rows, out)
    _note(config, inputs.label, notes, documents, by_model, [c.key for c in criteria.criteria])
    return Counts(len(documents), len(documents), {}, notes)


def _answers(
    config: Config,
    inputs: Inputs,
    out: Path,
    judged: Sequence[Contestant],
    questions: Sequence[Question],
    notes: Notes,
) -> dict[str, Answers]:
    """Give each contestant's answers: ready ones, those of local models, and those of an endpoint (noted as paid)."""
    from ..evaluation.judging import answerers as who

    answers: dict[str, Answers] = {}
    for contestant in judged:
        if contestant.file is not None:
            answers[contestant.name] = given_answers(contestant.file, questions)
        elif not contestant.endpoint:
            answers[contestant.name] = who.answer(contestant, questions, config, inputs, out)
    remote = [c for c in judged if c.endpoint]
    if remote:
        found, notes["answered"] = who.answers_by_endpoint(config, inputs, questions, [c.model for c in remote])
        answers.update(found)
    return answers


def _note(
    config: Config,
    label: str,
    notes: Notes,
    documents: list[JudgedDocument],
    by_model: dict[str, list[JudgedDocument]],
    keys: list[str],
) -> None:
    """Add what the verdicts tell of the judge and the models to the notes; unread verdicts are logged too."""
    from ..evaluation.judging import agreement

    notes["statuses"] = scoring.statuses(documents)
    notes["biases"] = scoring.biases(documents)
    notes["by_category"] = {name: scoring.by_category(found, keys) for name, found in by_model.items()}
    if config.agreement:
        rows_judged = [row for document in documents for row in agreement.rows_of(document)]
        notes["agreement"] = agreement.report(rows_judged, Path(config.agreement))
    unread = sum(n for status, n in notes["statuses"].items() if status != "ok")
    if unread:
        log.warning(
            "%s: %d of %d verdicts have no score: %s",
            label,
            unread,
            sum(notes["statuses"].values()),
            ", ".join(f"{n} {s}" for s, n in notes["statuses"].items() if s != "ok"),
        )
    notes["headline"] = scoring.headline(documents)


def _rows(
    config: Config,
    criteria: CriteriaSet,
    protocol: str,
    seed: int,
    by_model: dict[str, list[JudgedDocument]],
    earlier: list[JudgedDocument] | None,
) -> list[ScoreRow]:
    """Give the score rows of each model: won and lost against the reference, or the mean of each criterion."""
    rows: list[ScoreRow] = []
    for documents in by_model.values():
        if criteria.name == PAIRWISE:
            rows += scoring.pairwise_rows(documents, protocol, seed, config.reference or "")
        else:
            keys = [c.key for c in criteria.criteria]
            rows += scoring.score_rows(documents, keys, protocol, seed, earlier, config.reference or "")
            rows += scoring.part_rows(documents, keys, protocol, seed)
    return rows


def _questions(config: Config) -> tuple[list[Question], str]:
    """Give (the questions asked, the name and hash of the whole set they are of)."""
    path = SAMPLE if config.questions == "sample" else Path(config.questions)
    whole = read_questions(path, config.use_references)
    return whole[
        : config.limit
    ], f"{path.stem}@{hash_of([[q.id, q.system, *(t.text for t in q.turns)] for q in whole])[:8]}"


def protocol_of(config: Config, criteria: CriteriaSet, prompt: str) -> str:
    """Give the name under which scores may be compared: criteria, language, judge, and a hash of all the wording."""
    asked = [prompt, criteria.digest, config.use_references, config.structured, config.request]
    return f"judge:{criteria.name}-{criteria.language}:{config.model}@{hash_of(asked)[:8]}"


def _reference(
    config: Config, criteria: CriteriaSet, protocol: str, data: str, names: list[str], questions: Sequence[Question]
) -> tuple[Answers | None, list[JudgedDocument] | None]:
    """Give the opponent's answers (pairwise) or the reference's documents where they are of an earlier artifact.

    Raises UserError, before anything is answered, for a reference that is neither judged here nor fits what is.
    """
    if config.reference is None or config.reference in names:
        return None, None
    folder = Path(config.reference)
    if not (folder / DOCUMENTS).is_file():
        raise UserError(
            f"reference '{config.reference}' is neither judged here ({', '.join(names)}) nor a judge artifact",
            "judge.reference",
            "Add it to models:, or give the folder of a finished judge stage.",
        )
    manifest = read_manifest(folder)
    there = manifest["counts"]["notes"] if manifest else {}
    if there.get("questions", data) != data:
        raise UserError(f"the reference answered {there['questions']}, this asks {data}", str(folder), "Ask the same.")
    if criteria.name == PAIRWISE:
        return given_answers(folder, questions), None
    if there.get("protocol") != protocol:
        raise UserError(
            f"the reference was judged as {there.get('protocol')}, this as {protocol}",
            str(folder),
            "Relative scores need the same judge, criteria, language and prompt.",
        )
    return None, [cast(JudgedDocument, row) for row in read_jsonl(folder / DOCUMENTS)]


def _stop_if_unreadable(documents: Sequence[JudgedDocument], label: str) -> None:
    found = [v for d in documents for v in d["verdicts"]]
    if any(v["status"] == "ok" for v in found):
        return
    first = found[0]
    told = f"; the first is '{first['status']}': {first.get('reply') or first['reason']}"
    raise UserError(
        f"none of {len(found)} verdicts could be read{told[:300]}",
        label,
        "Look at the replies in the ledger; another judge or structured: schema may help. What was paid is kept.",
    )


def plots(rows: Sequence[ScoreRow], out: Path) -> list[str]:
    """Draw one chart a criterion and metric, a bar a model with its interval; give the files' names."""
    names = []
    drawn = [row for row in rows if row["value"] is not None and row["metric"] not in scoring.PARTS]
    for task, metric in dict.fromkeys((row["task"], row["metric"]) for row in drawn):
        kept = [row for row in drawn if (row["task"], row["metric"]) == (task, metric)]
        chart = charts.bars_svg(
            [row["model"] for row in kept],
            [float(row["value"] or 0) for row in kept],
            f"{task}, {metric} (n = {kept[0]['n']}, 95 % interval)",
            [interval_of(row) for row in kept],
        )
        names.append(f"plot-{task}-{metric}.svg")
        write_atomic(out / names[-1], chart)
    return names
