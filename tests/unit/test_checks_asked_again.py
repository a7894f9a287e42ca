"""What a blind reader called false, by kind: the right pair is not `certain`, the wrong one of the kind still is."""

from __future__ import annotations

import pytest

from hunmin.translation.checks import DEFAULT
from hunmin.translation.checks.find_issues import issues_of_text, resolve_checks

CHECKS = resolve_checks(name for name in DEFAULT if name != "sense")


def codes(english: str, korean: str) -> list[str]:
    issues = issues_of_text(english, korean, CHECKS, {"field": "output", "path": "output"})
    return [issue["code"] for issue in issues if issue["severity"] == "certain"]


FENCED = (
    "**Bad:**\n```js\nconst a = pick(1);\nshow(a, 2);\n```\n\n"
    "**Good:**\n```js\nconst [b] = pick(1);\nshow(b, 2);\n```\n"
)
JS = (
    "The worker is started here.\n\n```js\nfunction start() {\n"
    "  const w = new Worker('w.js', {type: 'module'});\n  send(w, [w]);\n}\n```"
)
SET = "Clone it with:\n\n```bash\ngit clone [repository URL]\ncd /home/[your name]/tools\n```"
SHOWN = "    Lamp: cannot be lit because it is not in the house.\n    Look for it in the attic."
HEAD = "Title: Backgrounds\nDescription: How to add a background\nTOC: Backgrounds\n\nMost of the lamps are red."

