"""DPO: what the reference is, what the loss starts at, how pairs become tokens."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from hunmin.errors import UserError
from hunmin.stages import dpo, sft
from hunmin.templates.render import load_template
from hunmin.train import pairs

from . import small

OPTIONS = {**small.QUICK, "learning_rate": 1e-3, "max_steps": 4}


def run(folder, name="out", model=None, rows=None, **options):
    inputs = replace(small.inputs(folder, rows or small.preferences(), label="dpo"), model=model)
    config = dpo.Config(**{"base_model": "" if model else small.base(), **OPTIONS, **options})
    assert dpo.check(config) == []
    return dpo.run(config, inputs, folder / name)


def curve(counts):
    return [row["loss"] for row in counts.notes["losses"]]


@pytest.fixture
def tuned(tmp_path):
    """An SFT adapter far from its base."""
    config = sft.Config(base_model=small.base(), **{**small.QUICK, "max_steps": 8})
    sft.run(config, small.inputs(tmp_path, small.records()), tmp_path / "sft")
    return tmp_path / "sft"


def test_the_first_loss_is_ln_2_and_there_is_no_second_model(tmp_path):
    counts = run(tmp_path)
    assert curve(counts)[0] == pytest.approx(math.log(2), abs=1e-6)
    assert curve(counts)[-1] < math.log(2)
    assert counts.notes["reference"] == "the base with the adapter off"
    assert {"rewards_accuracies", "rewards_margins"} <= set(counts.notes["losses"][0])
    base = sum(v.numel() for v in small.new_model().parameters())
    assert counts.notes["parameters"] == base + counts.notes["trainable"]


def log_probability(model, prompt, answer):
    ids = torch.tensor([prompt + answer])
    with torch.no_grad():
        logits = model(input_ids=ids, use_cache=False).logits[0].log_softmax(-1)
    return sum(float(logits[len(prompt) - 1 + i, t]) for i, t in enumerate(answer))


def test_continuing_an_adapter_takes_the_sft_model_as_reference(tmp_path, tuned):
    """The rewards logged by trl are those against the SFT model, computed here by hand, not against the base."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    rows = small.preferences(4)
    counts = run(tmp_path, model=tuned, rows=rows, max_steps=3, batch_size=4, micro_batch_size=4)
    assert counts.notes["reference"] == "a frozen copy of the starting adapter"
    assert curve(counts)[0] == pytest.approx(math.log(2), abs=1e-5)
    assert not (tmp_path / "out/adapter/ref").exists()
    tokenizer = small.tokenizer()
    found, _, _ = pairs.pairs_of(rows, load_template("kullm", tokenizer), tokenizer, dpo.Config())

    def sums(adapter):
        model = AutoModelForCausalLM.from_pretrained(small.base(), dtype=torch.float32)
        if adapter:
            model = PeftModel.from_pretrained(model, str(adapter))
        return [
            log_probability(model, p.prompt, p.chosen) - log_probability(model, p.prompt, p.rejected) for p in found
        ]

    policy, reference, base = sums(tmp_path / "out/adapter"), sums(tuned / "adapter"), sums(None)
    margin = sum(0.1 * (a - b) for a, b in zip(policy, reference, strict=True)) / 4
    wrong = sum(0.1 * (a - b) for a, b in zip(policy, base, strict=True)) / 4
    logged = counts.notes["losses"][-1]["rewards_margins"]  # before the third and last update, which is tiny
    assert logged == pytest.approx(margin, rel=0.35)
    assert abs(wrong - margin) > 3 * abs(logged - margin)


def test_precomputed_reference_gives_the_same_losses(tmp_path, tuned):
    once = run(tmp_path, "a", model=tuned, precompute_ref_log_probs=True)
    live = run(tmp_path, "b", model=tuned, precompute_ref_log_probs=False)
    assert once.notes["precomputed_reference"] and not live.notes["precomputed_reference"]
    assert max(abs(a - b) for a, b in zip(curve(once), curve(live), strict=True)) < 1e-5


def test_from_a_merged_model(tmp_path, tuned):
    from hunmin.artifacts.artifact import Inputs
    from hunmin.stages import merge

    merge.run(merge.Config(), Inputs(label="merge", model=tuned), tmp_path / "merged")
    counts = run(tmp_path, model=tmp_path / "merged", template="auto")
    assert curve(counts)[0] == pytest.approx(math.log(2), abs=1e-6)
    assert counts.notes["template"] == "model"  # the template that sft saved


