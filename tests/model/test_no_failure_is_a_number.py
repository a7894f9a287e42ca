"""Weights that miss, are too many or are no numbers stop every way to use a model, before a number is made."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from hunmin import models
from hunmin.artifacts.artifact import Inputs
from hunmin.errors import UserError
from hunmin.models import sound
from hunmin.stages import evaluate, merge, respond, sft

from . import small


def broken(tmp_path, change, name="model.safetensors", source=None):
    """A copy of the small llama whose weights `change(weights, config)` has edited."""
    folder = tmp_path / "broken"
    shutil.copytree(source or small.base(), folder)
    weights, config = load_file(folder / name), json.loads((folder / "config.json").read_text())
    change(weights, config)
    save_file(weights, folder / name, metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def key_of(weights, part):
    return next(key for key in sorted(weights) if part in key)


def more_layers(weights, config):
    config["num_hidden_layers"] += 2
    config.pop("layer_types", None)


def fewer_layers(weights, config):
    config["num_hidden_layers"] -= 1
    config.pop("layer_types", None)


def dropped_layer(weights, config):
    for key in [key for key in weights if ".layers.0." in key]:
        del weights[key]


def other_type(weights, config):
    config["model_type"], config["architectures"] = "gpt_neox", ["GPTNeoXForCausalLM"]


FAULTS = {
    "more layers": (more_layers, "missing"),
    "fewer layers": (fewer_layers, "unexpected"),
    "a dropped layer": (dropped_layer, "missing"),
    "another model_type": (other_type, "missing"),
    "nan": (lambda w, c: w[key_of(w, "up_proj")].view(-1)[3].fill_(float("nan")), "no numbers"),
    "infinite": (lambda w, c: w[key_of(w, "embed_tokens")].view(-1)[0].fill_(float("inf")), "no numbers"),
    "a row of the head": (lambda w, c: w[key_of(w, "lm_head")].view(-1)[-1].fill_(float("nan")), "no numbers"),
    "as good as infinite": (lambda w, c: w[key_of(w, "up_proj")].view(-1)[3].fill_(1e36), "no numbers"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_weights_that_do_not_fit_or_are_no_numbers_are_refused(tmp_path, kind):
    change, told = FAULTS[kind]
    folder = broken(tmp_path, change)
    with pytest.raises(UserError) as raised:
        models.load(folder)
    assert told in str(raised.value) and str(folder) in str(raised.value)


def test_weights_of_other_senses_are_a_note(tmp_path, caplog):
    caplog.set_level(logging.WARNING, "hunmin")

    def change(weights, config):
        weights["model.visual.patch_embed.proj.weight"] = torch.zeros(2, 2)
        weights["mtp.layers.0.proj.weight"] = torch.zeros(2, 2)

    assert models.load(broken(tmp_path, change)).model is not None
    assert "2 weights of other senses" in caplog.text
    sound.check_keys({"missing_keys": [], "unexpected_keys": {"vision_tower.a.weight"}, "mismatched_keys": []}, "m")
    with pytest.raises(UserError, match="1 weights are unexpected"):
        sound.check_keys({"unexpected_keys": ["model.layers.9.mlp.up_proj.weight"]}, "m")


def test_sft_stops_on_a_loss_that_is_no_number_and_tells_one_that_never_moved(tmp_path, caplog):
    caplog.set_level(logging.WARNING, "hunmin")
    options = {"base_model": small.base(), **small.QUICK, "max_steps": 6, "logging_steps": 1}
    with pytest.raises(UserError) as raised:
        wild = sft.Config(**{**options, "learning_rate": 1e30, "max_grad_norm": 0})
        sft.run(wild, small.inputs(tmp_path, small.records()), tmp_path / "wild")
    assert "step" in str(raised.value) and "learning_rate" in str(raised.value)
    assert not (tmp_path / "wild" / "adapter").exists()
    still = sft.Config(**{**options, "learning_rate": 1e-30, "lora_dropout": 0.0})
    (tmp_path / "b").mkdir()
    sft.run(still, small.inputs(tmp_path / "b", small.records(1)), tmp_path / "still")
    assert "the loss stayed at" in caplog.text


def tuned(tmp_path):
    config = sft.Config(**{"base_model": small.base(), **small.QUICK, "max_steps": 2})
    sft.run(config, small.inputs(tmp_path, small.records()), tmp_path / "sft")
    return tmp_path / "sft"


def test_merge_counts_no_nan_as_kept(tmp_path):
    """It said "100.0 % kept" of an update of nan."""
    model = tuned(tmp_path)
    path = Path(model) / "adapter" / "adapter_model.safetensors"
    weights = load_file(path)
    weights[key_of(weights, "lora_B")].view(-1)[0] = float("nan")
    save_file(weights, path)
    with pytest.raises(UserError, match="lora_B.* no numbers"):
        merge.run(merge.Config(), Inputs(label="merge", model=model), tmp_path / "merged")
    assert not (tmp_path / "merged" / "model").exists()
    weights[key_of(weights, "lora_B")].fill_(1e30)  # finite, and no longer so once it is multiplied and stored as fp16
    save_file(weights, path)
    with pytest.raises(UserError, match="no numbers"):
        merge.run(merge.Config(dtype="fp16"), Inputs(label="merge", model=model), tmp_path / "merged")


def test_a_scored_token_that_is_no_number_stops_scores_and_answers():
    loaded = models.load(small.base())
    with torch.no_grad():
        loaded.model.get_output_embeddings().weight[:] = float("nan")
    ids = loaded.encode("한국")
    with pytest.raises(UserError, match="no numbers"):
        models.logprobs(loaded, [(ids, ids)])
    with pytest.raises(UserError, match="no numbers"):
        models.generate(loaded, ["한국"], max_new_tokens=2)
    from hunmin.evaluation.benchmarks import backends

    logits = torch.full((1, 3, 5), 1.0)
    logits[0, 1, 2] = float("-inf")
    assert backends._read(logits, [(0, [1], (1,), (0, 0))])  # the token that is scored is a number
    with pytest.raises(UserError, match="no numbers"):
        backends._read(logits, [(0, [1], (2,), (0, 0))])


def test_twenty_skipped_steps_of_fp16_stop_and_nineteen_do_not():
    from types import SimpleNamespace

    from hunmin.train import loop

    watch = loop.callbacks(sft.Config(base_model="tiny:llama"), "sft", False)[0]
    args = SimpleNamespace(fp16=True, device=torch.device("cuda"))
    state = SimpleNamespace(global_step=7)
    skipped, done = SimpleNamespace(step_was_skipped=True), SimpleNamespace(step_was_skipped=False)
    for optimizer in [*[skipped] * 19, done, *[skipped] * 19]:
        watch.on_step_end(args, state, SimpleNamespace(), optimizer=optimizer)
    with pytest.raises(UserError, match="20 steps in a row"):
        watch.on_step_end(args, state, SimpleNamespace(), optimizer=skipped)


# --- numbers that end while a model answers ---


def late(tmp_path):
    """A copy of the small llama whose positions are no numbers from the 49th on: its weights are sound."""

    def change(weights, config):
        factors = {"short_factor": [1.0] * 8, "long_factor": [float("nan")] * 8}
        known = {"rope_type": "longrope", "rope_theta": 1e4, "original_max_position_embeddings": 48, "factor": 1.0}
        config["rope_parameters"] = {**known, **factors}

    return broken(tmp_path, change)


@pytest.mark.parametrize("num_beams", [1, 3])
def test_numbers_that_end_in_the_middle_of_an_answer_are_told_with_the_models_name(tmp_path, num_beams):
    loaded = models.load(late(tmp_path))
    assert models.generate(loaded, ["한국"], max_new_tokens=20, num_beams=num_beams)[0].n_tokens > 0
    with pytest.raises(models.NotNumbers, match="broken: the model's logits are no numbers.*copy the model again"):
        models.generate(loaded, ["한국"], max_new_tokens=80, num_beams=num_beams)
    with pytest.raises(models.NotNumbers, match="no numbers"):
        models.prompt_logprobs(loaded, loaded.encode("한국 " * 40), 0)


@pytest.mark.parametrize(
    "row, told",
    [
        ([1.0, float("nan"), 2.0], "no numbers"),
        ([1.0, float("inf"), 2.0], "no numbers"),  # fp16 ran over: greedy took that token, and a draw took any
        ([float("-inf")] * 3, "no numbers"),
        ([0.0, 0.0, 0.0], "the same for every token"),
        ([1.0, float("-inf"), 2.0], ""),  # a token that a mask forbids
    ],
)
def test_which_logits_can_choose_a_token(row, told):
    given = torch.tensor([[0.0, 1.0, 2.0], row])
    if told.startswith("the same"):
        sound.check_logits(given, "m")  # one such row: behind a token whose embedding is zero
        given = given[1:]
    if not told:
        return sound.check_logits(given, "m")
    with pytest.raises(models.NotNumbers, match=f"^m: .*{told}"):
        sound.check_logits(given, "m")


def test_a_buffer_of_nan_is_refused_and_a_mask_of_infinity_is_not():
    model = torch.nn.Linear(2, 2)
    model.register_buffer("mask", torch.tensor([0.0, float("-inf")]))
    sound.check_buffers(model, "m")
    model.register_buffer("expert_bias", torch.tensor([0.0, float("nan")]))
    with pytest.raises(UserError, match="m: the weight expert_bias holds 1 values that are no numbers"):
        sound.check_buffers(model, "m")


def test_a_model_whose_numbers_end_has_no_row_and_the_others_keep_theirs(tmp_path):
    model = str(late(tmp_path))
    options = {"tasks": ["ifeval_ko"], "template": "alpaca", "max_new_tokens": 60, "limit": 2, "models": []}
    config = evaluate.Config(**options, baselines=[small.base(), model])
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match=f"{model} on ifeval_ko: the model's logits are no numbers.*without this model"):
        evaluate.run(config, Inputs(label="evaluate"), tmp_path / "out")
    [kept] = (tmp_path / "out" / "parts").glob("*.json")
    assert json.loads(kept.read_text())["details"]["model"] == small.base()
    assert not (tmp_path / "out" / "scores.json").exists()


def test_lm_evals_own_generation_stops_too(tmp_path):
    from lm_eval.api.instance import Instance

    from hunmin.evaluation.benchmarks import upstream

    loaded = models.load(late(tmp_path))
    lm = upstream.open_model(loaded, 512, "auto", None, {}, 8)
    assert lm.batch_size == 8
    asked = [Instance("generate_until", {}, ("한국", {"until": ["없는 말"], "max_gen_toks": 80}), 0)]
    with pytest.raises(models.NotNumbers, match="no numbers"):
        lm.generate_until(asked, disable_tqdm=True)


@pytest.mark.parametrize("kind", ["a dropped layer", "fewer layers", "nan", "as good as infinite"])
def test_a_model_that_lm_eval_opens_itself_goes_through_the_same_gate(tmp_path, kind):
    from hunmin.evaluation.benchmarks.lm_eval_model import HunminLM

    change, told = FAULTS[kind]
    folder = str(broken(tmp_path, change))
    with pytest.raises(UserError) as raised:
        HunminLM(folder, device="cpu", dtype="float32")
    with pytest.raises(UserError) as ours:
        models.load(folder)
    assert told in str(raised.value) and str(raised.value) == str(ours.value)


def test_an_adapter_that_lm_eval_is_given_has_to_fit(tmp_path):
    from peft import LoraConfig, get_peft_model

    from hunmin.evaluation.benchmarks.lm_eval_model import HunminLM

    made = get_peft_model(models.load(small.base()).model, LoraConfig(r=2, target_modules=["q_proj"]))
    made.save_pretrained(tmp_path / "a")
    fits = HunminLM(small.base(), peft=str(tmp_path / "a"), device="cpu", dtype="float32")
    assert sum("lora_A" in name for name, _ in fits.model.named_parameters()) == made.config.num_hidden_layers
    weights = load_file(tmp_path / "a" / "adapter_model.safetensors")
    save_file({key.replace("q_proj", "qq"): w for key, w in weights.items()}, tmp_path / "a/adapter_model.safetensors")
    with pytest.raises(UserError, match="the adapter does not fit this base: .* saved keys fit nothing"):
        HunminLM(small.base(), peft=str(tmp_path / "a"), device="cpu", dtype="float32")


def test_respond_drops_no_record_for_a_broken_model(tmp_path):
    (tmp_path / "a").mkdir()
    config = respond.Config(engine="local", model=str(late(tmp_path)), template="alpaca", max_new_tokens=80)
    with pytest.raises(UserError, match="no numbers"):
        respond.run(config, small.inputs(tmp_path / "a", small.records(2)), tmp_path / "out")


def test_the_servers_thread_tells_each_caller_and_goes_on(tmp_path):
    import asyncio

    from hunmin.server.worker import Worker

    loaded = models.load(late(tmp_path))

    async def ask(worker, n):
        return [piece async for piece in worker.pieces(models.Request(tuple(loaded.encode("한국")), n))]

    async def both():
        worker = Worker(loaded)
        with pytest.raises(models.NotNumbers, match="no numbers"):
            await ask(worker, 80)
        return await ask(worker, 5)

    assert asyncio.run(both())
