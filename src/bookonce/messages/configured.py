"""What messages are sent with here, by the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bookonce.availability.installation import Installation
from bookonce.messages.outgoing import Ways
from bookonce.messages.send import Sender
from bookonce.messages.smtp import Smtp
from bookonce.platform.settings import Settings


@asynccontextmanager
async def sender(installation: Installation, settings: Settings) -> AsyncIterator[Sender]:
    """The ways that are set up, for as long as the block runs."""
    ways = Ways.of(settings)
    mailer = Smtp(ways.smtp_url) if ways.has_mail and ways.smtp_url else None
    texter = None
    if ways.sms_url:
        from bookonce.messages.twilio import Twilio  # who sends no texts needn't wait for it

        texter = Twilio(ways.sms_url)
    try:
        yield Sender(installation, ways, mailer, texter)
    finally:
        if mailer is not None:
            await mailer.close()
        if texter is not None:
            await texter.close()
