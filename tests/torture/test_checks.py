"""The judge sees what is wrong, each thing by the check that promises it, and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from bookonce.torture.checks import judge
from bookonce.torture.history import Answer, Kind
from bookonce.torture.rows import Claim
from tests.torture.story import DONE, REFUSED, SALON, UNKNOWN, Story, at, place


def found(story: Story) -> dict[str, list[str]]:
    """What each check that isn't satisfied says."""
    return {
        verdict.check.name: [offence.what for offence in verdict.offences]
        for verdict in judge(story.evidence())
        if not verdict.passed
    }


def a_sound_story() -> Story:
    """A bit of everything, and nothing wrong with it."""
    story = Story()
    first = story.book((0.0, 0.1), 0, key="first")
    story.refuse((0.2, 0.3), 1)  # a cut takes two steps
    story.book((0.2, 0.4), 2)  # touches the first
    story.cancel((1.0, 1.1), first)
    second = story.book((1.05, 1.2), 0)
    story.move((2.0, 2.1), second, 6)
    story.book((2.05, 2.2), 0)
    story.book((3.0, 3.1), 10, outcome=UNKNOWN)
    story.refuse((3.05, 3.2), 10)  # it may have been there by then
    story.book((3.0, 3.1), 14, outcome=UNKNOWN, committed=False)
    blocked = story.block((4.0, 4.1), 20)
    story.block((4.2, 4.3), 21, outcome=REFUSED)
    story.unblock((5.0, 5.1), blocked)
    story.book((5.2, 5.3), 20)
    return story


def test_nothing_is_found_in_a_sound_story() -> None:
    assert found(a_sound_story()) == {}


def test_two_acknowledged_at_once_are_seen_though_the_rows_look_well() -> None:
    story = a_sound_story()
    first = story.book((6.0, 6.1), 30)
    second = story.book((6.0, 6.2), 31)
    story.cancel((7.0, 7.1), first)
    story.cancel((7.0, 7.1), second)
    (offence,) = found(story)["double"]
    assert str(first) in offence
    assert str(second) in offence
    assert found(story).keys() == {"double"}


def test_claims_that_overlap_in_the_rows_are_seen() -> None:
    story = a_sound_story()
    story.rows.overlaps.append((uuid.uuid4(), uuid.uuid4()))
    story.rows = replace(story.rows, overlap_count=1)
    assert found(story).keys() == {"double"}


def test_buffers_and_rooms_count_too() -> None:
    story = Story()
    story.book((0.0, 0.1), 0, "trim")  # a quarter of an hour and ten minutes after it
    story.book((0.0, 0.1), 1)
    story.book((1.0, 1.1), 8, "course", "bob", ("room-1",))
    story.book((1.0, 1.1), 15, "course", "cy", ("room-1",))
    assert len(found(story)["double"]) == 2


def test_while_the_colour_takes_the_performer_is_free() -> None:
    story = Story()
    story.book((0.0, 0.1), 0, "colour", "ada", ("chair-1",))
    story.book((0.0, 0.1), 2)
    assert found(story) == {}


def test_two_that_may_have_lived_one_after_the_other_are_no_offence() -> None:
    story = Story()
    first = story.book((0.0, 0.1), 0)
    story.cancel((0.2, 1.0), first)
    story.book((0.3, 0.4), 0)
    assert found(story) == {}


def no_row(story: Story) -> None:
    lost = story.book((6.0, 6.1), 30, committed=False)
    assert lost not in story.rows.appointments


def no_cancellation(story: Story) -> None:
    story.cancel((6.2, 6.3), story.book((6.0, 6.1), 30), committed=False)


def no_move(story: Story) -> None:
    story.move((6.2, 6.3), story.book((6.0, 6.1), 30), 34, committed=False)


def an_older_move(story: Story) -> None:
    """Two moves, one after the other; the rows have only the first."""
    moved = story.book((6.0, 6.1), 30)
    story.move((6.2, 6.3), moved, 34)
    story.move((6.4, 6.5), moved, 38, committed=False)


def nobody_cancelled(story: Story) -> None:
    booked = story.book((6.0, 6.1), 30)
    story.cancel((6.2, 6.3), booked)
    story.history.attempts.pop()


