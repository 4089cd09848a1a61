"""What the judge thinks of visits of several services: each part by its performer and its times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bookonce.torture.history import Place
from tests.torture.story import SALON, Story, at, place
from tests.torture.test_checks import found

TRIM_AND_NAILS = "trim+nails"  # nobody does both


def test_visits_of_several_services_are_no_offence() -> None:
    story = Story()
    story.book((0.0, 0.1), 0, "cut+shave", "ada", key="both")
    story.book((0.0, 0.1), 0, TRIM_AND_NAILS, "bob+cy")
    story.refuse((0.2, 0.3), 0, TRIM_AND_NAILS, None)
    moved = story.book((1.0, 1.1), 10, TRIM_AND_NAILS, "ada+cy")
    story.move((1.2, 1.3), moved, 20, "bob+cy")
    story.book((1.4, 1.5), 10, TRIM_AND_NAILS, "ada+cy")
    story.cancel((2.0, 2.1), moved)
    story.book((2.2, 2.3), 20, "cut", "bob")
    assert found(story) == {}


def test_several_perform_a_visit_where_each_who_could_alone_is_taken() -> None:
    story = Story()
    for number, staff in enumerate(("ada", "bob", "cy")):
        story.book((0.0, 0.1), 2 * number, "cut", staff)
    story.book(
        (0.2, 0.3), 2, "cut+cut", "ada+bob"
    )  # cy was taken in the second half, bob in the first
    story.book((0.2, 0.3), 30, TRIM_AND_NAILS, "ada+cy")
    problems = found(story)
    assert len(problems.pop("refused")) == 1  # ada had nothing else then
    assert problems == {}
    story = Story()
    story.book((0.0, 0.1), 2, "cut", "bob")
    story.book((0.0, 0.1), 2, "cut", "cy")
    story.book((0.0, 0.1), 4, "cut", "ada")
    story.book((0.2, 0.3), 2, "cut+cut", "ada+bob")
    assert found(story) == {}


def test_the_second_performer_is_taken_too_with_the_buffer_before() -> None:
    story = Story()
    story.book((0.0, 0.1), 0, TRIM_AND_NAILS, "ada+cy")  # cy from five minutes before step 1
    story.book((0.2, 0.3), -1, "cut", "cy")
    problems = found(story)
    assert len(problems.pop("double")) == 1
    assert problems == {}


def test_a_room_is_taken_for_the_parts_that_need_it() -> None:
    story = Story()
    story.book((0.0, 0.1), 0, "cut+course", "ada", ("room-1",))
    story.book((0.0, 0.1), -8, "course", "bob", ("room-1",))
    assert found(story) == {}
    story.book((0.2, 0.3), 0, "cut+course", "cy", ("room-1",))
    assert "double" in found(story)


def test_two_rooms_for_two_parts_may_be_shared_out_either_way() -> None:
    """From the answer alone it can't be told which part has which."""
    both = place(0, "course+bath", "ada", ("room-1", "room-2"))
    assert len(SALON.ways_to_take(both)) == 2
    assert {resource for resource, _ in SALON.certainly_takes(both)} == {"ada"}
    assert {resource for resource, _ in SALON.possibly_takes(both)} == {"ada", "room-1", "room-2"}
    one = place(0, "course+bath", "ada", ("room-1",))
    assert ("room-1", (at(0), at(12) + 300)) in SALON.certainly_takes(one)
    assert SALON.ways_to_take(place(0, "course+bath", "ada")) == []
    assert SALON.ways_to_take(place(0, "course", "ada", ("room-1", "room-2"))) == []


def nobody_was_taken(story: Story) -> None:
    story.refuse((6.2, 6.3), 30, TRIM_AND_NAILS, None)


def one_of_two_who_trim_was_free(story: Story) -> None:
    story.book((6.0, 6.1), 30)
    story.refuse((6.2, 6.3), 30, TRIM_AND_NAILS, None)


def taken_at_other_parts(story: Story) -> None:
    """Cy was taken before the nails, ada and bob after the trim: nobody is missed."""
    story.book((6.0, 6.1), 28, "cut", "cy")
    story.book((6.0, 6.1), 32, "cut", "ada")
    story.book((6.0, 6.1), 32, "cut", "bob")
    story.refuse((6.2, 6.3), 30, "trim+nails+cut", None)


def one_was_free_for_all(story: Story) -> None:
    story.book((6.0, 6.1), 30, "cut+shave", "ada+bob")


@pytest.mark.parametrize(
    "plant",
    [
        nobody_was_taken,
        one_of_two_who_trim_was_free,
        taken_at_other_parts,
        one_was_free_for_all,
    ],
)
def test_a_refusal_that_no_part_explains_is_seen(plant: Callable[[Story], None]) -> None:
    story = Story()
    plant(story)
    problems = found(story)
    assert len(problems.pop("refused")) == 1
    assert problems == {}


def test_a_refusal_is_explained_by_one_part_that_nobody_can_perform() -> None:
    story = Story()
    story.book((6.0, 6.1), 31, "cut", "cy")
    story.refuse((6.2, 6.3), 30, TRIM_AND_NAILS, None)
    assert found(story) == {}


def another_service(story: Story) -> None:
    story.book((6.0, 6.1), 30, "cut+shave", "ada")
    _answered(story, place(30, "shave+cut"))


def a_part_at_another_time(story: Story) -> None:
    story.book((6.0, 6.1), 30, "cut+shave", "ada")
    first, second = place(30, "cut+shave").parts
    _answered(story, Place((first, replace(second, end_s=second.end_s + 60))))


def somebody_who_does_not_perform_it(story: Story) -> None:
    story.book((6.0, 6.1), 30, "trim+cut", "cy")


def a_room_too_many(story: Story) -> None:
    story.book((6.0, 6.1), 30, "cut+shave", "ada")
    _answered(story, place(30, "cut+shave", resources=("room-1",)))


@pytest.mark.parametrize(
    "plant",
    [another_service, a_part_at_another_time, somebody_who_does_not_perform_it, a_room_too_many],
)
def test_an_answer_with_other_parts_than_were_wanted_is_seen(
    plant: Callable[[Story], None],
) -> None:
    story = Story()
    plant(story)
    assert "lost" in found(story)


def _answered(story: Story, other: Place) -> None:
    """The last answer says something else."""
    last = story.history.attempts.pop()
    assert last.answer is not None
    story.history.attempts.append(replace(last, answer=replace(last.answer, place=other)))


def test_a_part_whose_row_has_another_performer_than_its_event_is_seen() -> None:
    story = Story()
    booked = story.book((6.0, 6.1), 30, TRIM_AND_NAILS, "ada+cy")
    row = story.rows.appointments[booked]
    story.rows.appointments[booked] = replace(row, parts=place(30, TRIM_AND_NAILS, "bob+cy").parts)
    problems = found(story)
    assert len(problems["rows"]) == 1
    assert "with bob+cy" in problems["rows"][0]
