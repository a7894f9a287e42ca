"""IFD on a real tiny model: the value is what a plain forward gives, and a fitting instruction helps."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from hunmin import models
from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.raters import ifd
from hunmin.stages import rate

from . import small

DATA = Path(rate.__file__).parent.parent / "data" / "ko.jsonl"


@pytest.fixture(scope="module", params=[("llama", "byte"), ("neox", "byte"), ("llama", "sentencepiece")])
def loaded(request):
    return models.load(small.base(*request.param, vocab_size=2000))


def rows(n: int):
    return small.records(n)


def loss(loaded, context: list[int], answer: list[int]) -> float:
    """The mean cross-entropy of the answer's tokens by one plain forward pass."""
    ids = torch.tensor([[*context, *answer]], device=loaded.model.device)
    with torch.no_grad():
        logits = loaded.model(ids).logits[0].float()
    start = len(context)
    return float(torch.nn.functional.cross_entropy(logits[start - 1 : -1], ids[0, start:]))


def test_ifd_is_the_ratio_of_a_plain_forwards_perplexities(loaded):
    records = rows(9)
    found = ifd.rate(records, loaded, of="perplexity", max_length=256)
    by_loss = ifd.rate(records, loaded, of="loss", max_length=256)
    for record, rating, other in zip(records, found, by_loss, strict=True):
        case = ifd.encode(record, loaded.tokenizer, 256)
        given, alone = loss(loaded, case.context, case.answer), loss(loaded, case.start, case.answer)
        assert rating["score"] == pytest.approx(math.exp(given - alone), rel=1e-3)
        assert other["score"] == pytest.approx(given / alone, rel=1e-3)
        assert (rating["score"] < 1) == (other["score"] < 1)
        assert (rating["scale"], other["scale"], rating["status"]) == ("ifd", "ifd-loss", "ok")


def test_an_answer_is_helped_more_by_its_own_instruction_than_by_a_strangers():
    """On the trained tiny model of the quickstart and its own text."""
    loaded = models.load("tiny:llama")
    records = [r for r in read_jsonl(DATA) if r.get("output")][:40]
    fitting, strange = records[0::2], records[1::2]
    swapped = [{**a, "output": b["output"]} for a, b in zip(strange, fitting, strict=True)]
    own = [r["score"] for r in ifd.rate(fitting, loaded, of="perplexity", max_length=512)]
    other = [r["score"] for r in ifd.rate(swapped, loaded, of="perplexity", max_length=512)]
    assert sum(a < b for a, b in zip(own, other, strict=True)) >= 14  # the same answers, 20 of them


def test_batching_changes_nothing(loaded):
    records = rows(7)
    together = ifd.rate(records, loaded, of="perplexity", max_length=256)
    alone = [ifd.rate([record], loaded, of="perplexity", max_length=256)[0] for record in records]
    assert [r["score"] for r in together] == pytest.approx([r["score"] for r in alone], rel=1e-3)


def test_what_cannot_be_measured_has_a_status_and_no_score(loaded):
    long = {"id": "l", "instruction": "말 " * 3000, "output": "네"}
    cut = {"id": "c", "instruction": "짧게", "output": "아주 긴 답변입니다. " * 300}
    none = {"id": "n", "instruction": "?", "output": ""}
    found = ifd.rate([long, cut, none], loaded, of="perplexity", max_length=128)
    assert [(r["status"], r["score"] is None) for r in found] == [
        ("too_long", True),
        ("ok", False),
        ("no_answer", True),
    ]
    assert "cut)" in found[1]["reason"]


def test_the_stage_appends_ratings_and_resumes_at_its_batches(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", rows(20))
    config = rate.Config(rater="ifd", model=small.base("llama"), batch_size=8, max_length=256)
    inputs = Inputs("rate", records=tmp_path / "in.jsonl")
    counts = rate.run(config, inputs, tmp_path / "one").check("rate")
    assert counts.n_kept == 20 and counts.notes["statuses"] == {"ok": 20} and counts.notes["scale"] == "ifd"
    whole = (tmp_path / "one" / "records.jsonl").read_bytes()
    (tmp_path / "two").mkdir()
    lines = whole.splitlines(keepends=True)
    (tmp_path / "two" / "records.jsonl.part").write_bytes(b"".join(lines[:8]) + lines[8][:40])  # killed in batch 2
    (tmp_path / "two" / "dropped.jsonl.part").write_bytes(b"")
    rate.run(config, inputs, tmp_path / "two")
    assert (tmp_path / "two" / "records.jsonl").read_bytes() == whole
    rating = next(iter(read_jsonl(tmp_path / "one" / "records.jsonl")))["ratings"][0]
    assert {"rater", "model", "prompt", "scale", "score", "status", "reason"} <= set(rating)
