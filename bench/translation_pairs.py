"""Clean English-Korean pairs for bench/translation_check.py: the bundled records, and pairs composed from templates of
our own.

The templates exist to give each kind of perturbation at least 100 distinct pairs: code, LaTeX, lists, links,
placeholders and marked
words stand in the places where instruction data has them. `family` says where a pair comes from, so that figures can
be read apart.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from hunmin.artifacts.record import get_text, read_jsonl, texts

DATA = Path(__file__).parent.parent / "src" / "hunmin" / "data"


@dataclass(frozen=True)
class Pair:
    """An English text and its good Korean translation; `field` and `instruction` are what a check may know of the
    record.
    """

    name: str
    english: str
    korean: str
    family: str
    field: str = "output"
    instruction: str = ""


def bundled() -> list[Pair]:
    """Give every text field of the bundled sample with its translation."""
    korean = {record["id"]: record for record in read_jsonl(DATA / "ko.jsonl")}
    found = []
    for record in read_jsonl(DATA / "en.jsonl"):
        for path, english in texts(record).items():
            field = path if not path.startswith("messages.") else "output"
            instruction = record.get("instruction", "") if field == path else ""
            found.append(
                Pair(
                    f"{record['id']}/{path}",
                    english,
                    get_text(korean[record["id"]], path),
                    "bundled",
                    field,
                    instruction,
                )
            )
    return found


def varied() -> list[Pair]:
    """Give short pairs of many kinds, translated freely: numerals in words, dates, lists, code, tables, titles."""
    rows = read_jsonl(Path(__file__).parent / "translation_varied.jsonl")
    return [Pair(f"varied-{i}", row["english"], row["korean"], "varied") for i, row in enumerate(rows)]


SENTENCES = [
    ("The market opens early on Saturday.", "시장은 토요일에 일찍 문을 엽니다."),
    ("My neighbor grows tomatoes on the roof.", "이웃은 옥상에서 토마토를 키웁니다."),
    ("Please bring a warm coat, because it gets cold at night.", "밤에는 추워지므로 따뜻한 외투를 가져오세요."),
    ("The second experiment gave a different result.", "두 번째 실험에서는 다른 결과가 나왔습니다."),
    ("Children under six travel free of charge.", "여섯 살 미만의 어린이는 무료로 탈 수 있습니다."),
    ("She explained the rule with a simple drawing.", "그는 간단한 그림으로 규칙을 설명했습니다."),
    ("Rain is expected in the afternoon.", "오후에 비가 올 것으로 보입니다."),
    ("The teacher collected the essays and left the room.", "선생님은 글을 걷고 교실을 나갔습니다."),
    ("Do not open the valve before the pressure has dropped.", "압력이 떨어지기 전에는 밸브를 열지 마세요."),
    ("Is there a pharmacy near the station?", "역 근처에 약국이 있나요?"),
    ("The old bridge was repaired last summer.", "낡은 다리는 지난여름에 고쳤습니다."),
    ("Nobody answered the phone, so he wrote a letter.", "아무도 전화를 받지 않아서 그는 편지를 썼습니다."),
    ("A good summary leaves out the details.", "좋은 요약은 자잘한 내용을 빼 놓습니다."),
    ("The bakery sells fresh bread every morning.", "빵집에서는 아침마다 갓 구운 빵을 팝니다."),
    ("Try to sleep at the same time every day.", "매일 같은 시각에 자도록 해 보세요."),
    ("The committee could not agree on a date.", "위원회는 날짜에 합의하지 못했습니다."),
    ("Plants need light, water and air.", "식물에는 빛과 물과 공기가 필요합니다."),
    ("What a beautiful garden you have!", "정원이 정말 아름답네요!"),
    ("The engine stops when the battery is empty.", "배터리가 다 닳으면 엔진이 멈춥니다."),
    ("He apologized and promised to be on time.", "그는 사과하고 시간을 지키겠다고 약속했습니다."),
    ("Most visitors come by train.", "방문객은 대부분 기차로 옵니다."),
    ("Wash your hands before you touch the dough.", "반죽을 만지기 전에 손을 씻으세요."),
    ("The report will be published next month.", "보고서는 다음 달에 나올 예정입니다."),
    ("Light travels faster than sound.", "빛은 소리보다 빠르게 움직입니다."),
    ("We compared both methods and chose the cheaper one.", "두 방법을 비교하여 더 싼 쪽을 골랐습니다."),
    ("The museum is closed on Monday.", "박물관은 월요일에 쉽니다."),
    ("How do I remove ink from a wooden table?", "나무 탁자에 묻은 잉크는 어떻게 지우나요?"),
    ("A strong password is long and unusual.", "좋은 비밀번호는 길고 흔하지 않습니다."),
    ("The river floods its banks in spring.", "강은 봄에 둑을 넘칩니다."),
    ("Thank you for your patience.", "기다려 주셔서 감사합니다."),
]
NUMBERED = [
    ("The room holds {a} people and {b} tables.", "방에는 {a}명과 탁자 {b}개가 들어갑니다."),
    ("Bake it for {a} minutes at {b} °C.", "{b} °C에서 {a}분 동안 굽습니다."),
    ("In {y} the town had {c} inhabitants.", "{y}년에 마을의 인구는 {c}명이었습니다."),
    ("The ticket costs {c} won, a return ticket {d} won.", "표는 {c}원이고 왕복표는 {d}원입니다."),
    ("Add {a} g of sugar and {b} ml of milk.", "설탕 {a} g과 우유 {b} ml를 넣습니다."),
    ("About {a}% of the {c} voters stayed at home.", "유권자 {c}명 가운데 약 {a}%가 투표하지 않았습니다."),
    ("The path is {f} km long and climbs {e} m.", "길은 {f} km이고 {e} m를 올라갑니다."),
    ("She paid ${e} for {a} notebooks.", "그는 공책 {a}권에 {e}달러를 냈습니다."),
    ("The meeting lasts from {h}:30 to {i}:15.", "회의는 {h}:30부터 {i}:15까지입니다."),
    ("After {a} days the price rose by {g} percent.", "{a}일 뒤에 값이 {g}퍼센트 올랐습니다."),
]
CODE = [
    (
        "def {n}(values, limit):\n    total = 0\n    for value in values:\n        if value <= limit:\n            "
        "total += value * {k}\n    return total",
        "python",
    ),
    (
        'def {n}(path):\n    with open(path, encoding="utf-8") as file:\n        rows = [line.strip() for line in '
        'file]\n    print("{w}", len(rows))\n    return rows[{k}:]',
        "python",
    ),
    (
        'function {n}(items) {{\n  const found = items.filter((item) => item.price > {k});\n  console.log("{w}", '
        "found.length);\n  return found;\n}}",
        "javascript",
    ),
    (
        "SELECT name, {n}\nFROM orders\nWHERE {n} >= {k} AND city = '{w}'\nORDER BY name;",
        "sql",
    ),
    (
        "public static int {n}(int[] data) {{\n    int best = {k};\n    for (int i = 0; i < data.length; i++) {{\n  "
        "      if (data[i] > best) {{\n            best = data[i];\n        }}\n    }}\n    "
        'System.out.println("{w}");\n    return best;\n}}',
        "java",
    ),
    (
        'class {N}:\n    def __init__(self, size={k}):\n        self.size = size\n        self.label = "{w}"\n\n'
        "    def {n}(self):\n        return self.size * 2 + 1",
        "python",
    ),
    (
        'for name in *.{n}; do\n  if [ -f "$name" ]; then\n    echo "{w}: $name"\n  fi\ndone | head -n {k}',
        "bash",
    ),
]
NAMES = (
    "sum_below read_lines find_cheap total_price best_score count_words order_value load_table "
    "next_token make_index user_rank merge_rows"
).split()
WORDS = "done result Seoul total ready count level first green value other empty".split()
CODE_TEXTS = [
    (
        "Use this code:\n\n```{l}\n{c}\n```\n\nCall `{n}` once.",
        "다음 코드를 쓰세요:\n\n```{l}\n{c}\n```\n\n`{n}`을 한 번 부릅니다.",
    ),
    ("{c}", "{c}"),
    ("What does this do?\n\n```{l}\n{c}\n```", "이 코드는 무엇을 하나요?\n\n```{l}\n{c}\n```"),
    (
        "The name `{n}` says little. Here is the whole program:\n\n```{l}\n{c}\n```\n\nIt stops when the input ends.",
        "`{n}`이라는 이름은 뜻이 분명하지 않습니다. 전체 프로그램은 다음과 같습니다:\n\n```{l}\n{c}\n```\n\n입력이 끝나면 멈춥니다.",  # noqa: E501
    ),
]
LATEX = [
    r"$x^2 - {a}x + {b} = 0$",
    r"$\frac{{{a}}}{{{b}}} + \frac{{1}}{{{c}}}$",
    r"$\sqrt{{{a}}} \approx {b}.{c}$",
    r"$\sum_{{k=1}}^{{{a}}} k^{b}$",
    r"\[ \int_0^{{{a}}} ({b}x^2 + {c}) \, dx \]",
    r"$\sin({a}x) + \cos({b}x)$",
    r"$\log_{{{a}}} {b}{c}$",
    r"\( {a}n + {b} \le {c}m \)",
    r"$\alpha + {a}\beta \geq {b}$",
    r"$f(x) = {a}x^3 - {b}x$",
]
LATEX_TEXTS = [
    ("Simplify {m} and explain each step.", "{m} 식을 간단히 하고 단계마다 설명하세요."),
    ("We start from {m}. The rest follows by substitution.", "{m}에서 시작합니다. 나머지는 대입하면 나옵니다."),
    ("The value of {m} is needed in the next exercise.", "다음 문제에 {m}의 값이 필요합니다."),
    ("Show that {m} and {o} do not agree.", "{m} 식과 {o} 식이 일치하지 않음을 보이세요."),
]
LISTS = [
    (
        "What to pack:",
        "챙길 것:",
        [
            ("a towel", "수건"),
            ("warm socks", "따뜻한 양말"),
            ("a flashlight", "손전등"),
            ("a map of the area", "그 지역의 지도"),
            ("enough water", "충분한 물"),
        ],
    ),
    (
        "Steps:",
        "순서:",
        [
            ("Close the window.", "창문을 닫습니다."),
            ("Turn off the light.", "불을 끕니다."),
            ("Lock the door.", "문을 잠급니다."),
            ("Give back the key.", "열쇠를 돌려줍니다."),
        ],
    ),
    (
        "Reasons to walk:",
        "걸어야 하는 이유:",
        [
            ("It is healthy.", "건강에 좋습니다."),
            ("It costs nothing.", "돈이 들지 않습니다."),
            ("You meet your neighbors.", "이웃을 만나게 됩니다."),
            ("It clears the mind.", "머리가 맑아집니다."),
        ],
    ),
    (
        "Ingredients:",
        "재료:",
        [
            ("flour", "밀가루"),
            ("two eggs", "달걀 두 개"),
            ("a little salt", "소금 조금"),
            ("melted butter", "녹인 버터"),
            ("sugar", "설탕"),
        ],
    ),
    (
        "Animals of the forest:",
        "숲의 동물:",
        [("deer", "사슴"), ("owls", "올빼미"), ("wild boars", "멧돼지"), ("foxes", "여우"), ("badgers", "오소리")],
    ),
    (
        "Rules of the library:",
        "도서관의 규칙:",
        [
            ("Do not eat at the desks.", "책상에서 음식을 먹지 않습니다."),
            ("Return books on time.", "책은 제때 돌려줍니다."),
            ("Speak quietly.", "조용히 말합니다."),
            ("Do not fold the pages.", "책장을 접지 않습니다."),
        ],
    ),
]
MARKED = [
    ("**Warning:** the plate is hot, so wait a moment.", "**경고:** 접시가 뜨거우니 잠시 기다리세요."),
    ("**Note:** the office closes early on Friday.", "**참고:** 금요일에는 사무실이 일찍 닫습니다."),
    ("- **Speed**: the new model answers twice as fast.", "- **속도**: 새 모델은 두 배 빠르게 대답합니다."),
    ("- **Cost**: training takes one evening on a small card.", "- **비용**: 작은 장비로 하루 저녁이면 학습됩니다."),
    ("- **Taste**: the soup is mild and a little sweet.", "- **맛**: 국은 순하고 조금 답니다."),
    ("1. **Plan**: write down what you want to learn.", "1. **계획**: 배우고 싶은 것을 적습니다."),
    ("2. **Practice**: repeat the words aloud each day.", "2. **연습**: 날마다 낱말을 소리 내어 되풀이합니다."),
    ("**Q:** How long does the battery last?", "**질문:** 배터리는 얼마나 가나요?"),
    ("**Summary**\nThe bridge will be closed for repairs.", "**요약**\n다리는 수리 때문에 닫힐 예정입니다."),
    ("The train leaves at **{a}:40** from platform two.", "기차는 2번 승강장에서 **{a}:40**에 떠납니다."),
    ("Only **{b}%** of the seeds grew in the shade.", "그늘에서는 씨앗의 **{b}%**만 자랐습니다."),
    ("Find a synonym for the marked word: _quick_ thinking", "표시한 낱말의 동의어를 찾으세요: _빠른_ 생각"),
    ("The answer is **wrong**, because the sign is missing.", "부호가 빠졌으므로 답은 **틀렸습니다**."),
]
LINKS = [
    ("Read the guide at {u} before you start.", "시작하기 전에 {u} 안내서를 읽으세요."),
    ("The form is at {u}. Fill it in by hand.", "양식은 {u} 에 있습니다. 손으로 작성하세요."),
    ("Send your question to {e} or look at {u}.", "질문은 {e}로 보내거나 {u}를 보세요."),
    ("Source: {u}", "출처: {u}"),
]
BLANKS = [
    ("Dear {p},\n\nthank you for your order.\n\n{q}", "{p} 님께,\n\n주문해 주셔서 감사합니다.\n\n{q}"),
    ("Name: {p}\nAddress: {q}", "이름: {p}\n주소: {q}"),
    ("Hello {p}, your parcel arrives on {q}.", "안녕하세요, {p} 님. 소포는 {q}에 도착합니다."),
    ("Write to {p} and ask about {q}.", "{p}에게 편지를 써서 {q}에 관해 물어보세요."),
]
PLACEHOLDERS = [
    "[Your name]",
    "[Company name]",
    "[Date]",
    "[Recipient]",
    "{name}",
    "{date}",
    "{order_id}",
    "[Phone number]",
    "<city>",
    "{amount}",
    "[Manager]",
]


def composed(seed: int = 7) -> list[Pair]:
    """Give the composed pairs: up to 190 of each family, all different."""
    random_ = random.Random(seed)
    found: dict[tuple[str, str], Pair] = {}

    def add(english: str, korean: str, family: str) -> None:
        found.setdefault((english, korean), Pair(f"{family}-{len(found)}", english, korean, family))

    for _ in range(190):
        chosen = random_.sample(SENTENCES, random_.randint(3, 6))
        add(" ".join(a for a, _ in chosen), " ".join(b for _, b in chosen), "sentences")
        values = {
            "a": random_.randint(3, 59),
            "b": random_.randint(61, 250),
            "c": f"{random_.randint(1000, 90000):,}",
            "d": f"{random_.randint(90001, 400000):,}",
            "e": random_.randint(260, 990),
            "f": f"{random_.randint(2, 40)}.{random_.randint(1, 9)}",
            "g": f"{random_.randint(1, 9)}.{random_.randint(1, 9)}",
            "h": random_.randint(8, 11),
            "i": random_.randint(12, 18),
            "y": random_.randint(1900, 2020),
        }
        lines = random_.sample(NUMBERED, 2)
        add(" ".join(a.format(**values) for a, _ in lines), " ".join(b.format(**values) for _, b in lines), "numbers")
        template, language = random_.choice(CODE)
        name = random_.choice(NAMES)
        word = {"n": name, "N": name.title().replace("_", ""), "w": random_.choice(WORDS), "k": random_.randint(2, 90)}
        code = template.format(**word)
        english, korean = random_.choice(CODE_TEXTS)
        add(english.format(c=code, l=language, n=name), korean.format(c=code, l=language, n=name), "code")
        formula, other = (
            random_.choice(LATEX).format(a=random_.randint(2, 9), b=random_.randint(2, 9), c=random_.randint(2, 9))
            for _ in range(2)
        )
        english, korean = random_.choice(LATEX_TEXTS)
        add(english.format(m=formula, o=other), korean.format(m=formula, o=other), "latex")
        head, there, items = random_.choice(LISTS)
        rows = random_.sample(items, random_.randint(3, len(items)))
        sign = random_.choice(["- ", "* ", "n"])
        signs = [f"{i}. " if sign == "n" else sign for i in range(1, len(rows) + 1)]
        add(
            head + "\n" + "\n".join(s + a for s, (a, _) in zip(signs, rows, strict=True)),
            there + "\n" + "\n".join(s + b for s, (_, b) in zip(signs, rows, strict=True)),
            "lists",
        )
        lines = random_.sample(MARKED, random_.randint(1, 3))
        spot = {"a": random_.randint(3, 12), "b": random_.randint(11, 89)}
        add("\n".join(a.format(**spot) for a, _ in lines), "\n".join(b.format(**spot) for _, b in lines), "marked")
        host = random_.choice(["docs.example.org", "www.example.com", "help.example.net"])
        ending = random_.choice(["", ".html", "?lang=en", "#top"])
        url = f"https://{host}/{random_.choice(WORDS)}/{random_.choice(NAMES)}{ending}"
        mail = f"{random_.choice(WORDS).lower()}@{host.split('.', 1)[1]}"
        english, korean = random_.choice(LINKS)
        add(english.format(u=url, e=mail), korean.format(u=url, e=mail), "links")
        one, two = random_.sample(PLACEHOLDERS, 2)
        english, korean = random_.choice(BLANKS)
        add(english.format(p=one, q=two), korean.format(p=one, q=two), "blanks")
    return list(found.values())
