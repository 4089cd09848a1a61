"""What an operator sees of the queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import asking
from tests.cli.commands import Outcome, bookonce, refused
from tests.running import RunningServer
from tests.web.ledger import Ledger

Run = Callable[..., Outcome]


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with Ledger(database_url) as opened:
        yield opened


@pytest.fixture
def run(database_url: str) -> Run:
    def run(*arguments: str) -> Outcome:
        return bookonce(*arguments, "--database-url", database_url)

    return run


def a_job(ledger: Ledger, status: str, late: str = "1 s") -> str:
    """A job in a state, due since a while."""
    ((job_id,),) = ledger.fetch(
        """
        INSERT INTO job (job_id, name, status, run_at, attempts, attempts_max, error, ended_at)
        VALUES (gen_random_uuid(), 'look', $1, now() - $2::text::interval, 3, 3,
                'ValueError: [no]', CASE WHEN $1 = 'dead' THEN now() END)
        RETURNING job_id
        """,
        status,
        late,
    )
    return str(job_id)


def a_worker(ledger: Ledger, seen: str = "1 s") -> None:
    ledger.fetch(
        "INSERT INTO job_worker VALUES (gen_random_uuid(), now(), now() - $1::text::interval)", seen
    )


def ill(outcome: Outcome) -> list[str]:
    return [line for line in outcome.out.splitlines() if "✗" in line]


class TestDoctor:
    def test_an_empty_queue_is_well(self, run: Run) -> None:
        outcome = run("doctor")
        assert outcome.code == 0
        assert "0 waiting, 0 running, 0 at work" in outcome.out

    def test_a_job_that_waits_is_well_while_somebody_works(self, run: Run, ledger: Ledger) -> None:
        a_job(ledger, "waiting", late="4 min")
        a_worker(ledger, seen="50 s")
        assert run("doctor").code == 0

    def test_it_is_found_when_nobody_works(self, run: Run, ledger: Ledger) -> None:
        a_job(ledger, "waiting")
        a_worker(ledger, seen="70 s")
        (line,) = ill(run("doctor"))
        assert "nobody works" in line
        assert "bookonce worker" in line

    def test_it_is_found_when_it_waits_for_long(self, run: Run, ledger: Ledger) -> None:
        a_job(ledger, "waiting", late="7 min")
        a_worker(ledger)
        (line,) = ill(run("doctor"))
        assert "for 7 min" in line

    def test_dead_jobs_are_found_with_what_to_do(self, run: Run, ledger: Ledger) -> None:
        a_job(ledger, "dead")
        (line,) = ill(run("doctor"))
        assert "dead jobs" in line
        assert "--retry" in line


class TestTheCommand:
    def test_it_lists_what_is_not_done(self, run: Run, ledger: Ledger) -> None:
        ids = [a_job(ledger, "dead"), a_job(ledger, "waiting")]
        outcome = run("jobs")
        assert outcome.code == 0
        assert "1 waiting, 0 running, 1 dead, 0 at work" in outcome.out
        for each in (*ids, "look", "3 of 3", "ValueError: [no]"):
            assert each in outcome.out

    def test_an_empty_queue_is_said_to_be(self, run: Run) -> None:
        assert run("jobs").out == "0 waiting, 0 running, 0 dead, 0 at work\n"

    def test_dead_jobs_are_put_back_one_or_all(self, run: Run, ledger: Ledger) -> None:
        one, *_ = [a_job(ledger, "dead") for _ in range(3)]
        assert run("jobs", "--retry", one).out == "1 put back\n"
        assert run("jobs", "--retry", "all").out == "2 put back\n"
        rows = ledger.fetch("SELECT status, attempts, run_at <= now() FROM job")
        assert [tuple(row) for row in rows] == [("waiting", 0, True)] * 3

    def test_what_is_not_dead_is_refused(self, run: Run, ledger: Ledger) -> None:
        refused(run("jobs", "--retry", a_job(ledger, "waiting")), "no dead job")
        refused(run("jobs", "--retry", "some"), "--retry", "some")


def test_metrics_tell_of_the_queue(database_url: str, ledger: Ledger, scratch: Path) -> None:
    a_job(ledger, "waiting")
    a_job(ledger, "waiting")
    a_job(ledger, "dead")
    ledger.fetch("INSERT INTO job_outcome VALUES ('look', 'dead', 7)")
    with RunningServer(database_url, scratch / "job-metrics") as server:
        lines = asking.get(f"{server.base_url}/metrics").text.splitlines()
    assert "bookonce_jobs_waiting 2.0" in lines
    assert "bookonce_jobs_dead 1.0" in lines
    assert 'bookonce_jobs_done_total{job="look",outcome="dead"} 7.0' in lines
