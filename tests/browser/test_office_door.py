"""The office's front door in a real browser: every page as it looks to different people, the way in
with and without scripts, and passkeys.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bookonce.accounts.roles import Post
from bookonce.platform.actor import Role
from tests.browser.booking import assert_proper
from tests.browser.conftest import APPEARANCES, BOTH, WAYS, NewPage
from tests.office.cast import PASSWORD, Cast
from tests.running import RunningServer, free_port

WITHOUT = "without-javascript"


@pytest.fixture
def cast(server: RunningServer) -> Iterator[Cast]:
    cast = Cast(server)
    yield cast
    cast.close()


@pytest.fixture(params=[*APPEARANCES, WITHOUT])
def appearance(request: pytest.FixtureRequest) -> dict[str, Any]:
    options: dict[str, Any] = (APPEARANCES | {WITHOUT: {"java_script_enabled": False}})[
        request.param
    ]
    return options


class Desk:
    """Somebody at the office, who looks closely at each page."""

    def __init__(self, page: Page, cast: Cast) -> None:
        self.page, self.cast = page, cast
        self.office = f"/office/{cast.slug}"

    async def sign_in(self, link: str) -> None:
        await self.page.goto(link)
        await self.page.click("main form button[type=submit]")

    async def sees(self, address: str, what: str = "main h1") -> None:
        """Open a page, and require that it is as it should be."""
        await self.page.goto(address)
        await expect(self.page.locator(what).first).to_be_visible()
        await assert_proper(self.page)

    async def sends(self, what: str) -> None:
        """Send the form, and require it of what that brings, which no address brings again."""
        async with self.page.expect_navigation() as navigation:
            await self.submit()
        answer = await navigation.value
        assert answer is not None
        await expect(self.page.locator(what).first).to_be_visible()
        await assert_proper(self.page, await answer.text())

    async def submit(self) -> None:
        await self.page.locator("main form button.main").first.click()


async def test_before_one_is_in(new_page: NewPage, cast: Cast, appearance: dict[str, Any]) -> None:
    desk = Desk(await new_page(**appearance), cast)
    await desk.sees("/office")
    await desk.page.fill("[name=email]", "nobody@nowhere.example")
    await desk.page.fill("[name=password]", "wrong")
    await desk.sends(".notice.wrong")
    await desk.sees(cast.alice.link(), "main form")
    await desk.sees("/office/link/" + "x" * 43)
    await desk.sees("/office/account")  # asks to sign in


async def test_inside(new_page: NewPage, cast: Cast, appearance: dict[str, Any]) -> None:
    cast.join(cast.alice, cast.other_slug, Post(Role.RECEPTION))
    desk = Desk(await new_page(**appearance), cast)
    await desk.sign_in(cast.alice.link())
    await desk.sees("/office", "ul.cards")
    await desk.sees(desk.office)
    await desk.sees(f"{desk.office}/team", "table.people")
    await desk.sees(f"{desk.office}/team/leave")
    await desk.sees(f"{desk.office}/team/{cast.account_id(cast.bob)}", ".roles")
    await desk.sees(f"{desk.office}/team/invite", ".roles")
    await desk.page.fill("[name=email]", "no address")
    await desk.sends("[aria-invalid=true]")
    await desk.page.fill("[name=email]", f"dora@{cast.slug}.example")
    await desk.sends(".code svg")
    invitation = await desk.page.input_value("#link")
    await desk.sees(f"{desk.office}/team", "h2.next")
    await desk.sees("/office/account")
    await desk.sees("/office/account/password")
    await desk.sees("/office/account/proof")
    await desk.sees(f"/office/{cast.other_slug}/team")  # 403
    await desk.sees("/office/nobody")  # 404
    await desk.sees("/office/account/second-factor", ".code svg")
    await desk.page.fill("[name=code]", pyotp.TOTP(cast.sealed_secret(cast.alice)).now())
    await desk.sends("ul.codes")
    await desk.sees("/office/account", ".facts")
    await desk.sees("/office/account/proof", "[name=code]")
    newcomer = Desk(await new_page(**appearance), cast)
    await newcomer.sees(invitation, "[name=password]")
    await newcomer.page.fill("[name=password]", "x")
    await newcomer.page.fill("[name=name]", "Dora")
    await newcomer.sends("[aria-invalid=true]")


@pytest.mark.parametrize("way", BOTH)
async def test_the_way_in(new_page: NewPage, cast: Cast, way: str) -> None:
    """Accept an invitation, sign out, sign in with a password and a code, end where one began."""
    alice = Desk(await new_page(**WAYS[way]), cast)
    await alice.sign_in(cast.alice.link())
    await expect(alice.page).to_have_url(re.compile(rf"{alice.office}$"))
    await alice.page.click("nav.entries >> text=Team")
    await alice.page.click("text=Invite somebody")
    email = f"dora@{cast.slug}.example"
    await alice.page.fill("[name=email]", email)
    await alice.page.check("[name=role][value=staff]")
    await alice.page.select_option("[name=staff]", "ben")
    await alice.submit()
    invitation = await alice.page.input_value("#link")

    dora = Desk(await new_page(**WAYS[way]), cast)
    await dora.page.goto(invitation)
    await dora.page.fill("[name=name]", "Dora")
    await dora.page.fill("[name=password]", PASSWORD)
    await dora.submit()
    await expect(dora.page).to_have_url(re.compile(rf"{dora.office}$"))
    await expect(dora.page.locator("nav.entries >> text=Team")).to_have_count(0)
    await dora.page.click("text=Sign out")
    await expect(dora.page.locator("[name=password]")).to_be_visible()
    await dora.page.goto(f"{dora.office}?date=2026-12-01")
    await dora.page.fill("[name=email]", email)
    await dora.page.fill("[name=password]", PASSWORD)
    await dora.submit()
    await expect(dora.page).to_have_url(re.compile(r"\?date=2026-12-01$"))


@pytest.fixture(scope="module")
def named(new_database: Callable[[], str], scratch: Path) -> Iterator[RunningServer]:
    """A server at a name, for which browsers make passkeys."""
    port = free_port()
    origin = f"http://localhost:{port}"
    server = RunningServer(
        new_database(), scratch / "named", "--port", str(port),
        environment={"BOOKONCE_PUBLIC_URL": origin},
    )  # fmt: skip
    server.base_url = origin
    with server:
        yield server


@pytest.fixture
def named_cast(named: RunningServer) -> Iterator[Cast]:
    cast = Cast(named)
    yield cast
    cast.close()


@pytest_asyncio.fixture(loop_scope="session")
async def with_authenticator(new_page: NewPage, named: RunningServer) -> AsyncIterator[Page]:
    """A browser with a device that checks its owner."""
    page = await new_page(base_url=named.base_url)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    await devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield page
    await devtools.send("WebAuthn.disable")


class TestPasskey:
    async def add(self, desk: Desk) -> None:
        await desk.sign_in(desk.cast.bob.link())
        await desk.page.goto("/office/account")
        await desk.page.click("text=Add a passkey")
        await assert_proper(desk.page)
        await desk.page.fill("[name=name]", "Bob's phone")
        await desk.page.click("main form button")
        await expect(desk.page.locator("text=Bob's phone")).to_be_visible()

    async def test_it_works(self, with_authenticator: Page, named_cast: Cast) -> None:
        desk = Desk(with_authenticator, named_cast)
        await self.add(desk)
        await desk.page.click("header >> text=Sign out")
        await desk.page.click("text=Sign in with a passkey")
        await expect(desk.page).to_have_url(re.compile(rf"{desk.office}$"))

    async def test_it_proves_who_is_there(self, with_authenticator: Page, named_cast: Cast) -> None:
        desk = Desk(with_authenticator, named_cast)
        await self.add(desk)
        named_cast.let_proof_run_out()
        await desk.page.goto("/office/account/password")
        await assert_proper(desk.page)
        await desk.page.click("text=Use a passkey")
        await expect(desk.page.locator("[name=password]")).to_be_visible()
        assert desk.page.url.endswith("/office/account/password")

    async def test_one_that_was_removed_is_not_known(
        self, with_authenticator: Page, named_cast: Cast
    ) -> None:
        desk = Desk(with_authenticator, named_cast)
        await self.add(desk)
        await desk.page.click("button:has-text('Remove')")
        await expect(desk.page.locator("text=Bob's phone")).to_have_count(0)
        await desk.page.click("header >> text=Sign out")
        await desk.page.click("text=Sign in with a passkey")
        await expect(desk.page.locator(".notice.wrong")).to_be_visible()
        await desk.page.goto(desk.office)
        await expect(desk.page.locator("[name=password]")).to_be_visible()

    async def test_an_address_of_numbers_offers_none(self, page: Page, cast: Cast) -> None:
        await page.goto("/office")
        await expect(page.locator("form[data-passkey]")).to_have_count(0)
        desk = Desk(page, cast)
        await desk.sign_in(cast.bob.link())
        await page.goto("/office/account")
        await expect(page.locator("text=Add a passkey")).to_have_count(0)
