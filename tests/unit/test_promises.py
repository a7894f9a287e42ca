"""What the README says one can rely on, each held by a run of small stages: no model, no network beyond loopback."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import pytest

from hunmin import statistics
from hunmin.artifacts.artifact import DROPPED, RECORDS, Counts, Inputs, Spend, add_notes, read_manifest
from hunmin.artifacts.record import read_jsonl, texts, write_jsonl
from hunmin.artifacts.stream import Drop, stream
from hunmin.clients import asking, openai_chat, pace
from hunmin.clients.ledger import Ledger, Wanted
from hunmin.clients.units import chat
from hunmin.errors import UserError
from hunmin.running import recipe as recipes
from hunmin.running import run
from tests.fakes.openai_server import OpenAIServer, error
from tests.unit.clients_asked import keys  # noqa: F401

ROWS = [
    {
        "id": f"r{i}",
        "source": "t",
        "instruction": f"{i}번 질문이 무엇인가요?",
        "output": f"{i}번 답입니다. " + "가나다라 " * i,
    }
    for i in range(12)
]


@pytest.fixture
def data(tmp_path) -> Path:
    write_jsonl(tmp_path / "rows.jsonl", ROWS)
    return tmp_path / "rows.jsonl"


def execute(home: Path, data: Path, *stages: str, until: str | None = None, reuse: Path | None = None, name="a"):
    text = "\n".join([f"- load: {{path: {data}}}", *(f"- {s}" for s in stages)])
    found = recipes.parse("stages:\n" + text, home / "r.yaml")
    return run.execute(found, home / name, run.Options(until=until, reuse=reuse))


def how(outcomes) -> list[str]:
    return [o.how for o in outcomes]


# --- nothing is lost ---


def test_records_in_are_kept_plus_dropped_and_each_dropped_one_lies_beside_with_its_reason(tmp_path, data):
    write_jsonl(data, [*ROWS, {**ROWS[3], "id": "again"}])
    done = execute(tmp_path, data, "dedup: {near: false}")[-1]
    kept, dropped = list(read_jsonl(done.folder / RECORDS)), list(read_jsonl(done.folder / DROPPED))
    assert done.manifest["counts"]["n_in"] == len(kept) + len(dropped) == 13
    assert [(d["reason"], d["record"]["id"], d["stage"]) for d in dropped] == [("duplicate", "again", "dedup")]


def test_a_run_stopped_between_stages_goes_on_where_it_was(tmp_path, data):
    stages = ("sample: {n: 6}", "dedup:")
    assert how(execute(tmp_path, data, *stages, until="sample")) == ["made", "made"]
    before = (tmp_path / "a" / "02-sample" / RECORDS).stat().st_mtime_ns
    assert how(execute(tmp_path, data, *stages)) == ["done before", "done before", "made"]
    assert (tmp_path / "a" / "02-sample" / RECORDS).stat().st_mtime_ns == before
    assert how(execute(tmp_path, data, *stages)) == ["done before"] * 3


def test_a_stage_killed_in_the_middle_is_finished_from_its_part_files(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", ROWS)
    seen: list[str] = []

    def step(batch):
        if len(seen) == 7:
            raise MemoryError
        seen.append(batch[0]["id"])
        return [Drop(batch[0], "odd")] if len(seen) % 2 else batch

    inputs = Inputs(records=tmp_path / "in.jsonl")
    with pytest.raises(MemoryError):
        stream(step, inputs, tmp_path / "out")
    again: list[str] = []

    def rest(batch):
        again.append(batch[0]["id"])
        return [Drop(batch[0], "odd")]

    counts = stream(rest, inputs, tmp_path / "out")
    assert again == [r["id"] for r in ROWS[7:]], "what was written is not done twice"
    assert (counts.n_in, counts.n_kept, counts.n_dropped) == (12, 3, 9)
    assert [r["id"] for r in read_jsonl(tmp_path / "out" / RECORDS)] == ["r1", "r3", "r5"]


def test_results_that_wait_for_an_earlier_one_are_bounded(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{**ROWS[0], "id": f"n{i}"} for i in range(200)])
    first = asyncio.Event()
    begun: list[str] = []
    running = 0

    async def step(batch):
        nonlocal running
        running += 1
        assert running <= 2, "more at once than asked for"
        begun.append(batch[0]["id"])
        if batch[0]["id"] == "n0":
            asyncio.get_running_loop().call_later(0.3, first.set)
            await first.wait()
            assert len(begun) <= 2 * 8, "steps went on though nothing could be written"
        await asyncio.sleep(0.001)  # longer than it takes to begin the next one
        running -= 1
        return batch

    counts = stream(step, Inputs(records=tmp_path / "in.jsonl"), tmp_path / "out", in_flight=2)
    assert counts.n_kept == 200 and len(begun) == 200
    assert [r["id"] for r in read_jsonl(tmp_path / "out" / RECORDS)] == [f"n{i}" for i in range(200)]


def test_counts_that_do_not_add_up_are_our_fault_and_told():
    with pytest.raises(AssertionError, match="3 in, 1 kept"):
        Counts(n_in=3, n_kept=1, dropped={"odd": 1}).check("dedup")


def test_the_notes_of_shards_add_up():
    assert add_notes([{"exact": 1, "by": {"a": 2}}, {"exact": 3, "by": {"a": 1, "b": 5}}]) == {
        "exact": 4,
        "by": {"a": 3, "b": 5},
    }


def test_every_text_field_of_a_record_is_a_text():
    record = {
        "system": "s",
        "instruction": "i",
        "input": "n",
        "output": "o",
        "messages": [{"role": "user", "content": "m"}],
    }
    assert texts(record) == {"system": "s", "instruction": "i", "input": "n", "messages.0.content": "m", "output": "o"}


# --- nothing is reused by mistake ---


def test_a_changed_input_file_is_not_done_before(tmp_path, data):
    execute(tmp_path, data, "dedup:")
    write_jsonl(data, [*ROWS[:-1], {**ROWS[-1], "output": "다른 답"}])
    with pytest.raises(UserError, match="another rows.jsonl"):
        execute(tmp_path, data, "dedup:")


def test_a_changed_option_names_the_old_and_the_new_value(tmp_path, data):
    execute(tmp_path, data, "sample: {n: 6}")
    with pytest.raises(UserError, match="n=6, the recipe now says 5"):
        execute(tmp_path, data, "sample: {n: 5}")


def test_a_changed_seed_is_told(tmp_path, data):
    execute(tmp_path, data, "sample: {n: 6}")
    text = f"seed: 5\nstages:\n- load: {{path: {data}}}\n- sample: {{n: 6}}"
    with pytest.raises(UserError, match="another seed"):
        run.execute(recipes.parse(text, tmp_path / "r.yaml"), tmp_path / "a", run.Options())


def test_reuse_links_what_is_the_same_and_makes_the_rest(tmp_path, data):
    execute(tmp_path, data, "sample: {n: 6}", "dedup:", name="a")
    stages = ("sample: {n: 6}", "dedup: {near: false}")
    assert how(execute(tmp_path, data, *stages, reuse=tmp_path / "a", name="b")) == ["reused", "reused", "made"]
    assert read_manifest(tmp_path / "b" / "02-sample") == read_manifest(tmp_path / "a" / "02-sample")
    write_jsonl(data, ROWS[:8])
    assert how(execute(tmp_path, data, *stages, reuse=tmp_path / "a", name="c")) == ["made", "made", "made"]


def test_a_stage_of_another_recipe_in_the_folder_is_refused(tmp_path, data):
    execute(tmp_path, data, "dedup:")
    with pytest.raises(UserError, match="stages of another recipe: 02-dedup"):
        execute(tmp_path, data, "sample: {n: 6}")


# --- a failure is never a number ---


def rated(*scores: float | None) -> list[dict]:
    return [
        {
            **ROWS[i],
            "ratings": [
                {
                    "rater": "llm",
                    "model": "m",
                    "prompt": "p",
                    "scale": "0-10",
                    "score": score,
                    "status": "ok" if score is not None else "unparsed",
                    "reason": "",
                }
            ],
        }
        for i, score in enumerate(scores)
    ]


def test_an_unread_rating_is_no_low_score(tmp_path, data):
    write_jsonl(data, rated(9.0, None, 0.0))
    text = f"stages:\n- load: {{path: {data}, provides: [ratings]}}\n- filter: {{min_score: 0, keep_unrated: false}}"
    done = run.execute(recipes.parse(text, tmp_path / "r.yaml"), tmp_path / "a", run.Options())[-1]
    assert [r["id"] for r in read_jsonl(done.folder / RECORDS)] == ["r0", "r2"]
    assert [d["reason"] for d in read_jsonl(done.folder / DROPPED)] == ["unrated"]


@pytest.mark.parametrize(
    ("options", "kept"), [("min_score: 8.5", [0, 1]), ("max_score: 8.5", [1, 2]), ("top_k: 2", [0, 1])]
)
def test_a_score_at_the_threshold_passes(tmp_path, data, options, kept):
    write_jsonl(data, rated(9.0, 8.5, 8.0))
    text = f"stages:\n- load: {{path: {data}, provides: [ratings]}}\n- filter: {{{options}}}"
    done = run.execute(recipes.parse(text, tmp_path / "r.yaml"), tmp_path / "a", run.Options())[-1]
    assert [r["id"] for r in read_jsonl(done.folder / RECORDS)] == [f"r{i}" for i in kept]


def test_a_similarity_at_the_threshold_is_a_duplicate(tmp_path, data):
    syllables = [chr(0xAC00 + 31 * i) for i in range(104)]  # all different, so 100 5-grams share 80 with 80: 0.8
    rows = [
        {**ROWS[0], "id": "a", "output": "".join(syllables[:84])},
        {**ROWS[0], "id": "b", "output": "".join(syllables)},
    ]
    write_jsonl(data, rows)
    stage = "dedup: {{fields: [output], max_similarity: {}}}"
    assert execute(tmp_path, data, stage.format(0.8))[-1].manifest["counts"]["n_dropped"] == 1
    assert execute(tmp_path, data, stage.format(0.8001), name="b")[-1].manifest["counts"]["n_dropped"] == 0


def test_percentiles_are_the_middle_of_what_was_drawn():
    assert statistics.percentiles(list(range(1001)), 0.9) == pytest.approx((50, 950))


# --- problems are found before money is spent ---


def test_a_paid_stage_without_a_limit_is_refused_before_anything_is_sent(tmp_path, data, keys):  # noqa: F811
    stage = "rate: {model: m, base_url: https://example.invalid/v1, api_key_env: TEST_KEY}"
    with pytest.raises(UserError, match="paid stages .rate. need a limit"):
        execute(tmp_path, data, stage)


# --- services that fail ---


def test_what_was_not_charged_comes_off_the_meter(tmp_path):
    with contextlib.closing(Ledger(tmp_path / "ledger.sqlite", "rate")) as ledger:
        for key, charged in (("a", True), ("b", False)):
            wanted = Wanted(key, key, "output", "m", 0.5, 100)
            assert ledger.claim([wanted])[0].what == "send"
            ledger.fail(wanted, "rejected", 400, charged=charged)
        totals = ledger.totals()
    assert (totals["meter_usd"], totals["meter_chars"], totals["failed"]) == (0.5, 100, 2)


def opened(server: OpenAIServer, tmp_path: Path):
    spend = Spend(tmp_path / "ledger.sqlite")
    return openai_chat.open_client(
        base_url=server.base_url,
        spend=spend,
        model="m",
        api_key_env="TEST_KEY",
        label="rate",
        first_wait_seconds=0.001,
    )


def one_by_one(client, n: int) -> list[str]:
    async def ask() -> list[str]:
        async with client:
            units = [chat([{"role": "user", "content": f"q{i}"}], record=str(i)) for i in range(n)]
            return [(await client.ask(unit)).status for unit in units]

    return asyncio.run(ask())


def test_a_success_starts_the_count_of_failures_in_a_row_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(asking, "SENDS", {"retry": 1})
    row = asking.IN_A_ROW
    with OpenAIServer(lambda n, body: None if n % row == row - 1 else error(500)) as server:
        found = one_by_one(opened(server, tmp_path), 2 * row)
    assert found.count("ok") == 2 and len(found) == 2 * row


def test_as_many_failures_in_a_row_stop_the_run_with_progress_saved(tmp_path, monkeypatch):
    monkeypatch.setattr(asking, "SENDS", {"retry": 1})
    with OpenAIServer(lambda n, body: error(500) if n else None) as server:
        with pytest.raises(UserError, match=f"{asking.IN_A_ROW} requests in a row failed.*1 answers are saved"):
            one_by_one(opened(server, tmp_path), 10)
        assert len(server.chats) == 1 + asking.IN_A_ROW


def test_several_refusals_within_a_second_hold_everybody_back():
    async def waited(refusals: int) -> float:
        gate = pace.Pace()
        for _ in range(refusals):
            gate.refused(0.2)
        begun = time.monotonic()
        await gate.wait(1)
        return time.monotonic() - begun

    assert asyncio.run(waited(pace.SEVERAL - 1)) < 0.1
    assert asyncio.run(waited(pace.SEVERAL)) >= 0.2
