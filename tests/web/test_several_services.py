"""Several services in one visit, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import a_business, a_service, a_staff_member, tomorrow_at
from tests.web.visitors import address_of, fields, refused

Serve = Callable[[Business], str]

BERLIN = ZoneInfo("Europe/Berlin")
SERVICES = [
    a_service("cut", duration_min=45, price="48.00", staff=["ada", "ben"]),
    a_service("beard", duration_min=30, price="22.00", staff=["ada", "ben"]),
    a_service("nails", duration_min=30, price="35.00", staff=["cleo"]),
    a_service("advice", duration_min=15, staff=["ada"]),
]


@pytest.fixture
def api(serve_business: Serve) -> str:
    """Ada and Ben cut and trim, only Cleo does nails."""
    staff = [a_staff_member(key) for key in ("ada", "ben", "cleo")]
    return serve_business(a_business(staff=staff, service=SERVICES))


def a_visit(start: datetime | str, *services: str, **more: Any) -> dict[str, Any]:
    """The body of a booking of several services by Zoe."""
    when = start if isinstance(start, str) else start.isoformat()
    client = {"name": "Zoe", "email": "zoe@example.com"}
    return {"services": list(services), "start": when, "client": client} | more


def book(
    visitor: httpx.Client, api: str, start: datetime | str, *services: str, **more: Any
) -> dict[str, Any]:
    """Book, and require that it worked."""
    answer = visitor.post(f"{api}/book", json=a_visit(start, *services, **more))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def local(moment: datetime) -> str:
    return moment.astimezone(BERLIN).isoformat()


def who(appointment: dict[str, Any]) -> list[tuple[str, str]]:
    """Which service is performed by whom."""
    return [(part["service"], part["staff"]) for part in appointment["parts"]]


def move(visitor: httpx.Client, address: str, start: datetime, **more: str) -> httpx.Response:
    return visitor.post(f"{address}/move", json={"start": start.isoformat()} | more)


def test_it_works(visitor: httpx.Client, api: str) -> None:
    start = tomorrow_at(10)
    body = book(visitor, api, start, "cut", "nails")
    cut_ends = start + timedelta(minutes=45)
    assert body["parts"] == [
        {
            "service": "cut",
            "staff": body["staff"],
            "start": local(start),
            "end": local(cut_ends),
            "price": {"amount": "48.00", "currency": "EUR"},
        },
        {
            "service": "nails",
            "staff": "cleo",
            "start": local(cut_ends),
            "end": local(cut_ends + timedelta(minutes=30)),
            "price": {"amount": "35.00", "currency": "EUR"},
        },
    ]
    assert body["service"] == "cut"
    assert (body["start"], body["end"]) == (local(start), body["parts"][1]["end"])
    assert body["price"] == {"amount": "83.00", "currency": "EUR"}
    assert visitor.get(address_of(api, body)).json() == body


def test_one_entry_means_the_same_as_service(visitor: httpx.Client, api: str) -> None:
    wish = a_visit(tomorrow_at(10), "nails")
    key = {"Idempotency-Key": "one"}
    first = visitor.post(f"{api}/book", json=wish, headers=key)
    assert first.status_code == 201
    single = {name: value for name, value in wish.items() if name != "services"}
    again = visitor.post(f"{api}/book", json=single | {"service": "nails"}, headers=key)
    assert (again.status_code, again.json()) == (201, first.json()), "even to a repeated key"


def test_one_person_for_the_whole_visit_is_preferred(visitor: httpx.Client, api: str) -> None:
    start = tomorrow_at(10)
    book(visitor, api, start, "cut", staff="ada")
    assert who(book(visitor, api, start, "cut", "beard")) == [("cut", "ben"), ("beard", "ben")]


def test_a_service_may_come_twice(visitor: httpx.Client, api: str) -> None:
    body = book(visitor, api, tomorrow_at(10), "beard", "beard", staff="ada")
    assert who(body) == [("beard", "ada"), ("beard", "ada")]
    assert body["parts"][0]["end"] == body["parts"][1]["start"]


def test_the_price_is_unknown_if_one_is(visitor: httpx.Client, api: str) -> None:
    body = book(visitor, api, tomorrow_at(10), "cut", "advice")
    assert body["price"] is None
    assert [part["price"] is None for part in body["parts"]] == [False, True]


def test_six_fit_into_one_visit(visitor: httpx.Client, api: str) -> None:
    assert len(book(visitor, api, tomorrow_at(10), *["beard"] * 6)["parts"]) == 6


class TestRefusals:
    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"service": "cut"}, "services"),
            ({"services": []}, "services"),
            ({"services": None}, "service"),
            ({"services": ["beard"] * 7}, "services"),
            ({"services": "cut,beard"}, "services"),
            ({"services": ["cut", 1]}, "services[1]"),
        ],
        ids=["both", "empty", "neither", "seven", "text", "number"],
    )
    def test_what_is_wrong_is_named(
        self, visitor: httpx.Client, api: str, more: dict[str, Any], field: str
    ) -> None:
        wish = a_visit(tomorrow_at(10), "cut", "beard") | more
        problem = refused(visitor.post(f"{api}/book", json=wish), 422, "VALIDATION")
        assert fields(problem) == {field}

    @pytest.mark.parametrize("more", [{"services": ["cut", "perm"]}, {"staff": "zoe"}])
    def test_unknown_keys_are_not_found(
        self, visitor: httpx.Client, api: str, more: dict[str, Any]
    ) -> None:
        wish = a_visit(tomorrow_at(10), "cut", "beard") | more
        refused(visitor.post(f"{api}/book", json=wish), 404, "NOT_FOUND")

    def test_a_named_person_has_to_perform_all_of_it(self, visitor: httpx.Client, api: str) -> None:
        wish = a_visit(tomorrow_at(10), "cut", "nails", staff="ada")
        refused(visitor.post(f"{api}/book", json=wish), 422, "NOT_OFFERED")

    @pytest.mark.parametrize(
        "query", ["service=cut,perm", "service=cut,", "service=,cut", "service=cut,beard&staff=zoe"]
    )
    def test_availability_knows_no_such_keys(
        self, visitor: httpx.Client, api: str, query: str
    ) -> None:
        refused(visitor.get(f"{api}/availability/next?{query}"), 404, "NOT_FOUND")

    def test_availability_has_the_same_limit(self, visitor: httpx.Client, api: str) -> None:
        many = ",".join(["beard"] * 7)
        refused(visitor.get(f"{api}/availability/next?service={many}"), 422, "VALIDATION")


class TestKeys:
    def test_a_repeated_key_books_once(self, visitor: httpx.Client, api: str) -> None:
        wish, key = a_visit(tomorrow_at(10), "cut", "nails"), {"Idempotency-Key": "visit"}
        first, again = (visitor.post(f"{api}/book", json=wish, headers=key) for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()

    def test_other_services_are_another_request(self, visitor: httpx.Client, api: str) -> None:
        key = {"Idempotency-Key": "visit"}
        visitor.post(f"{api}/book", json=a_visit(tomorrow_at(10), "cut", "nails"), headers=key)
        other = a_visit(tomorrow_at(10), "nails", "cut")
        answer = visitor.post(f"{api}/book", json=other, headers=key)
        refused(answer, 422, "IDEMPOTENCY_MISMATCH")


class TestConflicts:
    @pytest.mark.parametrize("more", [{}, {"staff": "ada"}], ids=["anyone", "named"])
    def test_each_alternative_can_be_booked(
        self, visitor: httpx.Client, api: str, more: dict[str, str]
    ) -> None:
        services = ("cut", "beard") if more else ("cut", "nails")
        start = tomorrow_at(10)
        blocked = "ada" if more else "cleo"
        book(visitor, api, start + timedelta(minutes=45), services[1], staff=blocked)
        answer = visitor.post(f"{api}/book", json=a_visit(start, *services, **more))
        found = refused(answer, 409, "BOOKING_CONFLICT")["alternatives"]
        assert len(found) == 3
        for each in found:
            booked = book(visitor, api, each["start"], *services, **more)
            address = address_of(api, booked)
            assert visitor.post(f"{address}/cancellation").status_code == 200

    def test_nothing_is_taken_if_one_part_is_not_free(
        self, visitor: httpx.Client, api: str
    ) -> None:
        start = tomorrow_at(10)
        book(visitor, api, start + timedelta(minutes=45), "nails")
        wish = a_visit(start, "cut", "nails")
        refused(visitor.post(f"{api}/book", json=wish), 409, "BOOKING_CONFLICT")
        for staff in ("ada", "ben"):
            book(visitor, api, start, "cut", staff=staff)

    def test_what_is_listed_can_be_booked(self, visitor: httpx.Client, api: str) -> None:
        start = tomorrow_at(10)
        book(visitor, api, start, "nails")
        day = start.astimezone(BERLIN).date().isoformat()
        address = f"{api}/availability?service=cut,nails&from={day}&to={day}"
        [shown] = visitor.get(address).json()["days"]
        starts = {slot["start"] for slot in shown["slots"]}
        # Cleo is taken from 10:00 to 10:30, and begins 45 minutes after the start.
        assert local(start - timedelta(minutes=30)) not in starts
        assert local(start - timedelta(minutes=15)) in starts
        book(visitor, api, start - timedelta(minutes=15), "cut", "nails")


class TestChanges:
    def test_a_move_keeps_the_person_of_each_part(self, visitor: httpx.Client, api: str) -> None:
        old, new = tomorrow_at(10), tomorrow_at(15)
        booked = book(visitor, api, old, "cut", "nails")
        answer = move(visitor, address_of(api, booked), new)
        assert answer.status_code == 200, answer.text
        assert who(answer.json()) == who(booked)
        assert [part["start"] for part in answer.json()["parts"]] == [
            local(new),
            local(new + timedelta(minutes=45)),
        ]
        book(visitor, api, old, "cut", "nails")  # the old time was given back

    def test_a_person_who_is_taken_is_not_replaced_unless_any_will_do(
        self, visitor: httpx.Client, api: str
    ) -> None:
        new = tomorrow_at(15)
        booked = book(visitor, api, tomorrow_at(10), "cut", "beard", staff="ada")
        book(visitor, api, new, "cut", staff="ada")
        address = address_of(api, booked)
        refused(move(visitor, address, new), 409, "BOOKING_CONFLICT")
        assert visitor.get(address).json() == booked
        answer = move(visitor, address, new, staff="any")
        assert who(answer.json()) == [("cut", "ben"), ("beard", "ben")]

    def test_a_move_to_somebody_who_can_not_do_all_is_refused(
        self, visitor: httpx.Client, api: str
    ) -> None:
        booked = book(visitor, api, tomorrow_at(10), "cut", "nails")
        answer = move(visitor, address_of(api, booked), tomorrow_at(15), staff="ada")
        refused(answer, 422, "NOT_OFFERED")

    def test_cancelling_frees_all_of_it(self, visitor: httpx.Client, api: str) -> None:
        start = tomorrow_at(10)
        booked = book(visitor, api, start, "cut", "nails", "beard")
        answer = visitor.post(f"{address_of(api, booked)}/cancellation")
        assert answer.json()["status"] == "cancelled"
        assert who(answer.json()) == who(booked)
        book(visitor, api, start, "cut", "nails", "beard")


class TestLocations:
    @pytest.fixture
    def api(self, serve_business: Serve) -> str:
        """Cuts at both locations, nails at one, tans at the other."""
        return serve_business(
            a_business(
                location=[{"key": "mitte", "name": "Mitte"}, {"key": "soho", "name": "Soho"}],
                staff=[
                    {"key": key, "name": key, "at": [{"location": place} | hours]}
                    for key, place in (("ada", "mitte"), ("ben", "soho"))
                    for hours in [{"hours": a_staff_member(key)["hours"]}]
                ],
                service=[
                    a_service("cut"),
                    a_service("beard"),
                    a_service("nails", locations=["mitte"]),
                    a_service("tan", locations=["soho"]),
                ],
            )
        )

    def test_it_is_where_all_are_offered(self, visitor: httpx.Client, api: str) -> None:
        body = book(visitor, api, tomorrow_at(10), "cut", "nails")
        assert (body["location"], body["staff"]) == ("mitte", "ada")

    def test_it_has_to_be_named_where_there_is_a_choice(
        self, visitor: httpx.Client, api: str
    ) -> None:
        wish = a_visit(tomorrow_at(10), "cut", "beard")
        problem = refused(visitor.post(f"{api}/book", json=wish), 422, "VALIDATION")
        assert fields(problem) == {"location"}
        body = book(visitor, api, tomorrow_at(10), "cut", "beard", location="soho")
        assert who(body) == [("cut", "ben"), ("beard", "ben")]

    @pytest.mark.parametrize("location", ["mitte", "soho"])
    def test_what_is_offered_at_no_common_location_can_not_be_booked(
        self, visitor: httpx.Client, api: str, location: str
    ) -> None:
        wish = a_visit(tomorrow_at(10), "nails", "tan", location=location)
        refused(visitor.post(f"{api}/book", json=wish), 422, "NOT_OFFERED")
