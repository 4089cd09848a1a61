"""Paying over HTTP, to the end: a real server with its jobs, a real localstripe with its webhooks."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from bookonce.booking import apply_file
from bookonce.business.document import Business
from bookonce.platform.database import Database
from tests import asking
from tests.factories import a_business, a_service, tomorrow_at
from tests.localstripe import REFUSED_AT_CHARGE_CARD, SECURE_CARD, LocalStripe
from tests.running import RunningServer
from tests.web.waiting import wait_until

SECRET = "whsec_for_tests"
DEPOSIT = 1440
KINDS = ("payment_intent.amount_capturable_updated", "payment_intent.succeeded", "charge.refunded")


@pytest.fixture(scope="module")
def stripe() -> Iterator[LocalStripe]:
    with LocalStripe() as running:
        yield running


@pytest.fixture(scope="module")
def shop(
    stripe: LocalStripe, new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder: Path = tmp_path_factory.mktemp("paying")
    environment = stripe.environment | {"BOOKONCE_STRIPE_WEBHOOK_SECRET": SECRET}
    server = RunningServer(new_database(), folder, environment=environment, jobs=True)
    with server:
        stripe.register_webhook(f"{server.base_url}/webhooks/stripe", SECRET)
        yield server


@pytest.fixture
def api(shop: RunningServer) -> Iterator[httpx.Client]:
    """The API of a business of its own: Ada cuts for 48.00, with 30% in advance."""
    business = a_business(
        service=[a_service("cut", price="48.00", deposit="30%"), a_service("wash")],
    )
    asyncio.run(_apply(shop.database_url or "", business))
    base = f"{shop.base_url}/api/v1/{business.business.slug}"
    with httpx.Client(base_url=base, timeout=30) as client:
        yield client


async def _apply(url: str, business: Business) -> None:
    database = Database(url, connections_max=1)
    await database.open()
    await apply_file.apply(database, business, now=datetime.now(UTC))
    await database.close()


def held(api: httpx.Client, hour: int = 10) -> tuple[dict[str, Any], str]:
    wish = {
        "service": "cut",
        "start": tomorrow_at(hour).isoformat(),
        "client": {"name": "Zoe", "email": "zoe@example.com"},
    }
    answer = api.post("/book", json=wish)
    assert answer.status_code == 201, answer.text
    return answer.json(), answer.json()["manage_url"].rpartition("/")[2]


def pay(api: httpx.Client, token: str, means: str | None = None) -> httpx.Response:
    return api.post(f"/appointments/{token}/payment", json={"means": means} if means else {})


def payment(api: httpx.Client, token: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/appointments/{token}").json()["payment"]
    return found


def money(stripe: LocalStripe, appointment: dict[str, Any]) -> tuple[int, int, int]:
    """Set aside, taken, given back, by the provider's books."""
    found = stripe.books().of(appointment_id=appointment["id"])
    return found.held, found.taken, found.given_back


def test_it_works(api: httpx.Client, stripe: LocalStripe) -> None:
    service = api.get("/services").json()[0]
    assert service["deposit"] == {"amount": "14.40", "currency": "EUR"}
    booked, token = held(api)
    assert booked["status"] == "held"
    assert booked["hold_expires_at"] > datetime.now(UTC).isoformat()
    due = {name: booked["payment"][name] for name in ("provider", "status", "amount", "currency")}
    assert due == {"provider": "stripe", "status": "due", "amount": "14.40", "currency": "EUR"}
    paid = pay(api, token, stripe.make_token())
    assert (paid.status_code, paid.json()["status"]) == (200, "confirmed")
    assert "hold_expires_at" not in paid.json()
    wait_until(lambda: payment(api, token)["status"] == "captured", "taken by a job")
    assert money(stripe, booked) == (0, DEPOSIT, 0)
    cancelled = api.post(f"/appointments/{token}/cancellation")
    assert cancelled.json()["status"] == "cancelled"
    wait_until(lambda: payment(api, token).get("refunded") == "14.40", "given back by a job")
    assert money(stripe, booked) == (0, DEPOSIT, DEPOSIT)


def test_a_declined_card_is_402_with_the_tries_left(api: httpx.Client, stripe: LocalStripe) -> None:
    _, token = held(api)
    refused = pay(api, token, stripe.make_token(REFUSED_AT_CHARGE_CARD))
    assert refused.status_code == 402
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["code"], refused.json()["attempts_left"]) == ("PAYMENT_DECLINED", 4)
    assert pay(api, token, stripe.make_token()).json()["status"] == "confirmed"


