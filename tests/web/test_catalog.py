"""What a business says of itself: profile, services, staff."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import NINE_TO_FIVE, a_business, a_service, a_staff_member
from tests.running import RunningServer
from tests.web.visitors import refused

Serve = Callable[[Business], str]

MITTE = {"key": "mitte", "name": "Mitte", "address": "Torstraße 1, Berlin"}
SOHO = {"key": "soho", "name": "Soho", "timezone": "Europe/London"}

AT_TWO_LOCATIONS = [
    a_staff_member("ada", at=[{"location": "soho", "hours": NINE_TO_FIVE}]),
    a_staff_member("bela"),
    a_staff_member("chen", hours={}, at=[{"location": "soho", "hours": NINE_TO_FIVE}]),
]


class TestBusiness:
    def test_it_works(self, visitor: httpx.Client, serve_business: Serve) -> None:
        business = a_business(
            name="Salon Zoë", timezone="Asia/Kathmandu", currency="NPR", locale="ne"
        )
        answer = visitor.get(serve_business(business))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == {
            "slug": business.business.slug,
            "name": "Salon Zoë",
            "timezone": "Asia/Kathmandu",
            "currency": "NPR",
            "locale": "ne",
            "policy": {
                "slot_step_min": 15,
                "notice_min": 0,
                "horizon_days": 90,
                "cancel_until_min": 0,
                "grace_min": 15,
                "phone_required": False,
            },
        }

    def test_a_change_shows_in_the_next_answer(
        self, visitor: httpx.Client, server: RunningServer, serve_business: Serve
    ) -> None:
        api = serve_business(a_business(name="Before"))
        slug = api.rpartition("/")[2]
        assert visitor.get(api).json()["name"] == "Before"
        server.apply(a_business(slug, name="After"))
        assert visitor.get(api).json()["name"] == "After"

    def test_a_business_that_nobody_opened_is_not_found(self, visitor: httpx.Client) -> None:
        refused(visitor.get("/api/v1/nobody"), 404, "NOT_FOUND")

    def test_addresses_are_lower_case(self, visitor: httpx.Client, serve_business: Serve) -> None:
        api = serve_business(a_business())
        shouted = "/api/v1/" + api.rpartition("/")[2].upper()
        assert visitor.get(shouted).headers["location"] == api
        refused(visitor.get("/api/v1/NOBODY"), 404, "NOT_FOUND")

    def test_nothing_can_be_posted_to_it(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        answer = visitor.post(serve_business(a_business()), json={})
        refused(answer, 405, "METHOD_NOT_ALLOWED")
        assert "GET" in answer.headers["allow"]

    def test_locations_are_listed_with_their_clocks(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        hours = {"hours": NINE_TO_FIVE, "dates": [{"date": "2026-12-24", "hours": []}]}
        api = serve_business(a_business(location=[SOHO | hours, MITTE]))
        body = visitor.get(api).json()
        assert body["timezone"] == "Europe/Berlin"
        assert body["locations"] == [SOHO, MITTE | {"timezone": "Europe/Berlin"}]

    def test_one_location_may_be_listed_and_none_again(
        self, visitor: httpx.Client, server: RunningServer, serve_business: Serve
    ) -> None:
        api = serve_business(a_business(location=[SOHO]))
        slug = api.rpartition("/")[2]
        assert visitor.get(api).json()["locations"] == [SOHO]
        server.apply(a_business(slug))
        assert "locations" not in visitor.get(api).json()


class TestServices:
    def test_it_works(self, visitor: httpx.Client, serve_business: Serve) -> None:
        api = serve_business(
            a_business(
                staff=[a_staff_member("ada"), a_staff_member("bela")],
                service=[
                    a_service("cut", duration_min=45, price="48"),
                    a_service("talk", staff=["bela"]),
                ],
            )
        )
        answer = visitor.get(f"{api}/services")
        assert answer.status_code == 200
        assert answer.json() == [
            {
                "key": "cut",
                "name": "Cut",
                "duration_min": 45,
                "price": {"amount": "48.00", "currency": "EUR"},
                "staff": ["ada", "bela"],
            },
            {"key": "talk", "name": "Talk", "duration_min": 30, "price": None, "staff": ["bela"]},
        ]

    @pytest.mark.parametrize(
        "currency, price, amount",
        [("JPY", "4800", "4800"), ("KWD", "4.8", "4.800"), ("EUR", "0", "0.00")],
    )
    def test_amounts_have_the_digits_of_their_currency(
        self, visitor: httpx.Client, serve_business: Serve, currency: str, price: str, amount: str
    ) -> None:
        api = serve_business(a_business(currency=currency, service=[a_service(price=price)]))
        (service,) = visitor.get(f"{api}/services").json()
        assert service["price"] == {"amount": amount, "currency": currency}

    def test_a_service_taken_off_the_file_is_no_longer_listed(
        self, visitor: httpx.Client, server: RunningServer, serve_business: Serve
    ) -> None:
        api = serve_business(a_business(service=[a_service("cut"), a_service("perm")]))
        server.apply(a_business(api.rpartition("/")[2], service=[a_service("cut")]))
        assert [service["key"] for service in visitor.get(f"{api}/services").json()] == ["cut"]

    def test_phases_and_needs_are_not_told(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(
            a_business(
                resource=[{"key": "r1", "name": "Room", "kind": "room"}],
                service=[
                    a_service(
                        phases=[{"duration_min": 20}, {"duration_min": 10, "staff": False}],
                        needs=["room"],
                    )
                ],
            )
        )
        assert visitor.get(f"{api}/services").json() == [
            {"key": "cut", "name": "Cut", "duration_min": 30, "price": None, "staff": ["ada"]}
        ]

    def test_each_names_the_locations_at_which_it_is_offered(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(
            a_business(
                location=[MITTE, SOHO],
                service=[
                    a_service("cut"),
                    a_service("dye", locations=["soho"]),
                    a_service("perm", locations=[]),
                ],
            )
        )
        assert [one["locations"] for one in visitor.get(f"{api}/services").json()] == [
            ["mitte", "soho"],
            ["soho"],
            [],
        ]

    def test_an_unknown_business_is_not_found(self, visitor: httpx.Client) -> None:
        refused(visitor.get("/api/v1/nobody/services"), 404, "NOT_FOUND")


class TestStaff:
    def test_it_works(self, visitor: httpx.Client, serve_business: Serve) -> None:
        api = serve_business(
            a_business(staff=[a_staff_member("bela"), a_staff_member("ada", name="Ada L.")])
        )
        answer = visitor.get(f"{api}/staff")
        assert answer.status_code == 200
        assert answer.json() == [{"key": "bela", "name": "Bela"}, {"key": "ada", "name": "Ada L."}]

    def test_mail_addresses_of_staff_are_not_told(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(a_business(staff=[a_staff_member("ada", email="ada@salon.example")]))
        for path in ("", "/staff", "/services"):
            assert "ada@salon.example" not in visitor.get(f"{api}{path}").text

    def test_the_service_filter_leaves_those_who_perform_it(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(
            a_business(
                staff=[a_staff_member("ada"), a_staff_member("bela"), a_staff_member("chen")],
                service=[a_service("cut"), a_service("dye", staff=["chen", "ada"])],
            )
        )

        def keys(service: str) -> list[str]:
            people = visitor.get(f"{api}/staff", params={"service": service}).json()
            return [person["key"] for person in people]

        assert keys("dye") == ["ada", "chen"]
        assert keys("cut") == ["ada", "bela", "chen"]

    def test_an_unknown_service_is_not_found(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(a_business())
        refused(visitor.get(f"{api}/staff", params={"service": "perm"}), 404, "NOT_FOUND")

    def test_each_names_the_locations_they_work_at(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(a_business(location=[MITTE, SOHO], staff=AT_TWO_LOCATIONS))
        assert visitor.get(f"{api}/staff").json() == [
            {"key": "ada", "name": "Ada", "locations": ["mitte", "soho"]},
            {"key": "bela", "name": "Bela", "locations": ["mitte"]},
            {"key": "chen", "name": "Chen", "locations": ["soho"]},
        ]

    def test_who_has_no_hours_works_nowhere(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        dora = a_staff_member("dora", hours={}, at=[{"location": "soho"}])
        api = serve_business(a_business(location=[MITTE, SOHO], staff=[dora]))
        assert visitor.get(f"{api}/staff").json() == [
            {"key": "dora", "name": "Dora", "locations": []}
        ]

    @pytest.mark.parametrize(
        "asked, keys",
        [
            ({"location": "mitte"}, ["ada", "bela"]),
            ({"location": "soho"}, ["ada", "chen"]),
            ({"location": "soho", "service": "dye"}, ["chen"]),
            ({"location": "mitte", "service": "dye"}, ["bela"]),
            ({"service": "dye"}, ["bela", "chen"]),
        ],
    )
    def test_the_location_filter_leaves_those_who_work_there(
        self, visitor: httpx.Client, serve_business: Serve, asked: dict[str, str], keys: list[str]
    ) -> None:
        dye = a_service("dye", staff=["bela", "chen"])
        api = serve_business(
            a_business(location=[MITTE, SOHO], staff=AT_TWO_LOCATIONS, service=[a_service(), dye])
        )
        people = visitor.get(f"{api}/staff", params=asked).json()
        assert [person["key"] for person in people] == keys

    @pytest.mark.parametrize("location", [[], [MITTE]], ids=["none listed", "one listed"])
    def test_an_unknown_location_is_not_found(
        self, visitor: httpx.Client, serve_business: Serve, location: list[dict[str, str]]
    ) -> None:
        api = serve_business(a_business(location=location))
        refused(visitor.get(f"{api}/staff", params={"location": "soho"}), 404, "NOT_FOUND")

    def test_an_unknown_business_is_not_found(self, visitor: httpx.Client) -> None:
        refused(visitor.get("/api/v1/nobody/staff"), 404, "NOT_FOUND")
