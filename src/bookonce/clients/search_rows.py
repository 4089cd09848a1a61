"""Finding clients by what somebody says on the telephone: parts of the name, address or number.

`client.found_by` has all three, folded by `client_folded`; so is what is looked for. Whoever was
merged into another is found, too, as that one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from bookonce.clients.fold_rows import folded
from bookonce.clients.said import SHORT, WORDS_MAX, Said
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement

FOUND_MAX = 12
RANKED_MAX = 200
"""Of so many who was here last is looked up; more are too many for a person to read."""
NUMBERS_MAX = 3


class ByName(NamedTuple):
    """By what a list of clients is sorted."""

    found_by: str
    id: UUID


@dataclass(frozen=True, slots=True)
class FoundClient:
    """A client that was found, with how often they were booked."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    flags: tuple[str, ...]
    visits: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A client of a list. `found_by` is what it is sorted by."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    flags: tuple[str, ...]
    found_by: str


def _matches(words: int, numbers: int) -> str:
    """The condition for so many words, or so many ways to say a number."""
    if numbers:
        either = " OR ".join(f"client.found_by LIKE :number_{n}::text" for n in range(numbers))
        return f"AND ({either})"
    return " ".join(f"AND client.found_by LIKE :word_{n}::text" for n in range(words))


# Of a staff member who sees their own clients only: whoever has been booked with them.
_OF_PERFORMER = """
      AND (:performer_id::uuid IS NULL OR EXISTS (
          SELECT 1 FROM appointment
          JOIN appointment_part AS part ON part.business_id = :business_id
                                       AND part.appointment_id = appointment.appointment_id
          WHERE appointment.business_id = :business_id
            AND appointment.client_id = client.client_id
            AND part.resource_id = :performer_id))"""


def _search(words: int, numbers: int) -> Statement:
    """Those whose name begins so come first, then who was here last."""
    rank = "client.found_by LIKE :begins::text DESC," if words else ""
    rank_again = "found.found_by LIKE :begins::text DESC," if words else ""
    return Statement(
        f"""
    WITH matching AS (
        SELECT client.client_id, client.found_by, client.merged_into FROM client
        WHERE client.business_id = :business_id AND client.erased_at IS NULL
          {_matches(words, numbers)}{_OF_PERFORMER}
        ORDER BY {rank} client.found_by LIMIT :ranked_max
    ),
    found AS (
        SELECT DISTINCT ON (client.client_id) client.*
        FROM matching JOIN client ON client.business_id = :business_id
            AND client.client_id = coalesce(matching.merged_into, matching.client_id)
    )
    SELECT found.client_id, found.name, found.email, found.phone, found.flags, seen.visits
    FROM found
    CROSS JOIN LATERAL (
        SELECT max(starts_at) AS last, count(*) AS visits FROM appointment
        WHERE appointment.business_id = :business_id AND appointment.client_id = found.client_id
    ) AS seen
    ORDER BY {rank_again} seen.last DESC NULLS LAST, found.client_id
    LIMIT :limit
    """
    )


_COLUMNS = """client.client_id, client.name, client.email, client.phone, client.flags,
           client.found_by"""
_AFTER = """(:after_found_by::text IS NULL
           OR (client.found_by, client.client_id) > (:after_found_by::text, :after_id::uuid))"""
_LIST_ALL = Statement(
    f"""
    SELECT {_COLUMNS} FROM client
    WHERE client.business_id = :business_id AND client.merged_into IS NULL
      AND client.erased_at IS NULL
      AND {_AFTER}{_OF_PERFORMER}
    ORDER BY client.found_by, client.client_id
    LIMIT :limit
    """
)


