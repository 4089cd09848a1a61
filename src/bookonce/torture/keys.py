"""Check 4: one idempotency key, one appointment; an unknown outcome is there once or not at all,
and asking again with the key tells which.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from uuid import UUID

from bookonce.torture.evidence import Evidence, Offence
from bookonce.torture.history import Deed, Kind, Outcome
from bookonce.torture.rows import BOOKED, HELD, MOVED, UNCHANGED


def one_key_is_one_appointment(evidence: Evidence) -> list[Offence]:
    """However often and wherever a wish was asked for, it came true once or not at all."""
    made: defaultdict[tuple[str, str], list[UUID]] = defaultdict(list)
    for appointment in evidence.rows.appointments.values():
        made[appointment.slug, appointment.label].append(appointment.id)
    offences: list[Offence] = []
    for deed in evidence.of_kind(Kind.BOOK, Kind.MOVE):
        offences += _one_answer(deed)
        if deed.wish.kind is Kind.BOOK:
            offences += _booked_once(deed, made[deed.wish.slug, deed.wish.label])
        if deed.wish.key is not None:
            offences += _key_remembers(deed, evidence)
    return offences


def _one_answer(deed: Deed) -> Iterator[Offence]:
    """The same key gives the same answer."""
    told = {
        (one.answer.subject_id, one.answer.staff, one.answer.start_s)
        for one in deed.operations
        if one.outcome is Outcome.DONE and one.answer is not None
    }
    if len(told) > 1:
        yield Offence.by(f"{deed.wish.label} was answered in {len(told)} ways", deed)
    if told and any(one.outcome is Outcome.REFUSED for one in deed.operations):
        yield Offence.by(f"{deed.wish.label} was both done and refused", deed)


def _booked_once(deed: Deed, made: list[UUID]) -> Iterator[Offence]:
    if len(made) > 1:
        yield Offence.by(f"{deed.wish.label} was booked {len(made)} times", deed)
    if made and deed.outcome is Outcome.REFUSED:
        yield Offence.by(f"{deed.wish.label} was refused, but is there as {made[0]}", deed)
    if made and deed.answer is not None and deed.answer.subject_id not in made:
        yield Offence.by(
            f"{deed.wish.label} was answered {deed.answer.subject_id}, but is {made[0]}", deed
        )


def _key_remembers(deed: Deed, evidence: Evidence) -> Iterator[Offence]:
    """What stands under the key is what was answered; refusals other than conflicts aren't kept."""
    kept = evidence.rows.of_key(deed.wish.slug, deed.wish.key or "")
    happened = (BOOKED, HELD) if deed.wish.kind is Kind.BOOK else (MOVED, UNCHANGED)
    if deed.outcome is Outcome.UNKNOWN:
        yield Offence.by(f"{deed.wish.label} was asked again and again without an answer", deed)
    elif kept is None:
        if deed.outcome is Outcome.DONE:
            yield Offence.by(f"the key of {deed.wish.label} leads nowhere", deed)
    elif (kept.kind in happened) is not (deed.outcome is Outcome.DONE):
        yield Offence.by(f"{deed.wish.label} was {deed.outcome}, its key says {kept.kind}", deed)
    elif kept.appointment_id and deed.answer and kept.appointment_id != deed.answer.subject_id:
        yield Offence.by(f"the key of {deed.wish.label} leads to {kept.appointment_id}", deed)
