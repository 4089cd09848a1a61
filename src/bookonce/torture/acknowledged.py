"""Check 2: what was acknowledged is there, and nothing is there that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from bookonce.torture.evidence import Evidence, Offence
from bookonce.torture.history import Answer, Deed, Kind, Outcome, clock_time
from bookonce.torture.lives import could_have_made
from bookonce.torture.rows import HELD, Appointment


def nothing_acknowledged_is_lost(evidence: Evidence) -> list[Offence]:
    """Every acknowledged change is in the rows, every cancelled appointment is cancelled."""
    return [
        *_done_is_recorded(evidence),
        *_appointments_are_as_told(evidence),
        *_blocks_are_as_told(evidence),
    ]


def _done_is_recorded(evidence: Evidence) -> Iterator[Offence]:
    """Each acknowledged deed left the event that says so."""
    for deed in evidence.of_kind(Kind.BOOK, Kind.MOVE, Kind.CANCEL, Kind.PAY):
        if deed.outcome is not Outcome.DONE or deed.answer is None:
            continue
        subject_id = deed.answer.subject_id
        events = evidence.rows.events.get(subject_id, [])
        if subject_id not in evidence.rows.appointments:
            yield Offence.by(f"appointment {subject_id} was acknowledged and isn't there", deed)
        elif deed.wish.subject_id not in (None, subject_id):
            yield Offence.by(f"asked for {deed.wish.subject_id}, answered {subject_id}", deed)
        elif deed.wish.kind is Kind.MOVE:  # to where it was already: then an earlier event says so
            if not any(_is_at(event, deed.answer) for event in events):
                yield Offence.by(f"appointment {subject_id} was never where it was moved to", deed)
        elif not any(could_have_made(deed, event) for event in events):
            yield Offence.by(f"no event tells of this {deed.wish.kind} of {subject_id}", deed)


def _is_at(event: object, answer: Answer) -> bool:
    return all(
        getattr(event, name) == getattr(answer, name) for name in ("staff", "start_s", "resources")
    )


def _appointments_are_as_told(evidence: Evidence) -> Iterator[Offence]:
    """Where an appointment is in the end is where a change that may have been the last put it."""
    lost = lost_payments(evidence)
    makers = {(deed.wish.slug, deed.wish.label): deed for deed in evidence.of_kind(Kind.BOOK)}
    for appointment in evidence.rows.appointments.values():
        maker = makers.get((appointment.slug, appointment.label))
        if maker is None:
            yield Offence(f"nobody asked for appointment {appointment.id}")
            continue
        changes = evidence.changes.get(appointment.id, [])
        cancels = [deed for deed in changes if deed.wish.kind is Kind.CANCEL]
        pays = [deed for deed in changes if deed.wish.kind is Kind.PAY]
        if appointment.status == "cancelled" and not cancels and appointment.id not in lost:
            yield Offence.by(f"nobody cancelled appointment {appointment.id}", maker)
        if appointment.status != "cancelled" and any(
            deed.outcome is Outcome.DONE for deed in cancels
        ):
            yield Offence.by(f"appointment {appointment.id} was cancelled and isn't", *cancels)
        yield from _paid_is_confirmed(appointment, evidence, pays)
        moves = [deed for deed in changes if deed.wish.kind is Kind.MOVE]
        if not any(_may_be_where(deed, appointment) for deed in _last_of([maker, *moves])):
            yield Offence.by(
                f"appointment {appointment.id} is with {appointment.staff} at "
                f"{clock_time(appointment.start_s)}, where no change that may be the last has put it",
                maker,
                *moves,
            )


def lost_payments(evidence: Evidence) -> set[UUID]:
    """The appointments that ended because they were paid for when somebody else had the time."""
    return {
        deed.wish.subject_id
        for deed in evidence.of_kind(Kind.PAY)
        if deed.wish.subject_id
        and (deed.outcome is Outcome.UNKNOWN or deed.code == "BOOKING_CONFLICT")
    }


def _paid_is_confirmed(
    appointment: Appointment, evidence: Evidence, pays: list[Deed]
) -> Iterator[Offence]:
    """What was acknowledged as paid for isn't held any more, and nothing is confirmed for nothing."""
    if appointment.status in ("held", "expired") and any(
        deed.outcome is Outcome.DONE for deed in pays
    ):
        yield Offence.by(
            f"appointment {appointment.id} was paid for and is {appointment.status}", *pays
        )
    kinds = {event.kind for event in evidence.rows.events.get(appointment.id, [])}
    if appointment.status == "confirmed" and HELD in kinds and not pays:
        yield Offence(f"appointment {appointment.id} is confirmed, and nobody paid for it")


def _last_of(deeds: list[Deed]) -> list[Deed]:
    """Those that may have happened last: no acknowledged one began after they had happened."""
    latest_call_s = max(
        (deed.called_s for deed in deeds if deed.outcome is Outcome.DONE), default=0.0
    )
    return [deed for deed in deeds if deed.returned_s >= latest_call_s]


def _may_be_where(deed: Deed, appointment: Appointment) -> bool:
    place = deed.answer
    if place is not None:
        return (place.staff, place.start_s) == (appointment.staff, appointment.start_s)
    staff = deed.wish.staff
    return deed.wish.start_s == appointment.start_s and staff in (None, "any", appointment.staff)


def _blocks_are_as_told(evidence: Evidence) -> Iterator[Offence]:
    standing = {claim.id: claim for claim in evidence.rows.claims if claim.kind == "blocked"}
    wanted: set[UUID] = set()
    labels = {deed.wish.label for deed in evidence.of_kind(Kind.BLOCK) if deed.may_have()}
    for deed in evidence.of_kind(Kind.BLOCK):
        if deed.outcome is not Outcome.DONE or deed.answer is None:
            continue
        block_id, wish = deed.answer.subject_id, deed.wish
        ends = evidence.changes.get(block_id, [])
        claim = standing.get(block_id)
        wanted.add(block_id)
        if claim is None and not ends:
            yield Offence.by(f"block {block_id} was acknowledged and isn't there", deed)
        elif claim is not None and any(end.outcome is Outcome.DONE for end in ends):
            yield Offence.by(f"block {block_id} was given back and is there", deed, *ends)
        elif claim is not None and (claim.resource, claim.low_s, claim.high_s) != (
            wish.staff,
            wish.start_s,
            wish.end_s,
        ):
            yield Offence.by(f"block {block_id} isn't of whom and when it was asked", deed)
    for claim in standing.values():
        if claim.id not in wanted and claim.label not in labels:
            yield Offence(f"nobody asked for block {claim.id}")
