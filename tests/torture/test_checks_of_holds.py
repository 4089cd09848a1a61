"""What the judge thinks of holds: that they end, that paying keeps them, and what explains what."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.torture.story import Story
from tests.torture.test_checks import found


def test_a_hold_that_ran_out_and_somebody_else_is_no_offence() -> None:
    story = Story()
    first = story.hold((1.0, 1.1), 4, until_s=3.0)
    story.refuse((2.0, 2.1), 4)
    story.expire(first)
    story.book((3.1, 3.2), 4)
    story.pay((3.3, 3.4), first, code="BOOKING_CONFLICT")
    story.lose(first)
    assert found(story) == {}


def test_a_late_payment_of_what_nobody_took_is_no_offence() -> None:
    story = Story()
    held = story.hold((1.0, 1.1), 4, until_s=3.0)
    story.expire(held)
    story.pay((4.0, 4.1), held)
    story.refuse((5.0, 5.1), 4)
    assert found(story) == {}


def _paid_late(room: str | None) -> Story:
    """By then somebody else has the room that was held."""
    story = Story()
    held = story.hold((1.0, 1.1), 4, until_s=3.0, service="bath", resources=("room-1",))
    story.expire(held)
    story.book((4.0, 4.1), 4, service="course", staff="bob", resources=("room-1",))
    story.pay((5.0, 5.1), held, anew=(room,) if room else None)
    return story


def test_a_late_payment_that_took_another_room_is_no_offence() -> None:
    story = _paid_late("room-2")
    story.refuse((6.0, 6.1), 4, service="course", staff="cy")  # both rooms are somebody's
    assert found(story) == {}


@pytest.mark.parametrize("room", ["room-1", None])
def test_a_late_payment_that_took_the_room_of_somebody_else_is_seen(room: str | None) -> None:
    """Told by the event of its confirmation, or left unsaid: then it is where it was held."""
    assert "double" in found(_paid_late(room))


def _refused_by_what_ran_out(story: Story) -> None:
    story.hold((1.0, 1.1), 4, until_s=3.0)
    story.refuse((3.2, 3.3), 4)


def _lost_to_nobody(story: Story) -> None:
    held = story.hold((1.0, 1.1), 4, until_s=3.0)
    story.expire(held)
    story.pay((4.0, 4.1), held, code="BOOKING_CONFLICT")
    story.lose(held)


def _refused_as_ended_but_was_not(story: Story) -> None:
    held = story.hold((1.0, 1.1), 4, until_s=3.0)
    story.pay((2.0, 2.1), held, code="STATUS_CONFLICT")


@pytest.mark.parametrize(
    "plant", [_refused_by_what_ran_out, _lost_to_nobody, _refused_as_ended_but_was_not]
)
def test_a_refusal_that_a_hold_does_not_explain_is_seen(plant: Callable[[Story], None]) -> None:
    story = Story()
    plant(story)
    assert list(found(story)) == ["refused"]


def test_two_who_were_told_that_they_have_one_time_are_seen() -> None:
    story = Story()
    held = story.hold((1.0, 1.1), 4, until_s=3.0)
    story.pay((2.0, 2.1), held)
    story.book((3.5, 3.6), 4)
    assert "double" in found(story)
    story = Story()
    story.hold((1.0, 1.1), 4, until_s=3.0)
    story.book((2.0, 2.1), 4)
    assert "double" in found(story)


def test_a_payment_that_was_acknowledged_and_left_nothing_is_seen() -> None:
    story = Story()
    held = story.hold((1.0, 1.1), 4, until_s=3.0)
    story.pay((2.0, 2.1), held, committed=False)
    assert "lost" in found(story)


def test_a_confirmation_that_nobody_paid_for_is_seen() -> None:
    story = Story()
    held = story.hold((1.0, 1.1), 4, until_s=3.0)
    story.pay((2.0, 2.1), held)
    story.history.attempts.pop()
    assert "lost" in found(story)


def test_an_appointment_that_the_system_ended_without_a_lost_payment_is_seen() -> None:
    story = Story()
    held = story.hold((1.0, 1.1), 4, until_s=3.0)
    story.lose(held)
    assert "lost" in found(story)
