"""`hunmin serve MODEL`: an OpenAI-compatible endpoint with the model's own template and adapter.

vLLM does it where it is installed and there is a GPU; else our own small server over `models`, one process, one model.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ..artifacts import interrupt
from ..errors import UserError
from ..models import Resolved
from ..server import guard
from ..text.language import spoken
from .console import positive, whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a Hub id, a model folder, an artifact, a run, tiny:llama or tiny:neox")
    parser.add_argument("--adapter", type=Path, help="an adapter folder to lay on the model")
    parser.add_argument("--template", help="the chat template, in place of the model's own (alpaca, kullm, ...)")
    parser.add_argument("--name", help="the name that requests ask for (default: the model's)")
    parser.add_argument("--port", type=whole, default=8000, help="0 takes a free one (default: 8000)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="a host name served as well")
    parser.add_argument("--api-key-env", metavar="VAR", help="the environment variable with the key clients must send")
    parser.add_argument("--engine", choices=("auto", "own", "vllm"), default="auto", help="what answers")
    parser.add_argument("--dtype", default="auto", choices=("auto", "bf16", "fp16", "fp32"))
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--quantization", default="none", choices=("none", "nf4", "int8"))
    parser.add_argument("--revision", help="the Hub revision of the model")
    parser.add_argument("--trust-remote-code", action="store_true", help="run code that comes with the model")
    parser.add_argument("--max-batch", type=positive, default=16, help="answers under way at once (default: 16)")
    parser.add_argument(
        "--max-new-tokens", type=positive, default=512, help="a chat answer's limit when the request names none"
    )


def main(args: argparse.Namespace) -> int:
    from .. import models

    key = _key(args.api_key_env)
    if args.host not in guard.LOCAL and not key:
        mend = "Add --api-key-env VAR, or stay on 127.0.0.1 and use ssh -L PORT:127.0.0.1:PORT."
        raise UserError(f"{args.host} can be reached from other machines", "--host", mend)
    found = models.resolve(args.model)
    served = args.name or served_name(args.model)
    engine = _engine(args.engine)
    if engine == "vllm":
        return _run_vllm(found, served, args, key)
    listener = guard.bind(args.host, args.port, f"hunmin serve {args.model}")
    print(spoken(f"{args.model}: loading"), file=sys.stderr, flush=True)
    loaded = models.load(
        args.model,
        args.adapter,
        args.dtype,
        args.device,
        args.revision,
        args.quantization,
        args.trust_remote_code,
        args.template,
    )
    from ..server import openai_api
    from ..server.worker import Worker

    if loaded.template is None:
        print(
            "the model brings no chat template: only /v1/completions works. Name one with --template.", file=sys.stderr
        )
    application = openai_api.app(
        loaded,
        Worker(loaded, args.max_batch),
        served,
        host=args.host,
        allowed_hosts=tuple(args.allow_host),
        api_key=key,
        max_new_tokens=args.max_new_tokens,
    )
    port = listener.getsockname()[1]
    host = f"[{args.host}]" if ":" in args.host else args.host
    print(f"model: {served}   ({loaded.device}, {loaded.dtype}, {loaded.max_length} tokens)", flush=True)
    print(spoken(f"serving http://{host}:{port}/v1   (Ctrl-C ends)"), flush=True)
    try:
        guard.listen(application, listener)
    except KeyboardInterrupt:
        pass
    print(spoken("the server has ended"), flush=True)
    interrupt.at_once = True  # the model's thread may be within a step; ending under it aborts
    return 0


def served_name(model: str) -> str:
    """Give the name a model goes by: a Hub id or tiny name as it is, a folder by its own name, or its run's."""
    path = Path(model)
    if not path.exists():
        return model
    path = path.resolve()
    if path.name in ("adapter", "model"):
        path = path.parent
    if path.name[:2].isdigit() and path.name[2:3] == "-":
        return f"{path.parent.name}/{path.name[3:]}"
    return path.name


def _key(variable: str | None) -> str:
    if not variable:
        return ""
    key = os.environ.get(variable, "")
    if not key:
        raise UserError(f"the environment variable {variable} is empty", "--api-key-env", f"export {variable}=...")
    return key


def _engine(wanted: str) -> str:
    """Choose vLLM where it can run: installed, and a CUDA device is there."""
    installed = importlib.util.find_spec("vllm") is not None
    if wanted == "own" or (wanted == "auto" and not installed):
        return "own"
    if not installed:
        raise UserError("vllm is not installed", "--engine vllm", "pip install vllm, or use --engine own.")
    import torch

    if torch.cuda.is_available():
        return "vllm"
    if wanted == "vllm":
        raise UserError("vllm needs a CUDA device", "--engine vllm", "Use --engine own.")
    return "own"


def vllm_command(found: Resolved, served: str, args: argparse.Namespace, template: Path | None) -> Sequence[str]:
    """Give the `vllm serve` command for a resolved model: an adapter becomes a LoRA module under the served name."""
    dtype = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}.get(args.dtype, "auto")
    command = ["vllm", "serve", found.base, "--host", args.host, "--port", str(args.port), "--dtype", dtype]
    adapter = args.adapter or found.adapter
    if adapter is not None:
        rank = int(json.loads((Path(adapter) / "adapter_config.json").read_text(encoding="utf-8")).get("r", 16))
        allowed = next((r for r in (8, 16, 32, 64, 128, 256, 320, 512) if r >= rank), rank)
        command += ["--served-model-name", f"{served}-base", "--enable-lora", "--max-lora-rank", str(allowed)]
        command += ["--lora-modules", f"{served}={adapter}"]
    else:
        command += ["--served-model-name", served]
    if found.tokenizer != found.base:
        command += ["--tokenizer", found.tokenizer]
    if template is not None:
        command += ["--chat-template", str(template)]
    if args.revision or found.revision:
        command += ["--revision", args.revision or found.revision or ""]
    if args.trust_remote_code:
        command.append("--trust-remote-code")
    return command


def _run_vllm(found: Resolved, served: str, args: argparse.Namespace, key: str) -> int:
    """Run vLLM in the foreground. It checks no Host header, so only the key guards it against other machines."""
    import subprocess
    import tempfile

    if args.quantization != "none":
        raise UserError("quantization is our own server's", "--quantization", "Add --engine own.")
    with tempfile.TemporaryDirectory() as folder:
        template = None
        if args.template:
            from .. import models
            from ..templates.render import load_template

            tokenizer = models.open_tokenizer(found, args.revision or found.revision, args.trust_remote_code)
            template = Path(folder) / "chat_template.jinja"
            template.write_text(load_template(args.template, tokenizer).chat_template, encoding="utf-8")
        environment = {**os.environ, **({"VLLM_API_KEY": key} if key else {})}
        return subprocess.run(vllm_command(found, served, args, template), env=environment).returncode
