"""Every control of every page tapped twice, on a phone and at a desk: what was asked for happens
once, and nothing else.

Controls are found on each page, not listed here. What one tap does is the measure of two: the same
address, the same books, the same choice. Leafing through months is the exception: whoever taps
"Next month" twice may mean the month after next.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from playwright.async_api import Page, Request

from tests.browser.booking import (
    books_of,
    expect_conflict,
    expect_times,
    fill_in,
    send,
    soonest,
    start_in,
)
from tests.browser.conftest import PHONE, NewPage, Open
from tests.browser.paying import Till, hold
from tests.running import RunningServer

MACHINES: dict[str, dict[str, Any]] = {
    "phone": PHONE,
    "desktop": {},
    "phone-without-javascript": PHONE | {"java_script_enabled": False},
}
DELAYS_MS = (150, 400, 700)
QUIET_S = 0.8
AT_ONCE = 4
"""Visitors at a time: most of what they do is wait."""

# One of each kind will do: the first and the last of the links to times, say.
CONTROLS = """() => {
    const kinds = new Map();
    for (const each of document.querySelectorAll("details")) each.open = true;
    for (const each of document.querySelectorAll("a[href], button, label:has(input[type=radio])")) {
        const box = each.getBoundingClientRect();
        const leaves = each.target || /^(tel|mailto):|\\.ics$/.test(each.getAttribute("href"));
        if (!box.width || leaves || each.getAttribute("aria-current") === "true") continue;
        const kind = [each.tagName, each.className, each.rel ?? "", each.parentElement.className,
            each.closest("section, header, footer, form, dl")?.className ?? ""].join(" ");
        kinds.set(kind, [...(kinds.get(kind) ?? []), each]);
    }
    window.controls = [...kinds.values()].flatMap(all =>
        all.length > 1 ? [all[0], all.at(-1)] : all);
    return window.controls.map(each => [each.textContent.trim().replace(/\\s+/g, " "), each.rel ?? "", each.href ?? ""]);
}"""
PLACE = """number => {
    const each = window.controls[number];
    each.scrollIntoView({block: "center", behavior: "instant"});
    const box = each.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
}"""
CHECKED = "[...document.querySelectorAll('input:checked')].map(each => each.value)"
AWAKE = """!document.querySelector('.deaf') &&
    document.getAnimations().every(each => each.playState === 'finished')"""


@dataclass(frozen=True)
class Outcome:
    """What there is after somebody has tapped."""

    path: str
    query: tuple[tuple[str, str], ...]
    checked: tuple[str, ...]
    books: tuple[tuple[Any, ...], ...]


class Control(NamedTuple):
    """Something to tap: what it says, and where a link leads."""

    name: str
    rel: str
    href: str


class Visitor:
    """Somebody on a page of a salon of their own."""

    def __init__(self, page: Page, slug: str, server: RunningServer) -> None:
        self.page, self.slug, self.server = page, slug, server
        self._pending: set[Request] = set()
        self._last = time.monotonic()
        page.on("request", self._begun)
        page.on("requestfinished", self._over)
        page.on("requestfailed", self._over)

    def _begun(self, request: Request) -> None:
        self._pending.add(request)
        self._last = time.monotonic()

    def _over(self, request: Request) -> None:
        self._pending.discard(request)
        self._last = time.monotonic()

    async def settle(self) -> None:
        """Wait until nothing is asked of the server, and nothing has been for a moment."""
        while self._pending or time.monotonic() - self._last < QUIET_S:
            await self.page.wait_for_timeout(50)

    async def controls(self) -> list[Control]:
        return [Control(*each) for each in await self.page.evaluate(CONTROLS)]

    async def tap(self, number: int, delay_ms: int | None) -> None:
        """Tap a control, and its place again after a while."""
        await self.controls()
        while not await self.page.evaluate(AWAKE):
            await self.page.wait_for_timeout(50)
        x, y = await self.page.evaluate(PLACE, number)
        has_touch = await self.page.evaluate("matchMedia('(pointer: coarse)').matches")

        async def tap() -> None:
            if has_touch:
                await self.page.touchscreen.tap(x, y)
            else:
                await self.page.mouse.click(x, y)

        await tap()
        if delay_ms is not None:
            await self.page.wait_for_timeout(delay_ms)  # it is what is tried
            await tap()

    async def outcome(self) -> Outcome:
        self._last = time.monotonic()
        await self.settle()
        return await self.at(self.page.url, tuple(await self.page.evaluate(CHECKED)))

    async def at(self, address: str, checked: tuple[str, ...] = ()) -> Outcome:
        """What there is if the visitor is at an address now."""
        parts = urlsplit(address)
        token = parts.path.split("/a/")[1].split("/")[0] if "/a/" in parts.path else "-"
        books = await books_of(self.server, self.slug)
        return Outcome(
            parts.path.replace(self.slug, "salon").replace(token, "token"),
            tuple(pair for pair in parse_qsl(parts.query) if pair[0] not in ("tz", "again")),
            checked,
            tuple((each["name"], each["status"], each["starts_at"]) for each in books),
        )


Scene = Callable[[Page, str], Awaitable[None]]
CHOICE = "service=cut&staff=ada"


async def first_start(page: Page, slug: str) -> datetime:
    await page.goto(f"/{slug}?{CHOICE}")
    await expect_times(page)
    return start_in(await soonest(page).first.get_attribute("href"))


async def take(page: Page, slug: str, start: datetime, name: str) -> str:
    """Have somebody book a time elsewhere; tells the address of their page."""
    wish = {
        "service": "cut",
        "staff": "ada",
        "start": start.isoformat(),
        "client": {"name": name, "email": f"{name.lower()}@example.com"},
    }
    answer = await page.request.post(f"/api/v1/{slug}/book", data=wish)
    assert answer.status == 201, await answer.text()
    address: str = (await answer.json())["manage_url"]
    return address


def step(query: str) -> Scene:
    async def go(page: Page, slug: str) -> None:
        await page.goto(f"/{slug}?{query}")

    return go


async def form(page: Page, slug: str) -> None:
    start = await first_start(page, slug)
    await page.goto(f"/{slug}?{CHOICE}&start={quote(start.isoformat())}")
    await fill_in(page)


async def lost_form(page: Page, slug: str) -> None:
    """The form for a time that somebody else has taken meanwhile."""
    await form(page, slug)
    await take(page, slug, start_in(page.url), "Yan")


async def conflict(page: Page, slug: str) -> None:
    await lost_form(page, slug)
    await send(page)
    await expect_conflict(page)


async def wrong(page: Page, slug: str) -> None:
    await form(page, slug)
    await fill_in(page, email="zoe@example")
    await send(page)
    await page.locator("[aria-invalid]").wait_for()


async def own_page(page: Page, slug: str) -> None:
    await page.goto(await take(page, slug, await first_start(page, slug), "Zoe"))


async def cancel_page(page: Page, slug: str) -> None:
    await own_page(page, slug)
    await page.goto(f"{page.url}/cancel")


async def cancelled(page: Page, slug: str) -> None:
    await own_page(page, slug)
    token = page.url.rpartition("/")[2]
    await page.request.post(f"/api/v1/{slug}/appointments/{token}/cancellation")
    await page.reload()


async def move_page(page: Page, slug: str) -> None:
    await own_page(page, slug)
    await page.goto(f"{page.url}/move")


async def confirm_move(page: Page, slug: str) -> None:
    await move_page(page, slug)
    await page.goto(await soonest(page).last.get_attribute("href") or "")


async def lost_move(page: Page, slug: str) -> None:
    await confirm_move(page, slug)
    await take(page, slug, start_in(page.url), "Yan")


async def move_conflict(page: Page, slug: str) -> None:
    await lost_move(page, slug)
    await page.get_by_role("button", name="Move appointment").click()
    await expect_conflict(page)


async def mistyped(page: Page, slug: str) -> None:
    await page.goto(f"/{slug}/a/nothing")


SCENES: dict[str, Scene] = {
    "services": step(""),
    "basket": step("service=cut,colour&add=1"),
    "people": step("service=cut"),
    "times": step(CHOICE),
    "form": form,
    "lost-form": lost_form,
    "conflict": conflict,
    "wrong": wrong,
    "own-page": own_page,
    "cancel": cancel_page,
    "cancelled": cancelled,
    "move": move_page,
    "confirm-move": confirm_move,
    "lost-move": lost_move,
    "move-conflict": move_conflict,
    "mistyped": mistyped,
}


async def assert_two_taps_do_what_one_does(
    arrive: Callable[[], Awaitable[Visitor]], delays_ms: tuple[int, ...]
) -> None:
    """Try every control of the page on which visitors arrive, each time anew."""
    visitor = await arrive()
    controls = await visitor.controls()
    await visitor.page.context.close()
    assert controls
    slots = asyncio.Semaphore(AT_ONCE)

    async def after(number: int, delay_ms: int | None) -> tuple[Outcome, Outcome | None]:
        """What there is after the taps; and for a link, what there was to be."""
        async with slots:
            visitor = await arrive()
            # What a link leads to is in this visitor's own page.
            link = (await visitor.controls())[number].href
            asked = await visitor.at(link) if link else None
            await visitor.tap(number, delay_ms)
            found = await visitor.outcome()
            await visitor.page.context.close()
            return found, asked

    async def attempt(number: int, control: Control) -> str:
        delay_ms = delays_ms[number % len(delays_ms)]
        found, asked = await after(number, delay_ms)
        if asked is None:
            asked, _ = await after(number, None)
        if control.rel in ("next", "prev") and (asked.path, asked.books) == (
            found.path,
            found.books,
        ):
            names = [{key for key, _ in each.query} for each in (asked, found)]
            return "" if names[0] == names[1] else f"{control}: {found}, not {asked}"
        return (
            "" if found == asked else f"{control} twice, {delay_ms} ms apart: {found}, not {asked}"
        )

    found = await asyncio.gather(
        *(attempt(number, control) for number, control in enumerate(controls))
    )
    assert not any(found), "\n".join(filter(None, found))


pytestmark = pytest.mark.timeout(300)  # each control, each time anew

AMONG_THEM = ("conflict", "lost-form", "move-conflict", "own-page", "cancel", "times")
"""Scenes that are tried on every machine in every run; the others on phones, and each night on all."""


@pytest.mark.parametrize(
    "machine, scene",
    [
        pytest.param(
            machine,
            scene,
            marks=() if machine == "phone" or scene in AMONG_THEM else pytest.mark.nightly,
        )
        for machine in MACHINES
        for scene in SCENES
    ],
)
async def test_two_taps_do_what_one_does(
    new_page: NewPage, server: RunningServer, open_salon: Open, machine: str, scene: str
) -> None:
    async def arrive() -> Visitor:
        page, slug = await new_page(**MACHINES[machine]), open_salon()
        visitor = Visitor(page, slug, server)
        await SCENES[scene](page, slug)
        await visitor.settle()
        return visitor

    # Each control meets another delay on each machine.
    turn = list(MACHINES).index(machine) + list(SCENES).index(scene)
    delays_ms = tuple(DELAYS_MS[(turn + n) % len(DELAYS_MS)] for n in range(len(DELAYS_MS)))
    await assert_two_taps_do_what_one_does(arrive, delays_ms)


@pytest.mark.parametrize("machine", ["phone", "desktop"])
async def test_nor_while_paying(till: Till, machine: str) -> None:
    async def arrive() -> Visitor:
        page, slug = await till.new_page(**MACHINES[machine]), till.open()
        visitor = Visitor(page, slug, till.server)
        await hold(page, slug)
        await visitor.settle()
        return visitor

    await assert_two_taps_do_what_one_does(arrive, DELAYS_MS)


async def test_controls_are_found(page: Page, server: RunningServer, open_salon: Open) -> None:
    """Or the tests above would try nothing."""
    slug = open_salon()
    await conflict(page, slug)
    names = [control.name for control in await Visitor(page, slug, server).controls()]
    assert "Book now" in names
    assert "See all times" in names
    assert sum("December" in name or ":" in name for name in names) >= 2
    await page.goto(f"/{slug}?{CHOICE}")
    rels = {control.rel for control in await Visitor(page, slug, server).controls()}
    assert "next" in rels