def no_block(story: Story) -> None:
    gone = story.block((6.0, 6.1), 30)
    story.rows.claims[:] = [claim for claim in story.rows.claims if claim.id != gone]
    story.rows.event_counts["time.blocked"] -= 1


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (no_row, "isn't there"),
        (no_cancellation, "was cancelled and isn't"),
        (no_move, "was never where it was moved to"),
        (an_older_move, "was never where it was moved to"),
        (nobody_cancelled, "nobody cancelled"),
        (no_block, "was acknowledged and isn't there"),
    ],
)
def test_what_was_acknowledged_and_is_lost_is_seen(
    plant: Callable[[Story], None], words: str
) -> None:
    story = a_sound_story()
    plant(story)
    problems = found(story)
    assert any(words in what for what in problems["lost"]), problems


def long_gone(story: Story) -> None:
    """Refused for an appointment that had been cancelled before."""
    story.cancel((6.2, 6.3), story.book((6.0, 6.1), 30))
    story.refuse((6.4, 6.5), 30)


def not_yet_there(story: Story) -> None:
    """Refused for an appointment that was asked for afterwards."""
    story.refuse((6.0, 6.1), 30)
    story.book((6.2, 6.3), 30)


def beside_it(story: Story) -> None:
    story.book((6.0, 6.1), 30)
    story.refuse((6.2, 6.3), 32)


def one_of_three_is_free(story: Story) -> None:
    """Anyone was asked for, and cy had nothing."""
    story.book((6.0, 6.1), 30)
    story.book((6.0, 6.1), 30, staff="bob")
    story.refuse((6.2, 6.3), 30, staff=None)


def a_room_is_free(story: Story) -> None:
    story.book((6.0, 6.1), 30, "course", "bob", ("room-1",))
    story.refuse((6.2, 6.3), 30, "course", "cy")


def never_both_at_once(story: Story) -> None:
    """One room was given back before the other was taken: at each moment one was free."""
    gone = story.book((6.0, 6.1), 30, "course", "bob", ("room-1",))
    wish = story.wish(Kind.BOOK, services=("course",), start_s=at(30), staff="cy")
    story.cancel((6.2, 6.3), gone)
    story.book((6.4, 6.5), 30, "course", "ada", ("room-2",))
    story.tell(wish, (6.15, 6.6), REFUSED, "BOOKING_CONFLICT")


def another_person(story: Story) -> None:
    story.book((6.0, 6.1), 30)
    story.refuse((6.2, 6.3), 30, staff="bob")


def its_own_time(story: Story) -> None:
    """A move that was refused for the time of the appointment itself."""
    own = story.book((6.0, 6.1), 30)
    wish = story.wish(Kind.MOVE, services=("cut",), start_s=at(31), staff="ada", subject_id=own)
    story.tell(wish, (6.2, 6.3), REFUSED, "BOOKING_CONFLICT")


def not_cancelled(story: Story) -> None:
    own = story.book((6.0, 6.1), 30)
    wish = story.wish(Kind.MOVE, services=("cut",), start_s=at(31), staff="ada", subject_id=own)
    story.tell(wish, (6.2, 6.3), REFUSED, "STATUS_CONFLICT")


def without_cause(story: Story) -> None:
    story.refuse((6.0, 6.1), 30, code="NOT_OFFERED")


def a_fault(story: Story) -> None:
    wish = story.wish(Kind.BOOK, services=("cut",), start_s=at(30), staff="ada")
    story.tell(wish, (6.0, 6.1), UNKNOWN, "INTERNAL")


def a_block_for_nothing(story: Story) -> None:
    story.block((6.0, 6.1), 30, outcome=REFUSED)


@pytest.mark.parametrize(
    "plant",
    [
        long_gone, not_yet_there, beside_it, one_of_three_is_free, a_room_is_free,
        never_both_at_once, another_person, its_own_time, not_cancelled, without_cause, a_fault,
        a_block_for_nothing,
    ],
)  # fmt: skip
def test_a_refusal_without_a_reason_is_seen(plant: Callable[[Story], None]) -> None:
    story = a_sound_story()
    plant(story)
    problems = found(story)
    assert len(problems.pop("refused")) == 1
    assert problems == {}


def test_a_refusal_is_explained_by_all_who_were_taken_at_one_moment() -> None:
    story = a_sound_story()
    for staff in ("ada", "bob", "cy"):
        story.book((6.0, 6.1), 30, staff=staff)
    story.refuse((6.2, 6.3), 30, staff=None)
    for number, staff in enumerate(("bob", "cy")):
        story.book((7.0, 7.1), 36, "course", staff, (f"room-{number + 1}",))
    story.refuse((7.2, 7.3), 36, "course", "ada")
    assert found(story) == {}


