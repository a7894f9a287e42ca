"""What the checks see of a translating model that misbehaves: bad replies planted in clean pairs, counted per kind.

    python bench/translation_misbehaviour.py --pairs FOLDER_OR_JSONL ... --json out.json

Each field of the bundled sample, and of the records with an `original` in the JSONL files given, gets a bad reply with
a probability of 15 %. All wordings are our own. Bar: at least 95 % of the bad fields carry an issue, at most 0.5 % of
the good ones do (of the four checks for it, and of all default checks).
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hunmin.artifacts.record import Record, read_jsonl, texts, with_texts
from hunmin.statistics import wilson
from hunmin.text.hangul import has_hangul
from hunmin.translation.checks import DEFAULT
from hunmin.translation.checks.find_issues import issues_of, resolve_checks

DATA = Path(__file__).parent.parent / "src" / "hunmin" / "data"
FOUR = ("foreign_script", "no_korean", "loop", "not_a_translation")

CHINESE = [
    "这个问题的答案取决于具体的情况和条件。",
    "请按照以下步骤进行操作。",
    "首先,我们需要了解基本的概念。",
    "谢谢你的提问,我会尽力回答。",
    "他每天早上六点起床,然后去公园跑步。",
    "这本书介绍了如何管理时间。",
    "以下是三个主要的原因。",
    "水是生命之源。",
]
JAPANESE = [
    "この問題の答えは状況によって異なります。",
    "次の手順に従ってください。",
    "まず、基本的な考え方を説明します。",
    "ご質問ありがとうございます。",
]
OTHERS = [
    "Это зависит от конкретной ситуации.",
    "Сначала нужно понять основные принципы.",
    "ขึ้นอยู่กับสถานการณ์",
    "يعتمد ذلك على الموقف.",
    "यह स्थिति पर निर्भर करता है।",
    "זה תלוי במצב.",
]
SLIPS = [
    "问题",
    "方法",
    "因为",
    "可以",
    "非常",
    "我们",
    "重要的",
    "学习",
    "するために",
    "について",
    "しかし",
    "является",
    "например",
    "ซึ่ง",
    "بشكل",
]
REFUSALS = [
    "죄송하지만 해당 내용은 번역해 드릴 수 없습니다.",
    "죄송합니다. 저는 AI 언어 모델로서 이 요청을 수행할 수 없습니다.",
    "이 요청은 도와드릴 수 없습니다.",
    "미안하지만 그 부탁은 들어줄 수 없어요.",
    "I'm sorry, but I can't assist with that request.",
    "As an AI language model, I cannot translate this text.",
    "I cannot provide a translation of this content.",
    "죄송합니다만, 요청하신 텍스트의 번역을 제공하기 어렵습니다.",
    "정책을 위반하는 내용이므로 답변드릴 수 없습니다.",
]
PREAMBLES = [
    "다음은 번역입니다:\n\n{}",
    "다음은 번역문입니다: {}",
    "번역 결과는 다음과 같습니다.\n{}",
    "물론입니다! 번역해 드리겠습니다.\n\n{}",
    "한국어 번역: {}",
    "Sure! Here is the translation:\n\n{}",
    "Here's the Korean translation: {}",
    "**번역:**\n{}",
    "Translation: {}",
    "네, 한국어로 옮기면 다음과 같습니다: {}",
    "요청하신 글을 한국어로 번역했습니다.\n\n{}",
    "알겠습니다. 아래는 번역한 내용입니다.\n\n{}",
]
NOTES = [
    "{}\n\n(참고: 고유 명사는 원문 그대로 두었습니다.)",
    "{}\n\n위 번역은 자연스러움을 위해 일부 의역했습니다.",
    "{}\n\nNote: I kept the placeholders as they are.",
    "{}\n\n번역에 대해 궁금한 점이 있으면 말씀해 주세요.",
    "{}\n\n역주: 원문의 단위를 그대로 옮겼습니다.",
    "{}\n\n**번역 노트:** 격식 있는 말투를 사용했습니다.",
    "{}\n\n도움이 되셨기를 바랍니다! 추가로 필요한 것이 있으면 알려 주세요.",
    "{}\n\nLet me know if you need any changes to this translation.",
]
ANSWERS = [
    "네, 알겠습니다. 무엇을 도와드릴까요?",
    "물론입니다! 기꺼이 도와드리겠습니다. 어떤 내용이 필요하신가요?",
    "좋은 질문입니다! 이 주제에 대해 자세히 설명해 드릴게요.",
]
THOUGHTS = [
    "<think>\n이 글을 한국어로 옮겨야 한다.\n</think>\n\n{}",
    "먼저 뜻을 살핀다.</think>\n{}",
    "<think>{}",
    "<|im_start|>assistant\n{}",
    "{}<|im_end|>",
    "{}</s>",
]
PLACE = re.compile(r"(?<=[가-힣]) (?=[가-힣])")

Bad = Callable[[random.Random, str, str, Record], str | None]


def english(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    return source if re.search(r"[A-Za-z]{3,} [a-z]{3,}", source) else None


def two_words(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    words = re.findall(r"\b[a-z]{3,8} [a-z]{3,8}\b", source)
    return rng.choice(words).capitalize() if words else None


def blank(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    return rng.choice(["", " ", "\n\n", "\u200b"])


def chinese(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    return "".join(rng.sample(CHINESE, rng.randint(1, 3)))


def japanese(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    return "".join(rng.sample(JAPANESE, rng.randint(1, 2)))


def other_language(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    return rng.choice(OTHERS)


def slip(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    places = [m.start() for m in PLACE.finditer(text)]
    at = rng.choice(places) if places else None
    return None if at is None else f"{text[:at]} {rng.choice(SLIPS)} {text[at + 1 :]}"


def slip_in_word(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    words = [m for m in re.finditer(r"[가-힣]{2,}(?=[은는이가을를의에])", text)]
    word = rng.choice(words) if words else None
    return text[: word.start()] + rng.choice(SLIPS[:8]) + text[word.end() :] if word else None


def phrase_loop(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    words = text.split()
    if len(words) < 4 or not has_hangul(text):
        return None
    at = rng.randrange(len(words) - 1)
    phrase = " ".join(words[at : at + rng.randint(1, 6)])
    if not has_hangul(phrase) or len(phrase) < 5:
        return None
    return " ".join([*words[:at], *[phrase] * rng.randint(8, 40)])


def sentence_loop(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    sentences = re.findall(r"[^.!?\n]*[가-힣]{2}[^.!?\n]*[다요까][.!?]", text)
    if not sentences:
        return None
    one = rng.choice(sentences).strip()
    looped = text.split(one)[0] + rng.choice([" ", "\n"]).join([one] * rng.randint(5, 20))
    return looped[: -rng.randint(1, max(1, len(one) - 1))]  # cut at the token limit


def letter_loop(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    words = re.findall(r"[가-힣]{2,4}", text)
    return text[: len(text) // 2] + rng.choice(words) * rng.randint(15, 60) if words else None


def refusal(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    return rng.choice(REFUSALS)


def preamble(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    return rng.choice(PREAMBLES).replace("{}", text)


def note(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    return rng.choice(NOTES).replace("{}", text)


def quotes(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    pair = rng.choice(['""', "“”", "''", "「」"])
    return None if source[:1] in "\"'“" or any(q in text for q in pair) else pair[0] + text + pair[1]


def json_shell(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    shell = json.dumps({rng.choice(["translation", "text", "output", "번역"]): text}, ensure_ascii=False)
    return rng.choice([shell, shell[:-1], shell[: 15 + 2 * len(shell) // 3]])


def fence(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    return (
        None
        if "```" in text or not has_hangul(text)
        else rng.choice(["```\n{}\n```", "```text\n{}\n```", "```korean\n{}\n```"]).replace("{}", text)
    )


def thought(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    return rng.choice(THOUGHTS).replace("{}", text)


def answer(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    """The question's answer where its translation should stand."""
    return record.get("output") if has_hangul(record.get("output") or "") else None


