"""Booking a time over HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import a_business, a_service, a_staff_member, new_slug, tomorrow_at
from tests.running import RunningServer
from tests.web.ledger import Ledger
from tests.web.visitors import a_wish, address_of, book, fields, refused, token_of

Serve = Callable[[Business], str]

BERLIN = ZoneInfo("Europe/Berlin")
TOKEN_BITS_MIN = 128


@pytest.fixture
def api(serve_business: Serve) -> str:
    """Ada and Bela cut round the clock, only Bela dyes."""
    return serve_business(
        a_business(
            staff=[a_staff_member("ada"), a_staff_member("bela")],
            service=[
                a_service("cut", duration_min=45, price="48.00"),
                a_service("dye", staff=["bela"]),
            ],
        )
    )


def test_it_works(visitor: httpx.Client, server: RunningServer, api: str) -> None:
    start = tomorrow_at(10)
    wish = a_wish(start, staff="bela", notes="Fringe only.\nThank you! 💇")
    wish["client"]["phone"] = "+49 30 1234567"
    answer = visitor.post(f"{api}/book", json=wish)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    token, slug = token_of(body), api.rpartition("/")[2]
    assert str(UUID(body["id"])) == body["id"]
    part = {
        "service": "cut",
        "staff": "bela",
        "start": start.astimezone(BERLIN).isoformat(),
        "end": (start + timedelta(minutes=45)).astimezone(BERLIN).isoformat(),
        "price": {"amount": "48.00", "currency": "EUR"},
    }
    assert body == part | {
        "id": body["id"],
        "status": "confirmed",
        "parts": [part],
        "manage_url": f"{server.base_url}/{slug}/a/{token}",
        "calendar_url": f"{server.base_url}{api}/appointments/{token}.ics",
    }
    assert answer.headers["location"] == f"{api}/appointments/{token}"


def test_every_address_in_the_answer_leads_to_the_appointment(
    visitor: httpx.Client, api: str
) -> None:
    answer = visitor.post(f"{api}/book", json=a_wish(tomorrow_at(10)))
    body = answer.json()
    assert visitor.get(answer.headers["location"]).json() == body
    assert visitor.get(body["manage_url"]).headers["content-type"].startswith("text/html")
    assert visitor.get(body["calendar_url"]).headers["content-type"].startswith("text/calendar")


def test_a_service_without_a_price_is_booked_without_one(visitor: httpx.Client, api: str) -> None:
    assert book(visitor, api, tomorrow_at(10), "dye")["price"] is None


def test_the_token_can_not_be_guessed_and_only_its_hash_is_stored(
    visitor: httpx.Client, ledger: Ledger, api: str
) -> None:
    token = token_of(book(visitor, api, tomorrow_at(10)))
    code = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert len(code) * 8 >= TOKEN_BITS_MIN
    assert ledger.tables_holding(token) == []
    assert ledger.tables_holding(hashlib.sha256(token.encode()).hexdigest()) == ["appointment"]


def test_a_start_may_be_told_with_any_offset(visitor: httpx.Client, api: str) -> None:
    start = tomorrow_at(10)
    told = start.astimezone(ZoneInfo("Asia/Kathmandu")).isoformat()
    assert book(visitor, api, told)["start"] == start.astimezone(BERLIN).isoformat()


class TestWhoPerforms:
    def test_the_named_person_does(self, visitor: httpx.Client, api: str) -> None:
        assert book(visitor, api, tomorrow_at(10), staff="bela")["staff"] == "bela"

    @pytest.mark.parametrize("more", [{}, {"staff": "any"}, {"staff": None}])
    def test_with_nobody_named_whoever_is_free_does(
        self, visitor: httpx.Client, api: str, more: dict[str, Any]
    ) -> None:
        start = tomorrow_at(10)
        found = {book(visitor, api, start, **more)["staff"] for _ in range(2)}
        assert found == {"ada", "bela"}
        refused(visitor.post(f"{api}/book", json=a_wish(start, **more)), 409, "BOOKING_CONFLICT")

    def test_only_those_who_perform_the_service_are_asked(
        self, visitor: httpx.Client, api: str
    ) -> None:
        start = tomorrow_at(10)
        assert book(visitor, api, start, "dye")["staff"] == "bela"
        refused(visitor.post(f"{api}/book", json=a_wish(start, "dye")), 409, "BOOKING_CONFLICT")

    def test_a_person_who_does_not_perform_it_is_not_offered(
        self, visitor: httpx.Client, api: str
    ) -> None:
        answer = visitor.post(f"{api}/book", json=a_wish(tomorrow_at(10), "dye", staff="ada"))
        assert "perform" in refused(answer, 422, "NOT_OFFERED")["detail"]


class TestConflicts:
    @staticmethod
    def conflict(visitor: httpx.Client, api: str, wish: dict[str, Any]) -> list[dict[str, str]]:
        """The alternatives of a booking that has to fail."""
        answer = visitor.post(f"{api}/book", json=wish)
        alternatives: list[dict[str, str]] = refused(answer, 409, "BOOKING_CONFLICT")[
            "alternatives"
        ]
        return alternatives

    @pytest.mark.parametrize("more", [{}, {"staff": "ada"}], ids=["anyone", "named"])
    def test_each_of_three_alternatives_can_be_booked(
        self, visitor: httpx.Client, api: str, more: dict[str, str]
    ) -> None:
        start = tomorrow_at(10)
        book(visitor, api, start, staff="ada")
        book(visitor, api, start, staff="bela")
        alternatives = self.conflict(visitor, api, a_wish(start, **more))
        assert len(alternatives) == 3
        for one in alternatives:
            assert set(one) == {"start", "staff"}
            booked = book(visitor, api, one["start"], staff=one["staff"])
            assert (booked["start"], booked["staff"]) == (one["start"], one["staff"])
            visitor.post(f"{address_of(api, booked)}/cancellation")  # the next may overlap it

    def test_whoever_was_named_performs_every_alternative(
        self, visitor: httpx.Client, api: str
    ) -> None:
        start = tomorrow_at(10)
        book(visitor, api, start, staff="ada")
        alternatives = self.conflict(visitor, api, a_wish(start, staff="ada"))
        assert {one["staff"] for one in alternatives} == {"ada"}

    def test_the_same_day_comes_first_and_nearer_times_before_others(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        hours = {key: ["09:00-10:00"] for key in ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
        api = serve_business(
            a_business(policy={"slot_step_min": 30}, staff=[a_staff_member("ada", hours=hours)])
        )
        nine = tomorrow_at(12).astimezone(BERLIN).replace(hour=9)
        book(visitor, api, nine)
        starts = [one["start"] for one in self.conflict(visitor, api, a_wish(nine))]
        assert starts == [
            nine.replace(minute=30).isoformat(),
            (nine + timedelta(1)).isoformat(),
            (nine + timedelta(1)).replace(minute=30).isoformat(),
        ]

    @pytest.mark.parametrize("days, found", [(7, 1), (8, 0)])
    def test_alternatives_reach_seven_days_ahead(
        self, visitor: httpx.Client, serve_business: Serve, days: int, found: int
    ) -> None:
        nine = tomorrow_at(12).astimezone(BERLIN).replace(hour=9)
        dates = [
            {"date": str((nine + timedelta(ahead)).date()), "hours": ["09:00-09:30"]}
            for ahead in (0, days)
        ]
        api = serve_business(a_business(staff=[a_staff_member("ada", hours={}, dates=dates)]))
        book(visitor, api, nine)
        alternatives = self.conflict(visitor, api, a_wish(nine))
        later = {"start": (nine + timedelta(days)).isoformat(), "staff": "ada"}
        assert alternatives == [later][:found]

    def test_a_refusal_writes_nothing(
        self, visitor: httpx.Client, ledger: Ledger, api: str
    ) -> None:
        start = tomorrow_at(10)
        book(visitor, api, start, staff="ada")
        before = ledger.contents()
        self.conflict(visitor, api, a_wish(start, staff="ada"))
        assert ledger.contents() == before

    def test_buffers_keep_neighbours_away(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(
            a_business(
                service=[a_service("cut", buffer_after_min=10), a_service("wash", duration_min=15)]
            )
        )
        start = tomorrow_at(10)
        book(visitor, api, start)
        refused(
            visitor.post(f"{api}/book", json=a_wish(start + timedelta(minutes=30), "wash")),
            409,
            "BOOKING_CONFLICT",
        )
        book(visitor, api, start + timedelta(minutes=45), "wash")

    def test_a_time_that_a_rival_is_writing_is_try_again_not_a_guess(
        self, visitor: httpx.Client, ledger: Ledger, api: str
    ) -> None:
        start, slug = tomorrow_at(10), api.rpartition("/")[2]
        wish = a_wish(start, staff="ada")
        with ledger.time_held(slug, start, start + timedelta(hours=1)):
            answer = visitor.post(f"{api}/book", json=wish, headers={"Idempotency-Key": "k"})
        refused(answer, 503, "TRY_AGAIN")
        assert int(answer.headers["retry-after"]) >= 1
        answer = visitor.post(f"{api}/book", json=wish, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 201


class TestNotOffered:
    @pytest.fixture
    def api(self, serve_business: Serve) -> str:
        """Open from nine to five, half an hour's notice, a week ahead at most."""
        weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        hours = {key: ["09:00-12:00", "13:00-17:00"] for key in weekdays}
        return serve_business(
            a_business(
                policy={"notice_min": 30, "horizon_days": 7},
                staff=[a_staff_member("ada", hours=hours)],
            )
        )

    @pytest.mark.parametrize(
        "clock, reason",
        [
            ("08:45:00", "opening hours"),
            ("11:45:00", "opening hours"),  # would end in the break
            ("16:45:00", "opening hours"),  # would end after closing
            ("00:00:00", "opening hours"),
            ("09:05:00", "every 15 minutes"),
            ("09:00:01", "every 15 minutes"),
            ("09:00:00.000001", "every 15 minutes"),
        ],
    )
    def test_a_time_of_day_outside_the_rules_is_refused_with_the_reason(
        self, visitor: httpx.Client, api: str, clock: str, reason: str
    ) -> None:
        day = tomorrow_at(12).astimezone(BERLIN)
        start = datetime.combine(day, datetime.fromisoformat(f"2000-01-01T{clock}").time(), BERLIN)
        answer = visitor.post(f"{api}/book", json=a_wish(start))
        assert reason in refused(answer, 422, "NOT_OFFERED")["detail"]

    @pytest.mark.parametrize(
        "ahead, reason",
        [
            (timedelta(days=-1), "too soon"),
            (timedelta(days=-4000), "too soon"),
            (timedelta(minutes=20), "too soon"),
            (timedelta(days=9), "too far"),
            (timedelta(days=4000), "too far"),
        ],
    )
    def test_a_day_outside_the_rules_is_refused_with_the_reason(
        self, visitor: httpx.Client, api: str, ahead: timedelta, reason: str
    ) -> None:
        start = datetime.now(UTC) + ahead
        if abs(ahead) >= timedelta(days=1):
            start = start.astimezone(BERLIN).replace(hour=9, minute=0, second=0, microsecond=0)
        answer = visitor.post(f"{api}/book", json=a_wish(start))
        assert reason in refused(answer, 422, "NOT_OFFERED")["detail"]

    def test_there_are_no_alternatives_to_a_time_never_offered(
        self, visitor: httpx.Client, api: str
    ) -> None:
        start = tomorrow_at(12).astimezone(BERLIN).replace(hour=3)
        answer = visitor.post(f"{api}/book", json=a_wish(start))
        assert "alternatives" not in refused(answer, 422, "NOT_OFFERED")


