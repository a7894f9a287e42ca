"""Fixtures shared by all tests: no network, small records, a recipe's folder."""

from __future__ import annotations

import os
import shutil
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin while waiting starve tests beside them

from pathlib import Path

import pytest

from hunmin.artifacts import progress

SLOW_FOLDERS = ("model", "e2e", "browser")


def pytest_configure(config):
    """Every temporary folder of the tests, their libraries and their children lies in one, removed at the end."""
    if hasattr(config, "workerinput"):
        return  # a worker inherits its controller's
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())  # pytest's own, kept to be looked at
    config.scratch = tempfile.mkdtemp(prefix="ht-")  # short: Ray's sockets lie below it
    os.environ["TMPDIR"] = tempfile.tempdir = config.scratch


def pytest_unconfigure(config):
    if scratch := getattr(config, "scratch", ""):
        shutil.rmtree(scratch, ignore_errors=True)


def pytest_collection_modifyitems(items):
    """Mark whole folders slow, and skip the tests on real data when there is none."""
    root = Path(__file__).parent
    for item in items:
        folder = Path(item.fspath).relative_to(root).parts[0]
        if folder in SLOW_FOLDERS:
            item.add_marker(pytest.mark.slow)
        if item.get_closest_marker("data") and not os.environ.get("HUNMIN_DATA"):
            item.add_marker(pytest.mark.skip(reason="HUNMIN_DATA is not set"))


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    """The commands' --quiet and --json are for the whole process: no test hears of another's."""
    monkeypatch.setattr(progress, "quiet", False)


@pytest.fixture
def data_folder() -> Path:
    """The folder of real data for tests marked `data`."""
    return Path(os.environ["HUNMIN_DATA"])
