"""How long to wait after a failure, and what is kept of it."""

from __future__ import annotations

import pytest

from bookonce.queue.failures import delay_s, described
from bookonce.queue.handlers import ATTEMPTS_MAX_DEFAULT, Registry


def test_delays_double_from_a_second_to_five_minutes() -> None:
    delays = [delay_s(failures, draw=lambda: 0.0) for failures in range(1, 12)]
    assert delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert delay_s(10**6, draw=lambda: 0.0) == 300
    assert len(delays) == ATTEMPTS_MAX_DEFAULT - 1


def test_delays_are_shortened_by_up_to_a_fifth_so_that_jobs_come_apart() -> None:
    assert delay_s(4, draw=lambda: 0.999999) == pytest.approx(6.4, abs=0.01)
    assert len({delay_s(4) for _ in range(10)}) > 1


def test_what_is_kept_is_short_and_has_neither_passwords_nor_addresses() -> None:
    said = described(OSError("postgresql://me:secret@host for <zoe@example.com>\nKey (name)=(Zoe)"))
    assert said == "OSError: postgresql://…host for <…>"
    assert len(described(ValueError("x" * 9999))) == 300
    assert described(TimeoutError()) == "TimeoutError"


def test_kinds_are_matched_whole() -> None:
    async def nothing(*_: object) -> None: ...

    registry = Registry[None]()
    registry.after(["appointment.no_show", "payment.captured"], "look", nothing)
    assert [job.name for job in registry.jobs_after("payment.captured")] == ["look"]
    assert registry.jobs_after("payments.captured") == []
    assert registry.jobs_after("appointment.no_shows") == []
    assert registry.kinds() == ["appointment.no_show", "payment.captured"]
    with pytest.raises(ValueError, match="look"):
        registry.after(["other"], "look", nothing)
