"""Two clients made one, and what tells them apart again. Nothing is deleted: the row of the one that
went leads to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.clients.merging import Side
from bookonce.clients.particulars import Particulars
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge that can be undone: who went into whom, both before it, and who stayed after it."""

    client_id: UUID
    into_id: UUID
    client_before: Side
    into_before: Side
    into_after: Particulars
    appointment_ids: Sequence[UUID]


_GIVE = Statement(
    """
    WITH given AS (
        UPDATE appointment SET client_id = :to_id
        WHERE business_id = :business_id AND client_id = :from_id
          AND (:appointment_ids::uuid[] IS NULL OR appointment_id = ANY(:appointment_ids::uuid[]))
        RETURNING appointment_id
    ),
    told AS (
        UPDATE message SET client_id = :to_id
        WHERE business_id = :business_id AND client_id = :from_id
          AND (:appointment_ids::uuid[] IS NULL
               OR appointment_id IN (SELECT appointment_id FROM given))
    ),
    linked AS (
        UPDATE manage_link SET client_id = :to_id
        WHERE business_id = :business_id AND client_id = :from_id
          AND (:appointment_ids::uuid[] IS NULL
               OR appointment_id IN (SELECT appointment_id FROM given))
    )
    SELECT appointment_id FROM given
    """
)
_RELEASE = Statement(
    """
    UPDATE client SET email = NULL, is_known_by_email = false
    WHERE business_id = :business_id AND client_id = ANY(:client_ids::uuid[])
    """
)
_PUT = Statement(
    """
    UPDATE client
    SET name = :name, email = :email, phone = :phone, notes = :notes, flags = :flags::text[],
        is_known_by_email = :is_known_by_email AND NOT EXISTS (
            SELECT 1 FROM client AS other
            WHERE other.business_id = :business_id AND other.email = :email
              AND other.is_known_by_email AND other.client_id <> :client_id)
    WHERE business_id = :business_id AND client_id = :client_id
    """
)
_LEAD = Statement(
    """
    UPDATE client SET merged_into = :into_id
    WHERE business_id = :business_id AND (client_id = :client_id OR merged_into = :client_id)
    """
)
# Those who were merged into somebody before that one was merged in turn go with them.
_LEAD_BACK = Statement(
    """
    WITH RECURSIVE theirs AS (
        SELECT merge.client_id FROM client_merge AS merge
        WHERE merge.business_id = :business_id AND merge.into_id = :client_id
        UNION
        SELECT merge.client_id FROM client_merge AS merge
        JOIN theirs ON merge.into_id = theirs.client_id
        WHERE merge.business_id = :business_id
    )
    UPDATE client
    SET merged_into = CASE WHEN client_id = :client_id THEN NULL ELSE :client_id::uuid END
    WHERE business_id = :business_id
      AND (client_id = :client_id OR client_id IN (SELECT client_id FROM theirs))
    """
)
_REMEMBER = Statement(
    """
    INSERT INTO client_merge (
        business_id, client_id, into_id, client_before, into_before, into_after, appointment_ids,
        merged_at
    )
    VALUES (
        :business_id, :client_id, :into_id, :client_before::jsonb, :into_before::jsonb,
        :into_after::jsonb, :appointment_ids::uuid[], :now
    )
    """
)
_FIND = Statement(
    "SELECT * FROM client_merge WHERE business_id = :business_id AND client_id = :client_id"
)
_FORGET = Statement(
    "DELETE FROM client_merge WHERE business_id = :business_id AND client_id = :client_id"
)
_MERGED = Statement(
    """
    SELECT client.client_id, coalesce(merge.client_before -> 'particulars' ->> 'name', client.name)
        AS name, merge.merged_at
    FROM client JOIN client_merge AS merge ON merge.business_id = :business_id
                                          AND merge.client_id = client.client_id
    WHERE client.business_id = :business_id AND client.merged_into = :into_id
    ORDER BY merge.merged_at DESC, client.client_id
    """
)


async def give(
    connection: Connection,
    business_id: UUID,
    from_id: UUID,
    to_id: UUID,
    appointment_ids: Sequence[UUID] | None = None,
) -> list[UUID]:
    """Make a client's appointments another's, with what was told of them: all, or those that are named
    and still theirs.
    """
    rows = await _GIVE.rows(
        connection,
        business_id=business_id,
        from_id=from_id,
        to_id=to_id,
        appointment_ids=appointment_ids,
    )
    return [row["appointment_id"] for row in rows]


async def put(connection: Connection, business_id: UUID, sides: dict[UUID, Side]) -> None:
    """Write down what some clients are now. They give their addresses up first, so that they can
    change places.
    """
    await _RELEASE.run(connection, business_id=business_id, client_ids=list(sides))
    for client_id, side in sides.items():
        who = side.particulars
        await _PUT.run(
            connection, business_id=business_id, client_id=client_id, name=who.name,
            email=who.email, phone=who.phone, notes=who.notes, flags=list(who.flags),
            is_known_by_email=side.is_known_by_email,
        )  # fmt: skip


async def lead(connection: Connection, business_id: UUID, client_id: UUID, into_id: UUID) -> None:
    """Have a client, and whoever was merged into them, lead to another."""
    await _LEAD.run(connection, business_id=business_id, client_id=client_id, into_id=into_id)


async def lead_back(connection: Connection, business_id: UUID, client_id: UUID) -> None:
    """Have a client lead to nobody, and whoever was merged into them to them."""
    await _LEAD_BACK.run(connection, business_id=business_id, client_id=client_id)


async def remember(connection: Connection, business_id: UUID, merge: Merge, now: datetime) -> None:
    """Keep what tells the two apart."""
    await _REMEMBER.run(
        connection, business_id=business_id, client_id=merge.client_id, into_id=merge.into_id,
        client_before=_json(merge.client_before), into_before=_json(merge.into_before),
        into_after=_json(merge.into_after), appointment_ids=list(merge.appointment_ids), now=now,
    )  # fmt: skip


async def find(connection: Connection, business_id: UUID, client_id: UUID) -> Merge | None:
    """The merge in which a client went."""
    row = await _FIND.row(connection, business_id=business_id, client_id=client_id)
    if row is None:
        return None
    decode = msgspec.json.decode
    return Merge(
        row["client_id"], row["into_id"], decode(row["client_before"], type=Side),
        decode(row["into_before"], type=Side), decode(row["into_after"], type=Particulars),
        row["appointment_ids"],
    )  # fmt: skip


async def forget(connection: Connection, business_id: UUID, client_id: UUID) -> None:
    """There was no such merge."""
    await _FORGET.run(connection, business_id=business_id, client_id=client_id)


async def merged_into(
    connection: Connection, business_id: UUID, client_id: UUID
) -> list[tuple[UUID, str, datetime]]:
    """Who was merged into a client: id, name and when, the last first."""
    rows = await _MERGED.rows(connection, business_id=business_id, into_id=client_id)
    return [(row["client_id"], row["name"], row["merged_at"]) for row in rows]


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()
