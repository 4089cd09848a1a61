"""Bounce: read what came back to a message's return address, and mark message and address."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, Message

from bookonce.availability.installation import Installation
from bookonce.messages import address_rows, log_rows
from bookonce.messages.smtp import is_about_the_address
from bookonce.messages.verp import marked
from bookonce.platform.connection import Connection

WORDS_LENGTH_MAX = 300
RETURNED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
_SAYS_SO = ("undeliver", "returned mail", "delivery failure", "delivery status", "failure notice")


@dataclass(frozen=True, slots=True)
class Report:
    """What a mail that came back says. `words` is the other server's diagnosis."""

    is_failed: bool
    words: str
    is_address: bool = False


async def bounce(
    installation: Installation, raw: bytes, recipients: Sequence[str], *, now: datetime
) -> str:
    """Mark the message that a mail came back of; what was done, for people. `recipients` is where
    the mail server says that it arrived, if it says so.
    """
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    named = next(filter(None, map(marked, (*recipients, *_returned_to(mail)))), None)
    if named is None:
        return "no return address of a message is named; nothing was changed"
    report = read(mail)
    if report is None or not report.is_failed:
        return "it doesn't say that a mail failed; nothing was changed"
    first_bytes, message_id = named

    async def work(connection: Connection) -> str:
        for business_id in await log_rows.businesses_like(connection, first_bytes):
            address = await log_rows.mark_bounced(
                connection, business_id, message_id, report.words, now
            )
            if address is None:
                continue
            if report.is_address:
                await address_rows.mark_bounced(connection, business_id, address, report.words, now)
            return f"message {message_id} came back: {report.words}"
        return f"no message {message_id} is known as sent; nothing was changed"

    return await installation.database.transaction(work)


def _returned_to(mail: EmailMessage) -> Iterator[str]:
    for name in RETURNED_TO:
        for value in mail.get_all(name, []):
            yield str(value)


def read(mail: EmailMessage) -> Report | None:
    """What a mail says of another's delivery (RFC 3464); None if it says nothing of it."""
    for part in mail.walk():
        is_report = part.get_content_type() == "message/delivery-status"
        if is_report and (report := _status(part)):
            return report
    is_a_machine_s = (
        str(mail.get("Return-Path", "")).strip() == "<>"
        or "mailer-daemon" in str(mail.get("From", "")).lower()
    )
    subject = _line(str(mail.get("Subject", "")))
    if is_a_machine_s and any(word in subject.lower() for word in _SAYS_SO):
        return Report(True, subject)
    return None


def _status(part: EmailMessage) -> Report | None:
    """The first recipient's block. There is one: each mail has one recipient."""
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        assert isinstance(block, Message)
        action = _line(str(block.get("Action", ""))).lower()
        if not action:
            continue
        status = _line(str(block.get("Status", "")))
        diagnosis = _line(str(block.get("Diagnostic-Code", ""))).partition(";")[2].strip()
        words = diagnosis or status or action
        is_final = status.startswith("5") or not status
        is_address = is_final and is_about_the_address(status or words)
        return Report(action == "failed", words, is_address)
    return None


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:WORDS_LENGTH_MAX]
