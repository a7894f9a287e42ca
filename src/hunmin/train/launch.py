"""The command that runs a training stage: this Python alone, torchrun for ddp, accelerate for fsdp2."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from ..artifacts import artifact
from ..errors import UserError

MODULE = "hunmin.running.child"  # the module that runs one stage from its spec

FSDP2 = """\
# FSDP2 through accelerate: weights, gradients and optimizer states sharded over all GPUs, gathered layer by layer.
compute_environment: LOCAL_MACHINE
distributed_type: FSDP
fsdp_config:
  fsdp_version: 2
  fsdp_auto_wrap_policy: TRANSFORMER_BASED_WRAP
  fsdp_reshard_after_forward: true
  fsdp_state_dict_type: FULL_STATE_DICT
  fsdp_cpu_ram_efficient_loading: true
mixed_precision: {precision}
machine_rank: 0
main_training_function: main
num_machines: 1
num_processes: {processes}
rdzv_backend: static
same_network: true
use_cpu: false
"""


def command(config: Any, spec: Path) -> list[str]:
    """Give the argv that runs `python -m hunmin.running.child SPEC` in as many processes as asked.

    torchrun, not `accelerate launch --cpu`: the latter silently starts one process on a CPU (accelerate 1.15).
    Raises UserError when more processes are asked for than there are GPUs.
    """
    if config.launch == "none":
        return [sys.executable, "-m", MODULE, str(spec)]
    _check_gpus(config)
    if config.launch == "ddp":
        launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={config.num_processes}"]
        return [sys.executable, *launcher, "-m", MODULE, str(spec)]
    return fsdp2(config, spec)


def fsdp2(config: Any, spec: Path) -> list[str]:
    """Write accelerate's configuration beside the spec and give the argv that uses it."""
    path = spec.with_name("fsdp2.yaml")
    precision = {"bf16": "bf16", "fp16": "fp16", "fp32": "no", "auto": "bf16"}[config.dtype]
    artifact.write_atomic(path, FSDP2.format(precision=precision, processes=config.num_processes))
    launcher = ["-m", "accelerate.commands.launch", "--config_file", str(path)]
    return [sys.executable, *launcher, "-m", MODULE, str(spec)]


def _check_gpus(config: Any) -> None:
    if config.device == "cpu" or importlib.util.find_spec("torch") is None:
        return
    import torch

    n = torch.cuda.device_count()
    if config.launch == "fsdp2" and not n:
        raise UserError("fsdp2 needs GPUs, and there is none here", "launch", "Use launch: ddp with device: cpu.")
    if n and config.num_processes > n:
        raise UserError(
            f"num_processes is {config.num_processes}, but there are {n} GPUs", "num_processes", f"Set it to {n}."
        )
