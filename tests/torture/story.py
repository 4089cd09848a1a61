"""A history told by hand, with the rows that it should have left behind."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from bookonce.torture.evidence import Evidence
from bookonce.torture.history import Answer, Attempt, History, Kind, Outcome, Place, Wish
from bookonce.torture.rows import (
    BOOKED,
    CANCELLED,
    CONFIRMED,
    EXPIRED,
    HELD,
    MOVED,
    Appointment,
    Claim,
    Event,
    Remembered,
    Rows,
)
from bookonce.torture.salon import STEP_MIN, salons

SALON = salons(datetime(2026, 11, 22, tzinfo=UTC))[0]
DONE, REFUSED, UNKNOWN = Outcome.DONE, Outcome.REFUSED, Outcome.UNKNOWN


def at(step: int) -> int:
    """The instant of a start, counted in steps of the salon."""
    return SALON.first_s + step * STEP_MIN * 60


def place(
    step: int, service: str = "cut", staff: str = "ada", resources: tuple[str, ...] = ()
) -> Place:
    """Where "cut" is with "ada", or "cut+shave" with "ada" or with "ada+bob"."""
    services, performers = service.split("+"), staff.split("+")
    if len(performers) == 1:
        performers *= len(services)
    return SALON.place(services, at(step), performers, resources)


class Story:
    """Each method is one thing that happened; `rows` is what the database made of it.

    `span` is when it was called and when it returned, in seconds. What isn't `committed` left
    nothing behind.
    """

    def __init__(self) -> None:
        self.history = History()
        self.rows = Rows(event_counts={"time.blocked": 0, "time.unblocked": 0})

    def evidence(self) -> Evidence:
        """The story as the checks are given it."""
        claims = self.rows.claims + [
            claim for one in self.rows.appointments.values() for claim in self._claims_of(one)
        ]
        return Evidence.of(self.history, replace(self.rows, claims=claims), [SALON])

    def _claims_of(self, one: Appointment) -> list[Claim]:
        """What the last event of a confirmed appointment should have taken."""
        if one.status not in ("held", "confirmed"):
            return []
        last = [event.place for event in self.rows.events[one.id] if event.place][-1]
        return [
            Claim(SALON.slug, uuid.uuid4(), "appointment", resource, low_s, high_s, "", one.id)
            for resource, (low_s, high_s) in SALON.ways_to_take(last)[0]
        ]

    def tell(
        self,
        wish: Wish,
        span: tuple[float, float],
        outcome: Outcome,
        code: str = "",
        answer: Answer | None = None,
    ) -> Attempt:
        """One attempt, as it was answered."""
        return self.history.record("somebody", wish, *span, outcome, code, answer)

    def wish(self, kind: Kind, **more: object) -> Wish:
        """A new wish at the salon."""
        number = self.history.new_wish_number()
        return Wish(number, kind, SALON.slug, **more)  # type: ignore[arg-type]

    def book(
        self,
        span: tuple[float, float],
        step: int,
        service: str = "cut",
        staff: str = "ada",
        resources: tuple[str, ...] = (),
        outcome: Outcome = DONE,
        key: str | None = None,
        committed: bool = True,
    ) -> UUID:
        """A booking with a named person, or of several services ("cut+shave") with anyone or with
        several people ("ada+bob").
        """
        named = None if "+" in staff else staff
        wish = self.wish(
            Kind.BOOK, services=tuple(service.split("+")), start_s=at(step), staff=named, key=key
        )
        appointment_id = uuid.uuid4()
        answer = Answer(appointment_id, place(step, service, staff, resources))
        code = "201" if outcome is DONE else "ServerDisconnectedError"
        self.tell(wish, span, outcome, code, answer if outcome is DONE else None)
        if committed:
            self._is_there(answer, "confirmed", wish)
            self._happened(BOOKED, answer, 0, key)
        return appointment_id

    def hold(
        self,
        span: tuple[float, float],
        step: int,
        until_s: float,
        staff: str = "ada",
        service: str = "beard",
        resources: tuple[str, ...] = (),
    ) -> UUID:
        """A time held for a payment, until a second of the run."""
        wish = self.wish(Kind.BOOK, services=(service,), start_s=at(step), staff=staff)
        held_id = uuid.uuid4()
        answer = Answer(
            held_id, place(step, service, staff, resources), "held", hold_until_s=until_s
        )
        self.tell(wish, span, DONE, "201", answer)
        self._is_there(answer, "held", wish)
        self._happened(HELD, answer, 0, None)
        [event] = self.rows.events[held_id]
        hold_until = datetime.fromtimestamp(until_s, UTC)
        self.rows.events[held_id] = [replace(event, hold_until=hold_until)]
        return held_id

    def _is_there(self, answer: Answer, status: str, wish: Wish) -> None:
        assert answer.place is not None
        self.rows.appointments[answer.subject_id] = Appointment(
            SALON.slug, answer.subject_id, status, answer.place.parts, 0, wish.label
        )

    def expire(self, held_id: UUID) -> None:
        """The hold is taken away by whoever met it."""
        self._becomes(held_id, "expired", EXPIRED)

    def pay(
        self,
        span: tuple[float, float],
        held_id: UUID,
        *,
        code: str = "",
        committed: bool = True,
        anew: tuple[str, ...] | None = None,
    ) -> None:
        """The business notes that it was paid; `code`: it was refused. `anew`: late, so that its
        time was taken anew, with these resources.
        """
        before = self.rows.appointments[held_id]
        there = Place(before.parts)
        wish = self.wish(
            Kind.PAY, services=there.services, start_s=there.start_s,
            performers=there.performers, subject_id=held_id,
        )  # fmt: skip
        if code:
            self.tell(wish, span, REFUSED, code)
            return
        held = self.rows.events[held_id][0].place
        assert held is not None
        answer = Answer(held_id, held if anew is None else Place(held.parts, anew), "confirmed")
        self.tell(wish, span, DONE, "", answer)
        if committed:
            self._becomes(held_id, "confirmed", CONFIRMED)
            if anew is not None:
                self.rows.events[held_id].pop()
                self._happened(CONFIRMED, answer, before.sequence + 1, None)

    def _becomes(self, subject_id: UUID, status: str, kind: str) -> None:
        before = self.rows.appointments[subject_id]
        self.rows.appointments[subject_id] = replace(
            before, status=status, sequence=before.sequence + 1
        )
        self.rows.events[subject_id].append(Event(SALON.slug, kind, subject_id))

    def lose(self, held_id: UUID) -> None:
        """The system ends an appointment whose time somebody else has."""
        self._becomes(held_id, "cancelled", CANCELLED)

    def refuse(
        self,
        span: tuple[float, float],
        step: int,
        service: str = "cut",
        staff: str | None = "ada",
        code: str = "BOOKING_CONFLICT",
    ) -> Wish:
        """A booking that was refused."""
        wish = self.wish(
            Kind.BOOK, services=tuple(service.split("+")), start_s=at(step), staff=staff
        )
        self.tell(wish, span, REFUSED, code)
        return wish

    def move(
        self,
        span: tuple[float, float],
        appointment_id: UUID,
        step: int,
        staff: str = "ada",
        key: str | None = None,
        committed: bool = True,
    ) -> None:
        """A move that was acknowledged."""
        before = self.rows.appointments[appointment_id]
        services = Place(before.parts).services
        wish = self.wish(
            Kind.MOVE, services=services, start_s=at(step), staff=None if "+" in staff else staff,
            subject_id=appointment_id, key=key,
        )  # fmt: skip
        there = place(step, "+".join(services), staff)
        answer = Answer(appointment_id, there)
        self.tell(wish, span, DONE, "200", answer)
        if committed:
            self.rows.appointments[appointment_id] = replace(
                before, parts=there.parts, sequence=before.sequence + 1
            )
            self._happened(MOVED, answer, before.sequence + 1, key)

    def cancel(
        self,
        span: tuple[float, float],
        appointment_id: UUID,
        outcome: Outcome = DONE,
        committed: bool = True,
    ) -> None:
        """A cancellation."""
        before = self.rows.appointments[appointment_id]
        wish = self.wish(Kind.CANCEL, subject_id=appointment_id)
        answer = Answer(appointment_id, Place(before.parts))
        self.tell(wish, span, outcome, "200", answer if outcome is DONE else None)
        if committed:
            self.rows.appointments[appointment_id] = replace(before, status="cancelled")
            self.rows.events[appointment_id].append(Event(SALON.slug, CANCELLED, appointment_id))

    def block(
        self,
        span: tuple[float, float],
        step: int,
        staff: str = "ada",
        outcome: Outcome = DONE,
    ) -> UUID:
        """Half an hour of somebody's, blocked or refused."""
        wish = self.wish(Kind.BLOCK, start_s=at(step), end_s=at(step + 2), staff=staff)
        block_id = uuid.uuid4()
        if outcome is REFUSED:
            self.tell(wish, span, REFUSED, "BLOCK_CONFLICT")
            return block_id
        self.tell(wish, span, outcome, "", Answer(block_id))
        self.rows.claims.append(
            Claim(SALON.slug, block_id, "blocked", staff, at(step), at(step + 2), wish.label)
        )
        self.rows.event_counts["time.blocked"] += 1
        return block_id

    def unblock(self, span: tuple[float, float], block_id: UUID) -> None:
        """A block given back."""
        self.tell(self.wish(Kind.UNBLOCK, subject_id=block_id), span, DONE, "", Answer(block_id))
        self.rows.claims[:] = [claim for claim in self.rows.claims if claim.id != block_id]
        self.rows.event_counts["time.unblocked"] += 1

    def _happened(self, kind: str, answer: Answer, sequence: int, key: str | None) -> None:
        subject_id = answer.subject_id
        self.rows.events.setdefault(subject_id, []).append(
            Event(SALON.slug, kind, subject_id, answer.place, sequence)
        )
        if key is not None:
            self.remember(key, kind, subject_id)

    def remember(self, key: str, kind: str, appointment_id: UUID | None) -> None:
        """What stands under a key."""
        hashed = hashlib.sha256(key.encode()).digest()
        self.rows.keys[SALON.slug, hashed] = Remembered(kind, appointment_id)
