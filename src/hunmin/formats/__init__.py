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
