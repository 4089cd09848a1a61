"""How people pay on the booking page, and what the payment service's books say afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from playwright.async_api import FrameLocator, Page, expect

from bookonce.core.business import Business
from tests.browser.booking import a_salon
from tests.factories import a_service
from tests.localstripe import GOOD_CARD, LocalStripe, StripeBooks
from tests.running import RunningServer

DEPOSIT = "€14.40"


def a_salon_with_deposit(*, payments: dict[str, Any] | None = None, **more: Any) -> Business:
    """A cut has to be paid for with 30% in advance; colouring hasn't."""
    services = [
        a_service("cut", duration_min=45, price="48.00", deposit="30%"),
        a_service("colour", duration_min=120, price="110.00"),
    ]
    return a_salon(**{"service": services, "payments": payments or {}} | more)


@dataclass
class Till:
    """A server that takes cards, and the Stripe that it takes them with."""

    server: RunningServer
    stripe: LocalStripe
    new: Callable[..., Awaitable[Page]]

    async def new_page(self, **options: Any) -> Page:
        """A visitor of the server."""
        return await self.new(base_url=self.server.base_url, till=self.stripe.api_base, **options)

    def open(self, **more: Any) -> str:
        """A salon of the test's own; its address."""
        business = a_salon_with_deposit(**more)
        self.server.apply(business)
        return business.business.slug

    def books(self, appointment_id: object) -> StripeBooks:
        """What Stripe says of one appointment."""
        return self.stripe.books().of(appointment_id=appointment_id)


async def expect_card(page: Page | FrameLocator) -> None:
    """The field for the card is there."""
    await expect(page.locator("#card input").first).to_be_visible()


async def enter_card(page: Page | FrameLocator, number: str = GOOD_CARD) -> None:
    """Type a card into the stand-in's field."""
    await expect_card(page)
    details = {"number": number, "exp_month": "12", "exp_year": "34", "cvc": "123"}
    for name, text in details.items():
        await page.locator(f"#card input[placeholder={name}]").fill(text)


async def press_pay(page: Page | FrameLocator) -> None:
    await page.locator("form[data-pay] button").click()


async def pay(page: Page | FrameLocator, number: str = GOOD_CARD) -> None:
    """Type a card and press the button."""
    await enter_card(page, number)
    await press_pay(page)


async def expect_paid(page: Page | FrameLocator) -> None:
    """It is confirmed."""
    await expect(page.locator("main p.done")).to_be_visible()
