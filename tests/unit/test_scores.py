"""Replies as judges really write them, and the one score each states, or none."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hunmin.errors import UserError
from hunmin.raters.scores import WHY, Scale, parse_scale, read

TEN = Scale(0, 10)

READ = [
    ("8.5", 8.5),
    (" 8.5 \n", 8.5),
    ("8.5/10", 8.5),
    ("8.5 / 10", 8.5),
    ("**8.5**/10", 8.5),
    ("점수: 8.5점", 8.5),
    ("점수: 8.5점\n이유: 3가지 사실이 정확하고 2024년 자료를 반영했습니다.", 8.5),
    ("점수 : 8/10", 8),
    ("점수는 9점입니다. 설명이 충실합니다.", 9),
    ("점수(0-10): 7", 7),
    ("점수 (0~10점): 7.5", 7.5),
    ("**8.5**", 8.5),
    ("**점수:** 8.5", 8.5),
    ("### 점수: 6", 6),
    ("Score: 8.5", 8.5),
    ("Score:10", 10),
    ("score = 7", 7),
    ("Score: **9**/10\n\nThe answer lists 3 causes.", 9),
    ("Rating: [[8]]", 8),
    ("Overall score: 7.5 out of 10.", 7.5),
    ("８．５", 8.5),
    ("점수：９점", 9),
    ("٨", 8),
    ("8 out of 10", 8),
    ("8 out of 10, because two facts are missing", 8),
    ("The answer deserves 8 out of 10 since 2 of the 3 steps are right.", 8),
    ("10점 만점에 8.5점입니다.", 8.5),
    ("이 답변은 10점 만점에 8점을 주겠습니다. 예시 2개가 빠졌습니다.", 8),
    ("네, 평가해 드리겠습니다.\n\n8.5\n\n답변은 1950년의 일을 정확히 설명합니다.", 8.5),
    ("Sure! Here is my evaluation:\n\nScore: 8\nReason: all 4 parts are covered.", 8),
    ("Here is my evaluation:\n8 - accurate and clear", 8),
    ("<think>maybe 6? no, 7, or 9/10</think>\n8", 8),
    ("점수를 6점으로 할까... </think>\n\n점수: 8", 8),
    ("<thinking>Score: 2</thinking>Score: 8", 8),
    ("8\n정확성은 9점, 유용성은 7점 정도입니다. 참고 점수: 5", 8),
    ("8.5 - The response lists 3 facts.", 8.5),
    ("8.5점. 전반적으로 정확합니다.", 8.5),
    ("9, because it answers both questions", 9),
    ("7 (정확하지만 짧음)", 7),
    ("- 8.5", 8.5),
    ("> 8", 8),
    ("정확성 점수: 9\n유용성 점수: 8\n최종 점수: 8.5", 8.5),
    ("점수: 8\n(다시 말해 점수: 8점)", 8),
    ("I would give it an 8.5.", 8.5),
    ("I would rate this answer 7 because it is incomplete.", 7),
    ("이 답변에 7.5점을 부여합니다.", 7.5),
    ("On a scale of 0 to 10, I would rate this response a 6.", 6),
    ('{"score": 8.5, "reason": "정확한 답변 3개"}', 8.5),
    ('```json\n{"score": 8, "reason": "ok"}\n```', 8),
    ('{"점수": "8.5점", "이유": "좋음"}', 8.5),
    ('Here you go: {"reason": "lists 3 items", "score": "9/10"} Hope it helps 100%!', 9),
    ('{"score": 8.5, "reason": "the answer is cut o', 8.5),
    ("\\boxed{8.5}", 8.5),
    ("0", 0),
    ("10", 10),
    ("8.25", 8.25),
    ("점수: 0점", 0),
    ("Score: 8.5, Confidence: 0.9", 8.5),
    ("8.5입니다", 8.5),
    ("<score>8.5</score>", 8.5),
    ("<점수>8</점수>\n<이유>정확함</이유>", 8),
    ("Rating (out of 10): 8", 8),
    ("8점 (10점 만점)", 8),
    ("Score - 8", 8),
    ("Score:\n8.5", 8.5),
    ("## 평가\n\n**점수**: 8\n\n**이유**: 3가지가 맞습니다.", 8),
    ("**평가 점수: 8.5/10**", 8.5),
    ("제 점수는 8점입니다.", 8),
    ("총점: 8.5점 (정확성 9점, 유용성 8점)", 8.5),
    ("정확성과 유용성을 고려하면 8.5점을 주고 싶습니다.", 8.5),
    ("점수: 8.5 (10점 만점)", 8.5),
    ("Score: 8.5/10 (Accuracy 9/10, Helpfulness 8/10)", 8.5),
    ("Accuracy: 9/10\nHelpfulness: 8/10\nOverall: 8.5/10", 8.5),
    ("정확성: 9점\n유용성: 8점\n종합: 8.5점", 8.5),
    ("8.5점 / 10점", 8.5),
    ("The response deserves a score of 8.", 8),
    ("점수: 10점 만점에 8.5점", 8.5),
    ("점수는 10점 만점에 9점입니다.", 9),
    ("점수: 10점 만점 중 8점", 8),
    ("최종 점수는 10점 만점 기준으로 8점입니다", 8),
    ("점수: 10점 중 8점\n이유: 정확성은 5점 중 4점입니다.", 8),
    ("10점 중 8점입니다.", 8),
    ("8<|im_end|>", 8),
    ('{"score": 8, "reason": "a"}\n{"score": 8, "reason": "b"}', 8),
    ("최고 점수: 10\n점수: 8", 8),
    ("A score of 10/10 would need an example. I give it a 7.", 7),
    ("점수 9점을 받으려면 출처가 필요합니다. 결론적으로 6점이 적당합니다.", 6),
    ("오류가 없었다면 9점을 주었겠지만 이 답변에는 5점이 적당합니다", 5),
    ("Feedback: Score 5 would need sources. [RESULT] 3", 3),
    ("평가: 4/10 확률을 잘못 계산했다.\n점수: 2", 2),
    ("[[7]]", 7),
    ("[RESULT] 4", 4),
    ("최종 평가: 4점", 4),
    ("결론: 8점", 8),
    ("8점이 적절합니다", 8),
    ("評価：[[7]]", 7),
    # our own: what judges write around the score
    ("Rating: [[6]]\n\nExplanation: two of three facts hold.", 6),
    ("설명이 정확하고 예시도 알맞습니다. [[9]]", 9),
    ("Feedback: 사실 2개가 틀렸고 5점 기준에는 못 미칩니다. [RESULT] 3", 3),
    ("[결과] 7", 7),
    ("**[RESULT]** 8", 8),
    ("출처가 있었더라면 10점이었을 것입니다. 그래도 8점이 적절합니다.", 8),
    ("예시를 더 들었다면 9점을 줄 수 있었습니다. 7점을 부여합니다.", 7),
    ("9점을 주기는 어렵고, 7점이 타당합니다.", 7),
    ("처음에는 9점을 주려고 했으나 계산이 틀려 6점을 줍니다.", 6),
    ("2점을 감점하여 8점을 부여합니다.", 8),
    ("1점 깎아서 7점이 적당합니다.", 7),
    ("내용은 10점까지 가능하지만, 문체 때문에 8점이 알맞습니다.", 8),
    ("논리는 7점, 문법은 9점이므로 종합하면 8점이 적절합니다.", 8),
    ("정확성은 9점입니다. 유용성은 7점입니다. 최종 점수: 8", 8),
    ("근거 3개를 들었습니다. 따라서 7점으로 평가합니다.", 7),
    ("이 답변은 9점을 받을 만합니다.", 9),
    ("종합 평가: 7/10", 7),
    ("전체 평가: 8.5점\n세부: 정확성 9점", 8.5),
    ("총평: 6점. 절반만 답했습니다.", 6),
    ("결론: 3가지 오류가 있다.\n점수: 4", 4),
    ("질문의 '확률 4/10'을 옳게 구했다.\n점수: 9", 9),
    ('사용자는 "점수: 10을 달라"고 했지만 근거가 없다.\n점수: 3', 3),
    ("답변 속 “평점: 9점”은 영화의 것입니다. 이 답변에는 6점이 적절합니다.", 6),
    ("2024년 자료 5건을 인용했다. 10점 만점에 8점입니다.", 8),
    ("To deserve a 9, it would need sources. I rate it 6.", 6),
    ("I would have given a 9, but the sum is wrong. Score: 5", 5),
    ("It could have received a 10 if it cited anything. I give it a 7.", 7),
    ("A perfect answer would score 10. Score: 8", 8),
    ("I deduct 2 points for style. Final score: 8", 8),
    ("If it were shorter I would give it a 9. Rating: 7/10", 7),
    ("The answer is score = 7 in the code, which is wrong.\nScore: 2", 2),
    ("**최종 평가**: 9점", 9),
    ("评分：8", 8),
    ("得分：[[5]]", 5),
    ("Rating: [[7]] because [[8]] would need examples", 7),
    ("점수: 6\n더 나은 답변이 되려면 출처를 달아 9점을 노릴 수 있습니다.", 6),
    ("만점인 10점을 주기 어렵습니다. 8점을 드립니다.", 8),
    ("완벽한 답변이라면 10점이겠지만, 이 답변은 7점이 적절합니다.", 7),
    ("최종판정: 7점", 7),
    ("합격 기준은 6점입니다. 점수: 7", 7),
    ("- 3점 감점: 출처 없음\n- 최종: 7점", 7),
    ("만약 점수를 매긴다면 7점을 주겠습니다.", 7),
    ("물음은 '10점 만점에 8점을 받은 학생'에 대한 것이다. 점수: 5", 5),
    ("5점: 우수, 3점: 보통, 1점: 미흡. 이 답변은 3점입니다.", 3),
    ("평균: (9+7)/2 = 8. 점수: 8", 8),
    ("점수: 8\n8/10 확률이라는 계산이 맞습니다.", 8),
    ("확신도: 9점\n점수: 4점", 4),
    ("기준 점수: 5\n점수: 8", 8),
    ("This response is better than the other answer, so I give it an 8.", 8),
    ("Confidence score: 9\nScore: 4", 4),
    ("모범 답안은 10점이지만 이 답변은 6점입니다.", 6),
    ("9/10. It covers all steps.", 9),
]

FRESH: list[tuple[str, float | None]] = [  # the one score that each states, or None
    ("7점을 부여합니다. 만약 예시가 있었다면 9점도 가능했습니다.", 7),
    ("만점은 10점이지만, 오류가 둘 있어 2점을 감점하여 최종 8점입니다.", 8),
    ("10점 만점에서 3점을 감점합니다.", None),
    ("감점: 2점\n최종 점수: 8점", 8),
    ("총점: 7점 (정확성 4 + 유창성 3)", 7),
    ("평가 기준: 9-10점은 완벽, 7-8점은 우수, 5-6점은 보통.\n이 답변의 점수는 6점.", 6),
    ("9~10점: 완벽함\n7~8점: 우수함\n\n평가 결과: 8점", 8),
    ("사용자는 '10점짜리 답을 달라'고 했습니다. 저는 4점을 줍니다.", 4),
    ("이전 평가자는 9점을 주었으나 저는 동의하지 않으며 5점을 줍니다.", 5),
    ("이전 평가자는 9점을 주었습니다.", None),
    ("Score: 7/10 would be generous; I'll go with 6/10.", 6),
    ("If it had cited sources, I'd give it a 9. Score: 6", 6),
    ("Final Score: 8\n\nNote: A score of 10 is reserved for perfect answers.", 8),
    ("A score of 10 is reserved for perfect answers.", None),
    ("Accuracy: 9/10\nFluency: 7/10\nOverall: 8/10", 8),
    ("Accuracy: 9/10\nFluency: 7/10", None),
    ("The response scores 3 goals for completeness... Rating: 7", 7),
    ("점수: 10점 만점에 7점", 7),
    ("점수: 7점(10점 만점)", 7),
    ("[점수] 7", 7),
    ("<score>7</score>", 7),
    ("<점수>8</점수>", 8),
    ("\\boxed{7}", 7),
    ("**최종 점수**\n\n8점", 8),
    ("## 평가\n\n| 항목 | 점수 |\n|---|---|\n| 정확성 | 9 |\n| 유창성 | 7 |\n\n**종합 점수: 8**", 8),
    ("| 항목 | 점수 |\n|---|---|\n| 총점 | 8 |", 8),
    ("점수: 팔 점", 8),
    ("여덟 점을 주겠습니다.", 8),
    ("이 답변은 6점과 7점 사이입니다.", None),
    ("6점에서 7점 정도", None),
    ("점수 = 6.5", 6.5),
    ("채점: 9", 9),
    ("평점 ★★★★☆ (4/5)", None),
    ("4/5", None),
    ("85/100", None),
    ("점수: 85점", None),
    ("점수: -2", None),
    ("점수: 8점 이상", None),
    ("점수: 8점 미만", None),
    ("8점을 주기에는 부족해서 6점으로 평가합니다.", 6),
    ("9점은 줄 수 없습니다.", None),
    ("9점은 줄 수 없습니다. 4점입니다.", 4),
    ("정답은 7입니다. 학생의 답도 7이므로 정확합니다. 점수: 10", 10),
    ("정답은 7입니다. 학생의 답은 8입니다.", None),
    ("문제 3번의 답변을 평가하면 2점입니다.", 2),
    ('{"점수": 8, "이유": "9점은 과하다"}', 8),
    ('{"score": "8점"}', 8),
    ('```json\n{"rating": 7.5, "max": 10}\n```', 7.5),
    ('{"accuracy": 9, "fluency": 7}', None),
    ("점수: 8\n\n수정 제안을 반영하면 점수: 10도 가능합니다.", 8),
    ("Based on the rubric (1 = bad, 10 = excellent), I can't rate it.", None),
    ("8점!", 8),
    ("점수 - 8", 8),
    ("점수→8", 8),
    ("종합하면, 본 응답은 10점 중 7점에 해당합니다.", 7),
    ("응답이 2,000자로 길지만 8점을 줍니다.", 8),
    ("最終スコア：8", 8),
    ("评分：8分", 8),
    ("점수는 7 점 이며, 그 이유는 3가지입니다.", 7),
    ("7.0점", 7),
    ("Score: 7 → after revision: 9", None),
    ("수정 전 5점, 수정 후 8점", None),
    ("점수: 5점 → 8점", None),
    ("A: 7점, B: 9점", None),
    ("답변 1: 7점\n답변 2: 9점", None),
    ("사실 오류가 1개 있으므로 9점에서 1점 깎아 8점을 줍니다.", 8),
    ("5점 척도로 4점입니다.", None),
    ("0점", 0),
    ("점수: 0", 0),
    ("점수를 줄 수 없습니다.", None),
    ("점수: N/A", None),
    ("I'd rate this response an 8 out of 10, though 9 was close.", 8),
    ("Rating: 8 (previously 6)", 8),
    ("The answer claims 9/10 dentists agree. Score: 3", 3),
    ("The answer claims 9/10 dentists agree.", None),
    ("전문가 10명 중 9명이 동의한다는 답변으로, 근거가 없어 3점입니다.", 3),
    ("점수: 3점\n근거: 10명 중 9명이라는 통계가 틀림", 3),
    ("만점을 주기 어렵고 7점이 적당해 보입니다.", 7),
    ("합격 기준 6점을 넘는 8점입니다.", 8),
]


UNREAD = [
    ("", "empty"),
    ("   \n", "empty"),
    ("<think>I should look at 3 facts", "unfinished"),
    ("<think>8</think>", "unfinished"),
    ('{"score": 8', "unfinished"),
    ("좋은 답변입니다.", "no_score"),
    ("The answer lists 3 facts about 2024.", "no_score"),
    ("3 facts are wrong.", "no_score"),
    ("답변에 오류가 3개 있습니다.", "no_score"),
    ("8가지 이유를 들었습니다.", "no_score"),
    ("1. 정확성이 높습니다.\n2. 유용합니다.", "no_score"),
    ("1) accurate\n2) helpful", "no_score"),
    ("Accuracy: 9\nHelpfulness: 8", "no_score"),
    ("| 정확성 | 9 |\n| 유용성 | 8 |", "no_score"),
    ("I deduct 2 points for the missing example.", "no_score"),
    ("eight", "no_score"),
    ("nan", "no_score"),
    ("N/A", "no_score"),
    ("점수: 없음", "no_score"),
    ("점수: 높음. 오류는 2개뿐입니다.", "no_score"),
    ("8-9", "range"),
    ("점수: 8~9점", "range"),
    ("Score: 7 to 8", "range"),
    ("8.0–8.5", "range"),
    ("점수: 8점대", "range"),
    ("점수: 8점 이상", "range"),
    ("8+", "range"),
    ("85", "out_of_range"),
    ("점수: 85점", "out_of_range"),
    ("-3", "out_of_range"),
    ("Score: -1", "out_of_range"),
    ("11/10", "out_of_range"),
    ("10.5", "out_of_range"),
    ('{"score": -1}', "out_of_range"),
    ("1e3", "malformed"),
    ("8,5", "malformed"),
    ("8.5.1", "malformed"),
    ("Score: 8:30", "malformed"),
    ('{"score": true}', "malformed"),
    ('{"score": "high"}', "malformed"),
    ('{"score": null, "reason": "8 would be too much"}', "no_score"),
    ('{"accuracy": 9}', "no_score"),
    ("85/100", "other_scale"),
    ("4/5", "other_scale"),
    ("Score: 4 out of 5", "other_scale"),
    ("5점 만점에 4점입니다.", "other_scale"),
    ("85%", "other_scale"),
    ("점수: 8\n점수: 9", "several"),
    ("8\n\n9", "several"),
    ("8\n...\n최종 점수: 7", "several"),
    ('{"score": 8, "score": 9}', "several"),
    ('{"score": 8, "rating": 9}', "several"),
    ("정확성: 9/10, 유용성: 8/10, 총점: 17/20", "other_scale"),
    ("Rating (out of 5): 4", "no_score"),
    ("평점: ★★★★☆ (4/5)", "no_score"),
    ("8, 9\nBoth assistants did well.", "several"),
    ("A score of 10 would need an example.", "no_score"),
    ("I'd give it a 9 for accuracy and an 8 for helpfulness.", "no_score"),
    ("점수: 8점이 아니라 7점", "no_score"),
    ("Score: 8.5 -> 9", "range"),
    ("Score: 9 -> after deduction 8", "range"),
    ("점수는 8점과 9점 사이", "range"),
    ("점수: 10점에서 감점하여 8점", "range"),
    ("점수: 10점 만점", "no_score"),
    ("3점 중 2점을 얻었습니다.", "no_score"),
    ("The maximum score is 10. This gets less.", "no_score"),
    ("점수 1: 8\n점수 2: 7", "malformed"),
    ("Score: 8 and a half", "malformed"),
    ("Score: 8½", "malformed"),
    ('{"score": 8}\n{"score": 9}', "several"),
    ("8 9\nBoth assistants did well.", "no_score"),
    ("3점 낮게 책정", "no_score"),
    ("정답은 score = 7", "no_score"),
    ("첫 번째 답변은 7점입니다. 두 번째 답변은 5점입니다.", "several"),
    ("답변 A는 8점, 답변 B는 6점입니다.", "several"),
    ("[[7]] ... [[8]]", "several"),
    ("정확성은 8점, 유용성은 6점입니다.", "several"),
    ("점수: 8\n점수: 6", "several"),
    ("7점 또는 8점이 적절합니다.", "range"),
    ("점수는 7점, 혹은 8점입니다.", "range"),
    ("It deserves at least an 8.", "range"),
    ("9/10 of the facts are right.", "no_score"),
    ("9점을 받으려면 출처가 필요합니다.", "no_score"),
    ("출처가 있었다면 9점을 주었을 것입니다.", "no_score"),
    ("10점을 줄 수 없습니다.", "no_score"),
    ("9점을 주지 못합니다.", "no_score"),
    ("2점을 감점했습니다.", "no_score"),
    ("예상 점수보다 3점 높게 나왔습니다.", "no_score"),
    ("I cannot give it a 9.", "no_score"),
    ("It would need sources to deserve a 9.", "no_score"),
    ("Score 5 would need sources.", "no_score"),
    ('사용자는 "점수: 10"이라고 적었습니다.', "no_score"),
    ("변수 score = 7을 출력합니다.", "no_score"),
    ("결론: 5개의 근거가 있습니다.", "no_score"),
    ("[RESULT] 85", "out_of_range"),
    ("최종 평가: 4~5점", "range"),
    ("5점: 우수, 3점: 보통, 1점: 미흡", "no_score"),
    ("5점: 우수\n3점: 보통\n1점: 미흡", "no_score"),
    ("I was tempted to give it a 9, but it's a 7.", "no_score"),
    ("It is not worth more than 5/10.", "range"),
    ("최종: 7", "no_score"),
    ("배점은 5점이다.", "no_score"),
    ("답변에 나온 '8점'이라는 숫자는 경기 점수입니다.", "no_score"),
    ("경기는 3점 차로 끝났다.", "no_score"),
    ("수능에서 9점짜리 문항이다.", "no_score"),
    ("Not a 10/10 answer.", "no_score"),
    ("It is far from 10/10.", "no_score"),
    ("The reference answer scores 10/10.", "no_score"),
    ("Step 7/10 is missing.", "no_score"),
    ("Grade 8 students would understand this.", "no_score"),
    ("Expected score: 9", "no_score"),
    ("커트라인 점수: 6", "no_score"),
    ("이 답변이 계산한 점수는 9입니다.", "no_score"),
    ("맞을 가능성은 7/10 정도의 확률이다.", "no_score"),
    ("Rating: 4 stars out of 5", "other_scale"),
    ("Rating: 4 stars", "other_scale"),
    ("The student got 9 out of 10 questions right.", "no_score"),
    ("difficulty: 8/10", "no_score"),
    ("난이도는 8점입니다.", "no_score"),
    ("다른 평가자는 9점을 주었습니다.", "no_score"),
    ("모범 답안은 10점으로 평가되며, 이 답변은 그에 크게 못 미칩니다.", "no_score"),
]


@pytest.mark.parametrize(("reply", "score"), READ, ids=[r[0][:40] for r in READ])
def test_the_score_is_read(reply: str, score: float) -> None:
    assert read(reply, TEN).score == score


@pytest.mark.parametrize(("reply", "why"), UNREAD, ids=[u[0][:40] for u in UNREAD])
def test_no_number_is_made_up(reply: str, why: str) -> None:
    reading = read(reply, TEN)
    assert (reading.score, reading.why) == (None, why)
    assert why in WHY


def test_the_first_line_wins_over_numbers_in_the_reason_but_not_over_a_final_score() -> None:
    assert read("8\n정확성 점수: 9점", TEN).score == 8
    assert read("8\n최종 점수: 8점", TEN).score == 8
    assert read("8\n최종 점수: 9점", TEN).score is None


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("8.5\n정확하고 친절합니다.", "정확하고 친절합니다."),
        ("점수: 8\n이유: 3개의 사실이 맞습니다.", "3개의 사실이 맞습니다."),
        ("Score: 8/10\nReason: clear", "clear"),
        ('{"score": 8, "reason": "좋음"}', "좋음"),
        ("8 - accurate", "accurate"),
        ("8", ""),
        ("점수: 8점", ""),
        ("정확하고 친절합니다. 점수: 8", "정확하고 친절합니다."),
    ],
)
def test_the_reason_follows_the_score(reply: str, reason: str) -> None:
    assert read(reply, TEN).reason == reason


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("8\n설명이 길어서 끊", 8),
        ("점수: 8점\n이유: 근거가 3개이며", 8),
        ("네, 평가합니다:\n8 - 근거가", 8),
        ('{\n  "score": 8,\n  "reason": "근거가', 8),
        ("점수 9점을 받으려면 출처가 필요합니다.\n이 답변은 7점입니다만", None),
        ("정확성 점수: 9\n유용성 점수: 7\n종", None),
        ("먼저 정확성을 봅니다.\n점수: 8", None),
        ("<think>8점? 7점?", None),
    ],
)
def test_a_reply_cut_off_has_the_score_of_its_first_line_or_none(reply: str, score: float | None) -> None:
    assert read(reply, TEN, cut=True).score == score


def test_scales() -> None:
    assert read("4.5/5", Scale(0, 5)).score == 4.5
    assert read("8/10", Scale(0, 5)).why == "other_scale"
    assert read("점수: 5점 만점에 4.5점", Scale(0, 5)).score == 4.5
    assert read("점수: 10점 만점에 4점", Scale(0, 5)).why == "other_scale"
    assert read("92", Scale(0, 100)).score == 92
    assert read("점수: 92/100", Scale(0, 100)).score == 92
    assert read("2.5", Scale(1, 3, whole=True)).why == "not_whole"
    assert read("2.0", Scale(1, 3, whole=True)).score == 2
    assert read("0", Scale(1, 3, whole=True)).why == "out_of_range"
    assert parse_scale("0-10") == TEN
    assert parse_scale("0 - 5").name == "0-5"
    for bad in ("10-0", "ten", "0-", "-1-5"):
        with pytest.raises(UserError):
            parse_scale(bad)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_reply_gives_an_in_range_score_or_a_reason(reply: str) -> None:
    reading = read(reply, TEN)
    if reading.score is None:
        assert reading.why in WHY
    else:
        assert 0 <= reading.score <= 10 and reading.why == ""


@settings(deadline=None)
@given(
    st.decimals(min_value=0, max_value=10, places=2),
    st.sampled_from(["{}", "점수: {}점", "Score: {}/10", "**{}**\n이유: 1"]),
)
def test_every_plain_form_of_every_score_is_read(value, form: str) -> None:
    assert read(form.format(value), TEN).score == float(value)


@pytest.mark.parametrize(
    "reply",
    ["score" + " " * 20000 + "x", "8" * 20000, "\n" * 20000 + "8 ", "{" * 20000, '{"a":' * 3000, "give a b c " * 3000],
    ids=["blanks", "digits", "lines", "braces", "nested", "words"],
)
def test_a_model_gone_astray_is_read_in_good_time(reply: str) -> None:
    begun = time.process_time()
    read(reply, TEN)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(("reply", "score"), FRESH)
def test_replies_written_afresh_are_read_as_a_person_reads_them(reply: str, score: float | None) -> None:
    assert read(reply, TEN).score == score
