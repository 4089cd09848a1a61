"""Every message as a mail program shows it, on a phone and a desktop, in light and dark, into
`docs/images/messages/`: `python -m tests.browser.mail_screenshots [FOLDER]`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from bookonce.messages.mail import Look, as_html
from bookonce.platform.languages import language
from tests.browser import chromium
from tests.messages.samples import CASES, letters

FOLDER = Path(__file__).parents[2] / "docs/images/messages"
SHOWN = (
    ("client-booked", "en", "plain", "light", 720),
    ("client-booked", "en", "plain", "dark", 390),
    ("client-held", "de", "plain", "light", 390),
    ("client-moved", "fr", "several services", "light", 720),
    ("client-cancelled", "es", "plain", "dark", 720),
    ("client-reminder", "ar", "arabic", "light", 390),
    ("client-reminder", "ar", "arabic", "dark", 720),
    ("client-payment_lost", "en", "long", "light", 390),
    ("staff-booked", "en", "link", "light", 720),
    ("owner-summary", "de", "emoji", "light", 390),
    ("owner-conflicts", "en", "tags", "dark", 720),
)


def main(folder: Path) -> None:
    """Take them all."""
    folder.mkdir(parents=True, exist_ok=True)
    look = Look("Lumen Hair", "#7a3e9d")
    with sync_playwright() as playwright:
        path = chromium.find(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=path)
        for name, code, case, scheme, width in SHOWN:
            written = dict(letters(language(code, None, "en"), CASES[case]))[name]
            context = browser.new_context(
                viewport={"width": width, "height": 600},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            page = context.new_page()
            page.set_content(as_html(written, look))
            is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            if is_wide:
                raise AssertionError(f"{name} in {code} is wider than {width} pixels")
            file = f"{name}-{code}-{case.replace(' ', '-')}-{scheme}-{width}.png"
            page.screenshot(path=folder / file, full_page=True)
            context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