RIGHT = {
    "labels between fences": (FENCED, FENCED.replace("Bad", "나쁜 예").replace("Good", "좋은 예")),
    "keys at the head of a page": (
        HEAD,
        "Title: 배경\nDescription: 배경을 넣는 법\nTOC: 배경\n\n등은 대부분 빨간색입니다.",
    ),
    "blanks beside signs": (
        JS,
        JS.replace("The worker is started here.", "여기서 워커를 시작합니다.")
        .replace("{type: 'module'}", "{ type: 'module' }")
        .replace("[w]", "[ w ]"),
    ),
    "blanks beside signs and a string in Korean": (
        JS.replace("module", "Ready now!"),
        JS.replace("The worker is started here.", "여기서 워커를 시작합니다.")
        .replace("'module'", "'준비되었습니다!'")
        .replace("start() {", "start(){"),
    ),
    "slots of a command": (
        SET,
        "다음으로 복제합니다.\n\n```bash\ngit clone [저장소 주소]\ncd /home/[내 이름]/tools\n```",
    ),
    "a slot in code marks": (
        "I use `Vue/Redux/{YOUR_TOOL}` at work.",
        "저는 일할 때 `Vue/Redux/{나의_도구}`를 씁니다.",
    ),
    "escaped brackets": ("The token \\(NFT\\) is new.", "토큰 (NFT)는 새것입니다."),
    "words in escaped brackets": (
        "The guide \\(Linux 2 users, see below\\) is here.",
        "안내서 (Linux 2 사용자는 아래 참조)가 여기 있습니다.",
    ),
    "an element closed in itself": ('### Lamps <a id="lamps"></a>', '### 등 <a id="lamps" />'),
    "a name with a digit before a particle": ('echo "It was $NAME1, then $NAME2"', 'echo "$NAME1였다가 $NAME2가 됨"'),
    "a string in a template's call": (
        'Say whether you follow #{link_to "the rules", data.rules}.',
        '#{link_to "그 규칙", data.rules}을 따르는지 말하세요.',
    ),
    "what cannot be translated": (
        "It checks the terms and the right use of elements that are not translated (like code).",
        "용어와 번역할 수 없는 요소(코드 등)를 올바로 썼는지 확인합니다.",
    ),
    "what a comment says that comes out": (
        '; This is an error.\n(f "a")\n; => Error: the name of this thing cannot be found in the list',
        '; 이것은 오류입니다.\n(f "a")\n; => Error: the name of this thing cannot be found in the list',
    ),
    "a statement with a string": (
        "% Atoms may hold blanks.\nWord = 'some of the words with a blank'.",
        "% 아톰에는 공백이 들어갈 수 있습니다.\nWord = 'some of the words with a blank'.",
    ),
    "the words that stand for want of another": (
        "Write it in a ${tone:calm and clear} voice for ${reader}.",
        "${reader}에게 ${tone:차분하고 또렷한} 목소리로 쓰세요.",
    ),
    "a list of data": ('It gives ["a", "b" ,"c"] back.', '["a", "b", "c"]를 돌려줍니다.'),
    "JSON behind another bracket": (
        'Use {form} here.\n\nFORMAT:\n{\n  "name": "the name",\n  "parts": ["a"]\n}',
        '여기에 {form}을 쓰세요.\n\n형식:\n{\n  "name": "이름",\n  "parts": ["a"]\n}',
    ),
    "attributes of an element over several lines": (
        'Lamps are here.\n\n<Box\n  title="Red lamps"\n  text="Use this to find a lamp."\n/>',
        '등이 여기 있습니다.\n\n<Box\n  title="빨간 등"\n  text="등을 찾을 때 쓰세요."\n/>',
    ),
    "line breaks that are written out": (
        'prompt: "Look at this:\\nEvaluate the lamp\\nScore it."',
        'prompt: "이것을 보세요:\\n등을 평가하세요\\n점수를 매기세요."',
    ),
    "a screen's label, a sum of words, a placeholder in capitals": (
        "Choose `Two-way Mode`, with `width * height * 4 * 1.33` and a USER_NAME.",
        "`양방향 모드`를 고르고 `너비 * 높이 * 4 * 1.33`과 사용자 이름을 넣으세요.",
    ),
    "what a program shows": (
        f"You may see this:\n\n{SHOWN}\n\nFind it.",
        f"이런 것이 나올 수 있습니다.\n\n{SHOWN}\n\n찾으세요.",
    ),
    "a name that the translation defines itself": (
        "The label `Article` is used.\n\n```sql\nMATCH (a:Article) RETURN a\n```",
        "라벨 `논문`을 씁니다.\n\n```sql\nMATCH (a:Article) RETURN a\n```",
    ),
    "thousands as half of the world writes them": ("It has 21.843 classes.", "클래스가 21,843개 있습니다."),
    "a picture of the screen in Korean": (
        "![Settings](https://cdn.example.org/v2/settings-en.png)",
        "![설정](https://cdn.example.org/v2/settings-ko.png)",
    ),
    "columns of a list of parameters": (
        "It asks:\n\n```\nQuery:\n  page   number    page number (default: 0)\n  sort   asc|desc  sort direction\n```",
        "물을 것:\n\n```\nQuery:\n  page   number  페이지 번호 (기본값: 0)\n  sort   asc|desc  정렬 방향\n```",
    ),
    "a placeholder among others in Korean": ("add --name=<prefix>/ here", "add --name=<접두어>/ 여기"),
    "a million of any noun": ("It draws 1 million pixels.", "백만 픽셀을 그립니다."),
    "a list told in sentences": ("Do:\n- open it\n- go in\n- close it", "열고, 들어가고, 닫으세요."),
    "code with a sentence put before it": (
        "```js\nconst a = pick(1);\nshow(a, 2);\n```",
        "여기서 고릅니다.\n\n```js\nconst a = pick(1);\nshow(a, 2);\n```",
    ),
    "block comments between ###": (
        "``` coffeescript\n###\nBlock comments are like these.\nThey go on.\n###\nnumber = 42\nshow(number)\n```",
        "``` coffeescript\n###\n블록 주석은 이렇습니다.\n이어집니다.\n###\nnumber = 42\nshow(number)\n```",
    ),
}
WRONG = {
    "a name changed between fences": (
        FENCED,
        FENCED.replace("Bad", "나쁜 예").replace("Good", "좋은 예").replace("show(b, 2)", "보이기(b, 2)"),
        "code_mixed",
    ),
    "a name changed beside blanks": (
        JS,
        JS.replace("The worker is started here.", "여기서 워커를 시작합니다.").replace("new Worker", "새 Worker"),
        "code_mixed",
    ),
    "a command changed beside a slot": (
        SET,
        "다음으로 복제합니다.\n\n```bash\ngit 복제 [저장소 주소]\ncd /home/[내 이름]/tools\n```",
        "code_mixed",
    ),
    "a name called in Korean": ("Use `range(10)` here.", "여기에 `범위(10)`을 쓰세요.", "code_mixed"),
    "an item of a list that is still one": ("- open it\n- go in\n- close it", "- 여세요\n- 닫으세요", "cut_off"),
    "JSON with a Korean key": (
        'FORMAT:\n{\n  "name": "the name",\n  "parts": ["a"]\n}',
        '형식:\n{\n  "이름": "이름",\n  "parts": ["a"]\n}',
        "markup",
    ),
    "a formula in escaped brackets": ("Take \\(a + b\\) now.", "이제 그 합을 취합니다.", "math_symbol"),
    "a tag half gone": ('### Lamps <a id="lamps"></a>', '### 등 <a id="lamps">', "markup"),
    "a sentence left in English": (
        "The lamp is on. The name of this thing cannot be found in the list.",
        "등이 켜져 있습니다. The name of this thing cannot be found in the list.",
        "untranslated",
    ),
    "a refusal": (
        "Lamps are red.",
        "죄송하지만 번역할 수 없습니다.",
        "not_a_translation",
    ),
}


@pytest.mark.parametrize("pair", RIGHT.values(), ids=RIGHT)
def test_right_pairs_are_not_certain(pair):
    assert codes(*pair) == []


@pytest.mark.parametrize(("english", "korean", "code"), WRONG.values(), ids=WRONG)
def test_wrong_pairs_of_the_kind_still_are(english, korean, code):
    assert code in codes(english, korean)
