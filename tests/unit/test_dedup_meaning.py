"""dedup: what a reader sees as equal, what keeps similar records apart, templates, the Korean unit, contradictions."""

from __future__ import annotations

import random

import pytest

from hunmin.artifacts.artifact import Inputs
from hunmin.artifacts.record import read_jsonl, write_jsonl
from hunmin.selection.nearest import Apart, duplicates
from hunmin.stages import dedup
from hunmin.text.korean import role, stem
from hunmin.text.normal import squash

PYTHON = "def f(xs):\n    total = 0\n    for x in xs:\n        total += x\n    return total"
DAY = "철수는 학교에 가서 영희를 만났고 함께 점심을 먹었다. 그 뒤에 도서관에서 오랫동안 책을 읽었다."
DOG = "어제 저녁에 개가 고양이를 물었다. 그래서 주인이 놀라서 밖으로 나왔다."


def row(output: str, instruction: str = "오늘 한 일을 써 줘", **more):
    return {"source": "s", "instruction": instruction, "output": output, **more}


def fate(a, b, **options) -> str:
    """Give how the second record goes, or the reason why it stays ("" when it is not even similar)."""
    apart = Apart()
    found = duplicates([{"id": "1", **a}, {"id": "2", **b}], apart=apart, **options)
    return next((link.how for link in found.values()), "".join(apart.reasons))


@pytest.mark.parametrize(
    "a, b, says",
    [
        (row("하늘은 파랗다.\n정말로."), row("하늘은   파랗다. 정말로."), "exact"),
        (row("답은 2¹⁰ 입니다. " + DAY), row("답은 210 입니다. " + DAY), "numbers"),
        (row("넓이는 ㎡ 로 적는다. " + DAY), row("넓이는 m² 로 적는다. " + DAY), "exact"),
        (row(PYTHON), row(PYTHON.replace("    return", "        return")), "layout"),
        (row(f"```python\n{PYTHON}\n```"), row(f"```python\n{PYTHON.replace('    ', '  ')}\n```"), "layout"),
        (row(PYTHON, "함수를  써 줘"), row(PYTHON, "함수를 써 줘"), "exact"),
        (row("아자차카타파하", "가나다라마바사"), row("차카타파하", "가나다라마바사아자"), "layout"),
        (
            row("아버지가 방에 들어가신다.", "띄어 쓰세요.", input="아버지가방에들어가신다."),
            row("아버지 가방에 들어가신다.", "띄어 쓰세요.", input="아버지가방에들어가신다."),
            "layout",
        ),
        (
            {"source": "s", "messages": [{"role": "user", "content": "왜?"}, {"role": "assistant", "content": "네."}]},
            row("네.", "왜?"),
            "exact",
        ),
    ],
)
def test_exact_means_the_same_to_a_reader(a, b, says):
    assert fate(a, b) == says


@pytest.mark.parametrize(
    "other, says",
    [
        (DAY.replace("먹었다", "안 먹었다"), "negation"),
        (DAY.replace("먹었다", "못먹었다"), "negation"),
        (DAY.replace("먹었다", "먹지 않았다"), "negation"),
        (DAY.replace("철수는", "철수가"), "near"),
        (DAY.replace("책을", "책"), "near"),
        (DAY.replace("었다", "었습니다").replace("았다", "았습니다"), "near"),
        (DAY.replace("었다", "었어요"), "near"),
        (DAY.replace("철수는", "철수를").replace("영희를", "영희는"), "roles"),
        (DAY.replace("철수는", "철수를").replace("영희를", "영희가"), "roles"),
    ],
)
def test_minimal_pairs_stay_and_other_wordings_go(other, says):
    assert fate(row(DAY), row(other), unit="jamo") == says


def test_who_does_what_to_whom_counts_in_either_unit_and_where_the_same_noun_stands_twice():
    assert fate(row(DOG), row(DOG.replace("개가 고양이를", "개를 고양이가")), unit="jamo") == "roles"
    assert fate(row(DOG * 2), row(DOG + DOG.replace("개가 고양이를", "개를 고양이가"))) == "roles"
    twice = "마음을 오래 보듬어 주다가 자신의 마음이 크게 다치기도 합니다."
    turned = "마음이 오래 보듬어 주다가 자신의 마음을 크게 다치기도 합니다."
    assert fate(row(twice), row(turned), unit="jamo") == "roles"


