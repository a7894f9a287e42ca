from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hunmin.artifacts.record import write_jsonl
from hunmin.commands import cli, console
from hunmin.tables import resolve


def run(capsys, *argv):
    code = cli.main([str(a) for a in argv])
    out, err = capsys.readouterr()
    return code, out, err


def test_help_names_every_command_and_stage(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for name in (*cli.COMMANDS, *cli.STAGES):
        assert name in out


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["rnu"], "unknown command 'rnu'; did you mean 'run'?"),
        (["run", "quickstrat"], "did you mean 'quickstart'?"),
        (["run", "quickstart", "--nmae", "x"], "did you mean '--name'?"),
        (["filter", "x.jsonl", "-o", "out", "--mim-score", "3"], "did you mean '--min-score'?"),
        (["filter", "nowhere.jsonl", "-o", "out", "--min-score", "3"], "no such file or folder"),
        (["report", "runs/nowhere"], "no such run"),
        (["report", str(Path(__file__).parent)], "no such run"),
        (["run"], "the following arguments are required: recipe."),
        (["run", "quickstart", "--in-flight", "0"], "expected a number from 1, got '0'"),
        (["run", "quickstart", "--runs", f"{__file__}/runs"], "runs/quickstart: the folder cannot be made"),
        (["init", "nowhere/recipe.yaml"], "nowhere: no such folder"),
        (["show", "nowhere.jsonl"], "no such file or folder"),
    ],
)
def test_user_errors_are_exit_2_without_traceback(capsys, argv, words):
    code, _, err = run(capsys, *argv)
    assert code == 2
    assert words in err and "Traceback" not in err


def test_every_stage_has_help_derived_from_its_config(capsys):
    for name in cli.STAGES:
        with pytest.raises(SystemExit) as stopped:
            cli.main([name, "-o", "out", "--help"])
        assert stopped.value.code == 0
        out = capsys.readouterr().out
        assert "--out" in out and "--dry-run" in out


def test_options_are_described_in_one_style():
    """A sentence; it begins small only with a value (`auto = ...`) or with what the option belongs to (`llm: ...`)."""
    owners = "auto|alpaca|base|ddp|deepl|false|file|fixed|harness|ifd|kullm-v2|lima|llm|local|model|none|owner/name"
    owners += "|records|recorded|sense|token|trl's"
    for name in cli.STAGES:
        for key, field in resolve(cli.STAGES, name, "stage").Config.model_fields.items():
            assert re.match(rf"[A-Z0-9`]|({owners})[:,]? ", field.description), f"{name}.{key}: {field.description}"
            assert field.description.endswith("."), f"{name}.{key}"


def test_a_stage_alone_runs_once_and_refuses_other_options(capsys, tmp_path):
    rows = [
        {"id": f"r{i}", "source": "t", "instruction": f"질문 {i}", "output": "답",
         "ratings": [{"rater": "a", "scale": [0, 10], "score": i, "status": "ok"}]}
        for i in range(10)
    ]  # fmt: skip
    write_jsonl(tmp_path / "in.jsonl", rows)
    argv = ["filter", tmp_path / "in.jsonl", "-o", tmp_path / "out", "--min-score", "7"]
    code, out, _ = run(capsys, *argv, "--json")
    assert code == 0
    assert json.loads(out)["counts"]["n_kept"] == 3
    code, out, _ = run(capsys, *argv)
    assert code == 0 and "nothing was run" in out
    code, _, err = run(capsys, *argv[:-1], "8")
    assert code == 2 and "was made with min_score=7" in err
    code, out, _ = run(capsys, "show", tmp_path / "out", "-n", "1")
    assert code == 0 and "r7" in out
    code, out, _ = run(capsys, "show", tmp_path / "out", "--dropped", "-n", "1")
    assert "low_score" in out
    code, out, _ = run(capsys, "show", tmp_path / "out", "--where", "instruction=질문 9", "--json")
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["r9"]


