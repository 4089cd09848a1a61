"""Where a Chromium is. As a program it prints the path, or says how to get one and fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first has no windows to draw, and opens a page in half the time."""
LACKING = (
    "The browser tests are skipped: no Chromium is here. Install one (Debian: "
    "apt-get install chromium-headless-shell; elsewhere: .venv/bin/playwright install chromium), "
    "or name one in TEST_CHROMIUM."
)


def find(of_playwright: str) -> str | None:
    """The first Chromium that starts. `of_playwright` is where Playwright keeps its own."""
    named = os.environ.get("TEST_CHROMIUM")
    found = [named] if named else [*map(shutil.which, PROGRAMS), of_playwright]
    return next((path for path in found if path and _starts(path)), None)


def _starts(path: str) -> bool:
    """Whether it is more than a stub, and the libraries that it needs are there."""
    try:
        asked = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def main() -> int:
    with sync_playwright() as playwright:
        found = find(playwright.chromium.executable_path)
    print(found or LACKING, file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
