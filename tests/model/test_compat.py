"""One test per fact of trl, transformers and peft that our code rests on, so that an upgrade fails here, loudly."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, TrainingArguments
from trl import DPOConfig, DPOTrainer, GRPOTrainer, SFTConfig, SFTTrainer

from . import small


def rejects(config, name, value=1):
    with pytest.raises(TypeError, match=name):
        config("x", **{name: value})


@pytest.mark.parametrize(
    "name",
    [
        "max_seq_length",
        "warmup_ratio",
        "group_by_length",
        "evaluation_strategy",
        "overwrite_output_dir",
        "no_cuda",
        "save_safetensors",
        "logging_dir",
        "push_to_hub_token",
        "half_precision_backend",
        "include_tokens_per_second",
    ],
)
def test_names_that_are_gone_from_sft(name):
    rejects(SFTConfig, name)


@pytest.mark.parametrize(
    "name",
    [
        "max_prompt_length",
        "max_completion_length",
        "label_pad_token_id",
        "generate_during_eval",
        "model_adapter_name",
        "ref_adapter_name",
        "force_use_ref_model",
        "reference_free",
        "rpo_alpha",
        "use_logits_to_keep",
    ],
)
def test_names_that_are_gone_from_dpo(name):
    rejects(DPOConfig, name)


def test_names_that_we_pass_exist():
    wanted = {
        "activation_checkpointing",
        "train_sampling_strategy",
        "eval_strategy",
        "warmup_steps",
        "neftune_noise_alpha",
        "average_tokens_across_devices",
        "metric_for_best_model",
        "use_cpu",
        "data_seed",
    }
    both = {f.name for f in fields(SFTConfig)} & {f.name for f in fields(DPOConfig)}
    assert wanted <= both
    assert {"packing", "packing_strategy", "padding_free", "eval_packing", "dataset_kwargs", "max_length"} <= {
        f.name for f in fields(SFTConfig)
    }
    assert {"beta", "loss_type", "loss_weights", "label_smoothing", "precompute_ref_log_probs"} <= {
        f.name for f in fields(DPOConfig)
    }


def test_warmup_steps_below_one_are_a_share():
    arguments = TrainingArguments("x", warmup_steps=0.1, use_cpu=True)
    assert arguments.get_warmup_steps(200) == 20


def test_trl_defaults_we_override():
    default = {f.name: f.default for f in fields(SFTConfig)}
    assert default["max_length"] == 1024 and default["learning_rate"] == 2e-5
    assert SFTConfig("x", use_cpu=True).bf16 is True  # also on a CPU
    assert SFTConfig("x", bf16=False, use_cpu=True).gradient_checkpointing is True


def test_trainers_take_processing_class():
    for trainer in (SFTTrainer, DPOTrainer):
        with pytest.raises(TypeError, match="tokenizer"):
            trainer(model=None, tokenizer=small.tokenizer())


def test_report_to_none_is_a_word():
    assert SFTConfig("x", use_cpu=True, bf16=False).report_to == []
    assert SFTConfig("x", report_to="none", use_cpu=True, bf16=False).report_to == []


@pytest.mark.parametrize("name", ["load_in_8bit", "use_flash_attention_2"])
def test_from_pretrained_arguments_that_are_gone(name):
    with pytest.raises(TypeError, match=name):
        AutoModelForCausalLM.from_pretrained(small.base(), **{name: True})


def test_things_gone_from_trl_and_peft():
    import peft
    import trl

    for name in ("DataCollatorForCompletionOnlyLM", "setup_chat_format"):
        assert not hasattr(trl, name)
    assert not hasattr(peft, "prepare_model_for_int8_training")


def test_neox_head_is_lm_head_in_memory_and_embed_out_on_disk():
    model = small.new_model("neox")
    assert model.get_output_embeddings() is model.lm_head
    assert "embed_out.weight" in small.weights(Path(small.base("neox")))


def test_peft_never_checks_modules_to_save_and_only_some_targets():
    get_peft_model(small.new_model(), LoraConfig(target_modules=["q_proj"], modules_to_save=["zzz"]))
    get_peft_model(small.new_model(), LoraConfig(target_modules=["q_proj", "xxx"]))
    with pytest.raises(ValueError, match="xxx"):
        get_peft_model(small.new_model(), LoraConfig(target_modules=["xxx"]))


def test_all_linear_leaves_the_head_out():
    for arch in ("llama", "neox"):
        model = get_peft_model(small.new_model(arch), LoraConfig(target_modules="all-linear", task_type="CAUSAL_LM"))
        adapted = {n.split(".lora_A")[0].rsplit(".", 1)[-1] for n, _ in model.named_modules() if ".lora_A" in n}
        assert adapted and not adapted & {"lm_head", "embed_out"}


def test_adapter_weights_are_fp32_on_a_bf16_base():
    model = get_peft_model(small.new_model().to(torch.bfloat16), LoraConfig(target_modules=["q_proj"]))
    assert {p.dtype for p in model.parameters() if p.requires_grad} == {torch.float32}


def test_the_fused_head_scores_every_label_without_logits():
    from trl.trainer.utils import add_fused_lm_head

    model = small.new_model()
    ids = torch.randint(5, 200, (1, 12))
    with torch.no_grad():
        wanted = model(input_ids=ids, labels=ids).loss
        add_fused_lm_head(model)
        got = model(input_ids=ids, labels=ids, fused_lm_head=True)
    assert got.log_probs.shape == (1, 11)
    assert float(got.loss) == pytest.approx(float(wanted), abs=1e-5)


def test_the_padding_free_collator_gives_boundaries_and_no_mask():
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    batch = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)(
        [{"input_ids": [5, 6, 7], "labels": [-100, 6, 7]}, {"input_ids": [8, 9], "labels": [8, 9]}]
    )
    assert "attention_mask" not in batch
    assert batch["cu_seq_lens_q"].tolist() == [0, 3, 5] and batch["max_length_q"] == 3
    assert batch["position_ids"].tolist() == [[0, 1, 2, 0, 1]]
    assert batch["labels"].tolist() == [[-100, 6, 7, -100, 9]]


def test_padding_free_without_packing_needs_no_max_length(tmp_path):
    from datasets import Dataset

    arguments = SFTConfig(
        str(tmp_path), padding_free=True, max_length=64, bf16=False, use_cpu=True, gradient_checkpointing=False
    )
    with pytest.raises(ValueError, match="max_length"):
        SFTTrainer(
            model=small.new_model(),
            args=arguments,
            train_dataset=Dataset.from_dict({"input_ids": [[5, 6]], "labels": [[5, 6]]}),
            processing_class=small.tokenizer(),
        )


def test_the_trainer_passes_a_rebalance_sampler_through_as_batches():
    """Our sampler is one by inheritance: that is how the Trainer knows it yields whole micro-batches of this rank."""
    import inspect

    from transformers import Trainer
    from transformers.trainer_pt_utils import BatchRebalanceSampler

    from hunmin.train.batching import TokenBalancedSampler

    assert issubclass(TokenBalancedSampler, BatchRebalanceSampler)
    assert 'dataloader_params["batch_sampler"] = sampler' in inspect.getsource(Trainer._get_dataloader)
    inside = vars(TokenBalancedSampler([3, 2, 1], 2, 1, 1, 0, 0)).keys()
    assert {"lengths", "effective_batch_size", "dp_size", "rank", "seed", "grad_accum", "epoch"} <= inside
    assert {"num_full_batches", "remainder"} <= inside


def private_parts():
    """(what hunmin takes of a library that it does not promise, whose it is, the parameters that hunmin gives or
    takes, the files that may name it)."""
    from lm_eval.models.huggingface import HFLM
    from transformers import Trainer

    internals, harness = "train/internals.py", "evaluation/benchmarks/lm_eval_model.py"
    endpoint = "evaluation/benchmarks/endpoint_lm.py"
    return [
        ("_get_train_sampler", Trainer, {"train_dataset"}, internals),
        ("_run_epoch", Trainer, {"epoch"}, internals),
        ("_get_num_items_in_batch", Trainer, {"batch_samples", "device"}, internals),
        ("_load_from_checkpoint", Trainer, {"resume_from_checkpoint"}, internals),
        ("_prepare_dataset", DPOTrainer, {"dataset"}, internals),
        ("_tokenize_prompts", GRPOTrainer, {"prompts"}, internals),
        ("_encode_pair", HFLM, {"context", "continuation"}, harness),
        ("_loglikelihood_tokens", HFLM, {"requests", "disable_tqdm", "override_bs"}, f"{endpoint} {harness}"),
    ]


@pytest.mark.parametrize("name, owner, given, file", private_parts())
def test_a_private_part_of_a_library_is_still_there_and_named_in_one_file(name, owner, given, file):
    """Gone or renamed, an override would never be called, and nothing else would tell."""
    import inspect

    assert hasattr(owner, name), f"{owner.__name__}.{name} is gone: mend src/hunmin/{file}"
    assert given <= set(inspect.signature(getattr(owner, name)).parameters), f"{name} takes other things now"
    assert files_that_name(name) == file.split()


def files_that_name(name):
    import hunmin

    word, root = re.compile(rf"(?<!\w){name}\b"), Path(hunmin.__file__).parent
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*.py") if word.search(p.read_text("utf-8")))


def test_what_the_trainers_and_the_sampler_hold_inside_is_still_there():
    import inspect

    assert 'self._metrics[mode]["mean_token_accuracy"].append' in inspect.getsource(SFTTrainer)
    assert "self.aux_loss_enabled" in inspect.getsource(SFTTrainer.__init__)
    assert "images, multimodal_fields = self._tokenize_prompts(prompts)" in inspect.getsource(GRPOTrainer)  # of three
    for trainer in (SFTTrainer, DPOTrainer):
        assert "self._total_train_tokens +=" in inspect.getsource(trainer)
    assert files_that_name("_metrics") == files_that_name("_total_train_tokens") == ["train/internals.py"]
    assert files_that_name("BatchRebalanceSampler") == ["train/batching.py"]


def test_dpo_wants_text_or_our_override(tmp_path):
    from datasets import Dataset

    table = Dataset.from_dict({"prompt_ids": [[5]], "chosen_ids": [[6]], "rejected_ids": [[7]]})
    arguments = DPOConfig(str(tmp_path), bf16=False, use_cpu=True, gradient_checkpointing=False)
    with pytest.raises(KeyError):
        DPOTrainer(model=small.new_model(), args=arguments, train_dataset=table, processing_class=small.tokenizer())


def test_a_checkpoint_holds_all_of_the_state(tmp_path):
    """And its trainer_state.json is the last file written, which is why a folder without it is unfinished."""
    from hunmin.stages import sft

    sft.run(
        sft.Config(base_model=small.base(), **small.QUICK), small.inputs(tmp_path, small.records(8)), tmp_path / "o"
    )
    folder = tmp_path / "o/checkpoints/checkpoint-2"
    files = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    state = {"adapter_model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"}
    assert state <= set(files)
    assert files["trainer_state.json"] == max(files.values())


def test_telemetry_can_be_switched_off():
    import huggingface_hub.constants as constants
    from huggingface_hub.utils import _telemetry

    assert constants.HF_HUB_DISABLE_TELEMETRY  # conftest and be_quiet set it before anything is imported
    assert hasattr(_telemetry, "send_telemetry")


def test_trainer_options_are_checked_against_trl():
    from hunmin.stages import dpo, sft

    assert sft.check(sft.Config(trainer={"adam_beta2": 0.95, "loss_type": "dft"})) == []
    assert "did you mean 'adam_beta2'" in sft.check(sft.Config(trainer={"adam_beta22": 1}))[0]
    assert "DPOConfig has no such option" in dpo.check(dpo.Config(trainer={"packing_strategy": "bfd"}))[0]
    assert "is set by hunmin's own sft_weight" in dpo.check(dpo.Config(trainer={"loss_weights": [1.0]}))[0]


def test_trls_warnings_do_not_reach_a_commands_terminal():
    """It warns of a micro-batch of 1 without padding, which is what was asked for."""
    import logging

    from hunmin.train.loop import be_quiet

    be_quiet()
    assert logging.getLogger("trl.trainer.sft_trainer").getEffectiveLevel() == logging.ERROR
