"""The dataset shapes: name -> module with `fits(row)`, `read(row)`, `write(record)`; told apart by their keys."""

from __future__ import annotations

FORMATS = {
    "alpaca": "hunmin.formats.alpaca",
    "instances": "hunmin.formats.instances",
    "dolly": "hunmin.formats.dolly",
    "sharegpt": "hunmin.formats.sharegpt",
    "messages": "hunmin.formats.messages",
    "completion": "hunmin.formats.completion",
    "ultrafeedback": "hunmin.formats.ultrafeedback",
    "openai_preference": "hunmin.formats.openai_preference",
    "hh": "hunmin.formats.hh",
    "cot": "hunmin.formats.cot",
    "openorca": "hunmin.formats.openorca",
    "records": "hunmin.formats.records",
}

# Shapes that hold several answers to one question; they are read, not written.
READ_ONLY = {
    "arena": "hunmin.formats.arena",
    "ranked": "hunmin.formats.ranked:Ranked",
    "answers": "hunmin.formats.ranked:Answers",
    "tree_best": "hunmin.formats.trees:Best",
    "tree_all": "hunmin.formats.trees:All",
    "tree_pairs": "hunmin.formats.trees:Pairs",
}
READ = {**FORMATS, **READ_ONLY}

# What a person chooses between where a row can be read in several ways.
MEANS = {
    "ranked": "the best answer as chosen, the worst as rejected",
    "answers": "each answer a record, with what rates it under ratings",
    "tree_best": "the best-ranked answers as one chat",
    "tree_all": "every path as a chat, each answer learned once",
    "tree_pairs": "of the ranked answers to a question, the best as chosen and the worst as rejected",
}
