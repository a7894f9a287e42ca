"""`hunmin demo`: five questions and answers memorised by a tiny model in front of your eyes, offline, on a CPU.

It shows the whole of instruction tuning at a size that fits a coffee break: what is only read and what is learned,
an answer before and after, and a chat with both. The model memorises; nothing that it was not shown is learned. The
settings that make it memorise live here and nowhere else, and no model but a tiny one takes them.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..artifacts import progress
from ..artifacts.record import Record, kind, read_jsonl, write_jsonl
from ..errors import UserError
from ..text.language import translated as _
from .console import add_common, painted, prepare

PAIRS = (
    ("한글은 누가 만들었나요?", "세종대왕이 1443년에 만들고 1446년에 반포했습니다."),
    ("대한민국의 수도는 어디인가요?", "대한민국의 수도는 서울입니다."),
    ("김치는 무엇으로 만드나요?", "절인 배추에 고춧가루와 마늘, 젓갈을 버무려 만듭니다."),
    ("잠이 안 올 때는 어떻게 하나요?", "따뜻한 물을 한 잔 마시고 불을 꺼 보세요."),
    ("너는 누구니?", "저는 다섯 가지 대답을 외운 작은 모델입니다."),
)
OWN = 5  # pairs of one's own beside them, at most
TEMPLATE = "kullm"
# Every row in every step, at twenty times a usual rate: a few sentences by heart, and a real model ruined.
MEMORISING = {
    "method": "full",
    "max_steps": 40,
    "learning_rate": 2e-3,
    "warmup_steps": 2,
    "max_length": 512,
    "save_steps": 1000,
    "template": TEMPLATE,
}
ANSWER_TOKENS = 96


@dataclass(frozen=True)
class Said:
    """One question with the answer that was to be learned, and what the model said before and after."""

    question: str
    wanted: str
    before: str
    after: str
    own: bool

    @property
    def learned(self) -> bool:
        """Word for word, not nearly."""
        return self.after.strip() == self.wanted.strip()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", type=Path, help="your own questions and answers: any file `hunmin load` reads"
    )
    parser.add_argument("-o", "--out", type=Path, help="the folder that keeps the model (default: none, it goes again)")
    parser.add_argument("--base-model", default="tiny:llama", help="tiny:llama or tiny:neox; the demo takes no other")
    parser.add_argument("--yes", "-y", action="store_true", help="ask nothing: the built-in pairs, no chat at the end")
    add_common(parser)


def main(args: argparse.Namespace) -> int:
    prepare(args)
    base = args.base_model
    if not base.startswith("tiny:"):
        raise UserError(
            "the demo memorises a few sentences, which would ruin a real model",
            f"--base-model {base}",
            "Take tiny:llama or tiny:neox here; `hunmin sft` tunes real models.",
        )
    talks = sys.stdin.isatty() and sys.stdout.isatty() and not (args.yes or args.json or args.quiet)
    own = _read(args.file) if args.file else _typed() if talks else []
    with contextlib.ExitStack() as stack:
        out = args.out or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hunmin-demo-"))) / "tuned"
        return _demo(base, own, out, args, talks)


def _demo(base: str, own: list[Record], out: Path, args: argparse.Namespace, talks: bool) -> int:
    def tell(line: str = "") -> None:
        if not (args.json or args.quiet):
            print(line, flush=True)

    records = records_of(own)
    opening = _("{base} memorises {n} answers: 40 steps of full tuning on nothing else. A real model learns from")
    tell(opening.format(base=base, n=len(records)))
    tell(_("thousands of rows; this one only shows the path, on this machine, offline."))
    from .. import models, tiny

    tiny.build(base.removeprefix("tiny:"))
    with progress.doing(_("opening the model")):
        from ..train import loop, preview

        loop.be_quiet()
        untuned = models.load(base, device="cpu", template=TEMPLATE)
    config, inputs = _set_up(base, records, out)
    tell(painted("\n" + preview.preview(config, inputs, 2)))
    before = answers(untuned, records)
    tell("\n" + _("training on {n} pairs").format(n=len(records)))
    _train(config, inputs, out)
    tuned = models.load(str(out), device="cpu")
    after = answers(tuned, records)
    said = [
        Said(r["instruction"], r["output"], b, a, r["source"] != "demo")
        for r, b, a in zip(records, before, after, strict=True)
    ]
    if args.json:
        import json

        print(json.dumps([{**vars(s), "learned": s.learned} for s in said], ensure_ascii=False, indent=2))
        return 0
    for one in said:
        missed = "" if one.learned else f"   ({_('to be learned: {answer}').format(answer=_line(one.wanted))})"
        print(f"\n  {_('question')}: {one.question}")
        print(f"  {_('before')}: {_line(one.before)}")
        print(f"  {_('after')}: {_line(one.after)}{missed}")
    print("\n" + verdict(said))
    if talks:
        _chat(untuned, tuned)
    if args.out:
        print(_("{out}: kept. Talk to it: hunmin chat {out} --temperature 0").format(out=out))
    return 0


def verdict(said: list[Said]) -> str:
    """Give how many answers the model now says word for word, the built-in ones and the own."""
    told = []
    built_in, own = [s for s in said if not s.own], [s for s in said if s.own]
    for text, rows in ((_("{k} of {n} built-in"), built_in), (_("{k} of {n} of your own"), own)):
        if rows:
            told.append(text.format(k=sum(s.learned for s in rows), n=len(rows)))
    whole = _("said word for word: {told}. Memorised: ask it anything else, and it knows nothing.")
    return whole.format(told=", ".join(told))


# --- the pairs ---


def records_of(own: list[Record]) -> list[Record]:
    """Give the built-in pairs as records, then the own ones; an own answer replaces the built-in of the question."""
    asked = {r["instruction"] for r in own}
    built_in = [(q, a) for q, a in PAIRS if q not in asked]
    rows: list[Record] = [
        {"id": f"demo-{i}", "source": "demo", "instruction": q, "output": a} for i, (q, a) in enumerate(built_in, 1)
    ]
    return rows + own


def _own(i: int, question: str, answer: str) -> Record:
    return {"id": f"own-{i}", "source": "own", "instruction": question, "output": answer}


def _read(path: Path) -> list[Record]:
    """Give the first questions and answers of a file, as `load` reads them."""
    from ..stages.protocol import find_stage
    from .one_stage import find_inputs

    with tempfile.TemporaryDirectory(prefix="hunmin-demo-") as room:
        records, _model = find_inputs(str(path), Path(room), find_stage("sft"))
        rows = [r for r in read_jsonl(records) if kind(r) == "instruction"] if records else []
    rows = [r for r in rows if r.get("instruction") and r.get("output") and not r.get("input")]
    found = [_own(i, r["instruction"], r["output"]) for i, r in enumerate(rows[:OWN], 1)]
    if not found:
        raise UserError("no question with an answer", str(path), "Give a table of questions and answers.")
    if len(rows) > OWN:
        print(f"{path}: the first {OWN} of {len(rows):,} rows are taken", file=sys.stderr)
    return found


def _typed() -> list[Record]:
    """Ask for questions and answers; an empty line ends them."""
    print(_("Type up to {n} questions of your own with their answers, in Korean. Enter alone goes on.").format(n=OWN))
    found: list[Record] = []
    while len(found) < OWN:
        try:
            question = input(_("question {i}> ").format(i=len(found) + 1)).strip()
            answer = input(_("  answer> ")).strip() if question else ""
        except EOFError:
            print()
            break
        if not question or not answer:
            break
        found.append(_own(len(found) + 1, question, answer))
    return found


# --- the model ---


def _set_up(base: str, records: list[Record], out: Path) -> tuple[Any, Any]:
    """Give sft's Config and inputs: every row in every step."""
    from ..artifacts.artifact import Inputs
    from ..stages.protocol import find_stage

    n = len(records)
    stage = find_stage("sft")
    config = stage.config({**MEMORISING, "base_model": base, "batch_size": n, "micro_batch_size": n, "device": "cpu"})
    path = out.with_name(out.name + ".pairs.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_jsonl(path, records)
    return config, Inputs(label="sft", seed=0, records=path)


def _train(config: Any, inputs: Any, out: Path) -> None:
    """Tune into `out`, an artifact like any other; in this process, which has torch open already."""
    from ..stages.protocol import find_stage
    from . import one_stage

    stage = find_stage("sft")
    one_stage.execute(stage, config, inputs, out, call=lambda name, *given: stage.run(*given))


def answers(loaded: Any, records: list[Record]) -> list[str]:
    """Give a model's most likely answers to the questions."""
    from .. import models

    prompts = [loaded.template.prompt(r) for r in records]
    return [g.text for g in models.generate(loaded, prompts, max_new_tokens=ANSWER_TOKENS, repetition_penalty=1.0)]


def _line(text: str) -> str:
    told = " ".join(text.split()) or _("(nothing)")
    return told if len(told) <= 70 else told[:70] + "..."


def _chat(untuned: Any, tuned: Any) -> None:
    """Let the person ask both models, before and after, until an empty line."""
    print("\n" + _("Ask both; Enter alone ends."))
    while True:
        try:
            question = input("> ").strip()
        except (EOFError, KeyboardInterrupt):
            print()
            return
        if not question:
            return
        asked: list[Record] = [{"instruction": question}]
        print(f"  {_('before')}: {_line(answers(untuned, asked)[0])}")
        print(f"  {_('after')}: {_line(answers(tuned, asked)[0])}")
