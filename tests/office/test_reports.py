"""Reports: each figure counted by hand, against the period before, and as a file that computes
nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bookonce.accounts import account_rows, members
from bookonce.accounts.roles import Post, Right
from bookonce.availability.installation import Installation
from bookonce.desk.report import Period, Report, report
from bookonce.platform.actor import Role
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.errors import ValidationError
from bookonce.web.office.reports.plot import HEIGHT, WIDTH, bars, in_steps
from tests.factories import NINE_TO_FIVE, a_business, a_service, a_staff_member
from tests.office.cast import Cast
from tests.running import RunningServer

BERLIN = ZoneInfo("Europe/Berlin")


def tomorrow() -> date:
    return datetime.now(BERLIN).date() + timedelta(days=2)


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    server.apply(
        a_business(
            cast.slug,
            name="Lumen Hair",
            staff=[
                a_staff_member("ada", hours=NINE_TO_FIVE),
                a_staff_member("ben", hours=NINE_TO_FIVE),
            ],
            service=[a_service(price="40.00"), a_service("dye", duration_min=60, price="90.50")],
            currency="EUR",
        )
    )
    for person in (cast.alice, cast.bob):
        person.sign_in()
    yield cast
    cast.close()


def book(cast: Cast, hour: int, days: int = 0, service: str = "cut", staff: str = "ada") -> str:
    start = datetime.combine(tomorrow() + timedelta(days), datetime.min.time(), BERLIN)
    answer = cast.alice.browser.post(
        f"/api/v1/{cast.slug}/office/appointments",
        json={
            "service": service,
            "start": start.replace(hour=hour).isoformat(),
            "staff": staff,
            "client": {"name": "Zoe"},
        },
    )
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def reported(cast: Cast, first: date, last: date) -> Report:
    async def read(database: Database) -> Report:
        installation = Installation(database, "")
        directory = await installation.current(cast.slug)
        account = await database.run(account_rows.by_email, cast.alice.email)
        assert account is not None
        access = await members.access_of(database, directory.business_id, account)
        assert access is not None
        return await report(installation, directory, Period.of(first, last), access=access)

    return cast.do(read)


def set_status(cast: Cast, appointment: str, status: str) -> None:
    async def act(connection: Connection) -> None:
        await connection.execute(
            "UPDATE appointment SET status = $2 WHERE appointment_id = $1", appointment, status
        )

    cast.do(lambda database: database.run(act))


def test_it_works(cast: Cast) -> None:
    day = tomorrow()
    book(cast, 9)
    book(cast, 10, service="dye")
    set_status(cast, book(cast, 12, staff="ben"), "completed")
    set_status(cast, book(cast, 13, staff="ben"), "no_show")
    set_status(cast, book(cast, 14, staff="ben"), "cancelled")
    book(cast, 9, days=1)  # the day after isn't of it
    found = reported(cast, day, day)
    assert (found.now.totals.visits, found.now.totals.cancelled, found.now.totals.missed) == (
        3,
        1,
        1,
    )
    assert found.now.amounts == {"EUR": 17050}
    assert [(each.day, each.visits, each.amount_minor) for each in found.by_day] == [
        (day, 3, 17050)
    ]
    assert {(s.key, s.visits, s.minutes, s.amount_minor) for s in found.now.services} == {
        ("cut", 2, 60, 8000),
        ("dye", 1, 60, 9050),
    }
    assert {(s.key, s.visits, s.minutes) for s in found.now.staff} == {
        ("ada", 2, 90),
        ("ben", 1, 30),
    }
    assert [(s.key, s.visits) for s in found.now.sources] == [("account", 3)]
    assert found.now.open_min == {"ada": 480, "ben": 480}
    assert found.before.totals.visits == 0


def test_the_period_before_is_as_long_and_just_before(cast: Cast) -> None:
    day = tomorrow()
    for hour in (9, 10):
        book(cast, hour)
    book(cast, 9, days=1)
    found = reported(cast, day + timedelta(1), day + timedelta(1))
    assert (found.now.totals.visits, found.before.totals.visits) == (1, 2)
    page = cast.alice.get(
        f"/office/{cast.slug}/reports?from={day + timedelta(1)}&to={day + timedelta(1)}"
    ).text
    assert "-50%" in page or "−50%" in page


def test_time_off_is_no_time_that_could_be_used(cast: Cast) -> None:
    day = tomorrow()
    answer = cast.alice.browser.post(
        f"/api/v1/{cast.slug}/office/absences",
        json={
            "staff": "ada",
            "from": datetime.combine(day, datetime.min.time(), BERLIN).isoformat(),
            "to": datetime.combine(day, datetime.min.time(), BERLIN).replace(hour=13).isoformat(),
        },
    )
    assert answer.status_code == 201, answer.text
    found = reported(cast, day, day)
    assert found.now.open_min == {"ada": 4 * 60, "ben": 8 * 60}


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 1, 2), date(2026, 1, 1)),
        (date(2026, 1, 1), date(2027, 1, 2)),
        (date(1, 1, 1), date(1, 1, 1)),
        (date(9999, 12, 31), date(9999, 12, 31)),
    ],
)
def test_a_period_that_can_not_be_reported(first: date, last: date) -> None:
    with pytest.raises(ValidationError):
        Period.of(first, last)


@pytest.mark.parametrize(
    "query",
    ["from=x", "from=2026-02-01&to=2026-01-01", "to=9999-12-31", "from=0001-01-01", "to=%00"],
)
def test_an_address_that_makes_no_sense_is_told(cast: Cast, query: str) -> None:
    page = cast.alice.get(f"/office/{cast.slug}/reports?{query}")
    assert page.status_code == 422
    assert "Please choose two dates" in page.text


def test_an_empty_business(cast: Cast) -> None:
    page = cast.alice.get(f"/office/{cast.slug}/reports")
    assert page.status_code == 200
    assert "Nothing in this period." in page.text


class TestFile:
    def rows(self, cast: Cast) -> list[list[str]]:
        day = tomorrow()
        answer = cast.alice.get(f"/office/{cast.slug}/reports/file?from={day}&to={day}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/csv")
        assert "attachment" in answer.headers["content-disposition"]
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    def test_it_works(self, cast: Cast) -> None:
        book(cast, 9)
        rows = self.rows(cast)
        assert ["Visits", "1", "0", ""] in rows
        assert any(row[:2] == ["Ada", "1"] for row in rows)

    @pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", '"=1+1'])
    def test_a_name_that_is_a_formula_is_text(self, cast: Cast, name: str) -> None:
        cast.server.apply(
            a_business(
                cast.slug,
                staff=[a_staff_member("ada", name=name)],
                service=[a_service()],
            )
        )
        cells = [cell for row in self.rows(cast) for cell in row]
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)
        assert any(name.strip() in cell for cell in cells)

    def test_a_proof_is_asked_for(self, cast: Cast) -> None:
        cast.let_proof_run_out()
        answer = cast.alice.get(f"/office/{cast.slug}/reports/file")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/office/account/proof")


def test_money_and_files_take_their_rights(cast: Cast) -> None:
    cast.give_post(cast.bob, Post(Role.MANAGER))
    cast.bob.sign_in()
    page = cast.bob.get(f"/office/{cast.slug}/reports")
    assert page.status_code == 200
    assert "reports/file" not in page.text
    assert cast.bob.get(f"/office/{cast.slug}/reports/file").status_code == 403
    without = Post(Role.MANAGER, None, frozenset({Right.EXPORT}), frozenset({Right.MONEY}))
    cast.give_post(cast.bob, without)
    cast.bob.sign_in()
    assert cast.bob.get(f"/office/{cast.slug}/reports").status_code == 403
    assert cast.bob.get(f"/office/{cast.slug}/reports/file").status_code == 403


def test_bars_fill_the_plot_and_no_more() -> None:
    found = bars([1, 0, 4])
    assert [bar.height for bar in found] == [HEIGHT / 4, 0, HEIGHT]
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH for bar in found)
    assert bars([0, 0]) == []
    assert in_steps([1] * 70) == [7] * 10
