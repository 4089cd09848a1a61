"""Visitors who have a time already see that, and nobody else learns whose it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import a_business, a_service, a_staff_member, tomorrow_at
from tests.web.ledger import Ledger
from tests.web.surfing import ZOE, Reader, Surfer, slug_of, to_the_form
from tests.web.visitors import a_wish, address_of, book, refused, token_of

Serve = Callable[[Business], str]

HEADING = "You have this time already"
YAN = {"name": "Yan", "email": "yan@example.com"}


def two_people(**more: Any) -> Business:
    return a_business(staff=[a_staff_member("ada"), a_staff_member("bob")], **more)


@pytest.fixture
def surfer(visitor: httpx.Client) -> Surfer:
    return Surfer(visitor)


@pytest.fixture
def api(serve_business: Serve) -> str:
    return serve_business(two_people())


def appointments(ledger: Ledger, api: str) -> int:
    ((count,),) = ledger.fetch(
        """
        SELECT count(*) FROM appointment JOIN business_slug USING (business_id)
        WHERE slug = $1 AND status IN ('confirmed', 'held')
        """,
        slug_of(api),
    )
    return int(count)


def links_of(page: Reader) -> list[str]:
    return [href for _, href in page.links if "/a/" in href]


def send(surfer: Surfer, form: Reader, **typed: str) -> Reader:
    """Send a form without the box ticked that books in addition."""
    form.fields.pop("second", None)
    return surfer.send(form, **typed)


class TestTheSameForm:
    @pytest.mark.parametrize(
        "changed", [{"notes": "I forgot to say"}, {"name": "Zoé"}, {"email": "zoe@example.org"}]
    )
    def test_sent_again_with_something_else_in_it_it_leads_to_what_it_has_booked(
        self, surfer: Surfer, api: str, ledger: Ledger, changed: dict[str, str]
    ) -> None:
        form = to_the_form(surfer, api)
        own = surfer.send(form, **ZOE)
        again = surfer.send(form, **ZOE | changed)
        assert again.answer.status_code == 409
        assert HEADING in again.text
        assert [httpx.URL(href).path for href in links_of(again)] == [own.answer.url.path]
        still = send(surfer, again)
        assert HEADING in still.text
        assert appointments(ledger, api) == 1

    def test_the_box_books_in_addition_and_twice_is_once(
        self, surfer: Surfer, api: str, ledger: Ledger
    ) -> None:
        form = to_the_form(surfer, api)
        own = surfer.send(form, **ZOE)
        asked = surfer.send(form, **ZOE, notes="And my daughter")
        assert "second" in asked.fields
        first, second = (surfer.send(asked, second="1") for _ in range(2))
        assert "It's booked." in first.text
        assert own.answer.url.path != first.answer.url.path == second.answer.url.path
        assert appointments(ledger, api) == 2

    def test_the_link_is_shown_again_while_the_box_is_not_ticked(
        self, surfer: Surfer, api: str
    ) -> None:
        form = to_the_form(surfer, api)
        own = surfer.send(form, **ZOE)
        again = send(surfer, send(surfer, surfer.send(form, **ZOE, notes="x")))
        assert [httpx.URL(href).path for href in links_of(again)] == [own.answer.url.path]

    @pytest.mark.parametrize("changed", [{}, {"notes": "this time for certain"}])
    def test_what_was_cancelled_is_booked_anew(
        self, surfer: Surfer, api: str, ledger: Ledger, changed: dict[str, str]
    ) -> None:
        form = to_the_form(surfer, api)
        for _ in range(3):
            own = surfer.send(form, **ZOE | changed)
            assert "confirmed" in own.text
            surfer.send(surfer.open(own.link("Cancel appointment")))
        pages = {surfer.send(form, **ZOE | changed).answer.url.path for _ in range(2)}
        assert len(pages) == 1
        assert appointments(ledger, api) == 1

    def test_what_was_moved_is_named_with_its_time(self, surfer: Surfer, api: str) -> None:
        form = to_the_form(surfer, api)
        own = surfer.send(form, **ZOE)
        token = own.answer.url.path.rpartition("/")[2]
        there = {"start": tomorrow_at(14).isoformat()}
        surfer.client.post(f"{api}/appointments/{token}/move", json=there).raise_for_status()
        again = surfer.send(form, **ZOE, notes="x")
        assert "You have booked already" in again.text
        assert links_of(again)


class TestAnotherForm:
    @pytest.mark.parametrize("staff", ["any", "ada", "bob"])
    def test_the_same_address_is_told_but_gets_no_link(
        self, surfer: Surfer, api: str, ledger: Ledger, staff: str
    ) -> None:
        own = surfer.send(to_the_form(surfer, api, staff="ada"), **ZOE, phone="030 1234567")
        again = surfer.send(
            to_the_form(surfer, api, staff=staff), name="Eve", email=" ZOE@example.com"
        )
        assert again.answer.status_code == 409
        assert HEADING in again.text
        assert "Somebody was quicker" not in again.text
        assert links_of(again) == []
        assert own.answer.url.path.rpartition("/")[2] not in again.answer.text
        for particular in ("Zoe", "1234567", "Ada"):
            assert particular not in again.text or staff == "ada"
        assert appointments(ledger, api) == 1

    def test_where_there_is_nobody_else_it_is_told_too(
        self, surfer: Surfer, serve_business: Serve
    ) -> None:
        api = serve_business(a_business())
        surfer.send(to_the_form(surfer, api), **ZOE)
        again = surfer.send(to_the_form(surfer, api), **ZOE)
        assert HEADING in again.text
        in_addition = surfer.send(again, second="1")
        assert "Somebody was quicker" in in_addition.text

    def test_mother_and_child_come_at_once(self, surfer: Surfer, api: str, ledger: Ledger) -> None:
        surfer.send(to_the_form(surfer, api), **ZOE)
        asked = surfer.send(to_the_form(surfer, api), **ZOE, notes="my daughter")
        assert "It's booked." in surfer.send(asked, second="1").text
        assert appointments(ledger, api) == 2

    def test_others_are_told_nothing(self, surfer: Surfer, api: str) -> None:
        surfer.send(to_the_form(surfer, api), **ZOE)
        assert "It's booked." in surfer.send(to_the_form(surfer, api), **YAN).text

    @pytest.mark.parametrize("key", ["my-first-booking", "form my-first-booking"])
    def test_a_key_that_a_program_has_made_up_opens_nothing(
        self, surfer: Surfer, api: str, key: str
    ) -> None:
        headers = {"Idempotency-Key": "my-first-booking"}
        answer = surfer.client.post(f"{api}/book", json=a_wish(tomorrow_at(10)), headers=headers)
        token = token_of(answer.json())
        form = to_the_form(surfer, api)
        for typed in (ZOE, YAN):
            for before in (key, ""):
                sent = surfer.send(form, **typed, key=key, before=before)
                assert token not in sent.answer.text


class TestByTheApi:
    @pytest.mark.parametrize("has_key", [False, True])
    def test_the_same_address_is_told_without_a_link_when_nobody_is_free(
        self, visitor: httpx.Client, serve_business: Serve, has_key: bool
    ) -> None:
        api = serve_business(a_business())
        booked = book(visitor, api, tomorrow_at(10))
        for staff in ("any", "ada"):
            headers = {"Idempotency-Key": staff} if has_key else {}
            wish = a_wish(tomorrow_at(10), staff=staff)
            answer = visitor.post(f"{api}/book", json=wish, headers=headers)
            problem = refused(answer, 409, "BOOKING_CONFLICT")
            assert problem["detail"] == "You have this time already."
            assert len(problem["alternatives"]) == 3
            assert token_of(booked) not in answer.text
            assert booked["id"] not in answer.text
        stranger = visitor.post(f"{api}/book", json=a_wish(tomorrow_at(10), client=YAN))
        assert refused(stranger, 409, "BOOKING_CONFLICT")["detail"].startswith("Somebody has")

    def test_every_request_without_a_key_is_one_of_its_own(
        self, visitor: httpx.Client, api: str
    ) -> None:
        first, second = (book(visitor, api, tomorrow_at(10)) for _ in range(2))
        assert first["staff"] != second["staff"]

    def test_another_start_another_service_and_what_is_over_are_no_matter(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(a_business(service=[a_service("cut"), a_service("dye")]))
        booked = book(visitor, api, tomorrow_at(10))
        book(visitor, api, tomorrow_at(11))
        dye = visitor.post(f"{api}/book", json=a_wish(tomorrow_at(10), "dye"))
        assert refused(dye, 409, "BOOKING_CONFLICT")["detail"].startswith("Somebody has")
        visitor.post(f"{address_of(api, booked)}/cancellation").raise_for_status()
        book(visitor, api, tomorrow_at(10), client=YAN)
        again = visitor.post(f"{api}/book", json=a_wish(tomorrow_at(10)))
        assert refused(again, 409, "BOOKING_CONFLICT")["detail"].startswith("Somebody has")

    def test_businesses_know_nothing_of_each_other(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        here, there = (serve_business(a_business()) for _ in range(2))
        book(visitor, here, tomorrow_at(10))
        book(visitor, there, tomorrow_at(10), client=YAN)
        answer = visitor.post(f"{there}/book", json=a_wish(tomorrow_at(10)))
        assert refused(answer, 409, "BOOKING_CONFLICT")["detail"].startswith("Somebody has")
