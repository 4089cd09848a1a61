"""Card payments through Stripe.

One attempt is one PaymentIntent with manual capture. Stripe's books are the truth: whatever
changes them looks first, and after an error looks again, so that an answer that got lost moves no
money twice. Nothing here relies on idempotency keys alone; they are sent wherever an object is
made, for the case that two servers look at the same moment.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

import aiohttp
import msgspec
import stripe

from bookonce.payments.provider import (
    Books,
    PaymentOrder,
    ProviderError,
    ProviderEvent,
    RefusedByProviderError,
    Standing,
)
from bookonce.payments.providers.stripe_amounts import to_stripe
from bookonce.payments.providers.stripe_books import (
    DECLINED_KEY,
    REFUND_KEY,
    as_uuid,
    decline_code,
    failed_refunds,
    is_declined_but_open,
    read_books,
)

API_VERSION = "2025-08-27.basil"
"""Stripe answers as it did at this version for as long as it is asked to. Versions from
2026-09-30 on refuse `payment_method_types`, and what takes its place has to be confirmed with a
`return_url`, unless it is told with parameters that the stand-in for tests does not know."""

TIMEOUT_S = 15.0
"""For one request, from connecting to the last byte. A payment makes up to five."""
CONNECT_TIMEOUT_S = 5.0
PAGE_LENGTH = 100  # the most that Stripe gives at once

_MEANS = re.compile(r"(tok|pm)_[A-Za-z0-9_]{2,250}")
_CODE = re.compile(r"[a-z0-9_]{1,60}")
_OURS = ("payment_intent.", "charge.", "refund.")
_ENDED = (Standing.CANCELLED, Standing.DECLINED)

_Answer = TypeVar("_Answer")


class _DeclinedError(RefusedByProviderError):
    """The payer's bank said no."""

    def __init__(self, code: str) -> None:
        super().__init__(f"declined: {code}")
        self.code = code


class _Subject(msgspec.Struct):
    metadata: dict[str, Any] | None = None


class _Data(msgspec.Struct):
    object: _Subject


