"""Return addresses that say which message a bounce is of (variable envelope return path).

`bookings@example.com` becomes `bookings+<32 letters>@example.com`: the first four bytes of the
business's id and the message's id. Message ids can't be guessed by anybody who didn't get the mail.
"""

from __future__ import annotations

import base64
import binascii
import re
from uuid import UUID

LOCAL_PART_MAX = 64
_MARKED = re.compile(r"\+([a-z2-7]{32})@", re.IGNORECASE)


def return_address(mail_from: str, business_id: UUID, message_id: UUID) -> str:
    """The envelope sender of one message; `mail_from` itself if there is no room in its name."""
    local, _, domain = mail_from.rpartition("@")
    marked = base64.b32encode(business_id.bytes[:4] + message_id.bytes).decode().lower()
    if len(local) + 1 + len(marked) > LOCAL_PART_MAX:
        return mail_from
    return f"{local}+{marked}@{domain}"


def marked(text: str) -> tuple[bytes, UUID] | None:
    """The first bytes of the business's id and the message's id in a text with a return address."""
    match = _MARKED.search(text)
    if match is None:
        return None
    try:
        raw = base64.b32decode(match[1].upper())
    except binascii.Error:
        return None
    return raw[:4], UUID(bytes=raw[4:])
