"""Messages of Stripe's: only those that Stripe signed are read."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from uuid import UUID

import pytest
import stripe

from bookonce.payments.provider import ProviderEvent
from bookonce.payments.providers.stripe import StripePayments
from tests.localstripe import SECRET_KEY
from tests.payments.providers.conftest import WEBHOOK_SECRET, Till

BUSINESS, PAYMENT = UUID(int=1), UUID(int=2)
IDS = {"business_id": str(BUSINESS), "payment_id": str(PAYMENT)}


@pytest.fixture
def provider() -> StripePayments:
    return StripePayments(secret_key=SECRET_KEY, webhook_secret=WEBHOOK_SECRET)


def message(kind: str, metadata: object = None) -> bytes:
    event = {"id": "evt_1", "object": "event", "type": kind, "api_version": "2025-08-27.basil"}
    thing = {"id": "x_1", "object": "x"} | ({"metadata": metadata} if metadata else {})
    return json.dumps(event | {"data": {"object": thing}}).encode()


def signed(body: bytes, secret: str = WEBHOOK_SECRET, age_s: int = 0) -> dict[str, str]:
    header = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, int(time.time()) - age_s
    )
    return {"stripe-signature": header}


@pytest.mark.parametrize(
    "kind",
    ["payment_intent.canceled", "charge.refunded", "refund.updated", "charge.refund.updated"],
)
def test_it_works(provider: StripePayments, kind: str) -> None:
    body = message(kind, IDS)
    assert provider.event(body, signed(body)) == ProviderEvent("evt_1", kind, BUSINESS, PAYMENT)


@pytest.mark.parametrize("metadata", [None, {"business_id": "lumen"}, {"order": "7"}])
def test_a_message_about_somebody_elses_payment_names_no_business(
    provider: StripePayments, metadata: object
) -> None:
    body = message("charge.dispute.created", metadata)
    event = provider.event(body, signed(body))
    assert event
    assert (event.business_id, event.payment_id) == (None, None)


def test_a_message_about_something_else_is_passed_over(provider: StripePayments) -> None:
    body = message("customer.created", IDS)
    assert provider.event(body, signed(body)) is None


def test_any_spelling_of_the_header_will_do(provider: StripePayments) -> None:
    body = message("charge.refunded", IDS)
    assert provider.event(body, {"Stripe-Signature": signed(body)["stripe-signature"]})


def test_a_forged_message_is_refused(provider: StripePayments) -> None:
    body, other = message("charge.refunded", IDS), message("charge.captured", IDS)
    for headers in (
        {},
        {"stripe-signature": ""},
        {"stripe-signature": "t=1,v1=abc"},
        {"stripe-signature": "nonsense"},
        signed(other),
        signed(body, "whsec_of_somebody_else"),
        signed(body, age_s=301),
    ):
        with pytest.raises(ValueError, match="signature"):
            provider.event(body, headers)


@pytest.mark.parametrize("body", [b"no json", b"\xff\xfe"])
def test_what_is_no_message_is_refused(provider: StripePayments, body: bytes) -> None:
    headers = signed(body) if body.isascii() else {"stripe-signature": "t=1,v1=abc"}
    with pytest.raises(ValueError):
        provider.event(body, headers)


def test_without_a_secret_no_message_is_believed() -> None:
    body = message("charge.refunded", IDS)
    for secret in (None, ""):
        provider = StripePayments(secret_key=SECRET_KEY, webhook_secret=secret)
        with pytest.raises(ValueError, match="secret"):
            provider.event(body, signed(body, ""))


async def test_a_message_as_it_is_sent_is_read(till: Till) -> None:
    told: Queue[ProviderEvent | None] = Queue()

    class Inbox(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.put(till.provider.event(body, dict(self.headers)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Inbox) as inbox:
        threading.Thread(target=inbox.serve_forever, daemon=True).start()
        till.stripe.register_webhook(
            f"http://127.0.0.1:{inbox.server_port}/", WEBHOOK_SECRET, ["payment_intent.succeeded"]
        )
        order = await till.captured()
        # Other tests' payments of the last second are told of here, too.
        events = iter(lambda: told.get(timeout=10), None)
        event = next(event for event in events if event.payment_id == order.payment_id)
        inbox.shutdown()
    assert (event.kind, event.business_id) == ("payment_intent.succeeded", order.business_id)


@pytest.mark.parametrize(
    "header",
    [
        "t=1,v1=é", "t=é,v1=a", "é", "t=" + "9" * 5000 + ",v1=a", "t=-1,v1=a", "t=,v1=a", "t=1",
        "v1=a", "t=1e3,v1=a", "t=١,v1=a", "t=99999999999999,v1=a", ",,,", "t", "t=1,v1",
    ],
)  # fmt: skip
def test_signatures_that_nobody_can_read_are_forged(provider: StripePayments, header: str) -> None:
    with pytest.raises(ValueError, match=r"signature|signed"):
        provider.event(message("charge.refunded", IDS), {"stripe-signature": header})


@pytest.mark.parametrize(("ahead_s", "is_believed"), [(200, True), (400, False), (3600, False)])
def test_a_message_signed_for_later_is_not_believed(
    provider: StripePayments, ahead_s: int, is_believed: bool
) -> None:
    body = message("charge.refunded", IDS)
    if is_believed:
        assert provider.event(body, signed(body, age_s=-ahead_s))
    else:
        with pytest.raises(ValueError, match="still to come"):
            provider.event(body, signed(body, age_s=-ahead_s))
