"""Checks that know what Korean is: foreign_script, no_korean, loop, not_a_translation; each found and left alone."""

from __future__ import annotations

import pytest

from hunmin.artifacts.record import texts
from hunmin.translation.checks.find_issues import issues_of, resolve_checks

FOUR = resolve_checks(["foreign_script", "no_korean", "loop", "not_a_translation"])
Q = {"instruction": "계절을 하나 골라 설명하세요.", "output": "봄은 따뜻합니다."}


def found(text, english=None, field="output", only=None, **more):
    """Give {(code, severity)} of one field, with or without its English."""
    record = {"id": "1", **Q, **more, field: text}
    if english is not None:
        record["original"] = {
            "instruction": "Pick a season and describe it.",
            **more.get("original", {}),
            field: english,
        }
    issues = [i for i in issues_of(record, FOUR, only=field) if only in (None, i["code"])]
    assert all(i["field"] == field and i["status"] == "open" for i in issues)
    return {(i["code"], i["severity"]) for i in issues}


CERTAIN_SCRIPT = {("foreign_script", "certain")}


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("이 문제의 해결 방법은 很简单입니다.", "certain"),
        ("우리는 学习을 해야 합니다.", "certain"),
        ("날씨가 좋아서 散歩に行きました。 그리고 쉬었습니다.", "certain"),
        ("이것은 очень 중요합니다.", "certain"),
        ("그는 สวัสดี 하고 인사했습니다.", "certain"),
        ("그는 مرحبا 하고 인사했습니다.", "certain"),
        ("중요한 것은 的 연습입니다.", "review"),
        ("한국の 경제", "review"),
    ],
)
def test_a_script_nobody_asked_for(text, severity):
    assert found(text, only="foreign_script") == {("foreign_script", severity)}
    assert found(text, "English text.", only="foreign_script") == {("foreign_script", severity)}


@pytest.mark.parametrize(
    "text",
    [
        "훈민정음(訓民正音)은 세종이 만들었습니다.",
        "도쿄(東京, Tokyo)는 일본의 수도입니다.",
        "그 뜻은 '사관'(史官)입니다.",
        "대(對)중국 수출이 늘었습니다.",
        "美 대통령과 日 총리가 만났습니다.",
        "北, 미사일 발사",
        "故 김 선생을 기리며",
        "前 장관과 新 장관",
        "韓美 정상회담",
        "與野가 합의했습니다.",
        "각도 α와 β의 합은 π입니다.",
        "변화량 Δx는 3 μm입니다.",
        "∑와 ∫, ≤를 씁니다.",
        "저항은 5 Ω입니다.",
        "㈜훈민의 매출",
        "넓이는 30㎡입니다.",
        "모르겠어요 ¯\\_(ツ)_/¯",
        "화났어요 (°Д°)",
        "『三國志』를 읽었습니다.",
        "《金瓶梅》와 〈紅樓夢〉",
        "上海(상하이)에서 만났습니다.",
        "일본어로는 ありがとう라고 합니다.",
        "러시아어 привет은 안녕이라는 뜻입니다.",
        "정규식은 `[一-龥]+`입니다.",
        "Café에서 São Paulo 커피를 마셨습니다.",
        "주<sup>Major, 主</sup> 버전입니다.",
        "Ⅱ장과 Ⅲ장",
        "카카오톡 ID는 kim입니다.",
    ],
)
def test_what_korean_itself_writes_so(text):
    assert found(text, only="foreign_script") == set()


@pytest.mark.parametrize(
    ("instruction", "text"),
    [
        ("'고맙습니다'를 일본어로 옮기세요.", "ありがとうございます"),
        ("이 한자의 뜻을 알려 주세요: 學", "學은 배운다는 뜻이고 習과 함께 學習이 됩니다."),
        ("다음 문장을 러시아어로 번역하세요.", "Это хорошо."),
        ("여러 언어로 인사하는 법을 알려 주세요.", "你好, こんにちは, привет라고 합니다."),
        ("사자성어를 하나 소개하세요.", "溫故知新은 옛것을 익혀 새것을 안다는 말입니다."),
        ("'你好'는 무슨 뜻인가요?", "你好는 안녕하세요라는 뜻입니다."),
    ],
)
def test_tasks_about_those_languages(instruction, text):
    assert found(text, only="foreign_script", instruction=instruction) == set()


