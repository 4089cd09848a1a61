"""Two businesses on one installation: neither sees, names or changes anything of the other's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.factories import a_business, a_service, a_staff_member, tomorrow_at
from tests.running import RunningServer
from tests.web.ledger import Ledger
from tests.web.visitors import a_wish, address_of, book, refused, token_of

HERS = ("Bertas Bude", "Bertha Only", "Secret dye", "Berta's client", "client@berta.example")
"""Words that only Berta's business and her client use."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One of the two businesses, with an appointment there."""

    api: str
    appointment: dict[str, Any]

    @property
    def slug(self) -> str:
        return self.api.rpartition("/")[2]

    @property
    def token(self) -> str:
        return token_of(self.appointment)


@pytest.fixture(scope="module")
def alice(server: RunningServer, visitor: httpx.Client) -> Tenant:
    """Alice owns a salon where Ada cuts."""
    business = a_business(name="Alices Salon", service=[a_service("cut", price="48.00")])
    server.apply(business)
    api = f"/api/v1/{business.business.slug}"
    return Tenant(api, book(visitor, api, tomorrow_at(10)))


@pytest.fixture(scope="module")
def berta(server: RunningServer, visitor: httpx.Client) -> Tenant:
    """Berta is another owner; at her place Bertha dyes."""
    business = a_business(
        name=HERS[0],
        staff=[a_staff_member("bertha", name=HERS[1])],
        service=[a_service("dye", name=HERS[2])],
    )
    server.apply(business)
    api = f"/api/v1/{business.business.slug}"
    client = {"name": HERS[3], "email": HERS[4]}
    return Tenant(api, book(visitor, api, tomorrow_at(10), "dye", client=client))


@pytest.fixture
def berta_untouched(ledger: Ledger, berta: Tenant) -> Iterator[None]:
    """Fails the test if anything of Berta's has changed."""

    def hers() -> list[Any]:
        return ledger.fetch(
            """
            SELECT appointment::text, claim::text
            FROM appointment LEFT JOIN claim USING (business_id, appointment_id)
            JOIN business_slug USING (business_id) WHERE slug = $1
            """,
            berta.slug,
        )

    before = hers()
    assert before
    yield
    assert hers() == before


@pytest.mark.usefixtures("berta_untouched")
class TestTheOthersKeys:
    @staticmethod
    def ask(visitor: httpx.Client, alice: Tenant, path: str) -> None:
        answer = visitor.get(f"{alice.api}{path}")
        refused(answer, 404, "NOT_FOUND")
        assert not any(word in answer.text for word in HERS)

    def test_her_service_is_not_found_in_the_staff_list(
        self, visitor: httpx.Client, alice: Tenant
    ) -> None:
        self.ask(visitor, alice, "/staff?service=dye")

    def test_her_service_and_staff_have_no_availability_here(
        self, visitor: httpx.Client, alice: Tenant
    ) -> None:
        day = tomorrow_at(10).date()
        dates = f"from={day}&to={day}&include=staff"
        self.ask(visitor, alice, f"/availability?service=dye&{dates}")
        self.ask(visitor, alice, f"/availability?service=cut&staff=bertha&{dates}")

    @pytest.mark.parametrize("hers", [{"service": "dye"}, {"staff": "bertha"}])
    def test_her_service_and_staff_can_not_be_booked_here(
        self, visitor: httpx.Client, alice: Tenant, hers: dict[str, str]
    ) -> None:
        answer = visitor.post(f"{alice.api}/book", json=a_wish(tomorrow_at(15)) | hers)
        refused(answer, 404, "NOT_FOUND")
        assert not any(word in answer.text for word in HERS)

    def test_an_appointment_here_can_not_be_moved_to_her_staff(
        self, visitor: httpx.Client, alice: Tenant
    ) -> None:
        at = address_of(alice.api, alice.appointment)
        move = {"start": tomorrow_at(15).isoformat(), "staff": "bertha"}
        refused(visitor.post(f"{at}/move", json=move), 404, "NOT_FOUND")
        assert visitor.get(at).json() == alice.appointment


