"""What becomes of a message when the server refuses, hangs up or is away, or the worker dies."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.messages.caps import ADDRESS_MAX_AN_HOUR
from bookonce.messages.kinds import retry_after
from bookonce.messages.outgoing import Ways
from bookonce.messages.remind import remind
from bookonce.platform.actor import VISITOR
from bookonce.queue import halt_rows
from tests.factories import a_booking, a_business, a_staff_member, a_visitor, now, tomorrow_at
from tests.messages import dying
from tests.messages.conftest import PUBLIC_URL, SENDER, Desk, Open
from tests.messages.post import HANG_UP, HANG_UP_AFTERWARDS, Post, open_post

ROOT = Path(__file__).parents[2]
ZOE = "zoe@example.com"
HOUR = timedelta(hours=1)


@pytest.fixture
async def booked(open_business: Open, installation: Installation, desk: Desk) -> str:
    """A business with one appointment whose message is made, and not sent."""
    slug = await open_business(a_business())
    await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now())
    await desk.make()
    return slug


async def reminded(installation: Installation, slug: str, desk: Desk) -> UUID:
    """A reminder that is due; the message about the booking was sent."""
    async with desk.sending():
        await desk.until(desk._none_due, "the booking is told")
    directory = await installation.current(slug)
    await desk.rows("UPDATE appointment SET confirmed_at = now() - interval '30 days'")
    await desk.rows("UPDATE message SET event_at = now() - interval '30 days'")
    now = tomorrow_at(9) - timedelta(hours=23)
    assert await remind(installation, directory.business_id, now=now) == 1
    (row,) = await desk.messages(kind="reminder")
    await desk.rows("UPDATE message SET next_at = now(), useful_until = now() + interval '1 day'")
    return UUID(str(row["message_id"]))


async def send_all(desk: Desk) -> None:
    async with desk.sending():
        await desk.until(desk._none_due, "no message is due")


async def test_a_server_that_refuses_for_now_is_asked_again_later(
    desk: Desk, post: Post, booked: str
) -> None:
    post.at_rcpt = lambda _: "450 4.2.1 greylisted, come back in an hour"
    await send_all(desk)
    (row,) = await desk.messages()
    assert row["status"] == "waiting"
    assert "greylisted" in row["reason"]
    assert row["next_at"] > datetime.now(UTC) + retry_after(1) / 2
    post.at_rcpt = lambda _: None
    await desk.due_now(row["message_id"])
    await send_all(desk)
    assert await desk.statuses() == ["sent"]
    assert len(post.received) == 1


def test_tries_go_on_for_days_and_not_by_the_minute() -> None:
    waits = [retry_after(number) for number in range(1, 40)]
    assert waits == sorted(waits)
    assert waits[0] >= timedelta(minutes=1)
    assert sum(waits, timedelta()) > timedelta(days=4)


async def test_an_address_that_is_refused_is_marked_and_not_tried_again(
    desk: Desk, post: Post, booked: str, installation: Installation
) -> None:
    post.at_rcpt = lambda _: "550 5.1.1 no such user"
    await send_all(desk)
    assert await desk.statuses() == ["failed"]
    post.at_rcpt = lambda _: None
    await book(installation, booked, a_booking(tomorrow_at(12)), actor=VISITOR, now=now())
    await desk.at_rest()
    assert await desk.statuses() == ["failed", "unreachable"]
    assert post.received == []


async def test_a_refusal_of_what_is_said_marks_no_address(
    desk: Desk, post: Post, booked: str
) -> None:
    post.at_data = lambda *_: "554 5.7.1 looks like spam"
    await send_all(desk)
    (row,) = await desk.messages()
    assert (row["status"], row["reason"]) == ("failed", "554 5.7.1 looks like spam")
    assert await desk.rows("SELECT FROM mail_address") == []


async def test_a_confirmation_without_an_answer_is_sent_once_more_by_the_same_name(
    desk: Desk, post: Post, booked: str
) -> None:
    post.at_data = lambda *_: HANG_UP_AFTERWARDS
    await send_all(desk)
    for _ in range(3):
        await desk.rows("UPDATE message SET next_at = now() WHERE status = 'waiting'")
        await send_all(desk)
    assert await desk.statuses() == ["unknown"]
    first, second = post.received
    assert first.mail["Message-ID"] == second.mail["Message-ID"]


async def test_a_reminder_without_an_answer_is_never_sent_again(
    desk: Desk, post: Post, booked: str, installation: Installation
) -> None:
    await reminded(installation, booked, desk)
    post.at_data = lambda *_: HANG_UP
    await send_all(desk)
    await desk.rows("UPDATE message SET next_at = now() WHERE status = 'waiting'")
    await send_all(desk)
    assert await desk.statuses(kind="reminder") == ["unknown"]


async def test_a_server_that_is_away_loses_nothing(installation: Installation, booked: str) -> None:
    with open_post() as post:
        url, port = post.url, post.port
    desk = Desk(installation, Ways(url, SENDER, None, PUBLIC_URL))
    async with desk.sending():
        await desk.until(lambda: tried(desk), "it was tried")
        with open_post(port) as post:
            await desk.rows("UPDATE message SET next_at = now() WHERE status = 'waiting'")
            await desk.until(lambda: sent(desk), "it is sent")
            assert len(post.received) == 1


async def tried(desk: Desk) -> bool:
    return any(row["reason"] for row in await desk.messages())


async def sent(desk: Desk) -> bool:
    return set(await desk.statuses()) == {"sent"}


async def test_whoever_has_many_messages_does_not_hold_up_others(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    many = await open_business(a_business(staff=[a_staff_member(f"s{n}") for n in range(30)]))
    few = await open_business(a_business())
    for n in range(30):
        wish = a_booking(tomorrow_at(9), client=a_visitor(f"V{n}"))
        await book(installation, many, wish, actor=VISITOR, now=now())
    await desk.make()
    await book(installation, few, a_booking(tomorrow_at(9)), actor=VISITOR, now=now())
    await desk.make()
    post.delay_s = 0.1
    async with desk.sending():
        await desk.until(lambda: _async(bool(post.to(ZOE))), "the one of few is sent")
    assert len(post.received) < 30


async def _async(value: bool) -> bool:
    return value


async def test_a_restored_copy_sends_nothing_until_its_jobs_are_started(
    desk: Desk, post: Post, booked: str
) -> None:
    await desk.database.run(halt_rows.halt, "it is a copy")
    async with desk.sending() as lane:
        await lane._round()
    assert await desk.statuses() == ["waiting"]
    await desk.database.run(halt_rows.start)
    await send_all(desk)
    assert await desk.statuses() == ["sent"]
    assert len(post.received) == 1


async def test_what_a_worker_left_behind_runs_out_while_it_lives(
    desk: Desk, post: Post, booked: str
) -> None:
    """The database was away when its attempt ended."""
    async with desk.sending() as lane:
        await desk.until(desk._none_due, "it is sent")
        await desk.rows(
            """
            UPDATE message SET status = 'sending', ended_at = NULL, is_handed_over = false,
                worker_id = $1, lease_until = now() + interval '0.2 s'
            """,
            lane.worker_id,
        )
        await desk.until(desk._none_due, "it is sent again")
    assert await desk.statuses() == ["sent"]
    assert len(post.received) == 2


async def test_nobody_is_flooded_by_bookings_in_their_name(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    staff = [a_staff_member(f"s{n}") for n in range(ADDRESS_MAX_AN_HOUR + 8)]
    slug = await open_business(a_business(staff=staff))
    for n in range(len(staff)):
        wish = a_booking(tomorrow_at(9), staff=f"s{n}")
        await book(installation, slug, wish, actor=VISITOR, now=now())
    await desk.make()
    async with desk.sending():
        await desk.until(lambda: no_more_now(desk), "all were looked at")
    assert len(post.to(ZOE)) <= ADDRESS_MAX_AN_HOUR + 4  # those under way at once
    waiting = [row for row in await desk.messages() if row["status"] == "waiting"]
    assert waiting
    assert all("within the hour" in row["reason"] for row in waiting)
    assert all(row["attempts"] == 0 for row in waiting)


async def no_more_now(desk: Desk) -> bool:
    return not await desk.rows(
        "SELECT FROM message WHERE status = 'sending' OR (status = 'waiting' AND next_at <= now())"
    )


def die(desk: Desk, step: str) -> None:
    """Start a sender that dies at a step, and see it die."""
    assert desk.ways.smtp_url is not None
    died = subprocess.run(
        [sys.executable, "-m", "tests.messages.dying", desk.database.url, desk.ways.smtp_url, step],
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL


ARRIVES = {"taken": 1, "composed": 1, "handed over": 1, "answered": 2, "written down": 1}


@pytest.mark.parametrize("step", dying.STEPS)
async def test_a_confirmation_arrives_though_the_worker_dies(
    desk: Desk, post: Post, booked: str, step: str
) -> None:
    await asyncio.to_thread(die, desk, step)
    async with desk.sending():
        await desk.until(lambda: sent(desk), "it is sent")
    assert len(post.to(ZOE)) == ARRIVES[step]
    assert len({one.mail["Message-ID"] for one in post.to(ZOE)}) == 1


REMINDER_ARRIVES = {"taken": 1, "composed": 1, "handed over": 0, "answered": 1, "written down": 1}


@pytest.mark.parametrize("step", dying.STEPS)
async def test_a_reminder_never_arrives_twice_though_the_worker_dies(
    desk: Desk, post: Post, booked: str, installation: Installation, step: str
) -> None:
    await reminded(installation, booked, desk)
    before = len(post.to(ZOE))
    await asyncio.to_thread(die, desk, step)
    async with desk.sending():
        await desk.until(lambda: ended(desk), "it has ended")
    assert len(post.to(ZOE)) - before == REMINDER_ARRIVES[step]
    expected = "unknown" if step in ("handed over", "answered") else "sent"
    assert await desk.statuses(kind="reminder") == [expected]


async def ended(desk: Desk) -> bool:
    return {"waiting", "sending"}.isdisjoint(await desk.statuses())
