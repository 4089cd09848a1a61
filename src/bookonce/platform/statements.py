"""SQL with named parameters: `:business_id` in the text, `$1` for PostgreSQL.

A statement is compiled once, when its module is imported. It is given its values by name, or as a
dataclass that has a field for each of its names; both are checked, so that no value can stand in
another's place.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar, get_type_hints

from bookonce.platform.connection import Connection, Row

P = TypeVar("P")

_NAME = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
_COUNT = re.compile(r"\d+$")


def compiled(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with `$n` for each name, and the names in the order of their numbers.

    `::type` is a cast, as ever. A name may stand in the text more than once.
    """
    names: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    return _NAME.sub(numbered, text), tuple(names)


def rows_affected(status: str) -> int:
    """How many rows a command wrote, from what PostgreSQL answers: "INSERT 0 1"."""
    match = _COUNT.search(status)
    return int(match[0]) if match else 0


class Statement:
    """A statement whose values are given by name: `FIND.row(connection, slug="lumen")`."""

    __slots__ = ("names", "sql", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.sql, self.names = compiled(text)

    def arguments(self, values: dict[str, Any]) -> Sequence[Any]:
        """The values in the order of their numbers. Raises TypeError if one lacks or is left over."""
        if len(values) != len(self.names):
            raise TypeError(f"the statement takes {sorted(self.names)}, not {sorted(values)}")
        try:
            return [values[name] for name in self.names]
        except KeyError as error:
            raise TypeError(f"the statement takes {error}, got {sorted(values)}") from None

    async def row(self, connection: Connection, /, **values: Any) -> Row | None:
        """The first row."""
        return await connection.fetchrow(self.sql, *self.arguments(values))

    async def rows(self, connection: Connection, /, **values: Any) -> list[Row]:
        """All rows."""
        return await connection.fetch(self.sql, *self.arguments(values))

    async def value(self, connection: Connection, /, **values: Any) -> Any:
        """The first column of the first row; None if there is no row."""
        return await connection.fetchval(self.sql, *self.arguments(values))

    async def run(self, connection: Connection, /, **values: Any) -> int:
        """How many rows it wrote."""
        return rows_affected(await connection.execute(self.sql, *self.arguments(values)))

    async def run_many(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """The statement once for each row, in one go."""
        await connection.executemany(self.sql, [self.arguments(row) for row in rows])


def paths(parameters: type) -> dict[str, str]:
    """Where each value of a dataclass is found, by its name: "claim_id" in "demand.claim_id".

    Fields, properties, and those of the dataclasses among its fields. Raises TypeError if a name
    could mean two of them.
    """
    found: dict[str, str] = {}
    hints = get_type_hints(parameters)
    for field in dataclasses.fields(parameters):
        kind = hints[field.name]
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            inner = {name: f"{field.name}.{path}" for name, path in paths(kind).items()}
        else:
            inner = {field.name: field.name}
        if twice := found.keys() & inner.keys():
            raise TypeError(f"{parameters.__name__} has {', '.join(sorted(twice))} twice")
        found |= inner
    found |= {name: name for name, value in vars(parameters).items() if isinstance(value, property)}
    return found


class StatementOf(Generic[P]):
    """A statement whose values are the fields of a dataclass: `BOOK.row(connection, new)`.

    A name that the dataclass lacks is refused when the module is imported.
    """

    __slots__ = ("_values", "names", "sql", "text")

    def __init__(self, text: str, parameters: type[P]) -> None:
        self.text = text
        self.sql, self.names = compiled(text)
        known = paths(parameters)
        if lacking := set(self.names) - known.keys():
            raise TypeError(f"{parameters.__name__} has no {', '.join(sorted(lacking))}")
        self._values = attrgetter(*(known[name] for name in self.names))

    def arguments(self, parameters: P) -> Sequence[Any]:
        """The values in the order of their numbers."""
        values: Any = self._values(parameters)
        return values if len(self.names) > 1 else (values,)

    async def row(self, connection: Connection, parameters: P) -> Row | None:
        """The first row."""
        return await connection.fetchrow(self.sql, *self.arguments(parameters))

    async def rows(self, connection: Connection, parameters: P) -> list[Row]:
        """All rows."""
        return await connection.fetch(self.sql, *self.arguments(parameters))

    async def run(self, connection: Connection, parameters: P) -> int:
        """How many rows it wrote."""
        return rows_affected(await connection.execute(self.sql, *self.arguments(parameters)))
