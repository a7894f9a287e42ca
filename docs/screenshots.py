"""Pictures of hunmin for docs/images, taken in a real browser: `python docs/screenshots.py RUN DEMO`.

RUN is a finished run whose recipe has a review (`hunmin run quickstart`), DEMO what `hunmin demo --yes -o DEMO` kept.
Demo (its terminal), report, comparison, review and chat: light, dark and 400 px wide, Korean readers' pages in Korean.
Needs playwright, Chromium and Korean fonts; the runs and servers it starts are in a temporary folder.
"""

from __future__ import annotations

import contextlib
import html
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

IMAGES = Path(__file__).with_name("images")
LOOKS = {"": (1000, "light"), "-dark": (1000, "dark"), "-400": (400, "light")}
HEIGHT = 1100
HUNMIN = [sys.executable, "-m", "hunmin.commands.cli"]
LINK = re.compile(r"(http://127\S+)")
PALETTE = {"31": "#c62b1d", "32": "#1d7a46", "2": "#888", "1": "inherit"}


def take(
    pages: dict[str, Any],
    out: Path,
    looks: dict[str, tuple[int, str]] = LOOKS,
    locale: str = "en-US",
    height: int = HEIGHT,
) -> list[Path]:
    """Give the pictures of pages by name in every look; a page wider than its window is an error.

    A page is a file, or a function that is given a browser's page and brings it to what is to be seen.
    """
    from playwright.sync_api import sync_playwright

    taken = []
    with sync_playwright() as browsers:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, shown in pages.items():
            for look, (width, scheme) in looks.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme, locale=locale
                )
                page = context.new_page()
                page.goto(shown.resolve().as_uri()) if isinstance(shown, Path) else shown(page)
                if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
                    raise SystemExit(f"{name}: {wide} px wide in a window of {width}")
                picture = out / f"{name}{look}.png"
                page.screenshot(path=picture)
                taken.append(picture)
                context.close()
        browser.close()
    return taken


def terminal(words: list[str], out: Path) -> Path:
    """Run a command in a terminal of its own and give a page that shows what it wrote, colours and all."""
    written = bytearray()

    def read(source: int) -> bytes:
        written.extend(found := os.read(source, 4096))
        return found

    os.environ |= {"COLUMNS": "100", "TERM": "xterm-256color"}
    status = pty.spawn(words, read)
    if status:
        raise SystemExit(f"{' '.join(words)}: exit status {status}")
    text = re.sub(r"\x1b\[[0-9;]*[A-LN-Za-ln-z]", "", written.decode("utf-8", "replace")).replace("\r\n", "\n")
    text = "\n".join(line.rsplit("\r", 1)[-1] for line in text.split("\n"))  # a bar's last state
    body = re.sub(r"\x1b\[([0-9;]*)m", _span, html.escape(text.strip(), quote=False))
    command = "hunmin " + " ".join(words[len(HUNMIN) :])
    out.write_text(TERMINAL.format(command=html.escape(command), body=body), encoding="utf-8")
    return out


def _span(found: re.Match[str]) -> str:
    codes = [code for code in found[1].split(";") if code in PALETTE]
    if found[1] in ("", "0"):
        return "</span>"
    return f'<span style="color: {PALETTE[codes[-1]]}; font-weight: {600 if "1" in codes else 400}">'


TERMINAL = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>
:root {{ color-scheme: light dark; }} body {{ margin: 0; padding: 14px 16px; background: Canvas; color: CanvasText; }}
pre {{ margin: 0; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 14px/1.5 "DejaVu Sans Mono", "NanumGothicCoding", "Noto Sans Mono CJK KR", monospace; }}
</style><pre><b>$ {command}</b>
{body}</pre>"""


@contextlib.contextmanager
def serving(*words: str) -> Iterator[Any]:
    """Start a command that serves a page; give the function that opens its next link in a browser's page."""
    process = subprocess.Popen([*HUNMIN, *words], stdout=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stdout is not None

    def link() -> str:
        for line in process.stdout:  # type: ignore[union-attr]
            if found := LINK.search(line):
                return found[1]
        raise SystemExit(f"{' '.join(words)} has ended")

    try:
        yield link
    finally:
        process.terminate()
        process.wait(20)


def main(run: str, demo: str) -> None:
    from hunmin.commands import cli
    from hunmin.commands.demo import PAIRS

    taken = []
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder)
        cli.main(["report", run, "-o", str(runs / "report.html")])
        cli.main(["compare", run, "--published", "none", "-o", str(runs / "compare.html")])
        pages = {"report": runs / "report.html", "compare": runs / "compare.html"}
        pages["demo"] = terminal([*HUNMIN, "demo", "--yes"], runs / "demo.html")
        taken += take(pages, IMAGES)
        taken += take({"report": runs / "report.html"}, IMAGES, {"-ko": (1000, "light")}, "ko-KR")
        waiting = ["run", "quickstart", "--name", "waiting", "--runs", folder, "--reuse", run, "--quiet"]
        subprocess.run([*HUNMIN, *waiting, "review.unreviewed=stop", "--until", "review"], check=False)
        with serving("review", str(runs / "waiting"), "--port", "0") as link:

            def review(page: Any) -> None:
                page.goto(link())
                page.wait_for_selector(".field")

            taken += take({"review": review}, IMAGES, locale="ko-KR")
        with serving("chat", demo, "--web", "--port", "0", "--temperature", "0") as link:

            def chat(page: Any) -> None:
                page.goto(link())
                for i, (question, _) in enumerate(PAIRS[:2], 1):
                    page.locator("#text").fill(question)
                    page.keyboard.press("Enter")
                    page.locator(".answer").nth(i - 1).wait_for()
                    page.locator("#talk[aria-busy=false]").wait_for(timeout=90_000)

            taken += take({"chat": chat}, IMAGES, locale="ko-KR", height=520)
    print("\n".join(f"{path}: {path.stat().st_size // 1024} KiB" for path in taken))


if __name__ == "__main__":
    main(*sys.argv[1:3])
