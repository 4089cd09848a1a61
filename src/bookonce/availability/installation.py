"""What every verb is given: the database and the businesses at hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import uuid_utils.compat

from bookonce.availability.busy_rows import BusyTimes
from bookonce.business import business_rows
from bookonce.business.directory import Directory
from bookonce.business.document import is_slug
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import BookonceError, NotFoundError

T = TypeVar("T")

BUSINESSES_CACHED_MAX = 1_000


@dataclass(frozen=True)
class Installation:
    """One running installation. Businesses are kept at hand by address, and each use of one
    names its version to the database, so that no process ever acts on an old one.
    """

    database: Database
    secret_key: str = ""
    """Shared by all servers of the installation, if the operator has set one."""
    providers: Mapping[str, Any] = field(default_factory=dict)
    """Who can take payments here, by the name that business files use; `payments/provider.py` has
    their type, which rooms below payments need not know.
    """
    busy: BusyTimes = field(default_factory=BusyTimes)
    """The claims that this process has at hand."""
    _at_hand: OrderedDict[str, Directory] = field(default_factory=OrderedDict)

    async def current(self, slug: str) -> Directory:
        """The business at an address as it is now. Raises NotFoundError."""

        if not is_slug(slug):
            raise NotFoundError("There is no such business.")

        async def find(connection: Connection) -> Directory:
            found = await business_rows.find(connection, slug)
            if found is None:
                self._at_hand.pop(slug, None)
                raise NotFoundError("There is no such business.")
            business_id, version = found
            known = self._at_hand.get(slug)
            if known is not None and (known.business_id, known.version) == (business_id, version):
                return known
            return await business_rows.load(connection, business_id, slug)

        return self._keep(await self.database.run(find))

    async def by_id(self, business_id: UUID) -> Directory:
        """A business as it is now, by its id. Raises NotFoundError."""
        slug = await self.database.run(business_rows.slug_of, business_id)
        return await self.current(slug or "")

    async def judge(self, slug: str, rule: Callable[[Directory], T]) -> tuple[Directory, T]:
        """Apply a rule to the business as this process last saw it.

        For uses that name the version to the database afterwards. A refusal is not believed
        before the business has been read again.
        """
        known = self._at_hand.get(slug)
        if known is not None:
            try:
                return known, rule(known)
            except BookonceError:
                pass
        directory = await self.current(slug)
        return directory, rule(directory)

    def _keep(self, directory: Directory) -> Directory:
        self._at_hand[directory.slug] = directory
        self._at_hand.move_to_end(directory.slug)
        while len(self._at_hand) > BUSINESSES_CACHED_MAX:
            self._at_hand.popitem(last=False)
        return directory


def new_id() -> UUID:
    """A UUID that sorts by time of creation, kind to indexes; its order is never relied on."""
    return uuid_utils.compat.uuid7()
