"""Payments that a person takes by hand: at the desk, or by bank transfer.

There are no books but our own, which come with each order as `known`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from bookonce.payments.provider import (
    Books,
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
        return replace(books, standing=Standing.AUTHORISED, authorised_minor=order.amount_minor)

    async def look(self, order: PaymentOrder) -> Books:
        """What our own books say."""
        return order.known or Books(Standing.OPEN)

    async def capture(self, order: PaymentOrder, amount_minor: int) -> Books:
        """Keep the amount of what was received."""
        books = await self.look(order)
        if books.standing is not Standing.AUTHORISED:
            return books
        if not 0 < amount_minor <= books.authorised_minor:
            raise RefusedByProviderError("what was received is less than is to be taken")
        return replace(
            books,
            standing=Standing.CAPTURED,
            captured_minor=amount_minor,
            capture_ref=f"on-site-{order.payment_id}",
        )

    async def release(self, order: PaymentOrder) -> Books:
        """Nothing of it is kept; if it was received, a person hands it back."""
        books = await self.look(order)
        if books.standing is Standing.CAPTURED:
            return books
        return replace(books, standing=Standing.CANCELLED)

    async def refund(self, order: PaymentOrder, refund_id: UUID, amount_minor: int) -> Books:
        """What is known: a person gives it back and tells, and then it is in the books."""
        return await self.look(order)

    def event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        """Nobody sends messages."""
        return None

    async def close(self) -> None:
        """There is nothing to close."""
