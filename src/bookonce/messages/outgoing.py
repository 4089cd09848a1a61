"""By which ways messages leave, as the settings say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from bookonce.platform.settings import Settings

MAIL, SMS = "mail", "sms"


class Fate(StrEnum):
    """What became of one attempt to send."""

    SENT = "sent"  # the server has it
    LATER = "later"  # refused for the time being
    REFUSED = "refused"  # refused for good
    AWAY = "away"  # the server can't be used now; nothing is known of the message
    UNKNOWN = "unknown"  # handed over, and no answer came


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of it, in the server's words. `is_address`: it is the address that is refused."""

    fate: Fate
    words: str = ""
    is_address: bool = False


class Handing(Protocol):
    """Called just before a server is given a message; False: it is another's, don't."""

    async def __call__(self) -> bool:
        """Write it down."""
        ...


class Lost(Exception):
    """The message is another worker's by now; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Ways:
    """What is set up. `public_url` is where pages are reached, without a trailing slash."""

    smtp_url: str | None = None
    mail_from: str | None = None
    sms_url: str | None = None
    public_url: str = ""
    has_return_paths: bool = True

    @classmethod
    def of(cls, settings: Settings) -> Ways:
        """Those of an installation."""
        return cls(
            settings.smtp_url,
            settings.mail_from,
            settings.sms_url,
            settings.public_url or "",
            settings.mail_return_paths,
        )

    @property
    def has_mail(self) -> bool:
        """Whether mails can be sent."""
        return self.smtp_url is not None and self.mail_from is not None

    @property
    def sender(self) -> str:
        """The address that mails come from."""
        return self.mail_from or "bookings@localhost"

    def message_id(self, message_id: UUID) -> str:
        """What a mail is called, the same each time it is sent."""
        return f"{message_id.hex}@{self.sender.rpartition('@')[2]}"
