"""Reinforcement learning on the model's own answers (GRPO): rewards are measures and verifiers, no reward model.

trl's GRPOTrainer samples `n` answers to each prompt, rewards them and pushes the model towards the better ones of a
group. Rewards are the measures that `check` and `filter` use (Korean purity, loops, the final answer of a maths
problem, `module:function` of your own), each with a weight; every sampled answer is kept with what it earned.
A killed training goes on from its checkpoint with the same weights, optimizer and prompts; the answers sampled after
it may be others than an uninterrupted training's. Source: Shao et al., "DeepSeekMath" (2024); defaults of loss and
clipping are trl's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..artifacts.artifact import Counts, Inputs
from ..artifacts.record import Record, kind
from ..artifacts.rows import Estimate
from ..clients.access import HubId
from ..errors import UserError
from ..measures import MEASURES, UNBOUNDED, VERIFIERS
from ..measures.measured import resolve_measures
from ..options import opt
from ..tables import did_you_mean
from ..train.config import TrainConfig, cross_check
from .sft import local_files

READS = ("text",)
EDITS = ()
ADDS = ()
KIND = "model"
INPUT = ("records", "model?")
OUTPUT = "model"


class Config(TrainConfig):
    rewards: dict[str, float] = opt(
        {"final_answer": 1.0, "foreign_script": -0.5, "loop": -0.5},
        "Measures and verifiers with their weights (negative where a higher value is worse); module:function too.",
    )
    n: int = opt(8, "Answers sampled to each prompt; they are compared with each other.", ge=2)
    max_new_tokens: int = opt(256, "Longest answer in tokens.", ge=1)
    temperature: float = opt(1.0, "Of the sampling; at 0 all answers would be the same.", gt=0)
    top_p: float = opt(1.0, "Nucleus of the sampling.", gt=0, le=1)
    beta: float = opt(0.0, "Weight of the distance to the starting model (KL); 0 = none, without a reference.", ge=0)
    learning_rate: float = opt(1e-5, "Highest learning rate.", gt=0)
    num_train_epochs: float = opt(1, "Passes over the prompts, unless max_steps is set.", gt=0)
    batch_size: int = opt(32, "Sampled answers per optimizer step over all processes: prompts x n.", ge=2)


def check(config: Config) -> list[str]:
    """Give the problems across options."""
    found = cross_check(config, "grpo")
    if config.batch_size % config.n:
        found.append(f"batch_size {config.batch_size} is not a multiple of n {config.n}: a step takes whole groups.")
    if not config.rewards:
        found.append("rewards is empty; name at least one measure.")
    for name, weight in config.rewards.items():
        if name in UNBOUNDED:
            found.append(f"rewards.{name} is an amount, neither good nor bad; give module:function that judges it.")
        elif name not in MEASURES and ":" not in name:
            found.append(f"rewards: no measure '{name}'{did_you_mean(name, MEASURES)}; known: {', '.join(MEASURES)}.")
        elif weight == 0:
            found.append(f"rewards.{name} has weight 0; leave it out.")
    if config.val_size:
        found.append("val_size has no use here: rewards of new answers are the validation. Leave it out.")
    return found


def files(config: Config) -> list[Path]:
    """Give the local files whose content decides the result."""
    return local_files(config)


def hub(config: Config) -> list[HubId]:
    """Give the base to train on."""
    return [("model", config.base_model)] if config.base_model else []


def launch(config: Config, spec: Path) -> list[str] | None:
    """Give the command of several processes, where they are asked for."""
    from ..train import launch

    return None if config.launch == "none" else launch.command(config, spec)


def estimate(config: Config, inputs: Inputs) -> Estimate:
    """Give how many prompts there are, the steps and the answers that would be sampled."""
    from ..artifacts.stream import count_lines

    there = inputs.records is not None and inputs.records.is_file()
    n = count_lines(inputs.records) if there and inputs.records else inputs.expected.get("records")
    if not n:
        return {"base_model": config.base_model or "comes from an earlier stage"}
    steps = config.max_steps or max(1, round(int(n) * config.n * config.num_train_epochs / config.batch_size))
    return {
        "base_model": config.base_model or "comes from an earlier stage",
        "prompts": int(n),
        "steps": steps,
        "sampled_answers": steps * config.batch_size,
        "sampled_tokens_at_most": steps * config.batch_size * config.max_new_tokens,
    }


def run(config: Config, inputs: Inputs, out: Path) -> Counts:
    """Train; leave adapter/ or model/, samples.jsonl (every answer with its rewards), losses.json, dropped.jsonl."""
    from datasets import Dataset
    from trl import GRPOConfig

    from ..train import loop, prepare, resume
    from ..train.internals import ReadyPromptsGRPOTrainer
    from ..train.passes import Passes
    from ..train.rewards import Rewards

    ready = prepare.prepare(config, inputs)
    rows, report = prompts_of(prepare.read_records(inputs), ready, config)
    if loop.is_main():
        identity, older = prepare.identity(config, inputs, ready), prepare.older_identity(config, ready)
        resume.guard(out / loop.CHECKPOINTS, identity, older)
        prepare.write_dropped(out, inputs.label, report)
    lengths = [row["n_tokens"] + config.max_new_tokens for row in rows]
    model, peft_config, notes, load = prepare.open_model(config, ready, Passes("padded", lengths, lengths), out)
    arguments = loop.trainer_arguments(
        config,
        inputs,
        out,
        device=ready.device,
        dtype=notes["dtype"],
        n_rows=max(1, len(rows) * config.n),
        has_validation=False,
        checkpointing=notes["gradient_checkpointing"],
        seed=ready.seed,
    )
    stops = {ready.tokenizer.eos_token_id, ready.tokenizer.convert_tokens_to_ids(ready.template.stop)}

    def read(ids: list[int]) -> str:
        end = next((i for i, token in enumerate(ids) if token in stops), len(ids))
        return str(ready.tokenizer.decode(ids[:end], skip_special_tokens=True)).strip()

    rewards = Rewards(resolve_measures(config.rewards, "rewards"), config.rewards, out, read)
    newest = resume.newest_checkpoint(out / loop.CHECKPOINTS, loop.world_size(), remove_broken=loop.is_main())
    if loop.is_main():
        rewards.cut_after(int(newest.name.rsplit("-", 1)[1]) if newest else 0)
    generation = {"eos_token_id": sorted(token for token in stops if token is not None)}
    trainer = ReadyPromptsGRPOTrainer(
        model=model,
        reward_funcs=rewards.functions(),  # type: ignore[arg-type]  # plain functions, as trl documents them
        args=GRPOConfig(
            num_generations=config.n,
            max_completion_length=config.max_new_tokens,
            temperature=config.temperature,
            top_p=config.top_p,
            beta=config.beta,
            reward_weights=list(config.rewards.values()),
            generation_kwargs=generation,
            **arguments,
        ),
        train_dataset=Dataset.from_list([{"prompt": row["prompt"], "record": row["record"]} for row in rows]),
        processing_class=ready.tokenizer,
        peft_config=peft_config,
        callbacks=loop.callbacks(config, inputs.label, False),
    )
    notes |= loop.count_parameters(trainer.model)
    notes["train_seconds"] = round(loop.train(trainer, out, load), 2)
    full = config.method == "full"
    loop.save(trainer, out, ready.tokenizer, ready.card(config), full=full, stop=ready.template.stop)
    if loop.is_main():
        rewards.show(out)
    counts = prepare.counts(config, report, trainer, notes, len(rows), inputs.label)
    return _with_rewards(counts, config)


def prompts_of(records: list[Record], ready: Any, config: Config) -> tuple[list[dict[str, Any]], Any]:
    """Give {prompt, record, n_tokens} of each record, and what became of the others.

    Raises UserError when none is left, or a verifier has nothing to verify by in any of them.
    """
    from ..train import labels

    report = labels.Report()
    found: list[dict[str, Any]] = []
    for i, record in enumerate(records):
        report.n_in += 1
        refused = None
        if kind(record) == "preference":
            refused = labels.Refused("preference", "grpo reads instructions; dpo reads preferences")
        else:
            text = ready.template.prompt(record)
            n_tokens = len(ready.tokenizer(text, add_special_tokens=False)["input_ids"])
            if n_tokens + config.max_new_tokens > config.max_length:
                refused = labels.Refused(
                    "too_long", f"{n_tokens} tokens and an answer; max_length is {config.max_length}"
                )
        if refused:
            report.dropped[refused.reason] += 1
            report.refused.append((i, record, refused))
            continue
        report.lengths.append(n_tokens)
        found.append({"prompt": text, "record": json.dumps(record, ensure_ascii=False), "n_tokens": n_tokens})
    report.n_kept = len(found)
    if not found:
        why = ", ".join(f"{n} {reason}" for reason, n in report.dropped.items()) or "the input is empty"
        raise UserError(f"no prompt is left to train on ({why})", "", "Raise max_length, or lower max_new_tokens.")
    for name, measure in resolve_measures(set(config.rewards) & VERIFIERS, "rewards").items():
        if all(measure("0", json.loads(row["record"])) is None for row in found):
            raise UserError(
                f"the verifier {name} has nothing to verify by in any of {len(found):,} records",
                "rewards",
                "Records need a gold answer: `gold`, or `answer` in extra.",
            )
    return found, report


def _with_rewards(counts: Counts, config: Config) -> Counts:
    """Note how the mean reward went, as the headline."""
    curve = [row["reward"] for row in counts.notes["losses"] if "reward" in row]
    if curve:
        part = max(1, len(curve) // 4)
        first, last = (sum(values) / len(values) for values in (curve[:part], curve[-part:]))
        counts.notes |= {"rewards": config.rewards, "first_reward": round(first, 4), "last_reward": round(last, 4)}
        steps = counts.notes["steps"]
        counts.notes["headline"] = f"{steps:,} steps, mean reward {first:.3f} -> {last:.3f} (first and last quarter)"
    return counts
