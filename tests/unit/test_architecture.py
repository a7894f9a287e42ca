"""The house's walls: imports point one way, sockets only where they belong, nothing heavy at start-up, small rooms."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "hunmin"
# From the bottom up; a module may import from its own layer or a lower one.
LAYERS = [
    ("errors", "options", "charts"),
    ("text", "record", "progress", "tables"),
    ("artifact", "clients", "formats", "templates", "prompts"),
    ("stream", "engines", "checks", "repairs", "raters", "judging", "benchmarks", "train", "models", "tiny",
     "publishing", "server", "nearest", "stats", "choosing", "executors", "held_out", "overlap", "ratings", "strata"),
    ("stages",),
    ("shards", "sharded_dedup", "review"),
    ("recipe",),
    ("child", "run", "rehearse"),
    ("report", "compare", "show", "doctor", "chat", "serve", "console", "flags", "alone", "api", "cli", "__init__"),
]  # fmt: skip
LAYER = {name: i for i, names in enumerate(LAYERS) for name in names}
HEAVY = ("torch", "transformers", "datasets", "openai", "deepl", "trl", "peft", "lm_eval", "pandas", "sklearn", "ray")
SOCKET_ROOMS = ("clients/", "review/", "serve.py", "server/")
SOCKETS = ("socket", "http.client", "urllib.request", "requests", "httpx", "httpx2", "aiohttp", "uvicorn", "starlette")


def modules() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imports(path: Path, top_level_only: bool = False):
    """Yield the absolute names a module imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ["hunmin", *path.relative_to(SRC).parts[:-1]]
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            yield prefix
            for alias in node.names:
                yield f"{prefix}.{alias.name}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SRC)))
def test_imports_point_one_way(path):
    own = room(path)
    assert own in LAYER, f"{own} has no layer: put it into LAYERS and docs/design.md"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "hunmin" or len(parts) < 2 or parts[1] not in LAYER:
            continue
        assert LAYER[parts[1]] <= LAYER[own], f"{path.name} ({own}) imports {name}, which lies above it"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SRC)))
def test_sockets_only_where_they_belong(path):
    if str(path.relative_to(SRC)).startswith(SOCKET_ROOMS):
        return
    found = [n for n in imports(path) if n.split(".")[0] in SOCKETS or n in SOCKETS]
    assert not found, f"{path.name} opens sockets through {found}"


@pytest.mark.parametrize("path", sorted((SRC / "text").glob("*.py")), ids=lambda p: p.name)
def test_text_is_pure(path):
    ours = [n for n in imports(path) if n.startswith("hunmin") and not n.startswith("hunmin.text") and n != "hunmin"]
    assert not ours


def test_no_rooms_without_a_name():
    banned = {"utils", "common", "helpers", "misc", "base", "manager"}
    assert not [p for p in modules() if p.stem in banned or set(p.relative_to(SRC).parts[:-1]) & banned]


def test_rooms_stay_small():
    sizes = {str(p.relative_to(SRC)): len(p.read_text(encoding="utf-8").splitlines()) for p in modules()}
    assert not {k: v for k, v in sizes.items() if v > 400}


@pytest.mark.parametrize(
    "code",
    ["import hunmin.cli", "from hunmin.stages import STAGES; from hunmin.tables import resolve; "
     "[resolve(STAGES, n, 'stage').Config for n in STAGES]"],
)  # fmt: skip
def test_nothing_heavy_is_loaded_at_start(code):
    script = f"{code}; import sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_swallowed_errors_and_no_unfinished_work():
    bad = re.compile(
        r"except( Exception)?:\s*(pass|return None|continue)$|raise NotImplementedError|\bTODO\b|\bFIXME\b", re.M
    )
    assert not [str(p) for p in modules() if bad.search(p.read_text(encoding="utf-8"))]
