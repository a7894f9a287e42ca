"""The measures: what each counts, what it leaves alone, and where it does not apply."""

from __future__ import annotations

import pytest

from hunmin.errors import UserError
from hunmin.measures import HIGHER_IS_BETTER, MEASURES
from hunmin.measures.measured import answers, asked, english_of, measured, resolve_measures

ASK = {"instruction": "봄은 어떤 계절인가요?"}
M = resolve_measures(MEASURES)


@pytest.mark.parametrize(("name", "answer", "record", "value"), [
    ("hangul_share", "봄은 따뜻합니다.", ASK, 1.0),
    ("hangul_share", "봄 abc", ASK, 0.25),
    ("hangul_share", "", ASK, 0.0),
    ("hangul_share", "42", ASK, None),
    ("hangul_share", "Spring", {"instruction": "'봄'을 영어로 옮기세요."}, None),
    ("foreign_script", "봄은 따뜻한 季節입니다.", ASK, 1.0),
    ("foreign_script", "봄(春)은 따뜻합니다.", ASK, 0.0),
    ("foreign_script", "ありがとう", {"instruction": "고맙다는 말을 일본어로 쓰세요."}, 0.0),
    ("foreign_script", "답: привет", {"instruction": "인사", "original": {"output": "Answer: привет"}}, 0.0),
    ("loop", "봄은 봄입니다.", ASK, 0.0),
    ("loop", "그래서 봄은 그래서 봄은 그래서 봄은 그래서 봄은 그래서", ASK, 1.0),
    ("loop", " ", ASK, None),
    ("refusal", "죄송하지만 그 요청은 도와드릴 수 없습니다.", ASK, 1.0),
    ("refusal", "I'm sorry, but I can't assist with that.", ASK, 1.0),
    ("refusal", "죄송합니다. 주문하신 물건은 내일 도착합니다.", ASK, 0.0),
    ("wrapping", '{"translation": "봄은 따뜻합니다."}', ASK, 1.0),
    ("wrapping", "</think>봄은 따뜻합니다.", ASK, 1.0),
    ("wrapping", "봄은 따뜻합니다.", ASK, 0.0),
    ("length", " 봄은 ", ASK, 2.0),
    ("length_ratio", "봄입니다", {"output": "봄입니다", "original": {"output": "spring!!"}}, 0.5),
    ("length_ratio", "봄입니다", ASK, None),
])  # fmt: skip
def test_values(name, answer, record, value):
    assert M[name](answer, record) == value


def test_the_answers_of_each_kind_of_record():
    chat = {"messages": [{"role": "user", "content": "하나"}, {"role": "assistant", "content": "둘"}]}
    assert answers(chat) == {"messages.1.content": "둘"}
    assert answers({"instruction": "a", "chosen": "b", "rejected": "c"}) == {"chosen": "b", "rejected": "c"}
    assert measured(M["length"], chat) == {"messages.1.content": 1.0}
    assert measured(M["length_ratio"], chat) == {}
    assert asked("둘", chat) == "하나"
    assert english_of("둘", {**chat, "original": {"messages.1.content": "two"}}) == "two"


def test_names():
    assert set(MEASURES) >= HIGHER_IS_BETTER
    assert resolve_measures(["hunmin.measures.lengths:length"])
    with pytest.raises(UserError, match="did you mean 'loop'"):
        resolve_measures(["loops"])
