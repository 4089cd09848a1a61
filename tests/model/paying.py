"""Paying for a time that is held: authorise at the provider, confirm in one transaction, capture
as a job.
"""

from __future__ import annotations

from tests.model.state import Answer, Attempt, Claim, Payment, replaced
from tests.model.turn import Next, Turn


def authorise(turn: Turn) -> Next:
    """The money is set aside, not taken. Asked twice, the provider does it once."""
    attempt = turn.attempt
    payments = turn.state.payments
    if payments[attempt.appointment].status == "none":
        payments = replaced(payments, attempt.appointment, Payment("authorised"))
    return turn.goes_on("the money is authorised", attempt.begins("confirm"), payments=payments)


def confirm(turn: Turn) -> Next:
    """Hold the appointment's row."""
    if waits := turn.rivals_for_appointment():
        return waits
    row = turn.state.appointments[turn.attempt.appointment]
    assert row is not None
    if row.status == "held":
        after = turn.attempt._replace(step="secure", locks=True, read=row, now=turn.state.clock)
        return turn.goes_on("holds the appointment", after)
    return turn.goes_on(f"it is {row.status} already", to_the_money(turn.attempt, row.status))


def to_the_money(attempt: Attempt, status: str) -> Attempt:
    """What follows for the money once it is known what became of the time."""
    step = "capture" if status == "confirmed" else "give back"
    return Attempt(step, step, attempt.appointment, attempt.key)


def secure(turn: Turn) -> Next:
    """Make the claim one for good. If it has run out: take the time anew, if nobody has it."""
    attempt = turn.attempt
    assert attempt.read is not None
    (resource,) = attempt.read.plan
    if waits := turn.rivals_for_time(resource):
        return waits
    after = attempt._replace(step="commit", chosen=attempt.read.plan)
    own = any(one.appointment == attempt.appointment for one in turn.state.claims[resource])
    if not own and turn.in_the_way(resource):
        return turn.goes_on("somebody has the time", after._replace(status="lost"))
    after = after._replace(status="confirmed", takes=Claim(attempt.appointment), taken=after.chosen)
    label = f"keeps r{resource}" if own else f"the hold is gone, but r{resource} is free: takes it"
    return turn.goes_on(label, after)


def capture(turn: Turn) -> Next:
    """A job. Asked twice under one idempotency key, the provider captures once."""
    asked_before = turn.state.payments[turn.attempt.appointment].captures > 0
    return captured(turn, turn.attempt._replace(step="record"), asked_before=asked_before)


def captured(turn: Turn, after: Attempt, *, asked_before: bool) -> Next:
    """What the provider does."""
    before = turn.state.payments[turn.attempt.appointment]
    payment = before if asked_before else Payment("captured", before.captures + 1)
    payments = replaced(turn.state.payments, turn.attempt.appointment, payment)
    return turn.goes_on("the money is captured", after, payments=payments)


def record(turn: Turn) -> Next:
    """The job is done."""
    return turn.goes_on(
        "the capture is recorded",
        turn.attempt._replace(step="answer", answer=Answer("paid", turn.attempt.appointment)),
    )


def give_back(turn: Turn) -> Next:
    """The time is lost, so the authorisation is cancelled; also a job that may be repeated."""
    attempt = turn.attempt
    payments = replaced(turn.state.payments, attempt.appointment, Payment("cancelled"))
    after = attempt._replace(step="answer", answer=Answer("lost", attempt.appointment))
    return turn.goes_on("the authorisation is cancelled", after, payments=payments)
