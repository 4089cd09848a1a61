"""What the owner is told of the business itself: its day, and appointments that no longer fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from bookonce.availability.installation import Installation
from bookonce.booking import fit_rows
from bookonce.booking.fit import Unfit, no_longer_fit
from bookonce.business import version_rows
from bookonce.business.directory import Directory
from bookonce.business.document import Business
from bookonce.business.messages import MessageKind
from bookonce.events.catalogue import ChangeFacts
from bookonce.messages import address_rows, reminder_rows, truth_rows
from bookonce.messages.composed import Composed
from bookonce.messages.decide import Void
from bookonce.messages.lane_rows import Told
from bookonce.messages.letter import Letter, as_text
from bookonce.messages.message_rows import Message
from bookonce.messages.outgoing import Ways
from bookonce.messages.team_wording import Line, conflicts, summary
from bookonce.platform.ids import new_id
from bookonce.platform.languages import language
from bookonce.platform.tokens import new_token, token_hash


async def about_the_business(
    installation: Installation, ways: Ways, directory: Directory, message: Message, now: datetime
) -> Composed | Void:
    """A message that is about no appointment alone."""
    if message.who not in directory.business.messages.owner_copy:
        return Void("the address is no longer the owner's")
    if message.kind is MessageKind.SUMMARY:
        return await _summary(installation, ways, directory, message, now)
    return await _conflicts(installation, ways, directory, message, now)


async def _summary(
    installation: Installation, ways: Ways, directory: Directory, message: Message, now: datetime
) -> Composed | Void:
    day = message.subject_date
    assert day is not None
    lines = await _lines_of(installation, directory, day)
    if not lines:
        return Void("there are no appointments that day")
    token, base, slug = new_token(), ways.public_url, directory.slug
    unsubscribe = f"{base}/{slug}/unsubscribe/{token}" if base else ""
    if unsubscribe:
        await installation.database.run(
            address_rows.link, directory.business_id, message.who, token_hash(token), now
        )
    office = f"{base}/office/{slug}/calendar?date={day.isoformat()}&view=day" if base else ""
    spoken = language(directory.business.business.locale, None, "en")
    written = summary(directory.business, day, lines, (office, unsubscribe), spoken)
    return replace(_composed(directory, message, written), unsubscribe_url=unsubscribe)


async def _lines_of(installation: Installation, directory: Directory, day: date) -> list[Line]:
    """The appointments that begin on a day by the business's clock."""
    start, end = (
        datetime.combine(each, datetime.min.time(), directory.zone)
        for each in (day, day + timedelta(days=1))
    )
    found = await installation.database.run(
        reminder_rows.of_the_day, directory.business_id, start, end
    )
    return [
        Line(one.start, ZoneInfo(one.zone), (one.services, one.staff, one.client_name))
        for one in found
    ]


async def _conflicts(
    installation: Installation, ways: Ways, directory: Directory, message: Message, now: datetime
) -> Composed | Void:
    assert message.event_id is not None
    happened = await installation.database.run(
        truth_rows.happened, directory.business_id, message.event_id
    )
    if happened is None:
        return Void("the change is gone")
    version = msgspec.json.decode(happened.facts, type=ChangeFacts).version
    if version is None or version <= 1:
        return Void("nothing was changed")
    before = await installation.database.run(version_rows.find, directory.business_id, version - 1)
    upcoming = await installation.database.run(fit_rows.upcoming, directory.business_id, now)
    unfit = (
        no_longer_fit(_as_before(directory, before.business), directory, upcoming) if before else []
    )
    if not unfit:
        return Void("all appointments fit")
    base = ways.public_url
    office = f"{base}/office/{directory.slug}" if base else ""
    spoken = language(directory.business.business.locale, None, "en")
    lines = [_line(directory, one) for one in unfit]
    return _composed(directory, message, conflicts(directory.business, lines, office, spoken))


def _line(directory: Directory, unfit: Unfit) -> Line:
    one = unfit.upcoming
    services = ", ".join(part.service_name for part in one.parts)
    staff = ", ".join(dict.fromkeys(part.staff_name for part in one.parts))
    return Line(one.start, directory.zone_at(one.location), (services, staff, *unfit.reasons))


def _as_before(directory: Directory, business: Business) -> Directory:
    """The business as it was, so far as fitting asks. What it had and has no more gets an id of its
    own, which nothing else has.
    """

    def ids(known: dict[str, UUID], keys: list[str]) -> dict[str, UUID]:
        return {key: known.get(key) or new_id() for key in keys}

    locations = [each.key for each in business.location] or list(directory.location_ids)
    return msgspec.structs.replace(
        directory,
        business=business,
        location_ids=ids(dict(directory.location_ids), locations),
        staff_ids=ids(dict(directory.staff_ids), [each.key for each in business.staff]),
        resource_ids=ids(dict(directory.resource_ids), [each.key for each in business.resource]),
        service_ids=ids(dict(directory.service_ids), [each.key for each in business.service]),
    )


def _composed(directory: Directory, message: Message, letter: Letter) -> Composed:
    told = Told(
        address=message.who,
        language=letter.language.tag,
        subject=letter.subject,
        body=letter.without_secrets(as_text(letter)),
    )
    return Composed(directory, letter, told)
