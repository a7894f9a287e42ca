"""From options and records to all that a trainer needs: tokenizer, template, rows, model, and the notes at the end."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..artifacts import artifact
from ..artifacts.artifact import Counts, Inputs
from ..artifacts.record import Record, read_jsonl, write_jsonl
from ..artifacts.record import problems as record_problems
from ..artifacts.rows import JsonObject, Notes
from ..errors import UserError
from ..models import finding, opening, tokenizers
from ..models import identity as which
from ..models.adapters import lay, present
from ..templates.render import Template, load_template
from . import adapters, attention, fitting, labels, loop, measured
from .config import TrainConfig, dtype_of, family_of
from .fitting import Load
from .passes import Passes

log = logging.getLogger("hunmin")


@dataclass(frozen=True)
class Ready:
    """What is known before weights are loaded."""

    found: finding.Resolved
    tokenizer: Any
    template: Template
    template_name: str
    device: str
    seed: int
    base_hash: str

    def card(self, config: TrainConfig) -> JsonObject:
        """Give hunmin.json: what merge, evaluate and publish must know of this model."""
        return {
            "base_model": self.found.name,
            "base_revision": self.found.revision,
            "base_hash": self.base_hash,
            "template": self.template_name,
            "template_hash": self.template.hash,
            "stop": self.template.stop,
            "method": config.method,
            "quantization": config.quantization,
            "max_length": config.max_length,
            "seed": self.seed,
        }


def prepare(config: TrainConfig, inputs: Inputs) -> Ready:
    """Find the base, its tokenizer and the template; nothing heavy yet.

    Raises UserError for a missing base, an unknown template, a base without eos, or a missing tracker.
    """
    loop.be_quiet()
    loop.check_trackers(config)
    found = start_of(config, inputs)
    tokenizer = tokenizers.open_tokenizer(found, found.revision, config.trust_remote_code)
    template, name = template_of(config, tokenizer)
    tokenizer.chat_template = template.chat_template
    tokenizer.padding_side = "right"
    return Ready(
        found=found,
        tokenizer=tokenizer,
        template=template,
        template_name=name,
        device=opening.choose_device(config.device),
        seed=config.seed if config.seed is not None else inputs.seed,
        base_hash=which.of_base(found.base, found.revision),
    )


def start_of(config: TrainConfig, inputs: Inputs) -> finding.Resolved:
    """Give where training starts: base_model, else the newest model; `adapter` continues an adapter of either."""
    if not config.base_model and inputs.model is None:
        raise UserError("no model to start from", inputs.label, "Set base_model, such as tiny:llama or a Hub id.")
    found = finding.start(config.base_model or str(inputs.model), config.revision)
    if config.adapter:
        second = finding.start(config.adapter)
        if second.adapter is None:
            raise UserError("not an adapter folder", config.adapter, "Give the folder with adapter_config.json.")
        made_on = finding.card(second.adapter).get("base_hash")
        if made_on and not which.is_base(made_on, found.base, found.revision):
            raise UserError(
                f"the adapter was trained on {second.name}, not on {found.name}",
                config.adapter,
                "Set base_model to the adapter's base, or leave base_model empty.",
            )
        own = second.tokenizer if second.tokenizer == str(second.adapter) else found.tokenizer
        return replace(found, adapter=second.adapter, tokenizer=own)
    return found


def template_of(config: TrainConfig, tokenizer: Any) -> tuple[Template, str]:
    """Give the template and its name; `auto` is the model's own where it brings one, else kullm."""
    name = config.template
    if name == "auto":
        name = "model" if getattr(tokenizer, "chat_template", None) else "kullm"
    if name == "model":
        tokenizer.chat_template = training_template(tokenizer)
    return replace(load_template(name, tokenizer, config.system), date=config.template_date), name


