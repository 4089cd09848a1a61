"""The protocol, step by step: what is one step here happens at once in PostgreSQL.

A statement reads one snapshot, but its rows meet the others' one by one, and it may wait between
them; so it is several steps: what it reads, each row that can meet a rival, and the commit. Nothing
of it is seen by others before that but by waiting for it.
"""

from __future__ import annotations

from typing import Literal

from tests.model.paying import (
    authorise,
    capture,
    confirm,
    give_back,
    record,
    secure,
    to_the_money,
)
from tests.model.state import (
    HOLD_LASTS,
    Answer,
    Appointment,
    Attempt,
    Claim,
    is_live,
    replaced,
)
from tests.model.turn import Next, Step, Turn

# Booking and holding: one statement, booking/booking_rows.py


def look(turn: Turn) -> Next:
    """The snapshot: `replay`, and `chosen`. One resource is asked without looking."""
    attempt, script, state = turn.attempt, turn.script, turn.state
    if attempt.now < 0:
        attempt = attempt._replace(now=state.clock)
        turn = turn._replace(attempt=attempt)
    if remembered := state.keys[attempt.key]:
        return turn.answers("finds what the key led to", remembered)
    if len(script.resources) == 1:
        after = attempt._replace(step="claim", chosen=script.resources[0])
        return turn.goes_on("its statement begins, the key is new", after)
    for resource in script.resources:
        if not turn.in_the_way(resource):
            after = attempt._replace(step="claim", chosen=resource)
            return turn.goes_on(f"its statement begins, sees r{resource} free", after)
    refusal = turn.refusal([state.claims[resource] for resource in script.resources])
    after = attempt._replace(step="remember", answer=refusal)
    return turn.goes_on("its statement begins, sees nobody free", after)


def claim(turn: Turn) -> Next:
    """`taken`: the guard lets the claim in, or refuses it, or makes it wait for a rival."""
    attempt, script, resource = turn.attempt, turn.script, turn.attempt.chosen
    if waits := turn.rivals_for_time(resource):
        return waits
    if turn.in_the_way(resource):
        if len(script.resources) > 1:
            return turn.begins_again(f"r{resource} was taken meanwhile, asks another", "look")
        return refused(turn)
    ends = attempt.now + HOLD_LASTS if script.verb in ("pay", "abandon") else None
    kind: Literal["booked", "held"] = "booked" if ends is None else "held"
    return turn.goes_on(
        f"writes its claim on r{resource}",
        attempt._replace(
            step="remember",
            takes=Claim(attempt.appointment, ends),
            locks=True,
            status="confirmed" if ends is None else "held",
            answer=Answer(kind, attempt.appointment, resource),
        ),
    )


def refused(turn: Turn) -> Next:
    """A refusal is remembered under a key from outside, and from the second attempt on."""
    answer = turn.refusal([turn.state.claims[turn.attempt.chosen]])
    if turn.script.has_key or turn.attempt.is_repeated:
        after = turn.attempt._replace(step="remember", answer=answer)
        return turn.goes_on("somebody has the time", after)
    return turn.answers("somebody has the time, nothing is written", answer)


def remember(turn: Turn) -> Next:
    """`happened` and `remembered`: the rows that a rival with the same key or event runs into."""
    if waits := turn.rivals_for_key():
        return waits
    if turn.state.keys[turn.attempt.key]:
        return turn.begins_again("the key was used meanwhile: all is undone", "look")
    after = turn.attempt._replace(step="commit", keyed=True)
    return turn.goes_on("writes the key's row", after)


# Moving: two reads, then one transaction, booking/move.py


def load(turn: Turn) -> Next:
    """Read the appointment."""
    attempt, state = turn.attempt, turn.state
    now = attempt.now if attempt.now >= 0 else state.clock
    read = state.appointments[attempt.appointment]
    step = "recall" if turn.script.verb == "move" else "cancel"
    assert read is not None
    if step == "cancel" and read.status == "cancelled":
        return turn.answers("it is cancelled already", Answer("cancelled", attempt.appointment))
    return turn.goes_on(
        f"reads its appointment: {read.status}, r{read.resource}",
        attempt.begins(step)._replace(now=now, read=read),
    )


def recall(turn: Turn) -> Next:
    """Read the key; then judge."""
    attempt, read = turn.attempt, turn.attempt.read
    (target,) = turn.script.resources
    assert read is not None
    if remembered := turn.state.keys[attempt.key]:
        return turn.answers("finds what the key led to", remembered)
    if read.status != "confirmed":
        return turn.answers("it can't be moved", Answer("gone", attempt.appointment))
    if read.resource == target:
        return turn.goes_on("the key is new, it is there already", attempt.begins("stay"))
    after = attempt.begins("lock")._replace(chosen=target)
    return turn.goes_on("the key is new", after)


def stay(turn: Turn) -> Next:
    """A move that changes nothing: hold the appointment if it is still as it was read, so that
    the key's row says what was true.
    """
    attempt = turn.attempt
    if waits := turn.rivals_for_appointment():
        return waits
    if turn.state.appointments[attempt.appointment] != attempt.read:
        return turn.begins_again("somebody has changed it", "load")
    assert attempt.read is not None
    answer = Answer("moved", attempt.appointment, attempt.read.resource)
    after = attempt._replace(step="write", locks=True, answer=answer)
    return turn.goes_on("holds the appointment where it is", after)


