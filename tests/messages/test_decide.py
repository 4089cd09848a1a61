"""What is told to whom, by what is so and by what was heard; and words that must agree."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from bookonce.booking.appointment import Appointment, Status
from bookonce.business.messages import MessageKind
from bookonce.events.catalogue import KINDS
from bookonce.messages.decide import Heard, Recipient, Truth, Void, decide
from bookonce.messages.kinds import CAUSES, NOBODY, useful_until
from bookonce.messages.log import STATUSES
from tests.messages.samples import START, an_appointment

DOCS = Path(__file__).parents[2] / "docs"
CLIENT, ADA, OWNER = Recipient("client"), Recipient("staff", "ada0"), Recipient("owner", "o@x.org")


def appointment(status: Status, **more: Any) -> Appointment:
    made = an_appointment(MessageKind.BOOKED, {})
    return msgspec.structs.replace(made, **{"status": status, "deposit_minor": None} | more)


def heard(sequence: int, status: str = "confirmed", **more: Any) -> Heard:
    place = an_appointment(MessageKind.BOOKED, {}).where
    known: dict[str, Any] = {"start": START, "staff": ("ada0",), "place": place}
    return Heard(sequence, status, **known | more)


WALL = an_appointment(MessageKind.BOOKED, {}).wall_start
EARLIER: dict[str, Any] = {"start": START - timedelta(hours=2)}


@pytest.mark.parametrize(
    ("cause", "recipient", "status", "known", "told"),
    [
        ("booked", CLIENT, Status.CONFIRMED, None, MessageKind.BOOKED),
        ("booked", CLIENT, Status.CANCELLED, None, None),
        ("booked", CLIENT, Status.CONFIRMED, heard(2), None),
        ("moved", CLIENT, Status.CONFIRMED, None, MessageKind.BOOKED),
        ("moved", CLIENT, Status.CONFIRMED, heard(1, **EARLIER), MessageKind.MOVED),
        ("moved", CLIENT, Status.CONFIRMED, heard(1), None),  # it was undone
        ("moved", ADA, Status.CONFIRMED, heard(1, **EARLIER), MessageKind.MOVED),
        ("moved", Recipient("staff", "x"), Status.CONFIRMED, heard(1), MessageKind.TAKEN_OFF),
        ("moved", Recipient("staff", "x"), Status.CONFIRMED, heard(1, "off"), None),
        ("moved", Recipient("staff", "x"), Status.CONFIRMED, None, None),
        ("moved", ADA, Status.CONFIRMED, heard(1, "off"), MessageKind.BOOKED),
        ("booked", CLIENT, Status.CONFIRMED, heard(1, "cancelled"), MessageKind.BOOKED),  # reopened
        ("cancelled", CLIENT, Status.CANCELLED, heard(1), MessageKind.CANCELLED),
        ("cancelled", CLIENT, Status.CANCELLED, None, MessageKind.CANCELLED),
        ("cancelled", CLIENT, Status.CONFIRMED, heard(1), None),  # reopened meanwhile
        ("cancelled", ADA, Status.CANCELLED, heard(1), MessageKind.CANCELLED),
        ("cancelled", ADA, Status.CANCELLED, heard(1, "off"), None),
        ("cancelled", OWNER, Status.CANCELLED, None, None),
        ("held", CLIENT, Status.HELD, None, MessageKind.HELD),
        ("held", CLIENT, Status.EXPIRED, None, None),
        ("no_show", CLIENT, Status.NO_SHOW, heard(2), MessageKind.NO_SHOW),
        ("no_show", CLIENT, Status.COMPLETED, heard(1), None),
        ("refunded", CLIENT, Status.CANCELLED, heard(2), MessageKind.REFUNDED),
        ("rezoned", CLIENT, Status.CONFIRMED, heard(1, **EARLIER), MessageKind.REZONED),
        ("rezoned", ADA, Status.CONFIRMED, heard(1, wall=WALL, **EARLIER), MessageKind.REZONED),
        ("rezoned", ADA, Status.CONFIRMED, heard(1, wall=START, **EARLIER), MessageKind.MOVED),
        ("moved", ADA, Status.CONFIRMED, heard(1, wall=WALL, **EARLIER), MessageKind.REZONED),
        ("rezoned", CLIENT, Status.CONFIRMED, None, MessageKind.BOOKED),
        (
            "rezoned",
            CLIENT,
            Status.HELD,
            heard(1, "held", **EARLIER),
            None,
        ),  # its clock says the same
        ("moved", CLIENT, Status.CONFIRMED, heard(1, end=START), MessageKind.RESIZED),
        ("changed", CLIENT, Status.CONFIRMED, heard(1), None),
        ("changed", CLIENT, Status.CONFIRMED, None, MessageKind.BOOKED),
        ("changed", CLIENT, Status.HELD, None, MessageKind.HELD),
        ("changed", CLIENT, Status.CANCELLED, None, None),
        ("changed", ADA, Status.CONFIRMED, heard(1, client="Yan"), MessageKind.CHANGED),
        ("changed", ADA, Status.CONFIRMED, heard(1), MessageKind.CHANGED),
        ("moved", ADA, Status.CONFIRMED, heard(1), None),  # an older release didn't say for whom
        ("changed", ADA, Status.CONFIRMED, heard(1, client="Zoe"), None),
        ("changed", ADA, Status.HELD, None, None),
        ("changed", OWNER, Status.CONFIRMED, None, MessageKind.BOOKED),
    ],
)
def test_what_is_told(
    cause: str, recipient: Recipient, status: Status, known: Heard | None, told: MessageKind | None
) -> None:
    truth = Truth(appointment(status), known, client="Zoe")
    decided = decide(MessageKind(cause), recipient, truth)
    assert (None if isinstance(decided, Void) else decided) == told


@pytest.mark.parametrize("cause", sorted(set(MessageKind) - {MessageKind.REFUNDED}))
def test_whoever_had_it_hears_only_that_it_is_theirs_no_more(cause: MessageKind) -> None:
    for status, told in (
        ("confirmed", MessageKind.TAKEN_OFF),
        ("held", MessageKind.TAKEN_OFF),
        ("off", None),
        ("cancelled", None),
        (None, None),
    ):
        known = heard(1, status) if status else None
        truth = Truth(appointment(Status.CONFIRMED), known, is_former=True)
        decided = decide(cause, CLIENT, truth)
        assert (None if isinstance(decided, Void) else decided) == told


@pytest.mark.parametrize("known", [None, heard(1, **EARLIER)])
def test_who_works_there_hears_why_one_lies_over_another(known: Heard | None) -> None:
    over = Truth(appointment(Status.CONFIRMED, overbooked="A guest of ours"), known)
    assert decide(MessageKind.MOVED, ADA, over) is MessageKind.OVERBOOKED
    assert decide(MessageKind.MOVED, CLIENT, over) is not MessageKind.OVERBOOKED


def test_money_that_came_too_late_has_its_own_words() -> None:
    lost = appointment(Status.CANCELLED, confirmed_at=None, deposit_minor=960)
    with_money = Truth(lost, heard(1, "held"), had_money=True)
    assert decide(MessageKind.CANCELLED, CLIENT, with_money) is MessageKind.PAYMENT_LOST
    without = Truth(lost, heard(1, "held"))
    assert decide(MessageKind.CANCELLED, CLIENT, without) is MessageKind.CANCELLED


def test_nobody_is_reminded_of_another_time_than_theirs() -> None:
    truth = Truth(appointment(Status.CONFIRMED), None, subject_start=START)
    assert decide(MessageKind.REMINDER, CLIENT, truth) is MessageKind.REMINDER
    moved = Truth(appointment(Status.CONFIRMED), None, subject_start=START - timedelta(hours=1))
    assert isinstance(decide(MessageKind.REMINDER, CLIENT, moved), Void)
    for status in set(Status) - {Status.CONFIRMED}:
        over = Truth(appointment(status), None, subject_start=START)
        assert isinstance(decide(MessageKind.REMINDER, CLIENT, over), Void)


def test_a_message_is_of_use_until_the_start_and_for_five_days_at_most() -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    soon, far = at + timedelta(hours=3), at + timedelta(days=40)
    assert useful_until(MessageKind.BOOKED, at, soon, None) == soon
    assert useful_until(MessageKind.BOOKED, at, far, None) == at + timedelta(days=5)
    assert useful_until(MessageKind.CANCELLED, at, at, None) == at + timedelta(hours=1)
    assert useful_until(MessageKind.HELD, at, far, soon) == soon
    assert useful_until(MessageKind.REFUNDED, at, at, None) == at + timedelta(days=5)


async def test_the_database_knows_the_kinds_and_statuses_and_no_others(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint"
            " WHERE conrelid = 'message'::regclass AND contype = 'c'"
        )
    finally:
        await connection.close()
    words = [set(re.findall(r"'(\w+)'", row["text"])) for row in rows]
    assert {kind.value for kind in MessageKind} in words
    assert set(STATUSES) in words


def test_every_kind_and_status_is_documented() -> None:
    text = (DOCS / "messages.md").read_text()
    told = set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
    assert told == {kind.value for kind in MessageKind} | STATUSES
    assert set(CAUSES.values()) <= set(MessageKind)


def test_every_event_is_told_or_says_why_nobody_hears_of_it() -> None:
    assert CAUSES.keys() | NOBODY.keys() == KINDS.keys()
    assert not CAUSES.keys() & NOBODY.keys()
    text = (DOCS / "messages.md").read_text()
    listed = dict(re.findall(r"^\| `(\w+\.\w+)` \| (.+) \|$", text, re.MULTILINE))
    assert listed == NOBODY
    assert all(NOBODY.values())
