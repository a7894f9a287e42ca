"""The report and the comparison in a real browser: nothing runs over at 400 px, the toggle changes the language."""

from __future__ import annotations

import json

import pytest

from hunmin.artifacts import artifact
from hunmin.artifacts.artifact import Counts
from hunmin.commands import cli
from hunmin.report import page as report

from .conftest import CHROMIUM

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    run = tmp_path_factory.mktemp("run")
    folder = run / "01-evaluate"
    folder.mkdir()
    rows = [
        {"model": model, "task": f"kobest_{task}", "metric": "macro_f1", "num_fewshot": 0, "protocol": "harness",
         "value": 0.5, "ci_low": 0.4, "ci_high": 0.6, "n": 100, "n_truncated": 0, "data": "d", "chance": 0.5}
        for model in ("a-model-with-a-rather-long-name/of-the-hub", "merge")
        for task in ("boolq", "copa", "hellaswag", "sentineg", "wic")
    ]  # fmt: skip
    (folder / "scores.json").write_text(json.dumps(rows))
    artifact.write_manifest(
        folder, stage="evaluate", label="evaluate", output="scores", config={}, seed=0, inputs={},
        counts=Counts(), seconds=1.0,
    )  # fmt: skip
    compared = run / "compare.html"
    assert cli.main(["compare", str(run), "--published", "none", "-o", str(compared)]) == 0
    return [report.write(run), compared]


@pytest.mark.parametrize("language", ["en-US", "ko-KR"])
def test_the_pages_fit_400_px_and_the_report_speaks_the_browsers_language(pages, language):
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium")
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 400, "height": 900}, locale=language).new_page()
        for path in pages:
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= 400, path.name
        page.goto(pages[0].as_uri())
        korean = language.startswith("ko")
        assert page.get_by_text("한눈에 보기").is_visible() is korean
        page.click("#language")
        assert page.get_by_text("한눈에 보기").is_visible() is not korean
        browser.close()
