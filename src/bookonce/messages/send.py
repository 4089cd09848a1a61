"""Send: one attempt at one message, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bookonce.availability.installation import Installation
from bookonce.business.messages import MessageKind, quiet_hours
from bookonce.messages import address_rows, lane_rows
from bookonce.messages.caps import ADDRESS_MAX_AN_HOUR, TEAM_MAX_AN_HOUR, address_hash
from bookonce.messages.compose import compose
from bookonce.messages.composed import Composed
from bookonce.messages.decide import Void
from bookonce.messages.kinds import SENT_ONCE_AT_MOST, retry_after
from bookonce.messages.lane_rows import HAND_OVERS_MAX, Attempt
from bookonce.messages.mail import Envelope, Look, as_sent, mail
from bookonce.messages.outgoing import MAIL, SMS, Answer, Fate, Handing, Ways
from bookonce.messages.reminders import is_quiet, quiet_end
from bookonce.messages.sms_text import shortened
from bookonce.messages.smtp import Parcel
from bookonce.messages.verp import return_address
from bookonce.platform.errors import NotFoundError


class Mailer(Protocol):
    """A mail server."""

    async def send(self, parcel: Parcel, handing: Handing) -> Answer:
        """One attempt."""
        ...


class Texter(Protocol):
    """A gateway for text messages."""

    async def send(self, to: str, text: str, handing: Handing) -> Answer:
        """One attempt."""
        ...


@dataclass(frozen=True, slots=True)
class Sender:
    """What messages are sent with. A way that isn't set up is None: its messages are kept."""

    installation: Installation
    ways: Ways
    mailer: Mailer | None = None
    texter: Texter | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """What becomes of an attempt. `next_at`: it is tried again then. `is_refused`: the server
    certainly doesn't have it.
    """

    status: str
    reason: str | None = None
    next_at: datetime | None = None
    is_counted: bool = True
    is_refused: bool = False
    is_away: bool = False


async def send(sender: Sender, attempt: Attempt, *, now: datetime) -> bool:
    """Make one attempt. Whether its server can be used, as far as this attempt tells.

    Raises Lost if the message is another worker's by now, TryAgainError if the database is away.
    """
    ending = await _attempted(sender, attempt, now)
    await sender.installation.database.run(
        lane_rows.end,
        attempt,
        ending.status,
        ending.reason,
        now,
        next_at=ending.next_at,
        is_counted=ending.is_counted,
        is_refused=ending.is_refused,
    )
    return not ending.is_away


async def _attempted(sender: Sender, attempt: Attempt, now: datetime) -> Ending:
    message = attempt.message
    if now >= message.useful_until:
        return Ending("late", "it came too late to be of use")
    try:
        composed = await compose(
            sender.installation, sender.ways, attempt.business_id, message, now=now
        )
    except NotFoundError:
        return Ending("void", "the business is gone")
    if isinstance(composed, Void):
        return Ending("void", composed.reason)
    if waits := _quiet(composed, attempt, now):
        return waits
    return await _by_its_way(sender, attempt, composed, now)


async def _by_its_way(
    sender: Sender, attempt: Attempt, composed: Composed, now: datetime
) -> Ending:
    way = attempt.message.way
    is_set_up = sender.mailer if way == MAIL else sender.texter
    if is_set_up is None:
        await sender.installation.database.run(lane_rows.keep, attempt, composed.told)
        return Ending("not_sent", f"no server for {way} is set up")
    if ending := await _unreachable(sender, attempt, composed, now):
        await sender.installation.database.run(lane_rows.keep, attempt, composed.told)
        return ending
    return await _handed(sender, attempt, composed, now)


def _quiet(composed: Composed, attempt: Attempt, now: datetime) -> Ending | None:
    """A reminder that is late because of a pause isn't sent in quiet hours either."""
    message = attempt.message
    quiet = quiet_hours(composed.directory.business.messages.quiet)
    start = message.subject_start
    if message.kind is not MessageKind.REMINDER or quiet is None or start is None:
        return None
    zone = composed.zone or composed.directory.zone
    if not is_quiet(now, zone, quiet):
        return None
    end = quiet_end(now, zone, quiet)
    if end >= message.useful_until:
        return Ending("late", "quiet hours last until it is of no use")
    return Ending("waiting", "quiet hours", end, is_counted=False)


