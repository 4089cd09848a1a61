"""Card payments through Stripe.

One attempt is one PaymentIntent with manual capture. Stripe's books are the truth: whatever
changes them looks first, and after an error looks again, so that an answer that got lost moves no
money twice. Nothing here relies on idempotency keys alone; they are sent wherever an object is
made, for the case that two servers look at the same moment.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import stripe

from bookonce.payments.provider import (
    Books,
    Listed,
    PaymentOrder,
    ProviderError,
    ProviderEvent,
    RefusedByProviderError,
    Standing,
)
from bookonce.payments.providers.stripe_books import (
    DECLINED_KEY,
    REFUND_KEY,
    decline_code,
    is_declined_but_open,
    read_listed,
)
from bookonce.payments.providers.stripe_find import PAGE_LENGTH, Objects, find
from bookonce.payments.providers.stripe_line import (
    TIMEOUT_S,
    DeclinedError,
    ask,
    ids_of,
    mode_of,
    opened,
    options_of,
    ref_of,
    stripe_amount,
)
from bookonce.payments.providers.stripe_messages import read_message

_MEANS = re.compile(r"(tok|pm)_[A-Za-z0-9_]{2,250}")
_ENDED = (Standing.CANCELLED, Standing.DECLINED)


class StripePayments:
    """The provider "stripe"."""

    name = "stripe"
    takes_cards = True

    def __init__(
        self,
        *,
        secret_key: str,
        webhook_secret: str | None = None,
        api_base: str = "https://api.stripe.com",
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.mode = mode_of(secret_key)
        self._webhook_secret = webhook_secret
        self._client, self._http = opened(secret_key, api_base, timeout_s)
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def begin(self, order: PaymentOrder) -> str:
        """Open a PaymentIntent. If the answer gets lost, an empty one may be left over."""
        if order.provider_ref is not None:
            return order.provider_ref
        wish: Any = {  # not the SDK's type, which is that of a later version
            "amount": stripe_amount(order.amount_minor, order.currency),
            "currency": order.currency.lower(),
            "capture_method": "manual",
            "payment_method_types": ["card"],
            # In metadata: a peer need not know descriptions of PaymentIntents.
            "metadata": ids_of(order) | {"description": order.description[:500]},
        }
        intent = await ask(
            self._client.v1.payment_intents.create_async(
                wish, options_of(order, f"begin-{order.payment_id}")
            )
        )
        return intent.id

    async def authorise(self, order: PaymentOrder, means: str) -> Books:
        """`means` is a card's token (`tok_…`) or a PaymentMethod (`pm_…`) made by Stripe.js."""
        if not _MEANS.fullmatch(means):
            raise RefusedByProviderError("the means of payment is no token and no payment method")
        async with self._turn(order):
            books = await self._look(order)
            if books.standing is not Standing.OPEN:
                return books
            return await self._act(
                order,
                self._set_aside(order, means),
                lambda books: books.standing is not Standing.OPEN,
            )

    async def look(self, order: PaymentOrder) -> Books:
        """What Stripe says now. An attempt that is found to have failed is ended."""
        if order.provider_ref is None:
            return Books(Standing.OPEN)
        async with self._turn(order):
            return await self._look(order)

    async def capture(self, order: PaymentOrder, amount_minor: int) -> Books:
        """Take the amount if it is set aside; else only tell how things stand."""
        amount = stripe_amount(amount_minor, order.currency)
        async with self._turn(order):
            books = await self._look(order)
            if books.standing is not Standing.AUTHORISED:
                return books
            if not 0 < amount_minor <= books.authorised_minor:
                raise RefusedByProviderError("what was set aside is less than is to be taken")
            return await self._act(
                order,
                ask(
                    self._client.v1.payment_intents.capture_async(
                        ref_of(order), {"amount_to_capture": amount}, options_of(order)
                    )
                ),
                lambda books: books.standing is Standing.CAPTURED,
            )

    async def release(self, order: PaymentOrder) -> Books:
        """Cancel the PaymentIntent unless money was taken, or Stripe is still at it."""
        if order.provider_ref is None:
            return Books(Standing.CANCELLED)
        async with self._turn(order):
            books = await self._look(order)
            if books.standing in (*_ENDED, Standing.CAPTURED, Standing.PENDING):
                return books
            return await self._act(
                order, self._cancel(order), lambda books: books.standing in _ENDED
            )

    async def refund(self, order: PaymentOrder, refund_id: UUID, amount_minor: int) -> Books:
        """Give back, unless a refund with this id is in the books already."""
        amount = stripe_amount(amount_minor, order.currency)

        def is_given(books: Books) -> bool:
            return any(refund.refund_id == refund_id for refund in books.refunds)

        async with self._turn(order):
            found = await self._find(order)
            books = found.read(order)
            if is_given(books):
                return books
            left_minor = books.captured_minor - sum(r.amount_minor for r in books.refunds)
            if not 0 < amount_minor <= left_minor:
                raise RefusedByProviderError("less is left of what was taken than is to be given")
            # Stripe answers a key that it has seen with what it answered then, so a try that has
            # failed for good needs another one.
            key = f"refund-{refund_id}-{found.failures(refund_id)}"
            return await self._act(
                order,
                ask(
                    self._client.v1.refunds.create_async(
                        {
                            "payment_intent": ref_of(order),
                            "amount": amount,
                            "metadata": ids_of(order) | {REFUND_KEY: str(refund_id)},
                        },
                        options_of(order, key),
                    )
                ),
                is_given,
            )

    async def all_since(self, account: str | None, since: datetime | None) -> AsyncIterator[Listed]:
        """Every PaymentIntent of an account, newest first."""
        wish: Any = {"limit": PAGE_LENGTH}
        if since is not None:
            wish["created"] = {"gte": int(since.timestamp())}
        options: stripe.RequestOptions = {"stripe_account": account} if account else {}
        page = await ask(self._client.v1.payment_intents.list_async(wish, options))
        while True:
            for intent in page.data:
                if listed := read_listed(intent.to_dict()):
                    yield listed
            if not page.has_more:
                return
            wish["starting_after"] = page.data[-1].id
            page = await ask(self._client.v1.payment_intents.list_async(wish, options))

    def event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        """Read a webhook's message. Raises ValueError if it is forged, stale or no message."""
        return read_message(body, headers, self._webhook_secret)

    async def close(self) -> None:
        """Close connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]

    async def _set_aside(self, order: PaymentOrder, means: str) -> None:
        """Bind the means of payment to the PaymentIntent and confirm it.

        A token becomes the card of a customer made for this attempt: a PaymentIntent takes no
        tokens. Every step may be repeated: only confirming sets money aside, and Stripe confirms a
        PaymentIntent once.
        """
        change: stripe.params.PaymentIntentUpdateParams = {"payment_method": means}
        if means.startswith("tok_"):
            customer = await self._customer(order, means)
            if not isinstance(customer.default_source, str):
                raise ProviderError("the card of the new customer is not told")
            change = {"payment_method": customer.default_source, "customer": customer.id}
        intents = self._client.v1.payment_intents
        await ask(intents.update_async(ref_of(order), change, options_of(order)))
        await ask(intents.confirm_async(ref_of(order), {}, options_of(order)))

    async def _customer(self, order: PaymentOrder, token: str) -> stripe.Customer:
        """A customer with the token's card. Tokens serve once, so asking again needs the key."""
        fingerprint = hashlib.sha256(token.encode()).hexdigest()[:16]
        params: stripe.params.CustomerCreateParams = {"source": token, "metadata": ids_of(order)}
        if order.email:
            params["email"] = order.email
        key = f"customer-{order.payment_id}-{fingerprint}"
        try:
            return await ask(self._client.v1.customers.create_async(params, options_of(order, key)))
        except DeclinedError as declined:
            # The PaymentIntent knows nothing of it; the next look ends the attempt by this note.
            await self._note_decline(order, declined.code)
            raise

    async def _look(self, order: PaymentOrder) -> Books:
        """The books. An attempt that failed is ended first: its client secret is in a browser."""
        found = await self._find(order)
        if is_declined_but_open(found.intent):
            await self._note_decline(order, decline_code(found.intent) or "")
            await self._cancel(order)
            found = await self._find(order)
        return found.read(order)

    async def _find(self, order: PaymentOrder) -> Objects:
        return await find(self._client, order)

    async def _note_decline(self, order: PaymentOrder, code: str) -> None:
        await ask(
            self._client.v1.payment_intents.update_async(
                ref_of(order), {"metadata": {DECLINED_KEY: code}}, options_of(order)
            )
        )

    async def _cancel(self, order: PaymentOrder) -> None:
        await ask(
            self._client.v1.payment_intents.cancel_async(ref_of(order), {}, options_of(order))
        )

    async def _act(
        self, order: PaymentOrder, action: Awaitable[object], is_done: Callable[[Books], bool]
    ) -> Books:
        """Act, then look. What the action was answered counts only if the books don't show it."""
        failure: ProviderError | RefusedByProviderError | None = None
        try:
            await action
        except (ProviderError, RefusedByProviderError) as told:
            failure = told
        books = await self._look(order)
        if is_done(books):
            return books
        raise failure or ProviderError("the books don't show yet what was done")

    def _turn(self, order: PaymentOrder) -> asyncio.Lock:
        """One call at a time for each payment, so that the second one's look sees what the first
        one did. Between servers, Stripe's idempotency keys and statuses do this."""
        return self._turns.setdefault(order.payment_id, asyncio.Lock())
