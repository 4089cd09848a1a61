"""Saving a change of the settings: looked at first, so that nobody is surprised by appointments that
no longer fit.
"""

from __future__ import annotations

from datetime import datetime

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.accounts.sessions import Session
from bookonce.booking.change_business import Applied, Mode, change_business
from bookonce.business.change import Edit
from bookonce.business.document import Business
from bookonce.web.office.page import Office

STRICT = Mode(strict=True)
LOOK = Mode(dry_run=True)
ANYWAY = Mode()


async def save(
    office: Office, access: Access, version: int | None, edit: Edit, mode: Mode = STRICT
) -> Applied:
    """Make an edit of the business as it was at a version.

    Raises ValidationError, VersionConflictError, UnfitError, ForbiddenError and ProofRequiredError.
    """
    return await change_business(
        office.installation.database,
        office.business.business_id,
        version,
        guarded(edit, access, office.session, office.now),
        actor=access.actor,
        now=office.now,
        mode=mode,
    )


def guarded(edit: Edit, access: Access, session: Session | None, now: datetime) -> Edit:
    """The edit, if whoever makes it may: how the business is paid, and to which account, is for who
    sees to its money, and has just shown who they are.
    """

    def allowed(before: Business) -> Business:
        after = edit(before)
        if after.payments != before.payments:
            access.require(Right.MONEY)
            if session is not None:
                session.require_proof(now)
        return after

    return allowed
