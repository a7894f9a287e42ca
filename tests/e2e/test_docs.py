"""The commands that the docs tell people to type, typed; the notebooks, executed at tiny size."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HF_HUB_OFFLINE": "1"}


def shell(command: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def blocks(path: Path) -> list[str]:
    return re.findall(r"```bash\n(.*?)```", path.read_text(encoding="utf-8"), re.S)


def commands(text: str) -> list[str]:
    whole = text.replace("\\\n", " ").splitlines()
    return [line for line in whole if line.strip() and not line.lstrip().startswith("#")]


INSTALLING = ("git clone", "make ", "python3 -m venv", "pip install", "export ", "curl ")


def test_the_tutorials_commands_work_in_order(tmp_path):
    """All of the tutorial but cloning and installing, which this environment has done; its last answer makes sense."""
    typed = [c for block in blocks(ROOT / "docs" / "tutorial.md") for c in commands(block)]
    typed = [c for c in typed if not c.startswith(INSTALLING)]
    assert any(c.startswith("hunmin chat") for c in typed) and any(c.startswith("hunmin sft") for c in typed)
    for command in typed:
        out = shell(command, tmp_path)
        if command.startswith("hunmin chat"):
            assert out.strip() == "따뜻한 국수를 드셔 보세요."
    assert (tmp_path / "runs/quickstart/report.html").is_file()


@pytest.mark.parametrize(
    ("english", "korean"), [("README.md", "README.ko.md"), ("docs/tutorial.md", "docs/tutorial.ko.md")]
)
def test_the_korean_pages_type_the_same_commands(english, korean):
    """So that what is typed from one is typed from both."""

    def words(name: str) -> list[list[str]]:
        return [shlex.split(c, comments=True) for block in blocks(ROOT / name) for c in commands(block)]

    assert words(english) == words(korean)


LOOP = """
import contextlib, io, json, sys
from hunmin.commands import cli
told = []
for words in json.load(sys.stdin):
    err = io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = cli.main(words)
        except SystemExit as stopped:
            code = stopped.code
    told.append([code, err.getvalue()])
json.dump(told, sys.stdout)
"""


HELPS = """
import contextlib, io, json, sys
from hunmin.commands import cli
helps = {}
for name in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
        cli.main([name, "--help"])
    helps[name] = out.getvalue()
