"""Run one stage in a process of its own, so that a test can kill it."""

import json
import sys
from pathlib import Path

from hunmin.artifacts.artifact import Inputs, Spend
from hunmin.stages import STAGES
from hunmin.tables import resolve

spec = json.loads(Path(sys.argv[1]).read_text())
module = resolve(STAGES, spec["stage"], "stage")
config = module.Config(**spec["options"])
records = Path(spec["records"]) if spec["records"] else None
Path(spec["ready"]).touch()
if not (Path(spec["out"]) / "records.jsonl").exists():
    spend = Spend(ledger=Path(spec["out"] + ".sqlite"))
    module.run(config, Inputs(label=spec["stage"], seed=7, records=records, spend=spend), Path(spec["out"]))
