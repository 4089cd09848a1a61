"""The links on a client's own page that add the appointment to a calendar on the web."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bookonce.business.document import Business
from tests.factories import a_business, a_service, tomorrow_at
from tests.web.test_pages import opened
from tests.web.visitors import address_of, book

Serve = Callable[[Business], str]

GOOGLE = "https://calendar.google.com/calendar/render"
OUTLOOK = "https://outlook.live.com/calendar/0/deeplink/compose"
ODD = 'Cut & dye #1? 50% + "A/B"; é 💇‍♀️ שלום'


@pytest.fixture
def api(serve_business: Serve) -> str:
    """A salon in Kathmandu with a name that has to be escaped."""
    place = {"key": "here", "name": "Thamel & Co", "address": "Lane 5 #2"}
    return serve_business(
        a_business(
            name=ODD, timezone="Asia/Kathmandu", service=[a_service(name=ODD)], location=[place]
        )
    )


def parameters(visitor: httpx.Client, page: str, address: str) -> dict[str, str]:
    """What the page's one link to a calendar tells it, each thing once."""
    [link] = [one for one in opened(visitor, page).addresses if one.startswith(f"{address}?")]
    assert link.isascii()
    assert not urlsplit(link).fragment
    told = parse_qs(urlsplit(link).query, strict_parsing=True, keep_blank_values=True)
    assert all(len(values) == 1 for values in told.values())
    return {name: value for name, [value] in told.items()}


class TestGoogle:
    def test_it_works(self, visitor: httpx.Client, api: str) -> None:
        page = book(visitor, api, tomorrow_at(10, 15))["manage_url"]
        day = f"{tomorrow_at(10):%Y%m%d}"
        assert parameters(visitor, page, GOOGLE) == {
            "action": "TEMPLATE",
            "text": f"{ODD} · {ODD}",
            "dates": f"{day}T101500Z/{day}T104500Z",
            "details": page,
            "location": "Thamel & Co, Lane 5 #2",
        }


class TestOutlook:
    def test_it_works(self, visitor: httpx.Client, api: str) -> None:
        start = tomorrow_at(10, 15)
        page = book(visitor, api, start)["manage_url"]
        told = parameters(visitor, page, OUTLOOK)
        times = [datetime.fromisoformat(told.pop(name)) for name in ("startdt", "enddt")]
        assert times == [start, start + timedelta(minutes=30)]
        assert {time.utcoffset() for time in times} == {timedelta(0)}
        assert told == {
            "path": "/calendar/action/compose",
            "rru": "addevent",
            "subject": f"{ODD} · {ODD}",
            "body": page,
            "location": "Thamel & Co, Lane 5 #2",
        }


class TestAfterAChange:
    def test_a_moved_appointment_is_added_at_its_new_time(
        self, visitor: httpx.Client, api: str
    ) -> None:
        booked = book(visitor, api, tomorrow_at(10))
        new = tomorrow_at(15)
        wish = {"start": new.isoformat()}
        assert visitor.post(f"{address_of(api, booked)}/move", json=wish).status_code == 200
        page = booked["manage_url"]
        dates = parameters(visitor, page, GOOGLE)["dates"]
        assert dates.startswith(f"{new.astimezone(UTC):%Y%m%dT%H%M%S}Z/")
        assert datetime.fromisoformat(parameters(visitor, page, OUTLOOK)["startdt"]) == new

    def test_a_cancelled_appointment_is_not_to_be_added(
        self, visitor: httpx.Client, api: str
    ) -> None:
        booked = book(visitor, api, tomorrow_at(10))
        assert visitor.post(f"{address_of(api, booked)}/cancellation").status_code == 200
        hosts = {urlsplit(one).netloc for one in opened(visitor, booked["manage_url"]).addresses}
        assert hosts - {"www.openstreetmap.org"} == {""}  # that is where the business is
