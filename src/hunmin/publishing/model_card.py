"""The README.md of a published model: base, data, hyperparameters, the template with an example, scores, limits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import PACKAGE
from ..artifacts.rows import ScoreRow
from ..formats import kobest
from ..report.matrix import too_few
from ..statistics import TOO_FEW
from .dataset_card import licence_fields
from .facts import ModelFacts, Step
from .parts_of_cards import Frame, funnel, section, short_name, sources, table, writers

HYPERPARAMETERS = (
    "method", "lora_r", "lora_alpha", "lora_dropout", "target_modules", "modules_to_save", "quantization", "dtype",
    "batch_size", "micro_batch_size", "num_processes", "num_train_epochs", "max_steps", "learning_rate",
    "lr_scheduler", "warmup_steps", "warmup_ratio", "weight_decay", "max_grad_norm", "optimizer", "max_length",
    "max_prompt_length", "overlong", "train_on_inputs", "packing", "neftune_alpha", "loss_scale", "beta", "loss_type",
    "sft_weight", "label_smoothing",
)  # fmt: skip
BUNDLED = PACKAGE / "data"
TRAININGS = {"sft": "supervised fine-tuning", "dpo": "DPO", "grpo": "GRPO"}
EXAMPLE = "대한민국의 수도는 어디인가요?"


def own_scores(facts: ModelFacts, of: Step, newest: bool) -> list[ScoreRow]:
    """Give the score rows of the published model: under its label, or the label of the training it was merged from."""
    names = [of.label, *(["newest"] if newest else []), *(s.label for s in facts.trainings[-1:])]
    for name in names:
        rows = [row for row in facts.scores if row["model"] == name]
        if rows:
            return rows
    return []


def eval_results(rows: Sequence[ScoreRow], bundled: bool) -> list[Any]:
    """Give the rows as the Hub's EvalResult; rows without a value are left out."""
    from huggingface_hub import EvalResult

    found = []
    for row in rows:
        if row.get("value") is None or str(row["task"]).endswith(".behaviour"):
            continue
        task = str(row["task"])
        short = task.removeprefix("kobest_")
        shots = row.get("num_fewshot")
        told = ", ".join(
            part
            for part in (
                str(row["metric"]),
                f"{shots}-shot" if shots is not None else "",
                f"protocol {row['protocol']}" if row.get("protocol") else "",
                f"n={row['n']}" if row.get("n") else "",
            )
            if part
        )
        dataset = "hunmin-sample" if bundled else kobest.HUB if short in kobest.SETS else task
        found.append(
            EvalResult(
                task_type="text-generation",
                task_name="Text Generation",
                dataset_type=dataset,
                dataset_name=f"{dataset} {short}" if dataset != task else task,
                dataset_config=short if dataset != task else None,
                dataset_split="test" if dataset != task else None,
                metric_type={"macro_f1": "f1", "acc": "accuracy"}.get(str(row["metric"]), str(row["metric"])),
                metric_value=round(float(row["value"] or 0), 6),
                metric_name=told,
                metric_args={"num_fewshot": shots, "protocol": row.get("protocol"), "n": row.get("n")},
            )
        )
    return found


def example(folder: Path, facts: ModelFacts) -> str:
    """Give the inference prompt of one question, rendered from the chat_template that lies beside the weights."""
    from ..templates.render import Template

    template, tokens = folder / "chat_template.jinja", folder / "tokenizer_config.json"
    if not template.is_file() or not tokens.is_file():
        return ""
    config = json.loads(tokens.read_text(encoding="utf-8"))
    bos, eos = (_token(config.get(name)) for name in ("bos_token", "eos_token"))
    found = Template(facts.template or "model", template.read_text(encoding="utf-8"), facts.stop or eos, bos, eos)
    return found.prompt([{"role": "user", "content": EXAMPLE}])


def _token(value: Any) -> str:
    return str(value.get("content", "")) if isinstance(value, dict) else str(value or "")


def card(frame: Frame, facts: ModelFacts, of: Step, newest: bool, folder: Path, weights: str) -> str:
    """Give the whole card; `folder` holds the files that are published, `weights` is adapter, merged or both."""
    from huggingface_hub import ModelCardData

    rows = own_scores(facts, of, newest)
    bundled = any(Path(s.config.get("data") or "").is_relative_to(BUNDLED) for s in facts.scored_by)
    results = eval_results(rows, bundled)
    base_on_hub = facts.base if is_hub_id(facts.base) else None
    front = ModelCardData(
        language=list(frame.languages),
        **licence_fields(frame.licence),
        base_model=base_on_hub,
        datasets=list(frame.hub_data) or None,
        library_name="peft" if weights == "adapter" else "transformers",
        pipeline_tag="text-generation",
        tags=["hunmin", *(s.manifest["stage"] for s in facts.trainings), *(["lora"] if weights != "merged" else [])],
        model_name=frame.name if results else None,
        eval_results=results or None,
    ).to_yaml()
    kinds = " then ".join(TRAININGS[s.manifest["stage"]] for s in facts.trainings)
    told = f"{kinds or 'A model'}{' of' if kinds else ' from'} `{short_name(facts.base)}`"
    told = told[0].upper() + told[1:] + (f", template `{facts.template}`." if facts.template else ".")
    prompt = example(folder, facts)
    return frame.lay(
        front,
        told,
        section("Use it", _usage(frame.repo, weights), f"In the terminal: `hunmin chat {frame.repo}`"),
        section(
            "Prompt",
            "The model was tuned with exactly this text; `tokenizer.apply_chat_template` writes it.",
            f"```text\n{prompt}\n```",
            f"An answer ends with `{facts.stop}`." if facts.stop else "",
        )
        if prompt
        else "",
        section("Training data", *_data(facts, frame.steps)),
        section("Training", *[_training(step) for step in facts.trainings]),
        section("Evaluation", *_evaluation(facts, rows)),
        section("Intended use and limits", _limits(facts, rows)),
        versions=of.manifest.get("versions"),
    )