@pytest.mark.parametrize(
    "one, other, says",
    [
        ("전기차의 장점을 알려 주세요", "전기차의 단점을 알려 주세요", "opposite"),
        ("오전 9시에 출발하는 버스가 있나요", "오후 9시에 출발하는 버스가 있나요", "opposite"),
        ("이 기능을 켜는 방법을 알려 주세요", "이 기능을 끄는 방법을 알려 주세요", "opposite"),
        ("3월 5일의 날씨를 알려 주세요", "5월 3일의 날씨를 알려 주세요", "numbers"),
        ("A 반은 3 명이고 B 반은 5 명입니다", "A 반은 5 명이고 B 반은 3 명입니다", "numbers"),
        ("이 약은 식사 전에 먹어야 합니다", "이 약은 식사 전에 먹지 말아야 합니다", "negation"),
        ("오늘 3 월 5 일의 날씨를 알려 주세요", "오늘 3월 5일의 날씨를 알려 줘요", "near"),
    ],
)
def test_questions_that_turn_on_one_word_stay_though_their_answers_are_alike(one, other, says):
    like = "묻는 말에 대해 아는 대로 차근차근 말씀드리겠습니다. 먼저 알아 둘 것은 다음과 같습니다."
    assert fate(row(like, one), row(like, other), unit="jamo") == says


def test_there_is_and_there_is_not():
    room = "방에는 의자가 있다. 창문 옆에는 낡은 책상이 하나 놓여 있다."
    for unit in ("chars", "jamo"):
        assert fate(row(room), row(room.replace("의자가 있다", "의자가 없다")), unit=unit) == "negation"


def test_rows_whose_task_is_the_speech_level_stay():
    given = "밥을 먹었다. 그리고 학교에 갔다. 선생님께 인사를 드렸다."
    polite, formal = (given.replace("다.", end).replace("었", "었").replace("갔", "갔") for end in ("어요.", "습니다."))
    asked = "다음 글의 말투를 바꾸어 줘"
    assert fate(row(polite, asked, input=given), row(formal, asked, input=given), unit="jamo") == "form"
    asked = "다음 글을 바꾸어 줘"
    assert fate(row(polite, asked, input=given), row(formal, asked, input=given), unit="jamo") == "form"
    a, b = row(polite, system="존댓말로 답해"), row(formal, system="반말로 답해")
    assert fate(a, b, unit="jamo") == "form"


def problem(i: int, chance: random.Random):
    a, b, c = (chance.randrange(2, 900) for _ in range(3))
    asked = (
        f"민수는 사과를 {a}개 가지고 있습니다. 어머니가 시장에서 사과를 {b}개 더 사 오셨고, "
        f"민수는 동생에게 사과를 {c}개 나누어 주었습니다. 민수에게 남은 사과는 모두 몇 개입니까?"
    )
    return {"id": str(i), **row(f"{a}+{b}={a + b}개에서 {c}개를 주었으므로 정답은 {a + b - c}입니다.", asked)}


@pytest.mark.parametrize("n", [2, 500])
def test_problems_of_one_template_with_other_numbers_stay(n):
    chance = random.Random(1)
    assert duplicates([problem(i, chance) for i in range(n)]) == {}


SYLLABLES = [chr(0xAC00 + 28 * i) for i in range(0, 380, 3)]


def words(chance: random.Random, n: int) -> str:
    return " ".join("".join(chance.choices(SYLLABLES, k=chance.randrange(2, 5))) for _ in range(n))


@pytest.mark.parametrize("n", [3, 12, 120])
def test_reviews_under_one_long_instruction_stay_and_a_copied_review_goes(n):
    chance = random.Random(2)
    task = "다음 후기를 읽고 감정이 긍정적인지 부정적인지 판단하세요. " + words(chance, 60)
    reviews = [words(chance, 12) for _ in range(n)]
    labels = [chance.choice(["긍정", "부정"]) for _ in reviews]
    rows = [{"id": t, **row(label, f"{task}\n\n후기: {t}")} for t, label in zip(reviews, labels, strict=True)]
    assert duplicates(rows) == {}
    copy = {**rows[1], "id": "copy", "instruction": rows[1]["instruction"] + "!"}
    assert {i: (k.kept_id, k.how) for i, k in duplicates([*rows, copy]).items()} == {n: (reviews[1], "near")}


