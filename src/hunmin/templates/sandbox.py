"""Templates are programs of strangers: a sandbox bounds what they compute, and a process of its own tries them once."""

from __future__ import annotations

import datetime
import functools
import json
import os
import subprocess
import sys
from typing import Any

from ..artifacts.artifact import hash_of
from ..artifacts.identity import cache_folder
from ..errors import UserError

TRIAL_SECONDS = 5  # of computing; a template of today takes milliseconds
MOST_BYTES = 2 << 30  # of memory in a trial
MOST_LETTERS = 10_000_000  # of one product of a text or list
MOST_BITS = 4096  # of one power


@functools.lru_cache(maxsize=16)
def compiled(source: str) -> Any:
    """Compile in transformers' own way (utils/chat_template_utils.py): sandboxed, trimmed blocks, its helpers."""
    import jinja2
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        """`{% generation %}` marks an answer for transformers; here its body is rendered as it stands."""

        tags = {"generation"}

        def parse(self, parser: Any) -> Any:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return jinja2.nodes.Scope(body).set_lineno(line)

    class Bounded(ImmutableSandboxedEnvironment):
        """The sandbox bounds `range` by itself; powers and repeated texts are bounded here."""

        intercepted_binops = frozenset(["**", "*"])

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if _is_too_much(operator, left, right):
                raise jinja2.TemplateError(f"{operator} would give too large a value")
            return super().call_binop(context, operator, left, right)

    def refuse(message: str) -> None:
        raise jinja2.TemplateError(message)

    def tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, **options: Any) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **options)

    environment = Bounded(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    environment.filters["tojson"] = tojson
    environment.globals.update(raise_exception=refuse, strftime_now=lambda form: datetime.datetime.now().strftime(form))
    return environment.from_string(source)


def _is_too_much(operator: str, left: Any, right: Any) -> bool:
    if operator == "**":
        whole = isinstance(left, int) and isinstance(right, int)
        return whole and abs(left) > 1 and abs(left).bit_length() * abs(right) > MOST_BITS
    pairs = ((left, right), (right, left))
    return any(
        isinstance(thing, str | list | tuple) and isinstance(times, int) and len(thing) * times > MOST_LETTERS
        for thing, times in pairs
    )


def tried(source: str, where: str) -> str:
    """Give a stranger's template after it was rendered once in a process that may use little time and memory.

    What passed is remembered. Raises UserError for one that would hang or fill the memory.
    """
    note = cache_folder("templates") / hash_of([source, TRIAL_SECONDS])
    if note.is_file():
        return source
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-c", "from hunmin.templates import sandbox; sandbox.trial()"]
    try:
        done = subprocess.run(
            command, input=source.encode("utf-8", "surrogatepass"), env=environment, capture_output=True, timeout=120
        )
        code = done.returncode
    except subprocess.TimeoutExpired:
        code = 1
    if code != 0:
        raise UserError(
            f"the chat template does not come to an end: over {TRIAL_SECONDS} s or {MOST_BYTES >> 30} GiB in a trial",
            where,
            "Do not trust this model's template; name one of hunmin's, such as template: chatml.",
        )
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch()
    except OSError:
        pass  # a read-only home: tried again next time
    return source


def trial() -> None:
    """Render the template on standard input once; what it refuses is its own affair, what it does not end is told."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (TRIAL_SECONDS, TRIAL_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    except ImportError:  # Windows: the caller's patience is the limit
        pass
    source = sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    for messages in ([{"role": "system", "content": "s"}, *turns], turns):
        try:
            compiled(source).render(messages=messages, bos_token="<s>", eos_token="</s>", add_generation_prompt=True)
        except MemoryError:
            sys.exit(1)
        except Exception:  # refused, or wrong in itself: told when it is used
            continue
