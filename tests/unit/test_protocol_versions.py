"""A protocol's version stands for what it asks and how it counts: a golden digest of each.

A changed digest needs a raised version in fingerprint.VERSIONS and its line here, or old scores pass for new ones.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from hunmin.artifacts.identity import hash_of
from hunmin.artifacts.record import write_jsonl
from hunmin.evaluation.benchmarks import fingerprint, generated, harness, upstream
from hunmin.evaluation.benchmarks.answering import Answered, Question
from hunmin.evaluation.benchmarks.tokens import encode, units
from hunmin.evaluation.judging import verdicts
from hunmin.evaluation.judging.answers import Answer
from hunmin.evaluation.judging.criteria import load_criteria
from hunmin.evaluation.judging.questions import Question as Asked
from hunmin.evaluation.judging.questions import Turn
from hunmin.evaluation.judging.replies import read_choice
from hunmin.raters import scores
from hunmin.text.thinking import answer_of

BUNDLED = str(Path(__file__).parents[2] / "src" / "hunmin" / "data" / "benchmark")

GOLDEN = {
    ("harness", 1): "dd425a99e56620a2",
    ("harness-bos", 1): "29b6a8a744e2c7da",
    ("harness-fixed", 1): "ed81f79d51230249",
    ("harness-bos-fixed", 1): "da662ee3b41aac55",
    ("upstream", 1): "41cce190c10b8fc1",
    ("chat", 2): "774692b518a788eb",
    ("plain", 2): "2b51f6a9f942dfe1",
    ("judge", 2): "d856a122015f734f",
}


class Letters:
    """A tokenizer of one token a character."""

    bos_token_id, eos_token_id = 1, 2

    def __call__(self, texts, **_):
        return {"input_ids": [[ord(c) for c in text] for text in texts]}


def likelihood(digest: str) -> float:
    return -int(digest[:6], 16) / 1e4


def of_harness(name: str) -> str:
    """What is sent (prompts, tokens, what is left of them at 300) and how likelihoods become values."""
    protocol, fixed = name.removesuffix("-fixed"), name.endswith("-fixed")
    sent, counted = [], []
    for job in harness.jobs(["kobest"], [0, 2], BUNDLED, fixed=fixed, protocol=protocol):
        if fixed and not job.num_fewshot:
            continue
        assert job.protocol == name
        pairs = [(item.context, item.choices) for item in job.items[:6]]
        requests = encode(Letters(), pairs, 1 if protocol == harness.BOS else None)
        sent.append([job.digest, [[u.context, u.choices] for u in units(requests, 300)]])
        documents = []
        for item in job.items:
            values = [likelihood(d) for d in item.digests()]
            normed = [v / n for v, n in zip(values, item.lengths(), strict=True)]
            told = {"gold": item.gold, "prediction": harness.best(values), "prediction_norm": harness.best(normed)}
            documents.append(
                {
                    "model": "m",
                    "num_fewshot": job.num_fewshot,
                    "protocol": name,
                    "data": "d",
                    "truncated": False,
                    **told,
                }
            )
        counted.append([[r["metric"], r["value"], r["chance"]] for r in harness.score_rows(documents, job.task)])
    return hash_of([sent, counted])


def of_upstream() -> str:
    """How lm-eval's samples become documents and rows; what is asked is lm-eval's own, and its version is counted."""

    def sample(i: int, target, answers, **metrics) -> dict:
        return {
            "doc_id": i,
            "doc_hash": f"{i:064d}",
            "prompt_hash": f"{i + 7:064d}",
            "arguments": [[f"질문 {i}", "답"]],
            "filtered_resps": answers,
            "target": target,
            "metrics": list(metrics),
            **metrics,
        }

    samples = [sample(i, str(i % 2), [(-1.0 - i, False), (-2.0, True)], acc=float(i < 3)) for i in range(4)]
    samples.append(sample(4, "12", ["답은 12"], exact_match=1.0))
    documents = [upstream._document("m", "t", 0, s, {"질문 1"}) for s in samples]
    intervals = [
        upstream._interval("acc", 0.75, [1.0, 1.0, 1.0, 0.0]),
        upstream._interval("f1", 0.333333, [(0, 0), (1, 0)])[:1],
        upstream._interval("bleu", 2.0, [1.0, 3.0])[:1],
    ]
    return hash_of([documents, intervals])


ANSWERS = (
    "안녕하십니까. 서울에 가 보십시오. 경복궁이 있습니다.",
    "서울이 좋아요. 경복궁에 가 보세요!\n\n- 하나\n- 둘\n- 셋",
    '{"답": "서울"}',
    "It is Seoul, the capital.",
)


def of_chat() -> str:
    """The packaged questions, the options that decide an answer, and how answers are read and counted. Keywords are
    left out: what counts them differs with the machine, and stands in the fingerprint itself."""
    task = generated.IFEVAL_KO
    questions, _ = generated.read(task, None)
    plain = [
        Question(q.id, q.messages, [c for c in q.gold if "keyword" not in c["id"] and "word" not in c["id"]])
        for q in questions
    ]
    scored = [[q.messages, q.gold] for q in questions]
    scored += [[task.score(a, q) for a in ANSWERS] for q in plain if q.gold]
    texts = [("<think>음</think>답", False), ("음</think>답", True), ("<think>음", False), ("답", False)]
    texts += [("<thought>음</thought>답", False), ("<think>음</think>", False)]
    read = [answer_of(text, opened) for text, opened in texts]
    made = [
        Answered(q.id, 0, ANSWERS[i % 4], 9, 3 * (i % 2), "stop" if i % 3 else "length") for i, q in enumerate(plain)
    ]
    rows = generated.score_rows(generated.MATHS_KO, "m", "d", [Question(q.id, q.messages, "3") for q in plain], made)
    sums = [generated.MATHS_KO.score(a, Question("q", [], "42")) for a in ("답은 42입니다.", "\\boxed{42}", "41")]
    return hash_of([scored, read, [[r["task"], r["metric"], r["value"], r["n"]] for r in rows], sums])


def of_plain(folder: Path) -> str:
    """Worked examples before a question, as one text, and where an answer ends; scored as `chat` scores."""
    shots = [{"question": f"{n} 더하기 {n}은?", "answer": f"{2 * n}", "reason": f"{n}+{n}={2 * n}"} for n in (1, 2)]
    write_jsonl(folder / "maths_ko-shots.jsonl", shots)
    asked = [Question("q", [{"role": "user", "content": "사과 세 개와 네 개는?"}], "7")]
    sent = [generated.with_shots(generated.MATHS_KO, asked, str(folder), n) for n in (1, 2)]
    return hash_of([[q.plain, q.stop] for questions in sent for q in questions])


GRADES = ("4", "점수: 3", "4\n이유: 좋습니다.", "모르겠습니다", "4점 드립니다.", "점수: 네 점", "만점입니다.")
GRADES += ("Score: four", "Overall, a solid 3.", "정확성 4점, 유창성 2점.", "정확성 4점, 유창성 2점. 종합 3점.")
GRADES += ("I can't give it a 4.", '{"score": 2}')
CHOICES = ("[[A]]", "[[B]]", "[[C]]", "글쎄요", "A>>B", "B가 A보다 낫습니다.", "답변 2가 더 낫습니다.")
CHOICES += ("무승부로 하겠습니다.", "I'd go with B.", "The second response is better.", "B의 승리 조건은 정확성입니다.")
CHOICES += ("A: 정확함\nB: 부정확함", '{"winner": "A"}')
"""Replies plain and in sentences, with some that hold no verdict: what is read in them decides a judge's numbers."""


