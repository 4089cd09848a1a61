"""A tool: what an agent can have done, and for whom it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.availability.installation import Installation
from bookonce.business.convert import convert
from bookonce.business.directory import Directory
from bookonce.web.automation import Automation


@dataclass(frozen=True, slots=True)
class Agent:
    """A program that calls tools with a key. `access` is what its key gives; its actor is the agent,
    which is bound by the business's terms as a visitor is.
    """

    installation: Installation
    directory: Directory
    access: Access
    automation: Automation
    base_url: str
    language: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Tool:
    """One thing to do. `wish` is the type of its arguments; `needs` the right that the key must give,
    if any. `changes` nothing, something that can be undone, or ("destroys") takes something away.
    """

    name: str
    title: str
    description: str
    wish: type[Any]
    run: Callable[[Agent, Any], Awaitable[Any]]
    needs: Right | None = None
    changes: bool = False
    destroys: bool = False

    async def call(self, agent: Agent, arguments: Any) -> Any:
        """What becomes of it. Raises ValidationError that names each wrong argument, ForbiddenError,
        and what the verb raises.
        """
        if self.needs is not None:
            agent.access.require(self.needs)
        return await self.run(agent, convert(arguments, self.wish))

    def described(self) -> dict[str, Any]:
        """As the protocol lists it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": _schema(self.wish),
            "annotations": {
                "readOnlyHint": not self.changes,
                "destructiveHint": self.destroys,
                "idempotentHint": True,
                "openWorldHint": False,
            },
        }


def _schema(wish: type[Any]) -> dict[str, Any]:
    """The JSON Schema of a tool's arguments, whose root is an object."""
    (root,), components = msgspec.json.schema_components((wish,), ref_template="#/$defs/{name}")
    name = root["$ref"].rpartition("/")[2]
    schema: dict[str, Any] = components.pop(name)
    for unsaid in ("title", "description"):  # of our own types; what a tool is for says the tool
        schema.pop(unsaid, None)
    return schema | ({"$defs": components} if components else {})
