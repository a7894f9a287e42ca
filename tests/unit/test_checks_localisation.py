"""What translators may do is no damage, and what is certain is damage: the rules on text that people translated."""

from __future__ import annotations

import pytest

from hunmin.text.segments import find_spans
from hunmin.translation.checks import DEFAULT
from hunmin.translation.checks.find_issues import issues_of_text, resolve_checks

CHECKS = resolve_checks(DEFAULT)
CONTEXT = {"field": "output", "path": "output"}


def severities(english: str, korean: str) -> set[str]:
    return {i["severity"] for i in issues_of_text(english, korean, CHECKS, CONTEXT)}


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        # formulas that stand, in whatever writing
        ("Total: 8+4*m=40\n4*m=40-8=32\n4m=32\nm=8", "합계: 8+4*m=40\n4*m=40-8=32\n4m=32\nm=8"),
        (
            "He has 2 + 3 = 5 eggs.\nSo 5 * 2 = 10 in all.",
            "그는 2 + 3 = 5개의 달걀이 있습니다. 그래서 모두 5 * 2 = 10개입니다.",
        ),
        ("It is 3 x 4 = 12 cm.", "3 × 4 = 12 cm입니다."),
        ("If x >= 4 then go.", "x ≥ 4이면 가세요."),
        ("It is 12*1000=12,000 dollars.", "12*1000=$12,000입니다."),
        ("So 3*4=12 dollars.", "그래서 3달러 * 4송이 = 12달러입니다."),
        ("There are 15*33 = 495 pupils.", "33*15 = 495명의 학생이 있습니다."),
        ("Go to File → Options → Save.", "파일 → 옵션 → 저장으로 가세요."),
        ("It takes <5 minutes.", "5분 미만이 걸립니다."),
        # labels, lists, terms, marks
        ("This part is buggy: it counts only once.", "이 부분은 버그가 있습니다. 한 번만 셉니다."),
        ("1. one\n1. two\n1. three", "1. 하나\n2. 둘\n3. 셋"),
        ('Press ("blur") now.', "지금 (blur)를 누르세요."),
        ('It takes a function (the "Action") here.', "여기서 함수(액션)를 받습니다."),
        ("- **Cost**: low\n- **Speed**: high", "- <strong>비용</strong>: 낮음\n- <strong>속도</strong>: 높음"),
        ("It is *really* late today.", "오늘은 **정말** 늦었습니다."),
        # links, tags, anchors
        ('<img src="a.png" alt="A cat on a mat"/> is here.', '<img src="a.png" alt="매트 위의 고양이"/>가 있습니다.'),
        (
            "See [it](https://developer.mozilla.org/en-US/docs/Web/API).",
            "[이것](https://developer.mozilla.org/ko/docs/Web/API)을 보세요.",
        ),
        ("See [it](https://javascript.info/classes).", "[이것](https://ko.javascript.info/classes)을 보세요."),
        ("See [it](./assets/one.png).", "[이것](../../images/ko/one.webp)을 보세요."),
        (
            "See [the guide](/learn/how-to-use-the-thing-in-the-world).",
            "[안내서](/learn/how-to-use-the-thing-in-the-world)를 보세요.",
        ),
        ("## Check your data [[check-your-data]]", "## 데이터 확인하기"),
        ("## How to opt out {/*how-to-opt-out-of-it*/}", "## 빠지는 방법 {/*how-to-opt-out-of-it*/}"),
        # code
        ("```mermaid\ngraph TD\n  A[User] --> B[Agent]\n```", "```mermaid\ngraph TD\n  A[사용자] --> B[에이전트]\n```"),
        ("```js {1,2}\ngo(1) // now\n```", "```js\ngo(1) // 지금\n```"),
        ("```js\n<p>Hello {name}</p>\n```", "```js\n<p>안녕하세요 {name}</p>\n```"),
        ("x = 40 + 23\nx = 63", "x = 40 + 23 x = 63"),
        ("It *runs*--it's fast.", "그것은 *빠르게* 돕니다."),
    ],
)
def test_is_not_certain(english, korean):
    assert "certain" not in severities(english, korean)


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("See https://docs.example.org/a now.", "지금 https://docs.exmple.org/a 를 보세요."),
        ("For 2x + 3 ≤ 11 it holds.", "2x + 3 < 11이면 성립합니다."),
        ("The value NA<sub>f</sub> is small.", "값 NA <sub></sub>f는 작습니다."),
        ("Solve:\n$$x^2 = 4$$\nNow.", "푸세요:\n$ $x^2 = 4$ $\n이제."),
        ("Name: Jane\nFormat: PDF", "이름: 제인\n형식 PDF"),
        ("Name: Jane\nformat: PDF", "이름: 제인\n형식 PDF"),
        ("```python\ndef add(a, b):\n    return a + b\n```", "```python\ndef 더하기(a, b):\n    return a + b\n```"),
        (
            "```python\nfor x in y:\n    if x <= 3:\n        go(x)\n```",
            "```python\nfor x in y:\n    if x < 3:\n        go(x)\n```",
        ),
        ("The boy went to the market because he needed some bread.", "소년은 빵이 필요했기 때문에"),
    ],
)
def test_is_certain(english, korean):
    assert "certain" in severities(english, korean)


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("Title: Dune (2021)", "영화 듄 2021"),
        ("format: PDF", "형식 PDF"),
        ("Name: tags\nType: list", "이름: tags\n유형: 목록"),
        ('Use =IF(A1="Yes","OK","No") here.', '여기에 =IF(A1="예","확인","아니요")를 쓰세요.'),
        ("The old bridge over the river was repaired last summer by the city.", "강 위의 낡은 다리는 지난여름에 시가"),
        ("Call `print` now.", "지금 print를 부르세요."),
        ("He spent 48+18 = 66 dollars.", "그는 66달러를 썼습니다."),
    ],
)
def test_is_found(english, korean):
    assert severities(english, korean)


def test_spans_of_links_attributes_and_anchors():
    text = 'See [it](/a/b#c-d) <img src="https://a.b/c.png" alt="A cat"/>\n## Title {/*abc-d*/}'
    found = {span.of(text): span.kind for span in find_spans(text)}
    assert found["/a/b#c-d"] == "url" and found['<img src="https://a.b/c.png" alt="'] == "tag"
    assert found[" {/*abc-d*/}"] == "structure" and not any("A cat" in piece for piece in found)
