"""untranslated, cut_off, task_broken, register_mixed: what they find and what they leave alone."""

from __future__ import annotations

import pytest

from hunmin.translation.checks import cut_off, register_mixed, task_broken, untranslated

EN3 = "The market opens early. My neighbor sells fruit there every week. Come before noon."
KO3 = "시장은 일찍 문을 엽니다. 이웃은 거기서 매주 과일을 팝니다. 정오 전에 오세요."


def test_a_sentence_left_in_english():
    korean = "시장은 일찍 문을 엽니다. My neighbor sells fruit there every week. 정오 전에 오세요."
    (one,) = untranslated.find(EN3, korean, {})
    assert korean[slice(*one["target_span"])] == EN3[slice(*one["source_span"])] == EN3.split(". ")[1] + "."


def test_a_sentence_of_formulas_and_few_words():
    english = "Let us see. Then $a = 1$ and $b = 2$."
    assert untranslated.find(english, "봅시다. Then $a = 1$ and $b = 2$.", {})


def test_a_whole_field():
    assert untranslated.find(EN3, EN3, {"field": "output"})[0]["severity"] == "certain"
    assert untranslated.find("", EN3, {})[0]["severity"] == "certain"
    for title in ("The Lord of the Rings and the Art of War", "Lee, J. (2020). The art of code. Software, 12(3), 45."):
        assert [i["severity"] for i in untranslated.find(title, title, {})] == ["review"]


def test_a_field_that_the_whole_data_set_left():
    context = {"field": "output", "never_translated": {"output"}}
    assert untranslated.find("Positive", "Positive", context)[0]["severity"] == "certain"
    for name in ("## webpack()", "## A", "B"):  # a heading of a name may stay, and so may a letter
        assert untranslated.find(name, name, context)[0]["severity"] == "review"
    assert untranslated.find("Positive", "Positive", {"field": "output"}) == []


@pytest.mark.parametrize("label", ["To", "Answer", "Question 2"])
def test_a_label_left_in_english(label):
    english, korean = f"From: Seoul\n{label}: Busan", f"보내는 곳: 서울\n{label}: 부산"
    assert [i["severity"] for i in untranslated.find(english, korean, {})] == ["certain"]


@pytest.mark.parametrize(
    ("english", "korean", "context"),
    [
        (EN3, KO3, {}),
        ("Rose: Analyze data\nJohn: propose ideas", "Rose: 데이터 분석\nJohn: 아이디어 제안", {}),
        ("Samsung 980 PRO SSD, Made in Korea", "삼성 980 PRO SSD, Made in Korea", {}),
        ("x^2 = 4", "x^2 = 4", {}),
        (
            "I has went there in the night.",
            "I has went there in the night.",
            {"instruction": "Correct the grammar mistakes in the sentence."},
        ),
        (
            'The phrase "with the telescope of mine" is unclear.',
            '"with the telescope of mine"이라는 구는 분명하지 않습니다.',
            {},
        ),
    ],
)
def test_untranslated_is_silent(english, korean, context):
    assert untranslated.find(english, korean, context) == []


@pytest.mark.parametrize("kept", [(0, 1), (0, 2), (1, 2)])
def test_a_lost_sentence_and_where(kept):
    source, parts = EN3.split(". "), KO3.split(". ")
    korean = ". ".join(parts[i].rstrip(".") for i in kept) + "."
    (one,) = cut_off.find(EN3, korean, {})
    (lost,) = {0, 1, 2} - set(kept)
    assert one["severity"] == "review"
    assert EN3[slice(*one["source_span"])].rstrip(".") == source[lost].rstrip(".")


@pytest.mark.parametrize(
    ("english", "korean", "severity"),
    [
        ("Write a guide\n on Overleaf.", "안내서를 작성하세요.\n 를 작성합니다.", "certain"),
        ("From: Seoul\nTo: Busan", "에서: 서울\n받는 곳: 부산", "certain"),
        ("- a cat\n- a dog\n- a cow", "- 고양이\n- 소", "certain"),
        ("- a cat\n- a dog\n- a cow", "동물 목록입니다.", "review"),
        ('A band ("Artist") and a label ("Label") agree.', '밴드와 음반사("음반사")가 합의합니다.', "review"),
        ("It rains. We stay at home and read.", "비가 옵니다. 우리는 집에서", "certain"),
    ],
)
def test_cut_off_finds(english, korean, severity):
    found = cut_off.find(english, korean, {})
    assert [i["severity"] for i in found] == [severity]


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        (EN3, KO3),
        ("It is late, so we go. Good night.", "늦었습니다. 그래서 갑니다. 안녕히 주무세요."),
        ("- a cat\n- a dog", "- 고양이\n- 개"),
        ("Kind regards,\nMina", "감사합니다.\n미나 드림"),
        ("Summary", "요약"),
        ("이 책", "이 책"),
    ],
)
def test_cut_off_is_silent(english, korean):
    assert cut_off.find(english, korean, {}) == []


def test_cut_off_without_original_sees_the_particle_only():
    assert [i["severity"] for i in cut_off.find("", "안내서를 쓰세요.\n를 작성합니다.", {})] == ["certain"]
    assert cut_off.find("", KO3, {}) == []


GRAMMAR = "Correct the grammar mistakes in the sentence."


def test_task_broken_finds_the_translated_english_inside_an_instruction():
    english = "Rewrite the sentence She go home in the past tense."
    context = {"field": "instruction", "instruction": english}
    kept = "다음 문장을 과거 시제로 고치세요: She go home"
    assert task_broken.find(english, kept, context) == []
    (one,) = task_broken.find(english, "그녀는 집에 간다는 문장을 과거 시제로 고치세요.", context)
    assert english[slice(*one["source_span"])] == "She go home" and one["severity"] == "review"


def test_task_broken_finds_a_translated_input_and_answer():
    for field in ("input", "output"):
        context = {"field": field, "instruction": GRAMMAR}
        (one,) = task_broken.find("She don't have no time.", "그녀는 시간이 없습니다.", context)
        assert one["severity"] == "review" and one["code"] == "task_broken"


@pytest.mark.parametrize(
    ("korean", "instruction"),
    [("She don't have no time.", GRAMMAR), ("그녀는 시간이 없습니다.", "Summarize the text."), ("시간", "")],
)
def test_task_broken_is_silent(korean, instruction):
    context = {"field": "input", "instruction": instruction}
    assert task_broken.find("She don't have no time.", korean, context) == []


def test_register_mixed():
    assert register_mixed.find("", "비가 옵니다. 우산을 챙겨요. 날이 춥습니다.", {})[0]["target_span"] == [8, 16]
    assert register_mixed.find("", '비가 옵니다. "추워요." 날이 춥습니다.', {}) == []
    assert register_mixed.find("", "비가 옵니다. 춥습니다.", {}) == []


def test_an_english_answer_with_a_korean_explanation_is_a_good_translation():
    english = 'The dog wagged its tail happily.\n\n"Its" shows that the tail belongs to the dog.'
    context = {"field": "output", "instruction": "Correct the grammar of this sentence."}
    kept = 'The dog wagged its tail happily.\n\n"Its"는 꼬리가 개의 것임을 나타냅니다.'
    assert task_broken.find(english, kept, context) == []
    lost = '개가 즐겁게 꼬리를 흔들었습니다.\n\n"Its"는 꼬리가 개의 것임을 나타냅니다.'
    assert [i["code"] for i in task_broken.find(english, lost, context)] == ["task_broken"]
