"""markup: what it finds and what it leaves alone."""

from __future__ import annotations

import pytest

from hunmin.translation.checks import markup


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("See https://a.example/b now.", "지금 https://에이.example/b를 보세요."),
        ("Write to kim@a.example.", "kim@a.exemple로 쓰세요."),
        ("Company: [Company name]\nJob: cook", "회사: 회사명]: [회사명\n직무: 요리사"),
        ("At {time} we meet.", "{시간}에 만납니다."),
        ("A <b>big</b> cat", "<b>큰 고양이"),
        ("Name: Jane\nJob: cook", "이름: 제인\n직무 요리사"),
        ("# Title\nText here", "제목\n여기 글"),
        ("- one\n- two", "- 하나\n둘"),
        ("| a | b |\n| --- | --- |\n| c | d |", "| 가 | 나 |\n| --- | --- |\n| 다 라 |"),
        ("I saw ____ owl in ____ garden.", "____ 정원에서 부엉이를 보았다."),
        ("Good day #travel #food", "좋은 날 #여행"),
        ("**Note:** wait a moment please", "참고: 잠시 **기다려** 주세요"),
        ("school will _keep through the winter", "학교는_겨울까지_지속됩니다"),
        ("It leaves at **9:40** from here.", "**여기에서** 9:40에 떠납니다."),
        ('{"name": "Mina", "age": 3}', '{"이름": "미나", "나이": 3}'),
        ('{"name": "Mina"}', '{"name": "미나"'),
    ],
)
def test_finds(english, korean):
    found = markup.find(english, korean, {})
    assert found and any(i["severity"] == "certain" for i in found)


def test_a_translated_placeholder_in_whole_brackets_is_for_review():
    assert [i["severity"] for i in markup.find("Dear [Your name],", "[귀하의 이름] 님께,", {})] == ["review"]
    (one,) = markup.find("Once <name> arrives, go.", "<이름>이 오면 가세요.", {})
    assert one["severity"] == "review" and one["target_span"] == [0, 4]


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("See https://a.example/b now.", "지금 https://a.example/b를 보세요."),
        ("Dear [Your name], it is {time}.", "{time}입니다, [Your name] 님."),
        ("One thing: it rains.", "한 가지는 비가 온다는 것입니다."),
        ("It is 3 < 4 and A > B", "3 < 4이고 A > B"),
        ("**Note:** wait", "**참고:** 기다리세요"),
        ("It opens longest on **Wednesday**, from six.", "**수요일**에 여섯 시부터 가장 오래 엽니다."),
        ("The answer is **wrong**, because it rains.", "비가 오므로 답은 **틀렸습니다**."),
        ("- one\n- two", "- 하나\n- 둘"),
        ("Here is the code:\nx", "코드는 다음과 같습니다.\nx"),
        ("\\textbf{Problem 1.} Find $x$.", "\\textbf{문제 1.} $x$를 구하여라."),
        ('{"name": "Mina", "age": 3}', '{"name": "미나", "age": 3}'),
        ("|  | 5 |\n|---|---|", "| | 5 |\n|---|---|"),
    ],
)
def test_is_silent(english, korean):
    assert markup.find(english, korean, {}) == []


def test_without_original_only_what_does_not_close():
    assert markup.find("", "회사: 회사명]: [회사명", {})[0]["severity"] == "review"
    assert markup.find("", "회사: [회사명]", {}) == []
