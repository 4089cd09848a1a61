"""One appointment for whoever holds its capability: read, cancel, move, put in a calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import (
    NINE_TO_FIVE,
    a_business,
    a_service,
    a_staff_member,
    new_slug,
    tomorrow_at,
)
from tests.running import RunningServer
from tests.web.ledger import Ledger
from tests.web.visitors import a_wish, address_of, book, fields, refused, token_of

Serve = Callable[[Business], str]

BERLIN = ZoneInfo("Europe/Berlin")
NO_TOKEN = "A" * 43


@pytest.fixture
def api(serve_business: Serve) -> str:
    """Ada and Bela cut round the clock, only Bela dyes."""
    return serve_business(
        a_business(
            staff=[a_staff_member("ada"), a_staff_member("bela")],
            service=[a_service("cut", price="48.00"), a_service("dye", staff=["bela"])],
        )
    )


@pytest.fixture
def strict_api(serve_business: Serve) -> str:
    """A business that wants to know a month ahead."""
    return serve_business(a_business(policy={"cancel_until_min": 60 * 24 * 30, "grace_min": 0}))


def move(
    visitor: httpx.Client, at: str, start: datetime, key: str | None = None, **more: Any
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return visitor.post(f"{at}/move", json={"start": start.isoformat()} | more, headers=headers)


def local(instant: datetime) -> str:
    return instant.astimezone(BERLIN).isoformat()


class TestRead:
    def test_it_works(self, visitor: httpx.Client, api: str) -> None:
        booked = book(visitor, api, tomorrow_at(10))
        answer = visitor.get(address_of(api, booked))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == booked

    def test_it_is_kept_by_no_cache_and_tells_no_other_site(
        self, visitor: httpx.Client, api: str
    ) -> None:
        answer = visitor.get(address_of(api, book(visitor, api, tomorrow_at(10))))
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"

    def test_the_visitors_particulars_are_not_told(self, visitor: httpx.Client, api: str) -> None:
        client = {"name": "Zoe Unseen", "email": "unseen@example.com", "phone": "555 0199"}
        booked = book(visitor, api, tomorrow_at(10), client=client, notes="secret wish")
        text = visitor.get(address_of(api, booked)).text
        for word in ("Unseen", "unseen", "0199", "secret"):
            assert word not in text

    def test_an_appointment_outlives_its_service_and_its_person(
        self, visitor: httpx.Client, server: RunningServer, serve_business: Serve
    ) -> None:
        slug = new_slug()
        api = serve_business(a_business(slug))
        booked = book(visitor, api, tomorrow_at(10))
        server.apply(a_business(slug, staff=[a_staff_member("bela")], service=[a_service("other")]))
        at = address_of(api, booked)
        assert visitor.get(at).json() == booked
        assert visitor.get(f"{at}.ics").status_code == 200
        assert visitor.get(booked["manage_url"]).status_code == 200

    @pytest.mark.parametrize("token", [NO_TOKEN, "x", "%00", "%ff", "x" * 3000, ".ics", "..ics"])
    def test_a_token_that_opens_nothing_is_not_found(
        self, visitor: httpx.Client, api: str, token: str
    ) -> None:
        refused(visitor.get(f"{api}/appointments/{token}"), 404, "NOT_FOUND")

    def test_an_id_is_not_a_token(self, visitor: httpx.Client, api: str) -> None:
        booked = book(visitor, api, tomorrow_at(10))
        refused(visitor.get(f"{api}/appointments/{booked['id']}"), 404, "NOT_FOUND")

    def test_a_token_with_one_character_changed_opens_nothing(
        self, visitor: httpx.Client, api: str
    ) -> None:
        token = token_of(book(visitor, api, tomorrow_at(10)))
        other = ("B" if token[0] == "A" else "A") + token[1:]
        for wrong in (other, token[:-1], token + "A", token.swapcase()):
            refused(visitor.get(f"{api}/appointments/{wrong}"), 404, "NOT_FOUND")

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_following_every_link_changes_nothing(
        self, visitor: httpx.Client, ledger: Ledger, api: str, method: str
    ) -> None:
        booked = book(visitor, api, tomorrow_at(10))
        at = address_of(api, booked)
        before = ledger.contents()
        links = [booked["manage_url"], booked["calendar_url"], at, f"{at}/cancellation"]
        links += [f"{at}/move", f"{api}/book", api, f"{api}/services", f"{api}/staff"]
        day = tomorrow_at(10).date()
        links += [f"{api}/availability?service=cut&from={day}&to={day}"]
        for link in links:
            assert visitor.request(method, link).status_code in (200, 405)
        assert ledger.contents() == before
        assert visitor.get(at).json() == booked


class TestCancellation:
    def test_it_works(self, visitor: httpx.Client, api: str) -> None:
        start = tomorrow_at(10)
        booked = book(visitor, api, start, staff="ada")
        answer = visitor.post(f"{address_of(api, booked)}/cancellation")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == booked | {"status": "cancelled"}
        assert visitor.get(address_of(api, booked)).json() == booked | {"status": "cancelled"}
        book(visitor, api, start, staff="ada")  # the time is free again

    @pytest.mark.parametrize("body", [b"", b"{}"])
    def test_again_is_the_same(
        self, visitor: httpx.Client, ledger: Ledger, api: str, body: bytes
    ) -> None:
        at = address_of(api, book(visitor, api, tomorrow_at(10)))
        headers = {"Content-Type": "application/json"}
        first = visitor.post(f"{at}/cancellation", content=body, headers=headers)
        written = ledger.contents()
        second = visitor.post(f"{at}/cancellation", content=body, headers=headers)
        assert (second.status_code, second.content) == (200, first.content)
        assert ledger.contents() == written

    def test_past_the_limit_it_is_too_late(
        self, visitor: httpx.Client, ledger: Ledger, strict_api: str
    ) -> None:
        booked = book(visitor, strict_api, tomorrow_at(10))
        before = ledger.contents()
        refused(visitor.post(f"{address_of(strict_api, booked)}/cancellation"), 409, "TOO_LATE")
        assert ledger.contents() == before
        assert visitor.get(address_of(strict_api, booked)).json() == booked

    def test_an_unknown_appointment_is_not_found(self, visitor: httpx.Client, api: str) -> None:
        refused(visitor.post(f"{api}/appointments/{NO_TOKEN}/cancellation"), 404, "NOT_FOUND")

    def test_fields_it_does_not_know_are_named(self, visitor: httpx.Client, api: str) -> None:
        booked = book(visitor, api, tomorrow_at(10))
        answer = visitor.post(f"{address_of(api, booked)}/cancellation", json={"why": "ill"})
        assert fields(refused(answer, 422, "VALIDATION")) == {"why"}
        assert visitor.get(address_of(api, booked)).json() == booked


class TestMove:
    def test_it_works(self, visitor: httpx.Client, api: str) -> None:
        old, new = tomorrow_at(10), tomorrow_at(15)
        booked = book(visitor, api, old, staff="ada")
        answer = move(visitor, address_of(api, booked), new)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        times = {"start": local(new), "end": local(new + timedelta(minutes=30))}
        moved = booked | times | {"parts": [booked["parts"][0] | times]}
        assert answer.json() == moved
        assert visitor.get(address_of(api, booked)).json() == moved

    def test_the_old_time_is_given_back_and_the_new_one_taken(
        self, visitor: httpx.Client, api: str
    ) -> None:
        old, new = tomorrow_at(10), tomorrow_at(15)
        booked = book(visitor, api, old, staff="ada")
        move(visitor, address_of(api, booked), new)
        book(visitor, api, old, staff="ada")
        refused(visitor.post(f"{api}/book", json=a_wish(new, staff="ada")), 409, "BOOKING_CONFLICT")

    def test_it_may_overlap_its_own_old_time(self, visitor: httpx.Client, api: str) -> None:
        booked = book(visitor, api, tomorrow_at(10), staff="ada")
        new = tomorrow_at(10, 15)
        answer = move(visitor, address_of(api, booked), new)
        assert (answer.status_code, answer.json()["start"]) == (200, local(new))

    def test_it_stays_with_the_same_person_unless_told(
        self, visitor: httpx.Client, api: str
    ) -> None:
        at = address_of(api, book(visitor, api, tomorrow_at(10), staff="bela"))
        assert move(visitor, at, tomorrow_at(12)).json()["staff"] == "bela"
        assert move(visitor, at, tomorrow_at(14), staff="ada").json()["staff"] == "ada"

    def test_with_anyone_it_goes_to_whoever_is_free(self, visitor: httpx.Client, api: str) -> None:
        new = tomorrow_at(15)
        booked = book(visitor, api, tomorrow_at(10), staff="ada")
        book(visitor, api, new, staff="ada")
        answer = move(visitor, address_of(api, booked), new, staff="any")
        assert (answer.status_code, answer.json()["staff"]) == (200, "bela")

    def test_to_the_same_time_is_no_change(
        self, visitor: httpx.Client, ledger: Ledger, api: str
    ) -> None:
        start = tomorrow_at(10)
        booked = book(visitor, api, start, staff="ada")
        before = ledger.contents()
        answer = move(visitor, address_of(api, booked), start)
        assert (answer.status_code, answer.json()) == (200, booked)
        assert ledger.contents() == before

    def test_to_the_same_time_with_somebody_else_is_a_change(
        self, visitor: httpx.Client, api: str
    ) -> None:
        start = tomorrow_at(10)
        at = address_of(api, book(visitor, api, start, staff="ada"))
        answer = move(visitor, at, start, staff="bela")
        assert (answer.status_code, answer.json()["staff"]) == (200, "bela")
        book(visitor, api, start, staff="ada")

    def test_a_taken_time_leaves_the_old_one_untouched(
        self, visitor: httpx.Client, ledger: Ledger, api: str
    ) -> None:
        old, new = tomorrow_at(10), tomorrow_at(15)
        booked = book(visitor, api, old, staff="ada")
        book(visitor, api, new, staff="ada")
        before = ledger.contents()
        problem = refused(move(visitor, address_of(api, booked), new), 409, "BOOKING_CONFLICT")
        assert ledger.contents() == before
        assert visitor.get(address_of(api, booked)).json() == booked
        assert [one["staff"] for one in problem["alternatives"]] == ["ada"] * 3

    def test_it_can_be_moved_to_each_alternative(self, visitor: httpx.Client, api: str) -> None:
        new = tomorrow_at(15)
        at = address_of(api, book(visitor, api, tomorrow_at(10), staff="ada"))
        book(visitor, api, new, staff="ada")
        problem = refused(move(visitor, at, new), 409, "BOOKING_CONFLICT")
        for one in problem["alternatives"]:
            answer = move(visitor, at, datetime.fromisoformat(one["start"]), staff=one["staff"])
            assert (answer.status_code, answer.json()["start"]) == (200, one["start"])

    def test_a_cancelled_appointment_can_not_be_moved(
        self, visitor: httpx.Client, ledger: Ledger, api: str
    ) -> None:
        at = address_of(api, book(visitor, api, tomorrow_at(10)))
        visitor.post(f"{at}/cancellation")
        before = ledger.contents()
        refused(move(visitor, at, tomorrow_at(15)), 409, "STATUS_CONFLICT")
        assert ledger.contents() == before

    def test_past_the_limit_it_is_too_late(
        self, visitor: httpx.Client, ledger: Ledger, strict_api: str
    ) -> None:
        booked = book(visitor, strict_api, tomorrow_at(10))
        before = ledger.contents()
        refused(move(visitor, address_of(strict_api, booked), tomorrow_at(15)), 409, "TOO_LATE")
        assert ledger.contents() == before

    def test_the_price_stays_as_agreed(
        self, visitor: httpx.Client, server: RunningServer, serve_business: Serve
    ) -> None:
        slug = new_slug()
        api = serve_business(a_business(slug, service=[a_service(price="48.00")]))
        at = address_of(api, book(visitor, api, tomorrow_at(10)))
        server.apply(a_business(slug, service=[a_service(price="99.00")]))
        assert move(visitor, at, tomorrow_at(15)).json()["price"]["amount"] == "48.00"

    def test_a_time_not_on_offer_is_refused(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(a_business(staff=[a_staff_member("ada", hours=NINE_TO_FIVE)]))
        booked = book(visitor, api, tomorrow_at(12))
        at = address_of(api, booked)
        for start in (
            tomorrow_at(22),
            tomorrow_at(12, 5),
            datetime.now(UTC) - timedelta(days=1),
            tomorrow_at(12) + timedelta(days=400),
        ):
            refused(move(visitor, at, start), 422, "NOT_OFFERED")
        assert visitor.get(at).json() == booked

    def test_a_person_who_does_not_perform_the_service_is_not_offered(
        self, visitor: httpx.Client, api: str
    ) -> None:
        at = address_of(api, book(visitor, api, tomorrow_at(10), "dye"))
        refused(move(visitor, at, tomorrow_at(15), staff="ada"), 422, "NOT_OFFERED")

    def test_an_unknown_person_is_not_found(self, visitor: httpx.Client, api: str) -> None:
        at = address_of(api, book(visitor, api, tomorrow_at(10)))
        refused(move(visitor, at, tomorrow_at(15), staff="zoe"), 404, "NOT_FOUND")

    def test_an_unknown_appointment_is_not_found(self, visitor: httpx.Client, api: str) -> None:
        at = f"{api}/appointments/{NO_TOKEN}"
        refused(move(visitor, at, tomorrow_at(15)), 404, "NOT_FOUND")

    @pytest.mark.parametrize(
        "body, wrong",
        [
            ({}, {"start"}),
            ({"start": "2026-12-01T10:00:00"}, {"start"}),
            ({"start": 1764583200}, {"start"}),
            ({"start": "2026-12-01T10:00:00Z", "staff": 7}, {"staff"}),
            ({"begin": "2026-12-01T10:00:00Z", "force": True}, {"start", "begin", "force"}),
        ],
    )
    def test_everything_that_is_wrong_is_named(
        self, visitor: httpx.Client, api: str, body: dict[str, Any], wrong: set[str]
    ) -> None:
        at = address_of(api, book(visitor, api, tomorrow_at(10)))
        answer = visitor.post(f"{at}/move", json=body)
        assert fields(refused(answer, 422, "VALIDATION")) == wrong


class TestMoveIdempotency:
    def test_the_same_key_gives_the_same_answer_byte_for_byte(
        self, visitor: httpx.Client, ledger: Ledger, api: str
    ) -> None:
        at = address_of(api, book(visitor, api, tomorrow_at(10)))
        first = move(visitor, at, tomorrow_at(15), "key-1")
        written = ledger.contents()
        assert first.status_code == 200
        assert move(visitor, at, tomorrow_at(15), "key-1").content == first.content
        assert ledger.contents() == written

    def test_it_is_answered_as_it_was_after_another_move_and_a_cancellation(
        self, visitor: httpx.Client, ledger: Ledger, api: str
    ) -> None:
        at = address_of(api, book(visitor, api, tomorrow_at(10)))
        first = move(visitor, at, tomorrow_at(15), "key-1")
        move(visitor, at, tomorrow_at(18), "key-2")
        assert move(visitor, at, tomorrow_at(15), "key-1").content == first.content
        visitor.post(f"{at}/cancellation")
        written = ledger.contents()
        assert move(visitor, at, tomorrow_at(15), "key-1").content == first.content
        assert ledger.contents() == written

    def test_another_request_with_the_same_key_is_refused(
        self, visitor: httpx.Client, api: str
    ) -> None:
        at = address_of(api, book(visitor, api, tomorrow_at(10)))
        other = address_of(api, book(visitor, api, tomorrow_at(10)))
        move(visitor, at, tomorrow_at(15), "key-1")
        for answer in (
            move(visitor, at, tomorrow_at(18), "key-1"),
            move(visitor, at, tomorrow_at(15), "key-1", staff="any"),
            move(visitor, other, tomorrow_at(15), "key-1"),
        ):
            refused(answer, 422, "IDEMPOTENCY_MISMATCH")

    def test_a_bookings_key_is_not_a_moves(self, visitor: httpx.Client, api: str) -> None:
        answer = visitor.post(
            f"{api}/book", json=a_wish(tomorrow_at(10)), headers={"Idempotency-Key": "key-1"}
        )
        at = address_of(api, answer.json())
        refused(move(visitor, at, tomorrow_at(15), "key-1"), 422, "IDEMPOTENCY_MISMATCH")

    def test_a_refusal_stays_one_when_the_time_is_given_back(
        self, visitor: httpx.Client, api: str
    ) -> None:
        new = tomorrow_at(15)
        at = address_of(api, book(visitor, api, tomorrow_at(10), staff="ada"))
        rival = book(visitor, api, new, staff="ada")
        first = move(visitor, at, new, "key-1")
        refused(first, 409, "BOOKING_CONFLICT")
        assert move(visitor, at, new, "key-1").content == first.content
        visitor.post(f"{address_of(api, rival)}/cancellation")
        refused(move(visitor, at, new, "key-1"), 409, "BOOKING_CONFLICT")
        assert move(visitor, at, new, "key-2").status_code == 200

    def test_an_empty_key_is_refused_by_name(self, visitor: httpx.Client, api: str) -> None:
        at = address_of(api, book(visitor, api, tomorrow_at(10)))
        answer = visitor.post(
            f"{at}/move",
            json={"start": tomorrow_at(15).isoformat()},
            headers={"Idempotency-Key": ""},
        )
        assert fields(refused(answer, 422, "VALIDATION")) == {"Idempotency-Key"}