def test_a_bank_that_wants_to_hear_from_the_payer(api: httpx.Client, stripe: LocalStripe) -> None:
    booked, token = held(api)
    asked = pay(api, token, stripe.make_token(SECURE_CARD)).json()
    assert asked["status"] == "held"
    stripe.authenticate(asked["payment"]["client_secret"])
    assert pay(api, token).json()["status"] == "confirmed"
    wait_until(lambda: payment(api, token)["status"] == "captured", "taken by a job")
    assert money(stripe, booked) == (0, DEPOSIT, 0)


def test_a_double_click_is_one_charge(api: httpx.Client, stripe: LocalStripe) -> None:
    booked, token = held(api)
    cards = [stripe.make_token() for _ in range(8)]
    with ThreadPoolExecutor(8) as clicks:
        answers = list(clicks.map(lambda card: pay(api, token, card), cards))
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert pay(api, token).json()["status"] == "confirmed"
    wait_until(lambda: payment(api, token)["status"] == "captured", "taken by a job")
    assert money(stripe, booked) == (0, DEPOSIT, 0)
    assert len(stripe.books().of(appointment_id=booked["id"]).charges) == 1


def test_without_a_deposit_nothing_speaks_of_money(api: httpx.Client) -> None:
    wish = {
        "service": "wash",
        "start": tomorrow_at(10).isoformat(),
        "client": {"name": "Zoe", "email": "zoe@example.com"},
    }
    booked = api.post("/book", json=wish).json()
    assert booked["status"] == "confirmed"
    assert {"payment", "hold_expires_at"}.isdisjoint(booked)
    token = booked["manage_url"].rpartition("/")[2]
    assert pay(api, token, "tok_x").json()["code"] == "STATUS_CONFLICT"


@pytest.mark.parametrize(
    "means", ["", "x" * 300, "4242424242424242", "tok_unknown", "<b>", "pm_\u0000"]
)
def test_what_no_card_is_made_of_is_refused(
    api: httpx.Client, stripe: LocalStripe, means: str
) -> None:
    booked, token = held(api)
    answer = (
        pay(api, token, means)
        if means
        else api.post(f"/appointments/{token}/payment", json={"means": ""})
    )
    assert answer.status_code in (402, 409, 422), answer.text
    assert money(stripe, booked) == (0, 0, 0)
    assert pay(api, token, stripe.make_token()).json()["status"] == "confirmed"


def test_a_forged_message_is_refused(shop: RunningServer) -> None:
    for headers in ({}, {"Stripe-Signature": "t=1,v1=00"}, {"Stripe-Signature": "garbage"}):
        answer = asking.post(f"{shop.base_url}/webhooks/stripe", content=b"{}", headers=headers)
        assert answer.status_code == 400
    for nobody in ("unheard-of", "on_site"):
        assert asking.post(f"{shop.base_url}/webhooks/{nobody}", content=b"{}").status_code == 404


