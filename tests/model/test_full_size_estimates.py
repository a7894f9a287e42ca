"""Estimates at full size, offline and without a key: every packaged recipe, from known figures."""

from __future__ import annotations

import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.errors import UserError
from hunmin.running import recipe, run

NAMES = [n for n in recipe.packaged_names() if n not in ("quickstart", "starter")]


def rows_of(name: str) -> dict[str, dict]:
    expected: dict = {}
    found = {}
    for step in recipe.load(name).steps:
        row = step.stage.estimate(step.config, Inputs(label=step.label, expected=dict(expected)))
        expected.update({k: row[k] for k in run.EXPECTED if row.get(k) is not None})
        found[step.label] = row
    return found


@pytest.mark.parametrize("name", NAMES)
def test_amounts_cost_memory_hours_and_needs_are_there(name, monkeypatch, tmp_path):
    for key in ("OPENAI_API_KEY", "DEEPL_AUTH_KEY", "HF_TOKEN"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.chdir(tmp_path)
    found = rows_of(name)
    first = next(iter(found.values()))
    if "records" not in first:  # rows of one's own, which nobody can count beforehand
        assert first["needs"].endswith("which is not here")
        return
    assert first["records"] > 200 and first["chars"] > 10_000 and first["from"]
    for step in recipe.load(name).steps:
        row = found[step.label]
        if step.stage.name in ("sft", "dpo"):
            assert row["steps"] > 0 and row["gpu_hours"] > 0 and "parameters x" in row["formula"]
        if step.stage.name in ("translate", "rate", "judge"):
            assert row["usd"] > 0 and "_KEY" in row["needs"]


def test_a_gated_base_is_named():
    assert "accept its licence" in rows_of("ko-platypus2-13b")["sft"]["needs"]
    assert "needs" not in rows_of("korae-13b")["sft"]


def test_a_training_that_goes_on_is_estimated_from_the_base_of_the_first():
    """A fifth of 4,202 problems may fail the verifier: at most; four tries each make at most one pair a problem."""
    rows = rows_of("ko-reason-270m")
    assert rows["respond"]["records"] == 4 * 4202 and rows["pair"]["records"] == 4202 and rows["pair"]["at_most"]
    assert rows["dpo"]["base_model"] == "google/gemma-3-270m" and rows["dpo"]["license"] == "gemma"
    assert rows["dpo"]["steps"] == -(-4202 // 16)


def test_the_arithmetic_by_hand():
    """KoRAE: 12,300 rows of 900 characters, 1.6 a token, 60 tokens of template; 769 steps an epoch, recomputation."""
    row = rows_of("korae-13b")["sft"]
    tokens = 3 * 769 * 16 * (round(900 / 1.6) + 60)
    assert row["tokens"] == tokens and row["steps"] == 2307
    assert row["gpu_hours"] == round(6 * row["parameters"] * tokens / (312e12 * 0.35) / 3600, 1)
    assert 4 < row["gpu_hours"] < 6  # published: 5 GPU hours on one A100 80G
    assert row["gpu_gib_with_checkpointing"] < row["gpu_gib"]


def test_what_is_not_known_is_left_to_the_stage_itself(tmp_path):
    text = "stages:\n- load: {hub: nobody/knows}\n"
    step = recipe.parse(text, tmp_path / "r.yaml").steps[0]
    assert "not counted" in step.stage.estimate(step.config, Inputs())["note"]


def test_a_hub_base_is_estimated_alike_in_a_recipe_and_alone(tmp_path, capsys, monkeypatch):
    """Alone it died without the base's tokenizer; the records that are here are counted."""
    from hunmin.artifacts.record import write_jsonl
    from hunmin.commands import cli
    from hunmin.stages import sft

    rows = [{"id": f"r{i}", "source": "own", "instruction": "물", "output": "물은 차다." * 20} for i in range(64)]
    write_jsonl(tmp_path / "rows.jsonl", rows)
    monkeypatch.chdir(tmp_path)
    base = "EleutherAI/polyglot-ko-12.8b"
    assert cli.main(["sft", "rows.jsonl", "--base-model", base, "--dry-run"]) == 0
    said = capsys.readouterr().out
    expected = {"records": 64, "chars": sum(len(r["instruction"] + r["output"]) for r in rows)}
    row = sft.estimate(sft.Config(base_model=base), Inputs(label="sft", expected=expected))
    assert row["steps"] == 12 and f"steps: {row['steps']}" in said and f"tokens: {row['tokens']:,}" in said


def test_pairs_that_a_stage_will_make_are_no_missing_pairs(tmp_path):
    """With the rows and the base here, dpo asked for preference records that `pair` had yet to make."""
    one = '{{"instruction": "{0} 더하기 1은?", "output": "{1}입니다.", "answer": "{1}"}}\n'
    rows = "".join(one.format(n, n + 1) for n in range(8))
    (tmp_path / "rows.jsonl").write_text(rows, encoding="utf-8")
    text = (
        f"stages:\n- load: {{path: {tmp_path / 'rows.jsonl'}}}\n"
        "- sft: {base_model: tiny:llama, batch_size: 2, micro_batch_size: 2}\n"
        "- respond: {engine: local, model: newest, n: 4, gold: extra.answer}\n- pair: {by: final_answer}\n"
        "- dpo: {batch_size: 2, micro_batch_size: 2}\n"
    )
    made = recipe.parse(text, tmp_path / "r.yaml")
    rows_found = dict(run.dry_run(made, tmp_path / "run", run.Options()))
    assert rows_found["pair"]["records"] == 8 and "kind" in rows_found["pair"]
    assert "dpo" in rows_found and "expected" not in rows_found["dpo"]

    alone = recipe.parse(text.replace("- pair: {by: final_answer}\n", ""), tmp_path / "r.yaml")
    with pytest.raises(UserError, match="no preference records"):
        run.dry_run(alone, tmp_path / "run", run.Options())
