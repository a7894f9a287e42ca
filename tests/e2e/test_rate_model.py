"""Rating and judging end to end against a server in which a real tiny model answers: what it says is what is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hunmin.artifact import Inputs, Spend
from hunmin.errors import UserError
from hunmin.raters.scores import Scale, read
from hunmin.record import read_jsonl
from hunmin.stages import judge, rate

from ..fakes.model_server import ModelServer

DATA = Path(rate.__file__).parent.parent / "data"


@pytest.fixture(scope="module")
def server():
    with ModelServer("tiny:llama", "kullm") as running:
        yield running


def test_every_rating_is_what_the_model_said(tmp_path, server):
    source = tmp_path / "in.jsonl"
    source.write_text("".join(list((DATA / "ko.jsonl").open(encoding="utf-8"))[:6]), encoding="utf-8")
    config = rate.Config(model="tiny", base_url=server.base_url, asks=1)
    inputs = Inputs("rate", records=source, spend=Spend(tmp_path / "ledger.sqlite"), in_flight=2)
    counts = rate.run(config, inputs, tmp_path / "out").check("rate")
    assert counts.n_kept == 6 and sum(counts.notes["statuses"].values()) == 6
    possible = {read(reply, Scale(0, 10)).score for reply in server.replies}
    for record in read_jsonl(tmp_path / "out" / "records.jsonl"):
        rating = record["ratings"][-1]
        assert rating["status"] in ("ok", "unparsed", "cut_off", "empty")
        assert rating["score"] in possible if rating["status"] == "ok" else rating["score"] is None


def test_a_local_model_is_judged_by_the_served_one(tmp_path, server):
    config = judge.Config(
        model="tiny",
        base_url=server.base_url,
        models=["tiny:llama"],
        template="kullm",
        limit=3,
        max_new_tokens=8,
        criteria="score-100",
        asks=1,
    )
    inputs = Inputs("judge", seed=1, spend=Spend(tmp_path / "ledger.sqlite"), in_flight=2)
    before = len(server.replies)
    try:
        judge.run(config, inputs, tmp_path / "out")
    except UserError as told:  # a tiny model seldom grades; then the stage must say so and show a reply
        assert "verdicts could be read" in str(told)
        scores = {read(r, Scale(0, 100)).score for r in server.replies[before:]}
        assert scores == {None} or all("\n" not in r for r in server.replies[before:])
        return
    documents = list(read_jsonl(tmp_path / "out" / "documents.jsonl"))
    said = [v["score"] for d in documents for v in d["verdicts"]]
    rows = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    assert rows[0]["n"] == sum(s is not None for s in said)
