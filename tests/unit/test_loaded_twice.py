"""A recipe may load twice: the second load reads its own rows, whatever the stages before it left."""

from __future__ import annotations

from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.running import recipe, run


def test_a_second_load_after_other_records(tmp_path):
    for name, n in (("a", 5), ("b", 2)):
        rows = [{"instruction": f"질문 {name}{i}", "output": f"답 {name}{i}"} for i in range(n)]
        write_jsonl(tmp_path / f"{name}.jsonl", rows)
    text = f"stages:\n- load: {{path: {tmp_path}/a.jsonl}}\n- dedup:\n- load: {{as: again, path: {tmp_path}/b.jsonl}}\n"
    run.execute(recipe.parse(text, tmp_path / "r.yaml"), tmp_path / "run", run.Options())
    assert [row["instruction"] for row in read_jsonl(tmp_path / "run/03-again/records.jsonl")] == ["질문 b0", "질문 b1"]
