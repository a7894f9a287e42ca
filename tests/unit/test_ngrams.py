"""Runs of English words and shared n-grams."""

from __future__ import annotations

from hunmin.text.ngrams import english_words, ngrams, runs_of_english


def test_words_with_their_places():
    assert english_words("Don't go") == [("don't", 0, 5), ("go", 6, 8)]


def test_hangul_and_line_breaks_end_a_run():
    runs = runs_of_english("나는 the quick brown fox를 봤다.\nIt ran away, then stopped")
    assert [" ".join(word for word, _, _ in run) for run in runs] == ["the quick brown fox", "it ran away then stopped"]


def test_ngrams():
    assert ngrams(["a", "b", "c"], 2) == {("a", "b"), ("b", "c")}
    assert ngrams(["a"], 2) == set()
