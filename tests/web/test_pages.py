"""The pages that people open: a business, and one appointment."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from babel.dates import get_month_names

from bookonce.business.document import Business
from tests.factories import a_business, a_service, a_staff_member, tomorrow_at
from tests.web.ledger import Ledger
from tests.web.visitors import address_of, book, refused

Serve = Callable[[Business], str]

SCRIPT = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>&amp;"


class Page(HTMLParser):
    """What a page consists of: tags, text, addresses and whatever could run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self.language: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        names = dict(attributes)
        if tag == "html":
            self.language = names["lang"]
        self.addresses += [names[name] or "" for name in ("href", "src", "action") if name in names]
        self.inline += [name for name in names if name.startswith("on") or name == "style"]
        is_data = names.get("type") == "application/ld+json"  # which no browser runs
        if tag == "style" or (tag == "script" and "src" not in names and not is_data):
            self.inline.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def opened(visitor: httpx.Client, address: str) -> Page:
    answer = visitor.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Page(answer.text)


def page_of(api: str) -> str:
    """The address of a business's page."""
    return "/" + api.rpartition("/")[2]


def policy(answer: httpx.Response) -> dict[str, list[str]]:
    """The content security policy by directive."""
    directives = answer.headers["content-security-policy"].split(";")
    return {name: values for name, *values in (directive.split() for directive in directives)}


