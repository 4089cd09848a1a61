"""What may become of an appointment, and until when its client may change it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from bookonce.booking.appointment import (
    Appointment,
    Status,
    require_in_time,
    require_movable,
    require_transition,
)
from bookonce.booking.terms import Terms
from bookonce.events.catalogue import Part
from bookonce.platform.errors import StatusConflictError, TooLateError

START = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
ALLOWED = {
    ("held", "confirmed"),
    ("held", "cancelled"),
    ("held", "expired"),
    ("expired", "confirmed"),
    ("expired", "cancelled"),
    ("confirmed", "cancelled"),
    ("confirmed", "completed"),
    ("confirmed", "no_show"),
    ("completed", "no_show"),
    ("no_show", "completed"),
    ("cancelled", "confirmed"),
    ("completed", "confirmed"),
    ("no_show", "confirmed"),
}


DAY_BEFORE = Terms(1440)


def an_appointment(
    status: str = "confirmed", terms: Terms = DAY_BEFORE, confirmed_at: datetime | None = None
) -> Appointment:
    return Appointment(
        id=UUID(int=1),
        status=Status(status),
        parts=(
            Part(
                service="cut",
                service_name="Cut",
                staff="ada",
                staff_name="Ada",
                start=START,
                end=START + timedelta(minutes=45),
            ),
        ),
        location="main",
        zone="Europe/Berlin",
        terms=terms,
        confirmed_at=confirmed_at,
        start=START,
        end=START + timedelta(minutes=45),
        price_minor=4800,
        currency="EUR",
        sequence=0,
    )


def test_the_statuses_are_those_the_table_below_speaks_of() -> None:
    assert {str(status) for status in Status} == {
        "held", "confirmed", "expired", "cancelled", "completed", "no_show"
    }  # fmt: skip


@pytest.mark.parametrize("before, after", sorted(ALLOWED))
def test_a_change_of_status_that_makes_sense_passes(before: str, after: str) -> None:
    require_transition(an_appointment(before), Status(after))


@pytest.mark.parametrize(
    "before, after",
    [(a.value, b.value) for a in Status for b in Status if (a.value, b.value) not in ALLOWED],
)
def test_any_other_change_of_status_is_refused_and_says_what_stands(
    before: str, after: str
) -> None:
    with pytest.raises(StatusConflictError) as refused:
        require_transition(an_appointment(before), Status(after))
    assert refused.value.code == "STATUS_CONFLICT"
    assert f"is {before.replace('_', ' ')};" in refused.value.detail
    assert f"become {after.replace('_', ' ')}." in refused.value.detail


def test_a_confirmed_appointment_can_be_moved() -> None:
    require_movable(an_appointment())


@pytest.mark.parametrize("status", ["held", "expired", "cancelled", "completed", "no_show"])
def test_an_appointment_that_is_not_confirmed_cannot_be_moved(status: str) -> None:
    with pytest.raises(StatusConflictError, match="can't be moved"):
        require_movable(an_appointment(status))


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "now", [START - 300 * DAY, START - DAY - timedelta(microseconds=1), START - DAY]
)
def test_a_client_may_change_their_mind_up_to_the_deadline_itself(now: datetime) -> None:
    require_in_time(an_appointment(), now)


@pytest.mark.parametrize("now", [START - DAY + timedelta(microseconds=1), START, START + DAY])
def test_after_the_deadline_it_is_too_late_and_the_deadline_is_told(now: datetime) -> None:
    with pytest.raises(TooLateError) as refused:
        require_in_time(an_appointment(), now)
    assert refused.value.code == "TOO_LATE"
    assert refused.value.facts["deadline"] == START - DAY


def test_without_a_limit_the_start_is_the_deadline() -> None:
    require_in_time(an_appointment(terms=Terms(0)), START)
    with pytest.raises(TooLateError):
        require_in_time(an_appointment(terms=Terms(0)), START + timedelta(microseconds=1))


def test_the_limit_counts_minutes_that_pass_whatever_the_clock_does() -> None:
    # 12:00 in Berlin on the day the clock goes forward is 23 hours after 12:00 the day before.
    berlin = ZoneInfo("Europe/Berlin")
    noon = datetime(2026, 3, 29, 12, 0, tzinfo=berlin).astimezone(UTC)
    appointment = msgspec.structs.replace(an_appointment(), start=noon)
    deadline = datetime(2026, 3, 28, 11, 0, tzinfo=berlin)
    require_in_time(appointment, deadline)
    with pytest.raises(TooLateError):
        require_in_time(appointment, deadline + timedelta(seconds=1))


LATE = START - timedelta(minutes=50)
"""A booking at this time is past the limit already."""


@pytest.mark.parametrize("minutes", [0, 14, 15])
def test_for_a_while_after_booking_the_limit_does_not_count(minutes: int) -> None:
    require_in_time(an_appointment(confirmed_at=LATE), LATE + timedelta(minutes=minutes))


def test_the_grace_ends_and_is_the_deadline_that_is_told() -> None:
    with pytest.raises(TooLateError) as refused:
        require_in_time(an_appointment(confirmed_at=LATE), LATE + timedelta(minutes=15, seconds=1))
    assert refused.value.facts["deadline"] == LATE + timedelta(minutes=15)


def test_nothing_can_be_undone_once_it_has_begun() -> None:
    booked_at = START - timedelta(minutes=5)
    appointment = an_appointment(confirmed_at=booked_at)
    require_in_time(appointment, START)
    with pytest.raises(TooLateError):
        require_in_time(appointment, START + timedelta(seconds=1))


def test_a_business_may_give_no_grace() -> None:
    with pytest.raises(TooLateError):
        require_in_time(an_appointment(terms=Terms(1440, 0), confirmed_at=LATE), LATE)
