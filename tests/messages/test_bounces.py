"""Mails that come back, as real mail servers send them."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.messages.bounce import bounce
from bookonce.messages.verp import LOCAL_PART_MAX, marked, return_address
from bookonce.platform.actor import VISITOR
from tests.factories import a_booking, a_business, now, tomorrow_at
from tests.messages.conftest import SENDER, Desk, Open
from tests.messages.post import Post
from tests.running import COMMAND

ZOE = "zoe@example.com"


def postfix(to: str, action: str = "failed", status: str = "5.1.1", said: str = "550 no") -> bytes:
    """A delivery status as Postfix sends it."""
    return f"""\
Return-Path: <>
Date: Tue, 24 Nov 2026 10:00:00 +0000 (UTC)
From: MAILER-DAEMON@mail.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B1/mail.example"

This is a MIME-encapsulated message.

--B1/mail.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B1/mail.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example
X-Postfix-Queue-ID: 4F00A1
Arrival-Date: Tue, 24 Nov 2026 09:59:58 +0000 (UTC)

Final-Recipient: rfc822; {ZOE}
Original-Recipient: rfc822;{ZOE}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; {said}

--B1/mail.example
Content-Type: message/rfc822

Subject: Booked

--B1/mail.example--
""".replace("\n", "\r\n").encode()


@pytest.fixture
async def returned_to(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> str:
    """The return address of a mail that was sent."""
    slug = await open_business(a_business())
    await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now())
    await desk.at_rest()
    (received,) = post.received
    assert received.return_path.startswith("bookings+")
    assert received.return_path.endswith("@book.example")
    return received.return_path


async def come_back(installation: Installation, raw: bytes, *recipients: str) -> str:
    return await bounce(installation, raw, recipients, now=datetime.now(UTC))


async def test_a_mail_that_came_back_marks_its_message_and_address(
    desk: Desk, installation: Installation, returned_to: str
) -> None:
    told = await come_back(installation, postfix(returned_to))
    assert "came back: 550 no" in told
    (row,) = await desk.messages()
    assert (row["status"], row["reason"]) == ("bounced", "550 no")
    (address,) = await desk.rows("SELECT * FROM mail_address")
    assert (address["address"], address["bounce"]) == (ZOE, "550 no")
    assert "nothing was changed" in await come_back(installation, postfix(returned_to))


@pytest.mark.parametrize(
    ("action", "status", "is_bounced", "is_marked"),
    [
        ("failed", "5.1.1", True, True),
        ("failed", "5.2.2", True, False),  # the box is full
        ("failed", "5.7.1", True, False),  # what we sent is refused, not the address
        ("failed", "4.4.7", True, False),  # it was tried for days
        ("delayed", "4.4.1", False, False),
        ("delivered", "2.0.0", False, False),
    ],
)
async def test_what_a_status_means(
    desk: Desk,
    installation: Installation,
    returned_to: str,
    action: str,
    status: str,
    is_bounced: bool,
    is_marked: bool,
) -> None:
    await come_back(installation, postfix(returned_to, action, status, "x"))
    assert await desk.statuses() == ["bounced" if is_bounced else "sent"]
    assert bool(await desk.rows("SELECT FROM mail_address")) == is_marked


async def test_answers_from_people_and_machines_change_nothing(
    desk: Desk, installation: Installation, returned_to: str
) -> None:
    away = f"From: zoe@example.com\r\nTo: {returned_to}\r\nSubject: Away\r\n\r\nI'm away.\r\n"
    for raw in (away.encode(), b"", b"\xff\xfe\x00", b"To: x\r\n\r\n"):
        assert "nothing was changed" in await come_back(installation, raw)
    assert await desk.statuses() == ["sent"]


async def test_a_return_address_that_was_made_up_marks_nothing(
    desk: Desk, installation: Installation, returned_to: str
) -> None:
    made_up = return_address(SENDER, uuid4(), uuid4())
    assert "nothing was changed" in await come_back(installation, postfix(made_up))
    assert await desk.statuses() == ["sent"]


async def test_the_command_reads_what_a_mail_server_pipes(
    desk: Desk, installation: Installation, returned_to: str
) -> None:
    environment = os.environ | {"BOOKONCE_DATABASE_URL": desk.database.url}
    done = subprocess.run(
        [*COMMAND, "bounce", returned_to],
        input=postfix("somebody@book.example"),
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"came back" in done.stdout
    assert await desk.statuses() == ["bounced"]


def test_a_return_address_says_which_message_it_is_of() -> None:
    business_id, message_id = uuid4(), uuid4()
    address = return_address("bookings@book.example", business_id, message_id)
    assert len(address.partition("@")[0]) <= LOCAL_PART_MAX
    assert marked(f"<{address.upper()}>") == (business_id.bytes[:4], message_id)
    assert marked("bookings@book.example") is None
    long = "a" * 40 + "@book.example"
    assert return_address(long, business_id, UUID(int=1)) == long
