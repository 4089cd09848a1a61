"""What search engines and those who get a link are told of a business."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from PIL import Image

from bookonce.business.document import Business
from tests.factories import a_business, a_picture, a_service, a_staff_member
from tests.web.surfing import ENGLISH
from tests.web.visitors import refused

Serve = Callable[[Business], str]
Open = Callable[..., str]
SCRIPT = "</script><script>alert(1)</script>"


@pytest.fixture
def open_at(serve_business: Serve) -> Open:
    """Serves a business and tells the address of its page."""
    return lambda **more: "/" + serve_business(a_business(**more)).rpartition("/")[2]


class Head(HTMLParser):
    """What stands in a page's head."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.metas: dict[str, str] = {}
        self.links: list[dict[str, str | None]] = []
        self.data = ""
        self._is_data = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = dict(attributes)
        if tag == "meta" and "content" in names:
            self.metas[names.get("property") or names.get("name") or ""] = names["content"] or ""
        elif tag == "link":
            self.links.append(names)
        elif tag == "script":
            self._is_data = names.get("type") == "application/ld+json"

    def handle_endtag(self, tag: str) -> None:
        self._is_data = False

    def handle_data(self, data: str) -> None:
        self.data += data if self._is_data else ""

    def of(self, rel: str) -> list[dict[str, str | None]]:
        return [link for link in self.links if link["rel"] == rel]


def head_of(visitor: httpx.Client, address: str) -> Head:
    answer = visitor.get(address, headers=ENGLISH)
    assert answer.status_code == 200
    return Head(answer.text)


def test_a_page_says_what_it_is_and_in_which_languages(
    visitor: httpx.Client, open_at: Open
) -> None:
    address = open_at(page={"welcome": "Come in.\nSit down."})
    head = head_of(visitor, address)
    base = str(visitor.base_url).rstrip("/")
    assert head.metas["description"] == "Come in. Sit down."
    assert head.metas["og:title"] == "Book an appointment · Lumen Hair"
    assert [link["href"] for link in head.of("canonical")] == [base + address]
    assert {link["hreflang"]: link["href"] for link in head.of("alternate")} == {
        **{code: f"{base}{address}?lang={code}" for code in ("en", "de", "fr", "es", "ar")},
        "x-default": base + address,
    }
    assert "robots" not in head.metas


@pytest.mark.parametrize(
    "passing", ["date=2026-12-01", "start=2026-12-01T10:00:00%2B01:00", "add=1", "embed=1", "q=x"]
)
def test_what_passes_is_not_indexed(visitor: httpx.Client, open_at: Open, passing: str) -> None:
    address = open_at()
    head = head_of(visitor, f"{address}?service=cut&tz=Asia/Tokyo&{passing}")
    assert head.metas["robots"] == "noindex"
    [canonical] = head.of("canonical")
    assert (canonical["href"] or "").endswith(f"{address}?service=cut")


def test_the_picture_of_a_shared_link_is_drawn_here(visitor: httpx.Client, open_at: Open) -> None:
    for page in ({}, {"cover": a_picture(1600, 800)}):
        head = head_of(visitor, open_at(name="Größe & Łódź", address="Torstr. 1", page=page))
        answer = visitor.get(head.metas["og:image"])
        assert answer.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(answer.content)).size == (1200, 630)


@pytest.mark.parametrize("name", ["צמרת", "صالون", "美容室", "👩‍🎨", "W" * 200, "a " * 90 + "b"])
def test_any_name_has_a_picture(visitor: httpx.Client, open_at: Open, name: str) -> None:
    head = head_of(visitor, open_at(name=name))
    assert visitor.get(head.metas["og:image"]).status_code == 200


def test_a_card_of_another_content_is_not_found(visitor: httpx.Client, open_at: Open) -> None:
    refused(visitor.get(f"{open_at()}/card/{'0' * 16}.jpg"), 404, "NOT_FOUND")


class TestIcon:
    def test_without_a_logo_it_is_ours(self, visitor: httpx.Client, open_at: Open) -> None:
        [icon] = head_of(visitor, open_at()).of("icon")
        assert icon["href"] == "/static/icon.svg"

    def test_it_is_the_logo_in_a_square(self, visitor: httpx.Client, open_at: Open) -> None:
        [icon] = head_of(visitor, open_at(page={"logo": a_picture(200, 50)})).of("icon")
        found = visitor.get(icon["href"] or "")
        assert Image.open(io.BytesIO(found.content)).size == (96, 96)

    def test_a_logo_that_can_t_be_drawn_is_no_fault_of_ours(
        self, visitor: httpx.Client, open_at: Open
    ) -> None:
        broken = "data:image/png;base64,iVBORw0KGgo="
        [icon] = head_of(visitor, open_at(page={"logo": broken})).of("icon")
        refused(visitor.get(icon["href"] or ""), 404, "NOT_FOUND")


