"""What keeps two similar records apart: their few differences change what is said, asked or answered.

Each rule looks only at what differs, so that noise in long texts stays noise: other numbers in one problem, a negation
put in, a word for its opposite, two names that change their particles (who does what to whom), another question or
answer beside equal text, tasks about the speech level itself, code or fields that a reader sees otherwise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from ..text.korean import role, stem
from ..text.normal import squash
from .compared import Compared
from .shingles import UNITS, plain, similarity

TOKEN = re.compile(r"\d+(?:[.,:/]\d+)*|[가-힣]+|[^\W\d_가-힣]+(?:['’][a-z]+)?|[-+*/=<>^²³¹⁰-ₜ]")
NOT_KOREAN = re.compile(
    r"않|없|아닌|아닙|아니|아녜|못[하한할했해합]|마세요|마십|마시오|말[고라아았자]|모르|모릅|모른|몰[라랐]|불가"
)
NOT_ENGLISH = re.compile(r"^(?:not|no|never|none|without|cannot|neither|nor)$|n['’]t$")
IS_NOT = ("안", "못")
OPPOSITES = tuple(  # words that stand for each other in one sentence and turn it round
    pair.split("/")
    for pair in (
        "오전/오후 장점/단점 찬성/반대 유효/무효 유리/불리 증가/감소 상승/하락 최대/최소 최고/최저 "
        "수입/수출 수입/지출 남한/북한 남쪽/북쪽 동쪽/서쪽 왼쪽/오른쪽 이전/이후 이상/이하 초과/미만 "
        "상위/하위 긍정/부정 성공/실패 시작/종료 오름/내림 오르/내리 올랐/내렸 올라/내려 올리/내리 켜/끄 "
        "켜/꺼 켤/끌 켠/끈 열/닫 늘/줄 크/작 큰/작은 많/적 많은/적은 높/낮 높은/낮은 길/짧 긴/짧은 "
        "빠르/느리 빠른/느린 좋/나쁘 좋은/나쁜 더하/빼 더한/뺀 곱하/나누 사/팔 첫째/둘째 둘째/셋째 "
        "첫째/셋째 전반/후반 앞/뒤 위/아래 안쪽/바깥쪽 공격/수비 참/거짓 advantages/disadvantages "
        "increase/decrease increases/decreases before/after maximum/minimum largest/smallest "
        "ascending/descending true/false left/right first/second first/last"
    ).split()
)
FORM_TASK = tuple(
    "반말 존댓말 존대 높임 공손 정중 해요체 합쇼체 하십시오체 합니다체 해라체 하오체 하게체 평어 경어 격식 구어체 "
    "문어체 문체 말투 어투 말끝 어미를 종결어미 조사를 조사의 맞춤법 띄어쓰기 사투리 방언".split()
)
FORM_HINT = ("ormal", "olite", "onorific", "peech level", "asual")
FORM_ENGLISH = re.compile(r"\b(?:(?:in)?formal|polite(?:ly)?|honorifics?|speech level|casual(?:ly)?)\b", re.IGNORECASE)
QUESTION = re.compile(r"(?:\?|까|나요|가요|는가|은가|인가|ㄴ가|니|냐|무엇|누구|어디|언제|얼마|왜)[\"'”’)\s.]*$")
HANGUL_WORD = re.compile("[가-힣]+")
SENTENCE = re.compile(r"(?<=[.?!。…])\s+|\n+")
NUMBER = re.compile(r"[\d²³¹⁰-₉]+(?:[.,:/]\d+)*")
SAME = 0.9
FEW = 2  # other differing words up to which a negation is what the difference is about
OTHER_PART = 0.25  # similarity below which what differs of two parts has nothing in common
OTHER_QUESTION = 0.6
SCRAP = 7
DOER, DONE_TO = ("subject", "topic"), ("object", "to", "than")


def keeps_apart(a: Compared, b: Compared, like: float) -> str:
    """Give why two similar records are no duplicates, in one word; "" when nothing speaks against it.

    `like` is their Jaccard similarity, 0 to 1.
    """
    if a.squashed == b.squashed and a.identity != b.identity:
        return "contradiction" if a.swapped == b.identity else "layout"
    if _crossed(a, b):
        return "contradiction"
    if a.label != b.label:
        return "label"
    left, right = _differing(a, b)
    return _words(a, b, left, right) or _parts(a, b, like)


def _crossed(a: Compared, b: Compared) -> bool:
    """Tell whether one's chosen is like the other's rejected, and the other way round."""
    if not any(role == "chosen" for role, _ in a.parts):
        return False
    mine, other = ({r: t for r, t in c.parts if r in ("chosen", "rejected")} for c in (a, b))
    if len(mine) < 2 or len(other) < 2:
        return False

    def like(x: str, y: str) -> float:
        return _similarity(mine[x], other[y], a.unit)

    crossed = min(like("chosen", "rejected"), like("rejected", "chosen"))
    return crossed > 0.5 and crossed > min(like("chosen", "chosen"), like("rejected", "rejected"))


def _similarity(x: str, y: str, unit: str) -> float:
    return 1.0 if x == y else similarity(plain(UNITS[unit](x)), plain(UNITS[unit](y)))


def _differing(a: Compared, b: Compared) -> tuple[list[str], list[str]]:
    """Give the words, parted at spaces, that each has more often than the other."""
    mine, other = (" ".join([text for _, text in c.parts]).lower().split() for c in (a, b))
    has, theirs = set(mine), set(other)
    left, right = [w for w in mine if w not in theirs], [w for w in other if w not in has]
    if left and right and len(mine) - len(left) == len(other) - len(right):  # the words of both stand there as often
        return left, right
    counted = Counter(mine), Counter(other)
    return _more(*counted), _more(*reversed(counted))


def _only_numbers(a: Compared, b: Compared) -> bool:
    """Tell whether two records are the same but for their numbers, and the particles that follow these."""
    grams = [plain(NUMBER.sub("0", c.letters)) for c in (a, b)]
    return similarity(*grams) >= SAME


def _more(mine: Counter[str], other: Counter[str]) -> list[str]:
    """Give the words that the first has more often, as often as that."""
    return [w for w, n in mine.items() for _ in range(n - other.get(w, 0))]


def _words(a: Compared, b: Compared, left: list[str], right: list[str]) -> str:
    mine, other = (Counter(TOKEN.findall(" ".join(side))) for side in (left, right))
    left, right = _more(mine, other), _more(other, mine)
    if not left and not right:
        if _numbers_moved(a, b):
            return "numbers"
        return "roles" if _moved(a, b) else ""
    words = [[w for w in side if w[0].isalpha()] for side in (left, right)]
    numbers = [len(side) - len(own) for side, own in zip((left, right), words, strict=True)]
    if all(numbers) and max(numbers) > max(sum(len(w) > 1 for w in side) for side in words) and _only_numbers(a, b):
        return "numbers"
    korean = [[w for w in side if "가" <= w[0] <= "힣"] for side in words]
    if all(korean) and _turned(*korean):
        return "roles"
    stems = [Counter(stem(w) if "가" <= w[0] <= "힣" else w for w in side) for side in words]
    differ = max(len(_more(stems[k], stems[1 - k])) for k in (0, 1))
    if differ <= FEW + 1 and _negations(left, right, mine, other):
        return "negation"
    if differ <= FEW and _opposite(*(list(_more(stems[k], stems[1 - k])) for k in (0, 1))):
        return "opposite"
    if any(_form_task(text) for c in (a, b) for text in _asked(c)):
        return "form"
    if max(map(len, words)) > differ and _two_levels(a, b):
        return "form"
    return ""


def _opposite(left: list[str], right: list[str]) -> bool:
    """Tell whether one has a word where the other has its opposite, in the same form: 장점을 and 단점을."""
    for x in left:
        for y in right:
            for one, other in OPPOSITES:
                for p, q in ((one, other), (other, one)):
                    if x.startswith(p) and y.startswith(q) and (min(len(p), len(q)) > 1 or x[len(p) :] == y[len(q) :]):
                        return True
    return False


def _numbers_moved(a: Compared, b: Compared) -> bool:
    """Tell whether the same numbers stand in other places of the same text: 3월 5일 and 5월 3일."""
    if not NUMBER.search(a.letters) or NUMBER.findall(a.letters) == NUMBER.findall(b.letters):
        return False
    return NUMBER.sub("0", a.letters) == NUMBER.sub("0", b.letters)


def _form_task(text: str) -> bool:
    if any(word in text for word in FORM_TASK):
        return True
    return any(hint in text for hint in FORM_HINT) and bool(FORM_ENGLISH.search(text))


def _asked(c: Compared) -> Iterable[str]:
    yield c.system
    for who, text in c.parts:
        if who == "user":
            yield text


def _two_levels(a: Compared, b: Compared) -> bool:
    """Tell whether a record's own parts are one text in two speech levels: then the level is the task."""
    return any(
        x != y and len(x) > 5 and UNITS["jamo"](x) == UNITS["jamo"](y)
        for c in (a, b)
        for (_, x), (_, y) in zip(c.parts, c.parts[1:], strict=False)
        if squash(x) != squash(y) and abs(len(x) - len(y)) < 0.5 * len(x)
    )


