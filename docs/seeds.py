"""Write docs/seeds.md: every system of the five efforts, what its recipe holds against its source, and what was run.

    python docs/seeds.py            write the page
    python docs/seeds.py --check    exit 1 when a cell regressed or the page is not the code's

A cell is computed, not claimed: the recipe is loaded, every value pinned here is compared with the recipe's, the
rehearsal is planned, and true-shape runs are read from docs/true_shape.json, which a run of bench/gpu fills.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hunmin.running import recipe, rehearse

PAGE = Path(__file__).with_name("seeds.md")
IN = Path(__file__).with_name("recipes.md")
START, END = "<!-- seeds: made by python docs/seeds.py -->", "<!-- /seeds -->"
TRUE_SHAPE = Path(__file__).with_name("true_shape.json")
HEAD = """# The five efforts, system by system

Made by `python docs/seeds.py` from the recipes; do not edit. *Values* counts the published values that the recipe holds
as published, against the source named. *Tiny run* is the rehearsal that the tests run end to end. *True shape* is a run
at the published size, batch and length on a GPU (`bench/gpu`). Every deviation has its reason in [Recipes](recipes.md).
"""


@dataclass(frozen=True)
class Seed:
    """One system: its recipe, the values its source publishes as {stage.option: value}, and what is done otherwise."""

    system: str
    recipe: str
    source: str
    values: dict[str, Any]
    deviations: tuple[str, ...] = field(default=())


PLATYPUS = {"sft.lora_r": 16, "sft.lora_alpha": 16, "sft.target_modules": ["gate_proj", "up_proj", "down_proj"]}
FOUR = {
    "evaluate.tasks": ["copa", "hellaswag", "boolq", "sentineg"],
    "evaluate.num_fewshot": [0, 5, 10, 50],
    "evaluate.protocol": "harness",
}
KULLM = {
    "sft.base_model": "EleutherAI/polyglot-ko-12.8b",
    "sft.max_length": 512,
    "sft.batch_size": 128,
    "sft.micro_batch_size": 4,
    "sft.num_processes": 4,
    "sft.lora_r": 8,
    "sft.lora_alpha": 16,
    "sft.lr_scheduler": "cosine",
    "sft.warmup_ratio": 0.1,
    "sft.weight_decay": 0,
    "sft.val_size": 2000,
    "sft.train_on_inputs": True,
    "sft.target_modules": ["query_key_value"],
    "sft.dtype": "fp16",
    "judge.num_beams": 5,
    "judge.max_new_tokens": 512,
}
KULLM_OTHERWISE = (
    "learning rate assumed",
    "over-long answers dropped, not cut",
    "batches without padding for group_by_length",
    "gpt-5 judges for gpt-4",
)
ALL_SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
SEEDS = (
    Seed(
        "KO-Platypus2-13B",
        "ko-platypus2-13b",
        "its README; Platypus's fine-tuning.sh",
        {
            "sft.base_model": "meta-llama/Llama-2-13b-hf",
            "sft.learning_rate": 4e-4,
            "sft.batch_size": 16,
            "sft.num_train_epochs": 1,
            "sft.warmup_steps": 100,
            "sft.lr_scheduler": "cosine",
            **PLATYPUS,
            **FOUR,
        },
        ("bf16 base for 8-bit", "merge measured"),
    ),
    Seed(
        "KO-Platypus2-7B-ex",
        "ko-platypus2-7b-ex",
        "its README; Platypus's fine-tuning.sh",
        {
            "sft.base_model": "beomi/llama-2-ko-7b",
            "sft.learning_rate": 4e-4,
            "sft.max_length": 4096,
            **PLATYPUS,
            **FOUR,
        },
        ("bf16 base for 8-bit", "merge measured"),
    ),
    Seed(
        "KoT-platypus2-7B",
        "kot-platypus2-7b",
        "its README",
        {
            "load.hub": "kyujinpy/KoCoT_2000",
            "sft.base_model": "kyujinpy/KO-Platypus2-7B-ex",
            "sft.batch_size": 64,
            "sft.micro_batch_size": 1,
            "sft.num_train_epochs": 15,
            "sft.learning_rate": 1e-5,
            "sft.lr_scheduler": "linear",
            "sft.max_length": 4096,
            **FOUR,
        },
        ("LoRA values and warm-up assumed",),
    ),
    Seed(
        "CoT-llama-2k-7b",
        "cot-llama-2k-7b",
        "its README",
        {
            "sft.base_model": "beomi/llama-2-ko-7b",
            "sft.batch_size": 64,
            "sft.micro_batch_size": 1,
            "sft.num_train_epochs": 15,
            "sft.learning_rate": 1e-5,
            "sft.lr_scheduler": "linear",
            "sft.max_length": 2048,
            **FOUR,
        },
        ("LoRA values and warm-up assumed",),
    ),
    Seed(
        "KoRAE-13b",
        "korae-13b",
        "its README; finetuning script",
        {
            "sft.base_model": "beomi/llama-2-koen-13b",
            "sft.batch_size": 16,
            "sft.micro_batch_size": 4,
            "sft.num_train_epochs": 3,
            "sft.learning_rate": 1e-5,
            "sft.lr_scheduler": "cosine",
            "sft.warmup_ratio": 0.03,
            "sft.weight_decay": 0,
            "sft.max_length": 4096,
            "sft.lora_r": 8,
            "sft.lora_alpha": 16,
            "sft.target_modules": ALL_SEVEN,
        },
        ("template without the stray newline", "KoBEST for the closed leaderboard"),
    ),
    Seed(
        "KoRAE-13b-DPO",
        "korae-13b-dpo",
        "its README; DPO/dpo.py",
        {
            "load.hub": "maywell/ko_Ultrafeedback_binarized",
            "dpo.base_model": "Cartinoe5930/KoRAE-13b",
            "dpo.beta": 0.1,
            "dpo.batch_size": 16,
            "dpo.micro_batch_size": 4,
            "dpo.num_train_epochs": 3,
            "dpo.learning_rate": 5e-7,
            "dpo.lr_scheduler": "linear",
            "dpo.warmup_ratio": 0.1,
            "dpo.max_prompt_length": 2048,
            "dpo.max_length": 4096,
            "dpo.lora_r": 8,
            "dpo.lora_alpha": 16,
            "dpo.target_modules": ALL_SEVEN,
        },
        ("merge in fp32: a bf16 merge keeps 28 % of this update",),
    ),
    Seed(
        "KoRAE's data",
        "data/korae-12k",
        "its README",
        {"rate.prompt": "ko", "rate.scale": "0-10", "filter.min_score": 8.5, "filter.top_k": 12000},
        ("gpt-5-mini rates for gpt-3.5-turbo", "failed ratings are no scores"),
    ),
    Seed(
        "KULLM v1",
        "kullm-v1",
        "its README's command",
        {**KULLM, "sft.num_train_epochs": 5},
        ("**v2's data**: v1's Korean GPT4ALL set was never published (`data/kullm-v1` rebuilds it)", *KULLM_OTHERWISE),
    ),
    Seed(
        "KULLM v2",
        "kullm-v2",
        "its README's command",
        {**KULLM, "load.hub": "nlpai-lab/kullm-v2", "sft.num_train_epochs": 8},
        KULLM_OTHERWISE,
    ),
    Seed(
        "KOpen-platypus (data)",
        "data/kopen-platypus",
        "its card",
        {"translate.engine": "deepl"},
        ("checks and repairs for 144 hours by hand",),
    ),
    Seed(
        "KoCoT_2000 (data)",
        "data/kocot-2000",
        "its card",
        {"translate.engine": "deepl", "sample.n": 2000, "sample.preset": "lima"},
        ("sampled before translating",),
    ),
)


def values(seed: Seed) -> tuple[int, list[str]]:
    """Give how many pinned values the recipe holds, and the others in words."""
    configs = {step.label: step.config.model_dump() for step in recipe.load(seed.recipe).steps}
    wrong = []
    for name, wanted in seed.values.items():
        label, _, option = name.partition(".")
        found = configs.get(label, {}).get(option, "no such option")
        if found != wanted:
            wrong.append(f"{name} is {found!r}, published {wanted!r}")
    return len(seed.values) - len(wrong), wrong


def tiny_run(seed: Seed) -> str:
    """Give how many stages the rehearsal has; planning it raises UserError where it cannot run."""
    tiny, _ = rehearse.tiny(recipe.load(seed.recipe))
    return f"{len(tiny.steps)} stages, in tests/e2e/test_rehearsals.py"


def true_shape(seed: Seed) -> str:
    """Give the recorded run at the published size, or that there is none."""
    rows: dict[str, dict[str, Any]] = json.loads(TRUE_SHAPE.read_text(encoding="utf-8")) if TRUE_SHAPE.is_file() else {}
    row = rows.get(seed.recipe)
    if row is None:
        return "data only" if seed.recipe.startswith("data/") else "not run yet"
    return (
        f"{row['peak_gib']} GiB (estimate {row['estimate_gib']}), {row['seconds_per_step']} s a step, {row['device']}"
    )


def problems() -> list[str]:
    """Give every cell that regressed."""
    return [f"{seed.recipe}: {line}" for seed in SEEDS for line in values(seed)[1]]


def page() -> str:
    """Give the page."""
    return f"{HEAD}\n{table()}"


def inserted() -> str:
    """Give docs/recipes.md with the table between its marks."""
    before, start, rest = IN.read_text(encoding="utf-8").partition(START)
    _, end, after = rest.partition(END)
    return f"{before}{start}\n\n{table()}\n{end}{after}"


def table() -> str:
    """Give the table, a row a system."""
    lines = [
        "| system | recipe | values as published | tiny run | true shape | otherwise |",
        "|---|---|---|---|---|---|",
    ]
    for seed in SEEDS:
        kept, _ = values(seed)
        cells = [
            seed.system,
            f"`{seed.recipe}`",
            f"{kept} of {len(seed.values)} ({seed.source})",
            tiny_run(seed),
            true_shape(seed),
            "; ".join(seed.deviations),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page, or check it; give the exit code."""
    found = problems()
    for line in found:
        print(line, file=sys.stderr)
    if "--check" in sys.argv[1:]:
        same = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page()
        same = same and IN.read_text(encoding="utf-8") == inserted()
        if not same:
            print("docs/seeds.md is not what the recipes say; run python docs/seeds.py", file=sys.stderr)
        return int(bool(found) or not same)
    PAGE.write_text(page(), encoding="utf-8")
    IN.write_text(inserted(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
