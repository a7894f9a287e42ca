"""The table of stages: name -> module. A stage file has READS, EDITS, ADDS, KIND, INPUT, OUTPUT, Config and run."""

STAGES = {
    "load": "hunmin.stages.load",
    "translate": "hunmin.stages.translate",
    "check": "hunmin.stages.check",
    "repair": "hunmin.stages.repair",
    "review": "hunmin.stages.review",
    "mix": "hunmin.stages.mix",
    "dedup": "hunmin.stages.dedup",
    "decontaminate": "hunmin.stages.decontaminate",
    "respond": "hunmin.stages.respond",
    "pair": "hunmin.stages.pair",
    "sample": "hunmin.stages.sample",
    "rate": "hunmin.stages.rate",
    "filter": "hunmin.stages.filter",
    "sft": "hunmin.stages.sft",
    "dpo": "hunmin.stages.dpo",
    "grpo": "hunmin.stages.grpo",
    "merge": "hunmin.stages.merge",
    "evaluate": "hunmin.stages.evaluate",
    "judge": "hunmin.stages.judge",
    "publish": "hunmin.stages.publish",
}
