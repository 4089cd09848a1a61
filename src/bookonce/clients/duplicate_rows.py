"""Clients who may be one: with the same mail address, number or name."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bookonce.clients.particulars import Particulars
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement

GROUPS_MAX = 30
OF_GROUP_MAX = 6
ALIKE_MAX = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be the same. `folded` is their name as it is searched."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    folded: str


@dataclass(frozen=True, slots=True)
class Group:
    """Clients who have something in common, which is `reason`: "email", "phone" or "name"."""

    reason: str
    ids: tuple[UUID, ...]


_NAME = "regexp_replace(found_by, ' [^ ]* [0-9]*$', '')"
_OF_ONE = Statement(
    rf"""
    WITH meant AS (SELECT client_folded(:name::text) AS name),
    candidate AS (
        (SELECT client_id FROM client
        WHERE business_id = :business_id AND email = :email)
        UNION
        (SELECT client_id FROM client
        WHERE business_id = :business_id AND phone = :phone)
        UNION
        (SELECT client_id FROM client, meant
        WHERE business_id = :business_id
          AND found_by >= ' ' || left(meant.name, 3)
          AND found_by < ' ' || left(meant.name, 3) || U&'\+10FFFF'
          AND abs(length(meant.name) + 1 - length({_NAME})) <= 2
        LIMIT :alike_max)
    )
    SELECT client.client_id, client.name, client.email, client.phone, {_NAME} AS folded
    FROM candidate JOIN client ON client.business_id = :business_id
                              AND client.client_id = candidate.client_id
    WHERE client.merged_into IS NULL AND client.erased_at IS NULL
      AND client.client_id <> :client_id
    ORDER BY client.found_by, client.client_id
    """
)
_GROUPS = Statement(
    f"""
    WITH mine AS (
        SELECT client_id, email, phone, {_NAME} AS name FROM client
        WHERE business_id = :business_id AND merged_into IS NULL AND erased_at IS NULL
    ),
    common AS (
        (SELECT 'email' AS reason, array_agg(client_id) AS ids FROM mine
        WHERE email IS NOT NULL GROUP BY email HAVING count(*) > 1 LIMIT :groups_max)
        UNION ALL
        (SELECT 'phone', array_agg(client_id) FROM mine
        WHERE phone IS NOT NULL GROUP BY phone HAVING count(*) > 1 LIMIT :groups_max)
        UNION ALL
        (SELECT 'name', array_agg(client_id) FROM mine
        GROUP BY name HAVING count(*) > 1 LIMIT :groups_max)
    )
    SELECT reason, ids[1:{OF_GROUP_MAX}] AS ids FROM common
    """
)
_SOME = Statement(
    """
    SELECT client_id, name, email, phone FROM client
    WHERE business_id = :business_id AND client_id = ANY(:client_ids::uuid[])
    """
)


async def of_one(
    connection: Connection, business_id: UUID, client_id: UUID, who: Particulars
) -> list[Candidate]:
    """Those with a client's mail address or number, and those whose names begin as theirs does and
    are about as long.
    """
    rows = await _OF_ONE.rows(
        connection, business_id=business_id, client_id=client_id, name=who.name, email=who.email,
        phone=who.phone, alike_max=ALIKE_MAX,
    )  # fmt: skip
    return [_candidate(row, row["folded"]) for row in rows]


async def groups(connection: Connection, business_id: UUID) -> list[Group]:
    """Clients of a business who have an address, a number or a name in common, some of each."""
    rows = await _GROUPS.rows(connection, business_id=business_id, groups_max=GROUPS_MAX)
    return [Group(row["reason"], tuple(row["ids"])) for row in rows]


async def some(
    connection: Connection, business_id: UUID, client_ids: list[UUID]
) -> dict[UUID, Candidate]:
    """Clients by their ids."""
    rows = await _SOME.rows(connection, business_id=business_id, client_ids=client_ids)
    return {row["client_id"]: _candidate(row) for row in rows}


def _candidate(row: Row, folded: str = "") -> Candidate:
    return Candidate(row["client_id"], row["name"], row["email"], row["phone"], folded.strip())
