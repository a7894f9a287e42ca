"""`hunmin chat MODEL`: talk to a model in the terminal, ask it once, or let it answer a file of questions.

Every answer is asked with the model's own template and ends at its stop token; what does not fit the model's context
loses its oldest turns, which is said.
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import EXIT_INTERRUPTED, UserError
from ..models import Loaded, Request, answering
from ..text.language import spoken
from .console import amount, positive, whole

HELP = """\
/reset            forget the conversation
/system TEXT      set the system prompt and start anew; /system alone shows it
/params           show how answers are drawn; /params temperature=0.7 top_p=0.9 changes it
/undo             take back the last question and answer
/save FILE        write the conversation as one JSONL record
/help, /quit"""


@dataclass(frozen=True)
class Params:
    """How answers are drawn."""

    max_new_tokens: int = 512
    temperature: float = 0.7
    top_p: float = 0.9
    repetition_penalty: float = 1.0
    seed: int | None = None


@dataclass
class Talk:
    """A conversation under way: its messages, the system prompt first where there is one."""

    messages: list[dict[str, str]] = field(default_factory=list)
    system: str = ""

    def reset(self) -> None:
        self.messages = [{"role": "system", "content": self.system}] if self.system else []


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a Hub id, a model folder, an artifact, a run, tiny:llama or tiny:neox")
    parser.add_argument("--adapter", type=Path, help="an adapter folder to lay on the model")
    parser.add_argument("--template", help="the chat template, in place of the model's own (alpaca, kullm, ...)")
    parser.add_argument("--system", default="", help="the system prompt")
    parser.add_argument("--ask", metavar="TEXT", help="ask once, print the answer and end")
    parser.add_argument("--input", default="", metavar="TEXT", help="with --ask: the question's input")
    parser.add_argument("--file", type=Path, metavar="JSONL", help="answer every record of a file; needs --out")
    parser.add_argument("--out", "-o", type=Path, metavar="JSONL", help="where --file's answers go; continued if there")
    parser.add_argument("--batch-size", type=positive, default=8, help="with --file: answers made at once (default: 8)")
    parser.add_argument("--web", action="store_true", help="talk on a page in the browser")
    parser.add_argument(
        "--against", metavar="MODEL", help="with --web: a second model beside it, and a vote; itself: two draws"
    )
    parser.add_argument("--port", type=whole, default=8766, help="with --web: the page's port; 0 takes a free one")
    parser.add_argument("--votes", type=Path, default=Path("votes.jsonl"), help="with --against: where preferences go")
    parser.add_argument("--save", type=Path, metavar="JSONL", help="write the conversation here when it ends")
    parser.add_argument("--max-new-tokens", type=positive, default=Params.max_new_tokens)
    parser.add_argument("--temperature", type=amount, default=None, help="0 is greedy (default: 0.7; with --file 0)")
    parser.add_argument("--top-p", type=amount, default=Params.top_p)
    parser.add_argument("--repetition-penalty", type=amount, default=Params.repetition_penalty)
    parser.add_argument("--seed", type=whole, default=None, help="draw the same answers again")
    parser.add_argument("--dtype", default="auto", choices=("auto", "bf16", "fp16", "fp32"))
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--quantization", default="none", choices=("none", "nf4", "int8"))
    parser.add_argument("--revision", help="the Hub revision of the model")
    parser.add_argument("--trust-remote-code", action="store_true", help="run code that comes with the model")


def main(args: argparse.Namespace) -> int:
    if bool(args.file) != bool(args.out):
        raise UserError("--file and --out go together", mend="hunmin chat MODEL --file in.jsonl --out out.jsonl")
    if sum(bool(x) for x in (args.file, args.ask is not None, args.web)) > 1:
        raise UserError("--file, --ask and --web each say how to talk", mend="Give one of them.")
    if args.against and not args.web:
        raise UserError("--against without --web", mend="Two models are compared on the page: add --web.")
    temperature = args.temperature if args.temperature is not None else 0.0 if args.file else Params.temperature
    params = Params(args.max_new_tokens, temperature, args.top_p, args.repetition_penalty, args.seed)
    wrong = problem(params)
    if wrong:
        raise UserError(wrong)
    questions = answering.read_questions(args.file) if args.file else []
    _check_encoding()
    from .. import models

    loaded = _open(args.model, args)
    models.prompt(loaded, [{"role": "user", "content": "안녕"}])  # a missing template is told before anyone types
    if args.file:
        before = answering.answer_file(loaded, questions, args.out, vars(params), args.batch_size, args.system)
        print(spoken(f"{args.out}: {len(questions)} answers, {before} of them from before"))
        return 0
    if args.web:
        return _web(loaded, args, params)
    talk = Talk(system=args.system)
    talk.reset()
    if args.ask is not None:
        user = {"role": "user", "content": args.ask, **({"input": args.input} if args.input else {})}
        said, reason = answer(loaded, [*talk.messages, user], params)
        return EXIT_INTERRUPTED if reason == "cancelled" else 0
    return converse(loaded, talk, params, args.save)


def _open(model: str, args: argparse.Namespace) -> Loaded:
    from .. import models

    adapter = args.adapter if model == args.model else None
    return models.load(
        model,
        adapter,
        args.dtype,
        args.device,
        args.revision if model == args.model else None,
        args.quantization,
        args.trust_remote_code,
        args.template,
    )


def _web(loaded: Loaded, args: argparse.Namespace, params: Params) -> int:
    from .. import models
    from ..server import vote

    opened = [loaded]
    if args.against == args.model:
        if params.temperature == 0:
            raise UserError("a model at temperature 0 says the same twice", "--against", "Raise it, or name another.")
        opened.append(loaded)
    elif args.against:
        opened.append(_open(args.against, args))
        models.prompt(opened[1], [{"role": "user", "content": "안녕"}])
    draw = Request(
        (),
        max_new_tokens=params.max_new_tokens,
        temperature=params.temperature,
        top_p=params.top_p,
        repetition_penalty=params.repetition_penalty,
        seed=params.seed,
    )
    vote.serve(
        vote.Table(opened, args.votes, args.system, draw), args.port, lambda line: print(spoken(line), flush=True)
    )
    return 0


def _check_encoding() -> None:
    """Refuse a terminal that cannot show Hangul, before a model is loaded."""
    name = (sys.stdout.encoding or "ascii").lower()
    try:
        "한".encode(name)
    except UnicodeEncodeError as error:
        what = f"this terminal's encoding is {name}, which has no Hangul"
        raise UserError(what, mend="Set PYTHONIOENCODING=utf-8, or LANG to a UTF-8 locale such as C.UTF-8.") from error


def problem(params: Params) -> str:
    """Give what is wrong with sampling options; "" when nothing is."""
    if params.max_new_tokens < 1:
        return "max_new_tokens must be at least 1"
    if not 0 <= params.temperature <= 5:
        return "temperature must be from 0 to 5"
    if not 0 < params.top_p <= 1:
        return "top_p must be above 0 and at most 1"
    if not 0.1 <= params.repetition_penalty <= 10:
        return "repetition_penalty must be from 0.1 to 10"
    return ""


# --- talking ---


def answer(loaded: Loaded, messages: list[dict[str, str]], params: Params, show: Any = None) -> tuple[str, str]:
    """Show an answer as it is made; give it and why it ended. Ctrl-C ends the answer, not the chat ("cancelled")."""
    from .. import models

    write = show or _show
    ids, dropped = answering.fit(loaded, messages, params.max_new_tokens)
    if dropped:
        print(f"(the {dropped} oldest messages no longer fit and are left out)", file=sys.stderr)
    request = Request(
        tuple(ids),
        max_new_tokens=params.max_new_tokens,
        temperature=params.temperature,
        top_p=params.top_p,
        repetition_penalty=params.repetition_penalty,
        seed=params.seed,
    )
    said, reason = "", "cancelled"
    try:
        for piece in models.decode(loaded, [request]):
            said += piece.text
            write(piece.text)
            reason = piece.finish_reason or reason
    except KeyboardInterrupt:
        reason = "cancelled"
    notes = {"length": " (cut at max_new_tokens)", "cancelled": " (stopped)"}
    write(notes.get(reason, "") + "\n")
    return said, reason


def _show(text: str) -> None:
    print(text, end="", flush=True)


def converse(loaded: Loaded, talk: Talk, params: Params, save: Path | None) -> int:
    """Talk until /quit or Ctrl-D; Ctrl-C at an empty prompt ends it too."""
    _line_editing()
    terminal = sys.stdin.isatty()
    if terminal:
        print(spoken(f"{loaded.name} ({loaded.device}, {loaded.dtype}). /help lists commands; Ctrl-C stops an answer."))
    while True:
        try:
            line = input("> " if terminal else "").strip()
        except EOFError:
            print()
            break
        except KeyboardInterrupt:
            print()
            break
        except UnicodeDecodeError as error:
            print(f"that line is not {sys.stdin.encoding}: {error.reason}", file=sys.stderr)
            continue
        line = unicodedata.normalize("NFC", line)
        if not line:
            continue
        if line.startswith("/"):
            told, params, ended = command(line, talk, params)
            print(told)
            if ended:
                break
            continue
        talk.messages.append({"role": "user", "content": line})
        try:
            said, reason = answer(loaded, talk.messages, params)
        except UserError as error:
            print(error, file=sys.stderr)
            talk.messages.pop()
            continue
        if said.strip():
            talk.messages.append({"role": "assistant", "content": said})
        else:
            talk.messages.pop()
            if reason != "cancelled":
                print(spoken("(the model said nothing)"), file=sys.stderr)
    if save is not None and any(m["role"] == "assistant" for m in talk.messages):
        print(_save(talk, save))
    return 0


def command(line: str, talk: Talk, params: Params) -> tuple[str, Params, bool]:
    """Carry out a / command; give what to say, the options from now on, and whether the chat ends."""
    from ..tables import did_you_mean

    name, _, rest = line.partition(" ")
    rest = rest.strip()
    if name in ("/quit", "/exit", "/q"):
        return "", params, True
    if name in ("/help", "/?"):
        return HELP, params, False
    if name == "/reset":
        talk.reset()
        return "(a new conversation)", params, False
    if name == "/system":
        if rest:
            talk.system = rest
            talk.reset()
            return "(a new conversation with this system prompt)", params, False
        return talk.system or "(no system prompt)", params, False
    if name == "/undo":
        while talk.messages and talk.messages[-1]["role"] != "user":
            if talk.messages[-1]["role"] == "system":
                return "(nothing to take back)", params, False
            talk.messages.pop()
        if not talk.messages:
            return "(nothing to take back)", params, False
        talk.messages.pop()
        return "(the last question is taken back)", params, False
    if name == "/save":
        return (_save(talk, Path(rest).expanduser()) if rest else "/save needs a file name"), params, False
    if name == "/params":
        try:
            params = set_params(params, rest)
        except UserError as error:
            return str(error), params, False
        shown = "  ".join(f"{k}={v}" for k, v in vars(params).items())
        return shown, params, False
    known = ("/reset", "/system", "/params", "/undo", "/save", "/help", "/quit")
    return f"unknown command '{name}'{did_you_mean(name, known)}", params, False


def set_params(params: Params, text: str) -> Params:
    """Give the options with `name=value` words of `text` changed. Raises UserError for a name or value it cannot be."""
    from ..tables import did_you_mean

    for part in text.split():
        name, found, value = part.partition("=")
        if not found or name not in vars(params):
            raise UserError(f"unknown option '{name}'{did_you_mean(name, vars(params))}", mend="Write temperature=0.7.")
        try:
            whole = name in ("max_new_tokens", "seed")
            new: Any = None if value == "none" and name == "seed" else int(value) if whole else float(value)
        except ValueError as error:
            raise UserError(f"{name}: '{value}' is not a number") from error
        params = replace(params, **{name: new})
    wrong = problem(params)
    if wrong:
        raise UserError(wrong)
    return params


def _save(talk: Talk, path: Path) -> str:
    """Append the conversation as a chat record, ready to be loaded; give what to say."""
    from ..artifacts.record import dumps

    if not any(m["role"] == "assistant" for m in talk.messages):
        return "(nothing to save yet)"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(dumps({"messages": talk.messages}) + "\n")
    except OSError as error:
        return f"{path}: cannot be written: {error.strerror}"
    return f"{path}: saved"


def _line_editing() -> None:
    """Let arrows and history work; readline moves by whole Hangul in a UTF-8 terminal."""
    try:
        import readline
    except ImportError:  # Windows' own console edits lines itself
        return
    readline.parse_and_bind("set enable-bracketed-paste on")