def is_hub_id(name: str) -> bool:
    """Tell owner/name from folders and tiny names."""
    return name.count("/") == 1 and not name.startswith((".", "/", "~", "tiny:")) and not Path(name).exists()


def _usage(repo: str, weights: str) -> str:
    if weights == "adapter":
        load = (
            "from peft import AutoPeftModelForCausalLM\nfrom transformers import AutoTokenizer\n\n"
            f'model = AutoPeftModelForCausalLM.from_pretrained("{repo}")\n'
        )
    else:
        load = (
            "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
            f'model = AutoModelForCausalLM.from_pretrained("{repo}")\n'
        )
    more = "\nThe adapter alone lies in the folder `adapter`." if weights == "both" else ""
    return (
        f"```python\n{load}"
        f'tokenizer = AutoTokenizer.from_pretrained("{repo}")\n'
        f'messages = [{{"role": "user", "content": "{EXAMPLE}"}}]\n'
        "ids = tokenizer.apply_chat_template(\n"
        '    messages, add_generation_prompt=True, return_tensors="pt", return_dict=True\n)\n'
        "print(tokenizer.decode(model.generate(**ids, max_new_tokens=256)[0]))\n```" + more
    )


def _data(facts: ModelFacts, steps: Sequence[Step]) -> list[str]:
    if facts.data is None:
        return ["Not known to the command that wrote this card: the model was published without its run."]
    return [sources(facts.data), writers(facts.data), funnel(steps)]


def _training(step: Step) -> str:
    config, notes = step.config, step.notes
    rows = [(k, config[k]) for k in HYPERPARAMETERS if config.get(k) not in (None, "", [], {}, 0, "none")]
    told = [f"### {step.label} ({step.manifest['stage']})"]
    seen = [
        f"{notes[key]:,} {word}"
        for key, word in (("train_rows", "rows"), ("steps", "optimizer steps"), ("trainable", "trainable parameters"))
        if isinstance(notes.get(key), int)
    ]
    if notes.get("first_loss") is not None and notes.get("last_loss") is not None:
        seen.append(f"loss {notes['first_loss']:.3f} to {notes['last_loss']:.3f}")
    if step.manifest.get("seconds"):
        seen.append(f"{step.manifest['seconds']:,.0f} s")
    return "\n\n".join([*told, ", ".join(seen) + "." if seen else "", table(("option", "value"), rows)])


def _evaluation(facts: ModelFacts, rows: Sequence[ScoreRow]) -> list[str]:
    if not facts.scores:
        return []
    models = list(dict.fromkeys(row["model"] for row in facts.scores))
    mine = rows[0]["model"] if rows else None
    lines: dict[tuple[Any, ...], dict[str, str]] = {}
    for row in facts.scores:
        key = (row["task"], row["metric"], row.get("num_fewshot"), row.get("protocol") or "", row.get("n"))
        value = "" if row.get("value") is None else f"{row['value']:.4f}"
        if value and too_few(row):
            value += " (too few)"
        elif value and row.get("ci_low") is not None and row.get("ci_high") is not None:
            value += f" [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"
        lines.setdefault(key, {})[row["model"]] = value
    head = (
        "task",
        "metric",
        "shots",
        "protocol",
        "n",
        *(f"**{short_name(m)}**" if m == mine else short_name(m) for m in models),
    )
    body = [(*map(_blank, key), *(cells.get(m, "") for m in models)) for key, cells in lines.items()]
    note = "Brackets hold 95 % intervals. Numbers of different protocols or n do not compare."
    few = f"Too few: under {TOO_FEW} documents a macro-F1 has no interval that holds; acc has one."
    return [table(head, body), note, *([few] if any(map(too_few, facts.scores)) else [])]


def _blank(value: Any) -> Any:
    return "" if value is None else value


def _limits(facts: ModelFacts, rows: Sequence[ScoreRow]) -> str:
    lines = [
        "- Meant for research on Korean instruction following; it may state falsehoods with confidence.",
        "- Not aligned for safety beyond its data and base; do not use it for advice on health, law or money.",
    ]
    if not rows:
        lines.append("- This model was not evaluated in the run that made it.")
    if facts.data is not None and facts.data.translators:
        lines.append("- Part of the training data was translated by machine and may carry its errors.")
    if facts.is_tiny:
        lines.append("- A few million parameters, pretrained for under a minute: it proves a path and answers nothing.")
    return "\n".join(lines)
