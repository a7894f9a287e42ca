"""Decomposed text is put together; single characters that NFC would swap for their twins stay."""

from __future__ import annotations

import unicodedata

import pytest

from hunmin.text.compose import compose, compose_in


@pytest.mark.parametrize("text", ["한국의 수도는?", "갉아 먹은 뚫린 값", "café naïve", "がぎ ぱ", "한글 abc 漢字 100%"])
def test_what_macos_writes_is_composed(text):
    assert compose(unicodedata.normalize("NFD", text)) == text == compose(text)


@pytest.mark.parametrize("text", ["禮樂\uf95c", "저항 10\u2126", "300\u212a", "1\u212b", "類\uf9d0 聯\uf997"])
def test_compatibility_characters_stay_what_they_are(text):
    assert compose(text) == text != unicodedata.normalize("NFC", text)
    mixed = f"{unicodedata.normalize('NFD', '음악')} {text}"
    assert compose(mixed) == f"음악 {text}"


def test_a_syllable_whose_last_consonant_stands_apart():
    assert compose("가\u11a8") == "각" and compose("\u1100\u1161 나") == "가 나"


def test_values_in_lists_and_objects():
    apart = unicodedata.normalize("NFD", "사과")
    assert compose_in({"keywords": [apart, 3, None], "of": {"k": apart}}) == {
        "keywords": ["사과", 3, None],
        "of": {"k": "사과"},
    }
