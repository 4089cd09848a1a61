"""Which clients somebody sees: all, or those who have been booked with them."""

from __future__ import annotations

from uuid import UUID

from bookonce.accounts.access import Access
from bookonce.business.directory import Directory

NOBODY = UUID(int=0)
"""Performs nothing, so is nobody's."""


def performer_of(directory: Directory, access: Access) -> UUID | None:
    """The id of the staff member with whom a client must have been booked; None: any client is seen.

    A staff member's rights end at their calendar, so their clients are those who are in it.
    """
    if not access.is_own_only:
        return None
    return directory.staff_ids.get(access.staff_key or "", NOBODY)
