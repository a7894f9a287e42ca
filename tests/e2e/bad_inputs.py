"""A seeded generator of bad inputs: each is a name, the files it needs and the words that a user would type."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

GOOD = {"instruction": "물은 몇 도에서 끓나요?", "output": "섭씨 100도에서 끓습니다."}
Words = list[str]
Build = Callable[[Path, random.Random], Words]


def good(n: int = 30) -> bytes:
    rows = [{**GOOD, "instruction": f"{i}번째 질문: {GOOD['instruction']}"} for i in range(n)]
    return ("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n").encode()


def load(name: str, content: bytes, *more: str) -> Build:
    def build(folder: Path, chance: random.Random) -> Words:
        (folder / name).write_bytes(content)
        return ["load", str(folder / name), "-o", str(folder / "out"), *more]

    return build


def run(text: str | bytes, *more: str) -> Build:
    def build(folder: Path, chance: random.Random) -> Words:
        (folder / "in.jsonl").write_bytes(good())
        raw = text if isinstance(text, bytes) else text.replace("IN", str(folder / "in.jsonl")).encode()
        (folder / "r.yaml").write_bytes(raw)
        return ["run", str(folder / "r.yaml"), "--runs", str(folder / "runs"), *more]

    return build


HEAD = "name: r\nstages:\n  - load: {path: IN}\n"
BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)
)
RECIPES: dict[str, str | bytes] = {
    "a cycle of aliases": "name: r\nstages: &s\n  - load: {path: IN, columns: *s}\n",
    "a map that holds itself": "&r\nname: r\nstages: [*r]\n",
    "a bomb of aliases": BOMB + HEAD,
    "a bomb in an option": BOMB + "name: r\nstages:\n  - load: {path: IN, columns: *l}\n",
    "a list as a key": "name: r\n? [a, b]\n: c\nstages: []\n",
    "a map as a key": "name: r\nstages:\n  - load: {path: IN, {a: b}: c}\n",
    "a merge key": "name: r\nd: &d {path: IN}\nstages:\n  - load:\n      <<: *d\n",
    "a merge of a number": "name: r\nstages:\n  - load:\n      <<: 3\n      path: IN\n",
    "a python tag": "name: !!python/object/apply:os.system ['true']\nstages: []\n",
    "an unknown tag": "name: !thing r\nstages: []\n",
    "a set": "name: !!set {a, b}\nstages: []\n",
    "a binary": "name: !!binary 'not base 64 !'\nstages: []\n",
    "a timestamp": "name: 2026-11-27\nstages:\n  - load: {path: IN}\n",
    "a bad timestamp": "name: 2026-99-99\nstages:\n  - load: {path: IN}\n",
    "UTF-16": HEAD.encode("utf-16"),
    "UTF-16 without a mark": HEAD.encode("utf-16-le"),
    "cp949": "name: 한글 이름\nstages: []\n".encode("cp949"),
    "latin-1": "name: été\nstages: []\n".encode("latin-1"),
    "NUL": b"name: r\x00\nstages: []\n",
    "a bell": b"name: r\x07\nstages: []\n",
    "a tab": "name: r\nstages:\n\t- load: {path: IN}\n",
    "2,000 deep": "name: r\nstages: " + "[" * 2000 + "]" * 2000 + "\n",
    "empty": "",
    "two documents": "name: r\n---\nname: s\n",
    "a list": "- a\n- b\n",
    "a text": "just words\n",
    "an open quote": "name: 'r\nstages: []\n",
    "an undefined alias": "name: *nobody\nstages: []\n",
    "a number as a stage": "name: r\nstages: [3]\n",
    "null as a stage": "name: r\nstages: [null]\n",
    "stages as a map": "name: r\nstages: {load: {path: IN}}\n",
    "two keys in a stage": "name: r\nstages:\n  - {load: {path: IN}, dedup: {}}\n",
    "a stage from nowhere": "name: r\nstages:\n  - 'no.such.module:stage': {}\n",
    "a stage that is no stage": "name: r\nstages:\n  - 'json:dumps': {}\n",
    "a label with a slash": "name: r\nstages:\n  - load: {path: IN, as: ../x}\n",
    "a label that is a list": "name: r\nstages:\n  - load: {path: IN, as: [a]}\n",
    "an empty path": "name: r\nstages:\n  - load: {path: ''}\n",
    "a path with NUL": 'name: r\nstages:\n  - load: {path: "a\\0b"}\n',
    "a surrogate in a path": 'name: r\nstages:\n  - load: {path: "a\\ud800b"}\n',
    "an overlong path": f"name: r\nstages:\n  - load: {{path: {'x' * 5000}}}\n",
    "an overlong part of a path": f"name: r\nstages:\n  - load: {{path: a/{'x' * 300}.jsonl}}\n",
    "a ledger in no folder": HEAD + "ledger: 3\n",
    "a huge seed": "seed: -1\n" + HEAD,
    "a seed of text": "seed: one\n" + HEAD,
    "two sources of one name": HEAD + "  - mix: {sources: [{name: a}, {name: a}]}\n",
}
NAMES = ["", ".", "..", "x" * 400, "a\\0b", "a\\ud800", "한" * 100, " ", "a\\nb"]
for i, name in enumerate(NAMES):
    RECIPES[f"a name {i}"] = f'name: "{name}"\nstages:\n  - load: {{path: IN}}\n'
NUMBERS = [
    ".nan",
    ".inf",
    "-.inf",
    "-1",
    "-0.5",
    "1e999",
    "many",
    "[1]",
    "{a: 1}",
    "true",
]
OPTIONS = [
    ("load", "limit"), ("dedup", "max_similarity"), ("sample", "ratio"), ("sample", "n"), ("decontaminate", "ngram"),
    ("filter", "top_k"),
]  # fmt: skip
LIMITS = [".nan", ".inf", "-.inf", "-1", "-0.5", "1e999", "many", "[1]", "{a: 1}", "true"]

ROWS: dict[str, bytes] = {
    "5,000 deep": b'{"instruction": ' + b"[" * 5000 + b"]" * 5000 + b', "output": "a"}\n',
    "100,000 deep": b"[" * 100_000 + b"\n",
    "a surrogate in an id": b'{"id": "a\\ud800", "instruction": "q", "output": "a"}\n',
    "a surrogate in a key": b'{"\\ud800": 1, "instruction": "q", "output": "a"}\n',
    "a surrogate in a text": b'{"instruction": "q\\udfff", "output": "a"}\n',
    "a surrogate deep in a key": b'{"instruction": "q", "output": "a", "meta": {"a": [{"\\ud800": 1}]}}\n',
    "nan": b'{"instruction": "q", "output": NaN}\n',
    "infinity in an extra": b'{"instruction": "q", "output": "a", "x": Infinity}\n',
    "an overflow in an extra": b'{"instruction": "q", "output": "a", "x": 1e999}\n',
    "a number of 5,000 digits": b'{"instruction": "q", "output": "a", "x": ' + b"9" * 5000 + b"}\n",
    "a list a line": b"[1, 2]\n",
    "a text a line": b'"a"\n',
    "null a line": b"null\n",
    "half a line": b'{"instruction": "q", "out',
    "single quotes": b"{'instruction': 'q', 'output': 'a'}\n",
    "a key twice": b'{"instruction": "q", "instruction": "r", "output": "a"}\n',
    "NUL bytes": b"\x00" * 300,
    "UTF-16": good().decode().encode("utf-16"),
    "cp949": '{"instruction": "질문", "output": "답"}\n'.encode("cp949"),
    "bytes of no encoding": b'{"instruction": "\xff\xfe\xfd", "output": "a"}\n',
    "an empty file": b"",
    "blank lines": b"\n\n \n",
    "equal ids": b'{"id": "a", "instruction": "q", "output": "a"}\n{"id": "a", "instruction": "r", "output": "b"}\n',
    "messages of numbers": b'{"messages": [1, 2]}\n',
    "messages that are a text": b'{"messages": "hello"}\n',
    "a role of nobody": b'{"messages": [{"role": "wizard", "content": "a"}]}\n',
    "an output of null": b'{"instruction": "q", "output": null}\n',
    "an output of a list": b'{"instruction": "q", "output": ["a"]}\n',
    "unknown columns": b'{"frage": "q", "antwort": "a"}\n',
    "HTML": b"<!doctype html><html><body>404</body></html>\n",
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
    "chosen alone": b'{"instruction": "q", "chosen": "a"}\n',
    "a key of 100,000 letters": b'{"' + b"k" * 100_000 + b'": 1}\n',
}
TABLES: dict[str, bytes] = {
    "an open quote": b'instruction,output\n"a,b\n',
    "a header twice": b"instruction,instruction,output\na,b,c\n",
    "more cells than columns": b"instruction,output\na,b,c\n",
    "no rows": b"instruction,output\n",
    "nothing": b"",
    "cp949": "instruction,output\n질문,답\n".encode("cp949"),
    "wrong columns": b"a,b\n1,2\n",
}
MODELS: dict[str, dict[str, bytes]] = {
    "an adapter config that is no JSON": {"adapter_config.json": b"{"},
    "an adapter config that is a list": {"adapter_config.json": b"[]"},
    "an adapter config that is null": {"adapter_config.json": b"null"},
    "an adapter config of bytes": {"adapter_config.json": b"\xff\xfe\x00"},
    "an adapter config 20,000 deep": {"adapter_config.json": b"[" * 20_000},
    "an adapter of no base": {"adapter_config.json": b"{}"},
    "a base that is a number": {"adapter_config.json": b'{"base_model_name_or_path": 3}'},
    "an adapter that names itself": {"adapter_config.json": b'{"base_model_name_or_path": "SELF"}'},
    "an adapter whose base is gone": {"adapter_config.json": b'{"base_model_name_or_path": "./nowhere/at/all"}'},
    "a card that is no JSON": {"config.json": b"{}", "hunmin.json": b"{"},
    "a card that is a list": {"config.json": b"{}", "hunmin.json": b"[]"},
    "a card of a base that is itself": {"adapter_config.json": b"{}", "hunmin.json": b'{"base_model": "SELF"}'},
    "a config that is no JSON": {"config.json": b"{"},
    "a config that is a list": {"config.json": b"[]"},
    "a config of no model": {"config.json": b"{}"},
    "a config of an unknown model": {"config.json": b'{"model_type": "wizard"}'},
    "an empty folder": {},
    "merged weights and an adapter": {"config.json": b"{}", "adapter_config.json": b"{}"},
    "a tokenizer that is no JSON": {"config.json": b'{"model_type": "llama"}', "tokenizer.json": b"{",
                                    "tokenizer_config.json": b"{}"},
}  # fmt: skip


def packed(kind: str, raw: bytes) -> bytes:
    if kind == "gz":
        return gzip.compress(raw, mtime=0)
    import zstandard

    return zstandard.ZstdCompressor().compress(raw)


def archives(chance: random.Random) -> Iterator[tuple[str, Build]]:
    for kind in ("gz", "zst"):
        whole = packed(kind, good(400))
        yield f"{kind}: no archive", load(f"a.jsonl.{kind}", good())
        yield f"{kind}: empty", load(f"a.jsonl.{kind}", b"")
        for i in range(12):
            cut = chance.randrange(1, len(whole) - 1)
            yield f"{kind}: cut {i}", load(f"a.jsonl.{kind}", whole[:cut], *(["--on-bad-row", "drop"] if i % 2 else []))
    lines = good(400).splitlines(keepends=True)
    import zstandard

    writer = zstandard.ZstdCompressor().compressobj()
    frame = b"".join(writer.compress(line) + writer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) for line in lines[:20])
    yield "zst: cut at a line's end", load("a.jsonl.zst", frame, "--on-bad-row", "drop")
    packer = io.BytesIO()
    with gzip.GzipFile(fileobj=packer, mode="wb", mtime=0) as file:
        for line in lines[:20]:
            file.write(line)
            file.flush()
        at = packer.tell()
    yield "gz: cut at a line's end", load("a.jsonl.gz", packer.getvalue()[:at], "--on-bad-row", "drop")


def flipped(raw: bytes, chance: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(40):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def binaries(chance: random.Random) -> Iterator[tuple[str, Build]]:
    import pyarrow
    import pyarrow.parquet as parquet

    rows = [json.loads(line) for line in good(400).splitlines()]
    sink = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), sink, compression="snappy")
    whole = sink.getvalue()
    for i in range(25):
        yield f"parquet: cut {i}", load("a.parquet", whole[: chance.randrange(len(whole))])
        yield f"parquet: random {i}", load("a.parquet", b"PAR1" + chance.randbytes(chance.randrange(400)) + b"PAR1")
        yield f"parquet: pages {i}", load("a.parquet", whole[:8] + flipped(whole[8:-1500], chance) + whole[-1500:])
    for i in range(8):
        yield f"xlsx: random {i}", load("a.xlsx", b"PK\x03\x04" + chance.randbytes(200))


def models(folder: Path, files: dict[str, bytes]) -> None:
    (folder / "model").mkdir()
    for name, content in files.items():
        (folder / "model" / name).write_bytes(content.replace(b"SELF", str(folder / "model").encode()))


def model(files: dict[str, bytes], *words: str) -> Build:
    def build(folder: Path, chance: random.Random) -> Words:
        models(folder, files)
        (folder / "in.jsonl").write_bytes(good())
        return [w.replace("MODEL", str(folder / "model")).replace("DIR", str(folder)) for w in words]

    return build


def artifact(name: str, content: bytes) -> Build:
    """A run whose files were overwritten, and its next execution."""

    def build(folder: Path, chance: random.Random) -> Words:
        stage = folder / "runs" / "r" / "01-load"
        stage.mkdir(parents=True)
        (stage / name).write_bytes(content)
        return run(HEAD + "  - dedup:\n")(folder, chance)

    return build


def words(*given: str) -> Build:
    def build(folder: Path, chance: random.Random) -> Words:
        (folder / "in.jsonl").write_bytes(good())
        (folder / "loop").symlink_to(folder / "loop")
        (folder / "made").mkdir()
        return [w.replace("DIR", str(folder)) for w in given]

    return build


ALONE = [
    ("load", "DIR/none.jsonl", "-o", "DIR/out"),
    ("load", "DIR/loop", "-o", "DIR/out"),
    ("load", "DIR/made", "-o", "DIR/out"),
    ("load", "DIR/in.jsonl", "-o", "DIR/in.jsonl"),
    ("load", "DIR/in.jsonl", "-o", "DIR/in.jsonl/below"),
    ("load", "DIR/in.jsonl", "-o", "DIR/" + "x" * 300),
    ("load", "DIR/a\0b.jsonl", "-o", "DIR/out"),
    ("load", "DIR/" + "y" * 5000, "-o", "DIR/out"),
    ("load", "DIR/in.jsonl", "-o", "DIR/out\0"),
    ("load", "DIR/\ud800", "-o", "DIR/out"),
    ("load", "", "-o", "DIR/out"),
    ("load", "DIR/in.jsonl"),
    ("load",),
    ("load", "DIR/in.jsonl", "-o", "DIR/out", "--encoding", "klingon"),
    ("load", "DIR/in.jsonl", "-o", "DIR/out", "--encoding", "base64"),
    ("load", "DIR/in.jsonl", "-o", "DIR/out", "--encoding", "utf-16"),
    ("load", "DIR/in.jsonl", "-o", "DIR/out", "--columns", "{a: "),
    ("load", "DIR/in.jsonl", "-o", "DIR/out", "--columns", "{instruction: []}"),
    ("load", "DIR/in.jsonl", "-o", "DIR/out", "--format", "none"),
    ("load", "DIR/in.jsonl", "-o", "DIR/out", "--original", "DIR/none"),
    ("load", "DIR/in.jsonl", "-o", "DIR/out", "--original", "DIR/loop"),
    ("dedup", "DIR/made", "-o", "DIR/out"),
    ("dedup", "DIR/loop", "-o", "DIR/out"),
    ("sample", "DIR/in.jsonl", "-o", "DIR/out", "--n", "-3"),
    ("filter", "DIR/in.jsonl", "-o", "DIR/out", "--min-score", ".nan"),
    ("show", "DIR/none"),
    ("show", "DIR/loop"),
    ("show", "DIR/in.jsonl", "-n", "-1"),
    ("show", "DIR/in.jsonl", "-n", "one"),
    ("show", "DIR/a\0b"),
    ("verify", "DIR/made"),
    ("verify", "DIR/none"),
    ("verify", "DIR/loop"),
    ("compare", "DIR/made", "DIR/none"),
    ("report", "DIR/made"),
    ("review", "DIR/made"),
    ("run", "DIR/none.yaml"),
    ("run", "DIR/loop"),
    ("run", "no-such-recipe"),
    ("run", ""),
    ("run", "a\0b"),
    ("run", "quickstart", "load.nothing=1"),
    ("run", "quickstart", "seed"),
    ("run", "quickstart", "seed=.nan"),
    ("run", "quickstart", "--shards", "-1"),
    ("run", "quickstart", "--until", "nowhere"),
    ("run", "quickstart", "--reuse", "DIR/none"),
    ("validate", "DIR/in.jsonl"),
    ("validate", "DIR/made"),
    ("init", "DIR/in.jsonl"),
    ("init", "DIR/none/a.yaml"),
    ("nothing",),
    ("load", "DIR/in.jsonl", "-o", "DIR/out", "--limti", "3"),
    ("rate", "DIR/in.jsonl", "-o", "DIR/out"),
    ("rate", "DIR/in.jsonl", "-o", "DIR/out", "--model", "m", "--base-url", "localhost:8000", "--max-usd", "1"),
    ("rate", "DIR/in.jsonl", "-o", "DIR/out", "--model", "m", "--base-url", "http://[", "--max-usd", "1"),
    ("rate", "DIR/in.jsonl", "-o", "DIR/out", "--model", "m", "--base-url", "recorded:DIR/none"),
    ("rate", "DIR/in.jsonl", "-o", "DIR/out", "--model", "m", "--base-url", "recorded:DIR/loop"),
    ("rate", "DIR/in.jsonl", "-o", "DIR/out", "--model", "m", "--scale", "9-1", "--max-usd", "1"),
    ("translate", "DIR/in.jsonl", "-o", "DIR/out", "--engine", "none"),
    ("translate", "DIR/in.jsonl", "-o", "DIR/out", "--engine", "file", "--path", "DIR/none"),
    ("translate", "DIR/in.jsonl", "-o", "DIR/out", "--engine", "deepl", "--glossary", "DIR/made", "--max-chars", "9"),
]  # fmt: skip
USES = [("chat", "MODEL"), ("evaluate", "MODEL", "-o", "DIR/out"), ("serve", "MODEL", "--port", "0")]
BROKEN = {
    "manifest.json": [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"{",
        b'{"output": 3}',
        b'{"output": "records"}',
        b"\xff",
        b"[" * 9000,
    ],
    "started.json": [b"", b"[]", b"{}", b"null", b"{", b"\xff", b'{"stage": "load"}', b"[" * 9000],
}


RATE = ("rate", "in.jsonl", "-o", "out", "--model", "m", "--yes")
SERVER = ("--base-url", "http://127.0.0.1:9/v1", "--max-usd", "1")
REPLIED = ("--base-url", "recorded:replies.jsonl")
DEEP = b"[" * 3000 + b"]" * 3000
BESIDE: list[tuple[dict[str, bytes], tuple[str, ...]]] = [
    *(({"prices.yaml": raw}, (*RATE, *SERVER)) for raw in (
        b"- 1\n", b"m\n", "m: {input: 1}\n".encode("utf-16"), b"m: &a [*a]\n", b"m: " + DEEP,
        b"m: {input: true, output: 1}\n",
        b"m: {input: .nan}\n", b"m: {input: -1}\n")),
    *(({"l.sqlite": raw}, (*RATE, *SERVER, "--max-chars", "9", "--ledger", where)) for raw, where in (
        (b"no ledger " * 99, "l.sqlite"), (b"", "."), (b"", "l.sqlite/below"))),
    *(({"replies.jsonl": raw}, (*RATE, *REPLIED)) for raw in (
        b"x\n", b"[1]\n", b"3\n", b'{"id": "a"}\n', b'{"id": "a", "field": "rating", "reply": 3}\n',
        b'{"id": "a", "field": "rating", "reply": "\\ud800"}\n')),
    *(({"against.yaml": raw}, ("decontaminate", "in.jsonl", "-o", "out", "--against", "against.yaml")) for raw in (
        b"&a [*a]", DEEP, b"task: [", b"\xff")),
    *(({}, ("load", "in.jsonl", "-o", "out", "--columns", given)) for given in (
        "&a {instruction: *a}", "[a]", "3", "{instruction: {a: b}}", "!!python/object:x {}")),
    ({}, ("load", "PIPE", "-o", "out")),
    ({}, ("load", "/dev/zero", "-o", "out")),
    ({}, ("load", "in\udcff.jsonl", "-o", "out")),
]  # fmt: skip


def beside(files: dict[str, bytes], given: tuple[str, ...]) -> Build:
    """Files in the folder that hunmin is called from, and a pipe that nobody writes to."""

    def build(folder: Path, chance: random.Random) -> Words:
        (folder / "in.jsonl").write_bytes(good())
        os.mkfifo(folder / "PIPE")
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return list(given)

    return build


def cases(seed: int = 0, light: bool = False) -> list[tuple[str, Build]]:
    """Give every bad input by name; `light` leaves out those that need torch."""
    chance = random.Random(seed)
    found: list[tuple[str, Build]] = [(f"recipe: {k}", run(text)) for k, text in RECIPES.items()]
    for stage, option in OPTIONS:
        path = "{path: IN}" if stage != "load" else f"{{path: IN, {option}: NUMBER}}"
        tail = "" if stage == "load" else f"  - {stage}: {{{option}: NUMBER}}\n"
        for number in NUMBERS:
            text = f"name: r\nstages:\n  - load: {path}\n{tail}".replace("NUMBER", number)
            found.append((f"option: {stage}.{option} = {number}", run(text)))
    found += [(f"limit: {n} = {v}", run(f"{n}: {v}\n" + HEAD)) for n in ("max_usd", "max_chars") for v in LIMITS]
    found += [(f"row: {k}", load("a.jsonl", good(2) + raw)) for k, raw in ROWS.items() if raw.strip()]
    found += [(f"only row: {k}", load("a.jsonl", raw)) for k, raw in ROWS.items()]
    found += [(f"json: {k}", load("a.json", raw)) for k, raw in ROWS.items() if k not in ("chosen alone",)]
    found += [(f"csv: {k}", load("a.csv", raw)) for k, raw in TABLES.items()]
    found += [(f"tsv: {k}", load("a.tsv", raw)) for k, raw in TABLES.items() if k not in ("an open quote",)]
    found += [*archives(chance), *binaries(chance)]
    found += [(f"words: {' '.join(given)[:80]!r}", words(*given)) for given in ALONE]
    found += [(f"{name}: {c[:12]!r}", artifact(name, c)) for name, several in BROKEN.items() for c in several]
    found += [(f"beside {i}: {' '.join(given[3:])!r}", beside(f, given)) for i, (f, given) in enumerate(BESIDE)]
    if not light:
        for kind, files in MODELS.items():
            found += [(f"{use[0]}: {kind}", model(files, *use)) for use in USES]
    return found