def of_judge() -> str:
    """What the judge is told, in every set and language, and how what it says is read."""
    told = []
    asked = Asked("q", (Turn("수도는?", reference="서울"), Turn("인구는?")), "상식")
    answers = {("q", 0): Answer("서울입니다."), ("q", 1): Answer("약 940만 명입니다.")}
    for language in ("ko", "en"):
        for name in ("kullm-v2", "kullm-v3", "score-100", "pairwise"):
            criteria = load_criteria(name, language)
            prompt = verdicts.load_wording(None, criteria)
            for job in verdicts.jobs_of("m", [asked], criteria):
                values = (
                    verdicts.pair_values(job, answers, answers, language)
                    if job.order
                    else verdicts.grade_values(job, answers, language)
                )
                told.append(prompt.fill(values))
    scale = scores.parse_scale("1-5")
    read = [scores.read(reply, scale).score for reply in GRADES]
    return hash_of([told, read, [read_choice(reply)[0] for reply in CHOICES]])


@pytest.mark.parametrize("name", list(fingerprint.VERSIONS))
def test_a_protocols_version_is_raised_when_what_it_asks_or_counts_changes(name, tmp_path):
    other = {"upstream": of_upstream, "chat": of_chat, "plain": partial(of_plain, tmp_path), "judge": of_judge}
    digest = other[name]() if name in other else of_harness(name)
    assert digest[:16] == GOLDEN[name, fingerprint.VERSIONS[name]]
