"""The clients in a real browser: every page as it should be, and the ways through them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from bookonce.business.directories import Directories
from bookonce.clients.import_clients import take_in
from bookonce.platform.database import Database
from tests.browser.booking import assert_proper
from tests.browser.conftest import APPEARANCES, NewPage
from tests.factories import tomorrow_at
from tests.office.cast import Cast
from tests.running import RunningServer

WITHOUT = {"without-javascript": {"java_script_enabled": False}}
FILE = "Vorname;Nachname;Telefon\nZoë;Neu;030 7654321\nMax;Neu;1\n"


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    cast.alice.sign_in()
    yield cast
    cast.close()


@pytest.fixture(params=[*APPEARANCES, *WITHOUT])
def appearance(request: pytest.FixtureRequest) -> dict[str, Any]:
    options: dict[str, Any] = (APPEARANCES | WITHOUT)[request.param]
    return options


class Clients:
    """Alice, at the clients."""

    def __init__(self, page: Page, cast: Cast) -> None:
        self.page, self.cast = page, cast
        self.address = f"/office/{cast.slug}/clients"

    @classmethod
    async def of(cls, page: Page, cast: Cast) -> Clients:
        await page.goto(cast.alice.link())
        await page.click("main form button[type=submit]")
        await expect(page).to_have_url(re.compile(r"/office/[^/]+$"))
        return cls(page, cast)

    def add(self, name: str, **more: Any) -> str:
        """Somebody is written down; the id."""
        answer = self.cast.alice.browser.post(
            f"/api/v1/{self.cast.slug}/office/clients", json={"name": name, **more}
        )
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["id"]
        return found

    def book(self, client_id: str) -> None:
        """They have an appointment."""
        wish = {
            "service": "cut", "start": tomorrow_at(10).isoformat(), "staff": "ada",
            "client": {"id": client_id},
        }  # fmt: skip
        answer = self.cast.alice.browser.post(
            f"/api/v1/{self.cast.slug}/office/appointments", json=wish
        )
        assert answer.status_code == 201, answer.text

    async def opens(self, path: str = "") -> None:
        """One of the pages, which is as it should be."""
        await self.page.goto(f"{self.address}{path}")
        await expect(self.page.locator("h1")).to_be_visible()
        await assert_proper(self.page)


async def test_each_page_is_as_it_should_be(
    new_page: NewPage, cast: Cast, appearance: dict[str, Any]
) -> None:
    clients = await Clients.of(await new_page(**appearance), cast)
    await clients.opens()
    zoe = clients.add(
        "Zoë Müller", phone="030 1234567", email="a.very.long.address.of.zoe@example.com",
        flags=["Allergy: latex"], notes="Likes tea\nand quiet",
    )  # fmt: skip
    other = clients.add("Zoe Mueller", phone="030 1234567", notes="Nuts")
    clients.book(zoe)
    for path in (
        "", "?q=mull", "?q=nobody", "/new", f"/{zoe}", f"/{other}", f"/{zoe}/merge",
        f"/{zoe}/merge?q=zoe", f"/{zoe}/merge?with={other}", "/duplicates", "/import",
        f"/{zoe}/erasure",
    ):  # fmt: skip
        await clients.opens(path)
    await clients.page.goto(f"{clients.address}/import")
    await clients.page.set_input_files(
        "#file", {"name": "clients.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    )
    await clients.page.click("main form button.main")
    await expect(clients.page).to_have_url(re.compile(r"/import/[0-9a-f-]{36}$"))
    await assert_proper(clients.page)


async def test_from_a_telephone_call_to_the_form_by_keys(new_page: NewPage, cast: Cast) -> None:
    clients = await Clients.of(await new_page(), cast)
    zoe = clients.add("Zoë Müller", phone="030 1234567", flags=["Allergy: latex"])
    await clients.opens()
    page = clients.page
    await page.keyboard.press("/")
    await page.keyboard.type("4567")
    await page.keyboard.press("Enter")
    await page.click("table.list th a")
    await expect(page).to_have_url(re.compile(rf"/clients/{zoe}$"))
    await page.keyboard.press("n")
    await expect(page).to_have_url(re.compile(r"/appointments/new\?client_id="))
    await expect(page.locator(".found input:checked")).to_have_value(zoe)
    await expect(page.locator(".found .flag")).to_have_text("Allergy: latex")


async def test_a_file_is_taken_in(new_page: NewPage, cast: Cast) -> None:
    clients = await Clients.of(await new_page(), cast)
    page = clients.page
    await clients.opens("/import")
    await page.set_input_files(
        "#file", {"name": "clients.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    )
    await page.click("main form button.main")
    await expect(page.locator("#column_0")).to_have_value("first_name")
    await page.click("button[name=start]")
    await expect(page.locator("progress")).to_be_visible()
    await assert_proper(page)
    import_id = UUID(page.url.rpartition("/")[2])

    async def work(database: Database) -> None:
        directory = await Directories(database).current(cast.slug)
        await take_in(database, directory, import_id, now=datetime.now(UTC))

    cast.do(work)
    await expect(page.locator("h2").first).to_have_text("Done")  # by itself
    await assert_proper(page)
    await clients.opens("?q=7654321")
    await expect(page.locator("table.list th")).to_contain_text(["Zoë Neu"])
