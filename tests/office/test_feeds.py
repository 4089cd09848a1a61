"""Calendar feeds: private, revocable, stable, and only as much as their maker may see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from bookonce.accounts import members
from bookonce.accounts.roles import Post, Right
from bookonce.platform.actor import COMMAND_LINE, Role
from bookonce.platform.connection import Connection
from tests.factories import now, tomorrow_at
from tests.office.cast import Cast, Person
from tests.running import RunningServer
from tests.web.khal import Khal

TEN = tomorrow_at(10)


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    for person in (cast.alice, cast.bob, cast.charlie):
        person.sign_in()
    yield cast
    cast.close()


@pytest.fixture
def outside(server: RunningServer) -> Iterator[httpx.Client]:
    """A calendar program: no cookies, nobody signed in."""
    with httpx.Client(base_url=server.base_url, timeout=30) as client:
        yield client


def made(cast: Cast, person: Person | None = None, staff: str = "ada", **fields: str) -> str:
    """The path of a feed that somebody makes."""
    person = person or cast.alice
    page = f"/office/{cast.slug}/feeds"
    answer = person.post(page, staff=staff, **fields)
    assert answer.status_code == 200, answer.text
    found = re.search(r"/calendar/[\w-]{64}\.ics", answer.text)
    assert found, answer.text
    return found[0]


def book(cast: Cast, hours: int = 0, staff: str = "ada", **more: Any) -> str:
    answer = cast.alice.browser.post(
        f"/api/v1/{cast.slug}/office/appointments",
        json={
            "service": "cut",
            "start": (TEN + timedelta(hours=hours)).isoformat(),
            "staff": staff,
            "client": {"name": "Zoe", "email": "zoe@example.com", "phone": "+49301234567"},
            "notes": "allergic to nuts",
        }
        | more,
    )
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def change(cast: Cast, appointment: str, verb: str, **body: Any) -> None:
    path = f"/api/v1/{cast.slug}/office/appointments/{appointment}/{verb}"
    answer = cast.alice.browser.post(path, json=body)
    assert answer.status_code == 200, answer.text


def events(answer: httpx.Response) -> dict[str, Any]:
    """The events of a feed by their UIDs."""
    assert answer.status_code == 200, answer.text
    read = Calendar.from_ical(answer.content)
    return {str(event["uid"]): event for event in read.walk("VEVENT")}


def test_it_works(cast: Cast, outside: httpx.Client) -> None:
    appointment = book(cast)
    book(cast, staff="ben")
    answer = outside.get(made(cast))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    (event,) = events(answer).values()
    assert str(event["uid"]) == f"{appointment}@bookonce"
    assert event.decoded("dtstart") == TEN
    assert event.decoded("dtend") == TEN + timedelta(minutes=30)
    assert (event["summary"], event["status"]) == ("Cut", "CONFIRMED")
    assert event["url"].endswith(f"/office/{cast.slug}/appointments/{appointment}")


def test_no_more_of_a_person_than_was_chosen(cast: Cast, outside: httpx.Client) -> None:
    book(cast)
    without, named = outside.get(made(cast)).text, outside.get(made(cast, names_clients="1")).text
    assert "Zoe" not in without
    assert "SUMMARY:Zoe · Cut" in named
    for said in ("zoe@", "1234567", "nuts"):
        assert said not in without + named


def test_a_change_is_told_under_the_same_uid(cast: Cast, outside: httpx.Client) -> None:
    appointment = book(cast)
    feed = made(cast)
    uid = f"{appointment}@bookonce"
    before = events(outside.get(feed))[uid]
    change(cast, appointment, "move", start=(TEN + timedelta(hours=3)).isoformat())
    moved = events(outside.get(feed))[uid]
    assert moved.decoded("dtstart") == TEN + timedelta(hours=3)
    assert moved["sequence"] > before["sequence"]
    change(cast, appointment, "cancellation")
    cancelled = events(outside.get(feed))[uid]
    assert cancelled["status"] == "CANCELLED"
    assert cancelled["sequence"] > moved["sequence"]


def test_what_somebody_else_performs_now_is_gone(cast: Cast, outside: httpx.Client) -> None:
    appointment = book(cast)
    adas, bens = made(cast), made(cast, staff="ben")
    change(cast, appointment, "move", start=TEN.isoformat(), staff="ben")
    assert events(outside.get(adas)) == {}
    assert list(events(outside.get(bens))) == [f"{appointment}@bookonce"]


def test_what_has_not_changed_is_not_sent_again(cast: Cast, outside: httpx.Client) -> None:
    book(cast)
    feed = made(cast)
    first = outside.get(feed)
    tag = first.headers["etag"]
    assert "private" in first.headers["cache-control"]
    assert outside.get(feed).content == first.content
    again = outside.get(feed, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    book(cast, hours=2)
    assert outside.get(feed, headers={"If-None-Match": tag}).status_code == 200


def test_revoked_it_leads_nowhere(cast: Cast, outside: httpx.Client) -> None:
    feed = made(cast)
    page = f"/office/{cast.slug}/feeds"
    text = cast.alice.get(page).text
    feed_id = text.partition(f"{page}/")[2].partition("/revoke")[0]
    answer = cast.alice.post(f"{page}/{feed_id}/revoke", page=page)
    assert answer.status_code == 303
    assert outside.get(feed).status_code == 404
    assert cast.alice.post(f"{page}/{feed_id}/revoke", page=page).status_code == 404


@pytest.mark.parametrize(
    "name",
    ["x.ics", "x", "A" * 64 + ".ics", "A" * 64, "..%2F.ics", "%00.ics", "é" * 64 + ".ics", ".ics"],
)
def test_what_is_no_address_of_ours_is_nothing(outside: httpx.Client, name: str) -> None:
    answer = outside.get(f"/calendar/{name}")
    assert answer.status_code == 404, answer.text


def test_another_secret_of_the_same_business_opens_nothing(
    cast: Cast, outside: httpx.Client
) -> None:
    feed = made(cast)
    token = feed.removeprefix("/calendar/").removesuffix(".ics")
    turned = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert outside.get(f"/calendar/{turned}.ics").status_code == 404


def test_the_secret_is_not_kept(cast: Cast) -> None:
    feed = made(cast)
    token = feed.removeprefix("/calendar/").removesuffix(".ics")

    async def rows(connection: Connection) -> str:
        found = await connection.fetch("SELECT calendar_feed::text AS row FROM calendar_feed")
        return " ".join(each["row"] for each in found)

    kept = cast.do(lambda database: database.run(rows))
    assert token not in kept
    assert token[22:] not in kept
    assert token not in cast.alice.get(f"/office/{cast.slug}/feeds").text
    assert token not in cast.server.log()


class TestWho:
    def staff(self, cast: Cast, *rights: Right) -> None:
        cast.give_post(cast.bob, Post.of(Role.STAFF, "ben", rights))
        cast.bob.sign_in()

    def test_a_staff_member_makes_their_own_only(self, cast: Cast, outside: httpx.Client) -> None:
        self.staff(cast, Right.SEE_ALL_CALENDARS)
        own = book(cast, staff="ben")
        assert list(events(outside.get(made(cast, cast.bob, "ben")))) == [f"{own}@bookonce"]
        page = f"/office/{cast.slug}/feeds"
        assert cast.bob.post(page, staff="ada").status_code == 403

    def test_nor_revokes_that_of_another(self, cast: Cast) -> None:
        made(cast)
        page = f"/office/{cast.slug}/feeds"
        feed_id = cast.alice.get(page).text.partition(f"{page}/")[2].partition("/revoke")[0]
        self.staff(cast, Right.SEE_ALL_CALENDARS)
        assert feed_id not in cast.bob.get(page).text
        assert cast.bob.post(f"{page}/{feed_id}/revoke", page=page).status_code == 404
        theirs = f"/office/{cast.other_slug}/feeds"
        answer = cast.charlie.post(f"{theirs}/{feed_id}/revoke", page=theirs)
        assert answer.status_code == 404

    def test_an_owner_sees_and_ends_what_a_staff_member_made(
        self, cast: Cast, outside: httpx.Client
    ) -> None:
        self.staff(cast)
        feed = made(cast, cast.bob, "ben")
        page = f"/office/{cast.slug}/feeds"
        feed_id = cast.alice.get(page).text.partition(f"{page}/")[2].partition("/revoke")[0]
        assert cast.alice.post(f"{page}/{feed_id}/revoke", page=page).status_code == 303
        assert outside.get(feed).status_code == 404

    def test_who_left_takes_no_feed_along(self, cast: Cast, outside: httpx.Client) -> None:
        self.staff(cast)
        feed = made(cast, cast.bob, "ben")
        assert outside.get(feed).status_code == 200
        business_id, account_id = cast.business_id(), cast.account_id(cast.bob)
        cast.do(
            lambda database: members.remove(
                database, business_id, account_id, by=None, actor=COMMAND_LINE, now=now()
            )
        )
        assert outside.get(feed).status_code == 404

    def test_nor_who_has_another_calendar_now(self, cast: Cast, outside: httpx.Client) -> None:
        self.staff(cast)
        feed = made(cast, cast.bob, "ben")
        cast.give_post(cast.bob, Post(Role.STAFF, "ada"))
        assert outside.get(feed).status_code == 404

    def test_somebody_who_is_not_there_has_none(self, cast: Cast) -> None:
        answer = cast.alice.post(f"/office/{cast.slug}/feeds", staff="nobody")
        assert answer.status_code == 422

    def test_a_proof_is_asked_for(self, cast: Cast) -> None:
        page = f"/office/{cast.slug}/feeds"
        token = cast.alice.form_token(page)
        cast.let_proof_run_out()
        answer = cast.alice.browser.post(page, data={"form_token": token, "staff": "ada"})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/office/account/proof")


def test_khal_takes_it_in(cast: Cast, outside: httpx.Client, tmp_path: Path) -> None:
    appointment = book(cast)
    other = book(cast, hours=2)
    feed = made(cast, names_clients="1")
    khal = Khal(tmp_path / "khal", "Europe/Berlin")
    khal.take(outside.get(feed).content)
    assert len(khal.events()) == 2
    assert all("Zoe · Cut" in event for event in khal.events())
    change(cast, appointment, "move", start=(TEN + timedelta(hours=5)).isoformat())
    change(cast, other, "cancellation")
    khal.take(outside.get(feed).content)
    told = khal.events()
    assert len(told) == 2
    assert sum("CANCELLED" in event for event in told) == 1
