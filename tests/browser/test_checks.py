"""The checks themselves: that each notices what it is for, and lets a proper page pass."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, Route

from tests.browser.checks import assert_accessible, assert_fits, assert_valid_html
from tests.browser.conftest import NewPage
from tests.browser.watching import Watch
from tests.running import RunningServer

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'"


def a_document(body: str, head: str = "<title>A page</title>") -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"{head}</head><body>{body}</body></html>\n"
    )


PROPER = a_document("<main><h1>A page</h1><p>Words.</p></main>")


async def show(page: Page, document: str) -> None:
    """Have the page open a document as if the server had sent it."""

    async def answer(route: Route) -> None:
        await route.fulfill(
            body=document,
            content_type="text/html; charset=utf-8",
            headers={"content-security-policy": POLICY},
        )

    await page.route("**/shown", answer)
    await page.goto("/shown")


class TestAccessible:
    @pytest.mark.parametrize("scripts", [True, False])
    async def test_a_proper_page_passes(self, new_page: NewPage, scripts: bool) -> None:
        page = await new_page(java_script_enabled=scripts)
        await show(page, PROPER)
        await assert_accessible(page)

    @pytest.mark.parametrize("scripts", [True, False])
    @pytest.mark.parametrize(
        ("rule", "body"),
        [
            ("button-name", "<main><h1>A</h1><button></button></main>"),
            ("label", '<main><h1>A</h1><input name="a"></main>'),
            ("heading-order", "<main><h1>A</h1><h3>B</h3></main>"),
            ("region", "<main><h1>A</h1></main><p>outside</p>"),
            (
                "target-size",
                '<main><h1>A</h1><ul><li><a href="/a">x</a><li><a href="/b">y</a></ul></main>',
            ),
        ],
    )
    async def test_it_names_the_rule_and_the_element(
        self, new_page: NewPage, scripts: bool, rule: str, body: str
    ) -> None:
        page = await new_page(java_script_enabled=scripts)
        await show(page, a_document(body))
        with pytest.raises(AssertionError, match=rf"{rule} at "):
            await assert_accessible(page)


class TestValidHtml:
    def test_a_proper_page_passes(self) -> None:
        assert_valid_html(PROPER)

    @pytest.mark.parametrize(
        ("rule", "body"),
        [
            ("close-order", "<main><p><b>x</p></main>"),
            ("element-permitted-content", "<main><span><p>x</p></span></main>"),
            ("no-dup-id", '<p id="a">x</p><p id="a">y</p>'),
            ("element-name", "<wrong>x</wrong>"),
        ],
    )
    def test_it_names_the_rule_and_the_line(self, rule: str, body: str) -> None:
        with pytest.raises(AssertionError, match=rf"2:\d+ {rule}: "):
            assert_valid_html(a_document(body))

    def test_it_goes_on_after_a_fault(self) -> None:
        for _ in range(2):
            with pytest.raises(AssertionError):
                assert_valid_html("<p>")
            assert_valid_html(PROPER)


class TestFits:
    async def test_a_proper_page_passes(self, phone: Page) -> None:
        await show(
            phone,
            PROPER.replace("<title>", '<meta name="viewport" content="width=device-width"><title>'),
        )
        await assert_fits(phone)

    async def test_it_names_what_is_too_wide(self, page: Page) -> None:
        await show(page, a_document('<hr><pre id="long">' + "x" * 500 + "</pre>"))
        with pytest.raises(AssertionError, match=re.escape('<pre id="long">')):
            await assert_fits(page)


class TestWatch:
    """With a watch of the test's own, since that of a fixture's page would fail the test."""

    async def wrongs(
        self, browser: Browser, server: RunningServer, body: str, script: str = ""
    ) -> list[str]:
        """What is noticed about a page of this body, with this script from the server."""
        context = await browser.new_context(base_url=server.base_url)
        watch = Watch(context, server.base_url)
        await context.route("**/the.js", lambda route: route.fulfill(body=script))
        page = await context.new_page()
        await show(page, a_document(body + '<script src="/the.js"></script>'))
        await page.wait_for_load_state("networkidle")
        await context.close()
        return watch.wrongs

    async def test_a_proper_page_passes(self, browser: Browser, server: RunningServer) -> None:
        script = "console.log('a'); console.warn('b')"
        assert await self.wrongs(browser, server, "<p>x</p>", script) == []

    @pytest.mark.parametrize(
        ("noticed", "body", "script"),
        [
            ("console: broken", "", "console.error('broken')"),
            ("uncaught: oh", "", "throw new Error('oh')"),
            ("uncaught: later", "", "Promise.reject('later')"),
            ("console: Executing inline script violates", "<script>1</script>", ""),
            ("console: Applying inline style violates", '<p style="color: red">x</p>', ""),
            (
                "console: Connecting to 'https://other.test/a' violates",
                "",
                "fetch('https://other.test/a')",
            ),
            ("foreign: GET https://other.test/b", '<img src="https://other.test/b">', ""),
            ("console: Failed to load resource", '<script src="/static/none.js"></script>', ""),
        ],
    )
    async def test_it_notices(
        self, browser: Browser, server: RunningServer, noticed: str, body: str, script: str
    ) -> None:
        wrongs = await self.wrongs(browser, server, body, script)
        assert any(wrong.startswith(noticed) for wrong in wrongs), wrongs

    @pytest.mark.parametrize("address", ["/nobody", "/nobody/a/x"])
    async def test_a_page_that_is_not_there_is_for_the_test_to_judge(
        self, page: Page, address: str
    ) -> None:
        answer = await page.goto(address)
        assert answer is not None
        assert answer.status == 404