def test_what_the_english_holds_is_no_slip_but_another_fields_slip_is_no_excuse():
    assert found("그의 이름은 村上春樹입니다.", "His name is 村上春樹.", only="foreign_script") == set()
    record = {
        "id": "1",
        "instruction": "请 설명하세요.",
        "output": "请 봄입니다.",
        "original": {"instruction": "Tell me.", "output": "Spring."},
    }
    assert [i["field"] for i in issues_of(record, FOUR) if i["code"] == "foreign_script"] == ["instruction", "output"]


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("", "certain"),
        ("  \n", "certain"),
        ("\u200b", "certain"),
        ("Spring is a warm season and the flowers begin to open.", "certain"),
        ("春天很温暖。", "certain"),
        ("春は暖かいです。", "certain"),
        ("Not spam", "review"),
        ("Blue whale", "review"),
        ("Positive", "review"),
        ("Hace mucho calor en verano y llueve poco en otoño.", "certain"),
        ("The code above prints the sum.\n\n```python\nprint(1 + 2)\n```", "certain"),
    ],
)
def test_no_korean_where_there_must_be_some(text, severity):
    assert ("no_korean", severity) in found(text)
    assert ("no_korean", severity) in found(text, "Spring is a warm season and the flowers open.")


@pytest.mark.parametrize(
    "text",
    [
        "42",
        "3.14",
        "x = 5",
        "$x^2$",
        "https://example.com/a",
        "NASA",
        "H2O",
        "B",
        "😌",
        "...",
        "print('hello')",
        "12 km",
        "5:30 PM",
        "a@example.com",
        "def f(x):\n    return x + 1",
        "|---|---|",
        "봄",
    ],
)
def test_where_no_korean_is_needed(text):
    assert found(text, text) == set()
    assert found(text) == set()


@pytest.mark.parametrize(
    ("instruction", "english", "text"),
    [
        ("'봄'을 영어로 옮기세요.", "Translate it into English.", "Spring is warm."),
        ("다음 문장의 문법을 고치세요.", "Correct the grammar of the sentence.", "She does not have any time."),
        ("파일 목록을 보는 명령어를 쓰세요.", "Give the command that lists files.", "ls with the option -l"),
        (
            "NASA가 무슨 말의 약자인지 쓰세요.",
            "What is the full form of the acronym NASA?",
            "National Aeronautics and Space Administration",
        ),
    ],
)
def test_english_that_the_task_wants(instruction, english, text):
    own = {"instruction": instruction, "original": {"instruction": english}}
    assert found(text, text, only="no_korean", **own) == set()
    assert found(text, only="no_korean", instruction=instruction) == set()


def test_a_record_that_is_english_throughout_is_seen_whatever_it_asks():
    record = {"id": "1", "instruction": "Correct the grammar of the sentence.", "output": "She has no time."}
    assert {i["field"] for i in issues_of(record, FOUR) if i["code"] == "no_korean"} == {"instruction", "output"}


def test_names_as_an_input_may_stay():
    assert found("Harry Potter", "Harry Potter", field="input", only="no_korean") == set()
    assert found("the red car", "the red car", field="input", only="no_korean") == {("no_korean", "certain")}


def test_an_empty_field_of_which_there_is_english():
    record = {
        "id": "1",
        "instruction": "설명하세요.",
        "output": "",
        "original": {"instruction": "Explain.", "output": "Because."},
    }
    assert [(i["code"], i["field"], i["severity"]) for i in issues_of(record, FOUR)] == [
        ("no_korean", "output", "certain")
    ]
    empty = {
        "id": "1",
        **Q,
        "input": "",
        "original": {"instruction": "Describe a season.", "input": "", "output": "It is warm."},
    }
    assert issues_of(empty, FOUR) == []
    chat = {"id": "1", "messages": [{"role": "user", "content": "왜요?"}, {"role": "assistant", "content": ""}]}
    assert [(i["code"], i["field"]) for i in issues_of(chat, FOUR)] == [("no_korean", "messages.1.content")]


