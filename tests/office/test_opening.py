"""Opening a business in the browser: by whom, at which address, once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from bookonce.accounts import account_rows
from bookonce.business.directories import Directories
from bookonce.business.document import Business
from bookonce.platform.database import Database
from tests.factories import new_slug
from tests.office.cast import Cast

OPEN = "/office/account/open"
ANSWERS: dict[str, Any] = {
    "person": "Ada", "service": "Cut", "duration_min": "45", "price": "48,50", "hours": "9-12:30, 13-18",
    "days[]": ["mon", "sat"], "timezone": "Europe/Vienna", "currency": "EUR",
}  # fmt: skip


@pytest.fixture
def cast(cast: Cast) -> Cast:
    """Charlie may open businesses."""
    allow = partial(account_rows.set_may_open, email=cast.charlie.email, may_open=True)
    assert cast.do(lambda database: database.run(allow))
    cast.charlie.sign_in()
    cast.alice.sign_in()
    return cast


def document(cast: Cast, slug: str) -> Business:
    async def read(database: Database) -> Business:
        return (await Directories(database).current(slug)).business

    return cast.do(read)


def test_a_few_answers_make_a_page_that_takes_bookings(cast: Cast) -> None:
    name = new_slug().upper()
    answer = cast.charlie.post(OPEN, **ANSWERS, name=name)
    slug = name.lower()
    assert answer.headers["location"] == f"/office/{slug}", answer.text
    business = document(cast, slug)
    assert (business.business.timezone, business.business.locale) == ("Europe/Vienna", "en-AT")
    assert business.service[0].price == "48.50"
    ada = business.staff[0]
    assert [str(span) for span in ada.hours.sat] == ["09:00-12:30", "13:00-18:00"]
    assert ada.hours.tue == ()
    with httpx.Client(base_url=cast.server.base_url) as visitor:
        start = datetime.now(UTC).date()
        query = {"service": "cut", "from": str(start), "to": str(start + timedelta(days=14))}
        days = visitor.get(f"/api/v1/{slug}/availability", params=query).json()["days"]
        wish = {
            "service": "cut",
            "start": next(day["slots"][-1]["start"] for day in reversed(days) if day["slots"]),
            "client": {"name": "Zoe", "email": "zoe@example.com"},
        }
        booked = visitor.post(f"/api/v1/{slug}/book", json=wish)
        assert booked.status_code == 201, booked.text
    told = cast.charlie.browser.get(f"/api/v1/{slug}/office/access").json()
    assert (told["role"], told["staff"]) == ("owner", "ada")


def test_sending_the_form_twice_opens_one(cast: Cast) -> None:
    name = new_slug()
    page = cast.charlie.get(OPEN).text
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)
    assert nonce
    sent = ANSWERS | {"name": name, "nonce": nonce[1]}
    first, second = (cast.charlie.post(OPEN, **sent) for _ in range(2))
    assert first.headers["location"] == second.headers["location"] == f"/office/{name}"
    other = cast.charlie.post(OPEN, **ANSWERS, name=name)  # another form is another business
    assert other.headers["location"] == f"/office/{name}-2"


def test_an_address_that_was_chosen_is_taken_or_told(cast: Cast) -> None:
    refused = cast.charlie.post(OPEN, **ANSWERS, name="Any", slug=cast.slug)
    assert refused.status_code == 422
    assert "is the address of another business" in refused.text
    assert 'id="slug-error"' in refused.text
    reserved = cast.charlie.post(OPEN, **ANSWERS, name="Any", slug="office")
    assert "is reserved" in reserved.text
    own = f"{cast.slug}-own"
    assert cast.charlie.post(OPEN, **ANSWERS, name="قص", slug=own).headers["location"].endswith(own)


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"name": " "}, "name"),
        ({"person": ""}, "person"),
        ({"service": ""}, "service"),
        ({"duration_min": "long"}, "duration_min"),
        ({"price": "cheap"}, "price"),
        ({"hours": "always"}, "hours"),
        ({"timezone": "Mars"}, "timezone"),
        ({"currency": "XXL"}, "currency"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    cast: Cast, wrong: dict[str, str], field: str
) -> None:
    answer = cast.charlie.post(OPEN, **(ANSWERS | {"name": "Salon"} | wrong))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


def test_who_may_not_open_is_told_so(cast: Cast) -> None:
    refused = cast.alice.get(OPEN)
    assert refused.status_code == 403
    assert "You may not open a business here" in refused.text
    sent = cast.alice.post(OPEN, page="/office?all", **ANSWERS, name="Salon")
    assert sent.status_code == 403
    assert OPEN not in cast.alice.get("/office?all").text
    assert OPEN in cast.charlie.get("/office?all").text


def test_first_steps_are_listed_until_they_are_done_or_dismissed(cast: Cast) -> None:
    slug = new_slug()
    cast.charlie.post(OPEN, **ANSWERS, name=slug)
    home = f"/office/{slug}"
    listed = cast.charlie.get(home).text
    assert "First steps" in listed
    assert listed.count('<li class="done">') == 2
    step = f"{home}/settings/first-steps"
    assert cast.charlie.post(step, page=home, _do="share").status_code == 303
    assert cast.charlie.get(home).text.count('<li class="done">') == 3
    assert cast.charlie.post(step, page=home, _do="dismiss").status_code == 303
    assert "First steps" not in cast.charlie.get(home).text
    assert "First steps" not in cast.alice.get(f"/office/{cast.slug}").text
