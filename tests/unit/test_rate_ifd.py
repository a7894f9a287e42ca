"""IFD's arithmetic and token bookkeeping, without a model."""

from __future__ import annotations

import math

import pytest

from hunmin.raters.ifd import encode, question_and_answer, ratio


class Letters:
    """A tokenizer of one token a character."""

    def __init__(self, bos=1, eos=2):
        self.bos_token_id, self.eos_token_id = bos, eos

    def encode(self, text, add_special_tokens):
        assert add_special_tokens is False
        return [ord(c) for c in text]


def test_the_ratio_of_losses_and_of_perplexities() -> None:
    given, alone = [-1.0, -3.0], [-2.0, -6.0]
    assert ratio(given, alone, "loss") == 0.5
    assert ratio(given, alone, "perplexity") == pytest.approx(math.exp(2 - 4))
    assert ratio(alone, given, "perplexity") > 1
    assert ratio([math.nan], [-1.0], "loss") is None
    assert ratio([-math.inf], [-1.0], "perplexity") is None
    assert ratio([-1.0], [0.0], "loss") is None


def test_the_answer_has_the_same_tokens_in_both_texts() -> None:
    case = encode({"instruction": "가", "output": "나다"}, Letters(), 100)
    assert case.start == [1] and case.context == [1, ord("가"), 10, 10] and case.answer == [ord("나"), ord("다")]
    assert encode({"instruction": "가", "output": "나다"}, Letters(bos=None), 100).start == [2]


def test_without_bos_and_eos_the_first_answer_token_stands_before_both() -> None:
    case = encode({"instruction": "가", "output": "나다"}, Letters(None, None), 100)
    assert case.start == [ord("나")] and case.context[-1] == ord("나") and case.answer == [ord("다")]
    assert encode({"instruction": "가", "output": "나"}, Letters(None, None), 100).why == "no_answer"


def test_a_long_answer_is_cut_and_a_long_instruction_has_no_score() -> None:
    case = encode({"instruction": "가", "output": "나" * 50}, Letters(), 10)
    assert (len(case.context) + len(case.answer), case.cut_tokens) == (10, 44)
    assert encode({"instruction": "가" * 50, "output": "나"}, Letters(), 10).why == "too_long"
    assert encode({"instruction": "가", "output": " "}, Letters(), 10).why == "no_answer"


def test_no_template_only_the_texts() -> None:
    record = {"instruction": "요약", "input": "글", "output": "답", "system": "짧게"}
    assert question_and_answer(record) == ("짧게\n\n요약\n\n글", "답")
    assert question_and_answer({"instruction": "q", "chosen": "좋음", "rejected": "나쁨"}) == ("q", "좋음")
