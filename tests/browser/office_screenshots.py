"""The office as pictures, into docs/images/office: `make screenshots`."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.browser.screenshots import MACHINES, SCHEMES
from tests.cli.commands import bookonce
from tests.running import RunningServer

FOLDER = Path(__file__).parents[2] / "docs" / "images" / "office"
LINK = re.compile(r"http://[\d.:]+/office/link/[\w-]{43}")


def walk(page: Page, link: str, name: str) -> None:
    """Sign in to the demo salon's office and look around."""

    def shoot(step: str) -> None:
        page.evaluate("document.activeElement?.blur()")
        page.screenshot(path=FOLDER / f"{step}-{name}.png", full_page=True)

    page.goto("/office")
    shoot("sign-in")
    page.goto(link)
    page.click("main form button")
    shoot("today")
    page.goto("/office/lumen/calendar")
    page.locator(".grid, .lanes").first.wait_for(state="attached")
    shoot("calendar")
    page.goto("/office/lumen/calendar?view=week&staff=ada")
    shoot("week")
    page.goto("/office/lumen/calendar?view=list")
    shoot("list")
    page.click("table.list th a")
    page.locator("ol.history").wait_for()
    shoot("appointment")
    page.goto("/office/lumen/appointments/new?q=a")
    shoot("new-appointment")
    page.goto("/office/lumen/team/invite")
    page.check("[name=role][value=staff]")
    shoot("invite")
    page.goto("/office/lumen/team")
    shoot("team")
    page.click("table.people a.small")
    shoot("member")
    page.goto("/office/lumen/settings")
    shoot("settings")
    page.goto("/office/lumen/settings/people/items/ada")
    shoot("settings-person")
    page.goto("/office/lumen/settings/services/items/cut")
    shoot("settings-service")
    page.goto("/office/lumen/settings/history")
    shoot("settings-versions")
    page.goto("/office/account")
    shoot("account")


def sign_in_link(server: RunningServer) -> str:
    """A link into the demo salon's office."""
    made = bookonce("account", "link", "owner@lumen.example", "--data-dir", server.data_dir)
    found = LINK.search(made.out)
    assert found, made
    return found[0]


def shoot_all(browser: Browser, server: RunningServer) -> None:
    """On each machine, light and dark, and once in Arabic."""
    looks = [
        (f"{machine}-{scheme}", "en-GB", scheme, options)
        for machine, options in MACHINES.items()
        for scheme in SCHEMES
    ]
    looks.append(("ar-phone-light", "ar", "light", MACHINES["phone"]))
    for name, locale, scheme, options in looks:
        context = browser.new_context(
            base_url=server.base_url, locale=locale, color_scheme=scheme,
            **options,
        )  # fmt: skip
        walk(context.new_page(), sign_in_link(server), name)
        context.close()


def main() -> int:
    """Make them all anew."""
    work = Path(tempfile.mkdtemp(prefix="bookonce-screenshots-"))
    work.chmod(0o711)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        with (
            RunningServer(None, work / "data", "--demo") as server,
            sync_playwright() as playwright,
        ):
            program = chromium.find(playwright.chromium.executable_path)
            if program is None:
                sys.exit(chromium.LACKING)
            browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
            shoot_all(browser, server)
            browser.close()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{len(list(FOLDER.iterdir()))} screenshots in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