def _negations(left: list[str], right: list[str], mine: Counter[str], other: Counter[str]) -> bool:
    def count(side: list[str], opposite: Counter[str]) -> int:
        return sum(
            w in IS_NOT
            or bool(NOT_KOREAN.search(w) or NOT_ENGLISH.search(w))
            or (w[0] in IS_NOT and len(w) > 1 and w[1:] in opposite)
            for w in side
        )

    return count(left, other) != count(right, mine)


def _turned(left: list[str], right: list[str]) -> bool:
    """Tell whether nouns changed their part: a doer became what it is done to, or two nouns changed places."""
    mine, other = ([role(w) for w in side] for side in (left, right))
    both = {noun for noun, _ in mine} & {noun for noun, _ in other}
    if not both:
        return False
    counts: dict[str, Counter[str]] = {noun: Counter() for noun in both}
    for roles, sign in ((mine, -1), (other, 1)):
        for noun, part in roles:
            if noun in both:
                counts[noun][part] += sign
    changed = set()
    for parts in counts.values():
        gained = {part for part, n in parts.items() if part and n > 0}
        lost = {part for part, n in parts.items() if part and n < 0}
        if sum(n for part, n in parts.items() if part in DOER) == 0:  # 은/는 for 이/가 as often as it is missing
            gained -= set(DOER)
            lost -= set(DOER)
        changed |= {(x, y) for x in lost for y in gained}
    return _parts_changed(changed)


