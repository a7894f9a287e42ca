"""Sentences of English and Korean."""

from __future__ import annotations

import pytest

from hunmin.text.sentences import sentences, split


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("Mr. Kim met Dr. Lee at 7 p.m. They talked.", 2),
        ("It costs 3.5 dollars, e.g. for a tea. Fine.", 2),
        ("Well... maybe. Yes!", 2),
        ("such an....well idiot.", 1),
        ("안녕하세요. 저는 미나입니다.반갑습니다!", 3),
        ("3.5점을 받았다. 좋다", 2),
        ("실행했습니다. crontab에 넣을까요?", 2),
        ('"그래." 하고 말했다.', 2),
        ("- 하나.\n- 둘.\n\n셋", 3),
        ("", 0),
    ],
)
def test_counts(text, n):
    assert len(sentences(text)) == n


def test_spans_are_the_sentences_without_list_signs():
    text = "1. 먼저 씻습니다. 그다음 말립니다.\n2. 끝입니다."
    assert [text[a:b] for a, b in split(text)] == ["먼저 씻습니다.", "그다음 말립니다.", "끝입니다."]
