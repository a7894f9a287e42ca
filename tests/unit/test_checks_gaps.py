"""cut_off marks what is missing, not a piece that stands."""

from __future__ import annotations

import pytest

from hunmin.translation.checks import cut_off

ENGLISH = [
    "The mill has stood by the river since 1847.",
    "Who built it?",
    "A miller called it NORA after his daughter.",
    "Two floods took its wheel away and left the walls as they were.",
    "Visitors pay 6 euros at the gate.",
]
KOREAN = [
    "그 방앗간은 1847년부터 강가에 서 있습니다.",
    "누가 지었을까요?",
    "한 방앗간 주인이 딸의 이름을 따서 NORA라고 불렀습니다.",
    "두 번의 홍수가 물레방아를 앗아 갔지만 벽은 그대로 남겼습니다.",
    "방문객은 입구에서 6유로를 냅니다.",
]


def marked(english: str, korean: str) -> list[str]:
    spans = [i["source_span"] for i in cut_off.find(english, korean, {})]
    return [english[span[0] : span[1]] for span in spans if span]


@pytest.mark.parametrize("gone", [[0], [1], [2], [3], [4], [3, 4], [2, 3, 4], [0, 1], [1, 2]])
@pytest.mark.parametrize("joint", [" ", "\n\n"])
def test_the_sentences_that_are_missing_are_marked(gone: list[int], joint: str) -> None:
    korean = joint.join(one for i, one in enumerate(KOREAN) if i not in gone)
    assert marked(joint.join(ENGLISH), korean) == [joint.join(ENGLISH[i] for i in gone)]


@pytest.mark.parametrize("gone", [[0], [2], [4], [1, 2], [3, 4]])
@pytest.mark.parametrize("sign", ["- ", "{}. "])
def test_the_items_that_are_missing_are_marked(gone: list[int], sign: str) -> None:
    english = "\n".join(sign.format(i + 1) + one for i, one in enumerate(ENGLISH))
    korean = "\n".join(sign.format(i + 1) + one for i, one in enumerate(KOREAN) if i not in gone)
    assert marked(english, korean) == ["\n".join(sign.format(i + 1) + ENGLISH[i] for i in gone)]


def test_a_numbered_list_that_skips_a_number_says_which() -> None:
    english, korean = "1. Red\n2. Blue\n3. Grey\n4. Pink", "1. 빨강\n2. 파랑\n4. 분홍"
    assert marked(english, korean) == ["3. Grey"]


def test_a_text_that_breaks_off_lacks_its_rest() -> None:
    korean = " ".join([*KOREAN[:2], "한 방앗간 주인이 딸의 이름을 따서"])
    assert marked(" ".join(ENGLISH), korean)[0] == " ".join(ENGLISH[2:])
    (tail, _) = cut_off.find(" ".join(ENGLISH), korean, {})
    assert tail["target_span"][1] == len(korean), "the end of the Korean"


def test_a_last_sentence_that_does_not_end_is_marked_alone() -> None:
    korean = " ".join([*KOREAN[:4], "방문객은 입구에서"])
    assert marked(" ".join(ENGLISH), korean) == [ENGLISH[4]]
