"""The line to Stripe: one request at a time, its errors in our words, its options."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable
from typing import TypeVar

import aiohttp
import stripe

from bookonce.payments.provider import PaymentOrder, ProviderError, RefusedByProviderError
from bookonce.payments.providers.stripe_amounts import to_stripe

API_VERSION = "2025-08-27.basil"
"""Stripe answers as it did at this version for as long as it is asked to. Versions from
2026-09-30 on refuse `payment_method_types`, and what takes its place has to be confirmed with a
`return_url`, unless it is told with parameters that the stand-in for tests does not know."""

TIMEOUT_S = 15.0
"""For one request, from connecting to the last byte. A payment makes up to five."""
CONNECT_TIMEOUT_S = 5.0

_CODE = re.compile(r"[a-z0-9_]{1,60}")
_MODE = re.compile(r"[a-z]{2}_(test|live)_")

_Answer = TypeVar("_Answer")


class DeclinedError(RefusedByProviderError):
    """The payer's bank said no."""

    def __init__(self, code: str) -> None:
        super().__init__(f"declined: {code}")
        self.code = code


def opened(
    secret_key: str, api_base: str, timeout_s: float
) -> tuple[stripe.StripeClient, stripe.AIOHTTPClient]:
    """A client of the SDK, and its connections, which whoever opens them closes."""
    # The SDK logs what it sends at level debug, tokens of cards too, and measures for Stripe.
    logging.getLogger("stripe").setLevel(logging.WARNING)
    stripe.enable_telemetry = False
    http = stripe.AIOHTTPClient(
        timeout=aiohttp.ClientTimeout(
            total=timeout_s, sock_connect=min(timeout_s, CONNECT_TIMEOUT_S)
        )
    )
    client = stripe.StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        base_addresses={"api": api_base},
        http_client=http,
        max_network_retries=0,  # who asks again has to look first
    )
    return client, http


def mode_of(secret_key: str) -> str | None:
    """ "test" or "live", as the key says; None for keys that say neither."""
    match = _MODE.match(secret_key)
    return match[1] if match else None


async def ask(request: Awaitable[_Answer]) -> _Answer:
    """One request. Errors are told in our words: Stripe's may hold a token or a key."""
    try:
        return await request
    except stripe.StripeError as error:
        failure = _failure(error)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        # The SDK lets through what goes wrong while an answer is read.
        failure = ProviderError(f"no answer: {type(error).__name__}")
    raise failure  # out here, so that the SDK's error isn't chained to it


def _failure(error: stripe.StripeError) -> ProviderError | RefusedByProviderError:
    """Whether asking again may help. An answer that isn't understood is like none."""
    code = error.code or getattr(error.error, "code", None) or ""
    code = code if _CODE.fullmatch(code) else ""
    if isinstance(error, stripe.CardError):
        return DeclinedError(code or "card_declined")
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


def stripe_amount(amount_minor: int, currency: str) -> int:
    """In Stripe's units. Raises RefusedByProviderError if it can't be charged exactly."""
    try:
        return to_stripe(amount_minor, currency)
    except ValueError as error:
        raise RefusedByProviderError(str(error)) from None


def ref_of(order: PaymentOrder) -> str:
    """What Stripe calls an attempt. Raises RefusedByProviderError if it has no name yet."""
    if order.provider_ref is None:
        raise RefusedByProviderError("the attempt has not been begun")
    return order.provider_ref


def ids_of(order: PaymentOrder) -> dict[str, str]:
    """Our ids, as they stand with every object that is made for an attempt."""
    return {
        "business_id": str(order.business_id),
        "appointment_id": str(order.appointment_id),
        "payment_id": str(order.payment_id),
    }


def options_of(order: PaymentOrder, key: str | None = None) -> stripe.RequestOptions:
    """`key` makes Stripe answer a repetition as it did the first time, errors too, for a day. So
    only what makes an object has one; a PaymentIntent is confirmed, taken and cancelled once."""
    options: stripe.RequestOptions = {}
    if order.account:
        options["stripe_account"] = order.account
    if key:
        options["idempotency_key"] = f"bookonce-{key}"
    return options
