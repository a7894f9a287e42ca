"""IFEval in Korean: every verifier firing and silent, strict and loose, and the speech level of real endings."""

from __future__ import annotations

import pytest

from hunmin.errors import UserError
from hunmin.measures.constraints import CONSTRAINTS, constraints, counted_by, holds, loose, occurrences, strict
from hunmin.text.speech import HAE, HAERA, HAEYO, HASIPSIO, level_of

LEVELS = [
    (HASIPSIO, "감사합니다. 어디로 가십니까? 이쪽으로 오십시오. 함께 갑시다. 학생입니까?! 그렇습니다! 죄송합니다…"),
    (HAEYO, "좋아요. 뭐 해요? 그렇죠. 제가 할게요! 책이에요. 나무예요. 비가 오네요~ 먹을까요? 안녕하세요. 몰라요."),
    (HAE, "밥 먹었어. 뭐 해? 그건 아니야. 내가 할게. 정말 좋네. 알겠지? 나도 몰라. 비가 오잖아. 어서 와. 같이 갈래?"),
    (
        HAERA,
        "잠이 많다. 비가 온다. 어디로 가는가? 밥을 먹어라. 함께 가자. 참 곱구나! 학생이 아니다. 왜 우느냐?",
    ),
    ("", "중요. 필요. 오늘의 의자. 편지. 대한민국 Hello. 12. 메시지. 나라. 재료"),
]


@pytest.mark.parametrize(("level", "text"), LEVELS)
def test_the_speech_level_of_a_sentence(level, text):
    import re

    for sentence in re.findall(r"[^.?!…~]+[.?!…~]*", text):
        assert level_of(sentence.strip()) == level, sentence


CASES = [
    ({"id": "speech_level", "level": HAEYO}, "오늘은 맑아요.\n- 준비물\n산책하기 좋아요!", "오늘은 맑아요. 산책하자."),
    ({"id": "speech_level", "level": HASIPSIO}, "연기되었습니다. 양해 바랍니다.", "연기되었습니다. 미안해요."),
    ({"id": "characters", "n": 5, "relation": "at_most"}, "가나 다라", "가나다 라마"),
    ({"id": "characters", "n": 4, "relation": "exactly", "spaces": False}, "가나 다라\n", "가나 다라마"),
    ({"id": "words", "n": 3, "relation": "exactly"}, "나는 학교에 간다", "나는 간다"),
    ({"id": "sentences", "n": 2}, "하나입니다. 3.5배입니다.", "하나. 둘. 셋."),
    ({"id": "paragraphs", "n": 2}, "가\n나\n\n다", "가\n\n나\n\n다"),
    ({"id": "paragraphs", "n": 2, "divider": "***"}, "가\n\n나\n***\n다", "가\n\n나"),
    ({"id": "nth_paragraph_begins", "n": 2, "nth": 2, "word": "그래서"}, "가\n\n그래서 나", "그래서 가\n\n나"),
    ({"id": "list_items", "n": 3}, "목록\n- 가\n2. 나\n③ 다\n***", "- 가\n- 나"),
    ({"id": "required", "words": ["연기", "안내"]}, "연기를 안내합니다.", "연기합니다."),
    ({"id": "forbidden", "words": ["비"]}, "물방울이 떨어진다.", "비가 온다."),
    ({"id": "keyword", "word": "채소", "n": 2}, "채소는 채소다.", "채소는 좋다."),
    ({"id": "letter", "letter": "가", "n": 2, "relation": "exactly"}, "가다 가", "가"),
    ({"id": "no_hanja"}, "훈민정음 abc", "訓民正音"),
    ({"id": "no_latin"}, "컴퓨터 3대 漢字", "CPU를 봅니다"),
    ({"id": "no_comma"}, "가을 하늘", "가을, 하늘"),
    ({"id": "only_korean"}, "한글만 씁니다 1, 2", "half 한글"),
    ({"id": "begins_with", "text": "책은"}, " 책은 좋다", "좋은 책은"),
    ({"id": "ends_with", "text": "감사합니다."}, "끝으로 감사합니다. ", "감사합니다. 끝"),
    ({"id": "quoted"}, '"백문이 불여일견"', '"가"와 나'),
    ({"id": "json"}, '```json\n{"이름": "민수"}\n```', '{"이름": "민수"} 입니다'),
    ({"id": "title"}, "<<봄>>\n꽃", "<< >>"),
    ({"id": "placeholders", "n": 2}, "[이름]님 [날짜]에", "[이름]님"),
    ({"id": "highlights", "n": 2}, "*가* 그리고 **나**", "*가* ** **"),
    ({"id": "sections", "splitter": "일차", "n": 2}, "일차 1\n가\n일차 2\n나", "일차 1"),
    ({"id": "postscript", "marker": "추신"}, "본문\n추 신: 하나", "본문"),
    ({"id": "one_of", "options": ["네, 드세요."]}, "네, 드세요.", "아마도"),
    ({"id": "two_answers"}, "가\n******\n나", "가\n******\n가"),
    ({"id": "repeats_prompt", "prompt": "수도는?"}, "수도는? 서울.", "서울."),
]


@pytest.mark.parametrize(("constraint", "kept", "broken"), CASES)
def test_a_constraint_holds_or_does_not(constraint, kept, broken):
    assert holds(kept, constraint) and not holds(broken, constraint) and not holds(" ", constraint)


def test_every_constraint_has_a_case():
    assert {c["id"] for c, _, _ in CASES} == set(CONSTRAINTS)


def test_decomposed_hangul_counts_as_the_syllables_it_is():
    import unicodedata

    assert holds(unicodedata.normalize("NFD", "가나다"), {"id": "characters", "n": 3, "relation": "exactly"})


def test_strict_and_loose():
    answer = "물론입니다! 아래와 같아요.\n**책은** 좋아요.\n도움이 되었기를 바랍니다."
    asked = [{"id": "speech_level", "level": HAEYO}, {"id": "begins_with", "text": "책은"}]
    assert strict(answer, asked) == [False, False]
    assert loose(answer, asked) == [True, True]
    record = {"constraints": asked}
    assert constraints("책은 좋습니다.", record) == 0.5
    assert constraints("책은 좋습니다.", {"extra": {"constraints": asked}}) == 0.5
    assert constraints("책은", {}) is None


def test_a_keyword_is_counted_by_morpheme_where_the_library_is():
    text = "배를 타고 배우는 배움. 배가 고프다."
    assert occurrences(text, "배") == (2 if counted_by() == "morpheme" else 4)


def test_unknown_constraints_and_arguments_are_told():
    with pytest.raises(UserError, match="no constraint 'speech_levle'; did you mean 'speech_level'"):
        holds("가", {"id": "speech_levle"})
    with pytest.raises(UserError, match="constraint 'characters'"):
        holds("가", {"id": "characters", "m": 3})
    with pytest.raises(UserError, match="no relation 'atleast'; did you mean 'at_least'"):
        holds("가", {"id": "characters", "n": 3, "relation": "atleast"})
