"""The heaviest micro-batch runs before step 1 and its peak decides; an out of memory names rows, peak and what fits.

The card is a stand-in: it counts the bytes that autograd saves and raises torch's own error over its size.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
import torch

from hunmin.errors import UserError
from hunmin.stages import dpo, sft
from hunmin.train import fitting, internals, measured, memory
from hunmin.train.passes import Passes

from . import small

OPTIONS = {**small.QUICK, "lora_dropout": 0.1, "max_steps": 4, "save_steps": 2}
TRY_ROWS = internals.try_rows


class Card:
    """A device of so many bytes, by what autograd saves for the backward pass."""

    def __init__(self, size: float):
        self.size, self.high, self.most, self.passes = size, 0, 0, []

    def reset(self):
        self.high, self.seen = 0, set()

    def peak(self):
        return float(self.high)

    def room(self):
        return float(self.size)

    def save(self, tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self.seen:
            self.seen.add(storage.data_ptr())
            self.high += storage.nbytes()
            self.most = max(self.most, self.high)
        if self.high > self.size:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has little left")
        return tensor

    def put_in(self, monkeypatch):
        def watched(trainer, rows):
            self.passes.append((len(rows), bool(trainer.args.activation_checkpointing)))
            with torch.autograd.graph.saved_tensors_hooks(self.save, lambda t: t):
                TRY_ROWS(trainer, rows)

        monkeypatch.setattr(measured, "meter_for", lambda device, launch: self)
        monkeypatch.setattr(internals, "try_rows", watched)
        return self


def train(folder, name="out", stage=sft, **options):
    rows = small.records() if stage is sft else small.preferences()
    config = stage.Config(base_model=small.base(), **{**OPTIONS, **options})
    return stage.run(config, small.inputs(folder, rows, label=stage.__name__.split(".")[-1]), folder / name)


def adapter(folder):
    return small.weights(folder / "adapter")


def curve(counts):
    return [(row["loss"], row["grad_norm"]) for row in counts.notes["losses"]]


@pytest.mark.parametrize("stage", [sft, dpo], ids=["sft", "dpo"])
def test_a_pass_that_fits_changes_nothing(tmp_path, monkeypatch, stage):
    """Weights, losses and metrics are those of a training without it: random states and gradients are as before."""
    plain = train(tmp_path, "plain", stage)
    card = Card(1e12).put_in(monkeypatch)
    counts = train(tmp_path, "tried", stage)
    assert len(card.passes) == 1 and not card.passes[0][1]
    assert counts.notes["losses"] == plain.notes["losses"]
    assert all(torch.equal(v, adapter(tmp_path / "plain")[k]) for k, v in adapter(tmp_path / "tried").items())
    told = counts.notes["memory"]
    assert counts.notes["gradient_checkpointing"] is False and told["measured_gb"] > 0 and told["room_gb"] == 1000


def test_a_peak_over_the_room_turns_recomputation_on_and_a_resumed_training_keeps_it(tmp_path, monkeypatch):
    plain = train(tmp_path, "plain")
    whole = Card(1e12).put_in(monkeypatch)
    train(tmp_path, "whole")
    card = Card(0.9 * whole.most).put_in(monkeypatch)
    counts = train(tmp_path, "tight")
    assert [recompute for _, recompute in card.passes] == [False, True]
    assert counts.notes["gradient_checkpointing"] is True
    assert torch.tensor(curve(counts)) == pytest.approx(torch.tensor(curve(plain)), rel=1e-5)
    kept = json.loads((tmp_path / "tight/checkpoints/memory.json").read_text())
    assert kept["gradient_checkpointing"] is True and kept["by"] == "measured" and kept["peak_bytes"] > 0

    wanted = adapter(tmp_path / "tight")
    from .test_resume import cut_back

    cut_back(tmp_path / "tight", 2)
    roomy = Card(1e12).put_in(monkeypatch)  # another card has room, but the training goes on as it began
    again = train(tmp_path, "tight")
    assert roomy.passes == [] and again.notes["gradient_checkpointing"] is True
    assert all(torch.equal(v, wanted[k]) for k, v in adapter(tmp_path / "tight").items())


def test_what_fits_in_no_way_is_told_with_rows_peak_and_what_would(tmp_path, monkeypatch):
    Card(60_000).put_in(monkeypatch)
    monkeypatch.setattr(memory, "RESERVE", 1e9)  # every setting is named, so that their order is seen
    with pytest.raises(UserError) as told:
        train(tmp_path, batch_size=8, micro_batch_size=4)
    assert re.search(r"heaviest pass holds rows of (\d+, )+\d+ tokens \(\d+ in one pass\)", told.value.what)
    assert "the peak was 0.00 of 0.00 GB" in told.value.what and "CUDA out of memory" in told.value.what
    assert "micro_batch_size: 2; or micro_batch_size: 1; or max_length: " in told.value.mend
    assert "drops" in told.value.mend


def test_a_cpu_that_runs_out_is_told_the_same_way(tmp_path, monkeypatch):
    from hunmin.train.sft_trainer import HunminSFTTrainer

    def allocate(*args, **kwargs):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: you tried")

    monkeypatch.setattr(HunminSFTTrainer, "training_step", allocate)
    with pytest.raises(UserError, match="the heaviest pass holds rows of .* the peak was .* GB") as told:
        train(tmp_path)
    assert "these fit: gradient_checkpointing: true; or micro_batch_size: 1" in told.value.mend


def load_of(room: float, monkeypatch, **options):
    from transformers import LlamaConfig

    shape = LlamaConfig(hidden_size=1024, intermediate_size=2752, num_hidden_layers=12, num_attention_heads=16)
    lengths = [200 + 17 * i for i in range(40)] + [4000]
    config = sft.Config(base_model="-", batch_size=16, micro_batch_size=8, max_length=4096, **options)
    return fitting.Load(config, shape, Passes.of_rows(config, lengths, 0), "cuda", "bf16")


def test_the_settings_named_fit_by_the_estimate_and_no_others(monkeypatch):
    load = load_of(0, monkeypatch)
    for share in (0.9, 0.6, 0.3, 0.2):
        room = share * load.estimate(False)
        found = load.that_fit(False, room)
        assert len(found) <= fitting.SHOWN
        for words, config, passes, recompute in load._smaller(False):
            if words in found:
                assert sum(load.parts(recompute, config, passes).values()) <= memory.RESERVE * room
    assert load.that_fit(False, 0.9 * load.estimate(False))[0] == "gradient_checkpointing: true"
    assert load.that_fit(False, 1.0) == []  # nothing fits a byte, and nothing is made up
    error = fitting.told(RuntimeError("out of memory"), load, recompute=False, peak=2.0, room=1.0)
    assert "take a smaller base" in error.mend


def test_where_the_estimate_was_too_low_it_is_scaled_up(monkeypatch):
    """The training failed in a room that the estimate would have filled by half: what is named takes half of that."""
    load = load_of(0, monkeypatch)
    room = 2 * load.estimate(False)
    for words, config, passes, recompute in load._smaller(False):
        if words in load.that_fit(False, room):
            assert 2 * sum(load.parts(recompute, config, passes).values()) <= memory.RESERVE * room


def test_the_heaviest_pass_by_layout():
    rows = Passes("balanced", [9, 1, 1, 1], [9, 1, 1, 1])
    config = sft.Config(batch_size=4, micro_batch_size=2, max_length=64, num_train_epochs=1)
    assert rows.heaviest(config) == [0] and rows.tokens(config) == 9
    assert replace(rows, layout="packed").tokens(config) == 128
    assert replace(rows, layout="alone").tokens(config) == 9
    assert replace(rows, layout="padded").tokens(config) == 18
    pairs = Passes("drawn", [9, 5, 6], [18, 10, 7], sequences=2)
    assert pairs.heaviest(config) == [0, 1] and pairs.tokens(config) == 28
    assert replace(pairs, layout="padded").tokens(config) == 2 * 2 * 9
    assert pairs.kept_under(6).tokens_of == [10, 7]


def test_weights_that_do_not_fit_are_told_too(tmp_path, monkeypatch):
    from hunmin.models import opening

    def full(*args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 26.00 GiB")

    monkeypatch.setattr(opening, "open_weights", full)
    with pytest.raises(UserError, match="out of memory"):
        train(tmp_path)


def test_recomputation_by_the_estimate_is_kept_for_a_resumed_training(tmp_path, monkeypatch):
    train(tmp_path, "out")
    assert json.loads((tmp_path / "out/checkpoints/memory.json").read_text())["by"] == "estimate"
    assert measured.decision(tmp_path / "out") is False
    monkeypatch.setattr(fitting.Load, "needs_recomputation", lambda self: True)
    counts = train(tmp_path, "out")
    assert counts.notes["gradient_checkpointing"] is False
