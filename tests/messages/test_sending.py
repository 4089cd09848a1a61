"""From a booking to the mail in the client's hands."""

from __future__ import annotations

from icalendar import Calendar

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.find import access_by_token
from bookonce.booking.move import MoveRequest, move
from bookonce.platform.actor import VISITOR
from tests.factories import a_booking, a_business, a_staff_member, now, tomorrow_at
from tests.messages.conftest import PUBLIC_URL, SENDER, Desk, Open
from tests.messages.post import Post

ZOE = "zoe@example.com"


async def test_whoever_books_gets_a_mail_with_a_calendar_file(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business(name="Lumen Hair"))
    booked = await book(
        installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now(), language="de"
    )
    await desk.at_rest()
    (received,) = post.to(ZOE)
    mail = received.mail
    assert mail["From"] == f"Lumen Hair <{SENDER}>"
    assert received.subject.startswith("Gebucht: Cut, ")
    assert mail["Content-Language"] == "de"
    assert await desk.statuses() == ["sent"]
    event = Calendar.from_ical(received.part("text/calendar"))
    assert event["method"] == "PUBLISH"
    assert event.events[0]["uid"] == f"{booked.appointment.id}@bookonce"
    assert "ATTENDEE" not in event.events[0]
    assert "ORGANIZER" not in event.events[0]


async def test_the_link_of_a_mail_opens_the_appointment_and_isn_t_kept(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business())
    booked = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now())
    await desk.at_rest()
    text = post.to(ZOE)[0].part("text/plain")
    start = f"{PUBLIC_URL}/{slug}/a/"
    (line,) = [line for line in text.splitlines() if line.startswith(start)]
    token = line.removeprefix(start)
    assert token != booked.token
    access = await access_by_token(installation, slug, token)
    assert access.appointment_id == booked.appointment.id
    (row,) = await desk.messages()
    assert token not in str(dict(row))
    assert "…" in row["body"]


async def test_what_changed_before_the_mail_left_is_told_once_and_as_it_is(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business())
    booked = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now())
    later = MoveRequest(start=tomorrow_at(11))
    await move(installation, slug, booked.appointment.id, later, actor=VISITOR, now=now())
    await desk.at_rest()
    (received,) = post.to(ZOE)
    assert "Booked" in received.subject
    event = Calendar.from_ical(received.part("text/calendar")).events[0]
    assert event.start == tomorrow_at(11)
    assert sorted(await desk.statuses()) == ["sent", "void"]


async def test_a_move_and_a_cancellation_are_told_with_what_was_before(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business())
    booked = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now())
    await desk.at_rest()
    later = MoveRequest(start=tomorrow_at(11))
    await move(installation, slug, booked.appointment.id, later, actor=VISITOR, now=now())
    await desk.at_rest()
    await cancel(installation, slug, booked.appointment.id, actor=VISITOR, now=now())
    await desk.at_rest()
    first, second, third = (one.subject.partition(":")[0] for one in post.to(ZOE))
    assert (first, second, third) == ("Booked", "Moved", "Cancelled")
    assert "Before: " in post.to(ZOE)[1].part("text/plain")
    files = [Calendar.from_ical(one.part("text/calendar")) for one in post.to(ZOE)]
    assert [file["method"] for file in files] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert len({file.events[0]["uid"] for file in files}) == 1
    sequences = [int(str(file.events[0]["sequence"])) for file in files]
    assert sequences == sorted(set(sequences))


async def test_staff_and_owner_are_told_too_and_one_person_once(
    desk: Desk, post: Post, open_business: Open, installation: Installation
) -> None:
    staff = [a_staff_member("ada", email="ada@lumen.example")]
    messages = {"owner_copy": ["Ada@lumen.example", "hello@lumen.example"]}
    slug = await open_business(a_business(staff=staff, messages=messages))
    await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now())
    await desk.at_rest()
    assert sorted(one.to for one in post.received) == [
        "ada@lumen.example",
        "hello@lumen.example",
        ZOE,
    ]
    invitation = Calendar.from_ical(post.to("ada@lumen.example")[0].part("text/calendar"))
    assert invitation["method"] == "REQUEST"
    attendee = invitation.events[0]["attendee"]
    assert attendee.params["partstat"] == "ACCEPTED"
    assert attendee.params["rsvp"] == "FALSE"


async def test_without_a_server_messages_are_kept_to_be_read(
    bare_desk: Desk, open_business: Open, installation: Installation
) -> None:
    slug = await open_business(a_business())
    await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now())
    await bare_desk.at_rest()
    (row,) = await bare_desk.messages()
    assert row["status"] == "not_sent"
    assert row["address"] == ZOE
    assert row["subject"].startswith("Booked: Cut")
    assert "Your appointment is booked" in row["body"]
