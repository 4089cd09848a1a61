"""What clients do: everyone wants the same few hours of the same few people, in every way there is.

All that is random comes from the seed of the run; what becomes of it depends on who is quicker.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from random import Random
from uuid import UUID

from bookonce.torture.asking import Caller, Clock, Office
from bookonce.torture.history import Attempt, History, Kind, Outcome, Place, Wish
from bookonce.torture.salon import STEP_MIN, Salon

RUSHES_PER_S = 4
REMEMBERED_MAX = 40
SETTLE_S = 60.0
"""How long after the run an unknown outcome is still asked for."""
PAUSE_S = 0.2
"""After an unknown outcome, before the next request."""
BLOCKS_HELD_MAX = 3


@dataclass(frozen=True, slots=True)
class Known:
    """An appointment that somebody has, or may have."""

    slug: str
    id: UUID
    token: str
    place: Place


class Board:
    """What all clients know: the appointments that are there to be taken over, and the rush: the
    start that half of them want at this moment.
    """

    def __init__(self, seed: int, salons: list[Salon]) -> None:
        self.salons = salons
        self.booked: dict[UUID, Known] = {}
        self.to_pay: dict[UUID, Known] = {}
        """What is held for a payment, or was."""
        self._seed = seed

    def rush(self, now_s: float) -> tuple[Salon, int]:
        """Where and when everyone wants to go just now."""
        random = Random(f"{self._seed} rush {int(now_s * RUSHES_PER_S)}")
        salon = random.choice(self.salons)
        return salon, random.choice(salon.starts_s)

    def any_booked(self, random: Random) -> Known | None:
        """One of the appointments, whoever booked it."""
        return random.choice(list(self.booked.values())) if self.booked else None

    def any_to_pay(self, random: Random) -> Known | None:
        """One of those to pay for, most often a young one: the old ones are late."""
        if not self.to_pay:
            return None
        waiting = list(self.to_pay.values())
        return waiting[-1] if random.random() < 0.3 else random.choice(waiting)

    def learn(self, attempt: Attempt) -> None:
        """Take note of what came of a request."""
        answer = attempt.answer
        if attempt.outcome is not Outcome.DONE or answer is None:
            return
        if attempt.wish.kind is Kind.BOOK and answer.place:
            there = self.to_pay if answer.status == "held" else self.booked
            there[answer.subject_id] = Known(
                attempt.wish.slug, answer.subject_id, answer.token, answer.place
            )  # fmt: skip
        elif attempt.wish.kind is Kind.PAY:
            if paid := self.to_pay.pop(answer.subject_id, None):
                self.booked[paid.id] = paid
        elif attempt.wish.kind is Kind.CANCEL:
            self.booked.pop(answer.subject_id, None)
            self.to_pay.pop(answer.subject_id, None)


class Visitor:
    """One client: asks for one thing after the other until the run is over."""

    def __init__(
        self, random: Random, caller: Caller, history: History, clock: Clock, board: Board
    ) -> None:
        self._random = random
        self._caller = caller
        self._history = history
        self._clock = clock
        self._board = board
        self._remembered: deque[Wish] = deque(maxlen=REMEMBERED_MAX)
        self._open: deque[Wish] = deque()

    async def run(self, until_s: float) -> None:
        """The load, and after it the end of every story that was left open."""
        acts = [self._book, self._move, self._cancel, self._repeat, self._ask_at_once]
        while self._clock.now_s() < until_s:
            if self._open and self._random.random() < 0.3:
                await self._ask(self._open.popleft())
            else:
                (act,) = self._random.choices(acts, (50, 15, 18, 8, 9))
                await act()
        while self._open and self._clock.now_s() < until_s + SETTLE_S:
            await self._ask(self._open.popleft())

    async def _book(self) -> None:
        await self._ask(self._a_booking())

    async def _move(self) -> None:
        if wish := self._a_move():
            await self._ask(wish)

    async def _cancel(self) -> None:
        known = self._board.any_booked(self._random)
        if self._random.random() < 0.15:
            known = self._board.any_to_pay(self._random) or known
        if known:
            await self._ask(self._change(known, Kind.CANCEL))

    async def _repeat(self) -> None:
        """Something that was answered long ago, again: its answer may have got lost."""
        if self._remembered:
            await self._ask(self._random.choice(self._remembered))

    async def _ask_at_once(self) -> None:
        """The same request twice at the same moment, as impatient people and proxies send it."""
        wish = self._a_move() if self._random.random() < 0.3 else None
        twice = self._with_key(wish or self._a_booking())
        await asyncio.gather(self._ask(twice), self._ask(twice))

    async def _ask(self, wish: Wish) -> None:
        attempt = await self._caller.ask(wish)
        self._board.learn(attempt)
        if attempt.outcome is not Outcome.UNKNOWN:
            if wish.key and wish not in self._remembered:
                self._remembered.append(wish)
            return
        if (wish.key or wish.kind is Kind.CANCEL) and wish not in self._open:
            self._open.append(wish)
        await asyncio.sleep(PAUSE_S * (0.5 + self._random.random()))

    def _a_booking(self) -> Wish:
        salon, start_s = self._where_and_when()
        services = self._services(salon)
        wish = Wish(
            self._history.new_wish_number(),
            Kind.BOOK,
            salon.slug,
            services=services,
            start_s=start_s,
            staff=self._whom(salon, services),
        )
        return self._with_key(wish) if self._random.random() < 0.8 else wish

    def _a_move(self) -> Wish | None:
        known = self._board.any_booked(self._random)
        if known is None:
            return None
        salon = next(one for one in self._board.salons if one.slug == known.slug)
        wish = replace(
            self._change(known, Kind.MOVE),
            start_s=self._random.choice(salon.starts_s),
            staff=self._whom(salon, known.place.services),
        )
        return self._with_key(wish) if self._random.random() < 0.8 else wish

    def _where_and_when(self) -> tuple[Salon, int]:
        if self._random.random() < 0.5:
            return self._board.rush(self._clock.now_s())
        salon = self._random.choice(self._board.salons)
        return salon, self._random.choice(salon.starts_s)

    def _services(self, salon: Salon) -> tuple[str, ...]:
        """One, or two or three for one visit, which may take several people."""
        (count,) = self._random.choices((1, 2, 3), (60, 25, 15))
        return tuple(self._random.sample(salon.services, count))

    def _whom(self, salon: Salon, services: tuple[str, ...]) -> str | None:
        able = salon.performers(*services)
        if not able or self._random.random() < 0.4:
            return self._random.choice((None, "any"))
        return self._random.choice(able)

    def _change(self, known: Known, kind: Kind) -> Wish:
        return Wish(
            self._history.new_wish_number(),
            kind,
            known.slug,
            services=known.place.services,
            subject_id=known.id,
            token=known.token,
        )

    def _with_key(self, wish: Wish) -> Wish:
        return replace(wish, key=wish.key or f"{self._random.getrandbits(64):016x}-{wish.number}")


class Owner:
    """Who runs the businesses: blocks hours of the same people and gives them back, and notes who
    has paid, some in time and some too late.
    """

    def __init__(
        self, random: Random, office: Office, history: History, clock: Clock, board: Board
    ) -> None:
        self._random = random
        self._office = office
        self._history = history
        self._clock = clock
        self._board = board
        self._blocks: list[Wish] = []

    async def run(self, until_s: float) -> None:
        """Until the run is over; blocks that stand then stay."""
        while self._clock.now_s() < until_s:
            if self._random.random() < 0.4:
                await self._receive()
            elif len(self._blocks) >= BLOCKS_HELD_MAX:
                await self._office.ask(self._blocks.pop(self._random.randrange(BLOCKS_HELD_MAX)))
            else:
                await self._block()
            await asyncio.sleep(PAUSE_S * self._random.random())

    async def _receive(self) -> None:
        if due := self._board.any_to_pay(self._random):
            done = await self._office.ask(
                Wish(
                    self._history.new_wish_number(),
                    Kind.PAY,
                    due.slug,
                    services=due.place.services,
                    start_s=due.place.start_s,
                    performers=due.place.performers,
                    subject_id=due.id,
                )
            )
            self._board.learn(done)
            if done.outcome is Outcome.REFUSED:
                self._board.to_pay.pop(due.id, None)

    async def _block(self) -> None:
        salon = self._random.choice(self._board.salons)
        start_s = self._random.choice(salon.starts_s) + 60 * self._random.randrange(STEP_MIN)
        wish = Wish(
            self._history.new_wish_number(),
            Kind.BLOCK,
            salon.slug,
            start_s=start_s,
            end_s=start_s + 60 * self._random.randint(5, 90),
            staff=self._random.choice(salon.performers("cut")),
        )
        done = await self._office.ask(wish)
        if done.outcome is Outcome.DONE and done.answer:
            self._blocks.append(
                Wish(
                    self._history.new_wish_number(),
                    Kind.UNBLOCK,
                    salon.slug,
                    subject_id=done.answer.subject_id,
                )
            )