@pytest.mark.parametrize(
    "options",
    [
        {"loss_type": "ipo"},
        {"loss_type": "robust", "label_smoothing": 0.1},
        {"sft_weight": 0.5},
        {"loss_type": "apo_zero", "method": "dora"},
        {"method": "full", "learning_rate": 1e-4},
        {"base_model": small.base("neox"), "template": "korae", "dtype": "bf16"},
    ],
    ids=small.named,
)
def test_losses_and_methods(tmp_path, options):
    counts = run(tmp_path, **{**options, "max_steps": 6, "batch_size": 8, "micro_batch_size": 4})
    last = counts.notes["losses"][-1]
    assert last["rewards_margins"] > 0 and math.isfinite(last["loss"])


def test_sft_weight_adds_the_loss_of_the_chosen_answers(tmp_path):
    plain, more = run(tmp_path, "a", max_steps=1), run(tmp_path, "b", max_steps=1, sft_weight=0.5)
    added = curve(more)[0] - curve(plain)[0]
    assert 0.5 * 3 < added < 0.5 * 12  # half of a random model's loss per token


def test_a_policy_that_does_not_start_at_its_reference_is_stopped(tmp_path):
    from hunmin.train.first_step import FirstStep

    class State:
        global_step = 1

    logs = {"loss": 0.71, "rewards/margins": -0.02}
    with pytest.raises(UserError, match="not ln 2"):
        FirstStep(True, 1e-3).on_log(None, State, None, logs=logs)
    FirstStep(True, 1e-3).on_log(None, State, None, logs={"loss": 0.69314, "rewards/margins": 0.0})
    with pytest.raises(UserError, match="not start at its reference"):
        FirstStep(False, 1e-3).on_log(None, State, None, logs={"loss": 3.0, "rewards/margins": 0.1})


@pytest.mark.parametrize("name", ["alpaca", "kullm", "korae", "chatml"])
def test_header_and_stop_stand_once(name):
    """KoRAE's dpo.py wrote the assistant header twice, and trl a second eos after the template's own."""
    tokenizer = small.tokenizer("llama3")
    template = load_template(name, tokenizer)
    record = small.preferences(1)[0]
    (pair,), _, _ = pairs.pairs_of([record], template, tokenizer, dpo.Config())
    text = tokenizer.decode(pair.prompt + pair.chosen)
    assert text == template.prompt(record) + record["chosen"] + template.stop
    assert pair.chosen.count(tokenizer.convert_tokens_to_ids(template.stop)) == 1
    header = template.prompt(record).strip().split("\n")[-1]
    assert text.count(header) == 1


def test_the_collated_ids_are_ours(tmp_path):
    """What trl's collator makes of the ids: nothing added, nothing cut."""
    from trl.trainer.dpo_trainer import DataCollatorForPreference

    tokenizer = small.tokenizer()
    found, _, _ = pairs.pairs_of(small.preferences(3), load_template("kullm", tokenizer), tokenizer, dpo.Config())
    batch = DataCollatorForPreference(pad_token_id=3, max_length=None)(
        [{"prompt_ids": p.prompt, "chosen_ids": p.chosen, "rejected_ids": p.rejected} for p in found]
    )
    for i, pair in enumerate(found):
        n = len(pair.prompt) + len(pair.rejected)
        assert batch["input_ids"][len(found) + i][:n].tolist() == pair.prompt + pair.rejected
        assert int(batch["completion_mask"][i].sum()) == len(pair.chosen)


