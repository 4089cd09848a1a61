"""The booking page on somebody else's page, under a strict policy of that page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from playwright.async_api import Browser, FrameLocator, Page, expect

from tests.browser.booking import books_of, fill_in_and_send
from tests.browser.checks import assert_accessible, assert_fits
from tests.browser.conftest import APPEARANCES, Open
from tests.browser.site import Site, embedded, within
from tests.running import RunningServer

MODES = ["line", "line-button", "inline", "button", "popup"]
FOCUSED = """() => {
    let within = document.activeElement;
    while (within.shadowRoot?.activeElement) within = within.shadowRoot.activeElement;
    return within === document.body ? "page" : within.textContent || within.localName;
}"""


@pytest.fixture
def slug(open_salon: Open, site: Site) -> str:
    """A salon that lists the site."""
    return open_salon(page={"sites": [site.origin]})


async def book(frame: FrameLocator) -> None:
    """From wherever it begins to the end."""
    people = frame.get_by_text("With whom?")
    service = frame.get_by_role("link", name="Cut")
    await expect(people.or_(service)).to_be_visible()
    if await service.is_visible():
        await service.click()
    await frame.get_by_role("link", name="Ada").click()
    await frame.locator("a.time").first.click()
    await fill_in_and_send(frame)
    await expect(frame.get_by_text("It's booked.").first).to_be_visible()


class TestModes:
    @pytest.mark.parametrize("mode", MODES)
    async def test_a_visitor_books_and_the_site_is_told(
        self, host: Page, site: Site, server: RunningServer, slug: str, mode: str
    ) -> None:
        await site.show(host, server, embedded(server, slug, mode))
        if "inline" not in mode and mode != "line":
            name = "Come in" if mode == "line-button" else "Book now"
            await host.get_by_role("button", name=name).click()
        await book(within(host))
        await host.wait_for_function("() => window.booked.length === 1")
        [told] = await host.evaluate("window.booked")
        [booked] = await books_of(server, slug)
        start = datetime.fromisoformat(told["start"])
        assert (told["service"], told["staff"], start) == ("cut", "ada", booked["starts_at"])
        assert start.utcoffset() != timedelta(0), "by Berlin's clock"
        assert told["from"] == "bookonce-booking"
        kept = await host.context.storage_state()
        assert kept == {"cookies": [], "origins": []}, "nothing is kept on the visitor's machine"

    async def test_it_is_as_high_as_the_page_in_it(
        self, host: Page, site: Site, server: RunningServer, slug: str
    ) -> None:
        await site.show(host, server, embedded(server, slug, "line"))
        frame = within(host)
        for name in ("Cut", "Ada"):
            await frame.get_by_role("link", name=name).click()
        await expect(frame.get_by_role("heading", name="Soonest")).to_be_visible()
        await host.wait_for_function(
            """() => {
                const root = document.querySelector("bookonce-booking").shadowRoot;
                return parseInt(root.querySelector("iframe").style.blockSize) > 700;
            }"""
        )
        overflow = await frame.locator("html").evaluate(
            "page => page.scrollHeight - page.clientHeight"
        )
        assert overflow <= 0, "nothing scrolls inside"


class TestDialog:
    @pytest.fixture(params=["button", "popup"])
    def mode(self, request: pytest.FixtureRequest) -> str:
        found: str = request.param
        return found

    async def test_the_focus_stays_in_it_and_escape_leads_back(
        self, host: Page, site: Site, server: RunningServer, slug: str, mode: str
    ) -> None:
        await site.show(host, server, embedded(server, slug, mode))
        opener = host.get_by_role("button", name="Book now")
        await expect(opener).to_have_attribute("aria-haspopup", "dialog")
        await opener.focus()
        await host.keyboard.press("Enter")
        dialog = host.get_by_role("dialog", name="Book an appointment")
        await expect(dialog).to_be_visible()
        await expect(within(host).get_by_role("heading", level=1)).to_be_visible()
        await assert_accessible(host)
        reached = set()
        for _ in range(12):  # twice around
            reached.add(await host.evaluate(FOCUSED))
            await host.keyboard.press("Tab")
        assert reached <= {"×", "iframe", "page"}, "what is behind the dialog is out of reach"
        assert {"×", "iframe"} <= reached
        await host.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(opener).to_be_focused()

    @pytest.mark.parametrize("appearance", APPEARANCES)
    async def test_it_is_accessible_however_it_looks(
        self,
        browser: Browser,
        site: Site,
        server: RunningServer,
        slug: str,
        mode: str,
        appearance: str,
    ) -> None:
        context = await browser.new_context(**{"locale": "en-GB"} | APPEARANCES[appearance])
        host = await context.new_page()
        language = 'lang="ar" dir="rtl"' if appearance == "right-to-left" else 'lang="en"'
        await site.show(host, server, f"<div {language}>{embedded(server, slug, mode)}</div>")
        opener = host.locator("bookonce-booking .open")
        await expect(opener).to_be_visible()
        await assert_accessible(host)
        await opener.click()
        await expect(within(host).get_by_role("heading", level=1)).to_be_visible()
        await assert_accessible(host)
        await assert_fits(host)
        await context.close()

    async def test_escape_closes_it_from_within_the_page_and_what_was_chosen_stays(
        self, host: Page, site: Site, server: RunningServer, slug: str, mode: str
    ) -> None:
        await site.show(host, server, embedded(server, slug, mode))
        opener = host.get_by_role("button", name="Book now")
        await opener.click()
        await within(host).get_by_role("link", name="Cut").click()
        people = within(host).get_by_text("With whom?")
        await expect(people).to_be_visible()
        await within(host).get_by_role("link", name="Ada").press("Escape")
        await expect(host.get_by_role("dialog")).to_be_hidden()
        await expect(opener).to_be_focused()
        await opener.click()
        await expect(people).to_be_visible()

    async def test_its_button_and_a_click_beside_it_close_it(
        self, host: Page, site: Site, server: RunningServer, slug: str, mode: str
    ) -> None:
        await site.show(host, server, embedded(server, slug, mode))
        opener, dialog = host.get_by_role("button", name="Book now"), host.get_by_role("dialog")
        closers: tuple[Callable[[], Awaitable[None]], ...] = (
            host.get_by_role("button", name="Close").click,
            lambda: host.mouse.click(5, 5),
        )
        for close in closers:
            await opener.click()
            # A click beside it counts once it no longer can be the second of two on the opener.
            await host.get_by_role("button", name="Close").click(trial=True)
            await close()
            await expect(dialog).to_be_hidden()
            await expect(opener).to_be_focused()

    async def test_a_script_of_the_site_opens_and_closes_it(
        self, host: Page, site: Site, server: RunningServer, slug: str, mode: str
    ) -> None:
        await site.show(host, server, embedded(server, slug, mode))
        dialog = host.get_by_role("dialog", name="Book an appointment")
        await expect(host.get_by_role("button", name="Book now")).to_be_visible()
        await host.evaluate("document.querySelector('bookonce-booking').open()")
        await expect(dialog).to_be_visible()
        await host.evaluate("document.querySelector('bookonce-booking').close()")
        await expect(dialog).to_be_hidden()

    async def test_who_has_booked_begins_anew(
        self, host: Page, site: Site, server: RunningServer, slug: str, mode: str
    ) -> None:
        await site.show(host, server, embedded(server, slug, mode))
        opener = host.get_by_role("button", name="Book now")
        await opener.click()
        await book(within(host))
        await host.wait_for_function("() => window.booked.length === 1")
        await host.get_by_role("button", name="Close").click()
        await opener.click()
        await expect(within(host).get_by_text("What would you like?")).to_be_visible()


class TestStrangers:
    async def test_a_site_that_the_business_does_not_list_shows_nothing_of_it(
        self, host: Page, site: Site, server: RunningServer, open_salon: Open
    ) -> None:
        slug = open_salon(page={"sites": ["http://other.example"]})
        async with host.expect_console_message(lambda said: "frame-ancestors" in said.text):
            await site.show(host, server, embedded(server, slug, "inline"))
        await expect(within(host).get_by_text("What would you like?")).to_have_count(0)

    async def test_what_another_frame_or_the_site_itself_says_is_not_believed(
        self, host: Page, site: Site, server: RunningServer, slug: str
    ) -> None:
        with Site("127.0.0.1") as stranger:
            stranger.pages["/"] = "<!doctype html><title>Advertisement</title>"
            advertisement = f'<iframe id="other" src="{stranger.origin}"></iframe>'
            markup = advertisement + embedded(server, slug, "inline")
            await site.show(host, server, markup, stranger.origin)
            await expect(within(host).get_by_role("heading", level=1)).to_be_visible()
            lies = """() => {
                const lie = (message) => parent.postMessage({ source: "bookonce", ...message }, "*");
                lie({ type: "booked", appointment: { id: "forged" } });
                lie({ type: "size", height: 9999 });
                lie({ type: "end" });
            }"""
            await host.evaluate(
                """() => {
                    window.ends = 0;
                    addEventListener("message", ({ data }) => (window.ends += data.type === "end"));
                }"""
            )
            [frame] = [each for each in host.frames if each.url.startswith(stranger.origin)]
            await frame.evaluate(lies)
            await host.evaluate(lies)
            await host.wait_for_function("() => window.ends === 2")
        assert await host.evaluate("window.booked") == []
        height = await host.locator("bookonce-booking").evaluate("element => element.offsetHeight")
        assert height < 9999

    async def test_a_frame_of_the_same_server_is_not_taken_for_the_booking_page(
        self, host: Page, site: Site, server: RunningServer, slug: str
    ) -> None:
        other = f'<iframe id="other" src="{server.base_url}/{slug}?embed=1"></iframe>'
        await site.show(host, server, other + embedded(server, slug, "inline"))
        await expect(within(host).get_by_role("heading", level=1)).to_be_visible()
        await book(host.frame_locator("#other"))
        frame = await (await host.query_selector("#other")).content_frame()  # type: ignore[union-attr]
        assert frame is not None
        await frame.evaluate(
            "parent.postMessage({source: 'bookonce', type: 'booked', appointment: {}}, '*')"
        )
        # What is said later is heard later: this one is from the right frame.
        await book(within(host))
        await host.wait_for_function("() => window.booked.length > 0")
        [told] = await host.evaluate("window.booked")
        assert told["id"]

    async def test_the_page_listens_to_nobody_but_the_window_that_frames_it(
        self, host: Page, site: Site, server: RunningServer, slug: str
    ) -> None:
        """An advertisement beside it says hello as the embed does; the page goes on telling its
        host, and nobody else.
        """
        with Site("127.0.0.1") as stranger:
            stranger.pages["/"] = "<!doctype html><title>Advertisement</title>"
            # Framed without the script, so that the advertisement can reach it.
            frames = (
                f'<iframe id="other" src="{stranger.origin}"></iframe>'
                f'<iframe id="own" src="{server.base_url}/{slug}?embed=1"></iframe>'
            )
            await site.show(host, server, frames, stranger.origin)
            own = host.frame_locator("#own")
            await expect(own.get_by_role("heading", level=1)).to_be_visible()
            await host.evaluate(
                """origin => {
                    window.heard = [];
                    addEventListener("message", ({ data }) => heard.push(data.type));
                    const hello = { source: "bookonce-host", type: "hello" };
                    document.querySelector("#own").contentWindow.postMessage(hello, origin);
                }""",
                server.base_url,
            )
            await host.wait_for_function("() => heard.includes('size')")
            [frame] = [each for each in host.frames if each.url.startswith(stranger.origin)]
            await frame.evaluate(
                """() => {
                    window.heard = [];
                    addEventListener("message", ({ data }) => heard.push(data.type));
                    for (let n = 0; n < parent.frames.length; n++)
                        parent.frames[n].postMessage({ source: "bookonce-host", type: "hello" }, "*");
                }"""
            )
            await own.get_by_role("link", name="Cut").click()
            await host.wait_for_function("() => heard.includes('step')")
            assert await frame.evaluate("heard") == ["hello"], "its own hello, sent to all"
