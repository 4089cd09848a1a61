"""Who was told what: listed, sent again, forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.messages.log import erase, list_messages, resend
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import NotFoundError, StatusConflictError, ValidationError
from tests.factories import a_booking, a_business, a_staff_member, a_visitor, now, tomorrow_at
from tests.messages.conftest import Desk, Open
from tests.messages.post import Post

ZOE = "zoe@example.com"


async def test_messages_are_listed_page_by_page_the_newest_first(
    desk: Desk, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business())
    for hour in range(8, 13):
        await book(installation, slug, a_booking(tomorrow_at(hour)), actor=VISITOR, now=now())
        await desk.make()
    await desk.at_rest()
    seen, cursor = [], None
    while True:
        page = await list_messages(installation, slug, cursor=cursor, limit=2)
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len({one.id for one in seen}) == 5
    assert [one.created_at for one in seen] == sorted((o.created_at for o in seen), reverse=True)
    assert {(one.status, one.address, one.kind) for one in seen} == {("sent", ZOE, "booked")}


async def test_a_business_sees_its_own_messages_only(
    desk: Desk, open_business: Open, installation: Installation
) -> None:
    slug, other = [await open_business(a_business()) for _ in range(2)]
    booked = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now())
    await desk.at_rest()
    (message,) = (await list_messages(installation, slug)).items
    assert (await list_messages(installation, other)).items == []
    appointment_id = booked.appointment.id
    found = await list_messages(installation, other, appointment_id=appointment_id)
    assert found.items == []
    with pytest.raises(NotFoundError):
        await resend(installation, other, message.id, now=now())


async def test_messages_are_found_by_appointment_client_and_status(
    desk: Desk, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business())
    zoe = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now())
    wish = a_booking(tomorrow_at(11), client=a_visitor("Yan"))
    await book(installation, slug, wish, actor=VISITOR, now=now())
    await desk.at_rest()
    (row,) = await desk.rows("SELECT client_id FROM client WHERE email = $1", ZOE)
    of_zoe = await list_messages(installation, slug, client_id=row["client_id"])
    assert [one.appointment_id for one in of_zoe.items] == [zoe.appointment.id]
    of_it = await list_messages(installation, slug, appointment_id=zoe.appointment.id)
    assert [one.address for one in of_it.items] == [ZOE]
    assert len((await list_messages(installation, slug, status="sent")).items) == 2
    assert (await list_messages(installation, slug, status="failed")).items == []


@pytest.mark.parametrize(
    "wrong", [{"status": "nope"}, {"cursor": "x"}, {"cursor": "2026-01-01~y"}, {"limit": 0}]
)
async def test_what_can_t_be_asked_for_is_refused(
    open_business: Open, installation: Installation, wrong: dict[str, object]
) -> None:
    slug = await open_business(a_business())
    with pytest.raises(ValidationError):
        await list_messages(installation, slug, **wrong)  # type: ignore[arg-type]


async def test_a_message_is_sent_again_to_an_address_that_works_now(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business())
    client = a_visitor("Zoe", phone="+49 30 1234567")
    wish = a_booking(tomorrow_at(9), client=client)
    await book(installation, slug, wish, actor=VISITOR, now=now())
    post.at_rcpt = lambda _: "550 5.1.1 no such user"
    await desk.at_rest()
    (failed,) = (await list_messages(installation, slug)).items
    assert failed.status == "failed"
    assert failed.call == "+49301234567"
    post.at_rcpt = lambda _: None
    again = await resend(installation, slug, failed.id, now=datetime.now(UTC))
    await desk.at_rest()
    assert len(post.to(ZOE)) == 1
    statuses = {one.id: one.status for one in (await list_messages(installation, slug)).items}
    assert statuses == {failed.id: "failed", again: "sent"}


async def test_what_was_heard_is_sent_again_all_the_same(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business())
    await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now())
    await desk.at_rest()
    (message,) = (await list_messages(installation, slug)).items
    await resend(installation, slug, message.id, now=datetime.now(UTC))
    await desk.at_rest()
    assert len(post.to(ZOE)) == 2


async def test_a_message_about_no_appointment_is_not_sent_again(
    desk: Desk, open_business: Open, installation: Installation
) -> None:
    messages = {"owner_copy": ["hello@lumen.example"]}
    slug = await open_business(a_business(messages=messages))
    await open_business(
        a_business(slug, messages=messages, staff=[a_staff_member("ada"), a_staff_member("bob")])
    )
    await desk.at_rest()
    (message, *_) = (await list_messages(installation, slug)).items
    with pytest.raises(StatusConflictError):
        await resend(installation, slug, message.id, now=now())
    with pytest.raises(NotFoundError):
        await resend(installation, slug, uuid4(), now=now())


async def test_a_client_who_is_forgotten_is_in_no_message_any_more(
    desk: Desk, open_business: Open, installation: Installation
) -> None:
    staff = [a_staff_member("ada", email="ada@lumen.example")]
    slug = await open_business(a_business(staff=staff))
    booked = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now())
    await desk.at_rest()
    (row,) = await desk.rows("SELECT client_id FROM client WHERE email = $1", ZOE)
    business_id = booked.directory.business_id
    await erase(installation, business_id, row["client_id"], now=datetime.now(UTC))
    kept = await desk.messages()
    assert [row["status"] for row in kept] == ["sent", "sent"]
    assert "Zoe" not in str([dict(row) for row in kept])
    assert ZOE not in str([dict(row) for row in kept])
    assert await desk.rows("SELECT FROM manage_link") == []