json.dump(helps, sys.stdout)
"""


def answers(folder: Path, lines: list[list[str]]) -> list[tuple[int, str]]:
    """Give exit code and complaint of every command line, in a folder without its files, offline and without keys."""
    secrets = ("OPENAI_API_KEY", "DEEPL_AUTH_KEY", "HF_TOKEN")
    environment = {k: v for k, v in ENVIRONMENT.items() if k not in secrets}
    done = subprocess.run(
        [sys.executable, "-c", LOOP], cwd=folder, env=environment, input=json.dumps(lines), capture_output=True,
        text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return [(code, err) for code, err in json.loads(done.stdout)]


def test_every_command_in_the_docs_is_one_we_have(tmp_path):
    """Each ends at the file, model, key or network that is not there, not at its words; `run` only estimates."""
    from hunmin.commands.cli import COMMANDS, STAGES

    lines: dict[tuple[str, ...], str] = {}
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for page in pages:
        for command in (c for block in blocks(page) for c in commands(block)):
            words = shlex.split(command, comments=True)
            if words[0] != "hunmin" or words[1] in ("demo", "lm-eval"):  # the tutorial's; lm-eval's own words
                continue
            assert words[1] in (*COMMANDS, *STAGES), f"{page.name}: {command}"
            lines[tuple(words[1:] + (["--dry-run"] if words[1] == "run" and "--dry-run" not in words else []))] = (
                page.name
            )
    for (words, page), (code, err) in zip(lines.items(), answers(tmp_path, [list(w) for w in lines]), strict=True):
        wrong = code not in (0, 2) or err.startswith(f"hunmin {words[0]}:") or "Traceback" in err
        assert not wrong, f"{page}: hunmin {' '.join(words)}\n{code} {err}"


def test_the_readmes_own_data_works_line_by_line_as_far_as_it_goes_offline(tmp_path):
    (tmp_path / "my-data.jsonl").write_text('{"instruction": "Name a fruit.", "output": "A pear."}\n')
    rehearsal = ["run", "my.yaml", "--scale", "tiny", "--until", "repair"]
    lines = [
        ["init", "my.yaml"],
        ["validate", "my.yaml"],
        ["run", "my.yaml", "--dry-run"],
        ["run", "my.yaml"],
        rehearsal,
    ]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for line in [*lines[:4], rehearsal[:4]]:
        assert f"hunmin {' '.join(line)} " in readme
    told = answers(tmp_path, lines)
    assert [code for code, _ in told] == [0, 2, 0, 2, 0]
    assert "DEEPL_AUTH_KEY is not set" in told[1][1] and "DEEPL_AUTH_KEY is not set" in told[3][1]


def test_the_yaml_of_the_docs_names_stages_and_options_that_exist():
    import yaml

    from hunmin.running.recipe import check_config
    from hunmin.stages.protocol import find_stage

    checked = 0
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
            told = yaml.safe_load(block)
            steps = told.get("stages", []) if isinstance(told, dict) else told
            for step in steps if isinstance(steps, list) else []:
                ((name, options),) = step.items() if isinstance(step, dict) else ((step, None),)
                if ":" in name:
                    continue  # a stage of one's own
                options = {k: v for k, v in (options or {}).items() if k != "as"}
                _, problems = check_config(find_stage(name), options)
                unknown = [what for _, what in problems if "required" not in what.lower()]
                assert not unknown, f"{page.name}: {name}: {unknown}"
                checked += 1
    assert checked > 5


def test_every_command_that_a_message_advises_exists():
    """`hunmin X --flag` in any text of the code: X is a command and has the flag."""
    import ast

    from hunmin.commands.cli import COMMANDS, STAGES

    advised: dict[tuple[str, tuple[str, ...]], str] = {}
    for path in sorted((ROOT / "src" / "hunmin").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for found in re.finditer(
                    r"\bhunmin ([a-z][a-z-]+)((?: (?:--[a-z-]+|[A-Z][A-Z_]*|[\w./]+\.\w+))*)", node.value
                ):
                    if found[1] in (*COMMANDS, *STAGES):
                        advised[found[1], tuple(re.findall(r"--[a-z-]+", found[2]))] = f"{path.name}:{node.lineno}"
    assert len(advised) > 10
    wanted = sorted({name for name, flags in advised if flags})
    done = subprocess.run(
        [sys.executable, "-c", HELPS, *wanted], capture_output=True, text=True, env=ENVIRONMENT, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    helps = json.loads(done.stdout)
    for (name, flags), where in advised.items():
        assert all(flag in helps[name] for flag in flags), f"{where}: hunmin {name} {flags}"


LEFT = {
    "quickstart": "runs/quickstart/report.html",
    "qlora": "tuned/adapter",
    "real_model": "made/published/hub/lineage.json",
}


@pytest.mark.parametrize(("name", "left"), LEFT.items())
def test_the_notebooks_run_at_tiny_size(name, left, tmp_path):
    """IPython runs the cells in order; only the %pip line, which installs a published hunmin, is taken out."""
    from hunmin.running.recipe import BUNDLED

    book = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    kept = [c for c in book["cells"] if not "".join(c["source"]).startswith("%pip")]
    assert len(book["cells"]) - len(kept) == 1
    (tmp_path / "book.ipynb").write_text(json.dumps({**book, "cells": kept}), encoding="utf-8")
    own = {"HUNMIN_NOTEBOOK_BASE": "tiny:llama", "HUNMIN_NOTEBOOK_DATA": str(BUNDLED / "ko.jsonl")}
    command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "book.ipynb"]
    environment = {**ENVIRONMENT, **own, "IPYTHONDIR": str(tmp_path / "ipython")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, (
        done.stdout[-2000:] + done.stderr[-3000:]
    )
    assert (tmp_path / left).exists(), done.stdout[-2000:] + done.stderr[-2000:]


def test_the_stage_reference_is_made_from_the_code(tmp_path):
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import generate
    finally:
        sys.path.pop(0)
    assert (ROOT / "docs" / "stages.md").read_text(encoding="utf-8") == generate.page(), "run: make docs"
