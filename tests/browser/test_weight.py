"""What a visitor's browser transfers, as the server sends it: headers and bodies, compressed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.booking import (
    expect_basket,
    expect_form,
    expect_people,
    expect_services,
    expect_times,
    from_tomorrow,
    soonest,
)
from tests.browser.conftest import NewPage, Open
from tests.browser.paying import Till, expect_card, hold
from tests.browser.site import Site, embedded
from tests.factories import a_service
from tests.running import RunningServer

PAGE_BYTES_MAX = 40_000
EMBED_BYTES_MAX = 4_000


@pytest.fixture
def large(open_salon: Open) -> str:
    """A business with 50 people, 20 services and a colour of its own."""
    return open_salon(
        staff=[from_tomorrow(f"person-{n}", name=f"Somebody With A Name {n}") for n in range(50)],
        service=[
            a_service(f"service-{n}", name=f"Something To Book {n}", price=f"{20 + n}.00")
            for n in range(20)
        ],
        page={"colour": "#7a3e9d"},
    )


class Scales:
    """Weighs what a page transfers from when it begins, with an empty cache."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.urls: dict[str, str] = {}
        self.bytes: dict[str, float] = {}

    async def begin(self) -> None:
        session = await self.page.context.new_cdp_session(self.page)
        await session.send("Network.enable")
        await session.send("Network.clearBrowserCache")
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._finished)

    def _sent(self, event: dict[str, Any]) -> None:
        self.urls[event["requestId"]] = event["request"]["url"]

    def _finished(self, event: dict[str, Any]) -> None:
        self.bytes[event["requestId"]] = event["encodedDataLength"]

    async def weights(self) -> dict[str, int]:
        """Bytes by address, once nothing is on its way."""
        await self.page.wait_for_load_state("networkidle")
        assert self.bytes.keys() == self.urls.keys(), "something didn't arrive"
        return {self.urls[each]: int(size) for each, size in self.bytes.items()}


@pytest.mark.parametrize("step", ["services", "basket", "people", "times", "form"])
async def test_each_step_weighs_at_most_40_kb_with_all_it_loads(
    new_page: NewPage, large: str, step: str
) -> None:
    """Document, style, script, the business's colours, the icon, and what is fetched ahead."""
    page = await new_page(timezone_id="Asia/Tokyo")  # times are told in both zones
    chosen = {
        "services": "",
        "basket": "?service=service-1,service-2,service-3&staff=any&add=1",
        "people": "?service=service-1",
        "times": "?service=service-1&staff=any",
        "form": "?service=service-1&staff=any",
    }[step]
    address = f"/{large}{chosen}"
    if step == "form":
        await page.goto(address)
        await expect_times(page)
        address = await soonest(page).first.get_attribute("href") or ""
        await page.goto("about:blank")
    scales = Scales(page)
    await scales.begin()
    await page.goto(address)
    shown = {
        "services": expect_services,
        "basket": expect_basket,
        "people": expect_people,
        "times": expect_times,
        "form": expect_form,
    }
    await shown[step](page)
    # A browser without a window fetches no icon by itself.
    icon = await page.locator("link[rel=icon]").get_attribute("href")
    await page.evaluate("icon => fetch(icon).then(answer => answer.text())", icon)
    weights = await scales.weights()
    kinds = {address.rpartition(".")[2] for address in weights}
    assert {"css", "js", "svg"} <= kinds
    assert any("/brand/" in address for address in weights)
    print(step, sum(weights.values()), weights)
    assert sum(weights.values()) <= PAGE_BYTES_MAX, weights


async def test_the_payment_step_weighs_no_more_but_for_what_comes_from_stripe(till: Till) -> None:
    page, slug = await till.new_page(), till.open(page={"colour": "#7a3e9d"})
    await hold(page, slug)
    address = page.url
    await page.goto("about:blank")
    scales = Scales(page)
    await scales.begin()
    await page.goto(address)
    await expect_card(page)
    weights = await scales.weights()
    assert any(url.startswith(till.stripe.api_base) for url in weights)
    ours = {url: size for url, size in weights.items() if url.startswith(till.server.base_url)}
    assert any("/pay-" in url for url in ours)
    print(sum(ours.values()), ours)
    assert sum(ours.values()) <= PAGE_BYTES_MAX, ours


async def test_the_embed_script_weighs_at_most_4_kb(
    host: Page, site: Site, server: RunningServer, open_salon: Open
) -> None:
    slug = open_salon(page={"sites": [site.origin]})
    scales = Scales(host)
    await scales.begin()
    await site.show(host, server, embedded(server, slug, "button"))
    await expect(host.get_by_role("button", name="Book now")).to_be_visible()
    weights = await scales.weights()
    print(weights)
    assert 0 < weights[f"{server.base_url}/embed.js"] <= EMBED_BYTES_MAX
