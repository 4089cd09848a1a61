"""Everybody hears what concerns them: also of another name, of other rules of the clock, of an undo."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.find import load
from bookonce.booking.move import MoveRequest, move
from bookonce.booking.replay import Booked
from bookonce.booking.rezone import keep_promises
from bookonce.booking.undo import undo
from bookonce.clients.erase_client import erase_at_desk
from bookonce.clients.merge import merge_clients, unmerge_client
from bookonce.clients.merging import MergeRequest
from bookonce.desk.change import DeskEdit, edit_at_desk
from bookonce.desk.request import DeskClient
from bookonce.events.catalogue import Manner
from bookonce.messages.outgoing import SMS
from bookonce.messages.tell import tell
from bookonce.platform.actor import VISITOR
from bookonce.platform.tokens import token_hash
from bookonce.torture.told import UNTOLD
from tests.desk.cast import somebody
from tests.factories import a_booking, a_business, a_staff_member, a_visitor, now, tomorrow_at
from tests.messages.conftest import Desk, Open
from tests.messages.post import Post, Received
from tests.messages.test_truth import OWNER, ZOE, booked_at, subjects

ADA, YAN = "ada@lumen.example", "yan@example.com"
HOUR = timedelta(hours=1)
NEW_CLIENT = DeskClient(name="Yan", email=YAN, phone="+49 30 7654321")


async def lumen(open_business: Open, **messages: Any) -> str:
    staff = [a_staff_member("ada", email=ADA)]
    return await open_business(a_business(staff=staff, messages=messages))


async def edited(installation: Installation, slug: str, booked: Booked, **more: Any) -> None:
    access = await somebody(installation, slug)
    request = DeskEdit(**more)
    await edit_at_desk(installation, slug, booked.appointment.id, request, access=access, now=now())


def link_in(post: Post, to: str) -> str:
    text = post.to(to)[-1].part("text/plain")
    return text.partition("/a/")[2].split()[0]


def event_in(mail: Received) -> dict[str, str]:
    """What decides where a calendar shows the event of a mail, and whether it is newer."""
    (event,) = Calendar.from_ical(mail.part("text/calendar")).walk("VEVENT")
    names = ("UID", "SEQUENCE", "DTSTART", "DTEND", "STATUS")
    lines = (line.split(":", 1) for line in event.to_ical().decode().splitlines() if ":" in line)
    return {name: text for name, text in lines if name.split(";")[0] in names}


async def opens(desk: Desk, booked: Booked, token: str) -> bool:
    business_id = booked.directory.business_id
    found = await desk.database.run(appointment_rows.id_of_token, business_id, token_hash(token))
    return found == booked.appointment.id


async def test_of_an_appointment_in_another_name_all_three_hear(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await lumen(open_business)
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    zoes = link_in(post, ZOE)
    assert await opens(desk, booked, zoes)
    assert await opens(desk, booked, booked.token)
    await edited(installation, slug, booked, client=NEW_CLIENT)
    await desk.at_rest()
    assert subjects(post) == ["Booked", "Not yours any more"]
    assert subjects(post, YAN) == ["Booked"]
    assert subjects(post, ADA) == ["New", "Changed"]
    taken = post.to(ZOE)[-1]
    assert "Yan" not in taken.part("text/plain")
    assert "/a/" not in taken.part("text/plain")
    assert event_in(taken)["STATUS"] == "CANCELLED"
    assert event_in(taken)["SEQUENCE"] == "1"
    assert "Client: Yan" in post.to(ADA)[-1].part("text/plain").replace("\u2068", "")
    # Whoever had it can open it no more.
    assert await opens(desk, booked, link_in(post, YAN))
    assert not await opens(desk, booked, zoes)
    assert not await opens(desk, booked, booked.token)


async def test_back_in_the_old_name_it_is_theirs_again_with_the_same_link(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await lumen(open_business)
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    zoes = link_in(post, ZOE)
    was = (await load(installation, booked.directory, booked.appointment.id)).client_id
    await edited(installation, slug, booked, client=NEW_CLIENT)
    await edited(installation, slug, booked, client=DeskClient(id=was))
    await desk.at_rest()
    assert subjects(post) == ["Booked"]
    assert subjects(post, YAN) == []
    assert subjects(post, ADA) == ["New"]
    assert await opens(desk, booked, zoes)
    await edited(installation, slug, booked, client=NEW_CLIENT)
    await desk.at_rest()
    await edited(installation, slug, booked, client=DeskClient(id=was))
    await desk.at_rest()
    assert subjects(post) == ["Booked", "Not yours any more", "Booked"]
    assert subjects(post, YAN) == ["Booked", "Not yours any more"]


async def test_a_name_put_right_is_told_to_who_works_there_and_a_note_to_nobody(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await lumen(open_business, owner_copy=["hello@lumen.example"])
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    await edited(installation, slug, booked, notes="Allergic to henna")
    await desk.at_rest()
    assert len(await desk.messages(kind="booked")) == len(await desk.messages()) - 1 == 3
    same = DeskClient(name="Zoë Fischer", email=ZOE)
    await edited(installation, slug, booked, client=same)
    await desk.at_rest()
    assert subjects(post) == ["Booked"]
    assert subjects(post, ADA) == subjects(post, "hello@lumen.example") == ["New", "Changed"]


async def test_a_client_whom_the_business_won_t_tell_isn_t_told_of_another_name(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await lumen(open_business)
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    await edited(installation, slug, booked, client=NEW_CLIENT, notify=False)
    await desk.at_rest()
    assert subjects(post) == ["Booked"]
    assert subjects(post, YAN) == []
    assert subjects(post, ADA) == ["New", "Changed"]


async def test_two_clients_made_one_stay_those_who_were_told(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await lumen(open_business)
    booked = await booked_at(installation, slug, 9)
    other = await book(
        installation, slug, a_booking(tomorrow_at(13), client=a_visitor("Zoe F", email=YAN)),
        actor=VISITOR, now=now(),
    )  # fmt: skip
    await desk.at_rest()
    zoes = link_in(post, ZOE)
    from_id, into_id = [
        (await load(installation, booked.directory, one.appointment.id)).client_id
        for one in (booked, other)
    ]
    assert from_id
    assert into_id
    access = await somebody(installation, slug)
    directory = booked.directory
    await merge_clients(
        desk.database, directory, from_id, MergeRequest(into=into_id), access=access, now=now()
    )
    assert await opens(desk, booked, zoes)
    request = MoveRequest(start=tomorrow_at(11))
    await move(installation, slug, booked.appointment.id, request, actor=OWNER, now=now())
    await desk.at_rest()
    told = [row for row in await desk.messages(recipient="client") if row["kind"] == "moved"]
    assert [row["subject"].partition(":")[0] for row in told] == ["Moved"]
    await unmerge_client(desk.database, directory, from_id, access=access, now=now())
    assert await opens(desk, booked, zoes)
    assert {row["client_id"] for row in await desk.messages(recipient="client")} == {
        from_id, into_id,
    }  # fmt: skip


async def test_whoever_is_erased_is_gone_from_what_was_told_of_others_appointments(
    desk: Desk, open_business: Open, installation: Installation
) -> None:
    slug = await lumen(open_business)
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    was = (await load(installation, booked.directory, booked.appointment.id)).client_id
    assert was
    await edited(installation, slug, booked, client=NEW_CLIENT)
    await desk.at_rest()
    access = await somebody(installation, slug)
    await erase_at_desk(desk.database, booked.directory, was, access=access, now=now())
    for row in await desk.messages(recipient="client"):
        assert (row["address"] is None) == (row["client_id"] == was)


async def as_if_the_rules_had_been_other_ones(desk: Desk, by: timedelta) -> None:
    """Everything so far was booked and told by rules under which its clock was that much behind."""
    await desk.rows(
        "UPDATE appointment SET starts_at = starts_at - $1::interval, ends_at = ends_at - $1::interval",
        by,
    )
    await desk.rows(
        "UPDATE appointment_part SET starts_at = starts_at - $1::interval, ends_at = ends_at - $1::interval",
        by,
    )
    await desk.rows(
        "UPDATE claim SET during = tstzrange(lower(during) - $1::interval, upper(during) - $1::interval)",
        by,
    )
    await desk.rows("UPDATE message SET told_start = told_start - $1::interval", by)
    await desk.rows("UPDATE message SET told_end = told_end - $1::interval", by)
    await desk.rows("UPDATE business SET zone_rules = '2000a', zone_fingerprint = 'other'")


async def test_other_rules_of_the_clock_put_every_calendar_right(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await lumen(open_business, owner_copy=["hello@lumen.example"])
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    await as_if_the_rules_had_been_other_ones(desk, HOUR)
    (shift,) = await keep_promises(desk.database, booked.directory.business_id, now=now())
    assert shift.problem == ""
    await desk.at_rest()
    for to, first in ((ZOE, "Booked"), (ADA, "New"), ("hello@lumen.example", "New")):
        assert subjects(post, to) == [first, "The time stays"]
    for to in (ZOE, ADA):
        before, after = (event_in(one) for one in post.to(to))
        assert after == before | {"SEQUENCE": "1"}
    appointment = await load(installation, booked.directory, booked.appointment.id)
    for row in await desk.messages(kind="rezoned"):
        assert row["told_start"] == appointment.start == tomorrow_at(9)


async def test_an_undo_is_told_to_whom_the_move_was_told(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    """A worker whose clock is ahead may have told of a move that is then undone in time."""
    slug = await lumen(open_business)
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    at = now()
    for told_early in (False, True):
        await move(
            installation, slug, booked.appointment.id, MoveRequest(start=tomorrow_at(11)),
            actor=OWNER, now=at, manner=Manner(undo_until=at + HOUR),
        )  # fmt: skip
        await desk.make()
        if told_early:
            await desk.rows("UPDATE message SET next_at = now() WHERE status = 'waiting'")
            await desk.at_rest()
        await undo(installation, slug, booked.appointment.id, actor=OWNER, now=at)
        await desk.rows("UPDATE message SET next_at = now() WHERE status = 'waiting'")
        await desk.at_rest()
        told = ["Moved", "Moved"] if told_early else []
        assert subjects(post) == ["Booked", *told]
        assert subjects(post, ADA) == ["New", *told]


async def test_a_booking_told_at_the_time_of_a_move_that_is_undone_is_put_right(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await lumen(open_business)
    booked = await booked_at(installation, slug, 9)
    at = now()
    await move(
        installation, slug, booked.appointment.id, MoveRequest(start=tomorrow_at(11)),
        actor=OWNER, now=at, manner=Manner(undo_until=at + HOUR),
    )  # fmt: skip
    await desk.at_rest()
    await undo(installation, slug, booked.appointment.id, actor=OWNER, now=at)
    await desk.at_rest()
    assert subjects(post) == ["Booked", "Moved"]
    told = {
        row["told_sequence"]: row["told_start"] for row in await desk.messages(recipient="client")
    }
    assert (told[1], told[2]) == (tomorrow_at(11), tomorrow_at(9))


async def test_what_may_have_arrived_before_a_worker_died_is_put_right(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    """It told of a move, died before the answer was written down, and the move was taken back."""
    slug = await lumen(open_business)
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    for hour in (11, 9):
        request = MoveRequest(start=tomorrow_at(hour))
        await move(installation, slug, booked.appointment.id, request, actor=OWNER, now=now())
        await desk.make()
        if hour == 11:
            assert await desk.rows(
                "UPDATE message SET hand_overs = 1, told_sequence = 1, told_status = 'confirmed',"
                " told_start = $1, told_end = $2, told_staff = '{ada}', told_place = $3"
                " WHERE kind = 'moved' AND recipient = 'client' RETURNING 1",
                tomorrow_at(11), tomorrow_at(11) + HOUR / 2, booked.appointment.where,
            )  # fmt: skip
    await desk.at_rest()
    assert subjects(post) == ["Booked", "Moved"]
    assert subjects(post, ADA) == ["New"]


async def test_a_move_that_was_undone_is_told_by_no_text_message(
    desk: Desk, open_business: Open, installation: Installation
) -> None:
    slug = await lumen(open_business, sms=True)
    known = a_booking(tomorrow_at(9), client=a_visitor("Zoe", phone="+49 30 1234567"))
    booked = await book(installation, slug, known, actor=VISITOR, now=now())
    await desk.rows("UPDATE client SET email = NULL, is_known_by_email = false")
    at = now()
    request = MoveRequest(start=tomorrow_at(11))
    for taken_back in (True, False):
        await move(
            installation, slug, booked.appointment.id, request, actor=OWNER, now=at,
            manner=Manner(undo_until=at + HOUR),
        )  # fmt: skip
        if taken_back:
            await undo(installation, slug, booked.appointment.id, actor=OWNER, now=at)
        await desk.make()
        await desk.rows("UPDATE message SET next_at = now() WHERE status = 'waiting'")
        bare = replace(desk.sender(), mailer=None)
        async with desk.sending(SMS, bare):
            await desk.until(lambda: _no_text_is_due(desk), "no text is due")
        said = [row["subject"] for row in await desk.messages(way="sms") if row["subject"]]
        assert [one.partition(":")[0] for one in said] == ([] if taken_back else ["Moved"])


async def _no_text_is_due(desk: Desk) -> bool:
    return not await desk.rows(
        "SELECT FROM message WHERE way = 'sms' AND status IN ('waiting', 'sending')"
    )


async def test_an_overbooking_is_told_to_the_person_and_the_owner_with_its_reason(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await lumen(open_business, owner_copy=["hello@lumen.example"])
    await booked_at(installation, slug, 9)
    other = await book(
        installation, slug, a_booking(tomorrow_at(13), client=a_visitor("Yan", email=YAN)),
        actor=VISITOR, now=now(),
    )  # fmt: skip
    await desk.at_rest()
    await move(
        installation, slug, other.appointment.id, MoveRequest(start=tomorrow_at(9)),
        actor=OWNER, now=now(), manner=Manner(overbooked="Her wedding"),
    )  # fmt: skip
    await desk.at_rest()
    assert subjects(post, YAN) == ["Booked", "Moved"]
    for to in (ADA, "hello@lumen.example"):
        assert subjects(post, to) == ["New", "New", "Overbooked"]
        assert "Her wedding" in post.to(to)[-1].part("text/plain")
    assert "Her wedding" not in post.to(YAN)[-1].part("text/plain")


async def test_telling_again_makes_no_message_anew(
    desk: Desk, open_business: Open, installation: Installation
) -> None:
    slug = await lumen(open_business)
    booked = await booked_at(installation, slug, 9)
    await desk.at_rest()
    await edited(installation, slug, booked, client=NEW_CLIENT)
    await desk.make()
    (event,) = await desk.rows("SELECT * FROM event WHERE kind = 'appointment.edited'")
    assert len(await desk.messages(kind="changed")) == 3
    made = await tell(installation, event["business_id"], event["event_id"], now=now())
    assert made == 0


@pytest.mark.parametrize("is_kept", [True, False])
async def test_a_held_time_in_another_name_is_told_as_held(
    desk: Desk, post: Post, open_business: Open, installation: Installation, is_kept: bool
) -> None:
    slug = await lumen(open_business)
    held = await book(
        installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now(),
        hold_until=now() + HOUR,
    )  # fmt: skip
    await desk.at_rest()
    await edited(installation, slug, held, client=NEW_CLIENT, notify=is_kept)
    await desk.at_rest()
    assert subjects(post, YAN) == (["Held for you"] if is_kept else [])
    assert subjects(post) == ["Held for you", *(["Not yours any more"] if is_kept else [])]
    assert subjects(post, ADA) == []


async def untold(desk: Desk) -> list[str]:
    """What the torture would say of these rows."""
    return [what for what, query in UNTOLD.items() if await desk.rows(query)]


async def test_the_torture_sees_who_heard_something_else(
    desk: Desk, open_business: Open, installation: Installation
) -> None:
    slug = await lumen(open_business)
    booked = await booked_at(installation, slug, 9)
    confirmed, not_theirs = UNTOLD
    assert await untold(desk) == [confirmed]
    await desk.at_rest()
    request = MoveRequest(start=tomorrow_at(11))
    await move(installation, slug, booked.appointment.id, request, actor=OWNER, now=now())
    assert await untold(desk) == [confirmed]
    await desk.at_rest()
    assert await untold(desk) == []
    await desk.rows("UPDATE message SET told_end = told_start WHERE recipient = 'staff'")
    assert await untold(desk) == [confirmed]
    await cancel(installation, slug, booked.appointment.id, actor=OWNER, now=now())
    assert await untold(desk) == [not_theirs]
    await desk.at_rest()
    assert await untold(desk) == []
