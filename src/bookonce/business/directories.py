"""The businesses of an installation, found by address or id and kept at hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from bookonce.business import business_rows
from bookonce.business.directory import Directory
from bookonce.business.document import is_slug
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import BookonceError, MovedError, NotFoundError

T = TypeVar("T")

ENTRIES_CACHED_MAX = 50_000
"""People, services, rooms and locations of all businesses at hand together; each is a kilobyte or
two. Every business counts as ten more.
"""
SLUGS_CACHED_MAX = 10_000


class Directories:
    """Each use of a business names its version to the database, so that no process ever acts on
    an old one. Whose an address is needn't be asked twice: it is never given to another business.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids: OrderedDict[str, UUID] = OrderedDict()
        self._at_hand: OrderedDict[UUID, Directory] = OrderedDict()
        self._entries = 0

    async def current(self, slug: str) -> Directory:
        """The business at an address as it is now. Raises NotFoundError, and MovedError if the
        address is one that the business had before, or its own in capitals.
        """
        address = slug.lower() if slug.isascii() else slug
        if not is_slug(address):
            raise NotFoundError("There is no such business.")
        directory = await self._database.run(self._find, address)
        if directory.slug != slug:
            raise MovedError(f"This business is at {directory.slug!r} now.", slug=directory.slug)
        return directory

    async def by_id(self, business_id: UUID) -> Directory:
        """A business as it is now, by its id. Raises NotFoundError."""
        directory = await self._database.run(self._read, business_id)
        if directory is None:
            raise NotFoundError("There is no such business.")
        return directory

    async def judge(self, slug: str, rule: Callable[[Directory], T]) -> tuple[Directory, T]:
        """Apply a rule to the business as this process last saw it.

        For uses that name the version to the database afterwards. A refusal is not believed
        before the business has been read again.
        """
        business_id = self._ids.get(slug)
        known = None if business_id is None else self._at_hand.get(business_id)
        if known is not None and known.slug == slug:
            try:
                return known, rule(known)
            except BookonceError:
                pass
        directory = await self.current(slug)
        return directory, rule(directory)

    async def _find(self, connection: Connection, slug: str) -> Directory:
        known_id = self._ids.get(slug)
        if known_id is not None and (found := await self._read(connection, known_id)):
            return found
        self._ids.pop(slug, None)  # the business is gone
        business_id = await business_rows.addressed(connection, slug)
        directory = None if business_id is None else await self._read(connection, business_id)
        if directory is None:
            raise NotFoundError("There is no such business.")
        _keep(self._ids, slug, directory.business_id, SLUGS_CACHED_MAX)
        return directory

    async def _read(self, connection: Connection, business_id: UUID) -> Directory | None:
        """The business as it is now: what is at hand, if that is its version still."""
        known = self._at_hand.get(business_id)
        if known is not None:
            at_hand = (known.version, known.zone_turn)
            if at_hand == await business_rows.version(connection, business_id):
                if business_id in self._at_hand:  # another reader may have put it away meanwhile
                    self._at_hand.move_to_end(business_id)
                return known
            self._put_away(business_id)
        directory = await business_rows.load(connection, business_id)
        if directory is not None:
            self._put_away(business_id)  # another reader may have been first
            self._at_hand[business_id] = directory
            self._entries += _entries(directory)
            while self._entries > ENTRIES_CACHED_MAX:
                self._put_away(next(iter(self._at_hand)))
        return directory

    def _put_away(self, business_id: UUID) -> None:
        if known := self._at_hand.pop(business_id, None):
            self._entries -= _entries(known)


def _entries(directory: Directory) -> int:
    business = directory.business
    lists = (business.staff, business.service, business.resource, business.location)
    return 10 + sum(map(len, lists))


Key = TypeVar("Key")


def _keep(kept: OrderedDict[Key, T], key: Key, value: T, kept_max: int) -> None:
    """Put in at the end; those that weren't used for longest go."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > kept_max:
        kept.popitem(last=False)