def _list(words: int, numbers: int) -> Statement:
    """By name. Of somebody who was merged the one that they are is listed.

    MATERIALIZED: what matches is found first, by the index for that. To walk along the names until
    enough of them match would take as long as all of them.
    """
    return Statement(
        f"""
    WITH matching AS MATERIALIZED (
        SELECT client.client_id, client.found_by FROM client
        WHERE client.business_id = :business_id AND client.merged_into IS NULL
      AND client.erased_at IS NULL
          {_matches(words, numbers)}
          AND {_AFTER}{_OF_PERFORMER}
        UNION
        SELECT client.client_id, client.found_by
        FROM (
            SELECT merged_into FROM client
            WHERE client.business_id = :business_id AND client.merged_into IS NOT NULL
              AND client.erased_at IS NULL
              {_matches(words, numbers)}
        ) AS merged
        JOIN client ON client.business_id = :business_id AND client.client_id = merged.merged_into
        WHERE {_AFTER}{_OF_PERFORMER}
    )
    SELECT {_COLUMNS}
    FROM (SELECT client_id FROM matching ORDER BY found_by, client_id LIMIT :limit) AS matching
    JOIN client ON client.business_id = :business_id AND client.client_id = matching.client_id
    ORDER BY client.found_by, client.client_id
    """
    )


_SHAPES = [(words, 0) for words in range(1, WORDS_MAX + 1)] + [
    (0, numbers) for numbers in range(1, NUMBERS_MAX + 1)
]
SEARCHES = {shape: _search(*shape) for shape in _SHAPES}
LISTS = {(0, 0): _LIST_ALL} | {shape: _list(*shape) for shape in _SHAPES}


async def search(
    connection: Connection,
    business_id: UUID,
    said: Said,
    *,
    performer_id: UUID | None = None,
    limit: int = FOUND_MAX,
) -> list[FoundClient]:
    """The clients of whom something was said, the likeliest first; nobody if nothing was."""
    if said.is_nothing:
        return []
    values = await _values(connection, said)
    if said.words:
        values["begins"] = _begins(values["word_0"])
    rows = await SEARCHES[_shape(said)].rows(
        connection,
        business_id=business_id,
        performer_id=performer_id,
        ranked_max=max(RANKED_MAX, limit),
        limit=limit,
        **values,
    )
    return [
        FoundClient(
            row["client_id"], row["name"], row["email"], row["phone"],
            tuple(row["flags"]), row["visits"],
        )
        for row in rows
    ]  # fmt: skip


async def listed(
    connection: Connection,
    business_id: UUID,
    said: Said,
    *,
    performer_id: UUID | None,
    after: tuple[str, UUID] | None,
    limit: int,
) -> list[Listed]:
    """The clients of whom something was said, else all, by name; those that follow `after`."""
    found_by, after_id = after or (None, None)
    rows = await LISTS[_shape(said)].rows(
        connection,
        business_id=business_id,
        performer_id=performer_id,
        after_found_by=found_by,
        after_id=after_id,
        limit=limit,
        **await _values(connection, said),
    )
    return [_listed(row) for row in rows]


def _shape(said: Said) -> tuple[int, int]:
    return len(said.words), len(said.numbers)


async def _values(connection: Connection, said: Said) -> dict[str, str]:
    """The patterns for LIKE. They are folded by the database, as what they are compared with is."""
    values = {f"number_{n}": f"%{number}%" for n, number in enumerate(said.numbers)}
    if said.words:
        words = await folded(connection, said.words)
        has_long = any(len(word) >= SHORT for word in words)
        values |= {f"word_{n}": _pattern(word, has_long) for n, word in enumerate(words)}
    return values


def _pattern(word: str, has_long: bool) -> str:
    """A folded word, which stands for itself. A short one stands at the beginning of a word, because
    an index knows three letters at least; but not a word of a script that has short ones, nor
    digits beside a longer word.
    """
    escaped = re.sub(r"([\\%_])", r"\\\1", word)
    is_begin = len(word) < SHORT and word.isascii() and not (word.isdigit() and has_long)
    return f"% {escaped}%" if is_begin else f"%{escaped}%"


def _begins(pattern: str) -> str:
    """The same word where a name begins."""
    return " " + pattern.removeprefix("%").removeprefix(" ")


def _listed(row: Row) -> Listed:
    return Listed(
        row["client_id"], row["name"], row["email"], row["phone"],
        tuple(row["flags"]), row["found_by"],
    )  # fmt: skip
