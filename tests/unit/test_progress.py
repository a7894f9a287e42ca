"""What is said of work under way when nobody is at a terminal."""

from __future__ import annotations

import re
import time
import warnings

from hunmin.artifacts import progress


def test_off_a_terminal_a_line_tells_from_time_to_time_where_the_work_is(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.02)
    tick = progress.bar("sft", 40, "step")
    tick(3, "loss 5.32")
    deadline = time.monotonic() + 10
    err = ""
    while "sft: 3 of 40 steps" not in err and time.monotonic() < deadline:
        time.sleep(0.02)
        err += capsys.readouterr().err
    tick(0, done=True)
    assert re.search(r"^sft: 3 of 40 steps, \d+ s; loss 5\.32$", err, re.M) and "\x1b" not in err


def test_what_has_no_count_is_named_with_its_time(capsys):
    shown = progress._Lines("opening the model", None, "")
    shown.refresh()
    assert capsys.readouterr().err == "opening the model: 0 s\n"


def test_quiet_says_nothing(capsys, monkeypatch):
    monkeypatch.setattr(progress, "quiet", True)
    with progress.doing("anything"):
        progress.bar("x", 3)(1, done=True)
    assert capsys.readouterr().err == ""


def test_deprecations_between_libraries_stay_silent_and_others_do_not():
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        progress.hush_libraries()
        for module in ("transformers.modeling_utils", "peft.peft_model", "mine"):
            warnings.warn_explicit("old name", FutureWarning, "x.py", 1, module=module)
    assert len(heard) == 1
