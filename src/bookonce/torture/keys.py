"""Check 4: one idempotency key, one appointment; an unknown outcome is there once or not at all,
and asking again with the key tells which.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from uuid import UUID

from bookonce.torture.evidence import Evidence, Offence
from bookonce.torture.history import Kind, Operation, Outcome
from bookonce.torture.rows import BOOKED, HELD, MOVED, UNCHANGED


def one_key_is_one_appointment(evidence: Evidence) -> list[Offence]:
    """However often and wherever a wish was asked for, it came true once or not at all."""
    made: defaultdict[tuple[str, str], list[UUID]] = defaultdict(list)
    for appointment in evidence.rows.appointments.values():
        made[appointment.slug, appointment.label].append(appointment.id)
    offences: list[Offence] = []
    for operation in evidence.of_kind(Kind.BOOK, Kind.MOVE):
        offences += _one_answer(operation)
        if operation.wish.kind is Kind.BOOK:
            offences += _booked_once(operation, made[operation.wish.slug, operation.wish.label])
        if operation.wish.key is not None:
            offences += _key_remembers(operation, evidence)
    return offences


def _one_answer(operation: Operation) -> Iterator[Offence]:
    """The same key gives the same answer."""
    told = {
        (one.answer.subject_id, one.answer.place)
        for one in operation.attempts
        if one.outcome is Outcome.DONE and one.answer is not None
    }
    if len(told) > 1:
        yield Offence.by(f"{operation.wish.label} was answered in {len(told)} ways", operation)
    if told and any(one.outcome is Outcome.REFUSED for one in operation.attempts):
        yield Offence.by(f"{operation.wish.label} was both done and refused", operation)


def _booked_once(operation: Operation, made: list[UUID]) -> Iterator[Offence]:
    if len(made) > 1:
        yield Offence.by(f"{operation.wish.label} was booked {len(made)} times", operation)
    if made and operation.outcome is Outcome.REFUSED:
        yield Offence.by(
            f"{operation.wish.label} was refused, but is there as {made[0]}", operation
        )
    if made and operation.answer is not None and operation.answer.subject_id not in made:
        yield Offence.by(
            f"{operation.wish.label} was answered {operation.answer.subject_id}, but is {made[0]}",
            operation,
        )


def _key_remembers(operation: Operation, evidence: Evidence) -> Iterator[Offence]:
    """What stands under the key is what was answered; refusals other than conflicts aren't kept."""
    kept = evidence.rows.of_key(operation.wish.slug, operation.wish.key or "")
    happened = (BOOKED, HELD) if operation.wish.kind is Kind.BOOK else (MOVED, UNCHANGED)
    if operation.outcome is Outcome.UNKNOWN:
        yield Offence.by(
            f"{operation.wish.label} was asked again and again without an answer", operation
        )
    elif kept is None:
        if operation.outcome is Outcome.DONE:
            yield Offence.by(f"the key of {operation.wish.label} leads nowhere", operation)
    elif (kept.kind in happened) is not (operation.outcome is Outcome.DONE):
        yield Offence.by(
            f"{operation.wish.label} was {operation.outcome}, its key says {kept.kind}", operation
        )
    elif (
        kept.appointment_id
        and operation.answer
        and kept.appointment_id != operation.answer.subject_id
    ):
        yield Offence.by(
            f"the key of {operation.wish.label} leads to {kept.appointment_id}", operation
        )
