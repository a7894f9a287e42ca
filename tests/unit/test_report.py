"""The page of a run, from artifacts written here by hand: every section, hostile text, DPO's curves."""

from __future__ import annotations

import json

from hunmin.artifacts import artifact
from hunmin.artifacts.artifact import Counts
from hunmin.report import card, page
from hunmin.train.loop import loss_curve

HOSTILE = "<script>alert(1)</script>&\"'"


def finish(folder, output="records", counts=None, config=None, stage=None, **files):
    folder.mkdir(parents=True)
    for name, value in files.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    label = folder.name.split("-", 1)[1]
    artifact.write_manifest(
        folder,
        stage=stage or label,
        label=label,
        output=output,
        config=config or {},
        seed=0,
        inputs={},
        counts=counts or Counts(),
        seconds=1.5,
    )


def score(**changes):
    row = {"model": "newest", "task": "kobest_copa", "metric": "acc", "num_fewshot": 0, "protocol": "harness"}
    row |= {"value": 0.61, "ci_low": 0.52, "ci_high": 0.69, "n": 100, "n_truncated": 0, "data": "mini", "chance": 0.5}
    return {**row, **changes}


def test_dpo_rewards_are_drawn_as_the_training_loop_names_them(tmp_path):
    """The report looked for trl's `rewards/`, which the loop writes as `rewards_`: the curves never appeared."""
    history = [
        {
            "step": 1,
            "epoch": 0.5,
            "loss": 0.7,
            "rewards/chosen": 0.25,
            "rewards/rejected": -0.5,
            "rewards/margins": 0.75,
        },
        {"step": 1, "eval_loss": 0.6, "eval_rewards/chosen": 0.125, "eval_rewards/accuracies": 0.875},
        {"step": 2, "loss": 0.5, "rewards/chosen": 0.5, "rewards/accuracies": 0.75, "logps/chosen": -40.0},
    ]
    rows = loss_curve(history)
    assert rows[0]["rewards_margins"] == 0.75 and rows[0]["eval_rewards_chosen"] == 0.125
    finish(tmp_path / "01-dpo", "model", losses__json=rows)
    html = page.page(tmp_path)
    for title in ("dpo: loss", "dpo: rewards", "dpo: pairs ranked right"):
        assert title in html
    for line in (">chosen<", ">rejected<", ">margins<", ">eval chosen<", ">accuracies<", ">eval accuracies<"):
        assert line in html
    assert "logps" not in html


def test_text_of_artifacts_is_escaped(tmp_path):
    notes = {
        "headline": HOSTILE,
        "notice": [HOSTILE],
        HOSTILE: HOSTILE,
        "rows": [{HOSTILE: HOSTILE}],
        "map": {HOSTILE: 1},
    }
    record = {"id": "a", "source": HOSTILE, "instruction": "왜 하늘은 파란가?", "output": "산란 때문이다."}
    counts = Counts(2, 1, {HOSTILE: 1}, notes)
    finish(tmp_path / "01-load", counts=counts, records__jsonl=json.dumps(record, ensure_ascii=False) + "\n")
    samples = [{"prompt": HOSTILE, "answers": {HOSTILE: HOSTILE}}]
    rows = [score(model=HOSTILE, task=HOSTILE, data=HOSTILE), score(metric=HOSTILE, protocol=HOSTILE)]
    finish(tmp_path / "02-evaluate", "scores", scores__json=rows, samples__json=samples)
    (tmp_path / artifact.RESOLVED).write_text(json.dumps({"name": HOSTILE}), encoding="utf-8")
    html = page.page(tmp_path)
    assert html.count("<script") == 1 and "<script>alert" not in html and html.count("&lt;script&gt;") >= 15