def test_prompt_length_and_refusals(tmp_path):
    tokenizer = small.tokenizer()
    template = load_template("kullm", tokenizer)
    long = {"id": "long", "instruction": "아주 긴 질문입니다. " * 40, "chosen": "가", "rejected": "나"}
    same = {"id": "same", "instruction": "가", "chosen": "나 ", "rejected": "나"}
    other = {"id": "sft", "instruction": "가", "output": "나"}
    rows = [long, same, other, *small.preferences(2)]
    kept, report, _ = pairs.pairs_of(rows, template, tokenizer, dpo.Config(max_prompt_length=150))
    assert len(kept) == 2 and dict(report.dropped) == {"too_long": 1, "identical": 1, "no_pair": 1}
    cut, _, _ = pairs.pairs_of(
        [long], template, tokenizer, dpo.Config(max_prompt_length=150, overlong="truncate_prompt")
    )
    assert len(cut[0].prompt) == 150 and cut[0].truncated
    full, _, _ = pairs.pairs_of([long], template, tokenizer, dpo.Config())
    assert cut[0].prompt == full[0].prompt[-150:] and cut[0].chosen == full[0].chosen
    with pytest.raises(UserError, match="record long: prompt .* max_prompt_length is 150"):
        pairs.pairs_of(rows, template, tokenizer, dpo.Config(max_prompt_length=150, overlong="error"))
    with pytest.raises(UserError, match="no pair is left.*1 identical"):
        pairs.pairs_of([same], template, tokenizer, dpo.Config())


def test_where_the_pairs_come_from(tmp_path):
    with pytest.raises(UserError, match="no preference records"):
        run(tmp_path, rows=small.records(2))
    path = tmp_path / "pairs.jsonl"
    small.inputs(tmp_path, small.preferences()).records.rename(path)
    counts = run(tmp_path, rows=small.records(2), data=str(path), max_steps=1)
    assert counts.n_kept == 8
    with pytest.raises(UserError, match="no such file"):
        run(tmp_path, rows=small.records(2), data="none.jsonl")


def padded(monkeypatch):
    from hunmin.train.passes import Passes

    flat = Passes.of_pairs
    monkeypatch.setattr(Passes, "of_pairs", lambda found: flat(found, padded=True))


@pytest.mark.parametrize(
    "options",
    [
        {"precompute_ref_log_probs": True},
        {"sft_weight": 0.5, "loss_type": "ipo"},
        {"method": "full", "learning_rate": 1e-4, "precompute_ref_log_probs": False},
        *(
            {"base_model": small.base(arch, attention="eager"), "template": "korae"}
            for arch in ("neox", "gemma2", "gpt_oss", "qwen3")
        ),
    ],
    ids=small.named,
)
def test_batches_without_padding_give_the_losses_of_padded_ones(tmp_path, monkeypatch, options):
    rows = small.preferences(12)
    rows[3]["rejected"] = rows[3]["rejected"] * 4  # lengths far apart
    options = {**options, "batch_size": 4, "micro_batch_size": 4}
    ours = run(tmp_path, "flat", rows=rows, **options)
    assert ours.notes["attention"] == "hunmin" and "padded_batches" not in ours.notes
    padded(monkeypatch)
    plain = run(tmp_path, "padded", rows=rows, **options)
    assert plain.notes["attention"] in ("sdpa", "eager")
    assert ours.notes["tokens_per_pass"] < 0.9 * plain.notes["tokens_per_pass"]
    for name in ("loss", "rewards_margins", "grad_norm", "mean_token_accuracy", "entropy", "logits/chosen"):
        a, b = ([row[name] for row in c.notes["losses"]] for c in (ours, plain))
        assert a == pytest.approx(b, rel=2e-4, abs=2e-5), name


def test_a_model_whose_documents_cannot_share_a_row_is_padded_and_says_so(tmp_path, monkeypatch):
    from hunmin.train import attention

    def sees(model):
        raise UserError("documents of one batch see each other", "attention")

    monkeypatch.setattr(attention, "check_isolation", sees)
    counts = run(tmp_path, max_steps=2)
    assert "padded batches" in counts.notes["padded_batches"] and counts.notes["attention"] == "sdpa"


def test_the_row_of_a_padded_batch_by_hand():
    from hunmin.train.flat_pairs import flat_row

    ids = torch.tensor([[5, 6, 7, 8], [9, 3, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    labels = torch.tensor([[-100, -100, 7, 8], [-100, 3, -100, -100]])
    row, kept, targets, places = flat_row(ids, mask, labels)
    assert row["input_ids"].tolist() == [[5, 6, 7, 8, 9, 3]] and row["position_ids"].tolist() == [[0, 1, 2, 3, 0, 1]]
    assert row["cu_seq_lens_q"].tolist() == [0, 4, 6] and row["max_length_q"] == 4
    assert kept.tolist() == [1, 2, 4] and targets.tolist() == [7, 8, 3]  # token i is predicted at i - 1
    assert places.tolist() == [[False, True, True], [True, False, False]]
