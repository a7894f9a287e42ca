"""mix: amounts by source, names, licences, system prompts, and the same choice in any file order."""

from __future__ import annotations

import random

import pytest
from pydantic import ValidationError

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.errors import UserError
from hunmin.stages import mix


def rows(word: str, n: int):
    return [{"instruction": f"{word} {i}번?", "output": f"{word} 답 {i}"} for i in range(n)]


def run(tmp_path, sources, out="out", records=None, seed=1):
    config = mix.Config(sources=sources)
    counts = mix.run(config, Inputs(label="mix", seed=seed, records=records), tmp_path / out)
    return list(read_jsonl(tmp_path / out / "records.jsonl")), counts


def test_amounts_by_source_in_priority_order(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", rows("가", 40))
    write_jsonl(tmp_path / "b.jsonl", rows("나", 20))
    write_jsonl(tmp_path / "c.jsonl", [{"Q": "물음", "A": "답"}])
    kept, counts = run(
        tmp_path,
        [
            {
                "name": "first",
                "path": str(tmp_path / "b.jsonl"),
                "take": 0.5,
                "license": "MIT",
                "system": "너는 비서다.",
            },
            {"name": "second", "path": str(tmp_path / "a.jsonl"), "take": 7, "generator": "gpt-4"},
            {"name": "third", "path": str(tmp_path / "c.jsonl"), "columns": {"instruction": "Q", "output": "A"}},
        ],
    )
    assert [r["source"] for r in kept] == ["first"] * 10 + ["second"] * 7 + ["third"]
    assert all(r["license"] == "MIT" and r["system"] == "너는 비서다." for r in kept[:10])
    assert kept[10]["generator"] == "gpt-4" and "system" not in kept[10]
    table = {row["source"]: (row["available"], row["taken"]) for row in counts.notes["amounts"]}
    assert table == {"first": (20, 10), "second": (40, 7), "third": (1, 1)}
    assert counts.n_in == 61 and counts.dropped == {"not_sampled": 43}


def test_what_is_taken_does_not_depend_on_the_order_of_rows(tmp_path):
    data = rows("가", 50)
    write_jsonl(tmp_path / "a.jsonl", data)
    write_jsonl(tmp_path / "b.jsonl", random.Random(3).sample(data, 50))

    def taken(name: str, seed: int) -> set[str]:
        source = {"name": "x", "path": str(tmp_path / f"{name}.jsonl"), "take": 10}
        return {r["output"] for r in run(tmp_path, [source], f"{name}{seed}", seed=seed)[0]}

    assert taken("a", 1) == taken("b", 1) and len(taken("a", 1)) == 10
    assert taken("a", 2) != taken("a", 1)


def test_the_newest_records_of_the_run_are_a_source_without_a_path(tmp_path):
    old = [{"id": "t1", "source": "dolly", "instruction": "가", "output": "나", "translation": {"engine": "deepl"}}]
    write_jsonl(tmp_path / "in.jsonl", old)
    write_jsonl(tmp_path / "a.jsonl", rows("가", 2))
    kept, _ = run(
        tmp_path,
        [{"name": "translated"}, {"name": "more", "path": str(tmp_path / "a.jsonl")}],
        records=tmp_path / "in.jsonl",
    )
    assert kept[0] == old[0] and len(kept) == 3
    with pytest.raises(UserError, match="names neither path nor hub"):
        run(tmp_path, [{"name": "translated"}], "other")


def test_an_artifact_and_a_run_are_sources_with_their_history(tmp_path):
    row = {"id": "t1", "source": "dolly", "instruction": "가", "output": "나", "issues": []}
    artifact = tmp_path / "run" / "02-check"
    write_jsonl(artifact / "records.jsonl", [row])
    (artifact / "manifest.json").write_text('{"output": "records"}')
    for folder in (artifact, tmp_path / "run"):
        assert run(tmp_path, [{"name": "x", "path": str(folder)}], f"out-{folder.name}")[0] == [row]


def test_equal_ids_of_two_sources_are_told_apart(tmp_path):
    for name in "ab":
        write_jsonl(tmp_path / f"{name}.jsonl", [{"id": "1", "instruction": name, "output": "x"}])
    kept, counts = run(tmp_path, [{"name": n, "path": str(tmp_path / f"{n}.jsonl")} for n in "ab"])
    assert [r["id"] for r in kept] == ["1", "b-1"] and counts.notes["ids_prefixed_with_source"] == 1


def test_a_system_prompt_goes_only_where_there_is_none(tmp_path):
    chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    write_jsonl(tmp_path / "a.jsonl", [{"messages": chat}, {"messages": [{"role": "system", "content": "own"}, *chat]}])
    kept, _ = run(tmp_path, [{"name": "a", "path": str(tmp_path / "a.jsonl"), "system": "새 것"}])
    assert [r["messages"][0]["content"] for r in kept] == ["새 것", "own"]


def test_no_character_of_a_text_is_edited(tmp_path):
    """Trap: a seed's notebook removed emoji (and whatever else its pattern caught) from the training texts."""
    text = "참 잘했어요 🎉👩\u200d👩\u200d👧! ① ㎏ — “따옴표” ＡＢＣ １２３ \u200b ᄒᆞᆫ글\n\n\t끝  "
    write_jsonl(tmp_path / "a.jsonl", [{"instruction": text + "?", "input": "", "output": text}])
    write_jsonl(tmp_path / "b.jsonl", [{"conversations": [{"from": f, "value": text} for f in ("human", "gpt")]}])
    found, _ = run(tmp_path, [{"name": n, "path": str(tmp_path / f"{n}.jsonl")} for n in "ab"])
    assert (found[0]["instruction"], found[0]["output"]) == (text + "?", text)
    assert [m["content"] for m in found[1]["messages"]] == [text, text]


def test_bad_mixes_are_told(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", rows("가", 3))
    path = str(tmp_path / "a.jsonl")
    for sources, says in (([{"name": "x", "path": path}] * 2, "2 sources are named 'x'"), ([], "at least one")):
        with pytest.raises(UserError, match=says):
            run(tmp_path, sources)
    with pytest.raises(ValidationError, match="ratio lies above 0"):
        mix.Config(sources=[{"name": "x", "path": path, "take": 1.5}])
    with pytest.raises(UserError, match="has 3 records, 9 were asked for"):
        run(tmp_path, [{"name": "x", "path": path, "take": 9}])
    columns = {"name": "table", "path": path, "columns": {"instruction": "Q", "output": "A"}}
    with pytest.raises(UserError, match="no column 'Q'") as error:
        run(tmp_path, [{"name": "x", "path": path}, columns])
    assert "source 'table'" in error.value.where and "sources.table.on_bad_row: drop" in error.value.mend
    assert "not both" in mix.check(mix.Config(sources=[{"name": "x", "path": path, "hub": "a/b"}]))[0]
    two = [{"name": "x"}, {"name": "y"}]
    assert "only one source" in mix.check(mix.Config(sources=two))[0]


def test_what_all_sources_provide_the_mix_provides():
    def config(*keys):
        return mix.Config(sources=[{"name": str(i), "path": "x", "provides": k} for i, k in enumerate(keys)])

    assert config(["ratings", "original"], ["ratings"]).provides == ["ratings"]
    assert config(["ratings"], []).provides == [] and mix.Config(sources=[{"name": "x"}]).provides == []


def test_the_estimate_counts_local_sources(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", rows("가", 10))
    config = mix.Config(sources=[{"name": "x", "path": str(tmp_path / "a.jsonl"), "take": 0.3}])
    assert mix.estimate(config, Inputs(label="mix")) == {"x": 3, "records": 3}
