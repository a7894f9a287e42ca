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
from hunmin.stages import merge, sft

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
