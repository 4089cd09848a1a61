"""What a business says of itself: profile, services, staff."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from bookonce.core.business import Business
from tests.factories import a_business, a_service, a_staff_member
from tests.running import RunningServer
from tests.web.visitors import refused

Serve = Callable[[Business], str]


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
        refused(visitor.get(shouted), 404, "NOT_FOUND")

    def test_nothing_can_be_posted_to_it(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        answer = visitor.post(serve_business(a_business()), json={})
        refused(answer, 405, "METHOD_NOT_ALLOWED")
        assert "GET" in answer.headers["allow"]


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

    def test_an_unknown_business_is_not_found(self, visitor: httpx.Client) -> None:
        refused(visitor.get("/api/v1/nobody/staff"), 404, "NOT_FOUND")
