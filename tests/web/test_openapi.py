"""The OpenAPI document, the page to try it on, and the files that pages load."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from bookonce.business.document import Business
from bookonce.web.build import asset_url
from tests.factories import a_business, tomorrow_at
from tests.web.visitors import PROBLEM, address_of, book

Serve = Callable[[Business], str]

API = "/api/v1/{slug}"
READING = {"200", "404", "422", "429", "503"}
CHANGING = {"404", "408", "409", "413", "415", "422", "429", "503"}
DOCUMENTED = {
    ("get", API): READING,
    ("get", f"{API}/services"): READING,
    ("get", f"{API}/staff"): READING,
    ("get", f"{API}/availability"): READING,
    ("post", f"{API}/book"): CHANGING | {"201", "428"},
    ("get", f"{API}/appointments/{{token}}"): READING,
    ("post", f"{API}/appointments/{{token}}/cancellation"): CHANGING | {"200"},
    ("post", f"{API}/appointments/{{token}}/move"): CHANGING | {"200"},
    ("post", f"{API}/appointments/{{token}}/payment"): CHANGING | {"200", "402"},
}
"""Every operation of API.md with every status that it names."""


@pytest.fixture(scope="module")
def document(visitor: httpx.Client) -> dict[str, Any]:
    answer = visitor.get("/schema/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for item in document["paths"].values() for operation in item.values()]


def statuses(document: dict[str, Any]) -> set[str]:
    return {status for operation in operations(document) for status in operation["responses"]}


class TestDocument:
    def test_it_works(self, document: dict[str, Any]) -> None:
        assert document["openapi"].startswith("3.1")
        assert document["info"]["title"] == "Bookonce"
        assert document["info"]["version"]

    @pytest.mark.parametrize("method, path", DOCUMENTED, ids=" ".join)
    def test_it_has_every_operation_with_every_status(
        self, document: dict[str, Any], method: str, path: str
    ) -> None:
        assert set(document["paths"][path][method]["responses"]) >= DOCUMENTED[method, path]

    def test_it_has_no_error_that_is_never_sent(self, document: dict[str, Any]) -> None:
        good = {"200", "201", "204", "304"}
        assert statuses(document) - good <= READING | CHANGING | {"401", "402", "403", "412", "428"}

    def test_every_error_is_a_problem(self, document: dict[str, Any]) -> None:
        for operation in operations(document):
            for status, response in operation["responses"].items():
                if status >= "400":
                    schema = response["content"][PROBLEM]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}
                    assert response["description"]

    def test_a_problem_is_described_as_it_is_sent(
        self, document: dict[str, Any], visitor: httpx.Client
    ) -> None:
        described = document["components"]["schemas"]["Problem"]
        sent = visitor.get("/api/v1/nobody").json()
        assert set(described["required"]) == {"type", "title", "status", "detail", "code"}
        assert set(sent) <= set(described["properties"])
        assert set(described["required"]) <= set(sent)

    def test_every_operation_says_what_it_is_for(self, document: dict[str, Any]) -> None:
        found = operations(document)
        assert all(one["summary"] and one["description"] for one in found)
        ids = [one["operationId"] for one in found]
        assert len(set(ids)) == len(ids)

    def test_what_may_be_left_out_is_not_null(self, document: dict[str, Any]) -> None:
        optional = set()
        for path, item in document["paths"].items():
            for operation in item.values():
                schemas = [one["schema"] for one in operation.get("parameters", [])]
                if body := operation.get("requestBody"):
                    schemas += [content["schema"] for content in body["content"].values()]
                    if not body["required"]:
                        optional.add(path.rpartition("/")[2])
                assert {"type": "null"} not in [
                    each for schema in schemas for each in schema.get("oneOf", [])
                ], operation["operationId"]
        assert optional >= {"cancellation", "payment", "completion", "no-show", "reopening"}

    def test_operations_are_called_as_a_generated_client_would_have_them(
        self, document: dict[str, Any]
    ) -> None:
        for path, item in document["paths"].items():
            for operation in item.values():
                name = operation["operationId"]
                assert re.fullmatch("[a-z]+(_[a-z]+)*", name), name
                assert name.startswith("office_") == ("/office" in path), name
        public = {one["operationId"] for one in operations(document)}
        assert {"book_appointment", "list_services", "office_list_clients"} <= public

    def test_the_idempotency_key_is_documented_where_it_counts(
        self, document: dict[str, Any]
    ) -> None:
        for path in (f"{API}/book", f"{API}/appointments/{{token}}/move"):
            parameters = document["paths"][path]["post"]["parameters"]
            (key,) = [one for one in parameters if one["name"] == "Idempotency-Key"]
            assert (key["in"], key["required"]) == ("header", False)

    def test_dates_are_named_as_in_the_address(self, document: dict[str, Any]) -> None:
        parameters = document["paths"][f"{API}/availability"]["get"]["parameters"]
        queries = {one["name"]: one["required"] for one in parameters if one["in"] == "query"}
        assert (
            queries.items()
            >= {
                "service": True,
                "from": True,
                "to": True,
                "staff": False,
                "include": False,
            }.items()
        )

    def test_the_calendar_file_is_documented(
        self, document: dict[str, Any], visitor: httpx.Client, serve_business: Serve
    ) -> None:
        booked = book(visitor, serve_business(a_business()), tomorrow_at(10))
        sent = visitor.get(booked["calendar_url"]).headers["content-type"].partition(";")[0]
        described = [
            media_type
            for path, item in document["paths"].items()
            if "/appointments/{token}" in path and "get" in item
            for media_type in item["get"]["responses"]["200"]["content"]
        ]
        assert sent in described

    @pytest.mark.parametrize(
        "name", ["BookingRequest", "Client", "MoveRequest", "DeskBooking", "DeskClient", "DeskEdit"]
    )
    def test_it_says_that_unknown_fields_are_refused(
        self, document: dict[str, Any], name: str
    ) -> None:
        assert document["components"]["schemas"][name].get("additionalProperties") is False

    def test_it_says_that_a_cancellation_needs_no_body(self, document: dict[str, Any]) -> None:
        body = document["paths"][f"{API}/appointments/{{token}}/cancellation"]["post"][
            "requestBody"
        ]
        assert body.get("required", False) is False

    def test_every_body_that_it_allows_for_a_cancellation_is_accepted(
        self, document: dict[str, Any], visitor: httpx.Client, serve_business: Serve
    ) -> None:
        body = document["paths"][f"{API}/appointments/{{token}}/cancellation"]["post"][
            "requestBody"
        ]
        allowed = body["content"]["application/json"]["schema"]
        examples = ["{}"] + ["null"] * ({"type": "null"} in allowed.get("oneOf", []))
        api = serve_business(a_business())
        at = address_of(api, book(visitor, api, tomorrow_at(10)))
        for example in examples:
            answer = visitor.post(
                f"{at}/cancellation", content=example, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 200, (example, answer.text)

    def test_it_is_served_as_yaml_too(self, visitor: httpx.Client) -> None:
        answer = visitor.get("/schema/openapi.yaml")
        assert answer.status_code == 200
        assert "openapi: 3.1" in answer.text


class Assets(HTMLParser):
    """The addresses that a page loads by itself, and scripts that stand in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = dict(attributes)
        self.inline += tag == "script" and "src" not in names
        if tag in ("script", "link", "img", "iframe"):
            self.loaded.append(names.get("src") or names.get("href") or "")


