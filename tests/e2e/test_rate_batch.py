"""Rating through the Batch API: reconciled by id, partial batches, crashes and refusals; nothing paid is lost."""

from __future__ import annotations

import json
import re

import pytest

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.errors import UserError
from hunmin.stages import rate

from ..fakes.batch_server import BatchServer


def number_of(body) -> int:
    return int(re.search(r"질문 (\d+)번", body["messages"][-1]["content"])[1])


def score(body) -> str:
    return json.dumps({"score": number_of(body) % 10, "reason": "이유"})


def run(folder, server, n=12, spend=None, **options):
    rows = [{"id": f"r{i}", "source": "s", "instruction": f"질문 {i}번", "output": f"답변 {i}번"} for i in range(n)]
    write_jsonl(folder / "in.jsonl", rows)
    config = rate.Config(model="gpt-4o-mini", base_url=server.base_url, batch=True, batch_poll_seconds=0.01, **options)
    inputs = Inputs("rate", records=folder / "in.jsonl", spend=spend or Spend(folder / "ledger.sqlite"))
    counts = rate.run(config, inputs, folder / "out").check("rate")
    return [r["ratings"][-1] for r in read_jsonl(folder / "out" / "records.jsonl")], counts


def expected(n=12):
    return [i % 10 for i in range(n)]


def test_answers_in_any_order_find_their_records(tmp_path):
    with BatchServer(score) as server:
        found, counts = run(tmp_path, server)
        assert server.chats == [] and len(server.asked) == 12
        body = json.loads(server.files["file-0"].split(b"\n")[0])
    assert [r["score"] for r in found] == expected()
    assert counts.notes["batch"] == {"from_batches": 12, "left_over": 0, "batches": 1}
    assert body["url"] == "/v1/chat/completions" and body["body"]["model"] == "gpt-4o-mini"
    half = counts.notes["paid"]["ledger"]["usd"]
    assert half == pytest.approx(
        sum(0.5 * (0.15 * 20 + 0.60 * len(score(_chat(i)))) / 1e6 for i in range(12)), abs=1e-6
    )


def _chat(i):
    return {"messages": [{"content": f"질문 {i}번"}]}


def test_what_an_expired_batch_left_over_goes_into_the_next(tmp_path):
    with BatchServer(score, lambda n: "expired" if n == 0 else "completed") as server:
        found, counts = run(tmp_path, server)
        assert len(server.asked) == 12 + 6 and server.chats == []
    assert [r["score"] for r in found] == expected()
    assert counts.notes["batch"]["batches"] == 2


def test_a_refused_request_is_asked_by_itself_and_its_neighbours_stay(tmp_path):
    with BatchServer(lambda body: None if number_of(body) == 3 else score(body)) as server:
        found, counts = run(tmp_path, server)
        assert len(server.batches) == 1 and [number_of(b) for b in server.chats] == [3]
    assert [r["status"] for r in found] == ["ok"] * 3 + ["rejected"] + ["ok"] * 8
    assert counts.notes["batch"] == {"from_batches": 11, "left_over": 1, "batches": 1}


def test_a_batch_whose_creation_was_never_confirmed_is_found_again_not_created_twice(tmp_path):
    with BatchServer(score, lambda n: "lost") as server:
        with pytest.raises(UserError) as told:
            run(tmp_path, server)
        assert told.value.exit_code == 4 and len(server.batches) == 1
        found, _ = run(tmp_path, server)
        assert len(server.batches) == 1 and server.chats == []
    assert [r["score"] for r in found] == expected()


def test_a_failed_batch_stops_and_a_new_one_is_tried_by_the_same_command(tmp_path):
    with BatchServer(score, lambda n: "failed" if n == 0 else "completed") as server:
        with pytest.raises(UserError, match="Enqueued token limit reached") as told:
            run(tmp_path, server)
        assert told.value.exit_code == 4
        found, counts = run(tmp_path, server)
        assert len(server.batches) == 2
    assert [r["score"] for r in found] == expected()
    assert counts.notes["paid"]["ledger"]["possible_double_charges"] == 0


def test_a_second_run_on_the_same_ledger_sends_no_batch(tmp_path):
    with BatchServer(score) as server:
        run(tmp_path, server)
        (tmp_path / "out").rename(tmp_path / "before")
        found, _ = run(tmp_path, server)
        assert len(server.batches) == 1 and server.chats == []
    assert [r["score"] for r in found] == expected()


def test_the_limit_holds_for_batches(tmp_path):
    with BatchServer(score) as server:
        with pytest.raises(UserError, match="the limit is reached") as told:
            run(tmp_path, server, spend=Spend(tmp_path / "ledger.sqlite", max_chars=100))
        assert told.value.exit_code == 4 and not server.batches


def test_a_batch_that_was_cancelled_stops_the_run_with_its_answers_saved(tmp_path):
    with BatchServer(score, lambda n: "cancelled" if n == 0 else "completed") as server:
        with pytest.raises(UserError, match="cancelled after 6 answers") as told:
            run(tmp_path, server)
        assert told.value.exit_code == 4 and len(server.batches) == 1
        found, _ = run(tmp_path, server)
        assert len(server.asked) == 12 + 6 and server.chats == []
    assert [r["score"] for r in found] == expected()


def test_a_batch_that_never_came_to_be_leaves_the_meter_as_it_was(tmp_path):
    with BatchServer(score) as server:
        server.refuses_files = True
        for _ in range(3):
            with pytest.raises(UserError, match="no files for you") as told:
                run(tmp_path, server)
            assert "batches.json" in told.value.mend
        server.refuses_files = False
        _, counts = run(tmp_path, server)
    ledger = counts.notes["paid"]["ledger"]
    assert ledger["meter_usd"] == ledger["usd"] > 0 and ledger["meter_chars"] == ledger["chars"] > 0
    assert ledger["possible_double_charges"] == 0


def test_a_line_that_is_no_answer_costs_only_its_own_record(tmp_path):
    class Garbled(BatchServer):
        def _end(self, name, batch, how):
            super()._end(name, batch, how)
            if name == "batch-0":
                first, rest = self.files[batch["output_file_id"]].split(b"\n", 1)
                self.files[batch["output_file_id"]] = b"\n".join([first[:50], b"null", rest])

    with Garbled(score) as server:
        found, counts = run(tmp_path, server)
        assert len(server.asked) == 12 + 1 and server.chats == []
    assert [r["score"] for r in found] == expected()
    assert counts.notes["batch"] == {"from_batches": 12, "left_over": 0, "batches": 2}
