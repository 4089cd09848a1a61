"""What becomes of two clients who turn out to be one, and of each of them when they weren't."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

import msgspec

from bookonce.clients.particulars import FLAGS_MAX, Particulars
from bookonce.platform.errors import FieldError, ValidationError

Field = Literal["name", "email", "phone", "notes", "flags"]
Source = Literal["into", "client", "both"]
FIELDS: tuple[Field, ...] = ("name", "email", "phone", "notes", "flags")
JOINED: tuple[Field, ...] = ("notes", "flags")
"""What can be had of both."""


class MergeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Into whom. `fields` says of which client each field is kept: "into" or "client", and for notes
    and flags "both". Absent: of `into`, and where they have none of the other; notes and flags of
    both.
    """

    into: UUID
    fields: dict[Field, Source] = {}


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """A client as they were when they were merged."""

    particulars: Particulars
    is_known_by_email: bool


def merged(into: Particulars, client: Particulars, fields: Mapping[Field, Source]) -> Particulars:
    """The one client. Raises ValidationError."""
    if wrong := [
        FieldError(f"fields.{field}", 'expected "into" or "client"')
        for field, source in fields.items()
        if source == "both" and field not in JOINED
    ]:
        raise ValidationError(wrong)
    return Particulars(
        name=into.name if fields.get("name") != "client" else client.name,
        email=_one(fields.get("email"), into.email, client.email),
        phone=_one(fields.get("phone"), into.phone, client.phone),
        notes=_notes(fields.get("notes", "both"), into.notes, client.notes),
        flags=_flags(fields.get("flags", "both"), into.flags, client.flags),
    )


def _one(source: Source | None, into: str | None, client: str | None) -> str | None:
    if source is None:
        return into or client
    return into if source == "into" else client


def _notes(source: Source, into: str | None, client: str | None) -> str | None:
    if source != "both":
        return into if source == "into" else client
    return "\n".join(dict.fromkeys(filter(None, (into, client)))) or None


def _flags(source: Source, into: tuple[str, ...], client: tuple[str, ...]) -> tuple[str, ...]:
    if source != "both":
        return into if source == "into" else client
    return tuple(dict.fromkeys(into + client))[: 2 * FLAGS_MAX]


def restored(now: Particulars, before: Particulars, after: Particulars) -> Particulars:
    """Who stayed, as before the merge, but for what was put right since."""
    return now.with_changes(
        {
            field: getattr(before, field)
            for field in FIELDS
            if getattr(now, field) == getattr(after, field)
        }
    )
