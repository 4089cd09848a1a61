"""Unsubscribe: no more messages to an address but those about appointments."""

from __future__ import annotations

from datetime import datetime

from bookonce.availability.installation import Installation
from bookonce.business.directory import Directory
from bookonce.messages import address_rows
from bookonce.platform.errors import NotFoundError
from bookonce.platform.tokens import is_token, token_hash


async def subscription(installation: Installation, slug: str, token: str) -> tuple[Directory, str]:
    """The business and the address that a link of a mail is of. Raises NotFoundError."""
    directory = await installation.current(slug)
    address = None
    if is_token(token):
        address = await installation.database.run(
            address_rows.linked, directory.business_id, token_hash(token)
        )
    if address is None:
        raise NotFoundError("There is no such page.")
    return directory, address


async def unsubscribe(
    installation: Installation, slug: str, token: str, *, now: datetime
) -> tuple[Directory, str]:
    """End them; doing it again changes nothing. Raises NotFoundError."""
    directory, address = await subscription(installation, slug, token)
    await installation.database.run(address_rows.unsubscribe, directory.business_id, address, now)
    return directory, address
