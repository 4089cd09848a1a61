"""How pages tell times: with the date where it differs, by the zones of the day that is shown, and
which of two where a clock shows the same time twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx
import pytest

from bookonce.business.document import Business
from bookonce.platform.languages import language
from tests.factories import a_business, a_service, a_staff_member, tomorrow_at
from tests.web.clocks import next_clock_change
from tests.web.surfing import ZOE, Reader, Surfer, slug_of, to_the_form
from tests.web.visitors import a_wish, address_of

Serve = Callable[[Business], str]
BERLIN = ZoneInfo("Europe/Berlin")
FAR = {"horizon_days": 400}


@pytest.fixture
def surfer(visitor: httpx.Client) -> Surfer:
    return Surfer(visitor)


def words(page: Reader) -> str:
    return " ".join(page.text.split())


def test_another_date_at_the_visitors_is_told(surfer: Surfer, serve_business: Serve) -> None:
    api = serve_business(a_business(timezone="Pacific/Kiritimati"))
    day = tomorrow_at(0).date() + timedelta(3)
    times = surfer.open(f"/{slug_of(api)}?service=cut&staff=any&date={day}&tz=America/Los_Angeles")
    there = datetime(day.year, day.month, day.day, 9, tzinfo=ZoneInfo("Pacific/Kiritimati"))
    here = there.astimezone(ZoneInfo("America/Los_Angeles"))
    assert here.date() == day - timedelta(days=1)
    spoken = language("en", "en", "en")
    assert f"{spoken.clock(here, day)} your time" in times.text


def test_zones_are_those_of_the_day_that_is_shown(surfer: Surfer, serve_business: Serve) -> None:
    """In Denver's summer the clock isn't that of Phoenix, in its winter it is."""
    api = serve_business(a_business(timezone="America/Denver", policy=FAR))
    found = {}
    for month, name in ((7, "Daylight"), (1, "Standard")):
        day = datetime.now(UTC).replace(month=month, day=10).date()
        if day <= datetime.now(UTC).date():
            day = day.replace(year=day.year + 1)
        url = f"/{slug_of(api)}?service=cut&staff=any&tz=America/Phoenix&date={day}"
        found[month] = words(surfer.open(url))
        zone = re.search(r"Times are in (.*?)\.", found[month])
        assert zone
        assert f"Mountain {name} Time" in zone[1]
        start = quote(f"{day}T10:00:00{'-06:00' if month == 7 else '-07:00'}")
        form = words(surfer.open(f"{url}&start={start}"))
        assert f"Mountain {name} Time" in form
        assert ("your time" in form) == (month == 7)
    assert "09:00 your time" in found[7] or "9:00 AM your time" in found[7].replace("\u202f", " ")


def test_the_visitors_time_stays_to_the_end(surfer: Surfer, serve_business: Serve) -> None:
    form = to_the_form(surfer, serve_business(a_business()), tz="Asia/Tokyo")
    told = re.search(r"\w+, \w+ \d+, [\d:]+ .M your time", words(form).replace("\u202f", " "))
    assert told
    own = surfer.send(form, **ZOE)
    later = surfer.open(own.answer.url.path + "?tz=Asia/Tokyo")
    asked = surfer.open(own.link("Cancel appointment"))
    for page in (own, later, asked):
        assert told[0] in words(page).replace("\u202f", " ")
    move = surfer.open(own.link("Move appointment"))
    assert "your time" in move.text
    assert "You are in Japan" in move.text
    confirm = surfer.open(next(href for _, href in move.links if "start=" in href))
    assert words(confirm).count("your time") == 2
    assert "your time" in surfer.send(confirm).text


def test_of_two_times_that_look_the_same_each_is_named(
    surfer: Surfer, serve_business: Serve, visitor: httpx.Client
) -> None:
    api = serve_business(a_business(policy=FAR, service=[a_service(), a_service("dye")]))
    day = next_clock_change(BERLIN, forward=False)
    url = f"/{slug_of(api)}?service=cut&staff=any&date={day}"
    times = surfer.open(url)
    said = [" ".join(said.split()).replace("\u202f", " ") for said, _ in times.links]
    assert [each for each in said if re.match(r"2:00 AM", each)] == [
        "2:00 AM (CEST)",
        "2:00 AM (CET)",
    ]
    for offset, name in (("+02:00", "CEST"), ("+01:00", "CET")):
        start = f"{day}T02:00:00{offset}"
        form = surfer.open(f"{url}&start={quote(start)}")
        assert f"({name})" in form.text
        other = surfer.open(f"{url}&start={quote(start)}")
        own = surfer.send(form, **ZOE)
        assert f"({name})" in own.text
        assert f"({name})" in surfer.open(own.link("Cancel appointment")).text
        refused = surfer.send(other, name="Yan", email="yan@example.com")
        assert refused.answer.status_code == 409
        if name == "CEST":
            assert "(CET)" in refused.text.split("Somebody was quicker")[-1]
    wish = a_wish(f"{day}T02:30:00+01:00", services=["cut", "dye"])
    booked = visitor.post(f"{api}/book", json=wish | {"service": None}).json()
    file = visitor.get(f"{address_of(api, booked)}.ics").text.replace("\r\n ", "")
    assert "02:30 CET" in file


def test_an_end_on_another_day_has_its_date(surfer: Surfer, serve_business: Serve) -> None:
    api = serve_business(
        a_business(
            timezone="UTC",
            service=[a_service("cut", duration_min=10_080, price="0.00"), a_service("dye")],
        )
    )
    form = to_the_form(surfer, api)
    assert "7 days" in form.text
    assert "168" not in form.text
    assert "free" in form.text
    assert "€0.00" not in form.text
    own = surfer.send(form, **ZOE)
    end = tomorrow_at(10) + timedelta(days=7)
    spoken = language("en", "en", "en")
    assert f"– {spoken.moment(end)}" in own.text
    assert "€0.00" not in own.text
    several = to_the_form(surfer, api, service="dye,cut", start=(end + timedelta(30)).isoformat())
    ends = end + timedelta(37, minutes=30)
    assert f"–{spoken.joined(spoken.day(ends.date()), spoken.time(ends))}" in several.text


def test_dates_and_times_in_arabic_have_an_arabic_comma(
    surfer: Surfer, serve_business: Serve
) -> None:
    form = to_the_form(surfer, serve_business(a_business()), lang="ar", tz="Asia/Tokyo")
    own = surfer.send(form, **ZOE)
    move = surfer.open(own.answer.url.path + "/move?lang=ar&tz=Asia/Tokyo")
    confirm = surfer.open(next(href for _, href in move.links if "start=" in href))
    for page in (form, own, move, confirm, surfer.send(confirm)):
        assert "،" in page.text
        assert not re.search(r"\d, ", page.text), page.text


def test_weeks_that_are_over_are_left_out(surfer: Surfer, serve_business: Serve) -> None:
    api = serve_business(a_business(timezone="UTC"))
    answer = surfer.open(f"/{slug_of(api)}?service=cut&staff=any").answer
    rows = re.findall(r"<tr>(.*?)</tr>", answer.text.partition("<tbody>")[2], re.DOTALL)
    today = datetime.now(UTC)
    last_of_first_week = max(int(day) for day in re.findall(r">(\d+)<", rows[0]))
    assert last_of_first_week >= today.day


def test_somebody_who_works_past_midnight(surfer: Surfer, serve_business: Serve) -> None:
    night = a_staff_member("ada", hours={"mon": ["22:00-02:00"]})
    api = serve_business(a_business(timezone="UTC", staff=[night], policy={"horizon_days": 30}))
    times = surfer.open(f"/{slug_of(api)}?service=cut&staff=any")
    late = next(href for said, href in times.links if "23%3A45" in href or "T23:45" in href)
    own = surfer.send(surfer.open(late), **ZOE)
    assert re.search(r"Monday, .* – Tuesday, ", words(own))
