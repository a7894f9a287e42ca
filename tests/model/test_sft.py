"""SFT through the stage: the trajectory of plain batching, every method, guards, and what is left on disk."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

from hunmin.errors import UserError
from hunmin.stages import sft
from hunmin.train import fitting, labels
from hunmin.train.prepare import prepare, read_records

from . import small


def train(folder, rows=None, name="out", **options):
    inputs = small.inputs(folder, rows or small.records())
    config = sft.Config(**{"base_model": small.base(), **small.QUICK, "lora_dropout": 0.0, **options})
    assert sft.check(config) == []
    return sft.run(config, inputs, folder / name)


def curve(counts):
    return [row["loss"] for row in counts.notes["losses"] if "loss" in row]


def plain_losses(folder, steps, micro, accumulate):
    """The same run by transformers' own Trainer and padding collator over the same global batches."""
    from datasets import Dataset
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, DataCollatorForSeq2Seq, Trainer, TrainingArguments, set_seed

    config = sft.Config(**{"base_model": small.base(), **small.QUICK, "lora_dropout": 0.0})
    inputs = small.inputs(folder, small.records())
    ready = prepare(config, inputs)
    rows, _ = labels.rows_of(read_records(inputs), ready.template, ready.tokenizer, max_length=256)
    generator = torch.Generator().manual_seed(3)
    order = torch.randperm(len(rows), generator=generator).tolist()
    table = Dataset.from_dict(
        {"input_ids": [rows[i].input_ids for i in order], "labels": [rows[i].labels for i in order]}
    )
    set_seed(3)
    model = AutoModelForCausalLM.from_pretrained(small.base(), dtype=torch.float32)
    model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM"))
    arguments = TrainingArguments(
        str(folder / "plain"),
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=accumulate,
        max_steps=steps,
        learning_rate=1e-2,
        lr_scheduler_type="linear",
        warmup_steps=math.ceil(0.03 * steps),
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        seed=3,
        train_sampling_strategy="sequential",
        optim="adamw_torch",
        disable_tqdm=True,
    )
    collator = DataCollatorForSeq2Seq(ready.tokenizer, model=None)
    trainer = Trainer(model, arguments, collator, table)
    trainer.train()
    return [row["loss"] for row in trainer.state.log_history if "loss" in row]


def test_every_step_has_the_loss_of_plain_batching(tmp_path):
    ours = curve(train(tmp_path, max_steps=5))
    plain = plain_losses(tmp_path, steps=5, micro=4, accumulate=1)
    assert len(ours) == 5
    assert max(abs(a - b) for a, b in zip(ours, plain, strict=True)) < 1e-4
    assert ours[-1] < ours[0] - 0.2


def test_accumulation_changes_nothing(tmp_path):
    once = curve(train(tmp_path, name="a", batch_size=8, micro_batch_size=8))
    eight = curve(train(tmp_path, name="b", batch_size=8, micro_batch_size=1))
    assert max(abs(a - b) for a, b in zip(once, eight, strict=True)) < 1e-4


def test_sdpa_and_recomputation_change_nothing(tmp_path):
    ours = curve(train(tmp_path, name="a"))
    sdpa = curve(train(tmp_path, name="b", attention="sdpa"))
    again = curve(train(tmp_path, name="c", gradient_checkpointing=True))
    assert max(abs(a - b) for a, b in zip(ours, sdpa, strict=True)) < 1e-4
    assert max(abs(a - b) for a, b in zip(ours, again, strict=True)) < 1e-4


def test_the_last_partial_batch_is_kept_and_epochs_are_shuffled_anew(tmp_path):
    counts = train(tmp_path, small.records(10), max_steps=0, num_train_epochs=2, learning_rate=1e-9)
    assert counts.notes["steps"] == counts.notes["steps_planned"] == 6  # 4 + 4 + 2 rows, twice
    losses = curve(counts)
    assert max(abs(a - b) for a, b in zip(losses[:3], losses[3:], strict=True)) > 1e-3


def test_packing_has_the_same_losses_when_all_rows_share_a_step(tmp_path):
    """One global batch of all rows: packed or not, it is the same sum over the same tokens."""
    rows = small.records(8)
    plain = train(tmp_path, rows, name="a", batch_size=8, micro_batch_size=8, max_steps=3)
    packed = train(
        tmp_path, rows, name="b", batch_size=8, micro_batch_size=8, max_steps=3, packing="bfd", max_length=512
    )
    assert max(abs(a - b) for a, b in zip(curve(plain), curve(packed), strict=True)) < 1e-4


