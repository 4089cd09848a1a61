"""Who hears what, step by step: events, the messages that they lead to, and workers that send them.

What a message says is decided by `decide_by` itself. The rest of the protocol is here: an event is
told by a job, in any order; a message is read, handed over and answered, one at a time for each
recipient; a worker dies, or its clock is ahead. `heard` and `maybe` are what rows say of a recipient,
`known` is what has arrived.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import NamedTuple

import msgspec

from bookonce.booking.appointment import Appointment, Status
from bookonce.business.messages import MessageKind
from bookonce.messages.decide import OFF, Heard, Recipient, Truth, Void, decide_by, told_status
from tests.messages.samples import START, an_appointment
from tests.model.state import replaced

CLIENT, ADA, BOB = 0, 1, 2
RECIPIENTS = (Recipient("client"), Recipient("staff", "ada"), Recipient("staff", "bob"))
HOUR = timedelta(hours=1)


class Row(NamedTuple):
    """The appointment's row. `had_money`: a deposit was set aside; `was_confirmed`: it was its
    client's once.
    """

    status: Status
    hour: int = 0
    staff: int = ADA
    sequence: int = 0
    had_money: bool = False
    was_confirmed: bool = False


class Told(NamedTuple):
    """What a message says of the appointment."""

    sequence: int
    status: str
    hour: int
    staff: int


class Event(NamedTuple):
    """What happened, not told yet. `waits`: nobody is told while it can be undone."""

    number: int
    cause: MessageKind
    staff: int
    waits: bool = False
    hears: bool = True


class Letter(NamedTuple):
    """A message. `says` is what was read for it, `may_be_there` what a worker handed over that died."""

    number: int
    cause: MessageKind
    to: int
    waits: bool
    step: str = "waiting"
    says: Told | None = None
    may_be_there: Told | None = None


class State(NamedTuple):
    """Everything at one moment. Recipients have no part in each other's messages, so one is looked
    at: `whom`.
    """

    whom: int
    row: Row
    verbs: tuple[str, ...]
    faults: int
    back: tuple[int, int, int] | None = None
    """What an undo goes back to: the sequence that it undoes, the hour and the person before it."""
    events: tuple[Event, ...] = ()
    letters: tuple[Letter, ...] = ()
    heard: tuple[Told | None, ...] = (None, None, None)
    maybe: tuple[tuple[Told, ...], ...] = ((), (), ())
    known: tuple[Told | None, ...] = (None, None, None)
    addressed: tuple[int, ...] = ()
    """The staff members that there were messages to."""
    happened: int = 0


Steps = Iterator[tuple[str, State]]


class Protocol(NamedTuple):
    """What a broken protocol does otherwise."""

    tells_undo: bool = True
    minds_maybe: bool = True
    one_at_a_time: bool = True
    reads_late: bool = True


def first(whom: int, verbs: tuple[str, ...], faults: int, *, is_held: bool) -> State:
    """Booked or held, and nobody has been told."""
    status = Status.HELD if is_held else Status.CONFIRMED
    row = Row(status, had_money=False, was_confirmed=not is_held)
    cause = MessageKind.HELD if is_held else MessageKind.BOOKED
    return State(whom, row, verbs, faults, events=(Event(0, cause, ADA),), happened=1)


def steps_from(state: State, protocol: Protocol) -> list[tuple[str, State]]:
    """All that can happen next."""
    return list(_steps(state, protocol))


def _steps(state: State, protocol: Protocol) -> Steps:
    for place, verb in enumerate(state.verbs):
        if verb not in state.verbs[:place]:
            yield from _done(state, place, verb, protocol)
    for place, event in enumerate(state.events):
        yield f"event {event.number} is told", _told(state, place, event, protocol)
    if state.back is not None:
        yield "the time to undo is over", state._replace(back=None)
    for place, letter in enumerate(state.letters):
        yield from _sent(state, place, letter, protocol)


def _done(state: State, place: int, verb: str, protocol: Protocol) -> Steps:
    """Somebody changes the appointment, if it can be changed so."""
    row, back, waits, hears = state.row, None, False, True
    cause = MessageKind.MOVED
    left = (*state.verbs[:place], *state.verbs[place + 1 :])
    match verb:
        case "move" | "hand on" if row.status is Status.CONFIRMED:
            back, waits = (row.sequence + 1, row.hour, row.staff), True
            other = BOB if row.staff == ADA else ADA
            row = row._replace(hour=row.hour + 1) if verb == "move" else row._replace(staff=other)
        case "undo" if state.back is not None and state.back[0] == row.sequence:
            row = row._replace(hour=state.back[1], staff=state.back[2])
            hears = protocol.tells_undo
        case "cancel" if row.status in (Status.CONFIRMED, Status.HELD):
            row, cause = row._replace(status=Status.CANCELLED), MessageKind.CANCELLED
        case "reopen" if row.status is Status.CANCELLED and row.was_confirmed:
            row, cause = row._replace(status=Status.CONFIRMED), MessageKind.BOOKED
        case "pay" if row.status is Status.HELD:
            paid = row._replace(had_money=True)
            cause = MessageKind.PAID
            yield from _happened(
                state._replace(verbs=left),
                "pays too late, the time is gone",
                paid._replace(status=Status.CANCELLED),
                Event(0, MessageKind.CANCELLED, ADA),
            )
            row = paid._replace(status=Status.CONFIRMED, was_confirmed=True)
        case _:
            return
    after = state._replace(verbs=left, back=back)
    yield from _happened(after, verb, row, Event(0, cause, row.staff, waits, hears))


def _happened(state: State, label: str, row: Row, event: Event) -> Steps:
    row = row._replace(sequence=row.sequence + 1)
    event = event._replace(number=state.happened, staff=row.staff)
    yield label, state._replace(row=row, events=(*state.events, event), happened=state.happened + 1)


def _told(state: State, place: int, event: Event, protocol: Protocol) -> State:
    """A job makes the messages about an event: to the client, to whoever performs it or did."""
    team = sorted({event.staff, *state.addressed}) if event.cause is not MessageKind.HELD else []
    to = [one for one in ([CLIENT] if event.hears else []) + team if one == state.whom]
    letters = tuple(Letter(event.number, event.cause, one, event.waits) for one in to)
    if not protocol.reads_late:
        letters = tuple(one._replace(says=_decided(state, one, protocol)) for one in letters)
    return state._replace(
        events=(*state.events[:place], *state.events[place + 1 :]),
        letters=tuple(sorted((*state.letters, *letters))),
        addressed=tuple(sorted({*state.addressed, *(one for one in to if one != CLIENT)})),
    )


def _sent(state: State, place: int, letter: Letter, protocol: Protocol) -> Steps:
    """A worker's next step at a message: it is read, handed over, answered."""
    name = f"message {letter.number} to {('the client', 'Ada', 'Bob')[letter.to]}"
    if letter.step == "waiting":
        is_early = letter.waits and state.back is not None
        if is_early and not state.faults:
            return
        if protocol.one_at_a_time and not _is_next(state, letter):
            return
        state = state._replace(faults=state.faults - 1) if is_early else state
        says = _decided(state, letter, protocol) if protocol.reads_late else letter.says
        if says is None:
            yield f"{name} is needless", _ended(state, place, letter, None)
            return
        early = ", by a clock that is ahead" if is_early else ""
        yield f"{name} is read{early}", _with(state, place, letter._replace(step="read", says=says))
    elif letter.step == "read":
        yield f"{name} is handed over", _with(state, place, letter._replace(step="handed"))
    else:
        yield f"{name} arrives", _ended(_arrived(state, letter), place, letter, letter.says)
    if state.faults and letter.step != "waiting":
        dead = letter._replace(step="waiting", says=None)
        if letter.step == "handed":
            dead = dead._replace(may_be_there=letter.says)
        after = state._replace(faults=state.faults - 1)
        yield f"{name}: the worker dies", _with(after, place, dead)
        if letter.step == "handed":
            there = _with(_arrived(after, letter), place, dead)
            yield f"{name} arrives, and the worker dies", there