def _moved(a: Compared, b: Compared) -> bool:
    """Tell whether the same words follow each other with particles that say another doer."""
    mine, other = ([w for _, text in c.parts for w in HANGUL_WORD.findall(text)] for c in (a, b))
    if len(mine) != len(other) or any(stem(x) != stem(y) for x, y in zip(mine, other, strict=True) if x != y):
        return False
    pairs = {(role(x)[1], role(y)[1]) for x, y in zip(mine, other, strict=True) if x != y}
    return _parts_changed({(x, y) for x, y in pairs if x and y and x != y})


def _parts_changed(changed: set[tuple[str, str]]) -> bool:
    if any("subject" in (x, y) and (x in DONE_TO or y in DONE_TO) for x, y in changed):
        return True
    if {("to", "from"), ("from", "to")} & changed:
        return True
    return any((y, x) in changed for x, y in changed if not {x, y} <= set(DOER))


def _parts(a: Compared, b: Compared, like: float) -> str:
    """Tell whether a part that is not common to both has another content: another answer, another question."""
    # grams that differ in all: where they are few against the rest of a part, that rest is alike
    differing = (len(a.grams) + len(b.grams)) * (1 - like) / (1 + like)
    if [r for r, _ in a.parts] != [r for r, _ in b.parts]:
        return ""
    whole = [text for who, text in a.parts if who == "user"]
    for (who, x), (_, y) in zip(a.parts, b.parts, strict=True):
        if x == y:
            continue
        left, right = _rest(x, y)
        if not left or not right:
            continue
        if who == "user" and min(sum(map(len, left)), sum(map(len, right))) < SCRAP and SENTENCE.search(x):
            continue  # a word or less beside equal sentences asks nothing else
        asks = who == "user" and _asks(left) and _asks(right)
        if differing < (0.2 if asks else 0.5) * max(sum(map(len, left)), sum(map(len, right))):
            continue
        if not asks and _shared_words(left, right) >= 0.6:
            continue
        rest = _similarity(" ".join(left), " ".join(right), a.unit)
        if rest < OTHER_PART:
            return "answer" if who != "user" else "question"
        small = 2 * sum(map(len, left)) < len(x) or any(t in whole for _, t in b.parts if t != y)
        if asks and small and rest < OTHER_QUESTION:
            return "question"
    return ""


def _shared_words(left: list[str], right: list[str]) -> float:
    """Give the Jaccard similarity of words: where half are shared, the letters are alike too, and it costs little."""
    mine, other = (set(" ".join(side).split()) for side in (left, right))
    return len(mine & other) / len(mine | other)


def _asks(sentences: list[str]) -> bool:
    return bool(QUESTION.search(sentences[-1]))


def _rest(x: str, y: str) -> tuple[list[str], list[str]]:
    """Give the sentences of each text that the other has not, by their letters."""
    if not SENTENCE.search(x) and not SENTENCE.search(y):
        return [x], [y]
    mine, other = ({"".join(s.split()).lower(): s for s in SENTENCE.split(t) if s} for t in (x, y))
    return [s for k, s in mine.items() if k and k not in other], [s for k, s in other.items() if k and k not in mine]
