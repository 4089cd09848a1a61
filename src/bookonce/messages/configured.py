"""What messages are sent with here, by the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bookonce.availability.installation import Installation
from bookonce.messages.outgoing import Ways
from bookonce.messages.send import Sender
from bookonce.messages.smtp import Smtp
from bookonce.messages.twilio import Twilio
from bookonce.platform.settings import Settings


@asynccontextmanager
async def sender(installation: Installation, settings: Settings) -> AsyncIterator[Sender]:
    """The ways that are set up, for as long as the block runs."""
    ways = Ways.of(settings)
    mailer = Smtp(ways.smtp_url) if ways.has_mail and ways.smtp_url else None
    texter = Twilio(ways.sms_url) if ways.sms_url else None
    try:
        yield Sender(installation, ways, mailer, texter)
    finally:
        for each in (mailer, texter):
            if each is not None:
                await each.close()
