"""Check 2: what was acknowledged is there, and nothing is there that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from bookonce.torture.evidence import Evidence, Offence
from bookonce.torture.history import Kind, Operation, Outcome, Place
from bookonce.torture.intervals import could_have_made, may_be_at
from bookonce.torture.rows import HELD, Appointment


def nothing_acknowledged_is_lost(evidence: Evidence) -> list[Offence]:
    """Every acknowledged change is in the rows, every cancelled appointment is cancelled."""
    return [
        *_done_is_recorded(evidence),
        *_answers_are_what_was_asked(evidence),
        *_appointments_are_as_told(evidence),
        *_blocks_are_as_told(evidence),
    ]


def _done_is_recorded(evidence: Evidence) -> Iterator[Offence]:
    """Each acknowledged operation left the event that says so."""
    for operation in evidence.of_kind(Kind.BOOK, Kind.MOVE, Kind.CANCEL, Kind.PAY):
        if operation.outcome is not Outcome.DONE or operation.answer is None:
            continue
        subject_id = operation.answer.subject_id
        events = evidence.rows.events.get(subject_id, [])
        if subject_id not in evidence.rows.appointments:
            yield Offence.by(
                f"appointment {subject_id} was acknowledged and isn't there", operation
            )
        elif operation.wish.subject_id not in (None, subject_id):
            yield Offence.by(
                f"asked for {operation.wish.subject_id}, answered {subject_id}", operation
            )
        elif (
            operation.wish.kind is Kind.MOVE
        ):  # to where it was already: then an earlier event says so
            if not any(event.place == operation.answer.place for event in events):
                yield Offence.by(
                    f"appointment {subject_id} was never where it was moved to", operation
                )
        elif not any(could_have_made(operation, event) for event in events):
            yield Offence.by(
                f"no event tells of this {operation.wish.kind} of {subject_id}", operation
            )


def _answers_are_what_was_asked(evidence: Evidence) -> Iterator[Offence]:
    """Each acknowledged booking and move is of the services that were wanted, when they were
    wanted, one after the other, by people who perform them, in the rooms that they need.
    """
    for operation in evidence.of_kind(Kind.BOOK, Kind.MOVE):
        if operation.answer is None:
            continue
        wish, place, salon = (
            operation.wish,
            operation.answer.place,
            evidence.salons[operation.wish.slug],
        )
        if place is None or place != salon.place(
            wish.services, wish.start_s, place.performers, place.resources
        ):
            yield Offence.by(
                f"{wish.label} was answered with other parts than it asked for", operation
            )
        elif not wish.names(place.performers) or not all(
            part.staff in salon.performers(part.service) for part in place.parts
        ):
            yield Offence.by(
                f"{wish.label} was answered with people who are not to perform it", operation
            )
        elif not salon.ways_to_take(place):
            yield Offence.by(f"{wish.label} was answered with other rooms than it needs", operation)


def _appointments_are_as_told(evidence: Evidence) -> Iterator[Offence]:
    """Where an appointment is in the end is where a change that may have been the last put it."""
    lost = evidence.lost_payments
    makers = {
        (operation.wish.slug, operation.wish.label): operation
        for operation in evidence.of_kind(Kind.BOOK)
    }
    for appointment in evidence.rows.appointments.values():
        maker = makers.get((appointment.slug, appointment.label))
        if maker is None:
            yield Offence(f"nobody asked for appointment {appointment.id}")
            continue
        changes = evidence.changes.get(appointment.id, [])
        cancels = [operation for operation in changes if operation.wish.kind is Kind.CANCEL]
        pays = [operation for operation in changes if operation.wish.kind is Kind.PAY]
        if appointment.status == "cancelled" and not cancels and appointment.id not in lost:
            yield Offence.by(f"nobody cancelled appointment {appointment.id}", maker)
        if appointment.status != "cancelled" and any(
            operation.outcome is Outcome.DONE for operation in cancels
        ):
            yield Offence.by(f"appointment {appointment.id} was cancelled and isn't", *cancels)
        yield from _paid_is_confirmed(appointment, evidence, pays)
        moves = [operation for operation in changes if operation.wish.kind is Kind.MOVE]
        if not any(
            _may_be_where(operation, appointment) for operation in _last_of([maker, *moves])
        ):
            yield Offence.by(
                f"appointment {appointment.id} is {Place(appointment.parts).in_words}, where no"
                " change that may be the last has put it",
                maker,
                *moves,
            )


def _paid_is_confirmed(
    appointment: Appointment, evidence: Evidence, pays: list[Operation]
) -> Iterator[Offence]:
    """What was acknowledged as paid for isn't held any more, and nothing is confirmed for nothing."""
    if appointment.status in ("held", "expired") and any(
        operation.outcome is Outcome.DONE for operation in pays
    ):
        yield Offence.by(
            f"appointment {appointment.id} was paid for and is {appointment.status}", *pays
        )
    kinds = {event.kind for event in evidence.rows.events.get(appointment.id, [])}
    if appointment.status == "confirmed" and HELD in kinds and not pays:
        yield Offence(f"appointment {appointment.id} is confirmed, and nobody paid for it")


def _last_of(operations: list[Operation]) -> list[Operation]:
    """Those that may have happened last: no acknowledged one began after they had happened."""
    latest_call_s = max(
        (operation.called_s for operation in operations if operation.outcome is Outcome.DONE),
        default=0.0,
    )
    return [operation for operation in operations if operation.returned_s >= latest_call_s]


def _may_be_where(operation: Operation, appointment: Appointment) -> bool:
    if operation.answer is not None:
        place = operation.answer.place
        return place is not None and place.parts == appointment.parts
    return may_be_at(operation.wish, Place(appointment.parts))


def _blocks_are_as_told(evidence: Evidence) -> Iterator[Offence]:
    standing = {claim.id: claim for claim in evidence.rows.claims if claim.kind == "blocked"}
    acknowledged: set[UUID] = set()
    labels = {
        operation.wish.label for operation in evidence.of_kind(Kind.BLOCK) if operation.may_have()
    }
    for operation in evidence.of_kind(Kind.BLOCK):
        if operation.outcome is not Outcome.DONE or operation.answer is None:
            continue
        block_id, wish = operation.answer.subject_id, operation.wish
        ends = evidence.changes.get(block_id, [])
        claim = standing.get(block_id)
        acknowledged.add(block_id)
        if claim is None and not ends:
            yield Offence.by(f"block {block_id} was acknowledged and isn't there", operation)
        elif claim is not None and any(end.outcome is Outcome.DONE for end in ends):
            yield Offence.by(f"block {block_id} was given back and is there", operation, *ends)
        elif claim is not None and (claim.resource, claim.low_s, claim.high_s) != (
            wish.staff,
            wish.start_s,
            wish.end_s,
        ):
            yield Offence.by(f"block {block_id} isn't of whom and when it was asked", operation)
    for claim in standing.values():
        if claim.id not in acknowledged and claim.label not in labels:
            yield Offence(f"nobody asked for block {claim.id}")
