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

import bookonce.followers  # noqa: F401  so that events find who follows them
from bookonce.platform.embedded import EmbeddedPostgres
from tests.browser import chromium
from tests.browser.booking import a_salon, from_tomorrow
from tests.browser.paying import a_salon_with_deposit
from tests.factories import a_service
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
    page.get_by_role("heading", name="Cut", level=1, exact=True).wait_for()
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


def walk_with_several(
    page: Page, slug: str, shoot: Callable[[str], None], language: str = "en"
) -> None:
    """Book three services in one visit, the last of which somebody else performs. By address and
    by what stands in the pages, whatever their language.
    """
    page.goto(f"/{slug}?lang={language}&service=cut&staff=any")
    page.locator(".add a").click()
    page.locator(".bar").wait_for()
    page.locator("a.choice").first.click()
    page.locator("a.time").first.wait_for()
    page.locator(".add a").click()
    page.locator(".basket li").nth(1).wait_for()
    shoot("9-basket")
    page.locator("a.choice").first.click()
    page.locator("a.time").first.wait_for()
    shoot("10-several-time")
    page.locator("a.time").first.click()
    page.locator("[name=name]").fill("Zoe Fischer")
    page.locator("[name=email]").fill("zoe@example.com")
    shoot("11-several-form")
    page.locator("form.booking button.main-action").click()
    page.locator("main .done").wait_for()
    shoot("12-several-booked")


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


def open_salons(server: RunningServer, data_dir: Path) -> tuple[str, str]:
    """A salon with deposits and one with several services beside the demo, whose database is the
    server's own; their addresses.
    """
    embedded = EmbeddedPostgres(data_dir, None)
    server.database_url = embedded.acquire()
    refunds = [{"until_min": 2880, "percent": 100}, {"until_min": 1440, "percent": 50}]
    business = a_salon_with_deposit(payments={"refunds": refunds})
    several = a_salon(
        staff=[from_tomorrow(key) for key in ("ada", "ben", "cleo")],
        service=[
            a_service("cut", name="Cut", duration_min=45, price="48.00", staff=["ada", "ben"]),
            a_service("beard", name="Beard trim", price="22.00", staff=["ada", "ben"]),
            a_service("nails", name="Manicure", duration_min=40, price="35.00", staff=["cleo"]),
            a_service("colour", name="Colour", duration_min=90, price="110.00", staff=["ada"]),
            a_service("advice", name="Advice", duration_min=15),
        ],
    )
    for each in (business, several):
        server.apply(each)
    embedded.release()
    return business.business.slug, several.business.slug


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
            slug, several = open_salons(server, work / "data")
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
                    walk_with_several(page, several, shoot)
                    if machine == "phone" and scheme == "light":
                        walk_with_several(page, several, lambda step: shoot(f"{step}-ar"), "ar")
                    context.close()
            browser.close()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{len(list(FOLDER.iterdir()))} screenshots in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