@pytest.mark.parametrize("shape", ["{0} 질문: {1}", "다음 글을 읽고 답하세요.\n\n{0}\n\n질문: {1}"])
def test_questions_over_one_passage_stay(shape):
    passage = words(random.Random(3), 90) + "."
    asked = ("누가 그 일을 처음 시작했나요?", "그 일은 어느 해에 끝났나요?", "왜 사람들은 반대했나요?")
    rows = [{"id": q, **row(a, shape.format(passage, q))} for q, a in zip(asked, ("왕", "1443년", "왕"), strict=True)]
    assert duplicates(rows) == {} and duplicates(rows[:2]) == {} and duplicates([rows[0], rows[2]]) == {}


def test_two_answers_to_one_long_prompt_stay():
    prompt = words(random.Random(4), 90)
    assert fate(row("파란색입니다.", prompt), row("저기 있습니다.", prompt)) == "answer"


def test_noisy_copies_of_one_text_are_no_template():
    chance = random.Random(5)
    text = words(chance, 100).split()
    rows = []
    for i in range(40):
        mine = list(text)
        for at in chance.sample(range(100), 2):
            mine[at] = words(chance, 1)
        rows.append({"id": str(i), **row(" ".join(mine))})
    assert len(duplicates(rows)) >= 38


def run(tmp_path, rows, **options):
    write_jsonl(tmp_path / "in.jsonl", [{"id": str(i), **r} for i, r in enumerate(rows)])
    counts = dedup.run(dedup.Config(**options), Inputs(label="dedup", records=tmp_path / "in.jsonl"), tmp_path / "out")
    return [r["id"] for r in read_jsonl(tmp_path / "out" / "records.jsonl")], counts.check("dedup").notes


@pytest.mark.parametrize("near", [True, False])
def test_a_preference_and_its_swap_are_a_contradiction(tmp_path, near):
    good, bad = "서울은 수도이며 한강이 흐릅니다. 인구는 약 천만 명입니다.", "잘 모르겠습니다. 다른 것을 물어봐 주세요."
    pair = {"source": "s", "instruction": "서울을 설명해 주세요", "chosen": good, "rejected": bad}
    swap = {**pair, "chosen": bad, "rejected": good}
    kept, notes = run(tmp_path, [pair, swap, pair], near=near)
    assert kept == ["0", "1"] and notes["contradictions"] == [["0", "1"]] and "contradict" in notes["notice"][0]


def test_one_answer_labelled_good_and_bad_is_a_contradiction(tmp_path):
    kept, notes = run(tmp_path, [row(DAY, label=True), row(DAY, label=False)])
    assert kept == ["0", "1"] and notes["contradictions"] == [["0", "1"]]


def test_a_cluster_over_one_percent_is_told_and_the_unit_is_noted(tmp_path):
    chance = random.Random(6)
    _, notes = run(tmp_path, [row(words(chance, 30)) for _ in range(200)] + [row(DAY)] * 5, unit="jamo")
    assert notes["large_clusters"] == [{"of": "200", "records": 5, "share": 0.0244}] and notes["unit"] == "jamo"
    assert notes["notice"] == ["5 records (2.4%) are duplicates of 200"]


@pytest.mark.parametrize(
    "forms",
    [
        "먹었습니다 먹었어요 먹었다 먹었어", "갑니다 가요 간다", "합니다 해요 한다 해", "마십니다 마셔요 마신다",
        "봅니다 봐요 본다", "모릅니다 몰라요 모른다", "먹는다 먹습니다", "하십시오 하세요", "앉으세요 앉으십시오",
        "책입니다 책이에요 책이다", "됩니다 돼요 된다", "철수는 철수가 철수를", "밥을 밥은 밥이 밥", "할게요 할게",
    ],
)  # fmt: skip
def test_speech_levels_and_topic_or_object_marks_share_a_stem(forms):
    assert len({stem(form) for form in forms.split()}) == 1


def test_roles_of_nouns():
    assert [role(w) for w in ("영희가", "영희를", "영희에게서", "사과", "밥은", "나이")] == [
        ("영희", "subject"), ("영희", "object"), ("영희", "from"), ("사과", ""), ("밥", "topic"), ("나이", ""),
    ]  # fmt: skip
    assert squash("2¹⁰ ① ½ ＡＢ") == "2¹⁰①½ab"
