"""A real headless Chromium, and talking commands started as a user starts them."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LINK = re.compile(r"open (http://\S+)")


class Command:
    """A running `hunmin ...`: its lines as they come, and the link it shows."""

    def __init__(self, arguments, pattern=LINK, wait=120.0, cwd=None, **environment):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hunmin.commands.cli", *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", cwd=cwd,
            env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        )  # fmt: skip
        self._lines = queue.Queue()
        self.output = []
        threading.Thread(target=self._read, daemon=True).start()
        self.link = self.wait_for(pattern, wait)

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, pattern, seconds=20.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                line = self._lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                break
            if line is None:
                break
            self.output.append(line)
            found = re.search(pattern, line)
            if found:
                return found.group(1)
        self.kill()
        raise AssertionError("".join(self.output))

    def kill(self, how=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=20)


@pytest.fixture
def start():
    """Start commands that are killed at the end of the test."""
    with contextlib.ExitStack() as stack:

        def begin(*arguments, **options):
            command = Command(arguments, **options)
            stack.callback(command.kill)
            return command

        yield begin


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.skip("no chromium here; apt-get install chromium fonts-nanum")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """A page that fails the test when a script errs or the content policy stops something.

    A test that kills its server sets `server_killed`: the browser then logs every connection that
    broke, in whatever way and whenever it notices.
    """
    context = chromium.new_context(viewport={"width": 1360, "height": 860}, locale="ko-KR")
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.on("dialog", lambda dialog: (wrong.append("dialog " + dialog.message), dialog.dismiss()))
    page.wrong, page.server_killed = wrong, False
    yield page
    context.close()
    if page.server_killed:
        wrong = [line for line in wrong if not line.startswith("Failed to load resource: net::ERR_")]
    assert wrong == []
