"""The messages that Stripe sends: whose they are is checked, what they say is only a hint."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import msgspec
import stripe

from bookonce.payments.provider import ProviderEvent
from bookonce.payments.providers.stripe_books import as_uuid

_OURS = ("payment_intent.", "charge.", "refund.")
_SIGNED_AT = re.compile(r"(?:[^,]*,)*?t=(\d{1,12})(?:,|$)", re.ASCII)


class _Subject(msgspec.Struct):
    id: str = ""
    object: str = ""
    metadata: dict[str, Any] | None = None
    payment_intent: Any = None


class _Data(msgspec.Struct):
    object: _Subject


class _Message(msgspec.Struct):
    """What is read of a webhook's message."""

    id: str
    type: str
    data: _Data


def read_message(
    body: bytes, headers: Mapping[str, str], secret: str | None
) -> ProviderEvent | None:
    """Read a webhook's message; None if it is about nothing of ours.

    Disputes, and refunds made in Stripe's own office, hold no ids of ours but the PaymentIntent's.
    Raises ValueError if it is forged, stale or no message.
    """
    if not secret:
        raise ValueError("no webhook secret is set, so no message can be believed")
    signature = next((v for k, v in headers.items() if k.lower() == "stripe-signature"), "")
    _require_signed_by_now(signature)
    try:
        stripe.WebhookSignature.verify_header(
            body.decode(), signature, secret, stripe.Webhook.DEFAULT_TOLERANCE
        )
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        raise ValueError("the message's signature is wrong or too old") from None
    try:
        message = msgspec.json.decode(body, type=_Message)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"the message isn't one of Stripe's: {error}") from None
    if not message.type.startswith(_OURS):
        return None
    subject = message.data.object
    metadata = subject.metadata or {}
    ref = subject.id if subject.object == "payment_intent" else subject.payment_intent
    return ProviderEvent(
        message.id,
        message.type,
        as_uuid(metadata.get("business_id")),
        as_uuid(metadata.get("payment_id")),
        ref if isinstance(ref, str) and ref else None,
    )


def _require_signed_by_now(signature: str) -> None:
    """Refuse what the library doesn't: it can't compare letters outside ASCII, and takes a time that
    is still to come, with which a message could be sent again for as long as somebody likes.

    Raises ValueError.
    """
    signed = _SIGNED_AT.match(signature) if signature.isascii() else None
    if signed is None:
        raise ValueError("the message's signature can't be read")
    if int(signed[1]) > time.time() + stripe.Webhook.DEFAULT_TOLERANCE:
        raise ValueError("the message is signed for a time that is still to come")