async def _unreachable(
    sender: Sender, attempt: Attempt, composed: Composed, now: datetime
) -> Ending | None:
    message, address = attempt.message, composed.told.address
    if not address:
        return Ending("unreachable", "there is no address")
    database = sender.installation.database
    if message.way == MAIL:
        known = await database.run(address_rows.known, attempt.business_id, address)
        if known.bounce is not None:
            return Ending("unreachable", f"mails to this address come back: {known.bounce}")
        if known.is_unsubscribed and message.kind is MessageKind.SUMMARY:
            return Ending("unwanted", "unsubscribed")
    hashed = address_hash(sender.installation.secret_key, address)
    cap = ADDRESS_MAX_AN_HOUR if message.recipient == "client" else TEAM_MAX_AN_HOUR
    if await database.run(address_rows.count, hashed, now) >= cap:
        next_hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        words = f"{cap} messages to this address within the hour"
        if next_hour >= message.useful_until:
            return Ending("late", words)
        return Ending("waiting", words, next_hour, is_counted=False)
    return None


async def _handed(sender: Sender, attempt: Attempt, composed: Composed, now: datetime) -> Ending:
    message, told = attempt.message, composed.told
    hashed = address_hash(sender.installation.secret_key, told.address)

    async def handing() -> bool:
        return await sender.installation.database.run(
            lane_rows.hand_over, attempt, told, hashed, now
        )

    if message.way == SMS:
        assert sender.texter is not None
        answer = await sender.texter.send(told.address, shortened(composed.letter.text), handing)
    else:
        assert sender.mailer is not None
        try:
            parcel = _parcel(sender.ways, attempt, composed, now)
        except (ValueError, UnicodeError) as error:
            return Ending("failed", f"no mail can be made of it: {error}")
        answer = await sender.mailer.send(parcel, handing)
    if answer.fate is Fate.REFUSED:
        await sender.installation.database.run(lane_rows.keep, attempt, told)
    if answer.fate is Fate.REFUSED and answer.is_address and message.way == MAIL:
        await sender.installation.database.run(
            address_rows.mark_bounced, attempt.business_id, told.address, answer.words, now
        )
    return ending_of(answer, attempt, now)


def ending_of(answer: Answer, attempt: Attempt, now: datetime) -> Ending:
    """What an answer means for a message."""
    message, fate, words = attempt.message, answer.fate, answer.words
    if fate is Fate.SENT:
        return Ending("sent", words)
    if fate is Fate.REFUSED:
        return Ending("failed", words, is_refused=True)
    if fate is Fate.UNKNOWN and (
        message.kind in SENT_ONCE_AT_MOST
        or message.way == SMS
        or attempt.hand_overs + 1 >= HAND_OVERS_MAX
    ):
        return Ending("unknown", words)
    next_at = now + retry_after(attempt.number)
    if next_at >= message.useful_until:
        return Ending("late", words, is_refused=fate is not Fate.UNKNOWN)
    return Ending(
        "waiting",
        words,
        next_at,
        is_refused=fate is not Fate.UNKNOWN,
        is_away=fate is Fate.AWAY,
    )


def _parcel(ways: Ways, attempt: Attempt, composed: Composed, now: datetime) -> Parcel:
    business, told = composed.directory.business, composed.told
    envelope = Envelope(
        sender=ways.sender,
        sender_name=business.messages.from_name or business.business.name,
        to=told.address,
        message_id=ways.message_id(attempt.message.id),
        date=now,
        reply_to=business.messages.reply_to,
        unsubscribe_url=composed.unsubscribe_url,
    )
    look = Look(business.business.name, business.page.colour, composed.directory.logo)
    made = mail(composed.letter, envelope, look, composed.event)
    return_path = ways.sender
    if ways.has_return_paths:
        return_path = return_address(ways.sender, attempt.business_id, attempt.message.id)
    to = str(made["To"].addresses[0].addr_spec)
    return Parcel(return_path, to, as_sent(made))
