"""What the training options refuse before anything is loaded, the launch command, and the guard of a resumed run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from hunmin.artifacts.record import content_hash
from hunmin.errors import UserError
from hunmin.stages import dpo, merge, sft
from hunmin.train import labels, launch, resume


def problems(stage=sft, **options):
    return " | ".join(stage.check(stage.Config(**options)))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"batch_size": 100, "micro_batch_size": 8}, "not a multiple of micro_batch_size 8 x num_processes 1"),
        (
            {"batch_size": 16, "micro_batch_size": 4, "num_processes": 8, "launch": "ddp"},
            "not a multiple of micro_batch_size 4 x num_processes 8",
        ),
        ({"num_processes": 2}, "launch is none"),
        ({"launch": "fsdp2", "device": "cpu"}, "needs GPUs"),
        ({"method": "full", "quantization": "nf4"}, "needs an adapter"),
        ({"method": "full", "adapter": "a"}, "merge the adapter first"),
        ({"early_stopping_patience": 2}, "set val_size"),
        ({"eval_steps": 2}, "set val_size"),
        ({"val_size": 2.5}, "a share is below 1"),
        ({"report_to": ["wnadb"]}, "known are wandb, tensorboard"),
        ({"project": "p"}, "names no tracker"),
        pytest.param(
            {"trainer": {"learning_rate": 1.0}}, "is set by hunmin's own learning_rate", marks=pytest.mark.slow
        ),  # imports trl
        ({"packing": "bfd", "overlong": "truncate_answer"}, "packing: bfd takes"),
    ],
)
def test_options_that_do_not_go_together(options, told):
    assert told in problems(**options)


def test_the_defaults_and_the_originals_settings_pass():
    assert problems() == "" and problems(dpo) == ""
    assert problems(batch_size=128, micro_batch_size=4, launch="ddp", num_processes=4) == ""
    assert problems(batch_size=16, micro_batch_size=1, launch="ddp", num_processes=2) == ""


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"label_smoothing": 0.1}, "no effect on loss_type sigmoid"),
        ({"max_prompt_length": 2048, "max_length": 2048}, "leaves no room"),
    ],
)
def test_dpo_options(options, told):
    assert told in problems(dpo, **options)


def test_every_option_name_of_the_design_is_there():
    shared = """base_model revision adapter dtype quantization attention trust_remote_code template system max_length
        overlong val_size seed method lora_r lora_alpha lora_dropout target_modules modules_to_save batch_size
        micro_batch_size num_train_epochs max_steps learning_rate lr_scheduler warmup_steps warmup_ratio weight_decay
        max_grad_norm optimizer gradient_checkpointing logging_steps eval_steps save_steps save_total_limit
        early_stopping_patience report_to run_name project launch num_processes trainer""".split()
    own_sft = ["train_on_inputs", "packing", "neftune_alpha", "loss_scale"]
    own_dpo = ["max_prompt_length", "beta", "loss_type", "sft_weight", "label_smoothing", "precompute_ref_log_probs"]
    assert {*shared, *own_sft} <= set(sft.Config.model_fields)
    assert {*shared, *own_dpo} <= set(dpo.Config.model_fields)
    assert merge.Config().min_kept == 0.95


def test_launch_commands(tmp_path):
    spec = tmp_path / "spec.json"
    plain = launch.command(sft.Config(), spec)
    assert plain == [sys.executable, "-m", "hunmin.running.child", str(spec)]
    ddp = launch.command(sft.Config(launch="ddp", num_processes=4, device="cpu", micro_batch_size=4), spec)
    assert ddp == [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc_per_node=4",
        "-m",
        "hunmin.running.child",
        str(spec),
    ]


def test_fsdp2_writes_accelerates_file(tmp_path):
    config = sft.Config(launch="fsdp2", num_processes=2, batch_size=16, micro_batch_size=4, dtype="bf16")
    argv = launch.fsdp2(config, tmp_path / "spec.json")
    assert argv[1:4] == ["-m", "accelerate.commands.launch", "--config_file"]
    import yaml

    written = yaml.safe_load(Path(argv[4]).read_text())
    assert written["fsdp_config"]["fsdp_version"] == 2 and written["num_processes"] == 2
    assert written["mixed_precision"] == "bf16"


def test_the_guard_shows_what_changed(tmp_path):
    identity = {"batch_size": 16, "data": "aa", "template": "t", "logging_steps": 10}
    resume.guard(tmp_path, identity)
    resume.guard(tmp_path, {**identity, "batch_size": 2})  # no checkpoint yet: it may begin with other options
    resume.guard(tmp_path, identity)
    (tmp_path / "checkpoint-2").mkdir()
    resume.guard(tmp_path, {**identity, "logging_steps": 1})  # changes nothing that is learned
    with pytest.raises(UserError, match="begun with batch_size=16, now 8; data='aa', now 'bb'"):
        resume.guard(tmp_path, {**identity, "batch_size": 8, "data": "bb"})


def test_a_checkpoint_of_an_ended_training_is_known(tmp_path):
    def checkpoint(**state):
        (tmp_path / "trainer_state.json").write_text(json.dumps({"global_step": 4, "max_steps": 8, **state}))
        return resume.is_finished(tmp_path)

    assert not checkpoint()
    assert checkpoint(global_step=8)
    assert checkpoint(stateful_callbacks={"TrainerControl": {"args": {"should_training_stop": True}}})


def row(key, n=3):
    return labels.Row([1] * n, [1] * n, key)


def test_the_split_depends_on_the_questions_alone():
    rows = [row(content_hash({"instruction": str(i)})) for i in range(50)]
    train, held_out = labels.split(rows, 10)
    assert (len(train), len(held_out)) == (40, 10)
    _, again = labels.split([row("zz"), *reversed(rows)], 10)
    assert {r.key for r in again} == {r.key for r in held_out}
    assert len(labels.split(rows, 0.1)[1]) == 5
    assert labels.split(rows, 0) == (rows, [])


def test_equal_questions_stay_on_one_side():
    rows = [row(key) for key in ("a", "a", "b", "b", "c", "c")]
    train, held_out = labels.split(rows, 1)
    assert {r.key for r in held_out} == {"a"} and {r.key for r in train} == {"b", "c"}


def test_a_split_that_takes_everything_is_refused():
    with pytest.raises(UserError, match="val_size 3 leaves nothing to train on: there are 2 rows"):
        labels.split([row("a"), row("b")], 3)
    with pytest.raises(UserError, match="same question"):
        labels.split([row("a"), row("a")], 1)