def test_what_translate_flagged_is_an_issue():
    record = {
        "id": "1",
        "instruction": "설명하세요.",
        "output": "봄은 따뜻합니다. Use the red key.",
        "original": {"instruction": "Explain.", "output": "Spring is warm. Use the red key."},
        "translation": {"status": "flagged", "flagged": {"output": "mask: lost ⟦0⟧"}},
    }
    (one,) = [i for i in issues_of(record, FOUR) if i["code"] == "no_korean"]
    assert (one["field"], one["severity"], one["source_span"], one["target_span"]) == (
        "output",
        "certain",
        [16, 32],
        [10, 26],
    )
    assert "mask: lost" in one["detail"]
    mended = {**record, "output": "봄은 따뜻합니다. 빨간 열쇠를 쓰세요."}
    assert [i["code"] for i in issues_of(mended, FOUR)] == ["no_korean"], "not known to be mended"
    mended["repairs"] = [{"field": "output", "check": "untranslated", "before": record["output"]}]
    assert issues_of(mended, FOUR) == []
    task = {**record, "output": "봄은 따뜻합니다.", "translation": {"flagged": {"instruction": "form_task: grammar"}}}
    (one,) = [i for i in issues_of(task, FOUR) if i["code"] == "no_korean"]
    assert (one["field"], one["severity"]) == ("instruction", "review")
    chat = {
        "id": "1",
        "messages": [
            {"role": "user", "content": "봄을 설명하세요."},
            {"role": "assistant", "content": "봄은 따뜻합니다."},
        ],
        "original": {"messages.0.content": "Describe spring.", "messages.1.content": "Spring is warm."},
        "translation": {"flagged": {"messages": "form_task: rhyme"}},
    }
    assert [i["field"] for i in issues_of(chat, FOUR)] == ["messages.0.content"]


@pytest.mark.parametrize(
    "text",
    [
        "그래서 저는 " * 8,
        "봄은 " + "따뜻하고 좋은 계절이며 " * 6 + "따뜻하고",
        "봄은 따뜻합니다. " * 6 + "봄은 따",
        "\n".join(["꽃이 피는 아름다운 계절입니다."] * 5),
        "정답은 " + "무한" * 30,
        "정답은 3입니다" + "!" * 60,
        "값은 0." + "6" * 80,
        "86 - 25 = 61입니다. " * 6,
        "\n".join(["- 꽃이 많이 핍니다."] * 6),
        "1. 산책하기\n2. 책 읽기\n" * 5,
    ],
)
def test_loops(text):
    assert {
        code
        for code, _ in found(
            text,
            "Spring is a warm and pleasant season of the year. Many flowers open then, and people go out for walks.",
        )
    } >= {"loop"}
    assert "loop" in {code for code, _ in found(text)}


@pytest.mark.parametrize(
    "text",
    [
        "아니, 아니, 아니, 그건 안 됩니다.",
        "ㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋㅋ 정말 웃기네요.",
        "하하하하하하하하하하하하 재미있어요.",
        "-----------------\n제목\n=================",
        "아리랑 아리랑 아라리요\n아리랑 고개로 넘어간다\n나를 버리고 가시는 임은\n발병 난다\n아리랑 아리랑 아라리요",
        "| 월 | 화 | 수 |\n|---|---|---|\n| 없음 | 없음 | 없음 |\n| 없음 | 없음 | 없음 |\n| 없음 | 없음 | 없음 |",
        "하나 둘 하나 둘 하나 둘 하나 둘",
        "쾅 쾅 쾅 쾅 문을 두드렸습니다.",
        "0.333333333333333333333",
        "1, 1, 1, 1, 1, 1, 1, 1",
        "- 사과 1개\n- 배 1개\n- 귤 1개\n- 감 1개",
        "[이름]\n[이름]\n[이름]",
        "______________ 에 알맞은 말을 쓰세요.",
        "천천히, 아주 천천히, 더 천천히 걸었습니다.",
        "```\nfoo()\nfoo()\nfoo()\nfoo()\n```",
        "네\n네\n아니요\n네",
        "2시간 + 2시간 + 2시간 + 2시간 + 2시간 + 2시간 = 12시간",
    ],
)
def test_repetition_with_reason(text):
    assert found(text, only="loop") == set()


def test_a_whole_text_that_stands_there_twice():
    korean = "나무는 여름에 우리에게 그늘을 준다."
    assert found(f"{korean}\n\n{korean}", "Trees give us shade in summer.", only="loop") == {("loop", "certain")}
    assert found(f"{korean}\n\n{korean}", "Trees give us shade.\n\nTrees give us shade.", only="loop") == set()
    assert found("여름에는 나무가, 겨울에는 나무가", "A tree in summer, a tree in winter", only="loop") == set()


def test_a_program_in_the_place_of_what_asks_for_one():
    asks = "Write a Python function that adds two numbers."
    program = "def add(a, b):\n    return a + b"
    assert found(program, asks, only="no_korean") == {("no_korean", "review")}
    assert found(program, "def add(a, b):\n  return a + b", only="no_korean") == set()


