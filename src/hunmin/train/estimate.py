"""The dry run's numbers of a training: rows, steps, warm-up, tokens, memory per device."""

from __future__ import annotations

from ..artifacts.artifact import Inputs
from ..artifacts.rows import Estimate
from .config import TrainConfig, dtype_of, family_of


def estimate(config: TrainConfig, inputs: Inputs, kind: str) -> Estimate:
    """Give the dry run's numbers; rows are read and tokenised when they are there, nothing is written."""
    from ..models.headers import check_files
    from ..models.opening import open_shape
    from . import labels, loop, memory, prepare, tokenizer_bill
    from .fitting import Load
    from .passes import Passes

    if config.base_model or inputs.model is not None:
        ready = prepare.prepare(config, inputs)
    else:
        return {"model": "comes from an earlier stage"}
    shape = open_shape(ready.found, trust_remote_code=config.trust_remote_code)
    check_files(ready.found.base)
    size = memory.size_of(config, shape)
    found: Estimate = {
        "base_model": ready.found.name,
        "template": ready.template_name,
        "parameters": size.parameters,
        "trainable": size.trainable,
        **tokenizer_bill.bill(config.base_model or str(inputs.model), inputs, config.max_length),
    }
    sequences = 1 if kind == "sft" else 2
    passes = Passes("padded", [config.max_length], [sequences * config.max_length], sequences=sequences)
    n_rows = inputs.expected.get("records")
    if inputs.records is not None and inputs.records.is_file():
        records = prepare.read_records(inputs)
        if kind == "sft":
            rows, report = labels.rows_of(
                records,
                ready.template,
                ready.tokenizer,
                max_length=config.max_length,
                overlong=config.overlong,
                train_on_inputs=getattr(config, "train_on_inputs", False),
                thinking=getattr(config, "thinking", "auto"),
            )
            train, held_out = labels.split(rows, config.val_size)
            n_rows = len(train)
            passes = Passes.of_rows(config, [len(r.input_ids) for r in train], ready.seed)
            notes = report.notes()
            found |= {
                "rows": len(train),
                "validation_rows": len(held_out),
                "dropped": sum(report.dropped.values()),
                "rows_over_max_length": f"{report.dropped['too_long'] + report.n_truncated:,} of {report.n_in:,}",
                "tokens_per_epoch": sum(len(r.input_ids) for r in train),
                "trained_tokens_per_epoch": notes["trained_tokens"],
                "row_tokens_p95": notes["row_tokens"]["p95"],
                "row_tokens_max": notes["row_tokens"]["max"],
            }
        else:
            from . import pairs

            kept, report, _ = pairs.pairs_of(records, ready.template, ready.tokenizer, config)
            train_pairs, held_out_pairs = labels.split(kept, config.val_size)
            n_rows, passes = len(train_pairs), Passes.of_pairs(train_pairs)
            found |= {
                "pairs": len(train_pairs),
                "validation_pairs": len(held_out_pairs),
                "dropped": sum(report.dropped.values()),
                "row_tokens_max": max(passes.longest),
            }
    if n_rows:
        per_epoch, steps = loop.steps_of(config, int(n_rows))
        found |= {"steps": steps, "steps_per_epoch": per_epoch, "warmup_steps": loop.warmup_of(config, steps)}
    prepare.fits_positions(shape, found.get("row_tokens_max", 0), ready.found.name)
    load = Load(config, shape, passes, ready.device, dtype_of(config, ready.device, family_of(shape)))
    recompute = load.needs_recomputation()
    parts = load.parts(recompute)
    found |= {
        "tokens_per_pass": passes.tokens(config),
        "device": ready.device,
        "dtype": load.dtype,
        "gradient_checkpointing": recompute,
        **{f"memory_{name}_gb": round(value / 1e9, 3) for name, value in parts.items()},
        "memory_per_device_gb": round(sum(parts.values()) / 1e9, 3),
        "memory_free_gb": round(memory.free_bytes(ready.device) / 1e9, 1),
    }
    return found
