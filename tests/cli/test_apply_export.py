"""`bookonce apply` and `bookonce export`: a business as a file, all of it or nothing."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.business import toml_file
from bookonce.platform.actor import VISITOR
from bookonce.platform.database import Database
from tests import asking
from tests.cli.commands import Outcome, bookonce, environment, refused
from tests.factories import (
    a_booking,
    a_business,
    a_service,
    a_staff_member,
    new_slug,
    tomorrow_at,
)
from tests.running import COMMAND, RunningServer, free_port
from tests.web.ledger import Ledger

Run = Callable[..., Outcome]

EVERYTHING = r"""
[business]
slug = "everything"
name = "Zoë's \"Salon\" \\o/ 💇‍♀️ [bold]"
timezone = "America/Sao_Paulo"
currency = "KWD"
locale = "pt-BR"

[policy]
slot_step_min = 20
notice_min = 0
horizon_days = 30
cancel_until_min = 2880

[[staff]]
key = "bela"
name = "Bela"
email = "bela@example.com"
[staff.hours]
fri = ["13:15-18:00", "09:00-12:30"]
sat = ["22:00-02:00"]
sun = ["00:00-24:00"]
[[staff.dates]]
date = "2026-12-24"
hours = []
[[staff.dates]]
date = 2026-12-31
hours = ["20:00-04:00"]
[[staff.time_off]]
from = "2026-12-27T00:00"
to = "2026-12-30T00:00"
reason = "snow & [ice]"
[[staff.time_off]]
from = "2026-12-10 12:00"
to = "2026-12-10T13:30:00"

[[staff]]
key = "ada"
name = "Ada"

[[service]]
key = "cut"
name = "Cut"
duration_min = 45
buffer_before_min = 5
buffer_after_min = 10
price = "4.8"
staff = ["ada", "bela"]

[[service]]
key = "talk"
name = "Talk"
duration_min = 15

[[service]]
key = "nobody-does-this"
name = "Nothing"
duration_min = 10080
staff = []
"""


@pytest.fixture
def slug() -> str:
    """A business of the test's own."""
    return new_slug()


def a_file(slug: str, **more: Any) -> str:
    """The text of a business file."""
    return toml_file.render(a_business(slug, **more))


def names(ledger: Ledger, slug: str) -> list[str]:
    """The names of all businesses at an address."""
    rows = ledger.fetch(
        "SELECT name FROM business JOIN business_slug USING (business_id) WHERE slug = $1", slug
    )
    return [row["name"] for row in rows]


def book_with(database_url: str, slug: str, staff: Iterable[str]) -> datetime:
    """Zoe books an appointment with each of them, all at the same time; tells when."""
    start = tomorrow_at(10)

    async def make() -> None:
        database = Database(database_url, connections_max=1)
        await database.open()
        for key in staff:
            request = a_booking(start, staff=key)
            await book(Installation(database), slug, request, actor=VISITOR, now=datetime.now(UTC))
        await database.close()

    asyncio.run(make())
    return start


@pytest.fixture(scope="module")
def running(scratch: Path) -> Iterator[RunningServer]:
    """A server on an embedded database."""
    with RunningServer(None, scratch / "embedded") as server:
        yield server


