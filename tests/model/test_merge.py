"""Merge: the same model as the adapter, in a fresh folder, or a clear refusal."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from hunmin.artifacts.artifact import Inputs
from hunmin.errors import UserError
from hunmin.stages import merge, sft

from . import small


def tune(folder, name="sft", **options):
    config = sft.Config(**{"base_model": small.base(), **small.QUICK, "max_steps": 6, **options})
    sft.run(config, small.inputs(folder, small.records()), folder / name)
    return folder / name


def run(out, model, **options):
    return merge.run(merge.Config(**options), Inputs(label="merge", model=model), out)


def logits(folder, base=None):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base or folder, dtype=torch.float32)
    if base:
        model = PeftModel.from_pretrained(model, str(folder))
    torch.manual_seed(0)
    ids = torch.randint(5, 300, (2, 30))
    with torch.no_grad():
        return model.eval()(input_ids=ids, use_cache=False).logits


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"method": "dora"},
        {"method": "rslora"},
        {"base_model": small.base("neox")},
        {"base_model": small.base("neox"), "modules_to_save": ["embed_in", "embed_out"]},
        {"base_model": small.base("llama", tie_word_embeddings=True)},
    ],
    ids=small.named,
)
def test_merged_is_the_adapter(tmp_path, options):
    tuned = tune(tmp_path, **options)
    notes = run(tmp_path / "merged", tuned).notes
    base = options.get("base_model", small.base())
    wanted, got = logits(tuned / "adapter", base), logits(tmp_path / "merged/model")
    assert (wanted - got).abs().max() < 1e-4
    assert (wanted - logits(Path(base))).abs().max() > 0.05  # and not the base
    assert notes["kept_min"] > 0.999 and notes["greedy_agreement"] == 1.0 and notes["warnings"] == []
    folder = tmp_path / "merged/model"
    names = {p.name for p in folder.iterdir()}
    assert {
        "model.safetensors",
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "chat_template.jinja",
    } <= names
    assert not {"adapter_config.json", "adapter_model.safetensors", "training_args.bin"} & names
    assert json.loads((folder / "generation_config.json").read_text())["eos_token_id"] == 2
    assert json.loads((folder / "hunmin.json").read_text())["base_model"] == base
    assert set(small.weights(folder)) == set(small.weights(Path(base)))  # NeoX keeps embed_out on disk


def test_generation_ends_at_the_templates_stop(tmp_path):
    tuned = tune(tmp_path, base_model=small.base("llama", "llama3"), template="chatml")
    run(tmp_path / "merged", tuned)
    tokenizer = small.tokenizer("llama3")
    ids = json.loads((tmp_path / "merged/model/generation_config.json").read_text())["eos_token_id"]
    assert ids == [tokenizer.convert_tokens_to_ids("<|im_end|>"), tokenizer.eos_token_id]


def test_a_small_update_in_bf16_is_warned_about(tmp_path):
    """KoRAE's DPO learning rate with r=8: most of the update is rounded away in bf16, hardly any in fp32."""
    tuned = tune(tmp_path, learning_rate=2e-6, lr_scheduler="constant")
    low = run(tmp_path / "low", tuned, dtype="bf16").notes
    assert low["kept_min"] < 0.6 and "fp16 or fp32" in low["warnings"][0]
    high = run(tmp_path / "high", tuned, dtype="fp32").notes
    assert high["kept_min"] > 0.999 and high["warnings"] == []


def test_a_folder_that_holds_an_adapter_is_refused(tmp_path):
    tuned = tune(tmp_path)
    shutil.copytree(tuned / "adapter", tmp_path / "same/model")
    with pytest.raises(UserError, match="holds an adapter; loading it would apply the adapter twice"):
        run(tmp_path / "same", tuned)
    shutil.copytree(tuned / "adapter", tmp_path / "both")
    shutil.copy(Path(small.base()) / "config.json", tmp_path / "both")
    with pytest.raises(UserError, match="merged weights and an adapter"):
        run(tmp_path / "out", tmp_path / "both")


def test_other_bases_and_plain_models_are_refused(tmp_path):
    tuned = tune(tmp_path)
    with pytest.raises(UserError, match="trained on other weights"):
        run(tmp_path / "out", tuned, base_model=small.base("llama", "byte", seed=5))
    with pytest.raises(UserError, match="plain already"):
        run(tmp_path / "out", Path(small.base()))
    with pytest.raises(UserError, match="no adapter to merge"):
        run(tmp_path / "out", None)


def test_an_adapter_of_a_quantised_base_needs_dequantize(tmp_path):
    tuned = tune(tmp_path)
    path = tuned / "adapter/hunmin.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps({**card, "quantization": "nf4"}))
    with pytest.raises(UserError, match="quantised to nf4.*dequantize: true"):
        run(tmp_path / "out", tuned)


def edit(tuned, change):
    path = tuned / "adapter/adapter_model.safetensors"
    state = load_file(path)
    change(state)
    save_file(state, path)


