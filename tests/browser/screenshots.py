"""`make screenshots`: each step of a booking, on a phone and a desktop, in light and dark, into
`docs/images/booking/`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, sync_playwright

from bookonce.platform.embedded import EmbeddedPostgres
from tests.browser import chromium
from tests.browser.paying import a_salon_with_deposit
from tests.localstripe import LocalStripe
from tests.running import RunningServer

FOLDER = Path(__file__).parents[2] / "docs/images/booking"
MACHINES: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 780}, "is_mobile": True, "has_touch": True},
    "desktop": {"viewport": {"width": 1000, "height": 900}},
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def walk(page: Page, shoot: Callable[[str], None]) -> None:
    """Book a cut with anyone at the demo salon, and cancel it."""
    page.goto("/lumen?lang=en")
    shoot("1-service")
    page.get_by_role("link", name="Cut 45 minutes").click()
    page.get_by_role("heading", name="Cut").wait_for()
    shoot("2-person")
    page.get_by_role("link", name="Anyone").click()
    page.get_by_role("heading", name="Soonest").wait_for()
    page.get_by_role("link", name="Next month").click()
    page.get_by_role("link", name="Previous month").wait_for()
    page.get_by_role("link", name="free times").nth(5).click()
    page.get_by_role("heading", name="Morning").wait_for()
    page.evaluate("scrollTo(0, 0)")
    shoot("3-time")
    page.locator(".day-times a.time").first.click()
    page.get_by_label("Name").fill("Zoe Fischer")
    page.get_by_label("Email").fill("zoe@example.com")
    shoot("4-form")
    page.get_by_role("button", name="Book now").click()
    page.locator("main .done").wait_for()
    shoot("5-booked")
    page.get_by_role("link", name="Cancel appointment").click()
    page.get_by_role("button", name="Cancel appointment").wait_for()
    shoot("6-cancel")


def walk_and_pay(page: Page, slug: str, shoot: Callable[[str], None]) -> None:
    """Book a cut that is to be paid for in advance. The card's field is a stand-in's."""
    page.goto(f"/{slug}?lang=en&service=cut&staff=ada")
    page.locator("a.time").first.click()
    page.get_by_label("Name").fill("Zoe Fischer")
    page.get_by_label("Email").fill("zoe@example.com")
    shoot("7-deposit")
    page.get_by_role("button", name="Continue to payment").click()
    page.locator("#card input").first.wait_for()
    shoot("8-pay")


def open_salon(server: RunningServer, data_dir: Path) -> str:
    """A salon with deposits beside the demo, whose database is the server's own; its address."""
    embedded = EmbeddedPostgres(data_dir, None)
    server.database_url = embedded.acquire()
    refunds = [{"until_min": 2880, "percent": 100}, {"until_min": 1440, "percent": 50}]
    business = a_salon_with_deposit(payments={"refunds": refunds})
    server.apply(business)
    embedded.release()
    return business.business.slug


def main() -> int:
    """Make them all anew."""
    work = Path(tempfile.mkdtemp(prefix="bookonce-screenshots-"))
    work.chmod(0o711)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        with (
            LocalStripe() as stripe,
            RunningServer(None, work / "data", "--demo", environment=stripe.environment) as server,
            sync_playwright() as playwright,
        ):
            program = chromium.find(playwright.chromium.executable_path)
            if program is None:
                sys.exit(chromium.LACKING)
            slug = open_salon(server, work / "data")
            browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
            for machine, options in MACHINES.items():
                for scheme in SCHEMES:
                    context = browser.new_context(
                        base_url=server.base_url, locale="en-GB", timezone_id="Europe/Berlin",
                        color_scheme=scheme, **options,
                    )  # fmt: skip
                    page = context.new_page()

                    def shoot(
                        step: str, page: Page = page, name: str = f"{machine}-{scheme}"
                    ) -> None:
                        page.wait_for_load_state("networkidle")
                        page.evaluate("document.activeElement?.blur()")
                        page.screenshot(path=FOLDER / f"{step}-{name}.png", full_page=True)

                    walk(page, shoot)
                    walk_and_pay(page, slug, shoot)
                    context.close()
            browser.close()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{len(list(FOLDER.iterdir()))} screenshots in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
