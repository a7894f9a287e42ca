"""Fixtures shared by all tests: no network, small records, a recipe's folder."""

from __future__ import annotations

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin while waiting starve tests beside them

from pathlib import Path

import pytest

from hunmin.artifacts import progress

SLOW_FOLDERS = ("model", "e2e", "browser")


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
