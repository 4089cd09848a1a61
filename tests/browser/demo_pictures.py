"""`python -m tests.browser.demo_pictures`: draws the demo salon's pictures into
`src/bookonce/demo/pictures/`. Everything in them is drawn here, by hand and for this salon.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.demo_drawings import COVER, PEOPLE, SERVICES

FOLDER = Path(__file__).parents[2] / "src/bookonce/demo/pictures"
QUALITY = 80


def main() -> int:
    """Draw them all anew."""
    drawings = {"cover": (1600, 720, COVER)}
    drawings |= {f"staff-{key}": (320, 320, svg) for key, svg in PEOPLE.items()}
    drawings |= {f"service-{key}": (480, 360, svg) for key, svg in SERVICES.items()}
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        program = chromium.find(playwright.chromium.executable_path)
        if program is None:
            sys.exit(chromium.LACKING)
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
        page = browser.new_page()
        for name, (width, height, svg) in drawings.items():
            page.set_viewport_size({"width": width, "height": height})
            page.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{svg}")
            shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            shot.save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)
        browser.close()
    for file in sorted(FOLDER.iterdir()):
        print(f"{file.stat().st_size:7} {file.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
