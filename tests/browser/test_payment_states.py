"""The payment step in every state, as it looks to different people: accessible, valid, no wider
than its window.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from bookonce.platform.languages import LANGUAGES
from bookonce.web.managed import managed
from tests.browser.booking import answered, assert_proper, fill_in, fill_in_and_send, send
from tests.browser.checks import assert_accessible, assert_fits
from tests.browser.conftest import APPEARANCES, NewPage, Open
from tests.browser.paying import Till, enter_card, expect_card, pay
from tests.factories import a_service
from tests.localstripe import REFUSED_AT_CHARGE_CARD, SECURE_CARD, Fault

WITHOUT = "without-javascript"
ALL = [*APPEARANCES, WITHOUT]
TIERS = {
    "refunds": [{"until_min": 2880, "percent": 100}, {"until_min": 1440, "percent": 50}],
}


@pytest.fixture(params=APPEARANCES)
def appearance(request: pytest.FixtureRequest) -> dict[str, Any]:
    """How somebody looks at a page."""
    options: dict[str, Any] = (APPEARANCES | {WITHOUT: {"java_script_enabled": False}})[
        request.param
    ]
    return options


async def open_form(page: Page, slug: str) -> None:
    """In whatever language."""
    await page.goto(f"/{slug}?service=cut&staff=ada")
    await page.locator("main a.time").first.click()
    await expect(page.locator("form.booking")).to_be_visible()


async def hold(page: Page, slug: str) -> None:
    await open_form(page, slug)
    await fill_in_and_send(page)
    await expect(page.locator("[data-step]")).to_be_visible()


async def sees(page: Page, state: str, text: str | None = None) -> None:
    """Require that the payment step is in this state, and that the page is as it should be."""
    await expect(page.locator(f"[data-step={state}]")).to_be_visible()
    await assert_proper(page, text)


async def sent(page: Page, number: str | None = None) -> str:
    """Pay, or send what is there again; tells what the page got to show."""
    paying = pay(page, number) if number else page.locator("[data-pay] button").click()
    async with page.expect_response(lambda answer: "/payment" in answer.url) as answer:
        await paying
    return await (await answer.value).text()


@pytest.mark.parametrize("appearance", ALL, indirect=True)
async def test_before_somebody_commits(till: Till, appearance: dict[str, Any]) -> None:
    slug = till.open(
        payments=TIERS,
        service=[
            a_service("cut", price="48.00", deposit="30%"),
            a_service(
                "colour", price="110.00", deposit="full", deposit_for=["new_clients", "no_shows"]
            ),
        ],
    )
    page = await till.new_page(**appearance)
    await page.goto(f"/{slug}")
    await expect(page.locator(".in-advance")).to_have_count(2)
    await assert_proper(page)
    for service in ("cut", "colour"):
        await page.goto(f"/{slug}?service={service}&staff=ada")
        await expect(page.locator(".deposit")).to_be_visible()
        await assert_proper(page)
        await page.locator("main a.time").first.click()
        await expect(page.locator("form.booking")).to_be_visible()
        await expect(page.locator(".deposit")).to_be_visible()
        await assert_proper(page)


async def test_from_the_card_to_the_end(till: Till, appearance: dict[str, Any]) -> None:
    page, slug = await till.new_page(**appearance), till.open(payments=TIERS)
    await hold(page, slug)
    await expect_card(page)
    await sees(page, "due")
    await page.locator("[data-pay] button").click()
    await expect(page.locator("#card-error")).not_to_be_empty()
    await assert_accessible(page)
    await sees(page, "due", await sent(page, REFUSED_AT_CHARGE_CARD))
    await enter_card(page)
    with till.line.failing(Fault.SERVER_ERROR):
        await sees(page, "again", await sent(page))
    await page.goto(page.url)
    await sees(page, "processing")


async def test_with_a_bank_that_asks(till: Till, appearance: dict[str, Any]) -> None:
    page, slug = await till.new_page(**appearance), till.open()
    await hold(page, slug)
    text = await sent(page, SECURE_CARD)
    asks = page.get_by_role("button", name="Complete authentication")
    await expect(asks).to_be_visible()
    await assert_fits(page)
    # What the stand-in asks in, isn't ours.
    await asks.locator("xpath=..").evaluate("box => box.remove()")
    await sees(page, "bank", text)


async def test_when_it_is_too_late(till: Till, appearance: dict[str, Any]) -> None:
    page = await till.new_page(**appearance)
    slug = till.open(payments={"hold_min": 0.03, "attempts_max": 1})
    await hold(page, slug)
    await sees(page, "expired")
    slug = till.open(payments={"attempts_max": 1})
    await hold(page, slug)
    await sees(page, "ended", await sent(page, REFUSED_AT_CHARGE_CARD))


async def test_when_somebody_else_has_the_time(till: Till, appearance: dict[str, Any]) -> None:
    page, slug = await till.new_page(**appearance), till.open(payments={"hold_min": 0.05})
    await hold(page, slug)
    await pay(page, SECURE_CARD)
    asks = page.get_by_role("button", name="Complete authentication")
    await expect(asks).to_be_visible()
    await take(till, slug, page)
    async with page.expect_response(lambda answer: "/payment" in answer.url) as answer:
        await asks.click()
    await sees(page, "lost", await (await answer.value).text())


async def take(till: Till, slug: str, page: Page) -> None:
    """Have somebody else book the time of a page's appointment as soon as it is free."""
    other = await till.new_page()
    async with till.installation() as installation:
        token = page.url.partition("/a/")[2].partition("?")[0]
        held = await managed(installation, slug, token)
    start = held.appointment.start.isoformat()
    while True:
        answer = await other.request.post(
            f"/api/v1/{slug}/book",
            data={
                "service": "cut",
                "staff": "ada",
                "start": start,
                "client": {"name": "Yan", "email": "yan@example.com"},
            },
        )
        if answer.status == 201:
            return


@pytest.mark.parametrize("appearance", ALL, indirect=True)
async def test_paid_on_site_and_without_any_way_to_pay(
    new_page: NewPage, till: Till, open_salon: Open, appearance: dict[str, Any]
) -> None:
    page = await till.new_page(**appearance)
    await hold(page, till.open(payments={"provider": "on_site"}))
    await sees(page, "by-hand")
    slug = till.open()
    await hold(page, slug)
    await sees(page, "due")

    elsewhere = await new_page(**appearance)
    services = [
        a_service("cut", price="48.00", deposit="30%"),
        a_service("wash", price="48.00", deposit="30%", deposit_for=["new_clients"]),
    ]
    slug = open_salon(service=services)
    await elsewhere.goto(f"/{slug}")
    await expect(elsewhere.locator("div.choice")).to_have_count(1)
    await assert_proper(elsewhere)
    await elsewhere.goto(f"/{slug}?service=wash&staff=ada")
    await elsewhere.locator("main a.time").first.click()
    await fill_in(elsewhere)
    _, text = await answered(elsewhere, send(elsewhere))
    await expect(elsewhere.locator(".notice")).to_be_visible()
    await assert_proper(elsewhere, text)


@pytest.mark.parametrize("code", LANGUAGES)
async def test_in_every_language_it_fits_a_narrow_window(till: Till, code: str) -> None:
    page = await till.new_page(locale=code, viewport={"width": 320, "height": 640})
    slug = till.open(payments=TIERS)
    await page.goto(f"/{slug}")
    await assert_fits(page)
    await hold(page, slug)
    await expect_card(page)
    await sees(page, "due")
    assert await page.evaluate("document.documentElement.lang") == code
