"""Book at the desk: for a client, for somebody new, or for a walk-in."""

from __future__ import annotations

from datetime import datetime

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.availability.installation import Installation
from bookonce.booking.book import Asking, book_wish
from bookonce.booking.replay import Booked
from bookonce.business.document import ANYONE
from bookonce.desk.request import DeskBooking, wish_of
from bookonce.desk.rights import require_to_break
from bookonce.events.idempotency import Idempotency


async def book_at_desk(
    installation: Installation,
    slug: str,
    request: DeskBooking,
    *,
    access: Access,
    now: datetime,
    idempotency_key: str | None = None,
    hold_until: datetime | None = None,
) -> Booked:
    """Book as `book` does, without a deposit, and without the rules that the request breaks.

    `hold_until` holds the time only, until it is confirmed. Raises as `book` does, and
    ForbiddenError.
    """
    named = request.staff if request.staff not in (None, ANYONE) else None
    # Who may book for themselves only names themselves.
    access.require_for(Right.BOOK, named or "")
    require_to_break(access, request.break_rules, request.overbook)
    idempotency = Idempotency.of(idempotency_key, "book at the desk", request)
    wish = await wish_of(installation, access.business_id, slug, request)
    asking = Asking(access.actor, None, hold_until, is_once=False, now=now)
    return await book_wish(installation, slug, wish, idempotency, asking)