def test_a_refrain_of_the_english_is_one_in_korean():
    refrain = "함께 노래해요 봄이 왔어요. "
    assert found(refrain * 5, "Sing along, for spring is here. " * 5, only="loop") == set()
    assert found(refrain * 40, "Sing along, for spring is here. " * 5, only="loop") == {("loop", "certain")}


ENGLISH = "Spring is a warm season. The flowers open, and the days grow longer."
KOREAN = "봄은 따뜻한 계절입니다. 꽃이 피고 낮이 길어집니다."


@pytest.mark.parametrize(
    "text",
    [
        "죄송하지만 이 내용은 번역해 드릴 수 없습니다.",
        "죄송합니다. 저는 AI 언어 모델로서 그 요청에 답변할 수 없습니다.",
        "해당 요청은 도와드릴 수 없습니다.",
        "I'm sorry, but I can't assist with that.",
        "As an AI language model, I cannot translate this.",
        f"{KOREAN} 죄송하지만 나머지는 번역할 수 없습니다.",
        f"다음은 번역입니다:\n\n{KOREAN}",
        f"번역: {KOREAN}",
        f"**한국어 번역**\n\n{KOREAN}",
        f"[번역] {KOREAN}",
        f'["{KOREAN}"]',
        f"번역 결과는 다음과 같습니다.\n{KOREAN}",
        f"{KOREAN}\n\n번역에 대해 궁금한 점이 있으면 말씀해 주세요.",
        f"물론입니다! 한국어로 번역해 드리겠습니다.\n\n{KOREAN}",
        f"Here is the translation:\n{KOREAN}",
        f"Sure! Here's the Korean translation: {KOREAN}",
        "봄은 따뜻한 계절입니다. 다음은 번역입니다: 꽃이 핍니다.",
        f"{KOREAN}\n\n(참고: 고유 명사는 그대로 두었습니다.)",
        f"{KOREAN}\n\n역주: 직역했습니다.",
        f"{KOREAN}\n\nNote: I kept the names.",
        f"{KOREAN}\n\n더 궁금한 점이 있으면 말씀해 주세요.",
        f'"{KOREAN}"',
        f"“{KOREAN}”",
        f'{{"translation": "{KOREAN}"}}',
        f'{{"translation": "{KOREAN[:20]}',
        f"```\n{KOREAN}\n```",
        f'```json\n{{"번역": "{KOREAN}"}}\n```',
        f"<translation>{KOREAN}</translation>",
        f"<think>\n옮겨 보자.\n</think>\n{KOREAN}",
        f"</think>\n{KOREAN}",
        f"{KOREAN}<|im_end|>",
        f"### 응답:\n{KOREAN}",
        "네, 알겠습니다. 무엇을 도와드릴까요?",
        f"{KOREAN} " + "시장에는 사람들이 모였습니다. " * 12,
        "봄",
    ],
)
def test_not_a_translation(text):
    long = ENGLISH * 3 if text == "봄" else ENGLISH
    assert "not_a_translation" in {code for code, _ in found(text, long)}


@pytest.mark.parametrize(
    ("text", "english"),
    [
        (KOREAN, ENGLISH),
        ("죄송하지만 그 일은 도와드릴 수 없습니다.", "I'm sorry, but I can't help with that."),
        ("네, 봄입니다.", "Yes, it is spring."),
        ("물론입니다! 봄은 따뜻합니다.", "Of course! Spring is warm."),
        ("참고: 봄에는 비가 옵니다.", "Note: it rains in spring."),
        ("봄입니다.\n\n참고: 비가 옵니다.", "It is spring.\n\nNote: it rains."),
        ('"봄이 왔다"', '"Spring has come"'),
        ('{"text": "봄"}', '{"text": "spring"}'),
        ("```python\n# 봄\nprint(1)\n```", "```python\n# spring\nprint(1)\n```"),
        ("다음은 봄에 할 일입니다:\n- 산책", "Here are things to do in spring:\n- walk"),
        ("결과: 3", "Result: 3"),
        ("'봄'은 계절이고 '월요일'은 요일입니다. '끝'", "'Spring' is a season and 'Monday' is a day. 'End'"),
        ("더 궁금한 점이 있으면 연락 주세요.", "Contact us if you have any questions."),
        ("<s>취소된</s> 글", "<s>cancelled</s> text"),
        ("앙카라입니다.", "Ankara."),
        ("다음은 한국어 번역입니다: 봄", "Here is the Korean translation: spring"),
        ("저는 거기에 갈 수 없습니다. 죄송합니다.", "I cannot go there. I apologize."),
        ("## 목차", "## Table of Contents"),
        ("비용이 들지 않습니다.", "It is free."),
    ],
)
def test_good_translations_are_left_alone(text, english):
    assert found(text, english, only="not_a_translation") == set()


