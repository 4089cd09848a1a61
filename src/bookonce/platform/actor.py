"""Who acts: every verb is given an actor, every event keeps it."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from uuid import UUID

import msgspec


class ActorKind(StrEnum):
    """What kind of actor it is. The database refuses any other word."""

    VISITOR = "visitor"  # books, or opens the link of an appointment
    ACCOUNT = "account"  # signed in to the office
    KEY = "key"  # a program with an API key
    AGENT = "agent"  # a program that acts for somebody by the Model Context Protocol
    SYSTEM = "system"  # this installation: its operator's commands, its jobs


class Role(StrEnum):
    """What an account is in a business."""

    OWNER = "owner"
    MANAGER = "manager"
    RECEPTION = "reception"
    STAFF = "staff"


class Actor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who did it. `id` is the account's or the key's, `role` an account's at the time, `name` what
    people call them, as it was then.
    """

    kind: ActorKind
    id: UUID | None = None
    role: Role | None = None
    name: str | None = None

    def as_json(self) -> str:
        """As an event keeps it."""
        return _as_json(self)

    @property
    def is_bound_by_terms(self) -> bool:
        """Whether the business's terms for clients hold: notice and limits, deposits, the last
        moment to cancel or move. Visitors are bound, and agents that act for one; whoever acts for
        the business isn't.
        """
        return self.kind is ActorKind.VISITOR or (
            self.kind is ActorKind.AGENT and self.role is None
        )


@lru_cache(maxsize=1_000)
def _as_json(actor: Actor) -> str:
    return msgspec.json.encode(actor).decode()


VISITOR = Actor(kind=ActorKind.VISITOR)
SYSTEM = Actor(kind=ActorKind.SYSTEM)
COMMAND_LINE = Actor(kind=ActorKind.SYSTEM, name="command line")
"""The operator of the installation, who has a shell on it."""
