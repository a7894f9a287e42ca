"""Pictures of the pages for docs/images, taken in a real browser: `python docs/screenshots.py RUN`.

A run's report and its comparison, light, dark and 400 px wide; needs playwright and Chromium (the `dev` extra).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

IMAGES = Path(__file__).with_name("images")
LOOKS = {"": (1000, "light"), "-dark": (1000, "dark"), "-400": (400, "light")}
HEIGHT = 1500


def take(pages: dict[str, Path], out: Path) -> list[Path]:
    """Give the pictures of pages by name, in every look; a page wider than its window is an error."""
    from playwright.sync_api import sync_playwright

    taken = []
    with sync_playwright() as browsers:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, path in pages.items():
            for look, (width, scheme) in LOOKS.items():
                context = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
                page = context.new_page()
                page.goto(path.resolve().as_uri())
                if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
                    raise SystemExit(f"{path}: {wide} px wide in a window of {width}")
                picture = out / f"{name}{look}.png"
                page.screenshot(path=picture)
                taken.append(picture)
                context.close()
        browser.close()
    return taken


def main(run: str) -> None:
    from hunmin.commands import cli

    with tempfile.TemporaryDirectory() as folder:
        pages = {"report": Path(run) / "report.html", "compare": Path(folder) / "compare.html"}
        cli.main(["compare", run, "--published", "none", "-o", str(pages["compare"])])
        for picture in take(pages, IMAGES):
            print(picture)


if __name__ == "__main__":
    main(sys.argv[1])