@pytest.mark.parametrize(
    "text",
    [
        KOREAN,
        "네, 봄입니다.",
        "죄송합니다. 주문하신 물건은 내일 도착합니다.",
        "'봄'은 계절입니다.",
        '"봄이 왔다"',
        '{"이름": "봄", "나이": 3}',
        "참고: 비가 옵니다.",
        "```python\n# 봄\nprint('봄')\n```",
        "그는 도와줄 수 없다고 말했습니다.",
        "번역은 어려운 일입니다.",
        "물론이죠. 무엇이든 말씀하세요.",
    ],
)
def test_native_answers_are_left_alone(text):
    assert found(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "죄송하지만 저는 그 질문에 답변드릴 수 없습니다.",
        f"다음은 번역입니다:\n{KOREAN}",
        f"<think>음.</think>{KOREAN}",
        f'{{"translation": "{KOREAN}"}}',
        f"```\n{KOREAN}\n```",
    ],
)
def test_without_the_english(text):
    assert "not_a_translation" in {code for code, _ in found(text)}


@pytest.mark.parametrize(
    ("english", "text", "answered"),
    [
        ("What is the capital of France?", "프랑스의 수도는 파리입니다.", True),
        ("What is the capital of France?", "프랑스의 수도는 어디인가요?", False),
        ("What is the capital of France?", "프랑스의 수도가 어디인지 설명하세요.", False),
        ("Is a whale a mammal?", "네, 고래는 포유류입니다.", True),
        ("Is a whale a mammal?", "고래는 포유류인가요?", False),
        ("Give three tips for staying healthy.", "1. 고르게 먹습니다.\n2. 운동합니다.\n3. 충분히 잡니다.", True),
        ("Give three tips for staying healthy.", "건강을 지키는 방법을 세 가지 알려 주세요.", False),
        ("Describe the shape of the moon.", "달은 둥근 공 모양의 천체입니다.", True),
        ("Describe the shape of the moon.", "달의 모양을 설명합니다.", False),
        ("Write a short poem about the autumn sky.", "푸른 가을 하늘 아래\n바람이 붑니다.", True),
        ("Write a short poem about the autumn sky.", "가을 하늘에 관한 짧은 시를 쓰세요.", False),
        ("Create a list of subtopics for the topic.", "주제의 하위 주제 목록을 만듭니다.", False),
        ("Describe the shape of the moon.", "나다로 모자 아가도", False),
        ("Summarize the text in one sentence.", "글을 한 문장으로 간추립니다.", False),
        ("### Why does purity matter?", "### 순수성이 중요한 이유", False),
    ],
)
def test_an_instruction_carried_out_instead_of_translated(english, text, answered):
    assert bool(found(text, english, field="instruction", only="not_a_translation")) == answered


def test_a_question_that_holds_its_answer():
    record = {
        "id": "1",
        "instruction": "봄은 꽃이 피고 낮이 길어지는 계절입니다.",
        "output": "봄은 꽃이 피고 낮이 길어지는 계절입니다.",
        "original": {
            "instruction": "Tell me about the season.",
            "output": "Spring is the season of flowers and longer days.",
        },
    }
    assert ("instruction", "certain") in {(i["field"], i["severity"]) for i in issues_of(record, FOUR)}


def test_the_bundled_sample_is_clean():
    from hunmin import PACKAGE
    from hunmin.artifacts.record import read_jsonl

    english = {r["id"]: r for r in read_jsonl(PACKAGE / "data" / "en.jsonl")}
    for record in read_jsonl(PACKAGE / "data" / "ko.jsonl"):
        assert issues_of({**record, "original": texts(english[record["id"]])}, FOUR) == []


def test_a_refusal_of_the_model_is_told_from_one_in_the_text():
    english = "You cannot divide by zero."
    assert found("0으로 나눌 수 없습니다.", english, only="not_a_translation") == set()
    assert found("죄송하지만 이 글은 번역해 드릴 수 없습니다.", english, only="not_a_translation") == {
        ("not_a_translation", "certain")
    }
