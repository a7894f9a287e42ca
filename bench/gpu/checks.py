"""Is the GPU path right? Kernels against plain attention, losses against plain padded transformers, kill and resume.

    python bench/gpu/checks.py versions | kernels | losses | resume  [--device cpu]

One JSON line each; "ok" is false where a bound was passed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from shapes import FAMILIES, SHAPES, draw_lengths, new_family, rows_of, save_base

KERNEL_BOUND = 0.02  # of the largest value: bf16 has 8 bits of mantissa
LOSS_BOUND = {"fp32": 1e-4, "bf16": 0.02}


def versions(device: str) -> dict[str, Any]:
    """Give what the run stands on."""
    from hunmin.artifacts.artifact import versions as installed
    from hunmin.models import devices
    from hunmin.train import kernels

    found: dict[str, Any] = {"versions": installed(), "ok": True}
    if device == "cuda":
        import torch

        kernel = kernels.varlen()
        found |= {
            "card": torch.cuda.get_device_name(),
            "capability": devices.capability(device),
            "native_bf16": devices.native_bf16(device),
            "free_gb": round(torch.cuda.mem_get_info()[0] / 1e9, 1),
            "varlen": None if kernel is None else {k: getattr(kernel, k) for k in ("scale", "window", "gqa")},
            "takes_fewer_heads": kernel and kernels.takes_fewer_heads(kernel, torch.device("cuda"), torch.bfloat16),
        }
    return found


def kernels_against_plain(device: str) -> dict[str, Any]:
    """Compare hunmin's attention of a flat row with fp32 sdpa of each document: outputs and gradients, relative."""
    import torch

    from hunmin.train import attention

    cases = []
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    edges = torch.tensor([0, 7, 300, 301, 1000], dtype=torch.int32, device=device)
    for head in (64, 128, 256):
        for heads, groups in ((8, 8), (8, 2)):
            for window in (None, 64):
                torch.manual_seed(head)
                made = [torch.randn(1, h, 1000, head, device=device, dtype=dtype) for h in (heads, groups, groups)]
                ours = [t.detach().clone().requires_grad_() for t in made]
                plain = [t.detach().float().requires_grad_() for t in made]
                got, _ = attention.attend(
                    torch.nn.Identity(),
                    *ours,
                    None,
                    sliding_window=window,
                    cu_seq_lens_q=edges,
                    max_length_q=699,
                )
                pieces = [
                    attention._one(*(t[:, :, a:b] for t in plain), head**-0.5, window, None, None, 0.0).transpose(1, 2)
                    for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
                ]
                wanted = torch.cat(pieces, dim=1)
                upstream = torch.randn_like(wanted)
                got.float().mul(upstream).sum().backward()
                wanted.mul(upstream).sum().backward()
                pairs = [(got, wanted), *((a.grad, b.grad) for a, b in zip(ours, plain, strict=True))]
                worst = max(float((a.float() - b).abs().max() / b.abs().max()) for a, b in pairs)
                cases.append({"head": head, "kv_heads": groups, "window": window, "worst": round(worst, 5)})
    return {"cases": cases, "ok": all(c["worst"] < KERNEL_BOUND for c in cases)}


def losses(device: str) -> dict[str, Any]:
    """Compare the loss of a flat row with plain padded transformers, LoRA's bf16 weights and fp32 under autocast."""
    import torch

    from hunmin.train import attention

    attention.register()
    lengths = draw_lengths(8, 400, seed=3)
    ids, labels = rows_of(lengths, 2048)
    found = []
    for family in FAMILIES:
        for mode in ("fp32", "bf16", "full"):
            if device == "cpu" and mode == "full":
                continue
            values = {}
            for kind in ("padded", "hunmin"):
                model = new_family(family, device, "hunmin" if kind == "hunmin" else "eager")
                if mode == "bf16":
                    model = model.to(torch.bfloat16)
                amp = torch.autocast(device, dtype=torch.bfloat16, enabled=mode == "full")
                with torch.no_grad(), amp:
                    if kind == "padded":
                        values[kind] = _padded(model, ids, labels, device)
                    else:
                        attention.check_isolation(model)
                        values[kind] = _flat(model, ids, labels, device)
            gap = abs(values["padded"] - values["hunmin"])
            bound = LOSS_BOUND["fp32" if mode == "fp32" else "bf16"]
            found.append({"family": family, "mode": mode, "gap": round(gap, 7), "ok": gap < bound})
    return {"cases": found, "ok": all(c["ok"] for c in found)}