def asked_again(story: Story, key: str, answer: Answer | None) -> None:
    """The last wish once more, with its key, and another answer than the first."""
    last = story.history.attempts[-1].wish
    assert last.key == key
    outcome = DONE if answer else REFUSED
    code = "201" if answer else "BOOKING_CONFLICT"
    story.tell(last, (6.4, 6.5), outcome, code, answer)


def booked_twice(story: Story) -> None:
    booked = story.book((6.0, 6.1), 30, key="k")
    row = story.rows.appointments[booked]
    double = replace(row, id=uuid.uuid4(), parts=place(40).parts)
    story.rows.appointments[double.id] = double
    story.rows.events[double.id] = [
        replace(story.rows.events[booked][0], appointment_id=double.id, place=place(40))
    ]


def another_answer(story: Story) -> None:
    booked = story.book((6.0, 6.1), 30, key="k")
    asked_again(story, "k", Answer(booked, place(30, staff="bob")))


def done_and_refused(story: Story) -> None:
    story.book((6.0, 6.1), 30, key="k")
    asked_again(story, "k", None)


def refused_but_there(story: Story) -> None:
    story.book((6.0, 6.1), 30, key="k", outcome=UNKNOWN)
    story.remember("k", "booking.refused", None)
    asked_again(story, "k", None)


def never_answered(story: Story) -> None:
    story.book((6.0, 6.1), 30, key="k", outcome=UNKNOWN, committed=False)


def leads_nowhere(story: Story) -> None:
    story.book((6.0, 6.1), 30, key="k")
    story.rows.keys.popitem()


def leads_elsewhere(story: Story) -> None:
    story.book((6.0, 6.1), 30, key="k")
    story.remember("k", "appointment.booked", uuid.uuid4())


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (booked_twice, "was booked 2 times"),
        (another_answer, "was answered in 2 ways"),
        (done_and_refused, "both done and refused"),
        (refused_but_there, "was refused, but is there"),
        (never_answered, "without an answer"),
        (leads_nowhere, "leads nowhere"),
        (leads_elsewhere, "leads to"),
    ],
)
def test_a_key_that_is_more_or_less_than_one_appointment_is_seen(
    plant: Callable[[Story], None], words: str
) -> None:
    story = a_sound_story()
    plant(story)
    problems = found(story)
    assert any(words in what for what in problems["keys"]), problems


def test_an_unknown_outcome_that_the_key_resolves_is_no_offence() -> None:
    story = a_sound_story()
    booked = story.book((6.0, 6.1), 30, key="k", outcome=UNKNOWN)
    asked_again(story, "k", Answer(booked, place(30)))
    assert found(story) == {}


def a_disagreement(story: Story) -> None:
    story.rows.disagreements["a client without an appointment"] = [uuid.uuid4()]


def somebody_untold(story: Story) -> None:
    story.rows.untold["an appointment that somebody takes for theirs, and isn't"] = [uuid.uuid4()]


def another_place(story: Story) -> None:
    """The row says one thing and its event another."""
    booked = story.book((6.0, 6.1), 30)
    event = story.rows.events[booked][0]
    story.rows.events[booked].append(replace(event, kind="appointment.moved", place=place(40)))


def no_event_of_a_block(story: Story) -> None:
    story.block((6.0, 6.1), 30)
    story.rows.event_counts["time.blocked"] -= 1


def a_claim_left_behind(story: Story) -> None:
    """Of the person who had the appointment before it was moved."""
    moved = story.book((6.0, 6.1), 30)
    story.move((6.2, 6.3), moved, 30, "bob")
    claim = Claim(SALON.slug, uuid.uuid4(), "appointment", "ada", at(30), at(32), "", moved)
    story.rows.claims.append(claim)


@pytest.mark.parametrize(
    "plant", [a_disagreement, another_place, no_event_of_a_block, a_claim_left_behind]
)
def test_rows_that_disagree_are_seen(plant: Callable[[Story], None]) -> None:
    story = a_sound_story()
    plant(story)
    assert len(found(story)["rows"]) == 1


def test_who_was_told_something_else_is_seen() -> None:
    story = a_sound_story()
    somebody_untold(story)
    assert found(story).keys() == {"told"}


def test_an_offence_names_the_attempts_concerned() -> None:
    story = Story()
    first = story.book((0.0, 0.1), 0)
    story.refuse((1.0, 1.1), 20)
    story.cancel((2.0, 2.1), first, committed=False)
    numbers = {
        verdict.check.name: [offence.attempts for offence in verdict.offences]
        for verdict in judge(story.evidence())
    }
    assert numbers["refused"] == [(2,)]
    assert numbers["lost"] == [(3,), (3,)]
