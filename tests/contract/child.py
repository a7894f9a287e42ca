"""Run one stage in a process of its own, so that a test can kill it."""

import json
import sys
from pathlib import Path

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.stages.protocol import find_stage

spec = json.loads(Path(sys.argv[1]).read_text())
stage = find_stage(spec["stage"])
config = stage.config(spec["options"])
records = Path(spec["records"]) if spec["records"] else None
Path(spec["ready"]).touch()
if not (Path(spec["out"]) / "records.jsonl").exists():
    spend = Spend(ledger=Path(spec["out"] + ".sqlite"))
    stage.run(config, Inputs(label=spec["stage"], seed=7, records=records, spend=spend), Path(spec["out"]))
