"""Find at Stripe all that makes up the books of one attempt."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import stripe

from bookonce.payments.provider import Books, PaymentOrder, ProviderError
from bookonce.payments.providers.stripe_books import (
    Found,
    failed_refunds,
    is_disputed,
    read_books,
)
from bookonce.payments.providers.stripe_line import ask, options_of, ref_of

PAGE_LENGTH = 100  # the most that Stripe gives at once


@dataclass(frozen=True, slots=True)
class Objects:
    """What Stripe shows of one attempt, as plain data."""

    intent: Found
    refunds: list[Found]
    disputes: list[Found]

    def read(self, order: PaymentOrder) -> Books:
        """As books. A status that isn't known is like no answer."""
        try:
            return read_books(self.intent, self.refunds, order.currency, self.disputes)
        except ValueError as error:
            raise ProviderError(str(error)) from None

    def failures(self, refund_id: UUID) -> int:
        """How many tries of one refund have failed."""
        return failed_refunds(self.refunds, refund_id)


async def find(client: stripe.StripeClient, order: PaymentOrder) -> Objects:
    """The PaymentIntent and, once money was taken, all its refunds and disputes."""
    v1, options = client.v1, options_of(order)
    expanded: Any = {"expand": ["latest_charge.balance_transaction"]}
    intent = (
        await ask(v1.payment_intents.retrieve_async(ref_of(order), expanded, options))
    ).to_dict()
    if intent.get("status") != "succeeded":
        return Objects(intent, [], [])
    which: Any = {"payment_intent": ref_of(order), "limit": PAGE_LENGTH}
    refunds = await ask(_all(v1.refunds.list_async(which, options)))
    disputes: list[Found] = []
    if is_disputed(intent):
        disputes = await ask(_all(v1.disputes.list_async(which, options)))
    return Objects(intent, refunds, disputes)


async def _all(first: Awaitable[Any]) -> list[Found]:
    page = await first
    return [found.to_dict() async for found in page.auto_paging_iter()]