def _is_next(state: State, letter: Letter) -> bool:
    """Whether nothing else is under way to the same recipient, nor older and due."""
    others = [one for one in state.letters if one.to == letter.to and one is not letter]
    return not any(
        one.step != "waiting"
        or (one.number < letter.number and not (one.waits and state.back is not None))
        for one in others
    )


def _with(state: State, place: int, letter: Letter) -> State:
    return state._replace(letters=replaced(state.letters, place, letter))


def _arrived(state: State, letter: Letter) -> State:
    return state._replace(known=replaced(state.known, letter.to, letter.says))


def _ended(state: State, place: int, letter: Letter, told: Told | None) -> State:
    """The row has a status that is final."""
    letters = (*state.letters[:place], *state.letters[place + 1 :])
    heard, maybe = state.heard, state.maybe
    if told is not None:
        heard = replaced(heard, letter.to, max(filter(None, (heard[letter.to], told))))
    elif letter.may_be_there is not None:
        maybe = replaced(maybe, letter.to, (*maybe[letter.to], letter.may_be_there))
    return state._replace(letters=letters, heard=heard, maybe=maybe)


def _decided(state: State, letter: Letter, protocol: Protocol) -> Told | None:
    """What the message says by now; None: nothing."""
    certain = state.heard[letter.to]
    unsure = [
        *state.maybe[letter.to],
        *(
            one.may_be_there
            for one in state.letters
            if one.to == letter.to and one.may_be_there is not None
        ),
    ]
    newer = [one for one in unsure if certain is None or one.sequence > certain.sequence]
    known = (*sorted(newer, reverse=True), certain) if protocol.minds_maybe else (certain,)
    return _decide(letter.cause, letter.to, state.row, known)


