"""A real localstripe for these tests, a line to it, and a till to pay at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from bookonce.payments.provider import PaymentOrder
from bookonce.payments.providers.stripe import StripePayments
from tests.localstripe import GOOD_CARD, SECRET_KEY, FaultyLine, LocalStripe, StripeBooks

WEBHOOK_SECRET = "whsec_tests"


class Till:
    """What a test pays at: the provider, asked over a line that can fail."""

    def __init__(self, stripe: LocalStripe, line: FaultyLine) -> None:
        self.stripe = stripe
        self.line = line
        self._open: list[StripePayments] = []
        self.provider = self.another()

    def another(self, timeout_s: float = 15.0) -> StripePayments:
        """A provider of another server of the installation."""
        provider = StripePayments(
            secret_key=SECRET_KEY,
            webhook_secret=WEBHOOK_SECRET,
            api_base=self.line.api_base,
            timeout_s=timeout_s,
        )
        self._open.append(provider)
        return provider

    async def close(self) -> None:
        for provider in self._open:
            await provider.close()

    async def begun(self, amount_minor: int = 4800, currency: str = "EUR") -> PaymentOrder:
        """An order whose attempt is open."""
        order = an_order(amount_minor, currency)
        return replace(order, provider_ref=await self.provider.begin(order))

    async def authorised(self, amount_minor: int = 4800, currency: str = "EUR") -> PaymentOrder:
        """An order whose money is set aside."""
        order = await self.begun(amount_minor, currency)
        await self.provider.authorise(order, self.token())
        return order

    async def captured(self, amount_minor: int = 4800, of_minor: int | None = None) -> PaymentOrder:
        """An order whose money was taken, or a part of it."""
        order = await self.authorised(of_minor or amount_minor)
        await self.provider.capture(order, amount_minor)
        return order

    def token(self, number: str = GOOD_CARD) -> str:
        return self.stripe.make_token(number)

    def books(self, order: PaymentOrder) -> StripeBooks:
        """What Stripe knows of one payment."""
        return self.stripe.books().of(payment_id=order.payment_id)


def an_order(amount_minor: int = 4800, currency: str = "EUR") -> PaymentOrder:
    """One attempt at paying for a haircut."""
    return PaymentOrder(
        business_id=uuid4(),
        appointment_id=uuid4(),
        payment_id=uuid4(),
        amount_minor=amount_minor,
        currency=currency,
        description="Haircut on Friday",
        email="grace@example.com",
    )


def a_refund() -> UUID:
    return uuid4()


@pytest.fixture(scope="session")
def stripe_process() -> Iterator[LocalStripe]:
    with LocalStripe() as stripe:
        yield stripe


@pytest.fixture
def local_stripe(stripe_process: LocalStripe) -> LocalStripe:
    """localstripe, from scratch."""
    stripe_process.forget()
    return stripe_process


@pytest.fixture
def line(local_stripe: LocalStripe) -> Iterator[FaultyLine]:
    with FaultyLine(local_stripe.api_base) as line:
        yield line


@pytest.fixture
async def till(local_stripe: LocalStripe, line: FaultyLine) -> AsyncIterator[Till]:
    till = Till(local_stripe, line)
    yield till
    await till.close()


@pytest.fixture
async def keyed_till(local_stripe: LocalStripe) -> AsyncIterator[Till]:
    """A till at a Stripe that keeps idempotency keys, as the real one does."""
    with FaultyLine(local_stripe.api_base, keeps_keys=True) as line:
        till = Till(local_stripe, line)
        yield till
        await till.close()
