"""Stages that hold a model run in a child process: memory is freed at its end, and torchrun can launch it.

The child is `python -m hunmin.running.child SPEC.json`; it leaves counts.json, or error.json for what a user can mend.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from ..artifacts import artifact, interrupt, lock, progress
from ..artifacts.artifact import Counts, Inputs
from ..artifacts.rows import Shown
from ..errors import EXIT_INTERRUPTED, UserError
from ..stages.protocol import find_stage
from .recipe import Step

log = logging.getLogger("hunmin")

ERROR_FILE = "error.json"
COUNTS_FILE = "counts.json"
BOUND = "HUNMIN_ENDS_WITH_PARENT"


def call(step: Step, inputs: Inputs, out: Path) -> Counts:
    out.mkdir(parents=True, exist_ok=True)
    spec = out / "spec.json"
    artifact.write_atomic(spec, json.dumps(spec_of(step, inputs, out), ensure_ascii=False, indent=2))
    for name in (ERROR_FILE, COUNTS_FILE):
        (out / name).unlink(missing_ok=True)
    command = [sys.executable, "-m", "hunmin.running.child", str(spec)]
    launched = step.stage.launch(step.config, spec)
    if launched:
        command = launched
        log.info("%s: %s", step.label, " ".join(command))
    # Threads that spin while they wait starve everything else on a shared machine, and gain nothing on an idle one.
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ, "HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONUNBUFFERED": "1"}
    environment[BOUND] = "1"
    child = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, pass_fds=lock.descriptors())
    while True:
        try:
            code = child.wait()
            break
        except KeyboardInterrupt:
            continue  # the terminal sent Ctrl-C to the child as well; wait until it has saved
    assert child.stdin is not None
    child.stdin.close()
    if code in (EXIT_INTERRUPTED, -2):
        raise KeyboardInterrupt
    if (out / ERROR_FILE).is_file():
        error = json.loads((out / ERROR_FILE).read_text(encoding="utf-8"))
        raise UserError(error["what"], error["where"], error["mend"], error["exit_code"])
    if code != 0:
        raise _ended(step.label, code)
    counts = Counts.from_json(json.loads((out / COUNTS_FILE).read_text(encoding="utf-8")))
    for name in (COUNTS_FILE, "spec.json"):
        (out / name).unlink(missing_ok=True)
    return counts


def _ended(label: str, code: int) -> UserError:
    """Give what a child that left no error of its own ended with; its own messages stand above."""
    if code in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return UserError(
            f"the system killed the stage's process, most likely for memory: it had {_most_memory()}",
            label,
            "Lower micro_batch_size or max_length, set quantization: nf4, or take a larger machine; the same command "
            "goes on.",
        )
    if code < 0:
        told = signal.Signals(-code).name if -code in set(signal.Signals) else str(code)
        return UserError(
            f"the stage's process crashed ({told}); it had {_most_memory()}", label, "See the messages above.", EXIT_BUG
        )
    return UserError(f"the stage's process ended with {code}", label, "Its messages stand above.", EXIT_BUG)


def _most_memory() -> str:
    """Give the most memory that a process of ours had, and what the machine has."""
    try:
        import resource

        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ImportError, ValueError, OSError):
        return "more than there is"
    return f"{most / 2**30:.1f} GiB at the most, of {whole / 2**30:.1f} GiB here"


EXIT_BUG = 1


def end_with_parent() -> None:
    """End this process when the one that called it is gone, killed perhaps: two would write into one folder.

    The caller holds the other end of standard input and never writes to it; torchrun hands it on to every rank.
    """

    def watch() -> None:
        while os.read(0, 1):
            pass
        os._exit(EXIT_INTERRUPTED)

    if os.environ.pop(BOUND, None):
        threading.Thread(target=watch, daemon=True).start()


def spec_of(step: Step, inputs: Inputs, out: Path) -> Shown:
    return {
        "stage": step.stage.name,
        "path": sys.path,
        "config": step.config.model_dump(mode="json"),
        "out": str(out),
        "quiet": progress.quiet,
        "inputs": inputs.to_json(),
    }


def main(spec_path: Path) -> int:
    """Run one stage from its spec file; rank 0 alone writes counts and errors."""
    end_with_parent()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    progress.hush_libraries()
    spec = json.loads(spec_path.read_text(encoding="utf-8"))
    progress.quiet = bool(spec.get("quiet"))
    inputs = Inputs.from_json(spec["inputs"])
    out = Path(spec["out"])
    main_rank = int(os.environ.get("RANK", "0")) == 0
    try:
        sys.path += [folder for folder in spec["path"] if folder not in sys.path]  # where a stage of the user's own is
        stage = find_stage(spec["stage"])
        counts = stage.run(stage.config(spec["config"]), inputs, out)
    except UserError as error:
        if main_rank:
            row = {"what": error.what, "where": error.where, "mend": error.mend, "exit_code": error.exit_code}
            artifact.write_atomic(out / ERROR_FILE, json.dumps(row, ensure_ascii=False))
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    if main_rank:
        artifact.write_atomic(out / COUNTS_FILE, json.dumps(counts.to_json(), ensure_ascii=False, default=str))
    return 0


if __name__ == "__main__":
    interrupt.leave(main(Path(sys.argv[1])))
