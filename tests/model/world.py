"""Everything that can happen next: a step of somebody, the clock, the sweeper, a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.model.state import (
    CLOCK_MAX,
    HOLD_LASTS,
    RESOURCES,
    Answer,
    Appointment,
    Attempt,
    Claim,
    Payment,
    Plan,
    Run,
    Script,
    State,
    is_live,
    replaced,
)
from tests.model.turn import Next, Step, Turn, Waits

X, Y, Z = 6, 7, 8
"""Appointments that are there from the beginning, if a script is about them: X has resource 0, Y
has resource 1, and Z is a visit that has both. The others are each client's: two, since a request may be sent twice.
"""
THERE: dict[int, Plan] = {X: (0,), Y: (1,), Z: (0, 1)}
APPOINTMENTS = 9
KEYS = 6
NO_KEY_OF_OURS = -1

FIRST_STEP = {"book": "look", "pay": "look", "abandon": "look", "move": "load", "cancel": "load"}
GOES_ON_ALONE = frozenset({"look", "claim", "remember", "cancel", "commit"})
"""What the database does to the end though the connection is lost: a statement that is on its way
or runs, and a commit. A transaction between two statements is undone instead.
"""
BEFORE_PAYING = frozenset({"look", "claim", "remember", "commit", "answer"})
SEEN_BY_NOBODY = frozenset({"answer", "record"})
SEEN_BY_ITS_KEY = frozenset({"authorise", "capture", "give back"})
"""Steps that change nothing that others look at, and look at nothing that others change; those of
money unless two clients with one key share a payment. It makes no difference whether they come
before or after the steps of others, so they come at once.
"""

Steps = list[tuple[str, State]]


def first_state(scripts: Sequence[Script], faults: int) -> State:
    """Nothing is booked but what the scripts are about; everybody is about to send."""
    appointments: list[Appointment | None] = [None] * APPOINTMENTS
    claims: list[tuple[Claim, ...]] = [()] * RESOURCES
    for one, plan in THERE.items():
        if any(script.appointment == one for script in scripts):
            appointments[one] = Appointment("confirmed", plan, NO_KEY_OF_OURS)
            for resource in plan:
                claims[resource] = (Claim(one),)
    runs = tuple(Run(_sent(number, script)) for number, script in enumerate(scripts))
    return State(
        0, faults, tuple(claims), tuple(appointments), (None,) * KEYS,
        (Payment(),) * APPOINTMENTS, runs,
    )  # fmt: skip


def _sent(run: int, script: Script, again: int = 0) -> Attempt:
    first = FIRST_STEP[script.verb]
    changed = script.appointment if script.appointment >= 0 else 2 * run + again
    key = script.key if script.key >= 0 else run
    return Attempt(first, first, changed, key, is_repeated=bool(again))


def steps_from(state: State, scripts: Sequence[Script], protocol: Mapping[str, Step]) -> Steps:
    """Each thing that may happen next, and what it leads to."""
    for number, (run, script) in enumerate(zip(state.runs, scripts, strict=True)):
        if run.attempt is not None and _is_seen_by_nobody(run.attempt, script):
            return _of_one(
                Turn(state, script, number, is_lost=False, attempt=run.attempt), protocol
            )
    found: Steps = []
    waiting: dict[tuple[int, bool], tuple[Turn, Waits]] = {}
    for number, (run, script) in enumerate(zip(state.runs, scripts, strict=True)):
        for attempt, is_lost in ((run.attempt, False), (run.lost, True)):
            if attempt is None:
                continue
            turn = Turn(state, script, number, is_lost, attempt)
            if is_lost:
                found += _as_steps(turn.goes_on("is undone", None))
                if attempt.step not in GOES_ON_ALONE:
                    continue
            after = protocol[attempt.step](turn)
            if isinstance(after, Waits):
                waiting[number, is_lost] = turn, after
            else:
                found += after
            if not is_lost and state.faults_left and run.lost is None:
                found += _faults(turn)
    found += _deadlocks(waiting)
    found += _clock_and_sweeper(state, scripts)
    return found


def _is_seen_by_nobody(attempt: Attempt, script: Script) -> bool:
    return attempt.step in SEEN_BY_NOBODY or (attempt.step in SEEN_BY_ITS_KEY and script.key < 0)


def _of_one(turn: Turn, protocol: Mapping[str, Step]) -> Steps:
    found = _as_steps(protocol[turn.attempt.step](turn))
    if turn.state.faults_left and turn.state.runs[turn.run].lost is None:
        found += _faults(turn)
    return found


def _as_steps(after: Next) -> Steps:
    assert not isinstance(after, Waits)
    return after


def _faults(turn: Turn) -> Steps:
    """The answer of the database is lost and the attempt is repeated; or the server dies and the
    client sends again. What the lost attempt had begun may go on, or be undone.
    """
    state, attempt, script = turn.state, turn.attempt, turn.script
    fewer = state._replace(faults_left=state.faults_left - 1)
    writes = attempt.takes or attempt.locks or attempt.keyed
    lost = attempt if writes or attempt.step in GOES_ON_ALONE else None

    def after(next_attempt: Attempt | None, sent: int, answer: Answer | None = None) -> State:
        run = Run(next_attempt, lost, sent, answer)
        return fewer._replace(runs=replaced(state.runs, turn.run, run))

    sent = state.runs[turn.run].sent
    again = attempt.begins(attempt.began)._replace(is_repeated=True)
    found = [(turn.named("LOST: the connection; tries again"), after(again, sent))]
    if attempt.began in ("look", "load", "recall", "lock", "refuse", "cancel") and sent == 1:
        if script.has_key:
            resent = _sent(turn.run, script, again=1)._replace(is_repeated=False)
            found.append((turn.named("LOST: the server; the client sends again"), after(resent, 2)))
        else:
            unknown = Answer("unknown")
            found.append((turn.named("LOST: the server; no key"), after(None, 1, unknown)))
    return found


def _deadlocks(waiting: dict[tuple[int, bool], tuple[Turn, Waits]]) -> Steps:
    """Those who wait for each other: PostgreSQL undoes one of them, whichever."""
    found: Steps = []
    for place, (turn, _) in waiting.items():
        reached: set[tuple[int, bool]] = set()
        queue = [place]
        while queue:
            if (one := queue.pop()) in waiting:
                new = set(waiting[one][1].for_whom) - reached
                reached |= new
                queue += new
        if place in reached:
            found += _as_steps(turn.begins_again("DEADLOCK: all is undone", turn.attempt.began))
    return found


def _clock_and_sweeper(state: State, scripts: Sequence[Script]) -> Steps:
    found: Steps = []
    if state.clock < CLOCK_MAX and any(one.verb in ("pay", "abandon") for one in scripts):
        found.append(("the clock goes on", state._replace(clock=state.clock + HOLD_LASTS)))
    for resource, claims in enumerate(state.claims):
        kept = tuple(one for one in claims if is_live(one, state.clock))
        if len(kept) < len(claims) and not _is_being_written(state, resource):
            swept = state._replace(claims=replaced(state.claims, resource, kept))
            found.append((f"the sweeper deletes the hold on r{resource}", swept))
    return found


def _is_being_written(state: State, resource: int) -> bool:
    """The sweeper skips rows that somebody holds."""
    return any(
        attempt is not None and resource in attempt.taken
        for run in state.runs
        for attempt in (run.attempt, run.lost)
    )
