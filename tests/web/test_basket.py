"""Several services in one visit, on the pages, by links and forms as any browser follows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import a_business, a_service, a_staff_member
from tests.web.surfing import ENGLISH, ZOE, Reader, Surfer, slug_of, to_the_form

Serve = Callable[[Business], str]

SERVICES = [
    a_service("cut", name="Cut", duration_min=45, price="48.00", staff=["ada", "ben"]),
    a_service("beard", name="Beard trim", price="22.00", staff=["ada", "ben"]),
    a_service("nails", name="Manicure", price="35.00", staff=["cleo"]),
    a_service("advice", name="Advice", duration_min=15, staff=["ada"]),
]


def a_salon(**more: Any) -> Business:
    """Ada and Ben cut and trim, only Ada advises, only Cleo does nails."""
    staff = [a_staff_member(key) for key in ("ada", "ben", "cleo")]
    return a_business(**{"staff": staff, "service": SERVICES} | more)


@pytest.fixture
def surfer(visitor: httpx.Client) -> Surfer:
    return Surfer(visitor)


@pytest.fixture
def slug(serve_business: Serve) -> str:
    return slug_of(serve_business(a_salon()))


def chosen(page: Reader) -> str:
    """The services in the address of the page."""
    return parse_qs(urlsplit(str(page.answer.url)).query).get("service", [""])[0]


def says(page: Reader, *texts: str) -> bool:
    """Whether a page has all of these, wherever its lines are broken."""
    words = " ".join(page.text.split())
    return all(text in words for text in texts)


def test_a_booking_of_two_services_takes_two_more_presses(surfer: Surfer, slug: str) -> None:
    page = surfer.open(f"/{slug}")
    for press in ("Cut", "Anyone", "Add another service", "Beard trim"):
        page = surfer.open(page.link(press))
    assert says(page, "Cut and Beard trim", "2 services · 1 hour 15 minutes · €70.00", "When?")
    assert chosen(page) == "cut,beard"
    form = surfer.open(next(href for _, href in page.links if "start=" in href))
    assert says(form, "Cut", "€48.00", "Beard trim", "€22.00", "€70.00", "1 hour 15 minutes")
    own = surfer.send(form, **ZOE)
    assert says(own, "It's booked.", "Cut and Beard trim", "€70.00")


def test_one_press_on_a_service_still_leads_on(surfer: Surfer, slug: str) -> None:
    assert says(surfer.open(surfer.open(f"/{slug}").link("Cut")), "With whom?")
    page = surfer.open(surfer.open(f"/{slug}").link("Manicure"))
    assert says(page, "When?"), "nobody else does that"


class TestBasket:
    def test_it_shows_what_is_chosen_and_what_else_there_is(
        self, surfer: Surfer, slug: str
    ) -> None:
        page = surfer.open(f"/{slug}?service=cut,beard&staff=any&add=1")
        assert says(page, "Chosen", "Cut 45 minutes €48.00", "2 services · 1 hour 15 minutes")
        said = [words for words, _ in page.links]
        assert any(words.startswith("Remove Cut") for words in said)
        assert any(words.startswith("Manicure") for words in said)
        assert not any(words.startswith("Cut 45") for words in said), "it is chosen already"
        assert says(surfer.open(page.link("Continue")), "When?", "2 services")

    def test_a_service_is_removed_and_the_last_one_leads_to_the_beginning(
        self, surfer: Surfer, slug: str
    ) -> None:
        page = surfer.open(f"/{slug}?service=cut,beard&add=1")
        page = surfer.open(page.link("Remove Cut"))
        assert (chosen(page), says(page, "1 service · 30 minutes · €22.00")) == ("beard", True)
        page = surfer.open(page.link("Remove Beard trim"))
        assert says(page, "What would you like?")

    def test_going_on_without_adding_keeps_person_and_date(self, surfer: Surfer, slug: str) -> None:
        times = surfer.open(f"/{slug}?service=cut&staff=ada")
        page = surfer.open(times.link("Add another service"))
        assert says(surfer.open(page.link("Back without adding")), "with Ada", "When?")

    def test_six_are_the_most(self, surfer: Surfer, slug: str) -> None:
        page = surfer.open(f"/{slug}?service=cut,beard,beard,beard,beard,beard&staff=any&add=1")
        assert says(page, "6 services are the most for one visit", "no room for more")
        assert not any(words.startswith("Manicure") for words, _ in page.links)
        too_many = surfer.open(f"/{slug}?service={','.join(['beard'] * 9)}")
        assert says(too_many, "At most 6 services fit into one visit", "6 services · 3 hours")

    def test_what_is_gone_is_told_and_the_rest_kept(self, surfer: Surfer, slug: str) -> None:
        page = surfer.open(f"/{slug}?service=cut,perm")
        assert says(page, "Not everything that was chosen is offered any more.", "1 service")
        assert says(surfer.open(page.link("Continue")), "With whom?")

    def test_without_a_price_for_one_it_begins_at_the_rest(self, surfer: Surfer, slug: str) -> None:
        assert says(surfer.open(f"/{slug}?service=cut,advice&staff=ada"), "from €48.00")
        form = to_the_form(surfer, f"/{slug}", service="cut,advice", staff="ada")
        assert says(form, "from €48.00")
        assert says(surfer.send(form, **ZOE), "from €48.00")

    def test_a_salon_with_one_service_offers_no_other(
        self, surfer: Surfer, serve_business: Serve
    ) -> None:
        slug = slug_of(serve_business(a_business()))
        assert not says(surfer.open(f"/{slug}"), "More than one?")
        assert not says(surfer.open(f"/{slug}?service=cut"), "Add another service")

    @pytest.mark.parametrize("language", ["de", "fr", "es", "ar"])
    def test_it_speaks_every_language(self, surfer: Surfer, slug: str, language: str) -> None:
        page = surfer.open(f"/{slug}?service=cut,beard&add=1&lang={language}")
        for words in ("Chosen", "Add another service", "Remove", "2 services"):
            assert not says(page, words), words
        count = {"de": "2 Leistungen", "fr": "2 prestations", "es": "2 servicios", "ar": "خدمتان"}
        assert says(page, count[language])


class TestPeople:
    def test_those_who_perform_all_of_it_are_offered(self, surfer: Surfer, slug: str) -> None:
        page = surfer.open(f"/{slug}?service=cut,beard")
        assert says(page, "With whom?", "perhaps with several people", "Ada", "Ben")
        assert "Cleo" not in page.text

    def test_one_who_can_do_all_of_it_may_be_chosen(self, surfer: Surfer, slug: str) -> None:
        page = surfer.open(f"/{slug}?service=cut,advice")
        assert says(page, "With whom?", "Anyone", "Ada")
        assert "Ben" not in page.text

    def test_where_only_several_together_can_nobody_is_asked(
        self, surfer: Surfer, slug: str
    ) -> None:
        assert says(surfer.open(f"/{slug}?service=advice,nails"), "When?", "with Ada, then Cleo")
        assert says(surfer.open(f"/{slug}?service=cut,nails"), "When?", "with several people")

    def test_who_was_chosen_and_can_not_do_it_is_told(self, surfer: Surfer, slug: str) -> None:
        told = "Ben doesn't perform all of these services."
        assert says(surfer.open(f"/{slug}?service=cut,advice&staff=ben"), "With whom?", told)
        assert says(surfer.open(f"/{slug}?service=cut,nails&staff=ben"), "When?", told)

    def test_the_summary_says_who_is_first(self, surfer: Surfer, slug: str) -> None:
        own = surfer.send(to_the_form(surfer, f"/{slug}", service="advice,nails"), **ZOE)
        assert says(own, "Ada, then Cleo", "Advice with Ada", "Manicure with Cleo")


class TestLocations:
    @pytest.fixture
    def slug(self, serve_business: Serve) -> str:
        """Nails only at one location, tans only at the other."""
        hours = a_staff_member("ada")["hours"]
        staff = [
            {"key": key, "name": key.title(), "at": [{"location": place, "hours": hours}]}
            for key, place in (("ada", "mitte"), ("ben", "soho"))
        ]
        services = [
            a_service("cut"),
            a_service("nails", locations=["mitte"]),
            a_service("tan", locations=["soho"]),
            a_service("wax", staff=["ben"]),
        ]
        places = [{"key": "mitte", "name": "Mitte"}, {"key": "soho", "name": "Soho"}]
        return slug_of(serve_business(a_business(location=places, staff=staff, service=services)))

    def test_what_does_not_go_together_can_not_be_added(self, surfer: Surfer, slug: str) -> None:
        page = surfer.open(f"/{slug}?service=nails&add=1")
        assert says(page, "Tan 30 minutes not offered at the same place as the rest")
        assert says(page, "Wax 30 minutes nobody performs it at the same place as the rest")
        assert [words for words, _ in page.links if words.startswith(("Cut", "Tan", "Wax"))] == [
            "Cut 30 minutes"
        ]

    def test_a_link_to_what_does_not_go_together_says_so(self, surfer: Surfer, slug: str) -> None:
        page = surfer.open(f"/{slug}?service=nails,tan&staff=any")
        assert says(page, "These services can't be booked in one visit", "Remove")
        assert not any(words == "Continue" for words, _ in page.links)
        assert says(surfer.open(page.link("Remove Nails")), "Tan", "Continue")

    def test_the_place_follows_the_services(self, surfer: Surfer, slug: str) -> None:
        page = surfer.open(f"/{slug}?service=cut,tan&location=mitte&staff=any")
        assert says(page, "When?", "Soho")

    def test_a_place_where_nobody_performs_all_of_it_is_not_asked_for(
        self, surfer: Surfer, slug: str
    ) -> None:
        assert says(surfer.open(f"/{slug}?service=wax,cut"), "When?", "Soho")


class TestOwnPage:
    @pytest.fixture
    def own(self, surfer: Surfer, slug: str) -> Reader:
        """The page of a booking of Ada's advice, then Cleo's manicure."""
        return surfer.send(to_the_form(surfer, f"/{slug}", service="advice,nails"), **ZOE)

    def test_each_part_is_listed_wherever_it_is_about_to_change(
        self, surfer: Surfer, own: Reader
    ) -> None:
        for press in ("Cancel appointment", "Move appointment"):
            assert says(surfer.open(own.link(press)), "Advice and Manicure")
        cancel = surfer.open(own.link("Cancel appointment"))
        assert says(cancel, "Advice with Ada", "Manicure with Cleo")
        times = surfer.open(own.link("Move appointment"))
        confirm = surfer.open(next(href for _, href in times.links if "start=" in href))
        assert says(confirm, "Advice with Ada", "Manicure with Cleo", "€35.00")
        assert says(surfer.send(confirm), "Advice with Ada", "Manicure with Cleo")

    def test_a_calendar_has_all_of_it(self, surfer: Surfer, own: Reader) -> None:
        file = surfer.client.get(own.link("Calendar file"), headers=ENGLISH).text
        plain = file.replace("\r\n ", "")
        assert "SUMMARY:Advice\\, Manicure · Lumen Hair" in plain
        assert " Advice\\, Ada\\n" in plain
        assert " Manicure\\, Cleo\\n" in plain
        for calendar, field in (("Google", "details"), ("Outlook", "body")):
            [told] = parse_qs(urlsplit(own.link(calendar)).query)[field]
            advice, manicure, link = told.splitlines()
            assert advice.endswith(" Advice, Ada")
            assert manicure.endswith(" Manicure, Cleo")
            assert "/a/" in link

    def test_a_page_that_frames_it_is_told_the_parts(self, own: Reader) -> None:
        assert "&#34;parts&#34;: [{" in own.answer.text or "&#34;parts&#34;:[{" in own.answer.text

    def test_a_deposit_is_the_sum(self, surfer: Surfer, serve_business: Serve) -> None:
        services = [
            a_service("cut", price="48.00", deposit="10.00"),
            a_service("beard", price="22.00", deposit="5.00"),
        ]
        api = serve_business(a_business(service=services, payments={"provider": "on_site"}))
        form = to_the_form(surfer, api, service="cut,beard")
        assert says(form, "Deposit €15.00, incl. tax")
        held = surfer.send(form, **ZOE)
        assert says(held, "Your time is held", "€15.00", "Cut", "Beard")
