"""Turns of a conversation: every way people write them down, and what makes them ones that can be trained on."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

from ..artifacts.rows import JsonObject, Message
from ..errors import UserError
from .names import SWITCH, beside, filled, keys_of, plain_name

SPEAKERS = {
    "user": "user human person prompter customer 사용자 사람 질문자 고객 유저",
    "assistant": "assistant gpt chatgpt bot model ai chatbot agent bard bing claude "
    "어시스턴트 조수 인공지능 챗봇 답변자 상담사 상담원 비서",
    "system": "system developer 시스템",
    "tool": "tool function observation toolresponse toolresult functionresponse ipython",
    "call": "functioncall toolcall",
}
ROLE_OF = {name: role for role, names in SPEAKERS.items() for name in names.split()}
PLAIN = {"user": "user", "human": "user", "assistant": "assistant", "gpt": "assistant", "system": "system"}
KNOWN = "user (human), assistant (gpt), system, tool (observation), function_call"
WHO = ("role", "from", "speaker", "sender", "author", "화자", "역할")
SAID = ("content", "value", "text", "message", "utterance", "내용", "발화", "말")
PAIRS = (("system",), ("user", "human", "input", "question", "query", "prompt", "질문", "사용자"),
         ("assistant", "gpt", "bot", "output", "answer", "response", "답변", "어시스턴트"))  # fmt: skip
THOUGHTS = ("thinking", "reasoning_content", "reasoning", "thought", "think")
WEIGHTS = ("weight", "train", "training", "trainable", "train_on_turn", "loss", "loss_scale", "loss_mask", "learn",
           "calculate_loss", "compute_loss", "masked", "mask")  # fmt: skip
MASKS = ("masked", "mask")  # true: not learned
PARTLY = ("train_detail", "training_detail")  # spans of a turn, as axolotl has them
MEDIA_TYPES = ("image", "image_url", "input_image", "video", "audio", "input_audio", "file")
MEDIA_KEYS = ("images", "image", "image_url", "videos", "video", "audios", "audio")
BLOCK = re.compile(r"\A\s*<(think|thinking)>(.*?)</\1>\s*", re.DOTALL)
MARKED = re.compile(  # as OpenThoughts writes it
    r"\A\s*<\|begin_of_thought\|>(.*?)<\|end_of_thought\|>\s*"
    r"(?:<\|begin_of_solution\|>)?\s*(.*?)\s*(?:<\|end_of_solution\|>)?\s*\Z",
    re.DOTALL,
)
HEADLESS = re.compile(r"\A((?:(?!<think>).)*?)\n\s*</think>\s*?(?:\n\s*|\Z)", re.DOTALL)  # some servers cut <think>
MEDIA_MARK = re.compile(r"(?:\A|\n)\s*(<(?:image|video|audio)>)|(<(?:image|video|audio)>)\s*(?:\Z|\n)")


def read_turns(value: Any, field: str) -> list[JsonObject]:
    """Give messages (role, content and what else a record's message may hold) of a list of turns in any spelling.

    Turns are {role, content}, {from, value}, plain texts in turn, or {user, assistant} pairs; the list may stand in a
    cell as JSON. A turn's other keys are kept under its `extra`. Raises UserError that names the turn.
    """
    if isinstance(value, str):
        value = _parsed(value, field)
    if not isinstance(value, (list, tuple)):
        raise UserError(f"expected a list of messages, got {type(value).__name__}", f"field '{field}'")
    found: list[JsonObject] = []
    for i, turn in enumerate(value):
        where = f"field '{field}.{i}'"
        if isinstance(turn, str):
            found.append({"role": "assistant" if i % 2 else "user", "content": turn})
        elif not isinstance(turn, Mapping):
            raise UserError(f"expected an object, got {type(turn).__name__}", where)
        else:
            plain = _plain(turn)
            found += [plain] if plain else _messages(turn, where)
    return _joined([m for m in found if m["role"] != "system" or m["content"].strip()])


def _joined(messages: list[JsonObject]) -> list[JsonObject]:
    """Give the messages with what an answer's analysis channel says (gpt-oss) as the thinking of the turn behind it."""
    found: list[JsonObject] = []
    for message in messages:
        if found and _analysis(found[-1]) and message["role"] == "assistant" and "thinking" not in message:
            before = found.pop()
            extra = {**before["extra"], **(message.get("extra") or {})}
            del extra["channel"]
            message = {k: v for k, v in message.items() if k != "extra"} | {"thinking": before["content"]}
            message |= {"extra": extra} if extra else {}
        found.append(message)
    return found


def _analysis(message: JsonObject) -> bool:
    more = message.get("extra") or {}
    return more.get("channel") == "analysis" and message.keys() == {"role", "content", "extra"}


def _plain(turn: Mapping[str, Any]) -> JsonObject | None:
    """Give the message of the commonest turns, which hold a speaker and a text and nothing else."""
    if len(turn) != 2:
        return None
    who, text = (turn["role"], turn.get("content")) if "role" in turn else (turn.get("from"), turn.get("value"))
    role = PLAIN.get(who) if isinstance(who, str) else None
    if role is None or not isinstance(text, str) or "think" in text or "<" in text:
        return None
    return {"role": role, "content": text}


def unpacked(value: Any) -> Any:
    """Give the list of turns that a cell holds as JSON, as tables write it; any other value as it is."""
    if not isinstance(value, str) or not re.match(r"\s*\[\s*\{\s*[\"'](?:role|from)[\"']", value):
        return value
    try:
        return _parsed(value, "")
    except UserError:
        return value


def _parsed(text: str, field: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        # What pandas writes into a CSV cell; of a numpy array without commas, each turn on a line of its own.
        return ast.literal_eval(re.sub(r"\}[ \t]*\r?\n[ \t]*\{", "}, {", text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise UserError("expected a list of messages, got a text that is none", f"field '{field}'") from None


def _messages(turn: Mapping[str, Any], where: str) -> list[JsonObject]:
    who = next((k for k in WHO if turn.get(k) is not None), None)
    if who is None:
        pair = [(role, next((k for k in turn if plain_name(k) in names), None))
                for role, names in zip(("system", "user", "assistant"), PAIRS, strict=True)]  # fmt: skip
        if not (pair[1][1] and pair[2][1]):
            raise UserError(f"a turn that says not who speaks: {', '.join(map(str, turn))}", where)
        more = {k: v for k, v in turn.items() if k not in {key for _, key in pair}}  # of its answer: weight, reasoning
        return [
            message
            for role, k in pair
            if k and filled(turn[k])
            for message in _messages({"role": role, "content": turn[k]} | (more if role == "assistant" else {}), where)
        ]
    role = ROLE_OF.get(plain_name(str(turn[who])))
    if role is None:
        raise UserError(f"unknown speaker {turn[who]!r}; known: {KNOWN}", where)
    text_key = next((k for k in SAID if turn.get(k) is not None), "content")
    message: JsonObject = {"role": "assistant" if role == "call" else role}
    used = {who, text_key, "extra", *WEIGHTS}
    calls_key = next((k for k in ("tool_calls", "function_call") if filled(turn.get(k))), "")
    if role == "call":
        calls_key = text_key
    calls = _calls(turn.get(calls_key), where)
    used.add(calls_key)
    content: Any = "" if role == "call" else turn.get(text_key)
    message["content"] = "" if content is None and calls else _text(content, where, message)
    if message["role"] == "assistant":
        used |= _think(message, turn, where)
    if calls:
        message["tool_calls"] = calls
    weights = {_weight(turn[k], k, where) for k in WEIGHTS if turn.get(k) is not None}
    if part := next((k for k in PARTLY if filled(turn.get(k))), ""):
        what = f"{part}: a part of a turn, but a turn is learned whole or not at all"
        raise UserError(what, where, f"Set load.ignore: [{part}] to learn it whole")
    if len(weights) > 1:
        raise UserError("two weights that differ", where)
    if weights:
        message["weight"] = weights.pop()
    if role == "tool":
        message |= {k: turn[k] for k in ("tool_call_id", "name") if turn.get(k)}
        used |= {"tool_call_id", "name"}
    media = next((k for k in MEDIA_KEYS if filled(turn.get(k))), None)
    if media or (role == "user" and MEDIA_MARK.search(message["content"])):
        raise UserError("an image, video or sound; hunmin trains on text only", where)
    more = message.pop("extra", {}) | {str(k): v for k, v in turn.items() if k not in used and filled(v)}
    given = turn.get("extra")
    more |= given if isinstance(given, Mapping) else {"extra": given} if filled(given) else {}
    return [{**message, "extra": more} if more else message]


def _text(value: Any, where: str, message: JsonObject) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = []
        for part in value:
            kind = part.get("type", "text") if isinstance(part, Mapping) else ""
            kind = next((k for k in MEDIA_KEYS if kind and filled(part.get(k))), kind)
            if kind in MEDIA_TYPES or kind in MEDIA_KEYS:
                raise UserError(f"a part that is not text ({kind}); hunmin trains on text only", where)
            if kind in ("thinking", "reasoning") and isinstance(part.get("thinking") or part.get("text"), str):
                message["thinking"] = message.get("thinking", "") + (part.get("thinking") or part["text"])
            elif kind in ("text", "input_text", "output_text", None) and isinstance(part.get("text"), str):
                parts.append(part["text"])
                more = {f"content.{k}": v for k, v in part.items() if k not in ("type", "text") and filled(v)}
                if more:  # such as the sources that the text cites
                    message["extra"] = {**message.get("extra", {}), **more}
            else:
                raise UserError(f"a part that is not text{f' ({kind})' if kind else ''}", where)
        return "".join(parts)
    raise UserError(f"expected text, got {'null' if value is None else type(value).__name__}", where)


def _think(message: JsonObject, turn: Mapping[str, Any], where: str) -> set[str]:
    """Move an answer's reasoning, from its own key or from <think> before the answer, to `thinking`.

    Gives the keys that hold it; one that only says how hard to think is not among them.
    """
    texts = {k: turn[k] for k in THOUGHTS if isinstance(turn.get(k), str) and turn[k].strip()}
    texts = {k: t for k, t in texts.items() if k in THOUGHTS[:2] or plain_name(t) not in SWITCH}
    told = next(iter(texts.values()), "")
    if any(t.strip() != told.strip() for t in texts.values()):
        raise UserError(f"two reasonings that differ: {', '.join(texts)}", where)
    thinking, content = split_thinking(message["content"], where)
    parted = thinking or message.get("thinking", "")
    if told and parted and told.strip() != parted.strip():
        raise UserError("the reasoning stands both in the answer and beside it, and differs", where)
    if told or parted:
        message["thinking"] = told or parted
    message["content"] = content
    return set(texts)


def split_thinking(answer: str, where: str) -> tuple[str, str]:
    """Give (reasoning, answer) of a text that begins with <think>...</think>; ("", text) when it does not.

    Several such blocks at the beginning are one reasoning.
    """
    if "<|begin_of_thought|>" in answer and (marked := MARKED.match(answer)):
        return marked[1].strip(), marked[2]
    if "think" not in answer:
        return "", answer
    thoughts: list[str] = []
    while found := BLOCK.match(answer) or (None if thoughts else HEADLESS.match(answer)):
        thoughts.append(found[found.lastindex or 1].strip())
        answer = answer[found.end() :]
    if re.match(r"\s*<think>", answer):
        raise UserError("the answer ends inside its <think>", where)
    return "\n\n".join(filter(None, thoughts)), answer


def _weight(value: Any, key: str, where: str) -> int:
    if isinstance(value, str) and value.strip().lower() in ("true", "false", "0", "1"):
        value = value.strip().lower() in ("true", "1")
    if key == "mask" and not isinstance(value, bool):
        mend = "Write weight: 0 (not learned) or 1, or set load.ignore: [mask]"
        raise UserError(f"mask {value!r}, which may mean learned or not learned", where, mend)
    if isinstance(value, (bool, int, float)) and value in (0, 1):
        return int(value) if key not in MASKS else 1 - int(value)
    known = "masked (true) or not (false)" if key in MASKS else "learned (true) or not (false)"
    raise UserError(f"{key} {value!r}, but a turn is either {known}", where)


def _calls(value: Any, where: str) -> list[Any]:
    """Give tool calls in OpenAI's form from its own list, the older function_call, or the JSON of a turn."""
    if not filled(value):
        return []
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise UserError("a tool call that is not JSON", where) from None
    calls = value if isinstance(value, list) else [value]
    if not all(isinstance(c, Mapping) for c in calls):
        raise UserError("a tool call that is not an object", where)
    found = [
        {k: v for k, v in c.items() if v is not None} if "function" in c else {"type": "function", "function": dict(c)}
        for c in calls
    ]
    if not all(isinstance(c["function"], Mapping) and c["function"].get("name") for c in found):
        raise UserError("a tool call without a name", where)
    return found


def said(turns: Any) -> set[str]:
    """Give the texts of a list of turns, however the turns are written."""
    turns = unpacked(turns)
    cells = (
        [turn.values() if isinstance(turn, Mapping) else (turn,) for turn in turns] if isinstance(turns, list) else []
    )
    return {text for cell in cells for text in cell if isinstance(text, str)}


def repeated(row: Mapping[str, Any], turns: Any) -> list[str]:
    """Give the row's columns that ask or answer with a text that is a turn of its conversation."""
    there = said(turns)
    keys = [*keys_of(row, "instruction"), *keys_of(row, "output")]
    return [key for key in keys if isinstance(row[key], str) and row[key] in there]


def write_turn(message: Mapping[str, Any], who: str = "role", said: str = "content", name: str = "") -> JsonObject:
    """Give a message as a turn of a row: its text, reasoning_content, weight, tool calls and other keys."""
    more = {k: message[k] for k in ("weight", "tool_calls", "tool_call_id", "name") if k in message}
    if message.get("thinking"):
        more = {"reasoning_content": message["thinking"], **more}
    turn = {who: name or message["role"], said: message["content"], **more}
    return beside(turn, message["extra"]) if message.get("extra") else turn


def check_turns(messages: list[Message], field: str) -> list[Message]:
    """Give the messages back when system comes first, then user and assistant alternate and no turn is empty.

    Results of tools stand between an assistant's call and its answer. Raises UserError that names the turn. Repairing
    such rows would invent a conversation that nobody had.
    """
    if not messages:
        raise UserError("no turns", f"field '{field}'")
    before = ""
    for i, message in enumerate(messages):
        role = message["role"]
        where = f"field '{field}.{i}'"
        if not message["content"].strip() and role != "tool" and not message.get("tool_calls"):
            raise UserError(f"the {role} turn is empty", where)
        if role == "system" and i:
            raise UserError("a system turn after the first", where)
        if role == before and role in ("user", "assistant"):
            raise UserError(f"two {role} turns in a row", where)
        if role == "assistant" and before in ("", "system"):
            raise UserError("the conversation begins with the assistant", where)
        if role == "tool" and before not in ("assistant", "tool"):
            raise UserError("a tool's result that nobody called for", where)
        if role == "user" and before == "tool":
            raise UserError("no answer after a tool's result", where)
        before = role
    if not any(m["role"] == "assistant" for m in messages):
        raise UserError("no assistant turn, so there is nothing to learn", f"field '{field}'")
    return messages
