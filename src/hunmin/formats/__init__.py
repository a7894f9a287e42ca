"""The dataset shapes: name -> module with `fits(row)`, `read(row)`, `write(record)`; told apart by their keys."""

from __future__ import annotations

FORMATS = {
    "alpaca": "hunmin.formats.alpaca",
    "instances": "hunmin.formats.instances",
    "dolly": "hunmin.formats.dolly",
    "sharegpt": "hunmin.formats.sharegpt",
    "messages": "hunmin.formats.messages",
    "ultrafeedback": "hunmin.formats.ultrafeedback",
    "cot": "hunmin.formats.cot",
    "openorca": "hunmin.formats.openorca",
    "records": "hunmin.formats.records",
}
