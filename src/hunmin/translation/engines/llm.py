"""Any chat model behind an OpenAI-compatible endpoint, asked in our own words for a translation and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from ...artifacts.artifact import Inputs
from ...artifacts.rows import Estimate, JsonObject
from ...clients import openai_chat as client
from ...clients.access import Access
from ...clients.asking import Client
from ...clients.deepl import read_glossary
from ...clients.prices import guess_tokens, is_free
from ...clients.recorded import SCHEME
from ...clients.units import Answer, Unit, chat
from ...errors import UserError
from ...options import opt
from .options import Asked, Terms, Worded
from .ways import UNMASKED, Way

LANGUAGES = {
    "ko": ("한국어", "Korean"),
    "en": ("영어", "English"),
    "ja": ("일본어", "Japanese"),
    "zh": ("중국어", "Chinese"),
    "de": ("독일어", "German"),
    "fr": ("프랑스어", "French"),
    "es": ("스페인어", "Spanish"),
    "ru": ("러시아어", "Russian"),
    "vi": ("베트남어", "Vietnamese"),
}
REGISTERS = {
    "합니다체": "합니다체(격식 있는 높임: -습니다, -ㅂ니다; 시키는 말은 -하세요, -하십시오)",
    "해요체": "해요체(부드러운 높임: -해요, -이에요)",
    "반말": "반말(해체와 해라체: -해, -한다, -해라)",
}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "translation",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"translation": {"type": "string"}},
            "required": ["translation"],
            "additionalProperties": False,
        },
    },
}


class Config(Asked, Worded, Terms):
    model: str | None = opt(None, "The endpoint's model name.")
    json_schema: Literal["auto", "always", "never"] = opt("auto", "Ask for JSON if the server takes it, always, never.")
    tokens_per_minute: float | None = opt(None, "At most so many tokens a minute.", gt=0)


def ways(config: Any) -> tuple[Way, ...]:
    """The whole field, then line by line, then sentence by sentence with another kind of mask."""
    if not config.mask:
        return UNMASKED
    return (Way("whole", "bracket"), Way("lines", "bracket"), Way("sentences", "xml_empty"))


def open_client(config: Any, inputs: Inputs) -> Client:
    return client.open_client(
        model=config.model,
        spend=inputs.spend,
        label=inputs.label,
        base_url=config.base_url,
        api_key_env=config.api_key_env,
        request=config.request,
        requests_per_minute=config.requests_per_minute,
        tokens_per_minute=config.tokens_per_minute,
        timeout_seconds=config.timeout_seconds,
        free=config.free,
    )


def body(source: str, config: Any, **where: Any) -> Unit:
    """Give the unit of one masked text: our rules as the system message, the text alone as the user's."""
    messages = [
        {"role": "system", "content": system_prompt(config, source)},
        {"role": "user", "content": source},
    ]
    schema: JsonObject = {} if config.json_schema == "never" else {"response_format": SCHEMA}
    expected = int(1.3 * max(guess_tokens(source), len(source) / 2.2)) + 16  # Korean: 0.5 characters per English one
    return chat(messages, prompt=prompt_name(config), expect_tokens=expected, **schema, **where)


def simpler(unit: Unit, config: Any) -> Unit | None:
    """Give the unit without its JSON schema, for servers that know none."""
    from dataclasses import replace

    if config.json_schema == "always" or "response_format" not in unit.body:
        return None
    return replace(unit, body={k: v for k, v in unit.body.items() if k != "response_format"})


def parse(answer: Answer) -> str:
    """Give the translation in a reply: the JSON's, else the reply without a code fence around all of it."""
    reply = answer.text.strip()
    fence = re.fullmatch(r"```(?:json)?\s*\n(.*)\n```", reply, re.DOTALL)
    inner = fence[1] if fence else reply
    if inner.startswith("{"):
        try:
            found = json.loads(inner)
        except json.JSONDecodeError:
            return reply
        if isinstance(found, dict) and isinstance(found.get("translation"), str):
            return str(found["translation"])
    return reply


def prompt_name(config: Any) -> str:
    return config.prompt or ("translate_ko" if config.target_lang.lower().startswith("ko") else "translate_en")


def system_prompt(config: Any, source: str) -> str:
    """Give the rules with the languages, the speech level and the glossary terms that occur."""
    template = read_prompt(prompt_name(config))
    in_korean = prompt_name(config).endswith("_ko")
    where = 0 if in_korean else 1
    terms = "\n".join(f"- {a} → {b}" for a, b in _terms(config.glossary).items() if _occurs(a, source))
    values = {
        "source": _name(config.source_lang, where),
        "target": _name(config.target_lang, where),
        "register": REGISTERS[config.speech_level] if in_korean else "",
        "glossary": f"\n\n{'용어' if in_korean else 'Terms'}:\n{terms}" if terms else "",
        "context": f"\n\n{'글의 배경' if in_korean else 'Context'}: {config.context}" if config.context else "",
    }
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    return template.strip()


def _name(language: str, where: int) -> str:
    found = LANGUAGES.get(language.lower().split("-")[0])
    return found[where] if found else language


def _occurs(term: str, source: str) -> bool:
    return re.search(rf"\b{re.escape(term)}s?\b", source, re.IGNORECASE) is not None


@lru_cache(8)
def _terms(glossary: str | None) -> dict[str, str]:
    return read_glossary(Path(glossary)) if glossary else {}


@lru_cache(8)
def read_prompt(name: str) -> str:
    """Give a prompt's text by name, or from a file of the user's own."""
    path = Path(name)
    if path.suffix == ".txt" and path.is_file():
        return path.read_text(encoding="utf-8")
    packaged = resources.files("hunmin.prompts").joinpath(f"{name}.txt")
    if not packaged.is_file():
        raise UserError(f"no prompt '{name}'", "translate.prompt", "Known: translate_ko, translate_en, or a .txt file.")
    return packaged.read_text(encoding="utf-8")


def prompts(config: Any) -> dict[str, str]:
    """Give the wording by its name."""
    return {prompt_name(config): read_prompt(prompt_name(config))}


def services(config: Any) -> list[Access]:
    return client.services(config.base_url, config.api_key_env, config.model, config.free)


def paid(config: Any) -> bool:
    return not is_free(config.base_url, config.model or "", config.free)


def files(config: Any) -> list[Path]:
    found = [Path(config.glossary)] if config.glossary else []
    if config.prompt and config.prompt.endswith(".txt"):
        found.append(Path(config.prompt))
    if client.is_recorded(config.base_url):
        found.append(Path(config.base_url.removeprefix(SCHEME)))
    return found


def problems(config: Any) -> list[str]:
    found = [] if config.model else ["translate.model: the llm engine needs the name of a model"]
    try:
        read_prompt(prompt_name(config))
    except UserError as error:
        found.append(str(error))
    return found


def estimate(units: Iterable[Unit], config: Any, ledger: Path | None) -> Estimate:
    return client.estimate(
        units,
        model=config.model,
        base_url=config.base_url,
        request=config.request,
        ledger=ledger,
        free=config.free,
    )
