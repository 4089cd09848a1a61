"""Protocols that are wrong on purpose, each in one step. The model must catch every one."""

from __future__ import annotations

from tests.model.paying import captured
from tests.model.state import Answer, Claim, named, replaced
from tests.model.steps import STEPS, ask_next, booked, refused, remember, rows_after, without
from tests.model.turn import Next, Turn, Waits


def check_then_insert(turn: Turn) -> Next:
    """No guard: what a rival has written and not committed is not in the way."""
    attempt, plan = turn.attempt, turn.attempt.chosen
    if not turn.is_free(plan):
        return refused(turn)
    after = booked(attempt._replace(takes=Claim(attempt.appointment), taken=plan))
    return turn.goes_on(f"sees {named(plan)} free, writes its claim", after)


def remember_later(turn: Turn) -> Next:
    """The key's row in a transaction of its own, after the booking's."""
    attempt = turn.attempt
    if attempt.takes is None:
        return remember(turn)
    after = attempt.begins("look")._replace(step="remember", answer=attempt.answer)
    return turn.goes_on("commits the booking without the key", after, **rows_after(turn))


def confirm_without_looking(turn: Turn) -> Next:
    """Whoever has paid gets the time, whatever has become of the hold."""
    attempt = turn.attempt
    assert attempt.read is not None
    plan = attempt.read.plan
    after = attempt._replace(
        step="commit",
        chosen=plan,
        status="confirmed",
        takes=Claim(attempt.appointment),
        taken=plan,
    )
    return turn.goes_on(f"keeps {named(plan)} without looking", after)


def capture_first(turn: Turn) -> Next:
    """The field's usual way: the money, then the time."""
    if turn.state.payments[turn.attempt.appointment].captures:
        return STEPS["confirm"](turn)
    after = turn.attempt._replace(step="confirm")
    return captured(turn, after, asked_before=False)


def capture_without_a_key(turn: Turn) -> Next:
    """The provider can't tell a repeated job from another one."""
    return captured(turn, turn.attempt._replace(step="record"), asked_before=False)


def release_and_commit(turn: Turn) -> Next:
    """A move that gives the old time back in one transaction and takes the new in another."""
    attempt = turn.attempt
    assert attempt.read is not None
    (old,) = attempt.read.plan
    kept = without(turn.state.claims[old], attempt.appointment)
    return turn.goes_on(
        f"deletes its claim on r{old} and commits that",
        attempt.begins("lock")._replace(step="take"),
        claims=replaced(turn.state.claims, old, kept),
    )


def wait_for_the_sweeper(turn: Turn) -> Next:
    """A guard that doesn't look at the clock."""
    (resource,) = turn.attempt.chosen
    if waits := turn.rivals_for_time(resource):
        return waits
    return refused(turn) if turn.state.claims[resource] else STEPS["claim"](turn)


def forget_refusals(turn: Turn) -> Next:
    """A refusal is remembered only under a key from outside, not when a second attempt gets it."""
    (resource,) = turn.attempt.chosen
    if waits := turn.rivals_for_time(resource):
        return waits
    if turn.script.has_key or not turn.in_the_way(resource):
        return STEPS["claim"](turn)
    return turn.answers("somebody has the time, nothing is written", turn.refusal())


def stay_without_a_word(turn: Turn) -> Next:
    """A move to where it is already writes nothing, so its key is not used up."""
    attempt = turn.attempt
    assert attempt.read is not None
    there = Answer("moved", attempt.appointment, attempt.read.plan)
    return turn.answers("nothing is written", there)


def cancel_without_looking(turn: Turn) -> Next:
    """A cancellation that doesn't ask whether the appointment is still as it was read."""
    attempt = turn.attempt
    if waits := turn.rivals_for_appointment():
        return waits
    assert attempt.read is not None
    after = attempt._replace(
        step="commit",
        locks=True,
        releases=attempt.read.plan,
        status="cancelled",
        answer=Answer("cancelled", attempt.appointment),
    )
    return turn.goes_on("sets the status, deletes the claim it has read of", after)


def keep_a_part(turn: Turn) -> Next:
    """A visit that got one of two claims is booked, instead of being undone."""
    asked = ask_next(turn, Claim(turn.attempt.appointment))
    if isinstance(asked, Waits):
        return asked
    label, after = asked
    if after.asked < len(after.chosen) or not after.taken:
        return STEPS["claim"](turn)
    return turn.goes_on(f"{label}, is content with {named(after.taken)}", booked(after))


def mix_two_plans(turn: Turn) -> Next:
    """What a rival took of one plan is made up for from another, whose rest isn't asked for."""
    resource = turn.attempt.chosen[turn.attempt.asked]
    if turn.rivals_for_time(resource) or not turn.in_the_way(resource):
        return STEPS["claim"](turn)
    for plan in turn.script.plans:
        for other in plan:
            if other not in turn.attempt.chosen and turn.is_free((other,)):
                chosen = replaced(turn.attempt.chosen, turn.attempt.asked, other)
                after = turn.attempt._replace(chosen=chosen)
                return turn.goes_on(f"r{resource} was taken, takes r{other} for it", after)
    return STEPS["claim"](turn)
