"""The log of messages in the office: who sees what, what it says, and what is sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bookonce.accounts.roles import Post, Right
from bookonce.availability.installation import Installation
from bookonce.followers import registry
from bookonce.messages.lane import MessageLane, Pace
from bookonce.messages.outgoing import MAIL, Ways
from bookonce.messages.send import Sender
from bookonce.messages.tell import tell
from bookonce.platform.actor import Role
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from tests.factories import tomorrow_at
from tests.office.cast import Cast
from tests.running import RunningServer

TEN = tomorrow_at(10)
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    for person in (cast.alice, cast.bob, cast.charlie):
        person.sign_in()
    yield cast
    cast.close()


def book(cast: Cast, staff: str = "ada", **client: Any) -> str:
    """Have somebody booked by the office; the id of the appointment."""
    answer = cast.alice.browser.post(
        f"/api/v1/{cast.slug}/office/appointments",
        json={
            "service": "cut",
            "start": TEN.isoformat(),
            "staff": staff,
            "client": {"name": "Zoe", "email": "zoe@example.com", "phone": "+49301234567"} | client,
        },
    )
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def tell_all(cast: Cast, *, is_sent: bool = True) -> None:
    """Make the messages about everything that has happened, and have a lane at them."""
    business_id = cast.business_id()

    async def act(database: Database) -> None:
        installation = Installation(database, "")
        async with database.connection() as connection:
            events = await connection.fetch(
                "SELECT event_id FROM event WHERE business_id = $1", business_id
            )
        for event in events:
            await tell(installation, business_id, event["event_id"], now=datetime.now(UTC))
        if not is_sent:
            return
        stop = asyncio.Event()
        lane = MessageLane(
            Sender(installation, Ways()), MAIL, Pace(poll_s=0.05, silent_s=2, grace_s=5)
        )
        running = asyncio.create_task(lane.run(stop))
        try:
            async with asyncio.timeout(30):
                while await database.run(_waiting, business_id):
                    await asyncio.sleep(0.02)
        finally:
            stop.set()
            await running

    registry()
    cast.do(act)


async def _waiting(connection: Connection, business_id: Any) -> int:
    found: int = await connection.fetchval(
        "SELECT count(*) FROM message WHERE business_id = $1 AND status IN ('waiting', 'sending')"
        " AND next_at <= now()",
        business_id,
    )
    return found


def become(cast: Cast, status: str, reason: str) -> None:
    """Have every message of the salon have come to an end."""
    business_id = cast.business_id()

    async def act(connection: Connection) -> None:
        await connection.execute(
            "UPDATE message SET status = $2, reason = $3, address = 'zoe@example.com'"
            " WHERE business_id = $1",
            business_id,
            status,
            reason,
        )

    cast.do(lambda database: database.run(act))


def ask(cast: Cast, query: str = "", browser: httpx.Client | None = None) -> httpx.Response:
    return (browser or cast.alice.browser).get(f"/api/v1/{cast.slug}/office/messages{query}")


def items(cast: Cast, query: str = "") -> list[dict[str, Any]]:
    answer = ask(cast, query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


class TestPrograms:
    def test_it_works(self, cast: Cast) -> None:
        appointment = book(cast)
        tell_all(cast)
        (one,) = items(cast)
        assert (one["kind"], one["status"], one["recipient"]) == ("booked", "not_sent", "client")
        assert one["appointment"] == appointment
        assert one["address"] == "zoe@example.com"
        assert "Cut" in one["body"]
        same = ask(cast, f"/{one['id']}").json()
        assert same == one

    def test_by_appointment_client_and_status(self, cast: Cast) -> None:
        zoe, yan = book(cast), book(cast, "ben", name="Yan", email="yan@example.com", phone=None)
        tell_all(cast)
        assert [one["appointment"] for one in items(cast, f"?appointment={zoe}")] == [zoe]
        found = cast.alice.browser.get(f"/api/v1/{cast.slug}/office/appointments/{yan}").json()
        of_yan = items(cast, f"?client={found['client']['id']}")
        assert [one["address"] for one in of_yan] == ["yan@example.com"]
        assert len(items(cast, "?status=not_sent")) == 2
        assert items(cast, "?status=sent") == []
        assert len(items(cast, "?limit=1")) == 1
        cursor = ask(cast, "?limit=1").json()["next_cursor"]
        rest = cast.alice.browser.get(
            f"/api/v1/{cast.slug}/office/messages", params={"limit": 1, "cursor": cursor}
        ).json()
        assert len(rest["items"]) == 1
        assert rest["next_cursor"] is None

    @pytest.mark.parametrize(
        "query", ["?status=nope", "?cursor=x", "?limit=0", "?appointment=x", "?client=x"]
    )
    def test_what_can_t_be_asked_for_is_named(self, cast: Cast, query: str) -> None:
        answer = ask(cast, query)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == query[1:].partition("=")[0]

    def test_it_is_sent_again(self, cast: Cast) -> None:
        book(cast)
        tell_all(cast)
        (one,) = items(cast)
        path = f"/api/v1/{cast.slug}/office/messages"
        answer = cast.bob.browser.post(f"{path}/{one['id']}/resend")
        assert answer.status_code == 201, answer.text
        assert {each["id"] for each in items(cast)} == {one["id"], answer.json()["id"]}
        assert cast.alice.browser.post(f"{path}/{NOBODY}/resend").status_code == 404

    def test_another_business_has_none_of_it(self, cast: Cast) -> None:
        book(cast)
        tell_all(cast)
        (one,) = items(cast)
        theirs = f"/api/v1/{cast.other_slug}/office/messages"
        charlie = cast.charlie.browser
        assert charlie.get(theirs).json()["items"] == []
        assert charlie.get(f"{theirs}/{one['id']}").status_code == 404
        assert charlie.post(f"{theirs}/{one['id']}/resend").status_code == 404
        assert ask(cast, browser=charlie).status_code == 404


class TestStaff:
    """Somebody who works there sees what is about their own appointments, and what they may."""

    def post(self, cast: Cast, *rights: Right) -> None:
        cast.give_post(cast.bob, Post.of(Role.STAFF, "ben", rights))
        cast.bob.sign_in()

    def test_sees_their_own_only(self, cast: Cast) -> None:
        book(cast)
        own = book(cast, "ben", name="Yan", email="yan@example.com", phone=None)
        tell_all(cast)
        self.post(cast, Right.SEE_CLIENTS, Right.BOOK)
        answer = ask(cast, browser=cast.bob.browser).json()
        assert [one["appointment"] for one in answer["items"]] == [own]
        others = next(one for one in items(cast) if one["appointment"] != own)
        path = f"/api/v1/{cast.slug}/office/messages/{others['id']}"
        assert cast.bob.browser.get(path).status_code == 404
        assert cast.bob.browser.post(f"{path}/resend").status_code == 404

    def test_without_clients_hears_that_but_not_where(self, cast: Cast) -> None:
        own = book(cast, "ben")
        tell_all(cast)
        self.post(cast, Right.BOOK)
        assert ask(cast, browser=cast.bob.browser).status_code == 403
        page = cast.bob.get(f"/office/{cast.slug}/appointments/{own}").text
        assert "Appointment booked" in page
        assert "zoe@example.com" not in page

    def test_seeing_is_not_sending(self, cast: Cast) -> None:
        book(cast)
        tell_all(cast)
        self.post(cast, Right.SEE_CLIENTS, Right.SEE_ALL_CALENDARS, Right.BOOK)
        (one,) = ask(cast, browser=cast.bob.browser).json()["items"]
        path = f"/api/v1/{cast.slug}/office/messages/{one['id']}/resend"
        assert cast.bob.browser.post(path).status_code == 404
        assert len(items(cast)) == 1


class TestPages:
    def test_it_works(self, cast: Cast) -> None:
        book(cast)
        tell_all(cast)
        page = cast.alice.get(f"/office/{cast.slug}/messages")
        assert page.status_code == 200
        for said in ("Appointment booked", "Zoe", "zoe@example.com", "no server is set up"):
            assert said in page.text
        assert (
            "Appointment booked"
            not in cast.alice.get(f"/office/{cast.slug}/messages?status=sent").text
        )

    def test_what_makes_no_sense_counts_for_nothing(self, cast: Cast) -> None:
        book(cast)
        tell_all(cast)
        path = f"/office/{cast.slug}/messages?status=%00&cursor=x&client=1&appointment=%27"
        page = cast.alice.get(path)
        assert page.status_code == 200
        assert "Appointment booked" in page.text

    def test_what_has_not_left_says_what_it_would_say(self, cast: Cast) -> None:
        appointment = book(cast)
        tell_all(cast, is_sent=False)
        (one,) = items(cast)
        assert one["body"] is None
        page = cast.alice.get(f"/office/{cast.slug}/messages/{one['id']}").text
        assert "What it would say" in page
        assert "Lumen Hair" in page
        assert items(cast)[0]["status"] == "waiting"
        cast.alice.browser.post(
            f"/api/v1/{cast.slug}/office/appointments/{appointment}/cancellation",
            json={"notify": False},
        )
        page = cast.alice.get(f"/office/{cast.slug}/messages/{one['id']}").text
        assert "Nothing any more" in page

    def test_a_mail_that_came_back_says_whom_to_call(self, cast: Cast) -> None:
        appointment = book(cast)
        tell_all(cast)
        become(cast, "bounced", "550 5.1.1 <b>no such user</b>")
        for path in ("messages", f"appointments/{appointment}"):
            page = cast.alice.get(f"/office/{cast.slug}/{path}").text
            assert 'href="tel:+49301234567"' in page
            assert "&lt;b&gt;no such user&lt;/b&gt;" in page

    def test_one_click_sends_it_again(self, cast: Cast) -> None:
        appointment = book(cast)
        tell_all(cast)
        (one,) = items(cast)
        here = f"/office/{cast.slug}/messages/{one['id']}"
        answer = cast.alice.post(f"{here}/resend", page=here)
        assert answer.headers["location"] == f"/office/{cast.slug}/messages?done=resent"
        answer = cast.alice.post(f"{here}/resend", page=here, back="appointment")
        there = f"/office/{cast.slug}/appointments/{appointment}?done=resent"
        assert answer.headers["location"] == there
        assert "being sent again" in cast.alice.get(there).text
        assert len(items(cast)) == 3

    def test_one_about_no_appointment_is_not(self, cast: Cast) -> None:
        book(cast)
        tell_all(cast)
        (one,) = items(cast)
        business_id = cast.business_id()

        async def orphan(connection: Connection) -> None:
            await connection.execute(
                "UPDATE message SET appointment_id = NULL WHERE business_id = $1", business_id
            )

        cast.do(lambda database: database.run(orphan))
        here = f"/office/{cast.slug}/messages/{one['id']}"
        answer = cast.alice.browser.post(
            f"{here}/resend",
            data={"form_token": cast.alice.form_token(f"/office/{cast.slug}")},
        )
        assert answer.status_code == 409
        assert "isn" in answer.text
        assert len(items(cast)) == 1
