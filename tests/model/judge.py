"""What must hold in every state, and what must hold in the end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations

from tests.model.state import Appointment, Claim, Payment, Plan, Script, State, is_live
from tests.model.world import THERE

Appointments = tuple[Appointment | None, ...]


def broken_in(state: State, scripts: Sequence[Script]) -> str | None:
    """What is wrong with a state; None if nothing is."""
    return (
        _claims(state.clock, state.claims, state.appointments)
        or _money(state.payments, state.appointments)
        or _keys(state.appointments)
        or _plans(state.appointments, tuple((one.appointment, one.plans) for one in scripts))
        or _answers(state, scripts)
    )


# Many states have the same rows: what was judged is kept.


@cache
def _claims(
    clock: int, claims: tuple[tuple[Claim, ...], ...], appointments: Appointments
) -> str | None:
    where: dict[int, list[tuple[int, int | None]]] = {}
    for resource, on_it in enumerate(claims):
        if sum(is_live(one, clock) for one in on_it) > 1:
            return f"r{resource} is taken twice"
        for claim in on_it:
            where.setdefault(claim.appointment, []).append((resource, claim.ends))
    for number, row in enumerate(appointments):
        claimed = where.pop(number, [])
        if row is None and claimed:
            return "a claim without an appointment"
        if row is None:
            continue
        if row.status == "confirmed" and claimed != [
            (resource, None) for resource in sorted(row.plan)
        ]:
            return "a confirmed appointment without its claim"
        if row.status == "held" and any(ends is None for _, ends in claimed):
            return "a hold without an end"
        if row.status in ("cancelled", "lost") and claimed:
            return f"a claim of an appointment that is {row.status}"
    return None


@cache
def _money(payments: tuple[Payment, ...], appointments: Appointments) -> str | None:
    for payment, row in zip(payments, appointments, strict=True):
        if payment.captures > 1:
            return "money is captured twice"
        if payment.captures and (row is None or row.status != "confirmed"):
            return "money is captured for an appointment that isn't confirmed"
    return None


@cache
def _keys(appointments: Appointments) -> str | None:
    booked_under = [row.key for row in appointments if row is not None and row.key >= 0]
    if len(set(booked_under)) < len(booked_under):
        return "two appointments under one key"
    return None


@cache
def _plans(
    appointments: Appointments, scripts: tuple[tuple[int, tuple[Plan, ...]], ...]
) -> str | None:
    """Each appointment has exactly one of the plans that somebody asked for, or had it before."""
    for number, row in enumerate(appointments):
        if row is None:
            continue
        if number in THERE:
            moves = [plans for changed, plans in scripts if changed == number]
            asked = {THERE[number], *(plan for plans in moves for plan in plans)}
        else:
            asked = set(scripts[number // 2][1])
        if row.plan not in asked:
            return "an appointment with parts of two plans"
    return None


def _answers(state: State, scripts: Sequence[Script]) -> str | None:
    if all(run.answer is None for run in state.runs):
        return None
    answered = [
        (number, run.answer, script)
        for number, (run, script) in enumerate(zip(state.runs, scripts, strict=True))
        if run.answer is not None and run.answer.kind != "unknown"
    ]
    booked_under = {row.key for row in state.appointments if row is not None}
    for number, answer, script in answered:
        key = script.key if script.key >= 0 else number
        if answer.kind == "refused" and not answer.justified:
            return "refused because of a hold that had run out"
        if answer.kind == "refused" and key in booked_under:
            return "somebody hears that the time is taken, and has it"
        if answer.kind in ("booked", "held") and state.appointments[answer.appointment] is None:
            return "somebody hears of an appointment that isn't there"
    for (_, one, its), (_, other, their) in combinations(answered, 2):
        if its.key == their.key >= 0 and one != other:
            return "one key, two answers"
    return None


def broken_at_end(state: State, scripts: Sequence[Script]) -> str | None:
    """What nothing will mend any more; None if all is in order."""
    for run, script in zip(state.runs, scripts, strict=True):
        if run.answer is None or run.attempt is not None or run.lost is not None:
            return "somebody waits for ever"
        if run.answer.kind == "unknown" and script.has_key:
            return "somebody with a key doesn't know"
    for payment, row in zip(state.payments, state.appointments, strict=True):
        if payment.status == "authorised":
            return "money stays authorised for ever"
        if row is not None and row.status == "confirmed" and payment.status == "cancelled":
            return "a paid appointment is confirmed without its money"
    if any(not is_live(claim, state.clock) for claims in state.claims for claim in claims):
        return "a hold that ran out was never taken away"
    return None