def test_init_writes_a_valid_recipe_and_never_overwrites(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEEPL_AUTH_KEY", "x")
    path = tmp_path / "mine.yaml"
    assert run(capsys, "init", path)[0] == 0
    (tmp_path / "my-data.jsonl").write_text('{"instruction": "Q", "output": "A"}\n')
    assert run(capsys, "validate", path, "--offline", "--quiet")[0] == 0
    code, _, err = run(capsys, "init", path)
    assert code == 2 and "exists" in err


@pytest.mark.slow  # looks at torch's devices
def test_a_switch_without_a_default_is_a_switch(capsys, tmp_path):
    """`keep_unrated: bool | None` is --keep-unrated and --no-keep-unrated, as the how-to types them."""
    rating = {"rater": "a", "scale": [0, 10], "score": None, "status": "unparsed"}
    scored = {**rating, "score": 9, "status": "ok"}
    row = {"source": "t", "instruction": "질문", "output": "답"}
    rows = [{"id": "a", **row, "ratings": [rating]}, {"id": "b", **row, "ratings": [scored]}]
    write_jsonl(tmp_path / "in.jsonl", rows)
    for flag, kept in (("--keep-unrated", 2), ("--no-keep-unrated", 1)):
        code, out, _ = run(
            capsys, "filter", tmp_path / "in.jsonl", "-o", tmp_path / flag, "--min-score", "5", flag, "--json"
        )
        assert code == 0 and json.loads(out)["counts"]["n_kept"] == kept


def test_json_is_json_wherever_it_is_offered(capsys):
    _, out, _ = run(capsys, "recipes", "--json")
    assert "quickstart" in json.loads(out)
    _, out, _ = run(capsys, "validate", "quickstart", "--json", "--offline")
    told = json.loads(out)
    assert told["resolved"]["stages"][0]["load"]["path"] and told["problems"] == []


def test_doctor_never_shows_a_key(capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-value")
    code, out, _ = run(capsys, "doctor", "--json")
    assert code == 0
    assert json.loads(out)["keys"]["OPENAI_API_KEY"] == "set"
    assert "very-secret" not in out


def test_completion_lists_the_commands(capsys):
    code, out, _ = run(capsys, "completion", "bash")
    assert code == 0 and "translate" in out
    done = subprocess.run(["bash", "-n"], input=out, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_a_terminal_that_is_not_utf8_shows_escapes(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{"id": "a", "source": "t", "instruction": "질문", "output": "답"}])
    done = subprocess.run(
        [sys.executable, "-m", "hunmin.commands.cli", "show", str(tmp_path / "in.jsonl")],
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
    )
    assert done.returncode == 0, done.stderr
    assert b"\\uc9c8" in done.stdout


@pytest.fixture
def priced(tmp_path, monkeypatch):
    """A recipe that pays, with its data and without its key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DEEPL_AUTH_KEY", raising=False)
    row = json.dumps({"instruction": "Name a fruit.", "output": "A pear, " * 500})
    (tmp_path / "my.jsonl").write_text(f"{row}\n" * 57)
    (tmp_path / "r.yaml").write_text(
        "name: r\nmax_usd: 20\nstages:\n- load: {path: my.jsonl}\n- translate: {engine: deepl}\n- check:\n"
    )
    return "r.yaml"


def test_before_paying_it_is_said_what_for(capsys, priced, monkeypatch):
    monkeypatch.setenv("DEEPL_AUTH_KEY", "x:fx")
    code, _, err = run(capsys, "run", priced)
    assert code == 2 and "not confirmed, nothing was sent" in err
    assert "translate: 57 records, at most 228,741 characters, about 5.72 USD" in err and "None" not in err


def test_validate_dry_run_and_run_tell_the_same_of_what_is_missing(capsys, priced, tmp_path):
    told = "r.yaml:5: translate: the environment variable DEEPL_AUTH_KEY is not set"
    for words in (["validate", priced, "--offline"], ["run", priced]):
        code, _, err = run(capsys, *words)
        assert code == 2 and told in err
        if words[0] == "validate":
            assert err.startswith("r.yaml: 3 stages, not ready: 1 thing is missing (the recipe itself is in order)\n")
    code, out, _ = run(capsys, "run", priced, "--dry-run")
    assert code == 0 and "a run would stop before its first stage" in out and told in out
    assert "network: the service at https://api" in out and "None" not in out
    (tmp_path / "my.jsonl").unlink()
    for words in (["validate", priced, "--offline"], ["run", priced]):
        assert "load: no such file: my.jsonl" in run(capsys, *words)[2]
    code, out, _ = run(capsys, "run", priced, "--dry-run")
    assert "load: no such file: my.jsonl" in out


def test_validate_says_the_verdict_first_and_the_recipe_only_when_asked(capsys):
    code, out, _ = run(capsys, "validate", "quickstart", "--offline")
    assert code == 0 and out.splitlines()[0].endswith("13 stages, ready to run") and "stages:" not in out
    assert "stages:" in run(capsys, "validate", "quickstart", "--offline", "--full")[1]


def test_help_of_a_command_and_the_text_of_a_recipe(capsys):
    with pytest.raises(SystemExit):
        cli.main(["help", "run"])
    assert "--dry-run" in capsys.readouterr().out
    assert run(capsys, "recipes", "korae-13b")[1].startswith("# ")


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [("gpu_hours", 0.0003, "under 0.1 (about 1 s)"), ("gpu_hours", 4.6, "4.6"), ("usd", None, "not known"),
     ("usd", 0.0, "free"), ("usd", 0.004, "under 0.01 USD"), ("usd", 770.2, "about 770.20 USD")],
)  # fmt: skip
def test_figures_are_written_as_a_person_reads_them(key, value, shown):
    assert console.show_figure(key, value) == shown


def test_sfts_options_stand_in_groups(capsys):
    with pytest.raises(SystemExit):
        cli.main(["sft", "--help"])
    out = capsys.readouterr().out
    titles = ["the model:", "rows:", "what is trained:", "the steps:", "watching and keeping:", "several processes:"]
    assert [line for line in out.splitlines() if line in titles] == titles
    config = resolve(cli.STAGES, "sft", "stage").Config
    assert all(f"--{name.replace('_', '-')}" in out for name in config.model_fields)


def rated(score):
    rating = {"rater": "a", "scale": [0, 10], "score": score, "status": "ok"}
    return {"id": f"r{score}", "source": "t", "instruction": "질문", "output": "답", "ratings": [rating]}


def test_a_filter_that_keeps_nothing_says_why(capsys, tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [rated(s) for s in (3, 5)])
    code, _, err = run(capsys, "filter", tmp_path / "in.jsonl", "-o", tmp_path / "out", "--min-score", "7")
    assert code == 0 and "filter keeps nothing (low_score 2): the scores go from 3 to 5" in err


@pytest.mark.parametrize(
    ("recipe", "flags"),
    [
        ("Say what happens to them: filter.keep_unrated: true or false.",
         "Say what happens to them: --keep-unrated or --no-keep-unrated."),
        ("Set keep_unrated: false.", "Set --no-keep-unrated."),
        ("Lower min_score, or set top_k: 5.", "Lower --min-score, or set --top-k 5."),
        ("no rating of the measure is here", "no rating of the measure is here"),
        ("filter.min_score", "--min-score"),
    ],
)  # fmt: skip
def test_hints_use_flag_words_on_the_command_line(recipe, flags):
    from hunmin.commands.flags import with_flags
    from hunmin.stages.protocol import find_stage

    assert with_flags(recipe, find_stage("filter")) == flags


def test_the_command_line_speaks_flags_where_a_recipe_speaks_yaml(capsys, tmp_path, monkeypatch):
    write_jsonl(tmp_path / "in.jsonl", [rated(s) for s in (3, None)])
    code, _, err = run(capsys, "filter", tmp_path / "in.jsonl", "-o", tmp_path / "out", "--min-score", "7")
    assert code == 2 and "--keep-unrated or --no-keep-unrated" in err and "filter.keep_unrated" not in err


def test_the_histogram_fills_what_an_upper_bound_keeps():
    from hunmin.report.charts import text_histogram

    lines = text_histogram([(1, 2, 4), (2, 3, 4), (3, 4, 4)], None, 2)
    assert ["█" in line for line in lines] == [True, True, False]


def test_a_stage_that_fails_at_once_leaves_no_folder_and_a_new_name_comes_with_reuse(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / "in.jsonl", [{**rated(3), "ratings": []}])
    text = "name: r\nstages:\n- load: {path: in.jsonl}\n- filter: {min_score: 2, keep_unrated: false}\n"
    text = text.replace("in.jsonl}", "in.jsonl, provides: [ratings]}")
    (tmp_path / "r.yaml").write_text(text)
    assert run(capsys, "run", "r.yaml")[0] == 2
    assert [p.name for p in (tmp_path / "runs/r").glob("0*")] in ([], ["01-load"])
    write_jsonl(tmp_path / "in.jsonl", [rated(s) for s in (3, 8)])
    assert run(capsys, "run", "r.yaml", "--name", "s")[0] == 0
    code, _, err = run(capsys, "run", "r.yaml", "--name", "s", "filter.min_score=7")
    assert code == 2 and "--name NEW --reuse runs/s takes over what has not changed" in err


def test_run_json_says_what_it_waits_for_and_an_empty_queue_needs_no_page(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    issue = {"code": "number_lost", "severity": "review", "field": "output", "status": "open", "detail": "x"}
    row = {"id": "a", "source": "t", "instruction": "질문", "output": "답", "original": {"output": "1"}}
    for name, issues in (("waits", [issue]), ("empty", [])):
        write_jsonl(tmp_path / f"{name}.jsonl", [{**row, "issues": issues}])
        (tmp_path / f"{name}.yaml").write_text(
            f"name: {name}\nstages:\n"
            f"- load: {{path: {name}.jsonl, provides: [original{', issues' if issues else ''}]}}\n"
            + ("" if issues else "- check: {checks: [no_korean]}\n")
            + "- review: {unreviewed: stop}\n"
        )
    code, out, _ = run(capsys, "run", "waits.yaml", "--json")
    assert code == 3 and json.loads(out)["waits_for"] and json.loads(out)["exit_code"] == 3
    assert run(capsys, "run", "empty.yaml")[0] == 0
    code, out, _ = run(capsys, "review", "runs/empty")
    assert code == 0 and "nothing waits for a person" in out


def test_help_opens_no_heavy_library():
    code = (
        "import sys; from hunmin.commands import cli\n"
        "try: cli.main(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('pydantic', 'asyncio', 'numpy', 'torch', 'yaml') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip().splitlines()[-1] == "[]"
