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
    named,
    replaced,
)
from tests.model.turn import Next, Step, Turn, Waits

# Booking and holding: one statement, booking/booking_rows.py


def look(turn: Turn) -> Next:
    """The snapshot: `replay`, and `chosen`. One resource is asked without looking."""
    attempt, script, state = turn.attempt, turn.script, turn.state
    if attempt.now < 0:
        attempt = attempt._replace(now=state.clock)
        turn = turn._replace(attempt=attempt)
    if remembered := state.keys[attempt.key]:
        return turn.answers("finds what the key led to", remembered)
    if script.is_simple:
        after = attempt._replace(step="claim", chosen=script.plans[0])
        return turn.goes_on("its statement begins, the key is new", after)
    for plan in script.plans:
        if turn.is_free(plan):
            after = attempt._replace(step="claim", chosen=plan)
            return turn.goes_on(f"its statement begins, sees {named(plan)} free", after)
    after = attempt._replace(step="remember", answer=turn.refusal())
    return turn.goes_on("its statement begins, sees nobody free", after)


def claim(turn: Turn) -> Next:
    """`taken`: the guard lets a claim in, or refuses it, or makes it wait for a rival. Of a visit
    that needs several it is one after the other, in the order of the resources.
    """
    attempt, script = turn.attempt, turn.script
    ends = attempt.now + HOLD_LASTS if script.verb in ("pay", "abandon") else None
    if isinstance(asked := ask_next(turn, Claim(attempt.appointment, ends)), Waits):
        return asked
    label, after = asked
    if after.asked < len(after.chosen):
        return turn.goes_on(label, after)
    if after.taken != after.chosen:
        if not script.is_simple:
            return turn.begins_again(f"{label}: all is undone, asks again", "look")
        return refused(turn)
    return turn.goes_on(label, booked(after))


def ask_next(turn: Turn, takes: Claim) -> tuple[str, Attempt] | Waits:
    """One row of the claims; a rival's in its place leaves it out."""
    attempt = turn.attempt
    resource = attempt.chosen[attempt.asked]
    if waits := turn.rivals_for_time(resource):
        return waits
    after = attempt._replace(asked=attempt.asked + 1)
    if turn.in_the_way(resource):
        return f"r{resource} was taken meanwhile", after
    after = after._replace(takes=takes, taken=(*attempt.taken, resource))
    return f"writes its claim on r{resource}", after


def booked(attempt: Attempt) -> Attempt:
    """With the appointment's row."""
    assert attempt.takes is not None
    ends = attempt.takes.ends
    kind: Literal["booked", "held"] = "booked" if ends is None else "held"
    return attempt._replace(
        step="remember",
        locks=True,
        status="confirmed" if ends is None else "held",
        answer=Answer(kind, attempt.appointment, attempt.chosen),
    )


def refused(turn: Turn) -> Next:
    """A refusal is remembered under a key from outside, and from the second attempt on."""
    answer = turn.refusal()
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
        f"reads its appointment: {read.status}, {named(read.plan)}",
        attempt.begins(step)._replace(now=now, read=read),
    )


def recall(turn: Turn) -> Next:
    """Read the key; then judge."""
    attempt, read = turn.attempt, turn.attempt.read
    (plan,) = turn.script.plans
    assert read is not None
    if remembered := turn.state.keys[attempt.key]:
        return turn.answers("finds what the key led to", remembered)
    if read.status != "confirmed":
        return turn.answers("it can't be moved", Answer("gone", attempt.appointment))
    if read.plan == plan:
        return turn.goes_on("the key is new, it is there already", attempt.begins("stay"))
    after = attempt.begins("lock")._replace(chosen=plan)
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
    answer = Answer("moved", attempt.appointment, attempt.read.plan)
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
    """Delete the old claims. Whoever wants that time waits from here on."""
    assert turn.attempt.read is not None
    old = turn.attempt.read.plan
    step = "take" if turn.script.is_simple else "choose"
    after = turn.attempt._replace(step=step, releases=old)
    return turn.goes_on(f"deletes its claim on {named(old)}", after)


def choose(turn: Turn) -> Next:
    """The snapshot of the statement that takes the claims of several."""
    attempt = turn.attempt
    if turn.is_free(attempt.chosen):
        after = attempt._replace(step="take")
        return turn.goes_on(f"sees {named(attempt.chosen)} free", after)
    return _gives_up(turn)


def _gives_up(turn: Turn) -> Next:
    after = turn.attempt.begins("refuse")._replace(answer=turn.refusal())
    return turn.goes_on("somebody has the time: all is undone", None if turn.is_lost else after)


def take(turn: Turn) -> Next:
    """The new claims, by the same guard. If one is refused, all is rolled back."""
    attempt = turn.attempt
    if isinstance(asked := ask_next(turn, Claim(attempt.appointment)), Waits):
        return asked
    label, after = asked
    if after.asked < len(after.chosen):
        return turn.goes_on(label, after)
    if after.taken != after.chosen:
        if not turn.script.is_simple:
            return turn.begins_again(f"{label}: all is undone, tries again", "load")
        return _gives_up(turn)
    answer = Answer("moved", attempt.appointment, attempt.chosen)
    return turn.goes_on(label, after._replace(step="write", status="confirmed", answer=answer))


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
        releases=attempt.read.plan,
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
    for resource in attempt.releases:
        claims = replaced(claims, resource, without(claims[resource], attempt.appointment))
    for resource in attempt.taken:
        kept = without(claims[resource], attempt.appointment)
        live = tuple(one for one in kept if is_live(one, attempt.now))
        claims = replaced(claims, resource, (*live, attempt.takes))
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
        plan = before.plan if attempt.takes is None else attempt.chosen
        row = before._replace(status=attempt.status, plan=plan, sequence=before.sequence + 1)
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
    "choose": choose,
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
