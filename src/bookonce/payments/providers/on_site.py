"""Payments that a person takes by hand: at the desk, or by bank transfer.

There are no books but our own, which come with each order as `known`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bookonce.payments.provider import (
    Books,
    Listed,
    PaymentOrder,
    ProviderEvent,
    RefusedByProviderError,
    Standing,
)

RECEIVED = "received"
"""What a person says who has seen the money."""


class OnSitePayments:
    """The provider "on_site"."""

    name = "on_site"
    takes_cards = False
    mode: str | None = None

    async def begin(self, order: PaymentOrder) -> str:
        """The reference is made of the payment's id."""
        return order.provider_ref or f"on-site-{order.payment_id}"

    async def authorise(self, order: PaymentOrder, means: str) -> Books:
        """A person says that the money is there."""
        if means != RECEIVED:
            raise RefusedByProviderError(f'expected "{RECEIVED}"')
        books = await self.look(order)
        if books.standing is not Standing.OPEN:
            return books
        return _received(books, order.amount_minor)

    async def look(self, order: PaymentOrder) -> Books:
        """What our own books say. Money that a person has seen is taken: nothing is set aside."""
        books = order.known or Books(Standing.OPEN)
        if books.standing is Standing.AUTHORISED:  # written before 0.1 was out
            return _received(books, books.authorised_minor)
        return books

    async def capture(self, order: PaymentOrder, amount_minor: int) -> Books:
        """There is nothing to take: what was received is in the till, and what isn't, isn't."""
        return await self.look(order)

    async def release(self, order: PaymentOrder) -> Books:
        """End an attempt that nothing was received for; what was received has to be given back."""
        books = await self.look(order)
        if books.standing is Standing.CAPTURED:
            return books
        return replace(books, standing=Standing.CANCELLED)

    async def refund(self, order: PaymentOrder, refund_id: UUID, amount_minor: int) -> Books:
        """What is known: a person gives it back and tells, and then it is in the books."""
        return await self.look(order)

    async def all_since(self, account: str | None, since: datetime | None) -> AsyncIterator[Listed]:
        """A till has no list."""
        nothing: tuple[Listed, ...] = ()
        for listed in nothing:
            yield listed

    def event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        """Nobody sends messages."""
        return None

    async def close(self) -> None:
        """There is nothing to close."""


def _received(books: Books, amount_minor: int) -> Books:
    return replace(
        books,
        standing=Standing.CAPTURED,
        authorised_minor=amount_minor,
        captured_minor=amount_minor,
    )