@pytest.mark.usefixtures("berta_untouched")
class TestTheOthersTokens:
    @pytest.mark.parametrize("what", ["token", "id"])
    def test_it_opens_nothing_here(
        self, visitor: httpx.Client, alice: Tenant, berta: Tenant, what: str
    ) -> None:
        hers = berta.token if what == "token" else berta.appointment["id"]
        move = {"start": tomorrow_at(15).isoformat()}
        answers = [
            visitor.get(f"{alice.api}/appointments/{hers}"),
            visitor.get(f"{alice.api}/appointments/{hers}.ics"),
            visitor.get(f"/{alice.slug}/a/{hers}"),
            visitor.post(f"{alice.api}/appointments/{hers}/cancellation"),
            visitor.post(f"{alice.api}/appointments/{hers}/move", json=move),
        ]
        for answer in answers:
            refused(answer, 404, "NOT_FOUND")
            assert not any(word in answer.text for word in HERS)

    def test_it_opens_her_appointment_at_her_place(
        self, visitor: httpx.Client, berta: Tenant
    ) -> None:
        at = address_of(berta.api, berta.appointment)
        assert visitor.get(at).json() == berta.appointment


@pytest.mark.usefixtures("berta_untouched")
def test_her_words_are_in_no_answer_of_his(
    visitor: httpx.Client, alice: Tenant, berta: Tenant
) -> None:
    day = tomorrow_at(10).date()
    paths = ["", "/services", "/staff", f"/appointments/{alice.token}"]
    paths += [f"/appointments/{alice.token}.ics"]
    paths += [f"/availability?service=cut&from={day}&to={day}&include=staff"]
    addresses = [f"{alice.api}{path}" for path in paths]
    addresses += [f"/{alice.slug}", f"/{alice.slug}/a/{alice.token}", "/schema/openapi.json"]
    for address in addresses:
        answer = visitor.get(address)
        assert answer.status_code == 200
        assert not any(word in answer.text for word in (*HERS, berta.slug, berta.token))


class TestTheSameWordsInBoth:
    @pytest.fixture
    def pair(self, server: RunningServer) -> tuple[str, str]:
        """Two businesses whose keys are the same but mean different things."""
        first = a_business(name="First", service=[a_service("cut", price="10.00")])
        second = a_business(
            name="Second",
            timezone="America/New_York",
            currency="USD",
            service=[a_service("cut", duration_min=90, price="99.00")],
        )
        for business in (first, second):
            server.apply(business)
        return f"/api/v1/{first.business.slug}", f"/api/v1/{second.business.slug}"

    def test_a_key_means_what_it_means_at_that_business(
        self, visitor: httpx.Client, pair: tuple[str, str]
    ) -> None:
        first, second = (book(visitor, api, tomorrow_at(10)) for api in pair)
        assert first["price"] == {"amount": "10.00", "currency": "EUR"}
        assert second["price"] == {"amount": "99.00", "currency": "USD"}
        assert first["staff"] == second["staff"] == "ada"

    def test_a_time_taken_at_one_is_free_at_the_other(
        self, visitor: httpx.Client, pair: tuple[str, str]
    ) -> None:
        start = tomorrow_at(10)
        book(visitor, pair[0], start)
        refused(visitor.post(f"{pair[0]}/book", json=a_wish(start)), 409, "BOOKING_CONFLICT")
        book(visitor, pair[1], start)

    def test_an_idempotency_key_is_one_business_s_own(
        self, visitor: httpx.Client, pair: tuple[str, str]
    ) -> None:
        wish, headers = a_wish(tomorrow_at(10)), {"Idempotency-Key": "key-1"}
        first, second = (visitor.post(f"{api}/book", json=wish, headers=headers) for api in pair)
        assert first.status_code == second.status_code == 201
        assert first.json()["id"] != second.json()["id"]

    def test_one_visitor_is_two_clients(
        self, visitor: httpx.Client, ledger: Ledger, pair: tuple[str, str]
    ) -> None:
        client = {"name": "Zoe", "email": f"{pair[0].rpartition('/')[2]}@example.com"}
        for api in pair:
            book(visitor, api, tomorrow_at(10), client=client)
        known = ledger.fetch("SELECT business_id FROM client WHERE email = $1", client["email"])
        assert len(set(known)) == 2
