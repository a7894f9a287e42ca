"""The merge itself: lay the adapter on its base, add it matrix by matrix, measure, compare, save."""

from __future__ import annotations

import json
import logging
import shutil
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..artifacts import artifact
from ..artifacts.rows import Notes
from ..errors import UserError
from ..models import adapters, finding, opening, sound
from ..models import identity as which
from ..models.devices import OVERFLOWS_FP16
from ..models.tokenizers import open_tokenizer
from ..templates.render import Template, load_template
from . import loop

log = logging.getLogger("hunmin")

PROMPTS = (
    "대한민국의 수도는 어디인가요?",
    "다음 문장을 영어로 옮겨 주세요: 오늘은 비가 옵니다.",
    "건강한 아침 식사 세 가지를 추천해 주세요.",
    "What is the difference between a list and a tuple in Python?",
)


def merge(config: Any, source: str, out: Path) -> Notes:
    """Merge the adapter that `source` names into out/model; give kept shares, logits, agreement and warnings.

    Raises UserError for a folder that holds an adapter, another base, or a quantised base without `dequantize`.
    """
    loop.be_quiet()
    found = finding.start(source)
    if found.adapter is None:
        raise UserError("this model is plain already, there is no adapter to merge", found.name, "Leave merge out.")
    final = out / artifact.MODEL
    for folder in (out, final):
        if (folder / "adapter_config.json").exists():
            raise UserError(
                "the output folder holds an adapter; loading it would apply the adapter twice",
                str(folder),
                "Give a fresh folder.",
            )
    card = finding.card(found.adapter)
    base = finding.resolve(config.base_model).base if config.base_model else found.base
    revision = config.revision or card.get("base_revision")
    under = replace(found, base=base, revision=revision)
    if found.tokenizer != str(found.adapter):
        under = replace(under, tokenizer=base)
    here = which.of_base(base, revision)
    if card.get("base_hash") and not which.is_base(card["base_hash"], base, revision):
        raise UserError(
            f"the adapter was trained on other weights than these (hash {card['base_hash']}, here {here})",
            config.base_model or found.name,
            "Give the base it was trained on, with its revision.",
        )
    model = _open(under, config, card)
    tokenizer = open_tokenizer(under, revision, config.trust_remote_code)
    template = load_template("model", tokenizer) if tokenizer.chat_template else load_template("kullm", tokenizer)
    tokenizer.chat_template = template.chat_template

    laid = adapters.lay(model, found.adapter)
    laid.eval()
    before = _answers(laid, tokenizer, template, config.check_tokens)
    kept = _add(laid)
    whole = _whole(laid)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All adapters are already merged")  # they are: by _add, measured
        plain = laid.merge_and_unload()
    kept |= whole
    dtype = str(next(plain.parameters()).dtype).removeprefix("torch.")
    notes: Notes = {
        "base_model": found.name,
        "dtype": dtype,
        "kept_min": round(min(kept.values()), 4) if kept else 1.0,
        "kept_mean": round(sum(kept.values()) / len(kept), 4) if kept else 1.0,
        "kept_worst": dict(sorted(((k, round(v, 4)) for k, v in kept.items()), key=lambda kv: kv[1])[:5]),
        "matrices": len(kept),
    }
    family = str(getattr(plain.config.get_text_config(), "model_type", ""))
    part = _write(plain, tokenizer, template, out)
    del plain, laid, model
    notes |= _proof(part, under, before, template, config)
    notes["warnings"] = _warnings(notes, config, family in OVERFLOWS_FP16)
    _finish(part, out, template, card, found, here, notes, config)
    return notes


def _proof(
    part: Path, base: finding.Resolved, before: list[dict[str, Any]], template: Template, config: Any
) -> dict[str, Any]:
    """Open the folder that was written and compare its answers with the adapter's; raises UserError for no numbers."""
    import torch

    saved = replace(base, name=base.name, base=str(part), adapter=None, tokenizer=str(part), revision=None)
    opened = opening.open_weights(saved, dtype="own", trust_remote_code=config.trust_remote_code)
    opened.eval()
    after = _answers(opened, open_tokenizer(saved, None, config.trust_remote_code), template, config.check_tokens)
    if not all(bool(torch.isfinite(row["logits"]).all()) for row in after):
        raise UserError(
            "the merged model's logits are not finite numbers",
            str(part),
            "Set dtype: bf16 or fp32: its values overflow the number format it was stored in.",
        )
    return _compare(before, after)