@cache
def _decide(cause: MessageKind, to: int, row: Row, known: tuple[Told | None, ...]) -> Told | None:
    appointment = as_appointment(row)
    truth = Truth(appointment, None, row.had_money)
    told, _ = decide_by(cause, RECIPIENTS[to], truth, [_as_heard(one) for one in known])
    if isinstance(told, Void):
        return None
    return Told(row.sequence, told_status(told, appointment), row.hour, row.staff)


@cache
def as_appointment(row: Row) -> Appointment:
    """The real thing."""
    made = an_appointment(MessageKind.BOOKED, {})
    start = START + row.hour * HOUR
    part = msgspec.structs.replace(made.parts[0], staff=RECIPIENTS[row.staff].who)
    return msgspec.structs.replace(
        made, status=row.status, sequence=row.sequence, start=start, parts=(part,),
        deposit_minor=960 if row.had_money or row.status is Status.HELD else None,
        confirmed_at=START if row.was_confirmed else None,
    )  # fmt: skip


def _as_heard(told: Told | None) -> Heard | None:
    if told is None:
        return None
    place = an_appointment(MessageKind.BOOKED, {}).where
    staff = (RECIPIENTS[told.staff].who,)
    return Heard(told.sequence, told.status, START + told.hour * HOUR, staff, place)


def broken_at_end(state: State) -> str | None:
    """At rest each recipient's last heard state is the appointment's; None if so."""
    row, told = state.row, state.known[state.whom]
    name = ("the client", "Ada", "Bob")[state.whom]
    if row.status is Status.CONFIRMED and state.whom in (CLIENT, row.staff):
        if told is None or told[1:] != (row.status.value, row.hour, row.staff):
            return f"{name} doesn't know the appointment as it is"
    elif row.status is Status.HELD and state.whom == CLIENT:
        if told is None or told.status != Status.HELD:
            return f"{name} doesn't know the appointment as it is"
    elif told is not None and told.status not in (Status.CANCELLED, OFF):
        return f"{name} takes for theirs what isn't"
    return None


def stays_whole(_: State) -> None:
    """On the way nothing has to hold."""
