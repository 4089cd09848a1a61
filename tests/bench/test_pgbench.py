"""The script that pgbench runs is made from the booking statement as it stands."""

from __future__ import annotations

from bench import pgbench
from bench.rush import first_start
from bookonce.booking.booking_rows import SIMPLE_BOOKING


def test_there_is_a_value_for_each_name_of_the_statement_and_no_other() -> None:
    assert pgbench._values(first_start()).keys() == set(SIMPLE_BOOKING.names)


def test_the_script_has_the_statement_whole() -> None:
    assert SIMPLE_BOOKING.sql in pgbench.script(first_start())
