"""What a business says about its messages: whose name they bear, when clients are reminded, and its
own words for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

EVENING = "evening"
"""The reminder at 18:00 of the day before, by the clock of the place."""
LEAD_PATTERN = r"^(evening|[1-9][0-9]{0,3}[mhd])\Z"
QUIET_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]\Z"
LEAD_MIN_MAX = 30 * 24 * 60
LEADS_MAX = 5
COPIES_MAX = 10
TEMPLATES_MAX = 200
SUBJECT_LENGTH_MAX = 150
BODY_LENGTH_MAX = 2_000
_UNIT_MIN = {"m": 1, "h": 60, "d": 24 * 60}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class MessageKind(StrEnum):
    """What a message tells. The database refuses any other word."""

    BOOKED = "booked"  # a time was booked
    HELD = "held"  # a time is held until its deposit is paid
    PAID = "paid"  # the deposit is there; the time is the client's
    MOVED = "moved"  # the appointment has another time, person or place
    RESIZED = "resized"  # it ends at another time; its start stays
    REZONED = "rezoned"  # the zone's rules changed; its clock shows what was promised
    CHANGED = "changed"  # it is for somebody else, or their name or number was put right
    OVERBOOKED = "overbooked"  # it lies over another appointment of the same person
    CANCELLED = "cancelled"  # the appointment is off
    TAKEN_OFF = "taken_off"  # somebody else performs it now, or it is in another name
    PAYMENT_LOST = "payment_lost"  # paid too late: somebody else has the time
    REFUNDED = "refunded"  # money went back
    REMINDER = "reminder"  # the appointment is near
    NO_SHOW = "no_show"  # the client did not come
    CONFLICTS = "conflicts"  # a change of the business leaves appointments that no longer fit
    SUMMARY = "summary"  # the day's appointments


TEMPLATE_KINDS = (
    MessageKind.BOOKED,
    MessageKind.HELD,
    MessageKind.PAID,
    MessageKind.MOVED,
    MessageKind.CANCELLED,
    MessageKind.PAYMENT_LOST,
    MessageKind.REFUNDED,
    MessageKind.REMINDER,
    MessageKind.NO_SHOW,
)
"""The kinds that clients get, for which a business may have its own words."""
PLACEHOLDERS = (
    "name",
    "business",
    "service",
    "staff",
    "date",
    "time",
    "old_date",
    "old_time",
    "place",
    "price",
    "phone",
)
"""What a business's own words may have in braces."""

Lead = Annotated[str, Meta(pattern=LEAD_PATTERN)]
MailLanguage = Annotated[str, Meta(pattern=r"^[a-z]{2}\Z")]


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A business's own words for a kind of message, in a language. What may stand in braces is in
    `PLACEHOLDERS`.
    """

    kind: str
    language: MailLanguage
    subject: Annotated[str, Meta(pattern=r"\S", max_length=SUBJECT_LENGTH_MAX)]
    body: Annotated[str, Meta(pattern=r"\S", max_length=BODY_LENGTH_MAX)]


class Messages(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Messages of a business. `quiet` is a stretch of the local day in which nobody is reminded;
    absent: none. `reminders` are how long before the start.
    """

    from_name: Annotated[str, Meta(pattern=r"\S", max_length=100)] | None = None
    reply_to: str | None = None
    reminders: tuple[Lead, ...] = ("24h",)
    quiet: Annotated[str, Meta(pattern=QUIET_PATTERN)] | None = None
    sms: bool = False
    owner_copy: tuple[str, ...] = ()
    template: tuple[Template, ...] = ()


def lead_min(lead: str) -> int | None:
    """How many minutes before the start a reminder is due; None: the evening before."""
    return None if lead == EVENING else int(lead[:-1]) * _UNIT_MIN[lead[-1]]


def quiet_hours(text: str | None) -> tuple[time, time] | None:
    """From when to when nobody is reminded, by the local clock; past midnight if the first is later."""
    if text is None:
        return None
    start, end = (time.fromisoformat(part) for part in text.split("-"))
    return start, end


def problems(messages: Messages, languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What types can't say of messages: the place, and what was expected."""
    for place, listed, most in (
        ("reminders", messages.reminders, LEADS_MAX),
        ("owner_copy", messages.owner_copy, COPIES_MAX),
        ("template", messages.template, TEMPLATES_MAX),
    ):
        if len(listed) > most:
            yield place, f"at most {most}, got {len(listed)}"
    for index, lead in enumerate(messages.reminders):
        if problem := lead_problem(lead):
            yield f"reminders[{index}]", problem
    if problem := quiet_problem(messages.quiet):
        yield "quiet", problem
    for index, template in enumerate(messages.template):
        for field, problem in template_problems(template, languages):
            yield f"template[{index}].{field}", problem


def lead_problem(lead: str) -> str | None:
    """What is wrong with a lead that is written rightly, or None."""
    minutes = lead_min(lead) if re.match(LEAD_PATTERN, lead) else None
    if minutes is not None and minutes > LEAD_MIN_MAX:
        return f"at most 30 days before, got {lead!r}"
    return None


def quiet_problem(text: str | None) -> str | None:
    """What is wrong with quiet hours that are written rightly, or None."""
    hours = quiet_hours(text) if text and re.match(QUIET_PATTERN, text) else None
    return f"begins when it ends: {text!r}" if hours and hours[0] == hours[1] else None


def template_problems(template: Template, languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What is wrong with a business's own words: the field, and what was expected."""
    kinds = [kind.value for kind in TEMPLATE_KINDS]
    if template.kind not in kinds:
        yield "kind", f"expected one of {', '.join(kinds)}, got {template.kind!r}"
    if template.language not in languages:
        yield "language", f"expected one of {', '.join(languages)}, got {template.language!r}"
    if "\n" in template.subject or "\r" in template.subject:
        yield "subject", "expected one line"
    for field, text in (("subject", template.subject), ("body", template.body)):
        if problem := placeholder_problem(text):
            yield field, problem


def placeholder_problem(text: str) -> str | None:
    """What is wrong with what stands in braces, or None."""
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    for name in _PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            return f"no such placeholder {{{name}}}; there are {known}"
    if set("{}") & set(_PLACEHOLDER.sub("", text)):
        return f"a brace without its other; placeholders are {known}"
    return None


def filled(text: str, values: dict[str, str]) -> str:
    """A business's own words with what stands in braces put in. Raises ValueError on what can't be;
    values are put in as they are, braces of theirs mean nothing.
    """
    if problem := placeholder_problem(text):
        raise ValueError(problem)
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], ""), text)
