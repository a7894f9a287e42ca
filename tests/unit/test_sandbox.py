"""A model folder's chat template is a stranger's program."""

from __future__ import annotations

import time

import pytest

from hunmin.errors import UserError
from hunmin.templates import sandbox
from hunmin.templates.render import Template

MESSAGES = [{"role": "user", "content": "안녕"}]
ENDLESS = {
    "loops": "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}",
    "doubling": "{% set n = namespace(x='abcdefgh') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
}
RAISING = {
    "power": "{{ 9 ** 99999 }}",
    "repeated text": "{{ 'a' * 999999999 }}",
    "repeated list": "{{ ([1] * 999999999) | length }}",
    "long range": "{% for i in range(999999999) %}{% endfor %}",
    "division": "{{ 1 // 0 }}",
    "types": "{{ messages + 1 }}",
    "index": "{{ messages[0]['content'][99].x.y }}",
    "itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "attributes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "syntax": "{% if %}",
}


@pytest.mark.parametrize("kind", RAISING)
def test_what_a_template_raises_is_told(kind):
    begun = time.monotonic()
    with pytest.raises(UserError, match="template 'm'"):
        Template("m", RAISING[kind], "</s>").text(MESSAGES)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_does_not_end_is_found_in_a_process_of_its_own(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sandbox, "TRIAL_SECONDS", 5)
    with pytest.raises(UserError, match="does not come to an end"):
        sandbox.tried(ENDLESS[kind], "some/model")


def test_a_sound_template_is_tried_once(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source = "{% for m in messages %}{{ m['role'] ~ ': ' ~ m['content'] * 2 ~ '\n' }}{% endfor %}"
    assert sandbox.tried(source, "m") == source
    monkeypatch.setattr(sandbox.subprocess, "run", None)
    assert sandbox.tried(source, "m") == source
    assert Template("m", source, "</s>").text(MESSAGES) == "user: 안녕안녕\n"
    assert not sandbox._is_too_much("**", 2, 10) and not sandbox._is_too_much("*", "=", 80)