class TestBusinessPage:
    def test_it_works(self, visitor: httpx.Client, serve_business: Serve) -> None:
        api = serve_business(
            a_business(
                name="Salon Zoë",
                service=[a_service(name="Long cut", duration_min=75, price="48.00")],
            )
        )
        page = opened(visitor, page_of(api))
        for words in ("Salon Zoë", "Long cut", "1 hour 15 minutes", "€48.00"):
            assert words in page.text

    def test_names_are_text_and_never_markup(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        plain = opened(visitor, page_of(serve_business(a_business())))
        api = serve_business(
            a_business(
                name=SCRIPT,
                staff=[a_staff_member("ada", name=SCRIPT)],
                service=[a_service(name=SCRIPT)],
            )
        )
        page = opened(visitor, page_of(api))
        assert page.tags == plain.tags
        assert page.inline == []
        assert page.text.count(SCRIPT) >= 2

    def test_a_business_that_nobody_opened_is_not_found(self, visitor: httpx.Client) -> None:
        refused(visitor.get("/nobody"), 404, "NOT_FOUND")

    def test_the_root_is_not_found(self, visitor: httpx.Client) -> None:
        refused(visitor.get("/"), 404, "NOT_FOUND")


class TestAppointmentPage:
    def test_it_works(self, visitor: httpx.Client, serve_business: Serve) -> None:
        api = serve_business(
            a_business(
                name="Salon Zoë",
                locale="de",
                timezone="Asia/Kathmandu",
                staff=[a_staff_member("ada", name="Ada L.")],
                service=[a_service(name="Long cut")],
            )
        )
        booked = book(visitor, api, tomorrow_at(10))
        page = opened(visitor, booked["manage_url"])
        local_day = f" {tomorrow_at(10).day}. "
        for words in ("Salon Zoë", "Ada L.", "Long cut", "15:45", local_day, "bestätigt"):
            assert words in page.text

    def test_it_offers_the_calendar_file(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        booked = book(visitor, serve_business(a_business()), tomorrow_at(10))
        page = opened(visitor, booked["manage_url"])
        linked = [urljoin(booked["manage_url"], address) for address in page.addresses]
        assert booked["calendar_url"] in linked

    def test_it_shows_a_cancellation(self, visitor: httpx.Client, serve_business: Serve) -> None:
        api = serve_business(a_business())
        booked = book(visitor, api, tomorrow_at(10))
        visitor.post(f"{address_of(api, booked)}/cancellation")
        text = opened(visitor, booked["manage_url"]).text
        assert "cancelled" in text
        assert "confirmed" not in text

    def test_opening_it_changes_nothing(
        self, visitor: httpx.Client, ledger: Ledger, serve_business: Serve
    ) -> None:
        booked = book(visitor, serve_business(a_business()), tomorrow_at(10))
        before = ledger.contents()
        opened(visitor, booked["manage_url"])
        assert ledger.contents() == before

    def test_names_are_text_and_never_markup(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        plain_api = serve_business(a_business())
        plain = opened(visitor, book(visitor, plain_api, tomorrow_at(10))["manage_url"])
        api = serve_business(
            a_business(
                name=SCRIPT,
                staff=[a_staff_member("ada", name=SCRIPT)],
                service=[a_service(name=SCRIPT)],
            )
        )
        client = {"name": SCRIPT, "email": "zoe@example.com"}
        booked = book(visitor, api, tomorrow_at(10), client=client, notes=SCRIPT)
        page = opened(visitor, booked["manage_url"])
        assert page.tags == plain.tags
        assert page.inline == []
        assert page.text.count(SCRIPT) >= 3

    @pytest.mark.parametrize(
        "locale, accepted, language, month",
        [
            ("de", "", "de", 1),
            ("de-AT", "", "de-AT", 1),
            ("de", "fr-CH, fr;q=0.9, en;q=0.8", "fr-CH", 2),
            ("de", "fr, en;q=0.8", "fr", 2),
            ("de", "en-QQ, fr;q=0.8", "en", 0),
            ("de", "ja, es;q=0.5", "es", 3),
            ("pt-BR", "", "en", 0),
            ("ar", "", "ar", 4),
            ("de", "en;q=0, xx;q=abc", "de", 1),
        ],
    )
    def test_it_is_in_the_language_of_the_visitor_or_else_of_the_business(
        self,
        visitor: httpx.Client,
        serve_business: Serve,
        locale: str,
        accepted: str,
        language: str,
        month: int,
    ) -> None:
        start = tomorrow_at(10)
        booked = book(visitor, serve_business(a_business(locale=locale)), start)
        answer = visitor.get(booked["manage_url"], headers={"Accept-Language": accepted})
        page = Page(answer.text)
        assert page.language == answer.headers["content-language"] == language
        names = [
            get_month_names("wide", locale=one)[start.month]
            for one in ("en", "de", "fr", "es", "ar")
        ]
        assert names[month] in page.text
        assert (
            visitor.get(booked["manage_url"], params={"lang": "es"}).headers["content-language"]
            == "es"
        )

    @pytest.mark.parametrize("token", ["A" * 43, "x", "%00", "%ff", "<script>", "x.ics"])
    def test_a_token_that_opens_nothing_is_not_found(
        self, visitor: httpx.Client, serve_business: Serve, token: str
    ) -> None:
        api = serve_business(a_business())
        answer = visitor.get(f"{page_of(api)}/a/{token}")
        refused(answer, 404, "NOT_FOUND")
        assert "<script>" not in answer.text


class TestSafety:
    @pytest.fixture(params=["business", "appointment"])
    def address(
        self, request: pytest.FixtureRequest, visitor: httpx.Client, serve_business: Serve
    ) -> str:
        api = serve_business(a_business())
        if request.param == "business":
            return page_of(api)
        return str(book(visitor, api, tomorrow_at(10))["manage_url"])

    def test_nothing_inline_and_nothing_foreign_may_run(
        self, visitor: httpx.Client, address: str
    ) -> None:
        answer = visitor.get(address)
        directives = policy(answer)
        assert directives["default-src"] == ["'none'"]
        assert directives["frame-ancestors"] == ["'none'"]
        assert directives["base-uri"] == ["'none'"]
        allowed = {value for values in directives.values() for value in values}
        assert allowed <= {"'none'", "'self'"}
        assert Page(answer.text).inline == []

    def test_every_address_on_it_answers_and_only_calendars_are_elsewhere(
        self, visitor: httpx.Client, address: str
    ) -> None:
        addresses = opened(visitor, address).addresses
        assert addresses
        for one in addresses:
            one = one.removeprefix(str(visitor.base_url).rstrip("/"))
            if host := urlsplit(one).netloc:
                assert host in ("calendar.google.com", "outlook.live.com")
            else:
                assert visitor.get(one).status_code == 200, one

    def test_only_the_sites_that_the_business_lists_may_frame_it(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        site = "https://www.lumen-hair.example"
        api = serve_business(a_business(page={"sites": [site]}))
        assert policy(visitor.get(page_of(api)))["frame-ancestors"] == ["'self'", site]

    def test_it_tells_no_other_site(self, visitor: httpx.Client, address: str) -> None:
        answer = visitor.get(address)
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        is_personal = "/a/" in address  # its address is a capability
        assert ('name="robots" content="noindex"' in answer.text) is is_personal


class TestLooks:
    LOGO = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="

    def test_a_logo_stands_for_the_name_and_nothing_in_it_runs(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(a_business(page={"logo": self.LOGO}))
        [logo] = {one for one in opened(visitor, page_of(api)).addresses if "/logo?" in one}
        answer = visitor.get(logo)
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.content.startswith(b"<svg ")
        assert "sandbox" in policy(answer)
        assert "immutable" in answer.headers["cache-control"]

    def test_without_a_logo_there_is_none(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(a_business())
        assert "<img" not in visitor.get(page_of(api)).text
        refused(visitor.get(f"{page_of(api)}/logo"), 404, "NOT_FOUND")

    def test_the_brand_s_colour_is_a_sheet_of_its_own(
        self, visitor: httpx.Client, serve_business: Serve
    ) -> None:
        api = serve_business(a_business(page={"colour": "#7A3E9D"}))
        [sheet] = [one for one in opened(visitor, page_of(api)).addresses if "/brand/" in one]
        answer = visitor.get(sheet)
        assert answer.headers["content-type"].startswith("text/css")
        assert "--accent: #7a3e9d; --on-accent: #ffffff" in answer.text
        assert "prefers-color-scheme: dark" in answer.text

    @pytest.mark.parametrize("name", ["7A3E9D", "red.css", "7A3E9.css", "7A3E9D.css.css", "%00"])
    def test_other_sheets_are_not_found(self, visitor: httpx.Client, name: str) -> None:
        refused(visitor.get(f"/static/brand/{name}"), 404, "NOT_FOUND")