def training_template(tokenizer: Any) -> Any:
    """Give the model's own template, or trl's edition of it (Qwen3, gpt-oss, ...) that keeps earlier turns.

    The marks of trl's loss masks are taken out: hunmin cuts the segments itself, and not every server knows them.
    """
    from trl.chat_template_utils import get_training_chat_template

    try:
        found = get_training_chat_template(tokenizer)
    except (ValueError, TypeError, KeyError):  # a template that trl does not know
        found = None
    return re.sub(r"\{%-?\s*(end)?generation\s*-?%\}", "", found) if found else tokenizer.chat_template


def read_records(inputs: Inputs) -> list[Record]:
    """Give the input records as a list."""
    if inputs.records is None:
        if inputs.model is not None and not inputs.model.exists():
            raise UserError("no such file or folder", str(inputs.model), "Check the path.")
        raise UserError("no records to read", inputs.label, "Give an input file, or put a stage before this one.")
    return list(read_jsonl(inputs.records))


def preference_inputs(config: Any, inputs: Inputs) -> Inputs:
    """Give inputs whose records are preference records: the run's newest if they are, else the file `data`.

    Raises UserError when neither is.
    """
    if inputs.records is not None and inputs.records.is_file():
        first = next(iter(read_jsonl(inputs.records)), {})
        if "chosen" in first and "rejected" in first:
            return inputs
    if not config.data:
        raise UserError(
            "there are no preference records",
            inputs.label,
            "Set data: a JSONL file of records with chosen and rejected.",
        )
    path = Path(config.data)
    if not path.is_file():
        raise UserError("no such file", config.data, "Set data: a JSONL file of preference records.")
    first = next(iter(read_jsonl(path)), {})
    if "chosen" not in first or "rejected" not in first or record_problems(first):
        raise UserError(
            "these are not preference records", config.data, f"Make them with `hunmin load {config.data} -o FOLDER`."
        )
    return replace(inputs, records=path)


def reference_of(trainer: Any, config: TrainConfig) -> str:
    """Say in words what the policy is compared with."""
    if config.method == "full":
        return "the starting model" + ("" if trainer.ref_model is None else ", a second copy in memory")
    adapters_there = set(trainer.model.peft_config)
    return "a frozen copy of the starting adapter" if "ref" in adapters_there else "the base with the adapter off"


def open_model(config: TrainConfig, ready: Ready, passes: Passes, out: Path) -> tuple[Any, Any, JsonObject, Load]:
    """Give (model, LoraConfig or None, notes, load); an adapter to continue is already on the model and trainable.

    Where documents cannot share a row, `load` has other passes than were asked for: one document each, or padded pairs.
    """
    padding_free, longest = passes.layout != "padded", max(passes.longest)
    shape = opening.open_shape(ready.found, trust_remote_code=config.trust_remote_code)
    dtype = dtype_of(config, ready.device, family_of(shape))
    kind = attention.choose(config.attention, ready.device, shape, padding_free)
    attention.register()
    fits_positions(shape, longest, ready.found.name)
    own = padding_free or (config.attention == "auto" and kind == "sdpa")  # transformers knows who has no sdpa
    load = Load(config, shape, passes, ready.device, dtype)
    model = _weights(load, ready, None if own else kind)
    kind = kind if padding_free else str(model.config._attn_implementation)
    apart = ""
    if padding_free:
        wanted = [kind] if config.attention != "auto" else list(dict.fromkeys([kind, attention.NAME, "sdpa", "eager"]))
        kind, apart = attention.isolating(model, wanted, passes.layout)
        if apart:
            load = replace(load, passes=replace(passes, layout="padded" if passes.layout == "drawn" else "alone"))
    _without_router(model)
    tokenizers.check_vocabulary(ready.tokenizer, model, ready.found.name)
    notes = {
        "base_model": ready.found.name,
        "template": ready.template_name,
        "attention": kind,
        "device": ready.device,
        "dtype": dtype,
        "gradient_checkpointing": _recompute(load, out),
        "seed": ready.seed,
        "tokens_per_pass": load.passes.tokens(config),
    }
    if apart:
        notes["one_document_a_pass" if load.passes.layout == "alone" else "padded_batches"] = apart
    if (told := untrained_stop(model, ready, config)) is not None:
        notes["stop_token"] = told
        log.warning("%s", told)
    if config.method == "full":
        if ready.found.adapter:
            raise UserError("method: full cannot start from an adapter", ready.found.name, "Put merge before it.")
        return model, None, notes, load
    if ready.found.adapter:
        notes["continued_adapter"] = ready.found.adapter.parent.name + "/" + ready.found.adapter.name
        return lay(model, ready.found.adapter, trainable=True), None, notes, load
    lora = adapters.lora_config(config, model)
    targets = adapters.linear_names(model) if lora.target_modules == "all-linear" else sorted(lora.target_modules)
    notes["target_modules"] = targets
    return model, lora, notes, load


