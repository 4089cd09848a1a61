"""What every verb is given: the database and the businesses at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from bookonce.availability.busy_rows import BusyTimes
from bookonce.availability.effort import Lanes
from bookonce.availability.grid import Grids
from bookonce.business.directories import Directories
from bookonce.business.directory import Directory
from bookonce.platform.database import Database
from bookonce.platform.single_flight import SingleFlight

T = TypeVar("T")


@dataclass(frozen=True)
class Installation:
    """One running installation."""

    database: Database
    secret_key: str = ""
    """Shared by all servers of the installation, if the operator has set one."""
    providers: Mapping[str, Any] = field(default_factory=dict)
    """Who can take payments here, by the name that business files use; `payments/provider.py` has
    their type, which rooms below payments need not know.
    """
    limits_unpaid: bool = False
    """Whether one visitor may hold only a few times that wait for a payment."""
    busy: BusyTimes = field(default_factory=BusyTimes)
    """The claims that this process has at hand."""

    grids: Grids = field(default_factory=Grids)
    """The grids of starts that this process has at hand."""
    lanes: Lanes = field(default_factory=Lanes)
    """Whose turn it is to have offers worked out."""

    single_flight: SingleFlight = field(default_factory=SingleFlight)
    """What this process does once for all who ask at the same moment."""

    @cached_property
    def directories(self) -> Directories:
        """The businesses that this process has at hand."""
        return Directories(self.database)

    async def current(self, slug: str) -> Directory:
        """The business at an address as it is now. Raises NotFoundError and MovedError."""
        return await self.directories.current(slug)

    async def by_id(self, business_id: UUID) -> Directory:
        """A business as it is now, by its id. Raises NotFoundError."""
        return await self.directories.by_id(business_id)

    async def judge(self, slug: str, rule: Callable[[Directory], T]) -> tuple[Directory, T]:
        """Apply a rule to the business as this process last saw it; see `Directories.judge`."""
        return await self.directories.judge(slug, rule)
