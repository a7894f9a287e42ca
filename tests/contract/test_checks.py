"""What every check promises, asked of each one in the table: a new check gets these tests by its line in CHECKS."""

from __future__ import annotations

import copy
import importlib

import pytest

from hunmin.artifacts.record import get_text, texts
from hunmin.translation.checks import CHECKS, DEFAULT
from hunmin.translation.checks.find_issues import issues_of, original_of, resolve_checks, titles_of
from hunmin.translation.checks.reading import CERTAIN, REVIEW

from .cases import spoiled

ODD = ["", " ", "\n", "가", "```python\nprint(1)", "$x^2$ <b>1</b> https://a.kr", "💬" * 3, "1." * 40, "\u200b가\ufeff"]


@pytest.mark.parametrize("name", list(CHECKS))
def test_a_check_finds_issues_of_the_agreed_form_and_edits_nothing(name):
    check = resolve_checks([name])
    for record in spoiled():
        before = copy.deepcopy(record)
        found = issues_of(record, check)
        assert record == before, f"{name} changes the record it reads"
        assert found == issues_of(record, check), f"{name} says another thing the second time"
        for one in found:
            where = f"{name}, {record['id']}: {one}"
            assert set(one) == {"code", "severity", "field", "source_span", "target_span", "detail", "status"}, where
            assert one["code"] == name and one["severity"] in (CERTAIN, REVIEW), where
            assert one["status"] == "open" and one["detail"].strip(), where
            assert one["field"] in texts(record), where
            sides = (original_of(record, one["field"]), get_text(record, one["field"]))
            for side, span in zip(sides, (one["source_span"], one["target_span"]), strict=True):
                assert span is None or 0 <= span[0] <= span[1] <= len(side), where


@pytest.mark.parametrize("name", list(CHECKS))
def test_a_check_takes_any_text_with_and_without_its_english(name):
    find = resolve_checks([name])[name]
    for text in ODD:
        for original in ("", text, "Write 3 lines."):
            for one in find(original, text, {"field": "output"}):
                assert one["code"] == name


@pytest.mark.parametrize("name", list(CHECKS))
def test_a_check_says_what_it_finds(name):
    module = importlib.import_module(CHECKS[name].split(":")[0])
    assert (module.__doc__ or "").startswith(f"{name}: "), "the first line begins with the code"
    title = titles_of([name])[name]
    assert set(title) == {"ko", "en"} and all(title.values()), "TITLE says in Korean and English what people call it"


def test_the_default_checks_are_in_the_table():
    assert set(DEFAULT) <= set(CHECKS)