def _recompute(load: Load, out: Path) -> bool:
    """Tell whether training starts with recomputation: as it began, as asked, or by the estimate.

    Where the heaviest pass is going to be measured it starts without.
    """
    config, begun = load.config, measured.decision(out)
    if begun is not None:
        return begun
    if config.gradient_checkpointing != "auto":
        return bool(config.gradient_checkpointing)
    if measured.meter_for(load.device, config.launch) is not None:
        return False
    found = load.needs_recomputation()
    if loop.is_main():
        measured.keep(out, found, "estimate")
    return found


def fits_positions(shape: Any, longest: int, name: str) -> None:
    """Raise UserError when the longest row has more tokens than the base has positions."""
    limit = getattr(shape.get_text_config(), "max_position_embeddings", None)
    if limit and longest > limit:
        raise UserError(
            f"a row has {longest} tokens, but the base was built for {limit} positions", name,
            f"Set max_length: {limit}.",
        )  # fmt: skip


def untrained_stop(model: Any, ready: Ready, config: TrainConfig) -> str | None:
    """Say that the head's row of the stop token was never trained and stays frozen, with the mend; else None.

    A row that no training touched keeps its first values: much shorter than the others, or the same as another's. Then
    the tuned model can hardly ever say the token, and never stops.
    """
    import torch

    head = model.get_output_embeddings()
    weight = getattr(head, "weight", None)
    trained = {present(model, name).rsplit(".", 1)[-1] for name in config.modules_to_save}
    name = next((n.rsplit(".", 1)[-1] for n, m in model.named_modules() if m is head), "lm_head")
    stop = ready.tokenizer.convert_tokens_to_ids(ready.template.stop)
    if config.method == "full" or weight is None or weight.dim() != 2 or name in trained or stop is None:
        return None
    with torch.no_grad():
        row = weight[stop].float()
        sample = weight[torch.linspace(0, weight.shape[0] - 1, 2048, device=weight.device).long()].float()
        usual = float(sample.norm(dim=1).median())
        alike = [i for i in range(max(0, stop - 8), min(weight.shape[0], stop + 9)) if i != stop]
        twin = next((i for i in alike if torch.equal(weight[i], weight[stop])), None)
    why = "the same as another token's" if twin is not None else "much shorter than the others"
    if twin is None and float(row.detach().norm()) > 0.2 * usual:
        return None
    return (
        f"the stop token {ready.template.stop} was never trained in {ready.found.name}: its row of the head is {why} "
        f"and stays frozen. Set modules_to_save: [{name}], or a template that ends answers with the base's eos token."
    )


def _without_router(model: Any) -> None:
    """Turn the load-balancing loss off where there are no experts: dense models of a family that can have some."""
    text = model.config.get_text_config()
    if hasattr(text, "router_aux_loss_coef") and not getattr(text, "num_experts", 0):
        text.router_aux_loss_coef = 0.0