def _open(base: finding.Resolved, config: Any, card: dict[str, Any]) -> Any:
    """Give the base's weights to merge into; those of a quantised training dequantised, where that is asked for."""
    import torch

    quantization = card.get("quantization", "none")
    wanted = "own" if config.dtype == "auto" else config.dtype
    trust = config.trust_remote_code
    if quantization == "none":
        return opening.open_weights(base, dtype=wanted, trust_remote_code=trust)
    if not config.dequantize:
        raise UserError(
            f"the adapter was trained on a base quantised to {quantization}; merged into the plain base it would "
            "correct errors that are not there",
            base.base,
            "Set dequantize: true to merge into the weights it was trained on, or serve the adapter unmerged.",
        )
    gpu = torch.cuda.is_available()
    compute = "bf16" if gpu else "fp32"
    model = opening.open_weights(
        base,
        dtype=wanted,
        device=None if gpu else "cpu",
        quantization=quantization,
        compute=compute,
        trust_remote_code=trust,
    ).dequantize()
    return model if wanted == "own" else model.to(getattr(torch, opening.DTYPES[wanted]))


def _add(laid: Any) -> dict[str, float]:
    """Merge every adapted matrix in fp32, store it in its own dtype, and give the share of the update that is left.

    The share is the projection of the stored change on the wanted one: 1 = all of it, 0 = rounded away.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    kept = {}
    for name, layer in laid.named_modules():
        if not isinstance(layer, BaseTunerLayer) or not hasattr(layer, "merge"):
            continue
        weight: Any = layer.get_base_layer().weight
        stored = weight.data
        weight.data = stored.float()
        start = weight.data.clone()
        layer.merge()
        wanted = weight.data - start
        final = weight.data.to(stored.dtype)
        size = (wanted.double() ** 2).sum()
        left = ((final.double() - start.double()) * wanted.double()).sum()
        weight.data = final
        short = name.removeprefix("base_model.model.")
        sound.check_finite([(short, final)], "merge", "Set dtype: bf16 or fp32, which hold larger numbers than fp16.")
        kept[short] = float(left / size) if size > 0 else 1.0
    return kept


def _whole(laid: Any) -> dict[str, float]:
    """Give the share kept of each module that was trained whole (modules_to_save), as stored beside its base."""
    from peft.utils import ModulesToSaveWrapper

    kept = {}
    for name, module in laid.named_modules():
        if not isinstance(module, ModulesToSaveWrapper):
            continue
        trained = dict(module.modules_to_save[module.active_adapters[0]].named_parameters())
        for key, own in module.original_module.named_parameters():
            wanted = trained[key].data.float() - own.data.float()
            size = (wanted.double() ** 2).sum()
            stored = trained[key].data.to(own.dtype).float() - own.data.float()
            left = (stored.double() * wanted.double()).sum()
            kept[f"{name.removeprefix('base_model.model.')}.{key}"] = float(left / size) if size > 0 else 1.0
    return kept


def _answers(model: Any, tokenizer: Any, template: Template, n_tokens: int) -> list[dict[str, Any]]:
    """Give, for each sample prompt, the logits over prompt and answer and the greedy answer's ids."""
    import torch

    found = []
    for prompt in PROMPTS:
        text = template.prompt({"instruction": prompt})
        ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]], device=model.device)
        with torch.no_grad():
            new = []
            row = ids
            for _ in range(n_tokens):
                logits = model(input_ids=row, use_cache=False).logits[0, -1]
                new.append(int(logits.argmax()))
                row = torch.cat([row, torch.tensor([[new[-1]]], device=row.device)], dim=1)
            logits = model(input_ids=ids, use_cache=False).logits[0].float().cpu()
        if bool(logits.isnan().any()):
            raise UserError("the model's logits are no numbers (nan)", "merge", "Set dtype: bf16 or fp32.")
        found.append({"logits": logits, "greedy": new})
    return found


