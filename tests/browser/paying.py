"""How people pay on the booking page, and what the payment service's books say afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from playwright.async_api import FrameLocator, Page, expect

from bookonce.availability.installation import Installation
from bookonce.business.document import Business
from bookonce.payments.providers.configured import providers
from bookonce.payments.settle import settle
from bookonce.platform.database import Database
from bookonce.platform.settings import Settings
from tests.browser.booking import a_salon, fill_in_and_send, open_form
from tests.factories import a_service
from tests.localstripe import GOOD_CARD, FaultyLine, LocalStripe, StripeBooks
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
    """A server that takes cards, the Stripe that it takes them with, and its line there."""

    server: RunningServer
    stripe: LocalStripe
    line: FaultyLine
    new: Callable[..., Awaitable[Page]]

    async def new_page(self, **options: Any) -> Page:
        """A visitor of the server."""
        return await self.new(base_url=self.server.base_url, till=self.stripe.api_base, **options)

    def open(self, **more: Any) -> str:
        """A salon of the test's own; its address."""
        business = a_salon_with_deposit(**more)
        self.server.apply(business)
        return business.business.slug

    @asynccontextmanager
    async def installation(self) -> AsyncIterator[Installation]:
        """Verbs on the server's own database, with the same Stripe."""
        settings = Settings.read(self.stripe.environment)
        assert self.server.database_url is not None
        database = Database(self.server.database_url, connections_max=2)
        await database.open()
        installation = Installation(database, providers=providers(settings))
        yield installation
        for provider in installation.providers.values():
            await provider.close()
        await database.close()

    async def settle(self, slug: str) -> None:
        """Do what the queue does: make the money be what each appointment says."""
        async with self.installation() as installation:
            directory = await installation.current(slug)
            for appointment_id in await self.appointments(slug):
                await settle(
                    installation, directory.business_id, appointment_id, now=datetime.now(UTC)
                )

    async def appointments(self, slug: str) -> dict[UUID, str]:
        """The status of each appointment of a business, oldest first."""
        connection = await asyncpg.connect(self.server.database_url)
        try:
            rows = await connection.fetch(
                """
                SELECT appointment_id, status FROM appointment JOIN business_slug USING (business_id)
                WHERE slug = $1 ORDER BY appointment.created_at, appointment_id
                """,
                slug,
            )
        finally:
            await connection.close()
        return {row["appointment_id"]: row["status"] for row in rows}

    async def only(self, slug: str) -> UUID:
        """The one appointment of a business."""
        [found] = await self.appointments(slug)
        return found

    def books(self, appointment_id: UUID) -> StripeBooks:
        """What Stripe says of one appointment."""
        return self.stripe.books().of(appointment_id=appointment_id)


def charged(books: StripeBooks) -> list[int]:
    """The amounts that were set aside or taken, in cents; not what was declined."""
    return [int(charge["amount"]) for charge in books.charges if charge["status"] == "succeeded"]


async def hold(page: Page, slug: str, name: str = "Zoe") -> datetime:
    """From the times to the payment step; tells the start."""
    start = await open_form(page, slug)
    await fill_in_and_send(page, name, phone="030 1234", notes="Second floor")
    await expect_card(page)
    return start


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


async def press_pay_and_wait(page: Page) -> None:
    """Press the button and wait until the answer is shown in this step's place."""
    shown = await page.locator("main [data-step]").element_handle()
    await press_pay(page)
    await shown.wait_for_element_state("hidden")


async def pay(page: Page | FrameLocator, number: str = GOOD_CARD) -> None:
    """Type a card and press the button."""
    await enter_card(page, number)
    await press_pay(page)


async def expect_paid(page: Page | FrameLocator) -> None:
    """It is confirmed."""
    await expect(page.locator("main p.done")).to_be_visible()
