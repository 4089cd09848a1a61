"""How many bookings ahead one visitor may hold: the pieces that the booking statement counts by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """Something that a visitor is known by, as a hash, and how many bookings ahead it may hold."""

    subject: bytes
    bookings_max: int
    is_unpaid: bool = False
    """Whether only those count that wait for a payment."""


ROOM = """
counted_before AS (
    SELECT visitor_booking.subject, visitor_booking.number, visitor_booking.appointment_id,
           ((appointment.status = 'confirmed' AND NOT known.is_unpaid)
            OR (appointment.status = 'held' AND appointment.hold_expires_at > :now))
           AND appointment.starts_at > :now AS counts
    FROM unnest(:subjects::bytea[], :are_unpaid::boolean[]) AS known (subject, is_unpaid)
    JOIN visitor_booking ON visitor_booking.business_id = :business_id
                        AND visitor_booking.subject = known.subject
    JOIN appointment ON appointment.business_id = visitor_booking.business_id
                    AND appointment.appointment_id = visitor_booking.appointment_id
),
room AS (
    SELECT allowed.subject, (
        SELECT min(number) FROM generate_series(1, allowed.most) AS number
        WHERE number NOT IN (
            SELECT counted_before.number FROM counted_before
            WHERE counted_before.subject = allowed.subject AND counted_before.counts)
    ) AS number
    FROM unnest(:subjects::bytea[], :bookings_max::int[]) AS allowed (subject, most)
    WHERE allowed.most > (
        SELECT count(*) FROM counted_before
        WHERE counted_before.subject = allowed.subject AND counted_before.counts)
)""".strip()
"""The pieces of a WITH query that look for room: `room` has a number for each subject that may hold
one more. An appointment counts while it is held or confirmed, and ahead.
"""


def counting(source: str) -> str:
    """The piece of a WITH query that counts an appointment for every subject with `room`, for each
    row of `source`.

    `counted` lacks a subject if a rival took its number since our snapshot; whoever uses the piece
    undoes everything then. Subjects are asked for in one order, so that rivals who share two of
    them don't wait for each other.
    """
    return f"""
counted AS (
    INSERT INTO visitor_booking (business_id, subject, number, appointment_id)
    SELECT :business_id, room.subject, room.number, :appointment_id
    FROM {source} CROSS JOIN room
    ORDER BY room.subject
    ON CONFLICT (business_id, subject, number)
        DO UPDATE SET appointment_id = excluded.appointment_id
        WHERE visitor_booking.appointment_id IN (
            SELECT counted_before.appointment_id FROM counted_before
            WHERE NOT counted_before.counts)
    RETURNING subject
)""".strip()