def test_numbers_intervals_and_what_is_missing(tmp_path):
    counts = Counts(1200, 1100, {"bad_row": 100}, {"headline": "1,200 rows", "n": 1234567})
    record = '{"id": "a", "source": "s", "instruction": "왜?", "output": "그래서."}\n'
    finish(tmp_path / "01-load", counts=counts, records__jsonl=record)
    losses = [{"step": 1, "loss": 2.5}, {"step": 2, "loss": 2.0}]
    finish(tmp_path / "02-sft", "model", config={"base_model": "tiny:ko"}, losses__json=losses)
    rows = [score(), score(model="base", value=0.5, ci_low=None, ci_high=None, n_truncated=3)]
    finish(tmp_path / "03-evaluate", "scores", scores__json=rows)
    (tmp_path / "04-judge").mkdir()
    html = page.page(tmp_path)
    told = (
        "not finished: 04-judge",
        "1,200",
        "bad row 100",
        "1,234,567",
        "[0.520, 0.690]",
        "3 cut",
        "path, not the model",
        "0.610",
    )
    assert [text for text in told if text not in html] == []
    assert "3 stages finished" in html and "sft: loss" in html and "http" not in html.replace("http://www.w3.org", "")
    assert page.score_lines(tmp_path)[1].split()[:4] == ["kobest_copa", "0", "100", "0.50"]


def test_what_every_paid_stage_spent_is_in_the_head(tmp_path):
    """Only translate's cost was counted: the other paid stages note it under their ledger's totals."""
    record = '{"id": "a", "source": "s", "instruction": "왜?", "output": "그래서."}\n'
    finish(tmp_path / "01-translate", counts=Counts(1, 1, {}, {"usd": 0.25}), records__jsonl=record)
    paid = {"paid": {"service": "openai", "ledger": {"usd": 1.5}}}
    finish(tmp_path / "02-rate", counts=Counts(1, 1, {}, paid), records__jsonl=record)
    assert "1.75 USD" in page.page(tmp_path)


def test_the_card_says_what_a_run_came_to_and_shows_what_was_mended(tmp_path):
    record = {"id": "a", "source": "t", "instruction": "센다", "output": "학생 412명"}
    record["original"] = {"output": "412 students"}
    record["repairs"] = [{"field": "output", "check": "number_lost", "before": "학생 421명", "after": "학생 412명"}]
    notes = {"issues_found": {"number_lost": 3}, "issues_mended": {"number_lost": 2}, "records_left": 1}
    finish(tmp_path / "01-load", counts=Counts(4, 4, {}, {}), records__jsonl="")
    line = json.dumps(record, ensure_ascii=False) + "\n"
    finish(tmp_path / "02-repair", counts=Counts(4, 1, {"low": 3}, notes), records__jsonl=line)
    told = {"base": {"stopped": False, "loop": True, "hangul": 0.2}}
    told["new"] = {"stopped": True, "loop": False, "hangul": 0.9}
    samples = [{"prompt": "?", "answers": {"base": "a\n\n\nb", "new": "네"}, "told": told}]
    rows = [score(model="base", value=0.5), score(model="new", value=0.61)]
    finish(tmp_path / "03-evaluate", "scores", scores__json=rows, samples__json=samples)
    html = page.page(tmp_path)
    for text in (
        "1 of 4", "2 of 3 issues; 1 to read", "nothing", "0.610 [0.525, 0.695] against 0.500, mean acc of 1",
        "1 of 1 stop by themselves, 0 loop, 90% Hangul", "repair dropped 3 of 4 records", "412 students", "학생 421명",
    ):  # fmt: skip
        assert text in html, text
    assert "a\nb" in html and html.index("At a glance") < html.index("Records by stage")


def test_scores_no_better_than_guessing_are_called_that():
    rows = [score(model="base", value=0.5), score(model="new", value=0.52, ci_low=0.42, ci_high=0.62)]
    assert card.against_the_base(rows)[1]


def test_every_fixed_word_of_the_page_has_its_korean(tmp_path):
    notes = {"planted": {"by_code": {"code_mixed": [6, 6, 6]}}}
    finish(tmp_path / "01-load", counts=Counts(1, 1, {}, notes), records__jsonl="")
    html = page.page(tmp_path)
    assert "<span lang=ko>한눈에 보기</span>" in html and "<b>code mixed 6 / 6 / 6</b>" in html