class TestData:
    """The business in schema.org's words. Names of properties are those of its vocabulary."""

    BUSINESS = frozenset(
        {
            "@context", "@type", "@id", "url", "name", "description", "image", "logo", "telephone",
            "email", "sameAs", "currenciesAccepted", "address", "openingHoursSpecification",
            "department", "hasOfferCatalog", "potentialAction",
        }
    )  # fmt: skip

    def data(self, visitor: httpx.Client, address: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(head_of(visitor, address).data)
        return found

    def test_it_says_who_where_when_and_what(self, visitor: httpx.Client, open_at: Open) -> None:
        address = open_at(
            phone="+49 30 1234567",
            address="Torstr. 1, Berlin",
            page={"kind": "hair_salon"},
            staff=[a_staff_member("ada", hours={"mon": ["09:00-12:30"], "fri": ["20:00-01:00"]})],
            service=[
                a_service(price="48.00"),
                a_service("dye", price="90.00", price_is_from=True),
                a_service("advice"),
                a_service("secret", hidden=True),
            ],
        )
        data = self.data(visitor, address)
        assert data.keys() <= self.BUSINESS
        assert data["@type"] == "HairSalon"
        assert data["address"] == "Torstr. 1, Berlin"
        assert data["telephone"] == "+49 30 1234567"
        assert [
            (each["dayOfWeek"].rpartition("/")[2], each["opens"], each["closes"])
            for each in data["openingHoursSpecification"]
        ] == [("Monday", "09:00", "12:30"), ("Friday", "20:00", "01:00")]
        cut, dye, advice = data["hasOfferCatalog"]["itemListElement"]
        assert (cut["price"], cut["priceCurrency"]) == ("48.00", "EUR")
        assert dye["priceSpecification"]["minPrice"] == "90.00"
        assert "price" not in advice
        assert data["potentialAction"]["@type"] == "ReserveAction"
        assert data["potentialAction"]["target"]["urlTemplate"].endswith(address)

    def test_each_location_is_told(self, visitor: httpx.Client, open_at: Open) -> None:
        places = [
            {"key": key, "name": key.title(), "address": f"{key} 1"} for key in ("ost", "west")
        ]
        hours = {"mon": ["09:00-17:00"]}
        ada = {"key": "ada", "name": "Ada", "at": [{"location": "west", "hours": hours}]}
        data = self.data(visitor, open_at(location=places, staff=[ada]))
        assert [each["address"] for each in data["department"]] == ["ost 1", "west 1"]
        assert "openingHoursSpecification" not in data["department"][0]

    def test_nothing_in_it_ends_the_script(self, visitor: httpx.Client, open_at: Open) -> None:
        address = open_at(name=SCRIPT, service=[a_service(name=SCRIPT, description=SCRIPT)])
        text = visitor.get(address).text
        assert "<script>alert" not in text
        assert self.data(visitor, address)["name"] == SCRIPT

    def test_a_closed_business_takes_no_reservations(
        self, visitor: httpx.Client, open_at: Open
    ) -> None:
        assert not head_of(visitor, open_at(closed=True)).data


def test_programs_that_search_are_told_where_not_to_look(visitor: httpx.Client) -> None:
    answer = visitor.get("/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "Disallow: /*/a/" in answer.text
    assert "Sitemap" not in answer.text  # there are several businesses here


def test_of_several_businesses_there_is_no_list(visitor: httpx.Client, open_at: Open) -> None:
    open_at()
    open_at()
    refused(visitor.get("/sitemap.xml"), 404, "NOT_FOUND")
    assert visitor.get("/", headers=ENGLISH).status_code == 200


def test_a_business_has_a_map_of_its_pages(visitor: httpx.Client, open_at: Open) -> None:
    address = open_at()
    answer = visitor.get(f"{address}/sitemap.xml")
    root = ElementTree.fromstring(answer.text)
    found = [element.text or "" for element in root.iter() if element.tag.endswith("}loc")]
    assert len(found) == 6
    assert all(re.match(r"https?://[^/]+/", each) for each in found)
    assert all(visitor.get(each).status_code == 200 for each in found)
