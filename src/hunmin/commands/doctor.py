"""What this machine has: versions, devices, whether keys are set (never a value), disk."""

from __future__ import annotations

import os
import platform
import shutil
from importlib import metadata, util
from pathlib import Path

from .. import __version__
from ..artifacts.artifact import versions

KEYS = ("DEEPL_AUTH_KEY", "OPENAI_API_KEY", "HF_TOKEN", "WANDB_API_KEY")
EXTRAS = {
    "kiwipiepy": "ko: morphology in show --stats",
    "ray": "ray: --executor ray",
    "openpyxl": "xlsx: spreadsheets",
    "wandb": "trackers",
    "tensorboard": "trackers",
    "bitsandbytes": "quant: QLoRA",
    "flash_attn": "faster attention",
    "vllm": "hunmin serve on a GPU",
    "playwright": "dev: browser tests",
}


def look() -> dict[str, dict[str, str]]:
    """Give what was found, by group."""
    found = versions()
    here = {
        "hunmin": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count()),
    }
    missing = [n for n in ("torch", "transformers", "trl", "peft", "datasets", "lm_eval", "openai") if n not in found]
    libraries = {k: v for k, v in found.items() if k not in here}
    libraries.update({name: "missing: pip install hunmin" for name in missing})
    extras = {}
    for name, what in EXTRAS.items():
        if util.find_spec(name) is None:
            extras[name] = f"not installed ({what})"
        else:
            try:
                extras[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                extras[name] = "installed"
    keys = {name: "set" if os.environ.get(name) else "not set" for name in KEYS}
    cache = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    place = next(p for p in (cache, *cache.parents) if p.exists())
    disk = {
        "here": f"{shutil.disk_usage('.').free / 2**30:,.0f} GiB free",
        "model cache": f"{cache}, {shutil.disk_usage(place).free / 2**30:,.0f} GiB free",
    }
    return {
        "machine": here,
        "devices": _devices(),
        "libraries": libraries,
        "extras": extras,
        "keys": keys,
        "disk": disk,
    }


def _devices() -> dict[str, str]:
    if util.find_spec("torch") is None:
        return {"torch": "missing"}
    import torch

    rows = {"cpu": f"{torch.get_num_threads()} threads"}
    for i in range(torch.cuda.device_count()):
        card = torch.cuda.get_device_properties(i)
        rows[f"cuda:{i}"] = f"{card.name}, {card.total_memory / 2**30:.0f} GiB, capability {card.major}.{card.minor}"
    if torch.cuda.is_available():
        from ..models.devices import capability, dtype_for
        from ..train import kernels

        own = kernels.varlen()
        flash = "flash-attention" if util.find_spec("flash_attn") else "torch's varlen kernel" if own else ""
        runs = capability("cuda") >= kernels.FLASH_CAPABILITY
        rows["attention"] = flash if flash and runs else "torch's sdpa, document by document"
        rows["dtype auto"] = dtype_for("cuda")
        rows["free"] = f"{torch.cuda.mem_get_info()[0] / 2**30:.0f} GiB"
    if torch.backends.mps.is_available():
        rows["mps"] = "available"
    if len(rows) == 1:
        rows["gpu"] = "none found; everything runs on the CPU, slowly for real models"
    return rows
