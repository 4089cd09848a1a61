"""A salon's book of clients, and who looks into it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from bookonce.accounts.access import Access
from bookonce.availability.installation import Installation
from bookonce.business.country import country_of
from bookonce.business.directory import Directory
from bookonce.clients import said, search_rows
from bookonce.clients.client_rows import Known
from bookonce.clients.keep import add_client, find_client
from bookonce.clients.particulars import NewClient
from bookonce.clients.scope import performer_of
from bookonce.platform.database import Database


class Book:
    """The clients of a salon, as somebody of its office sees them."""

    def __init__(self, installation: Installation, directory: Directory, access: Access) -> None:
        self.installation, self.directory, self.access = installation, directory, access
        self.database: Database = installation.database

    async def add(self, name: str, **more: Any) -> Known:
        """Somebody is written down."""
        return await add_client(
            self.database, self.directory, NewClient(name=name, **more),
            access=self.access, now=datetime.now(UTC),
        )  # fmt: skip

    async def one(self, client_id: UUID) -> Known:
        """Somebody, as they are kept."""
        return await find_client(self.database, self.directory, client_id, access=self.access)

    async def find(self, text: str) -> list[str]:
        """The names of those who are found, the likeliest first."""
        found = await self.database.run(
            search_rows.search, self.access.business_id,
            said.read(text, country_of(self.directory)),
            performer_id=performer_of(self.directory, self.access),
        )  # fmt: skip
        return [each.name for each in found]

    async def listed(self, text: str = "", limit: int = 100) -> list[str]:
        """The names that a list has, page by page."""
        names: list[str] = []
        after: tuple[str, UUID] | None = None
        while True:
            page = await self.database.run(
                search_rows.listed, self.access.business_id,
                said.read(text, country_of(self.directory)),
                performer_id=performer_of(self.directory, self.access), after=after, limit=limit,
            )  # fmt: skip
            names += [each.name for each in page]
            if len(page) < limit:
                return names
            after = page[-1].found_by, page[-1].id