def chat(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    return rng.choice(ANSWERS)


def far_too_long(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    return text + "\n\n" + " ".join(OTHER_TEXT[: 3 + len(text) // 20]) if has_hangul(text) else None


def far_too_short(rng: random.Random, source: str, text: str, record: Record) -> str | None:
    return text[: max(2, len(source) // 20)] if len(source) >= 120 and has_hangul(text[: len(source) // 20]) else None


OTHER_TEXT = [
    "시장에는 아침 일찍 사람들이 모였습니다.",
    "가게 주인은 문을 열고 물건을 꺼냈습니다.",
    "아이들은 골목에서 공을 찼습니다.",
    "비가 그치자 해가 났습니다.",
    "할머니는 마루에 앉아 콩을 골랐습니다.",
    "멀리서 기차 소리가 들렸습니다.",
    "마을 어귀에는 오래된 나무가 서 있습니다.",
    "저녁이 되자 불이 하나둘 켜졌습니다.",
] * 60
KINDS: dict[str, Bad] = {
    "left in English": english,
    "two short words in English": two_words,
    "blank": blank,
    "Chinese": chinese,
    "Japanese": japanese,
    "another language": other_language,
    "foreign word between Korean ones": slip,
    "foreign word for a Korean one": slip_in_word,
    "phrase loop": phrase_loop,
    "sentence loop, cut": sentence_loop,
    "syllable loop": letter_loop,
    "refusal": refusal,
    "preamble": preamble,
    "note behind": note,
    "wrapping quotes": quotes,
    "JSON shell": json_shell,
    "fence shell": fence,
    "thoughts, control tokens": thought,
    "its answer": answer,
    "chat reply": chat,
    "far too long": far_too_long,
    "far too short": far_too_short,
}


def clean_records(paths: list[Path]) -> dict[str, list[Record]]:
    """Give records with their English by set: the bundled sample, and each file given."""
    source = {record["id"]: record for record in read_jsonl(DATA / "en.jsonl")}
    korean = list(read_jsonl(DATA / "ko.jsonl"))
    found = {"bundled": [{**record, "original": texts(source[record["id"]])} for record in korean]}
    for path in paths:
        for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
            rows = [row for row in read_jsonl(file) if isinstance(row.get("original"), dict)]
            if rows:
                found[file.stem] = rows
    return found


def measure(records: list[Record], seed: int, probability: float) -> dict[str, Any]:
    """Plant bad replies in a set and count the issues, per kind and for the fields left as they were."""
    rng = random.Random(seed)
    four, default = resolve_checks(FOUR), resolve_checks(DEFAULT)
    planted: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    good: Counter[str] = Counter()
    missed: list[tuple[str, str, str, str]] = []
    false: list[tuple[str, str, str]] = []
    for record in records:
        before = issues_of(record, default)
        for path, text in texts(record).items():
            source = (record["original"] or {}).get(path) or ""
            if not source:
                continue
            if rng.random() >= probability:
                good["n"] += 1
                own = [issue for issue in before if issue["field"] == path]
                good["four"] += any(issue["code"] in FOUR for issue in own)
                good["any"] += bool(own)
                false += [(record["id"], path, i["detail"]) for i in own if i["code"] in FOUR]
                continue
            names = list(KINDS)
            rng.shuffle(names)
            for kind in names:
                if kind == "its answer" and path != "instruction" or source == text and kind != "blank":
                    continue
                bad = KINDS[kind](rng, source, text, record)
                if bad is not None and bad != text:
                    break
            else:
                continue
            found = [i for i in issues_of(with_texts(record, {path: bad}), default) if i["field"] == path]
            count = planted[kind]
            count["n"] += 1
            count["any"] += bool(found)
            count["four"] += any(issue["code"] in four for issue in found)
            count["certain"] += any(issue["severity"] == "certain" for issue in found)
            if not any(issue["code"] in four for issue in found):
                missed.append((kind, f"{record['id']}/{path}", source[:80], bad[:160]))
    return {"planted": planted, "good": good, "missed": missed, "false": false}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, nargs="*", default=[], help="JSONL files, or folders of them")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--rounds", type=int, default=3, help="seeds per set")
    parser.add_argument("--probability", type=float, default=0.15)
    parser.add_argument("--show", type=int, default=0, help="print so many missed and falsely flagged fields")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    total: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    good: dict[str, Counter[str]] = {}
    missed, false = [], []
    for name, records in clean_records(given.pairs).items():
        good[name] = Counter()
        for number in range(given.rounds):
            found = measure(records, given.seed + number, given.probability)
            for kind, count in found["planted"].items():
                total[kind].update(count)
            good[name].update(found["good"])
            missed += found["missed"]
            false += [(name, *one) for one in found["false"]]
    everything = sum(total.values(), Counter())
    print("| bad reply | n | with an issue | of the four checks | certain |\n|---|---|---|---|---|")
    for kind, count in [*total.items(), ("all", everything)]:
        n = count["n"]
        if n:
            low, high = wilson(count["any"], n)
            cells = [f"{100 * count[k] / n:.1f} %" for k in ("any", "four", "certain")]
            print(f"| {kind} | {n} | {cells[0]} [{100 * low:.1f}, {100 * high:.1f}] | {cells[1]} | {cells[2]} |")
    print("\n| good fields of | n | with an issue of the four | of any default check |\n|---|---|---|---|")
    for name, count in [*good.items(), ("all", sum(good.values(), Counter()))]:
        n = count["n"]
        print(f"| {name} | {n} | {count['four']} = {100 * count['four'] / n:.2f} % | {100 * count['any'] / n:.1f} % |")
    for one in [*missed[: given.show], *false[: given.show]]:
        print(one)
    if given.json:
        given.json.write_text(
            json.dumps(
                {"planted": total, "good": good, "missed": missed[:200], "false": false[:200]},
                ensure_ascii=False,
                indent=1,
            )
        )


if __name__ == "__main__":
    main()
