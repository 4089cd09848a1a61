"""Controls that are made of others: the fields of a struct, and lists of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bookonce.web.office.settings.controls import (
    LACKING,
    ROWS_MAX,
    Control,
    Pairs,
    Tick,
)
from bookonce.web.office.settings.typed import Typed


@dataclass(frozen=True)
class Group:
    """The fields of a struct, by the names that they have in the file."""

    kind: ClassVar[str] = "group"
    struct: type
    fields: Mapping[str, Control] = field(default_factory=dict)
    is_optional: bool = False

    def write(self, name: str, value: Any) -> Pairs:
        """Those of each field."""
        for each, control in self.fields.items():
            inner = LACKING if value is LACKING else value.get(each, LACKING)
            yield from control.write(joined(name, each), inner)

    def read(self, name: str, typed: Typed) -> Any:
        """What its fields say; nothing is no value if there needn't be one."""
        values = {
            each: control.read(joined(name, each), typed) for each, control in self.fields.items()
        }
        found = {each: value for each, value in values.items() if value is not LACKING}
        return LACKING if self.is_optional and self.is_blank(found) else found

    def is_blank(self, found: Mapping[str, Any]) -> bool:
        """Whether nothing was typed; a box that is ticked or not says nothing by itself."""
        return not any(
            found.get(each)
            for each, control in self.fields.items()
            if not isinstance(control, Tick)
        )


@dataclass(frozen=True)
class Rows:
    """A list of structs, a row each; rows in which nothing was typed don't count. `is_optional`:
    none at all is no value.
    """

    kind: ClassVar[str] = "rows"
    group: Group
    is_optional: bool = False
    spare: int = 1
    """So many empty rows are shown to be filled."""

    def write(self, name: str, value: Any) -> Pairs:
        """Row by row."""
        for number, each in enumerate(value if value is not LACKING else ()):
            yield from self.group.write(f"{name}[{number}]", each)

    def read(self, name: str, typed: Typed) -> Any:
        """The rows in which something was typed, which are numbered anew."""
        filled = [
            row
            for row in typed.rows(name)[:ROWS_MAX]
            if not self.group.is_blank(self.group.read(f"{name}[{row}]", typed))
        ]
        typed.renumber(name, filled)
        found = [self.group.read(f"{name}[{row}]", typed) for row in range(len(filled))]
        return LACKING if self.is_optional and not found else found


@dataclass(frozen=True)
class Everywhere:
    """A list that has a row for each of several locations, whichever is filled."""

    kind: ClassVar[str] = "everywhere"
    group: Group
    locations: tuple[tuple[str, str], ...]
    """The key and the name of each."""

    def write(self, name: str, value: Any) -> Pairs:
        """Row by row, in the order of the locations."""
        known = {each["location"]: each for each in value} if value is not LACKING else {}
        for row, (key, _) in enumerate(self.locations):
            yield from self.group.write(f"{name}[{row}]", known.get(key, LACKING))

    def read(self, name: str, typed: Typed) -> Any:
        """All rows; which of them say nothing is the document's to judge."""
        return [
            self.group.read(f"{name}[{row}]", typed) | {"location": key}
            for row, (key, _) in enumerate(self.locations)
        ]


def joined(name: str, inner: str) -> str:
    """The name of a field within another."""
    return f"{name}.{inner}" if name else inner
