"""The template of a model that brings none: a base is asked in the one that the newest tuned model was trained with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ... import models
from ...artifacts.identity import hash_of
from ...errors import UserError
from ...templates.render import load_template
from . import fingerprint


def template_of(sources: Sequence[str]) -> str:
    """Give the template of the newest of these models that hunmin tuned, by name; "" when it tuned none.

    A model tuned with its own template names "model": the jinja file it was saved with is given then.
    """
    for source in reversed(sources):
        place = models.resolve(source)
        saved = Path(place.tokenizer) / "chat_template.jinja"
        if place.template and place.template != "model":
            return place.template
        if place.template and saved.is_file():
            return str(saved)
    return ""


def asked_in(loaded: Any, template: str) -> Any:
    """Give the model with the template that the tuned one is asked in."""
    if template.endswith("chat_template.jinja"):  # whole as it was saved, BOS included
        loaded.tokenizer.chat_template = _wording(template)
        template = "model"
    return replace(loaded, template=load_template(template, loaded.tokenizer))


def half_of(
    source: str, lent: str, named: str | None, trust_remote_code: bool = False, revision: str | None = None
) -> str:
    """Give the model's half of a fingerprint where it answers: the template it borrows, if it does, is in it.

    `named` is the template that the options name: then none is borrowed.
    """
    own = fingerprint.of_model(source, revision)
    if not lent or named is not None or _brings_one(source, trust_remote_code, revision):
        return own
    return hash_of([own, _wording(lent)])[:8]


def _brings_one(source: str, trust_remote_code: bool, revision: str | None) -> bool:
    try:
        opened = models.open_tokenizer(models.resolve(source), revision, trust_remote_code)
    except UserError:
        return True  # told where the model is opened
    return bool(getattr(opened, "chat_template", None))


def _wording(template: str) -> str:
    return Path(template).read_text(encoding="utf-8") if template.endswith("chat_template.jinja") else template
