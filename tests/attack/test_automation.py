"""What a program can do that books, or tries cards, on a server as operators run it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import altcha
import httpx
import pytest

from bookonce.booking.limits import UNPAID_PER_EMAIL, UNPAID_PER_NETWORK, folded
from tests.factories import a_business, a_service, tomorrow_at
from tests.running import RunningServer
from tests.web.visitors import a_wish, refused

WITHOUT_PROOF_MAX = 20
OF_A_CLIENT_MAX = 10
ON_SITE: dict[str, Any] = {"payments": {"provider": "on_site", "hold_min": 10_080}}


@pytest.fixture(scope="module")
def guarded(new_database: Callable[[], str], scratch: Path) -> Iterator[RunningServer]:
    """A server of two workers with the limits that it has by default, but for requests a minute."""
    environment = {
        "BOOKONCE_RATE_LIMIT": "10000/minute",
        "BOOKONCE_TRUSTED_PROXIES": "127.0.0.1",
    }
    arguments = ("--workers", "2")
    with RunningServer(
        new_database(), scratch / "guarded", *arguments, environment=environment
    ) as running:
        yield running


def booker(running: RunningServer, address: str, **more: Any) -> Callable[..., httpx.Response]:
    """Books half hour after half hour of one business from one address, on new connections."""
    business = a_business(**more)
    running.apply(business)
    api = f"{running.base_url}/api/v1/{business.business.slug}"

    def book(number: int, email: str, source: str = address, **headers: str) -> httpx.Response:
        start = tomorrow_at(0) + timedelta(minutes=30 * number)
        client = {"name": "Mallory", "email": email}
        wish = a_wish(start, client=client)
        return httpx.post(
            f"{api}/book",
            json=wish,
            headers={"X-Forwarded-For": source} | headers,
            timeout=60,
        )

    return book


def test_so_many_bookings_at_once_need_a_proof_of_work(guarded: RunningServer) -> None:
    book = booker(guarded, "203.0.113.1")
    with ThreadPoolExecutor(8) as threads:
        statuses = Counter(
            threads.map(
                lambda number: book(number, f"m{number}@example.com").status_code, range(55)
            )
        )
    assert statuses[201] + statuses[428] == 55
    # Workers that count in the same instant may count once.
    assert WITHOUT_PROOF_MAX <= statuses[201] <= WITHOUT_PROOF_MAX + 4

    told = book(60, "m60@example.com", **{"Idempotency-Key": "k"})
    refused(told, 428, "PROOF_OF_WORK_NEEDED")
    asked = altcha.Challenge.from_dict(told.json()["challenge"])
    solution = altcha.solve_challenge(asked)
    assert solution is not None
    proof = altcha.Payload(asked, solution).to_base64()
    proven = {"Idempotency-Key": "k", "Proof-Of-Work": proof}
    assert book(60, "m60@example.com", **proven).status_code == 201
    other = {"Idempotency-Key": "another", "Proof-Of-Work": proof}
    refused(book(61, "m61@example.com", **other), 428, "PROOF_OF_WORK_NEEDED")
    without_key = book(61, "m61@example.com")
    assert "Idempotency-Key" in refused(without_key, 428, "PROOF_OF_WORK_NEEDED")["detail"]
    assert book(61, "m61@example.com", "203.0.113.99").status_code == 201


def test_networks_of_one_customer_count_together(guarded: RunningServer) -> None:
    book = booker(guarded, "")
    statuses = Counter(
        book(number, f"m{number}@example.com", f"2001:db8:1:{number:x}::1").status_code
        for number in range(2 * WITHOUT_PROOF_MAX + 2)
    )
    assert statuses == {201: 2 * WITHOUT_PROOF_MAX, 428: 2}
    assert book(50, "m50@example.com", "2001:db8:1:100::1").status_code == 201


def test_what_stands_behind_a_plus_sign_makes_no_other_client(guarded: RunningServer) -> None:
    book = booker(guarded, "")
    answers = [
        book(number, f"m+{number}@example.com", f"198.51.100.{number}")
        for number in range(OF_A_CLIENT_MAX + 1)
    ]
    assert [each.status_code for each in answers] == [201] * OF_A_CLIENT_MAX + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert book(20, "n@example.com", "198.51.100.20").status_code == 201


def test_a_refused_booking_counts_for_nobody(guarded: RunningServer) -> None:
    book = booker(guarded, "")
    assert book(0, "zoe@example.com", "198.51.100.50").status_code == 201
    for number in range(OF_A_CLIENT_MAX + 2):
        refused(book(0, "yan@example.com", f"198.51.101.{number}"), 409, "BOOKING_CONFLICT")
    assert book(1, "yan@example.com", "198.51.100.51").status_code == 201


@pytest.mark.parametrize(
    "most, email, source",
    [
        (UNPAID_PER_EMAIL, "m+{}@example.com", "203.0.112.{}"),
        (UNPAID_PER_NETWORK, "m{}@example.com", "203.0.114.1"),
        (2 * UNPAID_PER_NETWORK, "n{}@example.com", "2001:db8:2:{}::1"),
    ],
)
def test_few_times_are_held_without_a_payment(
    guarded: RunningServer, most: int, email: str, source: str
) -> None:
    book = booker(guarded, "", service=[a_service(price="48.00", deposit="full")], **ON_SITE)
    answers = [book(n, email.format(n), source.format(n)) for n in range(most + 1)]
    assert [each.status_code for each in answers[:-1]] == [201] * most
    refused(answers[-1], 409, "TOO_MANY_BOOKINGS")


@pytest.mark.parametrize(
    "email, expected",
    [
        ("m+1@example.com", "m@example.com"),
        ("M+a+b@Example.com", "m@example.com"),
        ("m@example.com", "m@example.com"),
        ("+@example.com", "+@example.com"),
    ],
)
def test_folding(email: str, expected: str) -> None:
    assert folded(email) == expected