class TestMessages:
    """What a provider tells: a hint where to look, believed in nothing else."""

    def test_one_that_comes_five_times_at_once_is_heard_once(
        self, shop: RunningServer, api: httpx.Client, stripe: LocalStripe
    ) -> None:
        booked, token = paid(api, stripe)
        message = told(shop, booked, "payment_intent.succeeded")
        with ThreadPoolExecutor(5) as senders:
            answers = list(senders.map(lambda _: send(shop, message), range(5)))
        assert [one.status_code for one in answers] == [200] * 5
        assert sum(one.json()["new"] for one in answers) == 1
        assert send(shop, message).json() == {"new": False}
        wait_until(lambda: payment(api, token)["status"] == "captured", "taken by a job")
        assert money(stripe, booked) == (0, DEPOSIT, 0)

    @pytest.mark.parametrize("order", list(permutations(KINDS)), ids=" ".join)
    def test_in_any_order_and_replayed_after_the_refund(
        self, shop: RunningServer, api: httpx.Client, stripe: LocalStripe, order: tuple[str, ...]
    ) -> None:
        booked, token = paid(api, stripe)
        messages = [told(shop, booked, kind) for kind in order]
        for message in messages:
            assert send(shop, message).json() == {"new": True}
        wait_until(lambda: payment(api, token)["status"] == "captured", "taken by a job")
        api.post(f"/appointments/{token}/cancellation")
        wait_until(lambda: payment(api, token).get("refunded") == "14.40", "given back by a job")
        for message in messages:
            assert send(shop, message).json() == {"new": False}
        assert send(shop, told(shop, booked, order[0])).json() == {"new": True}
        wait_until(lambda: waiting(shop) == 0, "looked at")
        assert money(stripe, booked) == (0, DEPOSIT, DEPOSIT)

    def test_one_that_is_an_hour_late(
        self, shop: RunningServer, api: httpx.Client, stripe: LocalStripe
    ) -> None:
        """Signed an hour ago it could be anybody's copy; signed anew it is the sender's own."""
        booked, _ = paid(api, stripe)
        message = told(shop, booked, "payment_intent.succeeded")
        assert send(shop, message, signed_s_ago=3600).status_code == 400
        assert send(shop, message).json() == {"new": True}

    def test_whose_signature_is_somebody_else_s(self, shop: RunningServer) -> None:
        message = json.dumps({"id": "evt_1", "object": "event"}).encode()
        assert send(shop, message, secret="whsec_of_somebody").status_code == 400

    def test_one_about_another_business_or_nothing_of_ours_leads_to_nothing(
        self, shop: RunningServer, api: httpx.Client, stripe: LocalStripe
    ) -> None:
        booked, _ = paid(api, stripe)
        real = metadata(shop, booked)
        other = str(uuid.uuid4())
        for wrong in (
            real | {"business_id": other},
            real | {"payment_id": other},
            real | {"business_id": "'; DROP TABLE payment; --"},
            {},
        ):
            message = an_event("payment_intent.succeeded", wrong)
            answer = send(shop, message)
            assert (answer.status_code, answer.json()) == (200, {"new": False})

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"id": 1}', b"{" * 5000, b'{"a":"\\u0000"}'],
    )
    def test_garbage_is_refused_though_it_is_signed(self, shop: RunningServer, body: bytes) -> None:
        assert send(shop, body).status_code in (200, 400)

    def test_one_that_is_too_large_is_refused(self, shop: RunningServer) -> None:
        assert send(shop, b" " * 100_000).status_code == 413


def paid(api: httpx.Client, stripe: LocalStripe) -> tuple[dict[str, Any], str]:
    booked, token = held(api)
    assert pay(api, token, stripe.make_token()).json()["status"] == "confirmed"
    return booked, token


def metadata(shop: RunningServer, booked: dict[str, Any]) -> dict[str, str]:
    """What stands with a payment at the provider."""
    row = asyncio.run(
        _fetch(
            shop,
            "SELECT business_id, appointment_id, payment_id FROM payment WHERE appointment_id = $1",
            uuid.UUID(booked["id"]),
        )
    )
    return {name: str(value) for name, value in row.items()}


def waiting(shop: RunningServer) -> int:
    """Events that nobody has followed up yet, and jobs that are to be done."""
    row = asyncio.run(
        _fetch(
            shop,
            "SELECT (SELECT count(*) FROM event WHERE is_unrelayed)"
            " + (SELECT count(*) FROM job WHERE status IN ('waiting', 'running')) AS waiting",
        )
    )
    return int(row["waiting"])


async def _fetch(shop: RunningServer, query: str, *arguments: Any) -> Any:
    connection = await asyncpg.connect(shop.database_url)
    try:
        return await connection.fetchrow(query, *arguments)
    finally:
        await connection.close()


def an_event(kind: str, of: dict[str, str]) -> bytes:
    intent = {"id": "pi_1", "object": "payment_intent", "metadata": of, "status": "succeeded"}
    event = {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "type": kind,
        "created": int(time.time()),
        "data": {"object": intent},
    }
    return json.dumps(event).encode()


def told(shop: RunningServer, booked: dict[str, Any], kind: str) -> bytes:
    """A message of the provider about a payment; what it says of the money isn't true."""
    return an_event(kind, metadata(shop, booked))


def send(
    shop: RunningServer, message: bytes, *, secret: str = SECRET, signed_s_ago: int = 0
) -> httpx.Response:
    """As Stripe signs and sends."""
    at = int(time.time()) - signed_s_ago
    signed = hmac.new(secret.encode(), f"{at}.".encode() + message, hashlib.sha256).hexdigest()
    return asking.post(
        f"{shop.base_url}/webhooks/stripe",
        content=message,
        headers={"Stripe-Signature": f"t={at},v1={signed}", "Content-Type": "application/json"},
    )
