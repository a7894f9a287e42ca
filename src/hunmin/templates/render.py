"""The one bridge from record to text: training segments, inference prompt and the saved chat_template are one jinja.

A template is jinja over `messages` (role, content, and `input` on user messages), bos_token, eos_token and
add_generation_prompt, run in the same sandbox that transformers uses. Training text is cut into segments by rendering
the conversation up to each answer with the generation prompt, so what is trained is by construction what is asked.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..artifacts.artifact import hash_of
from ..artifacts.record import Record
from ..artifacts.rows import Message
from ..errors import UserError
from ..tables import did_you_mean
from . import TEMPLATES
from .definitions import jinja_of
from .sandbox import compiled, tried

FOLDER = Path(__file__).parent
PROBE = "probe"
Messages = list[Message]
THOUGHTS = ("reasoning_content", ".thinking", "['thinking']", '["thinking"]')  # how templates read a thought
CALLED = ("tool_calls", "tool_call_id", "name")  # what a message of a conversation with tools has beside its text


@dataclass(frozen=True)
class Segment:
    """A piece of training text; `trained` pieces (an answer with its stop token) enter the loss.

    `barred` is an answer of weight 0: it never does, whatever else is learned.
    """

    text: str
    trained: bool
    barred: bool = False


@dataclass(frozen=True)
class Template:
    """A chat format bound to a tokenizer's special tokens.

    `chat_template` is the jinja to save with the model, `stop` the token text that ends an answer. Texts carry their
    special tokens, BOS included when the base wants one: tokenise them with `add_special_tokens=False`.
    """

    name: str
    chat_template: str
    stop: str
    bos_token: str = ""
    eos_token: str = ""
    date: str | None = None
    """YYYY-MM-DD that a template which prints today's date shows; None = today's."""
    enable_thinking: bool | None = None
    """What a template of a model that can think is told; None leaves it to the template."""

    @property
    def thinks(self) -> bool:
        """Whether the template has a place for what an assistant thought before it answered."""
        return any(name in self.chat_template for name in THOUGHTS)

    @property
    def hash(self) -> str:
        """16 hex digits that change when any rendered byte can change."""
        return hash_of([self.chat_template, self.stop, self.bos_token, self.eos_token])

    def text(self, messages: Messages, add_generation_prompt: bool = False, tools: Sequence[Any] | None = None) -> str:
        """Give the whole conversation as text, as `apply_chat_template(tokenize=False)` would.

        Raises UserError for tools or tool calls that the template has no place for.
        """
        missing = self.lacks(messages, tools)
        if missing:
            raise UserError(
                f"template '{self.name}' has no place for {missing}",
                "",
                "Use a template that knows tools, such as the base's own (template: model), or leave the records out.",
            )
        told: dict[str, Any] = {"tools": _schemas(tools)} if tools else {}
        told |= _dated(self.date) if self.date else {}
        told |= {} if self.enable_thinking is None else {"enable_thinking": self.enable_thinking}
        return _render(
            self.chat_template, _seen(messages), self.bos_token, self.eos_token, add_generation_prompt, self.name, told
        )

    def lacks(self, messages: Messages, tools: Sequence[Any] | None = None) -> str:
        """Give what of a conversation with tools the template would leave out, or ""."""
        source = self.chat_template
        if any(m.get("tool_calls") for m in messages) and "tool_calls" not in source:
            return "tool calls"
        if any(m["role"] == "tool" for m in messages) and not re.search(r"""(['"])tool\1""", source):
            return "the results of tools"
        return "tool schemas" if tools and not re.search(r"\btools\b", source) else ""

    def messages(self, record: Record, thinking: bool = False) -> Messages:
        """Give a record's conversation; `input` keeps its own key where the template reads it, else joins the text.

        With `thinking`, what was thought before an answer stands under the names that templates read it by.
        """
        return messages_of(record, keep_input=_reads_input(self.chat_template), thinking=thinking)

    def prompt(self, record_or_messages: Record | Messages) -> str:
        """Give the inference prompt: all up to where the answer starts; the last turn's own answer is left out."""
        tools = None
        if isinstance(record_or_messages, list):
            messages = record_or_messages
        else:
            messages, tools = self.messages(record_or_messages), record_or_messages.get("tools")
        while messages and messages[-1]["role"] == "assistant":
            messages = messages[:-1]
        return self.text(messages, add_generation_prompt=True, tools=tools)

    def render(
        self, record: Record, answer: str | None = None, thinking: Literal["learn", "show", "drop"] = "drop"
    ) -> list[Segment]:
        """Give prompt and answer segments in turn, ending with the last answer's stop token.

        `answer` replaces the record's own last answer (`chosen` or `rejected` of a preference record). `thinking` of
        the answers is learned, shown but not learned, or left out. Where the template shows an earlier turn otherwise
        once another follows (it drops old thoughts, say), only the last answer to learn is a segment and ends the row:
        see `turns_not_learned`. Raises UserError when there is no answer, or none can be learned as it is asked.
        """
        messages = self.messages(record, thinking != "drop")
        if answer is not None:
            messages = [*messages, {"role": "assistant", "content": answer}]
        where, tools = str(record.get("id", "")), record.get("tools")
        answers = [i for i, message in enumerate(messages) if message["role"] == "assistant"]
        if not answers:
            raise UserError("there is no answer to train on", where, "Each record needs an output or a reply.")
        segments = self._segments(messages, answers, tools, where, thinking)
        if segments is None and len(answers) > 1:
            to_learn = [i for i in answers if messages[i].get("weight") != 0] or answers
            segments = self._segments(messages, to_learn[-1:], tools, where, thinking)
        if segments is None:
            raise UserError(
                f"template '{self.name}' shows a turn differently once the conversation goes on, "
                "so no training text equals the inference prompt",
                where,
                "Use another template, or single-turn records.",
            )
        return segments

    def _segments(
        self, messages: Messages, answers: Sequence[int], tools: Any, where: str, thinking: str
    ) -> list[Segment] | None:
        """Give the segments whose trained ones are these answers; None when a prompt is not the text before it."""
        segments: list[Segment] = []
        done = ""
        for i in answers:
            message = messages[i]
            if not message["content"].strip() and not message.get("tool_calls"):
                raise UserError("an answer is empty", where, "A model trained on it learns to say nothing.")
            prompt = self.text(messages[:i], add_generation_prompt=True, tools=tools)
            full = self.text(messages[: i + 1], tools=tools)
            if not prompt.startswith(done) or not full.startswith(prompt):
                return None
            end = full.rfind(self.stop, len(prompt))
            if end < 0:
                raise UserError(f"template '{self.name}' writes no '{self.stop}' after this answer", where)
            if prompt[len(done) :]:
                segments.append(Segment(prompt[len(done) :], False))
            done = full[: end + len(self.stop)]
            learned = message.get("weight") != 0
            text = done[len(prompt) :]
            thought = str(message.get("thinking") or "").strip()
            if thinking == "show" and thought and thought in text:
                cut = text.index(thought) + len(thought)
                segments.append(Segment(text[:cut], False))
                text = text[cut:]
            segments.append(Segment(text, learned, barred=not learned))
        return segments

    def turns_not_learned(self, record: Record, segments: Sequence[Segment]) -> int:
        """Give how many answers that were to be learned are part of the prompt alone: only the last could be."""
        turns = [m for m in record.get("messages") or () if m["role"] == "assistant"]
        to_learn = sum(1 for m in turns if m.get("weight") != 0)
        return max(0, to_learn - sum(1 for s in segments if s.trained))


def messages_of(record: Record, keep_input: bool = True, thinking: bool = False) -> Messages:
    """Give a record as chat messages, without `chosen` and `rejected`, and without `thinking` unless it is wanted."""
    system: Messages = [{"role": "system", "content": record["system"]}] if record.get("system") else []
    if record.get("messages"):
        keys = ("role", "content", "weight", *CALLED)
        messages = [{k: m[k] for k in keys if k in m} for m in record["messages"]]
        if thinking:  # under both names that templates read
            for message, own in zip(messages, record["messages"], strict=True):
                if own.get("thinking"):
                    message |= {"thinking": own["thinking"], "reasoning_content": own["thinking"]}
        return messages if messages[0]["role"] == "system" else system + messages
    instruction, extra = record.get("instruction") or "", record.get("input") or ""
    if keep_input:
        user = {"role": "user", "content": instruction, **({"input": extra} if extra else {})}
    else:
        user = {"role": "user", "content": "\n\n".join(t for t in (instruction, extra) if t)}
    answer: Messages = [{"role": "assistant", "content": record["output"]}] if record.get("output") else []
    if thinking and answer and record.get("thinking"):
        answer[0] |= {"thinking": record["thinking"], "reasoning_content": record["thinking"]}
    return [*system, user, *answer]


def load_template(name_or_path: str, tokenizer: Any = None, system: str = "") -> Template:
    """Give a template by name, by the path of a .json (alpaca-lora's keys) or .jinja file, or `model` (the base's own).

    `system` is shown to the model wherever a conversation brings none; it becomes part of the saved chat_template.
    Without a tokenizer the special tokens are Llama 2's, with no BOS.
    Raises UserError for an unknown name, a base without eos, or a stop token that the tokenizer does not know.
    """
    where = f"template '{name_or_path}'"
    bos, eos = _special_tokens(tokenizer, where)
    if name_or_path == "model":
        source = getattr(tokenizer, "chat_template", None)
        if not isinstance(source, str) or not source:
            raise UserError(
                "the base model brings no chat template",
                where,
                f"Choose one of {', '.join(TEMPLATES)}; a base model was tuned with none.",
            )
        tried(source, where)
    else:
        source = ("{{ bos_token }}" if bos else "") + _read(name_or_path)
    if system:
        first = json.dumps(system, ensure_ascii=False)
        source = (
            "{%- if not messages or messages[0]['role'] != 'system' -%}"
            "{%- set messages = [{'role': 'system', 'content': " + first + "}] + messages -%}{%- endif -%}" + source
        )
    if name_or_path == "model":  # it writes its own BOS or none at all; either is what the base saw
        bos = getattr(tokenizer, "bos_token", None) or ""
    return Template(name_or_path, source, _find_stop(source, bos, eos, tokenizer, where), bos, eos)


def _special_tokens(tokenizer: Any, where: str) -> tuple[str, str]:
    if tokenizer is None:
        return "", "</s>"
    if not tokenizer.eos_token:
        raise UserError(
            "the tokenizer has no eos token, so an answer could never end",
            where,
            "Set eos_token in the base model's tokenizer_config.json.",
        )
    bos_id = getattr(tokenizer, "bos_token_id", None)
    adds_bos = bos_id is not None and list(tokenizer("a")["input_ids"])[:1] == [bos_id]
    return (tokenizer.bos_token if adds_bos else ""), tokenizer.eos_token


def _read(name_or_path: str) -> str:
    path = FOLDER / TEMPLATES[name_or_path] if name_or_path in TEMPLATES else Path(name_or_path)
    if path.suffix not in (".json", ".jinja", ".jinja2"):
        known = (*TEMPLATES, "model")
        raise UserError(
            f"unknown template{did_you_mean(name_or_path, known)}",
            f"template '{name_or_path}'",
            f"Known: {', '.join(known)}, or the path of a .json or .jinja file.",
        )
    if not path.is_file():
        raise UserError("no such file", f"template '{name_or_path}'", "Paths are relative to where hunmin runs.")
    try:
        source = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        where = f"template '{name_or_path}'"
        raise UserError(f"not UTF-8: {error.reason} at byte {error.start}", where, "Save it as UTF-8.") from error
    return jinja_of(source, str(path)) if path.suffix == ".json" else source


def _reads_input(source: str) -> bool:
    return any(f"message{read}" in source for read in ("['input']", '["input"]', ".input", ".get('input'"))


def _find_stop(source: str, bos: str, eos: str, tokenizer: Any, where: str) -> str:
    """Give the token that ends an answer, read off a rendered conversation."""
    asked = [{"role": "user", "content": PROBE}]
    prompt = _render(source, asked, bos, eos, True, where)
    full = _render(source, [*asked, {"role": "assistant", "content": PROBE}], bos, eos, False, where)
    tail = full[full.rindex(PROBE) + len(PROBE) :]
    if not full.startswith(prompt):
        raise UserError(
            "its inference prompt is not the beginning of its training text",
            where,
            "Use another template: a model tuned with this one would be asked differently from how it learned.",
        )
    if tokenizer is None:
        special = [tail.strip()] if tail.strip() else []
    else:
        known = {*tokenizer.all_special_tokens, *(str(t) for t in tokenizer.added_tokens_decoder.values())}
        special = sorted((t for t in known if t.strip() and t in tail), key=lambda t: (tail.index(t), -len(t)))
    if not special:
        tail = tail.strip()
        written = f"; it writes {tail!r}, which the tokenizer does not know as one token" if tail else ""
        raise UserError(
            f"no stop token follows an answer{written}",
            where,
            "Without one the model never stops. Use a template that ends answers with eos_token, or another base.",
        )
    return special[0]


def _dated(date: str) -> dict[str, Any]:
    """Give what a template that prints the date is told: Llama 3's `date_string`, gpt-oss' `strftime_now`."""
    day = datetime.date.fromisoformat(date)
    return {"date_string": day.strftime("%d %b %Y"), "strftime_now": day.strftime}


def _seen(messages: Messages) -> Messages:
    """Give messages as templates read them: no weight, the arguments of a call as an object."""
    return [
        {k: [_call(c) for c in v] if k == "tool_calls" else v for k, v in m.items() if k != "weight"} for m in messages
    ]


def _call(call: Any) -> Any:
    """Give a call with its arguments as an object, where they came as OpenAI's JSON text."""
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("arguments"), str):
        return call
    try:
        arguments = json.loads(function["arguments"])
    except ValueError:
        return call
    return {**call, "function": {**function, "arguments": arguments}} if isinstance(arguments, dict) else call


def _schemas(tools: Sequence[Any]) -> list[Any]:
    """Give tool schemas in the form that templates print: {type: function, function: {name, ...}}."""
    return [t if not isinstance(t, dict) or "function" in t else {"type": "function", "function": t} for t in tools]


def _render(
    source: str,
    messages: Sequence[Message],
    bos: str,
    eos: str,
    add_generation_prompt: bool,
    where: str,
    more: Mapping[str, Any] | None = None,
) -> str:
    import jinja2

    try:
        text: str = compiled(source).render(
            messages=list(messages),
            bos_token=bos,
            eos_token=eos,
            add_generation_prompt=add_generation_prompt,
            **(more or {}),
        )
        return text
    except jinja2.TemplateError as error:
        raise UserError(f"template '{where}' refuses this conversation: {error}") from error
    except Exception as error:  # a template is a stranger's program: whatever it raises is its own fault
        raise UserError(
            f"template '{where}' fails on this conversation: {type(error).__name__}: {str(error)[:200]}",
            mend="Mend the template, or name another, such as template: chatml.",
        ) from error