class TestPage:
    @pytest.fixture
    def page(self, visitor: httpx.Client) -> httpx.Response:
        return visitor.get("/schema")

    def test_it_works(self, visitor: httpx.Client, page: httpx.Response) -> None:
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        loaded = [address for address in Assets(page.text).loaded if address != "data:,"]
        assert len(loaded) >= 3
        for address in loaded:
            assert not urlsplit(address).netloc
            assert visitor.get(address).status_code == 200

    def test_it_may_load_nothing_foreign_and_no_inline_script(self, page: httpx.Response) -> None:
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "http" not in policy
        assert Assets(page.text).inline == 0

    def test_its_script_asks_only_this_installation(self, visitor: httpx.Client) -> None:
        script = visitor.get("/static/swagger-ui/start.js").text
        assert '"/schema/openapi.json"' in script
        assert "://" not in script


class TestStaticFiles:
    @pytest.mark.parametrize(
        "path, media_type",
        [
            ("/static/icon.svg", "image/svg+xml"),
            ("/static/swagger-ui/swagger-ui.css", "text/css"),
            ("/static/swagger-ui/swagger-ui-bundle.js", "javascript"),
            ("/static/swagger-ui/start.js", "javascript"),
        ],
    )
    def test_it_works(self, visitor: httpx.Client, path: str, media_type: str) -> None:
        answer = visitor.get(path)
        assert answer.status_code == 200
        assert media_type in answer.headers["content-type"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.content

    def test_it_loads_nothing_from_elsewhere(self, visitor: httpx.Client) -> None:
        styles = visitor.get(asset_url("page.css")).text
        assert "url(" not in styles
        assert "@import" not in styles