def _padded(model: Any, ids: list[list[int]], labels: list[list[int]], device: str) -> float:
    import torch

    longest = max(map(len, ids))
    rows = torch.tensor([r + [0] * (longest - len(r)) for r in ids], device=device)
    mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in ids], device=device)
    wanted = torch.tensor([r + [-100] * (longest - len(r)) for r in labels], device=device)
    logits = model(input_ids=rows, attention_mask=mask, use_cache=False).logits[:, :-1].float()
    return float(torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted[:, 1:].flatten(), ignore_index=-100))


def _flat(model: Any, ids: list[list[int]], labels: list[list[int]], device: str) -> float:
    import torch

    edges = [0]
    for row in ids:
        edges.append(edges[-1] + len(row))
    bounds = torch.tensor(edges, dtype=torch.int32, device=device)
    flat = torch.tensor([t for r in ids for t in r], device=device)[None]
    places = torch.cat([torch.arange(len(r), device=device) for r in ids])[None]
    wanted = torch.tensor([t for r in labels for t in [-100, *r[1:]]], device=device)
    given = {"cu_seq_lens_q": bounds, "cu_seq_lens_k": bounds}
    longest = max(map(len, ids))
    logits = model(
        input_ids=flat, position_ids=places, use_cache=False, max_length_q=longest, max_length_k=longest, **given
    ).logits[0, :-1]
    return float(torch.nn.functional.cross_entropy(logits.float(), wanted[1:], ignore_index=-100))


def resume(device: str) -> dict[str, Any]:
    """Kill `hunmin sft` in the middle and go on: the adapter must equal an uninterrupted one, weight by weight."""
    with tempfile.TemporaryDirectory(prefix="bench-resume-") as home:
        return _killed_and_resumed(device, Path(home))


def _killed_and_resumed(device: str, home: Path) -> dict[str, Any]:
    import torch
    from safetensors.torch import load_file

    base = save_base(home / "base", SHAPES["tiny"], "cpu", torch.float32, 2048, 512)
    data = home / "in.jsonl"
    rows = [
        {"id": f"r{i}", "source": "b", "instruction": f"{i}번 질문", "output": "답 " * (i % 9 + 1)} for i in range(64)
    ]
    data.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    words = [
        sys.executable,
        "-m",
        "hunmin.commands.cli",
        "sft",
        str(data),
        "--base-model",
        str(base),
        "--device",
        device,
    ]
    words += ["--template", "kullm", "--batch-size", "4", "--micro-batch-size", "2", "--save-steps", "2", "--quiet"]
    subprocess.run([*words, "-o", str(home / "whole")], check=True, capture_output=True)
    cut = [*words, "-o", str(home / "cut")]
    child = subprocess.Popen(cut, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while child.poll() is None and time.monotonic() < deadline:
        if list((home / "cut").glob("checkpoints/checkpoint-*/trainer_state.json")):
            os.killpg(child.pid, signal.SIGKILL)
            break
        time.sleep(0.02)
    killed = child.wait() != 0
    subprocess.run(cut, check=True, capture_output=True)
    one, two = (load_file(home / name / "adapter" / "adapter_model.safetensors") for name in ("whole", "cut"))
    worst = max(float((one[k].float() - two[k].float()).abs().max()) for k in one)
    return {"killed": killed, "largest_difference": worst, "ok": worst == 0.0 if device == "cpu" else worst < 1e-5}


STEPS = {"versions": versions, "kernels": kernels_against_plain, "losses": losses, "resume": resume}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("step", choices=list(STEPS))
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    args = parser.parse_args()
    found = STEPS[args.step](args.device)
    print(json.dumps({"check": args.step, **found}))
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
