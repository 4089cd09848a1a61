"""Appointments: reading one, and the conditional changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability.claim_rows import releasing
from bookonce.availability.rise_rows import GIVEN_BACK, rise
from bookonce.booking.appointment import CLOSED, Appointment, Status
from bookonce.booking.terms import Terms
from bookonce.business.answers import Answer
from bookonce.events.appointment_facts import APPOINTMENT_FACTS
from bookonce.events.catalogue import EDITED, KINDS, PLAIN, REOPENED, Manner, Part
from bookonce.events.event_rows import appended
from bookonce.events.followers import is_followed
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement
from bookonce.platform.zone_database import RULES

_APPOINTMENT = """
    SELECT appointment.appointment_id, appointment.status, appointment.starts_at,
        appointment.ends_at, appointment.price_minor, appointment.currency, appointment.sequence,
        appointment.client_id, appointment.client_name, appointment.client_phone,
        appointment.notes, appointment.answers::text AS answers, appointment.created_at, appointment.overbooked,
        appointment.deposit_minor,
        appointment.keep_minor, appointment.hold_expires_at, appointment.business_version,
        appointment.location_name, appointment.location_address, appointment.zone,
        appointment.wall_start, appointment.forfeit_minor, appointment.confirmed_at,
        location.key AS location, (
            SELECT jsonb_build_object('refunds', version.document #> '{payments,refunds}')
                   || (version.document -> 'policy')
            FROM business_version AS version
            WHERE version.business_id = :business_id
              AND version.version = appointment.business_version
        )::text AS terms,
        (
            SELECT json_agg(json_build_object(
                'service', service.key, 'service_name', part.service_name,
                'staff', performer.key, 'staff_name', part.staff_name,
                'start', part.starts_at, 'end', part.ends_at, 'price_minor', part.price_minor
            ) ORDER BY part.number)
            FROM appointment_part AS part
            JOIN service ON service.business_id = :business_id
                        AND service.service_id = part.service_id
            JOIN resource AS performer ON performer.business_id = :business_id
                                      AND performer.resource_id = part.resource_id
            WHERE part.business_id = :business_id
              AND part.appointment_id = appointment.appointment_id
        ) AS parts,
        CASE WHEN appointment.deposit_minor IS NOT NULL THEN (
            SELECT CASE payment.status WHEN 'given_up' THEN 'cancelled' ELSE payment.status END
            FROM payment
            WHERE payment.business_id = :business_id
              AND payment.appointment_id = appointment.appointment_id
            ORDER BY payment.number DESC LIMIT 1
        ) END AS payment_status,
        CASE WHEN appointment.deposit_minor IS NOT NULL THEN (
            SELECT sum(ledger_entry.amount_minor)::bigint
            FROM payment JOIN ledger_entry ON ledger_entry.business_id = :business_id
                                          AND ledger_entry.payment_id = payment.payment_id
            WHERE payment.business_id = :business_id
              AND payment.appointment_id = appointment.appointment_id
              AND ledger_entry.kind = 'refunded'
        ) END AS refunded_minor,
        (
            SELECT array_agg(DISTINCT other.key)
            FROM claim
            JOIN resource AS other ON other.business_id = :business_id
                                  AND other.resource_id = claim.resource_id
                                  AND other.lane_of IS NULL
            WHERE claim.business_id = :business_id
              AND claim.appointment_id = appointment.appointment_id
              AND claim.kind = 'appointment' AND claim.resource_id NOT IN (
                  SELECT part.resource_id FROM appointment_part AS part
                  WHERE part.business_id = :business_id
                    AND part.appointment_id = appointment.appointment_id)
        ) AS resources
    FROM appointment
    JOIN location ON location.business_id = :business_id
                 AND location.location_id = appointment.location_id
    WHERE appointment.business_id = :business_id
"""
_BY_ID = Statement(f"{_APPOINTMENT} AND appointment.appointment_id = :appointment_id")
_ID_OF_TOKEN = Statement(
    """
    SELECT appointment_id FROM appointment
    WHERE business_id = :business_id AND token_hash = :token_hash
    UNION ALL
    SELECT manage_link.appointment_id
    FROM manage_link
    JOIN appointment ON appointment.business_id = :business_id
                    AND appointment.appointment_id = manage_link.appointment_id
    WHERE manage_link.business_id = :business_id AND manage_link.token_hash = :token_hash
      AND (manage_link.client_id IS NULL OR manage_link.client_id = appointment.client_id)
    """
)
_CHANGE_STATUS = Statement(
    f"""
    WITH changed AS (
        UPDATE appointment
        SET status = :status, sequence = sequence + 1,
            confirmed_at = CASE WHEN :status = 'confirmed' THEN coalesce(confirmed_at, :now)
                                ELSE confirmed_at END,
            keep_minor = coalesce(:keep_minor, keep_minor)
        WHERE business_id = :business_id AND appointment_id = :appointment_id
          AND status = :expected_status AND sequence = :expected_sequence
        RETURNING *
    ),
    {releasing("appointment_id IN (SELECT appointment_id FROM changed WHERE :gives_back)")},
    happened AS (
        INSERT INTO event (
            business_id, event_id, kind, actor, appointment_id, at, data, is_unrelayed
        )
        SELECT :business_id, :event_id, :kind, :actor::jsonb, appointment_id, :now,
               {APPOINTMENT_FACTS} || jsonb_build_object('resources', to_jsonb(:resources::text[]))
               || :manner::jsonb,
               :is_unrelayed
        FROM changed AS appointment
    )
    SELECT appointment_id, {GIVEN_BACK} FROM changed
    """
)
_LOCK_UNCHANGED = Statement(
    """
    SELECT 1 AS one FROM appointment
    WHERE business_id = :business_id AND appointment_id = :appointment_id
      AND status = :status AND sequence = :sequence
    FOR NO KEY UPDATE
    """
)
_LOCK = Statement(
    """
    SELECT 1 AS one FROM appointment
    WHERE business_id = :business_id AND appointment_id = :appointment_id
    FOR NO KEY UPDATE
    """
)
# In another name it is opened neither by the link that its booking was answered with, nor shown in the
# language of whoever booked.
_EDIT = Statement(
    f"""
    WITH changed AS (
        UPDATE appointment
        SET notes = :notes, client_id = :client_id, client_name = :client_name,
            client_phone = :client_phone, sequence = sequence + 1,
            language = CASE WHEN client_id IS NOT DISTINCT FROM :client_id THEN language END,
            token_hash = CASE WHEN client_id IS NOT DISTINCT FROM :client_id THEN token_hash
                              ELSE sha256(uuid_send(gen_random_uuid())) END
        WHERE business_id = :business_id AND appointment_id = :appointment_id
          AND sequence = :expected_sequence
        RETURNING *
    ),
    happened AS (
        INSERT INTO event (
            business_id, event_id, kind, actor, appointment_id, at, data, is_unrelayed
        )
        SELECT :business_id, :event_id, :kind, :actor::jsonb, appointment_id, :now,
               {APPOINTMENT_FACTS} || jsonb_build_object('resources', to_jsonb(:resources::text[]))
               || :manner::jsonb || jsonb_build_object('changed', to_jsonb(:changed::text[])),
               :is_unrelayed
        FROM changed AS appointment
    )
    SELECT appointment_id FROM changed
    """
)
_SET_TIME = Statement(
    """
    UPDATE appointment
    SET location_id = coalesce(:location_id, location_id), location_name = :location_name,
        location_address = :location_address, zone = :zone, wall_start = :wall_start,
        zone_rules = :zone_rules, forfeit_minor = :forfeit_minor, starts_at = :starts_at,
        ends_at = :ends_at, sequence = sequence + :changes, overbooked = :overbooked
    WHERE business_id = :business_id AND appointment_id = :appointment_id
    """
)
_SET_OVERBOOKED = Statement(
    """
    UPDATE appointment SET overbooked = :overbooked
    WHERE business_id = :business_id AND appointment_id = :appointment_id
    """
)
_SET_PARTS = Statement(
    """
    UPDATE appointment_part
    SET resource_id = performer.resource_id, staff_name = performer.name,
        starts_at = wanted.starts_at, ends_at = wanted.ends_at
    FROM unnest(:performer_ids::uuid[], :starts::timestamptz[], :ends::timestamptz[])
        WITH ORDINALITY AS wanted (resource_id, starts_at, ends_at, number)
    JOIN resource AS performer ON performer.business_id = :business_id
                              AND performer.resource_id = wanted.resource_id
    WHERE appointment_part.business_id = :business_id
      AND appointment_part.appointment_id = :appointment_id
      AND appointment_part.number = wanted.number - 1
    """
)


def _appointment(row: Row) -> Appointment:
    return Appointment(
        id=row["appointment_id"],
        status=Status(row["status"]),
        parts=msgspec.json.decode(row["parts"], type=tuple[Part, ...]),
        location=row["location"],
        location_name=row["location_name"],
        location_address=row["location_address"],
        zone=row["zone"],
        wall_start=row["wall_start"],
        forfeit_minor=row["forfeit_minor"],
        confirmed_at=row["confirmed_at"],
        terms=msgspec.json.decode(row["terms"], type=Terms),
        business_version=row["business_version"],
        resources=tuple(row["resources"] or ()),
        start=row["starts_at"],
        end=row["ends_at"],
        price_minor=row["price_minor"],
        currency=row["currency"],
        sequence=row["sequence"],
        client_id=row["client_id"],
        client_name=row["client_name"],
        client_phone=row["client_phone"],
        created_at=row["created_at"],
        overbooked=row["overbooked"],
        notes=row["notes"],
        answers=msgspec.json.decode(row["answers"] or b"[]", type=tuple[Answer, ...]),
        deposit_minor=row["deposit_minor"],
        keep_minor=row["keep_minor"],
        hold_expires_at=row["hold_expires_at"],
        payment_status=row["payment_status"],
        refunded_minor=row["refunded_minor"] or 0,
    )


async def id_of_token(connection: Connection, business_id: UUID, token_hash: bytes) -> UUID | None:
    """The appointment that a manage token opens, within one business."""
    found: UUID | None = await _ID_OF_TOKEN.value(
        connection, business_id=business_id, token_hash=token_hash
    )
    return found


async def by_id(
    connection: Connection, business_id: UUID, appointment_id: UUID
) -> Appointment | None:
    """An appointment by its id, within one business."""
    row = await _BY_ID.row(connection, business_id=business_id, appointment_id=appointment_id)
    return _appointment(row) if row else None


async def change_status(
    connection: Connection,
    business_id: UUID,
    appointment: Appointment,
    status: Status,
    *,
    event_id: UUID,
    actor: Actor,
    now: datetime,
    keep_minor: int | None = None,
    manner: Manner = PLAIN,
) -> bool:
    """Set a status if nothing has changed since `appointment` was read; False if it has.

    One statement: the status, what is kept of the deposit, the claims given back if it is
    cancelled, and the event. A cancellation is a transaction: what lies over it may rise.
    """
    kind = KINDS[f"appointment.{status.value}"]
    if status is Status.CONFIRMED and appointment.status in CLOSED:
        kind = REOPENED
    row = await _CHANGE_STATUS.row(
        connection,
        business_id=business_id,
        appointment_id=appointment.id,
        expected_status=appointment.status.value,
        expected_sequence=appointment.sequence,
        status=status.value,
        gives_back=status is Status.CANCELLED,
        keep_minor=keep_minor,
        event_id=event_id,
        kind=kind.name,
        actor=actor.as_json(),
        now=now,
        resources=list(appointment.resources),
        manner=manner.as_json(),
        is_unrelayed=is_followed(kind.name),
    )
    if row is not None:
        appended(kind)
        await rise(connection, business_id, row["given_back"])
    return row is not None


async def edit(
    connection: Connection,
    business_id: UUID,
    edited: Appointment,
    changed: Sequence[str],
    *,
    event_id: UUID,
    actor: Actor,
    now: datetime,
    manner: Manner = PLAIN,
) -> bool:
    """Write the note and whom it is for, as `edited` has them, if nothing has changed since it was
    read; False if something has. `changed` are the fields that it puts right.
    """
    row = await _EDIT.row(
        connection,
        business_id=business_id,
        appointment_id=edited.id,
        expected_sequence=edited.sequence,
        notes=edited.notes,
        client_id=edited.client_id,
        client_name=edited.client_name,
        client_phone=edited.client_phone,
        event_id=event_id,
        kind=EDITED.name,
        actor=actor.as_json(),
        now=now,
        resources=list(edited.resources),
        changed=list(changed),
        manner=manner.as_json(),
        is_unrelayed=is_followed(EDITED.name),
    )
    if row is not None:
        appended(EDITED)
    return row is not None


async def lock_unchanged(
    connection: Connection, business_id: UUID, appointment: Appointment
) -> bool:
    """Hold an appointment for a change if nothing has changed since it was read.

    Its rival is another change of the same appointment; claims that refer to it don't wait.
    """
    row = await _LOCK_UNCHANGED.row(
        connection,
        business_id=business_id,
        appointment_id=appointment.id,
        status=appointment.status.value,
        sequence=appointment.sequence,
    )
    return row is not None


async def lock(connection: Connection, business_id: UUID, appointment_id: UUID) -> None:
    """Hold an appointment for a change, whatever it is by then; see `lock_unchanged`."""
    await _LOCK.row(connection, business_id=business_id, appointment_id=appointment_id)


async def set_time(
    connection: Connection,
    business_id: UUID,
    appointment: Appointment,
    performer_ids: Sequence[UUID],
    *,
    location_id: UUID | None = None,
    overbooked: str | None = None,
    is_change: bool = True,
) -> None:
    """Write the times, the place and who performs the parts of an appointment that `lock_unchanged`
    holds, as `appointment` has them by now; `location_id` None: the same place. `overbooked` is why
    it may lie over another. `is_change` raises its sequence; without it this is a part of another
    change.
    """
    await _SET_TIME.run(
        connection,
        business_id=business_id,
        appointment_id=appointment.id,
        location_id=location_id,
        location_name=appointment.location_name,
        location_address=appointment.location_address,
        zone=appointment.zone,
        wall_start=appointment.wall_start,
        zone_rules=RULES,
        forfeit_minor=appointment.forfeit_minor,
        starts_at=appointment.start,
        ends_at=appointment.end,
        changes=int(is_change),
        overbooked=overbooked,
    )
    await _SET_PARTS.run(
        connection,
        business_id=business_id,
        appointment_id=appointment.id,
        performer_ids=performer_ids,
        starts=[part.start for part in appointment.parts],
        ends=[part.end for part in appointment.parts],
    )


async def set_overbooked(
    connection: Connection, business_id: UUID, appointment_id: UUID, reason: str
) -> None:
    """Write down why an appointment may lie over another, in the transaction that books it."""
    await _SET_OVERBOOKED.run(
        connection, business_id=business_id, appointment_id=appointment_id, overbooked=reason
    )