class TestApply:
    def test_it_works(self, run: Run, ledger: Ledger, tmp_path: Path, slug: str) -> None:
        path = tmp_path / "salon.toml"
        path.write_text(a_file(slug, name="Salon Zoë"))
        outcome = run("apply", path)
        assert (outcome.code, outcome.out, outcome.err) == (0, f"business {slug}: created\n", "")
        assert names(ledger, slug) == ["Salon Zoë"]

    def test_again_there_is_nothing_to_change(self, run: Run, ledger: Ledger, slug: str) -> None:
        run("apply", "-", stdin=a_file(slug))
        before = ledger.contents()
        outcome = run("apply", "-", stdin=a_file(slug))
        assert (outcome.code, outcome.out) == (0, f"{slug}: nothing to change\n")
        assert ledger.contents() == before

    def test_what_changed_is_printed_a_line_each(self, run: Run, slug: str) -> None:
        run("apply", "-", stdin=a_file(slug, service=[a_service("cut", price="48.00")]))
        outcome = run(
            "apply",
            "-",
            stdin=a_file(
                slug,
                name="New name",
                policy={"notice_min": 30},
                staff=[a_staff_member("ada"), a_staff_member("bela")],
                service=[a_service("cut", price="52.00")],
            ),
        )
        assert outcome.code == 0
        lines = outcome.out.splitlines()
        assert "business.name: Lumen Hair → New name" in lines
        assert "policy.notice_min: 0 → 30" in lines
        assert "service.cut.price: 48.00 → 52.00" in lines
        assert [line for line in lines if line.startswith("staff.bela: added")]
        assert len(lines) == 4

    def test_a_changed_order_is_a_change(self, run: Run, slug: str) -> None:
        both = [a_staff_member("ada"), a_staff_member("bela")]
        run("apply", "-", stdin=a_file(slug, staff=both))
        outcome = run("apply", "-", stdin=a_file(slug, staff=both[::-1]))
        assert (outcome.code, outcome.out) == (0, "order: changed\n")

    def test_staff_who_leave_with_appointments_are_pointed_out(
        self, run: Run, database_url: str, slug: str
    ) -> None:
        run("apply", "-", stdin=a_file(slug))
        book_with(database_url, slug, ["ada"])
        outcome = run("apply", "-", stdin=a_file(slug, staff=[a_staff_member("bela")]))
        assert outcome.code == 0
        assert "Ada is no longer listed" in outcome.err

    def test_names_in_messages_are_only_text(self, run: Run, database_url: str, slug: str) -> None:
        named = {"ada": "[/] Ada", "bela": "\\[/b]", "chen": "[link=x]y", "dalia": ":smile:"}
        staff = [a_staff_member(key, name=name) for key, name in named.items()]
        run("apply", "-", stdin=a_file(slug, staff=staff))
        book_with(database_url, slug, named)
        outcome = run("apply", "-", stdin=a_file(slug, staff=[a_staff_member("emil")]))
        assert outcome.code == 0, outcome.err
        for name in named.values():
            assert f"{name} is no longer listed" in outcome.err

    def test_two_at_once_make_one_business(
        self, ledger: Ledger, database_url: str, slug: str
    ) -> None:
        text = a_file(slug).encode()
        both = [
            subprocess.Popen(
                [*COMMAND, "apply", "-", "--database-url", database_url],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(),
            )
            for _ in range(2)
        ]
        said = [process.communicate(text, timeout=60)[0].decode() for process in both]
        assert [process.returncode for process in both] == [0, 0]
        assert sorted(said) == [f"business {slug}: created\n", f"{slug}: nothing to change\n"]
        assert names(ledger, slug) == ["Lumen Hair"]


class TestTimeOff:
    def test_time_off_over_an_appointment_is_refused_with_what_is_in_the_way(
        self, run: Run, ledger: Ledger, database_url: str, slug: str
    ) -> None:
        run("apply", "-", stdin=a_file(slug))
        day = book_with(database_url, slug, ["ada"]).date()
        before = ledger.contents()
        absence = {"from": f"{day}T00:00", "to": f"{day + timedelta(1)}T00:00", "reason": "ill"}
        text = a_file(
            slug,
            name="Not this either",
            staff=[a_staff_member("ada", time_off=[absence])],
            timezone="UTC",
        )
        outcome = run("apply", "-", stdin=text)
        refused(outcome, "ada", f"{day} 10:00", f"{day} 10:30", "Cut", "Zoe")
        assert ledger.contents() == before


class TestExport:
    def test_it_works(self, run: Run, slug: str) -> None:
        run("apply", "-", stdin=a_file(slug, name="Salon Zoë"))
        outcome = run("export", slug)
        assert (outcome.code, outcome.err) == (0, "")
        assert toml_file.parse(outcome.out) == a_business(slug, name="Salon Zoë")

    def test_applying_what_was_exported_changes_nothing(self, run: Run, ledger: Ledger) -> None:
        assert run("apply", "-", stdin=EVERYTHING).code == 0
        exported = run("export", "everything").out
        before = ledger.contents()
        for text in (exported, EVERYTHING):
            assert run("apply", "-", stdin=text).out == "everything: nothing to change\n"
        assert ledger.contents() == before

    def test_what_was_exported_makes_the_same_business_elsewhere(
        self, run: Run, new_database: Callable[[], str]
    ) -> None:
        run("apply", "-", stdin=files("bookonce.demo").joinpath("lumen.toml").read_text())
        exported = run("export", "lumen").out
        place = ("--database-url", new_database())
        assert bookonce("apply", "-", *place, stdin=exported).out == "business lumen: created\n"
        assert bookonce("export", "lumen", *place).out == exported

    def test_an_unknown_business_is_refused(self, run: Run) -> None:
        refused(run("export", "nobody"), "nobody")

    @pytest.mark.parametrize("slug", ["\\[/b]", "'; DROP TABLE business; --"])
    def test_whatever_is_asked_for_is_only_text(self, run: Run, slug: str) -> None:
        refused(run("export", slug), "There is no business")


