"""A letter as a mail: headers, text, HTML, calendar. Nothing is sent here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr
from functools import lru_cache
from typing import TYPE_CHECKING

from bookonce.business.colours import accents
from bookonce.business.logos import Logo
from bookonce.messages.letter import Letter, as_text
from bookonce.messages.safe_text import header_text

if TYPE_CHECKING:
    from jinja2 import Template

COLOUR = "#2f5bea"
"""Of businesses that have none."""
SHOWN_BY_MAIL_PROGRAMS = ("image/png", "image/jpeg")
"""Kinds of logo that every mail program shows."""
FROM_NAME_LENGTH_MAX = 100


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom, to whom and under which name a mail travels. `message_id` without brackets."""

    sender: str
    sender_name: str
    to: str
    message_id: str
    date: datetime
    reply_to: str | None = None
    unsubscribe_url: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """An event that comes with a mail. `is_inline`: as another form of the mail itself, which is
    where calendars look for invitations; else as a file.
    """

    content: bytes
    method: str
    is_inline: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What the business looks like."""

    business: str
    colour: str | None = None
    logo: Logo | None = field(default=None, repr=False)


def mail(letter: Letter, envelope: Envelope, look: Look, event: Calendar | None) -> EmailMessage:
    """The whole mail. Raises ValueError if an address can't stand in a header."""
    made = EmailMessage(policy=SMTP)
    made["Subject"] = header_text(letter.subject)
    made["From"] = _address(envelope.sender, envelope.sender_name)
    made["To"] = _address(envelope.to)
    if envelope.reply_to:
        made["Reply-To"] = _address(envelope.reply_to)
    made["Date"] = envelope.date
    made["Message-ID"] = f"<{envelope.message_id}>"
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    if envelope.unsubscribe_url:
        made["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(as_text(letter))
    logo = look.logo if look.logo and look.logo.media_type in SHOWN_BY_MAIL_PROGRAMS else None
    logo_id = f"logo.{envelope.message_id}" if logo else ""
    made.add_alternative(as_html(letter, look, logo_id), subtype="html")
    if logo:
        html = made.get_body(("html",))
        assert isinstance(html, EmailMessage)
        main, _, kind = logo.media_type.partition("/")
        html.add_related(logo.content, main, kind, cid=f"<{logo_id}>", disposition="inline")
    if event:
        _add_event(made, event)
    made["Content-Language"] = letter.language.tag  # last: a part that is put in takes it along
    return made


def as_sent(made: EmailMessage) -> bytes:
    """The mail as it travels. Subject and sender are encoded here: where the standard library folds a
    header that isn't ASCII, it loses or adds spaces.
    """
    subject, sender = str(made["Subject"]), made["From"].addresses[0]
    del made["Subject"], made["From"]
    head = [
        f"Subject: {_encoded(subject, 'Subject')}",
        f"From: {_named(sender.display_name)}<{sender.addr_spec}>",
    ]
    return "".join(f"{line}\r\n" for line in head).encode() + made.as_bytes()


def _named(name: str) -> str:
    if not name:
        return ""
    if name.isascii():
        return f"{formataddr((name, 'x')).removesuffix('<x>').rstrip()} "
    return f"{_encoded(name, 'From')}\r\n "


def _encoded(text: str, header: str) -> str:
    charset = "us-ascii" if text.isascii() else "utf-8"
    return Header(text, charset, header_name=header).encode(linesep="\r\n")


def as_html(letter: Letter, look: Look, logo_id: str = "") -> str:
    """The letter as HTML. `logo_id` is the content id of the logo; empty: its name is shown."""
    light, dark = accents(look.colour or COLOUR)
    return _template().render(
        letter=letter, business=look.business, light=light, dark=dark, logo=logo_id
    )


@lru_cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # not before a mail is made

    environment = Environment(
        loader=PackageLoader("bookonce.messages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("mail.html")


def _add_event(made: EmailMessage, event: Calendar) -> None:
    text = event.content.decode()
    if event.is_inline:
        made.add_alternative(text, subtype="calendar", params={"method": event.method})
        return
    made.add_attachment(
        text, subtype="calendar", params={"method": event.method}, filename="appointment.ics"
    )


def _address(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    domain = domain.encode("idna").decode() if not domain.isascii() else domain
    return Address(header_text(name, FROM_NAME_LENGTH_MAX), local, domain)