def test_loss_scale_sample_is_the_mean_over_rows(tmp_path):
    rows = small.records(6)
    options = {"batch_size": 6, "micro_batch_size": 3, "max_steps": 1}
    counts = train(tmp_path, rows, name="a", loss_scale="sample", **options)
    config = sft.Config(**{"base_model": small.base(), **small.QUICK})
    inputs = small.inputs(tmp_path, rows)
    ready = prepare(config, inputs)
    found, _ = labels.rows_of(rows, ready.template, ready.tokenizer, max_length=256)
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(small.base(), dtype=torch.float32)
    each, tokens = [], []
    for row in found:
        with torch.no_grad():
            loss = model(input_ids=torch.tensor([row.input_ids]), labels=torch.tensor([row.labels])).loss
        each.append(float(loss))
        tokens.append(sum(t != -100 for t in row.labels[1:]))
    assert curve(counts)[0] == pytest.approx(sum(each) / len(each), abs=1e-4)
    by_token = sum(a * b for a, b in zip(each, tokens, strict=True)) / sum(tokens)
    assert curve(train(tmp_path, rows, name="b", **options))[0] == pytest.approx(by_token, abs=1e-4)
    assert abs(by_token - sum(each) / len(each)) > 1e-3


@pytest.mark.parametrize(
    "options",
    [
        {"method": "rslora"},
        {"method": "dora"},
        {"neftune_alpha": 5.0},
        {"dtype": "bf16"},
        {"modules_to_save": ["embed_tokens", "embed_out"]},  # the head by its other name
        {"target_modules": ["q_proj", "v_proj"], "train_on_inputs": True},
        {"base_model": small.base("neox")},
        {"base_model": small.base("qwen2", "llama3"), "template": "chatml"},
    ],
    ids=small.named,
)
def test_methods_and_families_learn(tmp_path, options):
    counts = train(tmp_path, max_steps=6, batch_size=8, micro_batch_size=4, **options)
    losses = curve(counts)
    assert losses[-1] < losses[0]
    saved = small.weights(tmp_path / "out/adapter")
    assert sum(bool(v.abs().sum() > 0) for k, v in saved.items() if "lora_B" in k) > 0
    if "modules_to_save" in options:
        assert {"base_model.model.lm_head.weight", "base_model.model.model.embed_tokens.weight"} <= set(saved)


def test_full_fine_tuning_leaves_a_plain_model(tmp_path):
    counts = train(tmp_path, method="full", learning_rate=1e-3, max_steps=5)
    assert counts.notes["trainable"] == counts.notes["parameters"]
    losses = curve(counts)
    assert losses[-1] < losses[0]
    folder = tmp_path / "out/model"
    assert (folder / "config.json").is_file() and not (tmp_path / "out/adapter").exists()
    before = small.weights(Path(small.base()))
    assert set(small.weights(folder)) == set(before)


def test_what_is_left_on_disk(tmp_path):
    rows = [*small.records(12), {"id": "long", "instruction": "가", "output": "길다 " * 400}]
    counts = train(tmp_path, rows, base_model=small.base("qwen2", "llama3"), template="chatml", system="짧게.")
    out = tmp_path / "out"
    assert (counts.n_in, counts.n_kept, counts.dropped) == (13, 12, {"too_long": 1})
    dropped = [json.loads(line) for line in (out / "dropped.jsonl").read_text().splitlines()]
    assert [d["record"]["id"] for d in dropped] == ["long"]
    card = json.loads((out / "adapter/hunmin.json").read_text())
    assert card["stop"] == "<|im_end|>" and card["base_hash"] and card["template"] == "chatml"
    names = {p.name for p in (out / "adapter").iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "chat_template.jinja", "tokenizer.json"} <= names
    assert not {"training_args.bin", "ref"} & names
    losses = json.loads((out / "losses.json").read_text())
    assert [row["step"] for row in losses] == [1, 2, 3, 4] and "learning_rate" in losses[0]
    assert counts.notes["effective_batch"] == 4 and counts.notes["trainable"] < counts.notes["parameters"] / 2


