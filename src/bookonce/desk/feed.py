"""Calendar feeds: make one, revoke it, and read what it shows.

The address has the business's id and a secret, since rows are found by business; only the hash of
both is stored. A feed shows what its maker may see now: whoever leaves the business takes no feed
along.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bookonce.accounts import membership_rows
from bookonce.accounts.access import Access, forbidden
from bookonce.accounts.roles import Post, Right
from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Status
from bookonce.business.directory import Directory
from bookonce.desk import feed_rows
from bookonce.desk.feed_calendar import Shown, feed_calendar
from bookonce.desk.feed_rows import Feed, FeedPart
from bookonce.events import catalogue, event_rows
from bookonce.events.catalogue import FeedFacts
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.errors import NotFoundError
from bookonce.platform.ids import new_id
from bookonce.platform.tokens import TOKEN_BYTES, new_token, token_hash

SHOWN_BACK = timedelta(days=60)
"""How long what is over stays in a feed."""
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class MadeFeed:
    """A feed that was made; the token is known now and never again."""

    id: UUID
    staff: str
    token: str


def feeds_open_to(directory: Directory, access: Access) -> list[str]:
    """The keys of those of whose appointments somebody may make and revoke feeds."""
    return [key for key in directory.staff_ids if access.post and _may(access.post, key)]


def _may(post: Post, staff_key: str) -> bool:
    """One's own; everyone's for who manages the team."""
    if Right.SEE_CALENDAR not in post.rights:
        return False
    return staff_key == post.staff_key or {Right.TEAM, Right.SEE_ALL_CALENDARS} <= post.rights


async def make_feed(
    installation: Installation,
    directory: Directory,
    staff_key: str,
    *,
    names_clients: bool,
    access: Access,
    now: datetime,
) -> MadeFeed:
    """Make a feed of somebody's appointments. Raises NotFoundError and ForbiddenError."""
    directory.require_staff(staff_key)
    if access.post is None or access.account_id is None or not _may(access.post, staff_key):
        raise forbidden(Right.TEAM)
    account_id, resource_id = access.account_id, directory.staff_ids[staff_key]
    business_id, feed_id = directory.business_id, new_id()
    token = _token(business_id)

    async def work(connection: Connection) -> None:
        await feed_rows.put(
            connection,
            business_id,
            feed_id,
            token_hash(token),
            resource_id=resource_id,
            account_id=account_id,
            names_clients=names_clients,
            now=now,
        )
        facts = FeedFacts(staff_key, names_clients)
        await _tell(connection, business_id, catalogue.FEED_MADE, facts, access.actor, now)

    await installation.database.transaction(work)
    return MadeFeed(feed_id, staff_key, token)


async def list_feeds(
    installation: Installation, directory: Directory, *, access: Access
) -> list[Feed]:
    """The feeds that somebody may revoke: of the people they may make them of, and their own."""
    access.require(Right.SEE_CALENDAR)
    found = await installation.database.run(feed_rows.feeds, directory.business_id)
    return [feed for feed in found if _may_revoke(feed, access)]


async def revoke_feed(
    installation: Installation,
    directory: Directory,
    feed_id: UUID,
    *,
    access: Access,
    now: datetime,
) -> Feed:
    """End a feed: its address leads nowhere from now on. Raises NotFoundError."""
    access.require(Right.SEE_CALENDAR)
    business_id = directory.business_id

    async def work(connection: Connection) -> Feed:
        found = await feed_rows.by_id(connection, business_id, feed_id)
        if found is None or not _may_revoke(found, access):
            raise NotFoundError("There is no such calendar feed.")
        if await feed_rows.remove(connection, business_id, feed_id):
            facts = FeedFacts(found.staff, found.names_clients)
            await _tell(connection, business_id, catalogue.FEED_REVOKED, facts, access.actor, now)
        return found

    return await installation.database.transaction(work)


def _may_revoke(feed: Feed, access: Access) -> bool:
    is_own = access.account_id == feed.account_id
    return is_own or (access.post is not None and _may(access.post, feed.staff))


async def read_feed(
    installation: Installation, token: str, base_url: str, *, now: datetime
) -> bytes:
    """What a feed shows, as an iCalendar file. Raises NotFoundError."""
    business_id = _business_of(token)
    if business_id is None:
        raise _unknown()
    database = installation.database
    feed = await database.run(feed_rows.by_token, business_id, token_hash(token))
    if feed is None:
        raise _unknown()
    post = await database.run(membership_rows.one, business_id, feed.account_id)
    if post is None or not _may(post, feed.staff):
        raise _unknown()
    directory = await installation.by_id(business_id)
    parts = await database.run(feed_rows.parts, business_id, feed.id, now - SHOWN_BACK)
    shown = Shown(
        name=f"{directory.staff_name(feed.staff)} · {directory.business.business.name}",
        names_clients=feed.names_clients,
        office_url=f"{base_url}/office/{directory.slug}",
    )
    return feed_calendar([part for part in parts if not _is_expired(part, now)], shown)


def _is_expired(part: FeedPart, now: datetime) -> bool:
    """Whether it is of a hold that has run out, though nobody has written that down yet."""
    ends_at = part.hold_expires_at
    return part.status is Status.HELD and not (ends_at and now < ends_at)


async def _tell(
    connection: Connection,
    business_id: UUID,
    kind: catalogue.Kind,
    facts: FeedFacts,
    actor: Actor,
    now: datetime,
) -> None:
    await event_rows.append(connection, business_id, new_id(), kind, facts, actor=actor, now=now)


def _token(business_id: UUID) -> str:
    """The business's id and a secret, in one word for an address."""
    secret = base64.urlsafe_b64decode(new_token() + "=")
    return base64.urlsafe_b64encode(business_id.bytes + secret).decode()


def _business_of(token: str) -> UUID | None:
    """The business that a token names; None if it can be none of ours."""
    try:
        data = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    return UUID(bytes=data[:_ID_BYTES]) if len(data) == _ID_BYTES + TOKEN_BYTES else None


def _unknown() -> NotFoundError:
    return NotFoundError("There is no such calendar feed.")
