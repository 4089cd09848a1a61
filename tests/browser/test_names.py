"""Names that nobody thought of, in every field that a business or a visitor fills in, on every page:
nothing of them runs, nothing is turned round or pushed out of the window.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from bookonce.platform.text import clean_line
from tests.browser.booking import (
    assert_proper,
    book_now,
    expect_booked,
    expect_form,
    expect_people,
    expect_services,
    expect_times,
    fill_in,
    fill_in_and_send,
    from_tomorrow,
    soonest,
    submit,
)
from tests.browser.checks import assert_fits, assert_valid_html
from tests.browser.conftest import NewPage, Open
from tests.browser.paying import Till, expect_card, expect_paid, pay
from tests.browser.site import Site, embedded, within
from tests.factories import a_service
from tests.running import RunningServer

NARROW = {"viewport": {"width": 320, "height": 640}}
NAMES = {
    "markup": '<b>Bold</b> & <i>"it\'s"</i> &amp; {{ 7 * 7 }}',
    "script": "</title></script><script>document.title='owned'</script>\"><img src=x onerror=alert(1)>",
    "emoji": "💇🏽‍♀️ Café 👩‍👩‍👧 ✂️",
    "right-to-left": "صالون \u200fالشعر",
    "override": "Safe \u202etxt.exe",
    "long": "W" * 200,
    "long-words": "Donaudampfschifffahrtsgesellschaftskapitän " * 4,
}
SPILLS = """name => {
    // Where the direction of a name could turn the words around it: in one line with others and
    // not isolated from them.
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    const isAlone = element => element.textContent.trim() === name;
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
        if (!text.data.includes(name)) continue;
        let around = text.parentElement;
        if (around.localName === "textarea") continue; // all of it is the visitor's own
        while (getComputedStyle(around).display === "inline" && isAlone(around)
            && !/isolate|plaintext/.test(getComputedStyle(around).unicodeBidi)) {
            around = around.parentElement;
        }
        if (!isAlone(around)) found.push(around.outerHTML);
    }
    return found;
}"""
# Of what names have in them, nothing that pages have themselves.
INJECTED = "body :is(b, i, img, script, style, svg, iframe, [onerror])"


def named(name: str) -> dict[str, Any]:
    """What makes a salon of it where everything has this name."""
    # A place stands with its address in one piece, isolated as a whole.
    address = "" if name == clean_line(NAMES["override"]) else name
    return {
        "name": name,
        "location": [{"key": key, "name": name, "address": address} for key in ("mitte", "soho")],
        "staff": [from_tomorrow(key, name=name) for key in ("ada", "bea")],
        "resource": [{"key": "room", "name": name, "kind": "room", "location": "mitte"}],
        "service": [a_service("cut", name=name, price="48.00", needs=["room"])],
    }


class Reader:
    """Somebody who looks at each page for harm that a name has done."""

    def __init__(self, page: Page, kind: str) -> None:
        self.page, self.kind, self.name = page, kind, clean_line(NAMES[kind])
        self.dialogs: list[str] = []
        page.on("dialog", lambda dialog: self.dialogs.append(dialog.message))

    async def assert_harmless(self, text: str | None = None) -> None:
        """Require that the name is here as it was written, and no more than that."""
        assert self.name in await self.page.locator("body").evaluate("body => body.textContent")
        assert "owned" not in (await self.page.title()).replace(self.name, "")
        await expect(self.page.locator(INJECTED)).to_have_count(0)
        assert self.dialogs == []
        if self.kind == "override":
            assert await self.page.evaluate(SPILLS, self.name) == []
        if self.kind == "markup":
            await assert_proper(self.page, text)
        else:
            text = text or await (await self.page.request.get(self.page.url)).text()
            assert_valid_html(text)
            await assert_fits(self.page)


@pytest.mark.parametrize("kind", NAMES)
async def test_they_do_no_harm_on_any_page(new_page: NewPage, open_salon: Open, kind: str) -> None:
    page = await new_page(**NARROW)
    reader = Reader(page, kind)
    slug = open_salon(**named(reader.name))
    heading = page.get_by_role("heading", level=1)
    await page.goto(f"/{slug}")
    await expect_services(page)
    await reader.assert_harmless()
    await page.goto(f"/{slug}?service=cut")
    await expect(page.locator("a[href*='location=soho']")).to_be_visible()
    await reader.assert_harmless()
    await page.goto(f"/{slug}?service=cut&location=mitte")
    await expect_people(page)
    await reader.assert_harmless()
    await page.goto(f"/{slug}?service=cut&location=mitte&staff=ada")
    await expect_times(page)
    await reader.assert_harmless()
    await soonest(page).first.click()
    await expect_form(page)
    await reader.assert_harmless()

    details = {"name": reader.name, "phone": reader.name[:200], "notes": f"{reader.name}\n" * 3}
    await fill_in(page, email="zoe@example", **details)
    _, text = await book_now(page)
    await expect(page.get_by_role("alert")).to_be_visible()
    for field in ("name", "phone"):
        await expect(page.locator(f"main [name={field}]")).to_have_value(details[field])
    await expect(page.locator("main [name=notes]")).to_have_value(details["notes"])
    await reader.assert_harmless(text)

    await fill_in(page, email="zoe@example.com", **details | {"phone": ""})
    await book_now(page)
    await expect_booked(page)
    await reader.assert_harmless()
    own = page.url.partition("?")[0]
    await page.goto(f"{own}/move")
    await expect_soonest(page)
    await reader.assert_harmless()
    await soonest(page).first.click()
    await expect(page.get_by_role("button", name="Move appointment")).to_be_visible()
    await reader.assert_harmless()
    await page.goto(f"{own}/cancel")
    await reader.assert_harmless()
    await submit(page, page.get_by_role("button", name="Cancel appointment"))
    await expect(page.get_by_role("link", name="Book again")).to_be_visible()
    await expect(heading).to_have_text(reader.name)
    await reader.assert_harmless()


@pytest.mark.parametrize("kind", NAMES)
async def test_they_do_no_harm_where_one_pays(till: Till, kind: str) -> None:
    page = await till.new_page(**NARROW)
    reader = Reader(page, kind)
    salon = named(reader.name)
    service = salon["service"][0] | {"deposit": "30%"}
    slug = till.open(**salon | {"service": [service]})
    await page.goto(f"/{slug}")
    await expect_services(page)
    await reader.assert_harmless()
    await page.goto(f"/{slug}?service=cut&location=mitte&staff=ada")
    await soonest(page).first.click()
    await expect_form(page)
    await fill_in_and_send(page)
    await expect_card(page)
    await reader.assert_harmless()
    await pay(page)
    await expect_paid(page)
    await reader.assert_harmless()


async def expect_soonest(page: Page) -> None:
    await expect(page.get_by_role("heading", name="Soonest")).to_be_visible()


async def test_they_do_no_harm_in_an_address(page: Page, slug: str) -> None:
    reader = Reader(page, "script")
    for field in ("service", "staff", "location", "date", "start", "lang", "tz", "embed"):
        await page.goto(f"/{slug}?service=cut&{field}={NAMES['script']}")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page.locator(INJECTED)).to_have_count(0)
    assert reader.dialogs == []


async def test_they_do_no_harm_on_a_site_that_embeds_the_page(
    host: Page, site: Site, server: RunningServer, open_salon: Open
) -> None:
    reader = Reader(host, "script")
    slug = open_salon(**named(reader.name), page={"sites": [site.origin]})
    await site.show(host, server, embedded(server, slug, "popup"))
    await host.get_by_role("button", name="Book now").click()
    await expect(within(host).locator(".choice .what")).to_have_text(reader.name)
    await expect(within(host).locator(INJECTED)).to_have_count(0)
    assert reader.dialogs == []
