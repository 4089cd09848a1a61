"""The time step as the server sends it: what is soonest, where the next free day is, whose clock."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest

from bookonce.business.document import Business
from bookonce.platform.languages import language
from bookonce.web.booking_page.clocks import ZONES
from tests.factories import a_business, a_service, a_staff_member
from tests.web.surfing import Reader, Surfer, slug_of

Serve = Callable[[Business], str]
ENGLISH = language("en", "en", "en")
TODAY = datetime.now(ZoneInfo("Europe/Berlin")).date()


@pytest.fixture
def surfer(visitor: httpx.Client) -> Surfer:
    return Surfer(visitor)


def on_dates(key: str, *days: date, hours: str = "09:00-10:00") -> dict[str, Any]:
    """Somebody who works on these days alone."""
    return a_staff_member(
        key, hours={}, dates=[{"date": str(day), "hours": [hours]} for day in days]
    )


def starts(page: Reader) -> list[datetime]:
    """Those that a page leads to, in its order: the soonest first."""
    asked = (parse_qs(urlsplit(href).query) for _, href in page.links)
    return [datetime.fromisoformat(each["start"][0]) for each in asked if "start" in each]


def words(page: Reader) -> str:
    return " ".join(page.text.replace("\u202f", " ").split())


@pytest.mark.parametrize("step_min", [1, 15])
def test_soonest_are_different_days_or_parts_of_the_day(
    surfer: Surfer, serve_business: Serve, step_min: int
) -> None:
    days = [TODAY + timedelta(days) for days in (1, 2)]
    staff = on_dates("ada", *days, hours="08:00-18:00")
    api = serve_business(a_business(staff=[staff], policy={"slot_step_min": step_min}))
    found = starts(surfer.open(f"/{slug_of(api)}?service=cut&staff=any"))[:3]
    assert [(each.date(), each.hour, each.minute) for each in found] == [
        (days[0], 8, 0), (days[0], 12, 0), (days[0], 17, 0),
    ]  # fmt: skip


def test_where_only_one_part_has_times_the_soonest_are_its_next(
    surfer: Surfer, serve_business: Serve
) -> None:
    day = TODAY + timedelta(40)
    api = serve_business(a_business(staff=[on_dates("ada", day)]))
    found = starts(surfer.open(f"/{slug_of(api)}?service=cut&staff=any"))[:3]
    assert [(each.date(), each.hour, each.minute) for each in found] == [
        (day, 9, 0), (day, 9, 15), (day, 9, 30),
    ]  # fmt: skip


def test_an_empty_day_says_which_is_the_next_free_one(
    surfer: Surfer, serve_business: Serve
) -> None:
    near, far = TODAY + timedelta(3), TODAY + timedelta(85)
    api = serve_business(a_business(staff=[on_dates("ada", near, far)]))
    home = f"/{slug_of(api)}?service=cut&staff=any"
    for asked, next_free in (
        (TODAY + timedelta(1), near),  # in the weeks at hand
        (near + timedelta(1), far),  # months ahead
        (TODAY + timedelta(45), far),  # in a month without any
    ):
        page = surfer.open(f"{home}&date={asked}")
        assert f"Next free: {ENGLISH.day(next_free)}" in words(page)
        there = surfer.open(page.link("Next free"))
        assert starts(there)[3].date() == next_free
        assert "Next free" not in words(there)
    assert "Next free" not in words(surfer.open(f"{home}&date={far + timedelta(1)}"))


def test_a_full_month_says_so_too(surfer: Surfer, serve_business: Serve) -> None:
    days = [TODAY + timedelta(days) for days in (2, 70)]
    staff = on_dates("ada", *days, hours="09:00-09:30")
    api = serve_business(a_business(staff=[staff]))
    home = f"/{slug_of(api)}?service=cut&staff=any"
    first = starts(surfer.open(home))[0]
    client = {"name": "Zoe", "email": "zoe@example.com"}
    wish = {"service": "cut", "start": first.isoformat(), "client": client}
    assert surfer.client.post(f"{api}/book", json=wish).status_code == 201
    page = surfer.open(f"{home}&date={days[0]}")
    assert f"Next free: {ENGLISH.day(days[1])}" in words(page)


def test_each_person_says_when_they_are_free_next(surfer: Surfer, serve_business: Serve) -> None:
    soon, later = TODAY + timedelta(2), TODAY + timedelta(60)
    staff = [on_dates("ada", soon), on_dates("bea", later), on_dates("cy")]
    api = serve_business(a_business(locale="en-GB", staff=staff))
    people = surfer.open(f"/{slug_of(api)}?service=cut")
    spoken = language("en", "en", "en-GB")
    for page in (people, surfer.open(f"/{slug_of(api)}?service=cut&staff=ada")):
        said = {
            name: text for text, _ in page.links for name in ("Ada", "Bea", "Cy") if name in text
        }
        assert f"next: {spoken.short_day(soon)}, 09:00" in said["Ada"]
        assert f"next: {spoken.short_day(later)}, 09:00" in said["Bea"]
        assert "next:" not in said["Cy"]


def test_the_next_time_of_a_person_is_for_all_that_was_chosen(
    surfer: Surfer, serve_business: Serve
) -> None:
    day = TODAY + timedelta(2)
    staff = [on_dates("ada", day), on_dates("bea", day, hours="14:00-16:00")]
    services = [a_service("cut", duration_min=60), a_service("dye", duration_min=60)]
    api = serve_business(a_business(locale="en-GB", staff=staff, service=services))
    said = words(surfer.open(f"/{slug_of(api)}?service=cut,dye"))
    assert "14:00" in said
    assert "09:00" not in said, "Ada has no time for both"


def zone_form(page: Reader) -> tuple[list[str], str]:
    """The zones to choose from, and the one that is chosen."""
    options = re.findall(r'<option value="([^"]*)"( selected)?>', page.answer.text)
    [chosen] = [key for key, is_chosen in options if is_chosen]
    return [key for key, _ in options], chosen


def test_a_zone_is_chosen_without_scripts_and_heals_one_that_there_is_not(
    surfer: Surfer, serve_business: Serve
) -> None:
    api = serve_business(a_business(timezone="Europe/Berlin"))
    day = TODAY + timedelta(3)
    address = f"/{slug_of(api)}?service=cut&staff=ada&date={day}"
    for stale in ("", "Mars/Olympus", "../../etc/passwd", "Asia/Tokyo"):
        page = surfer.open(f"{address}&tz={stale}")
        zones, chosen = zone_form(page)
        assert chosen == (stale if stale == "Asia/Tokyo" else "Europe/Berlin")
        assert {"America/New_York", "Asia/Tokyo", "Europe/Berlin"} <= set(zones)
        assert len(zones) == len(set(zones))
        assert "tz" not in page.fields, "it would stand twice in the address"
        target = urlsplit(page.looks_at)
        asked = page.fields | {"tz": "America/New_York"}
        answer = surfer.client.get(target.path, params=asked, headers={"Accept-Language": "en"})
        there = Reader(answer)
        assert zone_form(there)[1] == "America/New_York"
        assert "You are in Eastern Standard Time" in words(there)
        assert there.fields["date"] == str(day)


def test_the_zone_that_was_told_is_among_those_to_choose_from(
    surfer: Surfer, serve_business: Serve
) -> None:
    api = serve_business(a_business())
    page = surfer.open(f"/{slug_of(api)}?service=cut&staff=ada&tz=Europe/Vaduz")
    assert zone_form(page)[1] == "Europe/Vaduz"


def test_whichever_way_clocks_go_there_is_one_to_choose() -> None:
    now = datetime.now(UTC)

    def way(key: str) -> tuple[timedelta | None, ...]:
        return tuple(
            (now + timedelta(weeks=week)).astimezone(ZoneInfo(key)).utcoffset()
            for week in range(53)
        )

    known = {way(key) for key in ZONES}
    places = [key for key in zoneinfo.available_timezones() if "/" in key and "Etc/" not in key]
    assert [key for key in places if way(key) not in known] == []


def test_two_weeks_reach_over_a_months_end(surfer: Surfer, serve_business: Serve) -> None:
    api = serve_business(a_business(locale="en-GB"))
    first = (TODAY.replace(day=1) + timedelta(days=70)).replace(day=1)
    last = first - timedelta(days=1)
    page = surfer.open(f"/{slug_of(api)}?service=cut&staff=ada&date={last}")
    near = page.answer.text.partition('class="near"')[2].partition("</section>")[0]
    days = re.findall(r"date=(\d{4}-\d\d-\d\d)#times", near)
    monday = last - timedelta(days=last.weekday())
    assert days == [str(monday + timedelta(days=n)) for n in range(14)]
    assert f"date={monday + timedelta(days=14)}#weeks" in near
    assert f"date={monday - timedelta(days=14)}#weeks" in near