def lock(turn: Turn) -> Next:
    """Hold the appointment if it is still as it was read."""
    if waits := turn.rivals_for_appointment():
        return waits
    if turn.state.appointments[turn.attempt.appointment] != turn.attempt.read:
        return turn.begins_again("somebody has changed it", "load")
    return turn.goes_on("holds the appointment", turn.attempt._replace(step="release", locks=True))


def release(turn: Turn) -> Next:
    """Delete the old claim. Whoever wants that time waits from here on."""
    assert turn.attempt.read is not None
    old = turn.attempt.read.resource
    after = turn.attempt._replace(step="take", releases=old)
    return turn.goes_on(f"deletes its claim on r{old}", after)


def take(turn: Turn) -> Next:
    """The new claim, by the same guard. If it is refused, all is rolled back."""
    attempt, target = turn.attempt, turn.attempt.chosen
    if waits := turn.rivals_for_time(target):
        return waits
    if turn.in_the_way(target):
        refusal = turn.refusal([turn.state.claims[target]])
        after = attempt.begins("refuse")._replace(answer=refusal)
        return turn.goes_on("somebody has the time: all is undone", None if turn.is_lost else after)
    after = attempt._replace(
        step="write",
        takes=Claim(attempt.appointment),
        status="confirmed",
        answer=Answer("moved", attempt.appointment, target),
    )
    return turn.goes_on(f"writes its claim on r{target}", after)


def write(turn: Turn) -> Next:
    """The event and the key's row, of a move, of one that changes nothing, and of a refusal."""
    if waits := turn.rivals_for_key():
        return waits
    if turn.state.keys[turn.attempt.key]:
        return turn.begins_again("the key was used meanwhile: all is undone", "load")
    after = turn.attempt._replace(step="commit", keyed=True)
    return turn.goes_on("writes the key's row", after)


# Cancelling: a read, then one statement, booking/cancel.py


def cancel(turn: Turn) -> Next:
    """Status, claim and event, if the appointment is still as it was read."""
    attempt = turn.attempt
    if waits := turn.rivals_for_appointment():
        return waits
    if turn.state.appointments[attempt.appointment] != attempt.read:
        return turn.begins_again("somebody has changed it", "load")
    assert attempt.read is not None
    after = attempt._replace(
        step="commit",
        locks=True,
        releases=attempt.read.resource,
        status="cancelled",
        answer=Answer("cancelled", attempt.appointment),
    )
    return turn.goes_on("sets the status, deletes the claim", after)


# What all of them end with


def commit(turn: Turn) -> Next:
    """Everything that was written is seen from now on, all at once."""
    attempt = turn.attempt
    if attempt.answer is None:
        after = to_the_money(attempt, attempt.status)
    else:
        after = attempt.begins(attempt.began)._replace(step="answer", answer=attempt.answer)
    what = " the refusal" if attempt.answer and attempt.answer.kind == "refused" else ""
    return turn.goes_on(f"commits{what}", after, **rows_after(turn))


def rows_after(turn: Turn) -> dict[str, object]:
    """What is committed when this attempt commits."""
    attempt, claims = turn.attempt, turn.state.claims
    if attempt.releases >= 0:
        claims = replaced(
            claims, attempt.releases, without(claims[attempt.releases], attempt.appointment)
        )
    if attempt.takes is not None:
        kept = without(claims[attempt.chosen], attempt.appointment)
        live = tuple(one for one in kept if is_live(one, attempt.now))
        claims = replaced(claims, attempt.chosen, (*live, attempt.takes))
    keys = turn.state.keys
    if attempt.keyed:
        keys = replaced(keys, attempt.key, attempt.answer)
    return {"claims": claims, "keys": keys, "appointments": _appointments(turn)}


def without(claims: tuple[Claim, ...], appointment: int) -> tuple[Claim, ...]:
    """The claims of all others."""
    return tuple(one for one in claims if one.appointment != appointment)


def _appointments(turn: Turn) -> tuple[Appointment | None, ...]:
    attempt, rows = turn.attempt, turn.state.appointments
    if not attempt.status:
        return rows
    before = rows[attempt.appointment]
    if before is None:
        row = Appointment(attempt.status, attempt.chosen, attempt.key)
    else:
        resource = before.resource if attempt.takes is None else attempt.chosen
        row = before._replace(
            status=attempt.status, resource=resource, sequence=before.sequence + 1
        )
    return replaced(rows, attempt.appointment, row)


def answer(turn: Turn) -> Next:
    """The client hears. Whoever holds a time and wants to pay goes on to the payment."""
    attempt = turn.attempt
    assert attempt.answer is not None
    if turn.script.verb == "pay" and attempt.answer.kind == "held":
        after = Attempt("authorise", "authorise", attempt.answer.appointment, attempt.key)
        return turn.goes_on("hears that the time is held", after)
    run = turn.state.runs[turn.run]._replace(attempt=None, answer=attempt.answer)
    runs = replaced(turn.state.runs, turn.run, run)
    return [(turn.named(f"hears: {attempt.answer.kind}"), turn.state._replace(runs=runs))]


STEPS: dict[str, Step] = {
    "look": look,
    "claim": claim,
    "remember": remember,
    "load": load,
    "recall": recall,
    "stay": stay,
    "lock": lock,
    "release": release,
    "take": take,
    "write": write,
    "refuse": write,
    "cancel": cancel,
    "authorise": authorise,
    "confirm": confirm,
    "secure": secure,
    "capture": capture,
    "record": record,
    "give back": give_back,
    "commit": commit,
    "answer": answer,
}
"""The protocol as it is. A broken one has another function for one of these."""
