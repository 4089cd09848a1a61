"""Finding clients by what somebody says on the telephone: a part of the name, address or number."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

FOUND_MAX = 12

# Who was here last comes first. What is typed stands for itself: "%" is no pattern.
_SEARCH = Statement(
    """
    SELECT client.client_id, client.name, client.email, client.phone, seen.last, seen.visits
    FROM client
    CROSS JOIN LATERAL (
        SELECT max(starts_at) AS last, count(*) AS visits FROM appointment
        WHERE appointment.business_id = :business_id
          AND appointment.client_id = client.client_id
    ) AS seen
    WHERE client.business_id = :business_id AND (
        strpos(lower(client.name), lower(:said)) > 0
        OR strpos(client.email, lower(:said)) > 0
        OR (:digits <> '' AND strpos(client.phone, :digits) > 0))
    ORDER BY strpos(lower(client.name), lower(:said)) = 1 DESC, seen.last DESC NULLS LAST,
             client.client_id
    LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class FoundClient:
    """A client that was found, with how often they were booked."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    visits: int


async def search(
    connection: Connection, business_id: UUID, said: str, limit: int = FOUND_MAX
) -> list[FoundClient]:
    """The clients of whom a part of the name, mail address or number was said."""
    digits = "".join(each for each in said if each.isdigit()).lstrip("0")
    is_number = digits and all(each.isdigit() or each in " +-/()." for each in said)
    rows = await _SEARCH.rows(
        connection,
        business_id=business_id,
        said=said,
        digits=digits if is_number else "",
        limit=limit,
    )
    return [
        FoundClient(row["client_id"], row["name"], row["email"], row["phone"], row["visits"])
        for row in rows
    ]