class TestUnknown:
    @pytest.mark.parametrize("wrong", [{"service": "perm"}, {"staff": "zoe"}, {"staff": ""}])
    def test_a_service_or_person_is_not_found(
        self, visitor: httpx.Client, api: str, wrong: dict[str, str]
    ) -> None:
        answer = visitor.post(f"{api}/book", json=a_wish(tomorrow_at(10)) | wrong)
        refused(answer, 404, "NOT_FOUND")

    def test_a_business_is_not_found(self, visitor: httpx.Client) -> None:
        answer = visitor.post("/api/v1/nobody/book", json=a_wish(tomorrow_at(10)))
        refused(answer, 404, "NOT_FOUND")


class TestIdempotency:
    @staticmethod
    def send(
        visitor: httpx.Client, api: str, wish: dict[str, Any], key: str | bytes
    ) -> httpx.Response:
        sent = key if isinstance(key, bytes) else key.encode()
        return visitor.post(f"{api}/book", json=wish, headers={b"Idempotency-Key": sent})

    def test_the_same_key_gives_the_same_answer_byte_for_byte(
        self, visitor: httpx.Client, ledger: Ledger, api: str
    ) -> None:
        wish = a_wish(tomorrow_at(10))
        first = self.send(visitor, api, wish, "key-1")
        written = ledger.contents()
        second = self.send(visitor, api, wish, "key-1")
        assert first.status_code == second.status_code == 201
        assert second.content == first.content
        assert second.headers["location"] == first.headers["location"]
        assert ledger.contents() == written

    def test_without_a_key_every_request_is_one_of_its_own(
        self, visitor: httpx.Client, api: str
    ) -> None:
        wish = a_wish(tomorrow_at(10))
        assert book(visitor, api, wish["start"])["id"] != book(visitor, api, wish["start"])["id"]

    def test_the_same_request_spelled_differently_is_the_same(
        self, visitor: httpx.Client, api: str
    ) -> None:
        wish = a_wish(tomorrow_at(10))
        first = self.send(visitor, api, wish, "key-1")
        spelled = json.dumps(dict(reversed(wish.items())), indent=4)
        second = visitor.post(
            f"{api}/book",
            content=spelled,
            headers={"Idempotency-Key": "key-1", "Content-Type": "application/json"},
        )
        assert second.content == first.content

    @pytest.mark.parametrize(
        "other",
        [
            {"start": tomorrow_at(15).isoformat()},
            {"service": "dye"},
            {"staff": "ada"},
            {"notes": "Hello"},
            {"client": {"name": "Yan", "email": "zoe@example.com"}},
        ],
        ids=lambda other: next(iter(other)),
    )
    def test_another_request_with_the_same_key_is_refused(
        self, visitor: httpx.Client, ledger: Ledger, api: str, other: dict[str, Any]
    ) -> None:
        wish = a_wish(tomorrow_at(10))
        assert self.send(visitor, api, wish, "key-1").status_code == 201
        before = ledger.contents()
        answer = self.send(visitor, api, wish | other, "key-1")
        refused(answer, 422, "IDEMPOTENCY_MISMATCH")
        assert ledger.contents() == before

    def test_a_cancelled_booking_is_still_answered_as_it_was(
        self, visitor: httpx.Client, api: str
    ) -> None:
        wish = a_wish(tomorrow_at(10), staff="ada")
        first = self.send(visitor, api, wish, "key-1")
        visitor.post(f"{address_of(api, first.json())}/cancellation")
        assert self.send(visitor, api, wish, "key-1").content == first.content
        assert visitor.get(first.headers["location"]).json()["status"] == "cancelled"
        book(visitor, api, tomorrow_at(10), staff="ada")  # the repetition took nothing

    def test_a_moved_booking_is_still_answered_as_it_was(
        self, visitor: httpx.Client, api: str
    ) -> None:
        wish = a_wish(tomorrow_at(10))
        first = self.send(visitor, api, wish, "key-1")
        later = {"start": tomorrow_at(15).isoformat()}
        assert visitor.post(f"{address_of(api, first.json())}/move", json=later).is_success
        assert self.send(visitor, api, wish, "key-1").content == first.content

    def test_a_booking_is_still_answered_when_its_start_is_no_longer_offered(
        self, visitor: httpx.Client, server: RunningServer, serve_business: Serve
    ) -> None:
        slug = new_slug()
        api = serve_business(a_business(slug))
        wish = a_wish(tomorrow_at(10))
        first = self.send(visitor, api, wish, "key-1")
        server.apply(a_business(slug, staff=[a_staff_member("ada", hours={})]))
        refused(visitor.post(f"{api}/book", json=wish), 422, "NOT_OFFERED")
        assert self.send(visitor, api, wish, "key-1").content == first.content

    def test_a_refusal_is_answered_the_same(self, visitor: httpx.Client, api: str) -> None:
        start = tomorrow_at(10)
        book(visitor, api, start, staff="ada")
        wish = a_wish(start, staff="ada")
        first = self.send(visitor, api, wish, "key-1")
        refused(first, 409, "BOOKING_CONFLICT")
        assert self.send(visitor, api, wish, "key-1").content == first.content

    def test_a_refusal_stays_one_when_the_time_is_given_back(
        self, visitor: httpx.Client, api: str
    ) -> None:
        start = tomorrow_at(10)
        rival = book(visitor, api, start, staff="ada")
        wish = a_wish(start, staff="ada")
        refused(self.send(visitor, api, wish, "key-1"), 409, "BOOKING_CONFLICT")
        visitor.post(f"{address_of(api, rival)}/cancellation")
        refused(self.send(visitor, api, wish, "key-1"), 409, "BOOKING_CONFLICT")
        assert self.send(visitor, api, wish, "key-2").status_code == 201

    def test_many_at_once_with_one_key_are_one_booking(
        self, visitor: httpx.Client, ledger: Ledger, api: str
    ) -> None:
        wish = a_wish(tomorrow_at(10), staff="ada")
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.send(visitor, api, wish, "key-1"), range(16)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        ((appointments,),) = ledger.fetch(
            "SELECT count(*) FROM appointment JOIN business_slug USING (business_id)"
            " WHERE slug = $1",
            api.rpartition("/")[2],
        )
        assert appointments == 1

    @pytest.mark.parametrize("key", ["x" * 255, "!", "a b", "~" * 40])
    def test_a_key_of_printable_ascii_is_accepted(
        self, visitor: httpx.Client, api: str, key: str
    ) -> None:
        assert self.send(visitor, api, a_wish(tomorrow_at(10)), key).status_code == 201

    @pytest.mark.parametrize(
        "key",
        ["", "x" * 256, "x" * 5000, b"\xff", "ключ".encode(), "é".encode("latin-1"), b"a\tb"],
        ids=["empty", "256", "5000", "byte ff", "cyrillic", "latin", "tab"],
    )
    def test_any_other_key_is_refused_by_name(
        self, visitor: httpx.Client, ledger: Ledger, api: str, key: str | bytes
    ) -> None:
        before = ledger.contents()
        answer = self.send(visitor, api, a_wish(tomorrow_at(10)), key)
        assert fields(refused(answer, 422, "VALIDATION")) == {"Idempotency-Key"}
        assert ledger.contents() == before
