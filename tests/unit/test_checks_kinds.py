"""Kinds of text that translators write and no damage is, and the damage beside each that stays certain."""

from __future__ import annotations

import pytest

from hunmin.text.segments import is_code
from hunmin.translation.checks import DEFAULT
from hunmin.translation.checks.find_issues import issues_of_text, resolve_checks

CHECKS = resolve_checks(DEFAULT)
CONTEXT = {"field": "output", "path": "output"}


def certain(english: str, korean: str) -> set[str]:
    found = issues_of_text(english, korean, CHECKS, CONTEXT)
    return {issue["code"] for issue in found if issue["severity"] == "certain"}


FENCE = "1. A\n\n```\n{}\n```"


@pytest.mark.parametrize(("english", "korean"), [
    # numbers in Korean writing
    ("The prize is 1 million yen.", "상금은 백만 엔입니다."),
    ("It costs $37 billion.", "370 억 달러가 듭니다."),
    ("It reached 2.25 billion people.", "22 억 5 천만 명에게 닿았습니다."),
    ("They gave $35 million.", "그들은 3천5백만 달러를 냈습니다."),
    ("He sold it for £125m.", "그는 그것을 1억 2500만 파운드에 팔았습니다."),
    ("It makes 18,500 megawatts.", "1만8500메가와트를 만듭니다."),
    ("He has 142 million followers.", "팔로워가 1억 4천 2백만 명입니다."),
    ("Chloe has 24 mittens.", "클로이는 장갑 스물 네 개가 있습니다."),
    ("It opens at 6.30.", "6시 30분에 엽니다."),
    ("She won in 13.04 seconds.", "그는 13초04로 이겼습니다."),
    ("It holds from Saturday 21st to Sunday 22nd June.", "6월 21일 토요일부터 22일 일요일까지 열립니다."),
    ("They met on June 15.", "그들은 6.15에 만났습니다."),
    ("It rained 36 inches (900 mm).", "비가 900 mm 왔습니다."),
    ("It is 77 degrees.", "25도입니다."),
    ("100% of the applications were tested.", "모든 애플리케이션을 시험했습니다."),
    ("Published at 2018-10-17 14:00:00 (UTC)", "2018-10-17 23:00:00 (KST) 공개"),
    ("All of HTML 5 works with version 4 of it.", "HTML5는 모두 그 v4에서 됩니다."),
    ("He ate 3 and a half pints.", "그는 3파인트와 1/2을 먹었습니다."),
    ("I see &#8212; well, nothing.", "글쎄요, 아무것도 보이지 않습니다."),
    ("They reigned from 300 to 200 BC.", "그들은 기원전 300년에서 200년까지 다스렸습니다."),
    # paragraphs, lists and tables that are broken elsewhere
    ("It needs at least Helm\n3. Charts of old\nuse v1.", "적어도 헬름 3이\n필요하다. 옛 차트는\nv1을 쓴다."),
    ("We know 1) and 2):\n1) the wins\n2) the losses\nSo it is 8.", "1) 이긴 수와 2) 진 수를 압니다. 그래서 8입니다."),
    ("A | B |\n--- | --- |\none | two |", "가 | 나\n--- | ---\n하나 | 둘"),
    ("Read [the official\ndocs](https://a.org/x) now\nand then.", "지금 그리고 나중에\n[공식 문서](https://a.org/x)를\n읽으세요."),
    # marks of a page
    ("Before.\n\n> [!TIP]\n> Read it.", "앞.\n\n<Tip>\n읽으세요.\n</Tip>"),
    (":::caution[Deprecated]\nGone.\n:::", ":::caution[사용되지 않음]\n없어졌습니다.\n:::"),
    ("See [the language FAQ][faq] here.", "여기 [언어 FAQ][faq]를 보세요."),
    ("\\[BUG\\] It fails.", "\\[버그\\] 실패합니다."),
    ("Find <a href=\"https://a.org/b\">it</a> here.", "[그것](https://a.org/b)을 찾으세요."),
    ("The **#Azure channel** and `M` of M#byteoffset.", "**#Azure 채널**과 `M#byteoffset`의 `M`입니다."),
    # code
    ("Run `start()  # starts it` now.", "지금 `start()  # 시작합니다`를 실행하세요."),
    ("It has the shape `(frequencies, sequence length)`.", "모양은 `(주파수, 시퀀스 길이)`입니다."),
    ("Use `f(a,b)` and `typescript>=4.4`.", "`f(a, b)`와 `typescript >=4.4`를 쓰세요."),
    ("The releases(1.8.x) are affected.", "릴리스(1.8.x)가 해당됩니다."),
    (FENCE.format("4. Potatoes (for the oven)\n5. Fish (2 grams)"), FENCE.format("4. 감자(오븐용)\n5. 생선(2그램)")),
    (FENCE.format("  -a, --all    show all (default 256)"), FENCE.format("  -a, --all    모두 표시 (기본값 256)")),
    (FENCE.format("import {A} from 'b'\nf(x)"), FENCE.format('import { A } from "b";\nf(x)')),
])  # fmt: skip
def test_is_not_certain(english, korean):
    assert certain(english, korean) == set()


@pytest.mark.parametrize(("english", "korean", "code"), [
    ("It costs $37 billion.", "37억 달러가 듭니다.", "number_lost"),
    ("He sold it for £125m.", "그는 그것을 125만 파운드에 팔았습니다.", "number_lost"),
    ("It rained 36 inches (900 mm).", "비가 500 mm 왔습니다.", "number_lost"),
    ("They met on June 15.", "그들은 6.16에 만났습니다.", "number_lost"),
    ("Chloe has 24 mittens.", "클로이는 장갑 34개가 있습니다.", "number_lost"),
    ("She won in 13.04 seconds.", "그는 13초14로 이겼습니다.", "number_lost"),
    ("Set `tf.keras.Model` first.", "먼저 `tf. keras.Model`을 두세요.", "code_mixed"),
    ("Call `useSWRInfinite` now.", "지금 `userSWRInfinite`를 부르세요.", "code_mixed"),
    ("- wins\n- losses of the team\n- draws in all", "- 승리\n- 무승부 모두", "cut_off"),
])  # fmt: skip
def test_is_certain(english, korean, code):
    assert code in certain(english, korean)


def test_a_remark_without_its_label_is_review():
    english = "It is done.\nNote: the file is read twice."

    def found(korean: str) -> list[tuple[str, str]]:
        return [(i["code"], i["severity"]) for i in issues_of_text(english, korean, CHECKS, CONTEXT)]

    assert found("끝났습니다.\n파일을 두 번 읽습니다.") == [("markup", "review")]
    assert found("끝났습니다.\n참고: 파일을 두 번 읽습니다.") == found("끝났습니다.\n단, 파일을 두 번 읽습니다.") == []


@pytest.mark.parametrize("text", [
    "#### Returns\n\n(`(value: number) => number`): A function that maps `value` to `value * 2`.",
    "import { A } from 'a';\nimport B from 'b';\nimport C from 'c';\nimport D from 'd';\n\n"
    "[Strapi](https://strapi.io/) is an open-source, customizable, headless CMS.",
])  # fmt: skip
def test_a_page_with_a_sentence_is_no_code(text):
    assert not is_code(text)


def test_letters_that_are_no_roman_numeral():
    from hunmin.text.english_numerals import implied

    assert [(text, int(value)) for text in ("LL", "VV", "IL", "XL", "XLII") for *_, value, _ in implied(text)] == [
        ("XL", 40), ("XLII", 42),
    ]  # fmt: skip