def _weights(load: Load, ready: Ready, attention: str | None) -> Any:
    """Give the base in the wanted dtype or quantisation, ready for an adapter or full training.

    Raises UserError where the weights alone do not fit.
    """
    config = load.config
    # Full fine-tuning keeps fp32 master weights and computes under autocast; frozen weights may lie in 16 bits.
    dtype = "fp32" if config.method == "full" else load.dtype
    here: str | int = int(os.environ.get("LOCAL_RANK", "0")) if ready.device == "cuda" else ready.device
    room = fitting.room_of(ready.device)
    try:
        return opening.open_weights(
            ready.found,
            dtype=dtype,
            device=None if config.launch == "fsdp2" else here,  # fsdp2 shards what lies on the host
            quantization=config.quantization,
            trust_remote_code=config.trust_remote_code,
            attention=attention,
        )
    except (MemoryError, RuntimeError) as error:
        if not fitting.is_out_of_memory(error):
            raise
        raise fitting.told(error, load, recompute=False, peak=0.0, room=room) from error


def identity(config: TrainConfig, inputs: Inputs, ready: Ready) -> JsonObject:
    """Give what a checkpoint must share with this call to be continued."""
    return {
        **config.model_dump(mode="json"),
        "seed": ready.seed,
        "data": artifact.sha256_file(inputs.records)[:16] if inputs.records else "",
        "template": ready.template.hash,
        "base_model's weights": ready.base_hash,
        "processes": loop.world_size(),
        "libraries": _libraries(),
    }


def _libraries() -> str:
    found = artifact.versions()
    return " ".join(f"{name} {found[name]}" for name in ("torch", "transformers", "trl", "peft") if name in found)


def older_identity(config: TrainConfig, ready: Ready) -> JsonObject:
    """Give what stands for the same in checkpoints of an older hunmin: defaults, and how 0.1 named the weights."""
    defaults = {k: field.get_default(call_default_factory=True) for k, field in type(config).model_fields.items()}
    defaults = {k: v for k, v in defaults.items() if getattr(config, k) == v}
    return {
        **defaults,
        "libraries": _libraries(),
        "base_model's weights": which.as_in_0_1(ready.found.base, ready.found.revision),
    }


def write_dropped(out: Path, label: str, report: labels.Report) -> None:
    """Leave the refused records beside the model, as every stage does."""
    rows = (
        {"stage": label, "reason": why.reason, "detail": why.detail, "index": index, "record": record}
        for index, record, why in report.refused
    )
    write_jsonl(out / artifact.DROPPED, rows)


def counts(config: TrainConfig, report: labels.Report, trainer: Any, notes: Notes, n_train: int, label: str) -> Counts:
    """Give the stage's Counts with everything the report shows."""
    curve = loop.loss_curve(trainer.state.log_history)
    losses = [row["loss"] for row in curve if "loss" in row]
    per_epoch, steps = loop.steps_of(config, n_train)
    best = trainer.state.best_metric
    more = {
        "headline": f"{trainer.state.global_step:,} steps"
        + (f", loss {losses[0]:.3f} -> {losses[-1]:.3f}" if losses else "")
        + (f", validation {best:.3f}" if best is not None else ""),
        "rows": report.notes()["rows"],
        "train_rows": n_train,
        "effective_batch": config.batch_size,
        "micro_batch": config.micro_batch_size,
        "processes": loop.world_size(),
        "steps": trainer.state.global_step,
        "steps_planned": steps,
        "steps_per_epoch": per_epoch,
        "warmup_steps": loop.warmup_of(config, steps),
        "first_loss": losses[0] if losses else None,
        "last_loss": losses[-1] if losses else None,
        "best_eval_loss": best,
        "losses": curve,
    }
    found = Counts(
        report.n_in, report.n_kept, dict(sorted(report.dropped.items())), {**notes, **report.notes(), **more}
    )
    return found.check(label)