class _Message(msgspec.Struct):
    """What is read of a webhook's message."""

    id: str
    type: str
    data: _Data


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
        # The SDK logs what it sends at level debug, tokens of cards too, and measures for Stripe.
        logging.getLogger("stripe").setLevel(logging.WARNING)
        stripe.enable_telemetry = False
        self._webhook_secret = webhook_secret
        self._http = stripe.AIOHTTPClient(
            timeout=aiohttp.ClientTimeout(
                total=timeout_s, sock_connect=min(timeout_s, CONNECT_TIMEOUT_S)
            )
        )
        self._client = stripe.StripeClient(
            secret_key,
            stripe_version=API_VERSION,
            base_addresses={"api": api_base},
            http_client=self._http,
            max_network_retries=0,  # who asks again has to look first
        )
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def begin(self, order: PaymentOrder) -> str:
        """Open a PaymentIntent. If the answer gets lost, an empty one may be left over."""
        if order.provider_ref is not None:
            return order.provider_ref
        wish: Any = {  # not the SDK's type, which is that of a later version
            "amount": _stripe_amount(order.amount_minor, order.currency),
            "currency": order.currency.lower(),
            "capture_method": "manual",
            "payment_method_types": ["card"],
            # In metadata: a peer need not know descriptions of PaymentIntents.
            "metadata": _ids(order) | {"description": order.description[:500]},
        }
        intent = await self._ask(
            self._client.v1.payment_intents.create_async(
                wish, _options(order, f"begin-{order.payment_id}")
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
        amount = _stripe_amount(amount_minor, order.currency)
        async with self._turn(order):
            books = await self._look(order)
            if books.standing is not Standing.AUTHORISED:
                return books
            if not 0 < amount_minor <= books.authorised_minor:
                raise RefusedByProviderError("what was set aside is less than is to be taken")
            return await self._act(
                order,
                self._ask(
                    self._client.v1.payment_intents.capture_async(
                        _ref(order), {"amount_to_capture": amount}, _options(order)
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
        amount = _stripe_amount(amount_minor, order.currency)

        def is_given(books: Books) -> bool:
            return any(refund.refund_id == refund_id for refund in books.refunds)

        async with self._turn(order):
            intent, refunds = await self._find(order)
            books = _read(intent, refunds, order)
            if is_given(books):
                return books
            left_minor = books.captured_minor - sum(r.amount_minor for r in books.refunds)
            if not 0 < amount_minor <= left_minor:
                raise RefusedByProviderError("less is left of what was taken than is to be given")
            # Stripe answers a key that it has seen with what it answered then, so a try that has
            # failed for good needs another one.
            key = f"refund-{refund_id}-{failed_refunds(refunds, refund_id)}"
            return await self._act(
                order,
                self._ask(
                    self._client.v1.refunds.create_async(
                        {
                            "payment_intent": _ref(order),
                            "amount": amount,
                            "metadata": _ids(order) | {REFUND_KEY: str(refund_id)},
                        },
                        _options(order, key),
                    )
                ),
                is_given,
            )

    def event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent | None:
        """Read a webhook's message. Raises ValueError if it is forged, stale or no message."""
        if not self._webhook_secret:
            raise ValueError("no webhook secret is set, so no message can be believed")
        signature = next((v for k, v in headers.items() if k.lower() == "stripe-signature"), None)
        try:
            stripe.WebhookSignature.verify_header(
                body.decode(),
                signature or "",
                self._webhook_secret,
                stripe.Webhook.DEFAULT_TOLERANCE,
            )
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            raise ValueError("the message's signature is wrong or too old") from None
        try:
            message = msgspec.json.decode(body, type=_Message)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ValueError(f"the message isn't one of Stripe's: {error}") from None
        if not message.type.startswith(_OURS):
            return None
        metadata = message.data.object.metadata or {}
        return ProviderEvent(
            message.id,
            message.type,
            as_uuid(metadata.get("business_id")),
            as_uuid(metadata.get("payment_id")),
        )

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
        await self._ask(intents.update_async(_ref(order), change, _options(order)))
        await self._ask(intents.confirm_async(_ref(order), {}, _options(order)))

    async def _customer(self, order: PaymentOrder, token: str) -> stripe.Customer:
        """A customer with the token's card. Tokens serve once, so asking again needs the key."""
        fingerprint = hashlib.sha256(token.encode()).hexdigest()[:16]
        params: stripe.params.CustomerCreateParams = {"source": token, "metadata": _ids(order)}
        if order.email:
            params["email"] = order.email
        key = f"customer-{order.payment_id}-{fingerprint}"
        try:
            return await self._ask(
                self._client.v1.customers.create_async(params, _options(order, key))
            )
        except _DeclinedError as declined:
            # The PaymentIntent knows nothing of it; the next look ends the attempt by this note.
            await self._note_decline(order, declined.code)
            raise

    async def _look(self, order: PaymentOrder) -> Books:
        """The books. An attempt that failed is ended first: its client secret is in a browser."""
        intent, refunds = await self._find(order)
        if is_declined_but_open(intent):
            await self._note_decline(order, decline_code(intent) or "")
            await self._cancel(order)
            intent, refunds = await self._find(order)
        return _read(intent, refunds, order)

    async def _find(self, order: PaymentOrder) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The PaymentIntent and, once money was taken, all its refunds, as plain data."""
        found = await self._ask(
            self._client.v1.payment_intents.retrieve_async(
                _ref(order),
                {"expand": ["latest_charge.balance_transaction"]},
                _options(order),
            )
        )
        intent = found.to_dict()
        if intent.get("status") != "succeeded":
            return intent, []
        return intent, await self._ask(self._refunds(order))

    async def _refunds(self, order: PaymentOrder) -> list[dict[str, Any]]:
        page = await self._client.v1.refunds.list_async(
            {"payment_intent": _ref(order), "limit": PAGE_LENGTH}, _options(order)
        )
        return [refund.to_dict() async for refund in page.auto_paging_iter()]

    async def _note_decline(self, order: PaymentOrder, code: str) -> None:
        await self._ask(
            self._client.v1.payment_intents.update_async(
                _ref(order), {"metadata": {DECLINED_KEY: code}}, _options(order)
            )
        )

    async def _cancel(self, order: PaymentOrder) -> None:
        await self._ask(
            self._client.v1.payment_intents.cancel_async(_ref(order), {}, _options(order))
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

    async def _ask(self, request: Awaitable[_Answer]) -> _Answer:
        """One request. Errors are told in our words: Stripe's may hold a token or a key."""
        try:
            return await request
        except stripe.StripeError as error:
            failure = _failure(error)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            # The SDK lets through what goes wrong while an answer is read.
            failure = ProviderError(f"no answer: {type(error).__name__}")
        raise failure  # out here, so that the SDK's error isn't chained to it

    def _turn(self, order: PaymentOrder) -> asyncio.Lock:
        """One call at a time for each payment, so that the second one's look sees what the first
        one did. Between servers, Stripe's idempotency keys and statuses do this."""
        return self._turns.setdefault(order.payment_id, asyncio.Lock())


def _read(intent: Mapping[str, Any], refunds: list[dict[str, Any]], order: PaymentOrder) -> Books:
    try:
        return read_books(intent, refunds, order.currency)
    except ValueError as error:
        raise ProviderError(str(error)) from None


def _failure(error: stripe.StripeError) -> ProviderError | RefusedByProviderError:
    """Whether asking again may help. An answer that isn't understood is like none."""
    code = error.code or getattr(error.error, "code", None) or ""
    code = code if _CODE.fullmatch(code) else ""
    if isinstance(error, stripe.CardError):
        return _DeclinedError(code or "card_declined")
    words = [type(error).__name__, str(error.http_status or "no answer"), code]
    message = " ".join(filter(None, [*words, error.request_id]))
    refusals = (
        stripe.AuthenticationError,
        stripe.PermissionError,
        stripe.InvalidRequestError,
        stripe.IdempotencyError,
    )
    if isinstance(error, refusals) and code not in ("lock_timeout", "idempotency_key_in_use"):
        return RefusedByProviderError(message)
    return ProviderError(message)


def _stripe_amount(amount_minor: int, currency: str) -> int:
    try:
        return to_stripe(amount_minor, currency)
    except ValueError as error:
        raise RefusedByProviderError(str(error)) from None


def _ref(order: PaymentOrder) -> str:
    if order.provider_ref is None:
        raise RefusedByProviderError("the attempt has not been begun")
    return order.provider_ref


def _ids(order: PaymentOrder) -> dict[str, str]:
    return {
        "business_id": str(order.business_id),
        "appointment_id": str(order.appointment_id),
        "payment_id": str(order.payment_id),
    }


def _options(order: PaymentOrder, key: str | None = None) -> stripe.RequestOptions:
    """`key` makes Stripe answer a repetition as it did the first time, errors too, for a day. So
    only what makes an object has one; a PaymentIntent is confirmed, taken and cancelled once."""
    options: stripe.RequestOptions = {}
    if order.account:
        options["stripe_account"] = order.account
    if key:
        options["idempotency_key"] = f"bookonce-{key}"
    return options