def test_validation_early_stopping_and_the_best_checkpoint(tmp_path):
    counts = train(
        tmp_path,
        val_size=4,
        eval_steps=1,
        early_stopping_patience=2,
        learning_rate=0.5,  # far too high: the loss rises after a step or two
        max_steps=12,
    )
    evals = [row["eval_loss"] for row in counts.notes["losses"] if "eval_loss" in row]
    assert counts.notes["steps"] < 12 and counts.notes["validation_rows"] == 4
    assert counts.notes["best_eval_loss"] == min(evals) and evals[-1] > min(evals)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"target_modules": ["q_proj", "query_key_valu"]}, "'query_key_valu' matches nothing"),
        ({"modules_to_save": ["zzz"]}, "'zzz' matches nothing"),
        ({"target_modules": ["lm_head"]}, "Put the head under modules_to_save"),
        ({"val_size": 100}, "val_size 100 leaves nothing to train on"),
        ({"template": "kulm"}, "did you mean 'kullm'"),
        ({"template": "chatml", "base_model": "PLAIN"}, "<|im_end|>"),
        ({"max_length": 2048, "base_model": "SHORT"}, "built for 64 positions"),
        ({"base_model": "/no/such/folder"}, "no such model"),
        ({"base_model": ""}, "no model to start from"),
        ({"device": "mps"}, "no mps device"),
        ({"dtype": "fp16"}, "fp16 training needs a GPU"),
        ({"quantization": "nf4"}, "bitsandbytes is not installed"),
        ({"report_to": ["wandb"]}, "wandb is not installed"),
    ],
    ids=lambda v: small.named(v)[:40],
)
def test_bad_input_is_told(tmp_path, options, told):
    import importlib.util

    if "report_to" in options and importlib.util.find_spec("wandb"):
        pytest.skip("wandb is installed")
    if "quantization" in options and importlib.util.find_spec("bitsandbytes"):
        pytest.skip("bitsandbytes is installed")
    if options.get("base_model") == "SHORT":
        options = {**options, "base_model": small.base("llama", max_position_embeddings=64)}
    if options.get("base_model") == "PLAIN":
        options = {**options, "base_model": plain_base(tmp_path)}
    with pytest.raises(UserError, match=told):
        train(tmp_path, **options)


def plain_base(folder):
    """A base whose tokenizer has no chatml tokens."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.BPE({"a": 0, "</s>": 1}, [])), eos_token="</s>"
    ).save_pretrained(folder / "plain")
    small.new_model().save_pretrained(folder / "plain")
    return str(folder / "plain")


def test_a_foreign_tokenizer_is_refused(tmp_path):
    small.new_model(vocab_size=300).save_pretrained(tmp_path / "other")
    small.tokenizer().save_pretrained(tmp_path / "other")
    with pytest.raises(UserError, match="the base has 300 embedding rows"):
        train(tmp_path, base_model=str(tmp_path / "other"))


def test_a_loss_that_is_no_number_stops_the_run(tmp_path):
    with pytest.raises(UserError, match="the loss is (nan|inf).*|.*at step"):
        train(tmp_path, learning_rate=1e30, max_grad_norm=0, max_steps=8, lr_scheduler="constant")


def test_out_of_memory_says_what_to_lower():
    assert fitting.is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"))
    assert fitting.is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"))
    assert not fitting.is_out_of_memory(RuntimeError("shape mismatch"))


def test_the_dry_run_counts_what_the_run_trains(tmp_path):
    inputs = small.inputs(tmp_path, small.records(10))
    options = {"base_model": small.base("neox"), **small.QUICK, "max_steps": 0, "num_train_epochs": 3, "method": "dora"}
    config = sft.Config(**options)
    told = sft.estimate(config, inputs)
    assert not (tmp_path / "out").exists()
    counts = sft.run(config, inputs, tmp_path / "out")
    assert told["trainable"] == counts.notes["trainable"]
    assert told["parameters"] + told["trainable"] == counts.notes["parameters"]
    assert told["steps"] == counts.notes["steps"] == 9
    assert told["tokens_per_epoch"] == counts.notes["tokens"]
    assert told["memory_per_device_gb"] >= 0 and told["gradient_checkpointing"] is False


def test_trackers_offline(tmp_path, monkeypatch):
    """W&B in its offline mode and TensorBoard: both leave files, nothing is sent."""
    pytest.importorskip("wandb")
    pytest.importorskip("tensorboard")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("WANDB_SILENT", "true")
    train(tmp_path, max_steps=2, report_to=["wandb", "tensorboard"], run_name="probe", project="hunmin-test")
    assert list(tmp_path.glob("wandb/offline-run-*/*.wandb"))
    assert list((tmp_path / "out/tensorboard").rglob("events.out.tfevents.*"))


@pytest.mark.parametrize("kind", ["nf4", "int8"])
def test_qlora_on_a_cpu_learns_with_a_warning(tmp_path, caplog, kind):
    pytest.importorskip("bitsandbytes")
    counts = train(tmp_path, quantization=kind, max_steps=6, batch_size=8, micro_batch_size=4)
    losses = curve(counts)
    assert losses[-1] < losses[0]
    assert any("very slow" in message for message in caplog.messages)
    assert json.loads((tmp_path / "out/adapter/hunmin.json").read_text())["quantization"] == kind
