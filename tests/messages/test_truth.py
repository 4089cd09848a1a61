"""What a message says is what is so when it is sent, whatever happened in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Status
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.confirm import confirm
from bookonce.booking.find import load
from bookonce.booking.move import MoveRequest, move
from bookonce.booking.replay import Booked
from bookonce.events import event_rows
from bookonce.events.catalogue import REFUND_DONE, RefundFacts
from bookonce.messages.remind import remind
from bookonce.messages.summarise import summarise
from bookonce.platform.actor import SYSTEM, VISITOR, Actor, ActorKind, Role
from bookonce.platform.ids import new_id
from tests.factories import a_booking, a_business, a_service, a_staff_member, now, tomorrow_at
from tests.messages.conftest import Desk, Open
from tests.messages.post import Post

ZOE = "zoe@example.com"
HOUR = timedelta(hours=1)
OWNER = Actor(kind=ActorKind.ACCOUNT, id=new_id(), role=Role.OWNER, name="Ada")


async def booked_at(installation: Installation, slug: str, hour: int) -> Booked:
    return await book(installation, slug, a_booking(tomorrow_at(hour)), actor=VISITOR, now=now())


def subjects(post: Post, to: str = ZOE) -> list[str]:
    return [one.subject.partition(":")[0] for one in post.to(to)]


async def test_a_cancelled_appointment_is_reminded_of_by_nobody(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business())
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    await long_since_booked(desk)
    business_id = booked.directory.business_id
    due_at = tomorrow_at(9) - 24 * HOUR + timedelta(minutes=1)
    assert await remind(installation, business_id, now=due_at) == 1
    await cancel(installation, slug, booked.appointment.id, actor=OWNER, now=now())
    assert await remind(installation, business_id, now=due_at) == 0
    await send_reminders(desk)
    assert await desk.statuses(kind="reminder") == ["void"]
    assert subjects(post) == ["Booked", "Cancelled"]


async def long_since_booked(desk: Desk) -> None:
    """As if everything had been booked a month ago."""
    await desk.rows("UPDATE appointment SET confirmed_at = now() - interval '30 days'")
    await desk.rows("UPDATE message SET event_at = now() - interval '30 days'")


async def send_reminders(desk: Desk) -> None:
    await desk.rows(
        "UPDATE message SET next_at = now(), useful_until = now() + interval '1 day'"
        " WHERE kind = 'reminder' AND status = 'waiting'"
    )
    await desk.at_rest()


async def test_a_move_takes_its_reminder_along(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business())
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    await long_since_booked(desk)
    business_id = booked.directory.business_id
    assert await remind(installation, business_id, now=tomorrow_at(9) - 23.9 * HOUR) == 1
    later = MoveRequest(start=tomorrow_at(9) + 72 * HOUR)
    await move(installation, slug, booked.appointment.id, later, actor=VISITOR, now=now())
    await send_reminders(desk)
    assert await desk.statuses(kind="reminder") == ["void"]
    await long_since_booked(desk)
    assert await remind(installation, business_id, now=later.start - 25 * HOUR) == 0
    assert await remind(installation, business_id, now=later.start - 23.9 * HOUR) == 1
    assert await remind(installation, business_id, now=later.start - 23.8 * HOUR) == 0
    await send_reminders(desk)
    assert sorted(await desk.statuses(kind="reminder")) == ["sent", "void"]


async def test_whoever_moves_inside_the_lead_is_not_reminded_by_it(
    desk: Desk, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business(messages={"reminders": ["24h", "2h"]}))
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    business_id = booked.directory.business_id
    await desk.rows("UPDATE message SET event_at = $1", tomorrow_at(9) - 10 * HOUR)
    await desk.rows("UPDATE appointment SET confirmed_at = $1", tomorrow_at(9) - 30 * HOUR)
    assert await remind(installation, business_id, now=tomorrow_at(9) - 9 * HOUR) == 0
    assert await remind(installation, business_id, now=tomorrow_at(9) - 1.9 * HOUR) == 1


async def test_other_leads_count_at_once(
    desk: Desk, open_business: Open, installation: Installation
) -> None:
    business = a_business(messages={"reminders": ["24h"]})
    slug = await open_business(business)
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    await long_since_booked(desk)
    business_id = booked.directory.business_id
    assert await remind(installation, business_id, now=tomorrow_at(9) - 23 * HOUR) == 1
    await open_business(a_business(slug, messages={"reminders": ["3h"]}))
    await send_reminders(desk)
    assert await desk.statuses(kind="reminder") == ["void"]
    assert await remind(installation, business_id, now=tomorrow_at(9) - 2.9 * HOUR) == 1
    await open_business(a_business(slug, messages={"reminders": []}))
    assert await remind(installation, business_id, now=tomorrow_at(9) - 2.8 * HOUR) == 0


async def test_a_hold_a_payment_and_its_cancellation_are_told_in_turn(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    service = a_service(price="48.00", deposit="20%")
    payments = {"provider": "on_site"}
    staff = [a_staff_member("ada", email="ada@lumen.example")]
    slug = await open_business(a_business(service=[service], payments=payments, staff=staff))
    held = await booked_at(installation, slug, 9)
    await desk.at_rest()
    assert subjects(post) == ["Held for you"]
    assert "Pay the deposit of" in post.to(ZOE)[0].part("text/plain")
    assert post.to("ada@lumen.example") == []
    appointment = await load(installation, held.directory, held.appointment.id)
    assert await installation.database.run(
        appointment_rows.change_status, held.directory.business_id, appointment, Status.CONFIRMED,
        event_id=new_id(), actor=SYSTEM, now=now(),
    )  # fmt: skip
    await desk.at_rest()
    assert subjects(post) == ["Held for you", "Booked"]
    assert "Your deposit of" in post.to(ZOE)[1].part("text/plain")
    assert subjects(post, "ada@lumen.example") == ["New"]
    await cancel(installation, slug, held.appointment.id, actor=OWNER, now=now())
    await desk.at_rest()
    assert subjects(post)[-1] == "Cancelled"
    assert "cancelled it." in post.to(ZOE)[-1].part("text/plain")


async def test_a_hold_that_nobody_paid_is_told_to_no_staff_when_it_is_cancelled(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    staff = [a_staff_member("ada", email="ada@lumen.example")]
    slug = await open_business(a_business(staff=staff))
    held = await book(
        installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now(),
        hold_until=now() + HOUR,
    )  # fmt: skip
    await desk.at_rest()
    await cancel(installation, slug, held.appointment.id, actor=VISITOR, now=now())
    await desk.at_rest()
    assert subjects(post) == ["Held for you", "Cancelled"]
    assert post.to("ada@lumen.example") == []


async def test_a_hold_without_a_deposit_is_told_as_booked_once_it_is_confirmed(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business())
    held = await book(
        installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now(),
        hold_until=now() + HOUR,
    )  # fmt: skip
    await confirm(installation, slug, held.appointment.id, actor=OWNER, now=now())
    await desk.at_rest()
    assert subjects(post) == ["Booked"]
    assert sorted(await desk.statuses()) == ["sent", "void"]


async def test_money_that_goes_back_is_told_with_its_amount(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business())
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    await installation.database.run(
        event_rows.append, booked.directory.business_id, new_id(), REFUND_DONE,
        RefundFacts(960, "EUR"), actor=SYSTEM, now=datetime.now(UTC),
        appointment_id=booked.appointment.id,
    )  # fmt: skip
    await desk.at_rest()
    assert post.to(ZOE)[-1].subject == "€9.60 given back"


async def test_a_no_show_that_is_undone_is_told_to_nobody(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business())
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    directory = booked.directory
    for status in (Status.NO_SHOW, Status.COMPLETED):
        appointment = await load(installation, directory, booked.appointment.id)
        assert await installation.database.run(
            appointment_rows.change_status, directory.business_id, appointment, status,
            event_id=new_id(), actor=OWNER, now=now(),
        )  # fmt: skip
    await desk.make()
    (row,) = await desk.messages(kind="no_show")
    assert row["next_at"] > datetime.now(UTC)
    await desk.due_now(row["message_id"])
    await desk.at_rest()
    assert await desk.statuses(kind="no_show") == ["void"]
    assert subjects(post) == ["Booked"]


async def test_another_performer_is_told_and_so_is_the_one_before(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    staff = [a_staff_member(key, email=f"{key}@lumen.example") for key in ("ada", "bob")]
    slug = await open_business(a_business(staff=staff))
    wish = a_booking(tomorrow_at(9), staff="ada")
    booked = await book(installation, slug, wish, actor=VISITOR, now=now())
    await desk.at_rest()
    to_bob = MoveRequest(start=tomorrow_at(9), staff="bob")
    await move(installation, slug, booked.appointment.id, to_bob, actor=OWNER, now=now())
    await desk.at_rest()
    assert subjects(post, "ada@lumen.example") == ["New", "Not yours any more"]
    assert subjects(post, "bob@lumen.example") == ["New"]
    assert "METHOD:CANCEL" in post.to("ada@lumen.example")[1].part("text/calendar")
    await cancel(installation, slug, booked.appointment.id, actor=OWNER, now=now())
    await desk.at_rest()
    assert subjects(post, "ada@lumen.example") == ["New", "Not yours any more"]
    assert subjects(post, "bob@lumen.example") == ["New", "Cancelled"]


async def test_the_owner_gets_the_day_once_and_can_unsubscribe(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business(messages={"owner_copy": ["hello@lumen.example"]}))
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    business_id = booked.directory.business_id
    morning = tomorrow_at(9).astimezone(booked.directory.zone).replace(hour=6, minute=5)
    assert await summarise(installation, business_id, now=morning - HOUR) == 0
    assert await summarise(installation, business_id, now=morning) == 1
    assert await summarise(installation, business_id, now=morning + HOUR) == 0
    await desk.rows("UPDATE message SET next_at = now() WHERE kind = 'summary'")
    await desk.at_rest()
    mail = post.to("hello@lumen.example")[-1]
    assert "1 appointment" in mail.subject
    assert "Zoe" in mail.part("text/plain")
    assert mail.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"/{slug}/unsubscribe/" in mail.mail["List-Unsubscribe"]
    assert "List-Unsubscribe" not in post.to("hello@lumen.example")[0].mail


async def test_a_change_that_leaves_appointments_without_a_person_is_told_to_the_owner(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    messages = {"owner_copy": ["hello@lumen.example"]}
    both = [a_staff_member(key) for key in ("ada", "bob")]
    slug = await open_business(a_business(staff=both, messages=messages))
    wish = a_booking(tomorrow_at(9), staff="ada")
    await book(installation, slug, wish, actor=VISITOR, now=now())
    await desk.at_rest()
    await open_business(a_business(slug, staff=both[1:], messages=messages))
    await desk.at_rest()
    mail = post.to("hello@lumen.example")[-1]
    assert mail.subject == "Appointments that no longer fit: 1"
    assert "Ada is no longer listed" in mail.part("text/plain")


@pytest.mark.parametrize("seed", range(4))
async def test_at_rest_everybody_knows_what_is_so(
    desk: Desk, post: Post, open_business: Open, installation: Installation, seed: int
) -> None:
    """Moves, cancellations and sending in any order: what each recipient heard last is the truth."""
    staff = [a_staff_member(key, email=f"{key}@lumen.example") for key in ("ada", "bob")]
    slug = await open_business(a_business(staff=staff))
    booked = await booked_at(installation, slug, 9)
    for step in range(5):
        hour = 10 + step
        request = MoveRequest(start=tomorrow_at(hour), staff=("ada", "bob")[(seed + step) % 2])
        await move(installation, slug, booked.appointment.id, request, actor=OWNER, now=now())
        if (seed >> (step % 2)) & 1:
            await desk.at_rest()
    if seed % 2:
        await cancel(installation, slug, booked.appointment.id, actor=VISITOR, now=now())
    await desk.at_rest()
    appointment = await load(installation, booked.directory, booked.appointment.id)
    heard = await desk.rows(
        """
        SELECT DISTINCT ON (recipient, who) recipient, who, told_sequence, told_status, told_start
        FROM message WHERE status = 'sent' ORDER BY recipient, who, told_sequence DESC
        """
    )
    for row in heard:
        if row["who"] in ("", *appointment.performers):
            assert row["told_sequence"] == appointment.sequence
            assert row["told_status"] == appointment.status.value
            assert row["told_start"] == appointment.start
        else:
            assert row["told_status"] in ("off", "cancelled")
