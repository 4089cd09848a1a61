"""Where a page may load from: the payment step from Stripe, and every other page from nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.factories import a_business, a_service, tomorrow_at
from tests.running import RunningServer
from tests.web.visitors import address_of, book

CLOSED = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
OPENED = (
    "default-src 'none'; script-src 'self' https://js.stripe.com https://*.js.stripe.com; "
    "style-src 'self'; img-src 'self'; "
    "frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com; "
    "connect-src 'self' https://api.stripe.com; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
KEY = "pk_test_forThePage"


@pytest.fixture(scope="module")
def payer(new_database: Callable[[], str], scratch: Path) -> Iterator[tuple[httpx.Client, Any]]:
    """A visitor of a server with keys for Stripe, whom nothing here asks; and what opens a salon."""
    keys = {
        "BOOKONCE_STRIPE_SECRET_KEY": "sk_test_forTheServer",
        "BOOKONCE_STRIPE_PUBLISHABLE_KEY": KEY,
    }
    with (
        RunningServer(new_database(), scratch / "keys", environment=keys) as server,
        httpx.Client(base_url=server.base_url, timeout=30) as client,
    ):

        def open_salon(**payments: Any) -> str:
            business = a_business(
                payments=payments,
                service=[a_service("cut", price="48.00", deposit="30%"), a_service("wash")],
            )
            server.apply(business)
            return business.business.slug

        yield client, open_salon


def page_of(client: httpx.Client, appointment: dict[str, Any]) -> httpx.Response:
    return client.get(httpx.URL(appointment["manage_url"]).path)


def test_only_the_payment_step_lets_stripe_in(payer: tuple[httpx.Client, Any]) -> None:
    client, open_salon = payer
    slug = open_salon()
    api, start = f"/api/v1/{slug}", tomorrow_at(10)
    page = page_of(client, book(client, api, start))
    assert page.headers["content-security-policy"] == OPENED
    assert "https://js.stripe.com/v3/" in page.text
    assert KEY in page.text
    assert page.headers["cache-control"] == "no-store"

    own = httpx.URL(book(client, api, tomorrow_at(12), "wash")["manage_url"]).path
    others = [
        f"/{slug}",
        f"/{slug}?service=cut",
        f"/{slug}?service=cut&staff=ada",
        f"/{slug}?service=cut&staff=ada&start={start.isoformat().replace('+', '%2B')}",
        *(own, f"{own}?new=1", f"{own}/move", f"{own}/cancel"),
        f"/{slug}/a/{'A' * 43}",
    ]
    for address in others:
        answer = client.get(address, headers={"Accept": "text/html"})
        assert answer.headers["content-security-policy"] == CLOSED, address
        assert "stripe" not in answer.text, address


def test_whatever_ends_the_wait_shuts_stripe_out(payer: tuple[httpx.Client, Any]) -> None:
    client, open_salon = payer
    slug = open_salon(hold_min=0.01)
    appointment = book(client, f"/api/v1/{slug}", tomorrow_at(10))
    page = page_of(client, appointment)
    while page.headers["content-security-policy"] == OPENED:
        page = page_of(client, appointment)
    assert page.headers["content-security-policy"] == CLOSED
    assert "isn't held any more" in page.text
    assert "stripe" not in page.text

    slug = open_salon(provider="on_site")
    page = page_of(client, book(client, f"/api/v1/{slug}", tomorrow_at(10)))
    assert page.headers["content-security-policy"] == CLOSED
    assert "Your time is held" in page.text


def test_looking_begins_no_payment(payer: tuple[httpx.Client, Any]) -> None:
    """Mail scanners follow links, and some send what they find in forms that ask for nothing."""
    client, open_salon = payer
    slug = open_salon()
    api = f"/api/v1/{slug}"
    appointment = book(client, api, tomorrow_at(10))
    page = httpx.URL(appointment["manage_url"]).path
    for _ in range(2):
        client.get(page)
        answer = client.post(f"{page}/payment", data={})
        assert answer.status_code == 200
    found = client.get(address_of(api, appointment)).json()
    assert (found["status"], found["payment"]["status"]) == ("held", "due")


def test_the_api_tells_what_pays_while_something_is_due(
    payer: tuple[httpx.Client, Any],
) -> None:
    client, open_salon = payer
    slug = open_salon(account="acct_salon")
    api = f"/api/v1/{slug}"
    held = book(client, api, tomorrow_at(10))
    assert held["payment"]["publishable_key"] == KEY
    assert held["payment"]["account"] == "acct_salon"
    address = address_of(api, held)
    assert client.get(address).json()["payment"] == held["payment"]
    client.post(f"{address}/cancellation")
    assert not {"publishable_key", "account"} & client.get(address).json()["payment"].keys()

    slug = open_salon(provider="on_site")
    by_hand = book(client, f"/api/v1/{slug}", tomorrow_at(10))
    assert "publishable_key" not in by_hand["payment"]


def test_a_form_with_what_was_typed_before_is_not_kept(payer: tuple[httpx.Client, Any]) -> None:
    """Another link than the client's own brings nothing back."""
    client, open_salon = payer
    slug = open_salon()
    appointment = book(client, f"/api/v1/{slug}", start := tomorrow_at(10))
    token = appointment["manage_url"].rpartition("/")[2]
    form = {"service": "cut", "staff": "ada", "start": start.isoformat()}
    again = client.get(f"/{slug}", params=form | {"again": token})
    assert 'value="zoe@example.com"' in again.text
    assert again.headers["cache-control"] == "no-store"
    other = open_salon()
    for place, capability in ((slug, "A" * 43), (slug, token[:-1]), (other, token)):
        answer = client.get(f"/{place}", params=form | {"again": capability})
        assert answer.status_code == 200
        assert "zoe@example.com" not in answer.text


@pytest.mark.parametrize("became", ["confirmed", "cancelled", "given up"])
def test_a_link_hands_out_nothing_that_was_typed_once_it_needs_no_other_time(
    payer: tuple[httpx.Client, Any], became: str
) -> None:
    client, open_salon = payer
    slug = open_salon(provider="on_site")
    service = "cut" if became == "given up" else "wash"  # without a deposit
    api, start = f"/api/v1/{slug}", tomorrow_at(10)
    notes, phone = "a secret wish", "+49 30 5550199"
    who = {"name": "Zoe", "email": "zoe@example.com", "phone": phone}
    booked = book(client, api, start, service, client=who, notes=notes)
    token = booked["manage_url"].rpartition("/")[2]
    if became == "cancelled":
        client.post(f"{address_of(api, booked)}/cancellation")
    form = {"service": "cut", "staff": "ada", "start": tomorrow_at(12).isoformat()}
    page = client.get(f"/{slug}", params=form | {"again": token}).text
    assert ("zoe@example.com" in page) == (became == "given up")
    assert (notes in page) == (became == "given up")