def _compare(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the largest logit difference, the mean KL divergence in nats, and the shares of equal choices."""
    import torch

    difference, divergence, same_next, n_next, same, n = 0.0, 0.0, 0, 0, 0, 0
    for one, two in zip(before, after, strict=True):
        a, b = one["logits"], two["logits"]
        difference = max(difference, float((a - b).abs().max()))
        p = torch.log_softmax(a, dim=-1)
        divergence += float((p.exp() * (p - torch.log_softmax(b, dim=-1))).sum(-1).mean())
        same_next += int((a.argmax(-1) == b.argmax(-1)).sum())
        n_next += a.shape[0]
        equal = [x == y for x, y in zip(one["greedy"], two["greedy"], strict=True)]
        same += equal.index(False) if False in equal else len(equal)  # after the first difference all may differ
        n += len(equal)
    return {
        "logit_difference_max": round(difference, 6),
        "kl_nats": round(divergence / len(before), 8),
        "next_token_agreement": round(same_next / n_next, 4),
        "greedy_agreement": round(same / n, 4),
        "prompts": len(before),
    }


def _warnings(notes: Notes, config: Any, overflows: bool) -> list[str]:
    """Give what a person should know of the merge; `overflows`: the family's values pass what fp16 can hold."""
    found = []
    if notes["kept_min"] < config.min_kept:
        worst = next(iter(notes["kept_worst"]))
        better = "fp32" if notes["dtype"] != "bfloat16" or overflows else "fp16 or fp32"
        found.append(
            f"stored as {notes['dtype']}, {worst} keeps {notes['kept_min']:.0%} of its update; "
            f"set dtype: {better}, or serve the adapter unmerged"
        )
    if notes["next_token_agreement"] < config.min_kept:
        found.append(f"adapter and merged model choose the same next token in {notes['next_token_agreement']:.1%}")
    return found


def _write(model: Any, tokenizer: Any, template: Template, out: Path) -> Path:
    """Write the weights and the tokenizer beside where the model will stand; give that folder."""
    part = out / (artifact.MODEL + ".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.rmtree(out / artifact.MODEL, ignore_errors=True)
    loop.set_stop(model, tokenizer, template.stop)
    model.save_pretrained(part)
    tokenizer.save_pretrained(part)
    return part


def _finish(
    part: Path,
    out: Path,
    template: Template,
    card: dict[str, Any],
    found: finding.Resolved,
    base_hash: str,
    notes: Notes,
    config: Any,
) -> None:
    """Put hunmin.json beside the weights, and the folder in its place."""
    assert found.adapter is not None  # a merge without one was refused before
    more = {
        **card,
        "base_model": found.name,
        "base_hash": base_hash,
        "merged_adapter": artifact.sha256_file(adapters.file_of(found.adapter))[:16],
        "merge": {k: v for k, v in notes.items() if k not in ("base_model", "warnings")},
    }
    artifact.write_atomic(part / finding.CARD, json.dumps(more, ensure_ascii=False, indent=2) + "\n")
    if config.ollama:
        artifact.write_atomic(part / "Modelfile", modelfile(template))
    pickles = (".bin", ".pt", ".pth")
    strangers = [p.name for p in part.iterdir() if p.suffix in pickles or p.name == "adapter_config.json"]
    if strangers:
        raise AssertionError(f"a merged folder must hold safetensors only, found {strangers}")
    part.replace(out / artifact.MODEL)


def modelfile(template: Template) -> str:
    """Give an ollama Modelfile whose TEMPLATE renders one turn as this template does."""
    prompt = template.prompt([{"role": "user", "content": "{{ .Prompt }}"}])
    with_system = template.prompt(
        [{"role": "system", "content": "{{ .System }}"}, {"role": "user", "content": "{{ .Prompt }}"}]
    )
    bos = template.bos_token  # ollama writes the BOS itself
    prompt, with_system = prompt.removeprefix(bos), with_system.removeprefix(bos)
    return (
        "# ollama create NAME -f Modelfile\n"
        "# ollama reads the safetensors of some families itself; others are converted first:\n"
        "#   python llama.cpp/convert_hf_to_gguf.py . --outfile model.gguf     then   FROM ./model.gguf\n"
        "FROM .\n"
        f'TEMPLATE """{{{{ if .System }}}}{with_system}{{{{ else }}}}{prompt}{{{{ end }}}}"""\n'
        f'PARAMETER stop "{template.stop}"\n'
    )