class TestWhileAServerRuns:
    def test_a_business_applied_is_served_at_once(self, running: RunningServer) -> None:
        place = ("--data-dir", running.data_dir)
        assert bookonce("apply", "-", *place, stdin=a_file("salon", name="First")).code == 0
        api = f"{running.base_url}/api/v1/salon"
        assert asking.get(api).json()["name"] == "First"
        assert bookonce("apply", "-", *place, stdin=a_file("salon", name="Second")).code == 0
        assert asking.get(api).json()["name"] == "Second"
        assert 'name = "Second"' in bookonce("export", "salon", *place).out

    def test_other_commands_work_and_leave_the_database_running(
        self, running: RunningServer
    ) -> None:
        place = {"BOOKONCE_DATA_DIR": str(running.data_dir)}
        assert bookonce("migrate", **place).code == 0
        # What it finds of money and jobs depends on who else uses this server.
        assert "one resource, one claim at a time" in bookonce("doctor", COLUMNS="250", **place).out
        assert asking.get(f"{running.base_url}/readyz").status_code == 200


class TestDatabaseAway:
    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://bookonce@127.0.0.1:{port}/bookonce",
            "postgresql://bookonce@/bookonce?host=/nowhere",
        ],
        ids=["port", "socket"],
    )
    def test_it_is_told_with_what_to_check(self, url: str) -> None:
        outcome = bookonce("export", "salon", "--database-url", url.format(port=free_port()))
        refused(outcome, "database", "--database-url")

    @pytest.mark.parametrize(
        "url",
        [
            "nonsense",
            "postgresql://bookonce@127.0.0.1:port/bookonce",
            "postgresql://bookonce@127.0.0.1/bookonce?sslmode=sometimes",
        ],
    )
    def test_an_address_that_is_none_is_told_plainly(self, url: str) -> None:
        refused(bookonce("export", "salon", "--database-url", url))

    @pytest.mark.parametrize("command", ["doctor", "serve"])
    def test_every_command_tells_so(self, command: str) -> None:
        refused(bookonce(command, "--database-url", "nonsense"))

    def test_a_database_that_does_not_exist_is_named(self, database_url: str) -> None:
        url = database_url.replace("/test_", "/untest_")
        refused(bookonce("export", "salon", "--database-url", url), "untest_")


class TestUsage:
    def test_no_command_shows_all_of_them(self) -> None:
        outcome = bookonce("--help")
        assert outcome.code == 0
        for command in ("serve", "apply", "export", "migrate", "doctor"):
            assert command in outcome.out

    @pytest.mark.parametrize(
        "arguments",
        [["apply"], ["serve", "--port", "0"]],
        ids=" ".join,
    )
    def test_wrong_use_is_told_with_exit_code_two(self, arguments: list[str]) -> None:
        refused(bookonce(*arguments), "Usage", code=2)


class TestVersions:
    def test_a_dry_run_says_what_would_change_and_changes_nothing(
        self, run: Run, ledger: Ledger, database_url: str, slug: str
    ) -> None:
        run("apply", "-", stdin=a_file(slug))
        book_with(database_url, slug, ["ada"])
        before = ledger.contents()
        without = a_file(slug, service=[a_service("shave")])
        outcome = run("apply", "--dry-run", "-", stdin=without)
        assert outcome.code == 0
        assert "service.cut: removed" in outcome.out
        assert "Cut is no longer offered" in outcome.err
        assert "Zoe" not in outcome.said
        strict = run("apply", "--strict", "-", stdin=without)
        refused(strict, "Cut is no longer offered", "Nothing was changed")
        assert run("apply", "--dry-run", "--strict", "-", stdin=without).code == 1
        assert ledger.contents() == before

    def test_history_tells_who_changed_what_and_revert_goes_back(self, run: Run, slug: str) -> None:
        run("apply", "-", stdin=a_file(slug))
        run("apply", "-", stdin=a_file(slug, name="[b]New[/b]"))
        told = run("history", slug)
        assert told.code == 0
        for word in ("command line", "business.name: Lumen Hair → [b]New[/b]", "created"):
            assert word in told.out
        outcome = run("revert", slug, "--version", "1")
        assert (outcome.code, outcome.out) == (0, "business.name: [b]New[/b] → Lumen Hair\n")
        assert run("export", slug).out == a_file(slug)
        refused(run("revert", slug, "--version", "9"), "no version 9")

    def test_a_business_is_closed_reopened_renamed_and_listed(self, run: Run, slug: str) -> None:
        run("apply", "-", stdin=a_file(slug))
        assert run("close", slug).out == "business.closed: False → True\n"
        assert "closed = true" in run("export", slug).out
        [row] = [line for line in run("list").out.splitlines() if f" {slug} " in line]
        assert "closed" in row
        assert run("close", slug).out == f"{slug}: nothing to change\n"
        assert run("reopen", slug).code == 0
        new = new_slug()
        assert run("rename", slug, new).out == f"business.slug: {slug} → {new}\n"
        refused(run("export", slug), new)
        refused(run("apply", "-", stdin=a_file(slug)), new)
        assert run("export", new).out == a_file(new)
        refused(run("rename", new, "office"), "reserved")
