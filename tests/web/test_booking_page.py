"""The booking page without JavaScript: links and forms as any browser follows them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import ALWAYS, a_business, a_service, a_staff_member, tomorrow_at
from tests.web.ledger import Ledger
from tests.web.surfing import ENGLISH, ZOE, Reader, Surfer, slug_of, to_the_form

Serve = Callable[[Business], str]


@pytest.fixture
def surfer(visitor: httpx.Client) -> Surfer:
    return Surfer(visitor)


def test_a_whole_booking_by_links_and_one_form(
    surfer: Surfer, serve_business: Serve, ledger: Ledger
) -> None:
    api = serve_business(
        a_business(
            name="Salon Zoë",
            staff=[a_staff_member("ada", name="Ada L."), a_staff_member("bob")],
            service=[a_service("cut", name="Long cut", price="48.00"), a_service("dye")],
        )
    )
    services = surfer.open(f"/{slug_of(api)}")
    people = surfer.open(services.link("Long cut"))
    said = [said for said, _ in people.links]
    assert said[2] == "Add another service"
    assert "Anyone" in said[3]
    times = surfer.open(people.link("Ada L."))
    day = surfer.open(times.link("Next month"))
    free_day = next(href for said, href in day.links if "free times" in said)
    on_that_day = surfer.open(free_day.partition("#")[0])
    start = next(href for _, href in on_that_day.links if "start=" in href and "#" not in href)
    form = surfer.open(start)
    assert "Ada L." in form.text
    assert "€48.00" in form.text
    own = surfer.send(form, **ZOE, notes="Mind the step.\nThanks!")
    assert "It's booked." in own.text
    for words in ("Long cut", "Ada L.", "Salon Zoë", "€48.00", "confirmed"):
        assert words in own.text
    [row] = ledger.fetch("SELECT client_name, notes FROM appointment WHERE notes LIKE 'Mind%'")
    assert tuple(row) == ("Zoe", "Mind the step.\nThanks!")


def test_sending_the_form_twice_books_once(
    surfer: Surfer, serve_business: Serve, ledger: Ledger
) -> None:
    form = to_the_form(surfer, serve_business(a_business()))
    first, again = (surfer.send(form, **ZOE, notes="twice") for _ in range(2))
    assert first.answer.url == again.answer.url
    assert ledger.fetch("SELECT count(*) FROM appointment WHERE notes = 'twice'") == [(1,)]


def test_mistakes_come_back_by_their_fields_with_what_was_typed(
    surfer: Surfer, serve_business: Serve
) -> None:
    form = to_the_form(surfer, serve_business(a_business()))
    again = surfer.send(form, name=" ", email="zoe@", phone="call me", notes="<b>&\nhello")
    assert again.answer.status_code == 422
    for words in ("tell us your name", "an email address such as", "a number such as"):
        assert words in again.text
    assert (again.fields["email"], again.fields["phone"]) == ("zoe@", "call me")
    assert again.fields["notes"] == "<b>&\nhello"
    assert "It's booked." in surfer.send(again, **ZOE, phone="").text


def test_who_was_slower_books_another_time_without_typing_again(
    surfer: Surfer, serve_business: Serve
) -> None:
    api = serve_business(a_business())
    mine, theirs = to_the_form(surfer, api), to_the_form(surfer, api)
    surfer.send(theirs, name="Yan", email="yan@example.com")
    refused = surfer.send(mine, **ZOE, phone="+49 30 1234567", notes="a note")
    assert refused.answer.status_code == 409
    assert "Somebody was quicker" in refused.text
    assert {name: refused.fields[name] for name in ZOE} == ZOE
    assert len(refused.others) == 3
    assert "start" not in refused.fields, "none of them is chosen yet"
    own = surfer.send(refused, start=refused.others[0])
    assert "It's booked." in own.text


def test_a_time_that_is_no_longer_offered_leads_to_others(
    surfer: Surfer, serve_business: Serve
) -> None:
    api = serve_business(a_business())
    form = to_the_form(surfer, api)
    past = (tomorrow_at(10) - timedelta(days=10)).isoformat()
    times = surfer.send(form, **ZOE, start=past)
    assert times.answer.status_code == 422
    assert "can't be booked any more" in times.text
    assert any("start=" in href for _, href in times.links)


@pytest.mark.parametrize(
    ("field", "question"),
    [("service", "What would you like?"), ("staff", "With whom?"), ("start", "When?")],
)
def test_a_form_whose_choice_is_gone_leads_back_to_that_choice(
    surfer: Surfer, serve_business: Serve, field: str, question: str
) -> None:
    api = serve_business(a_business(staff=[a_staff_member("ada"), a_staff_member("bob")]))

    page = surfer.send(to_the_form(surfer, api), **ZOE, **{field: "gone"})

    assert page.answer.status_code == 422
    assert question in page.text


def test_what_only_a_program_fills_in_books_nothing(
    surfer: Surfer, serve_business: Serve, ledger: Ledger
) -> None:
    form = to_the_form(surfer, serve_business(a_business()))
    again = surfer.send(form, **ZOE, notes="spam", website="https://spam.example")
    assert again.answer.status_code == 422
    assert ledger.fetch("SELECT count(*) FROM appointment WHERE notes = 'spam'") == [(0,)]


class TestLinks:
    """Every step is an address; a mangled one leads to an earlier step."""

    @pytest.fixture
    def api(self, serve_business: Serve) -> str:
        return serve_business(a_business(staff=[a_staff_member("ada"), a_staff_member("bob")]))

    @pytest.mark.parametrize(
        "query, words",
        [
            ("", "What would you like?"),
            ("service=perm", "What would you like?"),
            ("service=%00", "What would you like?"),
            ("service=cut", "With whom?"),
            ("service=cut&staff=eve", "With whom?"),
            ("service=cut&staff=any", "When?"),
            ("service=cut&staff=any&date=2026-02-30", "When?"),
            ("service=cut&staff=any&date=0001-01-01", "When?"),
            ("service=cut&staff=any&date=9999-12-31", "When?"),
            ("service=cut&staff=any&start=noon", "When?"),
            ("service=cut&staff=any&start=2026-12-01T10:00", "When?"),
            ("service=cut&staff=any&tz=Mars/Olympus", "When?"),
            ("service=cut&staff=any&lang=tlh&embed=yes", "When?"),
            ("service=cut&staff=any&location=nowhere", "When?"),
            ("service=cut&staff=ada&staff=bob", "When?"),
        ],
    )
    def test_any_query_shows_a_step(self, surfer: Surfer, api: str, query: str, words: str) -> None:
        assert words in surfer.open(f"/{slug_of(api)}?{query}").text

    def test_how_the_page_is_read_stays_from_step_to_step(self, surfer: Surfer, api: str) -> None:
        manner = {"lang": "de", "tz": "Asia/Tokyo", "embed": "1"}
        page = surfer.open(str(httpx.URL(f"/{slug_of(api)}", params=manner)))
        for words in ("Cut", "Egal", "Nächster Monat"):
            page = surfer.open(page.link(words))
            assert manner.items() <= dict(parse_qsl(urlsplit(str(page.answer.url)).query)).items()
        assert "Ihrer Zeit" in page.text

    def test_where_there_is_nothing_to_choose_the_step_is_left_out(
        self, surfer: Surfer, serve_business: Serve
    ) -> None:
        api = serve_business(a_business())
        assert "When?" in surfer.open(f"/{slug_of(api)}?service=cut").text

    def test_a_business_without_free_times_says_so(
        self, surfer: Surfer, serve_business: Serve
    ) -> None:
        api = serve_business(a_business(staff=[a_staff_member("ada", hours={})]))
        page = surfer.open(f"/{slug_of(api)}?service=cut&staff=any")
        assert "no free times at the moment" in page.text

    def test_a_business_without_services_says_so(
        self, surfer: Surfer, serve_business: Serve
    ) -> None:
        api = serve_business(a_business(service=[]))
        assert "Nothing can be booked here" in surfer.open(f"/{slug_of(api)}").text

    def test_nothing_is_there_where_nobody_is(self, surfer: Surfer) -> None:
        assert "There is nothing here" in surfer.open("/nobody", status=404).text


def test_several_locations_are_a_step_and_each_has_its_clock(
    surfer: Surfer, serve_business: Serve
) -> None:
    api = serve_business(
        a_business(
            location=[
                {"key": "mitte", "name": "Mitte", "address": "Torstr. 1"},
                {"key": "soho", "name": "Soho", "timezone": "Europe/London"},
            ],
            staff=[
                {"key": "ada", "name": "Ada",
                 "at": [{"location": key, "hours": ALWAYS} for key in ("mitte", "soho")]},
            ],
        )
    )  # fmt: skip
    where = surfer.open(f"/{slug_of(api)}?service=cut")
    assert "Where would you like to come?" in where.text
    times = surfer.open(where.link("Soho"))
    assert "Greenwich" in times.text or "British" in times.text
    form = surfer.open(next(href for _, href in times.links if "start=" in href))
    assert "Soho" in surfer.send(form, **ZOE).text


class TestOwnPage:
    @pytest.fixture
    def own(self, surfer: Surfer, serve_business: Serve) -> Reader:
        return surfer.send(to_the_form(surfer, serve_business(a_business())), **ZOE)

    def test_it_moves(self, surfer: Surfer, own: Reader) -> None:
        times = surfer.open(own.link("Move appointment"))
        later = next(href for _, href in reversed(times.links) if "start=" in href)
        confirm = surfer.open(later)
        moved = surfer.send(confirm)
        assert moved.answer.url.path == own.answer.url.path
        wanted = dict(parse_qsl(urlsplit(later).query))["start"]
        assert wanted[8:10].lstrip("0") in moved.text
        assert "confirmed" in moved.text

    def test_a_time_that_is_taken_meanwhile_leaves_it_where_it_was(
        self, surfer: Surfer, own: Reader
    ) -> None:
        slug = own.answer.url.path.split("/")[1]
        times = surfer.open(own.link("Move appointment"))
        wanted = next(href for _, href in reversed(times.links) if "start=" in href)
        start = dict(parse_qsl(urlsplit(wanted).query))["start"]
        confirm = surfer.open(wanted)
        body: dict[str, Any] = {"service": "cut", "start": start, "client": ZOE}
        surfer.client.post(f"/api/v1/{slug}/book", json=body).raise_for_status()
        refused = surfer.send(confirm)
        assert refused.answer.status_code == 409
        assert "Your appointment is as it was" in refused.text
        assert "confirmed" in surfer.send(refused, start=refused.others[0]).text

    def test_it_cancels_after_asking(self, surfer: Surfer, own: Reader) -> None:
        asked = surfer.open(own.link("Cancel appointment"))
        assert "Cancel this appointment?" in asked.text
        assert "confirmed" in surfer.open(str(own.answer.url.path)).text  # looking changes nothing
        cancelled = surfer.send(asked)
        assert "cancelled" in cancelled.text
        assert not any("Move" in said for said, _ in cancelled.links)

    def test_too_late_is_explained(self, surfer: Surfer, serve_business: Serve) -> None:
        api = serve_business(a_business(policy={"cancel_until_min": 40_000, "grace_min": 0}))
        own = surfer.send(to_the_form(surfer, api), **ZOE)
        assert "until 27 days 18 hours 40 minutes before it begins. Please call us." in own.text
        assert "cancel your appointment" not in own.text
        assert not any("Cancel" in said for said, _ in own.links)
        path = own.answer.url.path
        for change in ("cancel", "move"):
            page = surfer.open(f"{path}/{change}")
            assert "can't be moved or cancelled" in page.text
            start = {"start": tomorrow_at(12).isoformat()}
            answer = surfer.client.post(f"{path}/{change}", data=start, headers=ENGLISH)
            assert answer.status_code == 409
            assert "confirmed" in answer.text
