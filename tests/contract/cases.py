"""One row a stage: its options and the records it is shown. `quiet` stages may leave this input as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hunmin.artifacts.record import Record, read_jsonl, texts
from hunmin.running.recipe import BUNDLED

ENGLISH = BUNDLED / "en.jsonl"
KOREAN = BUNDLED / "ko.jsonl"


def english() -> list[Record]:
    return list(read_jsonl(ENGLISH))[:40]


def korean() -> list[Record]:
    return list(read_jsonl(KOREAN))[:40]


def spoiled() -> list[Record]:
    """The recorded machine translation beside its English: what check, repair and review are for."""
    replies = {(r["id"], r["field"]): r["reply"] for r in read_jsonl(BUNDLED / "replies.jsonl")}
    rows = []
    for english_row, row in zip(english(), korean(), strict=True):
        new = {**row, "original": texts(english_row)}
        for path in texts(row):
            reply = replies[(row["id"], path)]
            if path.startswith("messages."):
                new["messages"] = [dict(m) for m in new["messages"]]
                new["messages"][int(path.split(".")[1])]["content"] = reply
            else:
                new[path] = reply
        rows.append(new)
    return rows


def checked() -> list[Record]:
    """Spoiled records with the issues that check finds, through check itself."""
    import tempfile

    from hunmin.artifacts.artifact import Inputs
    from hunmin.artifacts.record import write_jsonl
    from hunmin.stages import check

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.jsonl"
        write_jsonl(path, spoiled())
        check.run(check.Config(), Inputs(label="check", records=path), Path(folder) / "out")
        return list(read_jsonl(Path(folder) / "out" / "records.jsonl"))


def rated() -> list[Record]:
    rating = {"rater": "llm", "model": "m", "prompt": "ko", "scale": [0, 10], "status": "ok", "reason": ""}
    return [{**r, "ratings": [{**rating, "score": i % 11}]} for i, r in enumerate(korean())]


def doubled() -> list[Record]:
    rows = korean()
    return [*rows, *({**r, "id": r["id"] + "-b", "output": r.get("output", "")} for r in rows[:10])]


def overlapping() -> list[Record]:
    """Records of which one quotes a benchmark item."""
    item = next(read_jsonl(BUNDLED / "benchmark" / "boolq" / "test.jsonl"))
    return [
        *korean(),
        {"id": "leak", "source": "t", "instruction": "요약해 주세요.", "input": item["paragraph"], "output": "요약"},
    ]


def recorded_ratings(folder: Path) -> dict[str, Any]:
    """Replies of a rater written beforehand, one of them unreadable."""
    import json

    path = folder / "ratings.jsonl"
    lines = []
    for i, record in enumerate(korean()):
        reply = "모르겠습니다." if i == 3 else f"{i % 10}.5\n이유를 적습니다."
        lines.append(json.dumps({"id": record["id"], "field": "rating", "reply": reply}, ensure_ascii=False))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {"model": "recorded", "base_url": f"recorded:{path}"}


def recorded_answers(folder: Path) -> dict[str, Any]:
    """Answers written beforehand: one in English, one instruction without any."""
    import json

    path = folder / "answers.jsonl"
    lines = []
    for i, record in enumerate(korean()[1:]):
        reply = "Sorry, I can only speak English." if i == 3 else f"{i}번째 질문에 한국어로 답합니다."
        lines.append(json.dumps({"id": record["id"], "field": "answer", "reply": reply}, ensure_ascii=False))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {"model": "recorded", "base_url": f"recorded:{path}", "keep": ["hangul_share >= 0.5"]}


def two_answers() -> list[Record]:
    """Two rated answers to each instruction, of which some are rated alike."""
    rows = []
    for i, row in enumerate(rated()):
        worse = [{**row["ratings"][0], "score": max(0, i % 11 - 3)}]
        rows.append({**row, "prompt_id": row["id"]})
        rows.append({**row, "id": f"{row['id']}-b", "prompt_id": row["id"], "ratings": worse})
    return rows


@dataclass(frozen=True)
class Case:
    rows: Callable[[], list[Record]] = korean
    options: dict[str, Any] | Callable[[Path], dict[str, Any]] = field(default_factory=dict)
    quiet: bool = False


CASES: dict[str, Case] = {
    "load": Case(options={"path": str(ENGLISH)}),
    "translate": Case(english, {"engine": "recorded", "replies": str(BUNDLED / "replies.jsonl"), "mask": "off"}),
    "check": Case(spoiled),
    "repair": Case(checked),
    "review": Case(checked, {"unreviewed": "drop"}),
    "mix": Case(
        options={"sources": [{"name": "a", "path": str(KOREAN), "take": 20}, {"name": "b", "path": str(ENGLISH)}]}
    ),
    "dedup": Case(doubled),
    "decontaminate": Case(overlapping, {"against": [str(BUNDLED / "benchmark")]}),
    "sample": Case(options={"n": 15, "by": "extra.task"}),
    "rate": Case(options=recorded_ratings),
    "filter": Case(rated, {"min_score": 5}),
    "respond": Case(options=recorded_answers),
    "pair": Case(two_answers, {"by": "rating"}),
}
