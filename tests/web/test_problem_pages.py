"""What browsers are shown where there is nothing: a page, with the business around it if its
address is right; programs get problem details.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import a_business, a_service, a_staff_member, tomorrow_at
from tests.web.surfing import ENGLISH, ZOE, Surfer, slug_of, to_the_form
from tests.web.visitors import book, refused, token_of

Serve = Callable[[Business], str]
REACH: dict[str, Any] = {
    "phone": "+49 30 1234567",
    "email": "hello@lumen.example",
    "website": "https://lumen.example",
}
LINKS = ("tel:+49301234567", "mailto:hello@lumen.example", "https://lumen.example")


@pytest.fixture
def surfer(visitor: httpx.Client) -> Surfer:
    return Surfer(visitor)


class TestNothingHere:
    @pytest.mark.parametrize("rest", ["a/mistyped", "a/mistyped/cancel", "a", "a/x/y/z", "nothing"])
    def test_it_keeps_the_business(self, surfer: Surfer, serve_business: Serve, rest: str) -> None:
        slug = slug_of(serve_business(a_business(name="Salon Zoë", **REACH)))
        page = surfer.open(f"/{slug}/{rest}", status=404)
        assert "There is nothing here" in page.text
        assert "Salon Zoë" in page.text
        assert page.link("Book an appointment") == f"/{slug}"
        assert {href for _, href in page.links} >= set(LINKS)

    @pytest.mark.parametrize(
        "path", ["/", "/nobody", "/nobody/a/x", "/a/b/c/d", "/static/x", "/x%00y", "/" + "x" * 400]
    )
    def test_it_is_a_page_for_people_and_json_for_programs(
        self, visitor: httpx.Client, path: str
    ) -> None:
        status = 200 if path == "/" else 404
        for accepted in ("text/html", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"):
            page = visitor.get(path, headers={"Accept": accepted, "Accept-Language": "de"})
            assert page.status_code == status
            assert page.headers["content-type"].startswith("text/html")
            assert '<html lang="de"' in page.text
        for accepted in ("application/json", "*/*"):
            refused(visitor.get(path, headers={"Accept": accepted}), 404, "NOT_FOUND")

    def test_the_api_answers_programs_whatever_they_accept(self, visitor: httpx.Client) -> None:
        refused(visitor.get("/api/v1/nobody/services", headers=ENGLISH), 404, "NOT_FOUND")
        refused(visitor.get("/api/v2/x", headers=ENGLISH), 404, "NOT_FOUND")

    def test_an_address_that_only_takes_forms(self, surfer: Surfer, serve_business: Serve) -> None:
        page = surfer.open(f"/{slug_of(serve_business(a_business()))}/book", status=405)
        assert "There is nothing here" in page.text


class TestNoLongerOffered:
    @pytest.mark.parametrize(
        ("field", "told"),
        [
            ("service", "This service isn't offered any more."),
            ("staff", "This person takes no appointments any more."),
            ("location", "This place takes no appointments any more."),
        ],
    )
    @pytest.mark.parametrize("more", [{}, {"start": tomorrow_at(10).isoformat()}])
    def test_the_page_says_so_and_leads_to_the_beginning(
        self,
        surfer: Surfer,
        serve_business: Serve,
        field: str,
        told: str,
        more: dict[str, str],
    ) -> None:
        slug = slug_of(serve_business(a_business()))
        choice = {"service": "cut", "staff": "ada"} | more | {field: "gone"}
        page = surfer.open(str(httpx.URL(f"/{slug}", params=choice)))
        assert told in page.text
        assert page.link("Begin again") == f"/{slug}"
        assert "gone" not in "".join(href for _, href in page.links)
        assert not page.action, "nobody is asked to book something else"

    def test_a_service_at_a_place_where_it_is_not_offered(
        self, surfer: Surfer, serve_business: Serve
    ) -> None:
        places = [{"key": key, "name": key.capitalize()} for key in ("mitte", "soho")]
        slug = slug_of(
            serve_business(a_business(location=places, service=[a_service(locations=["mitte"])]))
        )
        assert (
            "isn't offered at that place" in surfer.open(f"/{slug}?service=cut&location=soho").text
        )

    def test_somebody_who_does_not_perform_it(self, surfer: Surfer, serve_business: Serve) -> None:
        staff = [a_staff_member(key) for key in ("ada", "bea", "cleo")]
        slug = slug_of(
            serve_business(a_business(staff=staff, service=[a_service(staff=["ada", "bea"])]))
        )
        page = surfer.open(f"/{slug}?service=cut&staff=cleo")
        assert "Cleo doesn't perform this service." in page.text
        assert "With whom?" in page.text

    @pytest.mark.parametrize(
        "start",
        [
            "2020-01-01T10:00:00+01:00",
            f"{tomorrow_at(10, 7):%Y-%m-%dT%H:%M:%S}Z",
            "2090-01-01T10:00Z",
        ],
    )
    def test_a_start_that_is_not_on_offer_leads_to_the_times(
        self, surfer: Surfer, serve_business: Serve, visitor: httpx.Client, start: str
    ) -> None:
        api = serve_business(a_business())
        own = f"/{slug_of(api)}/a/{token_of(book(visitor, api, tomorrow_at(9)))}"
        for address in (f"/{slug_of(api)}?service=cut&staff=ada", f"{own}/move?date=2026-01-01"):
            page = surfer.open(f"{address}&start={start.replace('+', '%2B')}")
            assert "This time isn't on offer." in page.text
            assert not page.action
            assert any("start=" in href for _, href in page.links)


class TestMove:
    """Of an appointment with what the business has no more."""

    def own(self, visitor: httpx.Client, api: str, **more: Any) -> str:
        return f"/{slug_of(api)}/a/{token_of(book(visitor, api, tomorrow_at(9), **more))}"

    def test_who_has_left_is_replaced_by_anyone_and_the_page_says_so(
        self, surfer: Surfer, serve_business: Serve, visitor: httpx.Client
    ) -> None:
        staff = [a_staff_member("ada"), a_staff_member("bea")]
        business = a_business(staff=staff)
        own = self.own(visitor, serve_business(business), staff="ada")
        serve_business(a_business(business.business.slug, staff=[staff[1]]))
        times = surfer.open(f"{own}/move")
        assert "Ada doesn't perform this any more." in times.text
        confirm = surfer.open(next(href for _, href in times.links if "start=" in href))
        assert "Ada doesn't perform this any more." in confirm.text
        moved = surfer.send(confirm)
        assert "It's moved, from" in moved.text
        assert "Bea" in moved.text

    @pytest.mark.parametrize("gone", ["service", "location"])
    def test_what_is_offered_no_more_is_no_lack_of_free_times(
        self, surfer: Surfer, serve_business: Serve, visitor: httpx.Client, gone: str
    ) -> None:
        places = [{"key": key, "name": key.capitalize()} for key in ("mitte", "soho")]
        at = [{"location": key, "hours": {"mon": ["00:00-24:00"]}} for key in ("mitte", "soho")]
        at[0]["hours"] = a_staff_member("x")["hours"]
        staff = [a_staff_member("ada", hours={}, at=at)]
        before = a_business(location=places, staff=staff, service=[a_service(), a_service("dye")])
        own = self.own(visitor, serve_business(before), location="mitte")
        slug = before.business.slug
        if gone == "service":
            after = a_business(slug, location=places, staff=staff, service=[a_service("dye")])
        else:
            only = [a_staff_member("ada", hours={}, at=at[1:])]
            after = a_business(slug, location=places[1:], staff=only, service=[a_service()])
        serve_business(after)
        page = surfer.open(f"{own}/move")
        assert "no free times" not in page.text
        assert "any more, so it can't be moved here." in page.text
        assert page.link("Book another appointment") == f"/{slug}"
        assert surfer.open(own).text.count("Cut")


class TestLimits:
    def test_they_are_told_on_the_form_before_booking(
        self, surfer: Surfer, serve_business: Serve
    ) -> None:
        promised: tuple[tuple[dict[str, Any], str], ...] = (
            ({"cancel_until_min": 60}, "You can move or cancel until"),
            ({"cancel_until_min": 90_000}, "You can move or cancel for 15 minutes after booking."),
            ({"cancel_until_min": 90_000, "grace_min": 0}, "It begins so soon that"),
        )
        for policy, told in promised:
            form = to_the_form(surfer, serve_business(a_business(policy=policy, **REACH)))
            assert told in form.text
            own = surfer.send(form, **ZOE)
            assert set(LINKS) <= {href for _, href in own.links}
            may_change = policy.get("grace_min") != 0
            assert ("to change or cancel" in own.text) == may_change
            assert any("Cancel" in said for said, _ in own.links) == may_change
            assert ("It can't be moved or cancelled here any more" in own.text) != may_change


def test_a_move_is_told_with_both_times(surfer: Surfer, serve_business: Serve) -> None:
    own = surfer.send(to_the_form(surfer, serve_business(a_business(timezone="UTC"))), **ZOE)
    move = surfer.open(own.link("Move appointment"))
    confirm = surfer.open(next(href for said, href in reversed(move.links) if "start=" in href))
    moved = surfer.send(confirm)
    again = surfer.send(confirm)
    for page in (moved, again):
        assert "It's moved, from" in page.text
        assert "<title>Moved · " in page.answer.text
    assert 'data-state="confirmed"' in moved.answer.text
    cancelled = surfer.send(surfer.open(moved.link("Cancel appointment")))
    assert 'data-state="cancelled"' in cancelled.answer.text
    assert "It's moved" not in cancelled.text