def test_every_key_of_the_adapter_is_used(tmp_path):
    tuned = tune(tmp_path)
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    edit(tuned, lambda s: s.update({name.replace("q_proj", "qq_proj"): s[name].clone()}))
    with pytest.raises(UserError, match="1 saved keys fit nothing"):
        run(tmp_path / "out", tuned)
    edit(tuned, lambda s: (s.pop(name.replace("q_proj", "qq_proj")), s.pop(name)))
    with pytest.raises(UserError, match="1 adapter weights have no saved key"):
        run(tmp_path / "out", tuned)


def test_an_old_neox_adapter_with_embed_out(tmp_path):
    """Before transformers 5.14 the head was saved as embed_out; loaded as it is, it would be ignored without a word."""
    tuned = tune(tmp_path, base_model=small.base("neox"), modules_to_save=["embed_out"])
    wanted = logits(tuned / "adapter", small.base("neox"))
    head = "base_model.model.{}.weight"
    edit(tuned, lambda s: s.update({head.format("embed_out"): s.pop(head.format("lm_head"))}))
    config = tuned / "adapter/adapter_config.json"
    config.write_text(config.read_text().replace('"lm_head"', '"embed_out"'))
    run(tmp_path / "merged", tuned)
    assert (logits(tmp_path / "merged/model") - wanted).abs().max() < 1e-4


@pytest.mark.parametrize("change", [-5, 6])
def test_embeddings_grow_and_never_shrink(tmp_path, change):
    """KULLM's merge resized to len(tokenizer), below the padded vocabulary the base has."""
    tuned = tune(tmp_path, base_model=small.base("neox"), modules_to_save=["embed_in", "lm_head"])
    rows = small.weights(Path(small.base("neox")))["gpt_neox.embed_in.weight"].shape[0]
    keys = [f"base_model.model.{n}.weight" for n in ("gpt_neox.embed_in", "lm_head")]

    def resize(state):
        for key in keys:
            old = state[key]
            state[key] = old[:change].clone() if change < 0 else torch.cat([old, torch.ones(change, old.shape[1])])

    edit(tuned, resize)
    run(tmp_path / "merged", tuned)
    merged = small.weights(tmp_path / "merged/model")
    assert merged["gpt_neox.embed_in.weight"].shape[0] == max(rows, rows + change)
    assert json.loads((tmp_path / "merged/model/config.json").read_text())["vocab_size"] == max(rows, rows + change)
    if change < 0:
        base = small.weights(Path(small.base("neox")))["gpt_neox.embed_in.weight"]
        assert torch.equal(merged["gpt_neox.embed_in.weight"][change:], base[change:])


def test_the_modelfile_renders_the_same_prompt(tmp_path):
    tuned = tune(tmp_path)
    run(tmp_path / "merged", tuned, ollama=True)
    text = (tmp_path / "merged/model/Modelfile").read_text()
    template = text.split('"""')[1].split("{{ else }}")[1].removesuffix("{{ end }}")
    from hunmin.templates.render import load_template

    wanted = load_template("kullm", small.tokenizer()).prompt({"instruction": "수도는?"})
    assert template.replace("{{ .Prompt }}", "수도는?") == wanted
    assert 'PARAMETER stop "</s>"' in text


def test_a_quantised_base_is_merged_dequantised(tmp_path):
    """Into the weights the adapter was trained on: the merged model is the adapter on the quantised base."""
    pytest.importorskip("bitsandbytes")
    tuned = tune(tmp_path, quantization="nf4")
    notes = run(tmp_path / "merged", tuned, dequantize=True).notes
    assert notes["greedy_agreement"] > 0.9 and notes["kept_min"] > 0.99
    plain, merged = small.weights(Path(small.base())), small.weights(tmp_path / "merged/model")
    assert set(merged) == set(plain)
    config = json.loads((tmp_path / "merged/model/config.json").read_text())
    assert "quantization_config" not in config


def test_a_head_that_16_bits_round_away_is_told():
    """A head trained whole by tiny steps on a bf16 base keeps next to nothing of them when stored in bf16."""
    from peft import LoraConfig, get_peft_model

    from hunmin.train import merging

    model = small.new_model().to(torch.bfloat16)
    laid = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"], modules_to_save=["lm_head"]))
    wrapper = laid.base_model.model.lm_head
    own = wrapper.modules_to_save["default"]
    own.float()
    with torch.no_grad():
        own.weight += 1e-5 * torch.randn_like(own.weight)
    kept = merging._whole(laid)
    assert list(kept) == ["lm_head.weight"] and kept["lm_head.weight"] < 0.5


def test_what_is_compared_is_the_folder_on_disk(tmp_path, monkeypatch):
    from hunmin.train import merging

    written = merging._write

    def spoiled(*args):
        part = written(*args)
        state = load_file(part / "model.safetensors")
        state["model.layers.0.mlp.up_proj.weight"] = state["model.layers.0.mlp.up_proj.weight"] * 3
        save_file(state, part / "model.safetensors", metadata={"format": "pt"})
        return part

    tuned = tune(tmp_path)
    monkeypatch.setattr(merging, "_write", spoiled)
    notes = run(tmp_path / "merged", tuned).notes
    assert notes["next_token_agreement"] < 0.95 and any("same next token" in w for w in notes["warnings"])
