"""The protocol at `/mcp`, byte by byte: what a client may say, and what it hears if it says it wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from bookonce.keys.scopes import Scope
from bookonce.web.mcp.protocol import (
    CAPABILITIES_KEY,
    HEADER_MISMATCH,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    STATELESS,
    UNSUPPORTED_VERSION,
    VERSION_KEY,
    WITH_HANDSHAKE,
)
from tests.factories import a_business
from tests.mcp.test_agents import Salon
from tests.running import RunningServer

NEWEST = STATELESS[0]
META = {VERSION_KEY: NEWEST, CAPABILITIES_KEY: {}}


@pytest.fixture(scope="module")
def key(server: RunningServer) -> str:
    business = a_business()
    server.apply(business)
    return Salon(server, business.business.slug).key(Scope.BOOK)


@pytest.fixture
def http(server: RunningServer, key: str) -> Iterator[httpx.Client]:
    """A program with a key."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=server.base_url, timeout=30, headers=headers) as client:
        yield client


def body(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": {"_meta": META} | params}


def headers(method: str, **more: str) -> dict[str, str]:
    return {"MCP-Protocol-Version": NEWEST, "Mcp-Method": method} | more


Case = tuple[Any, dict[str, str], int, int]
CASES: dict[str, Case] = {
    "not JSON": (b"{", {}, 400, PARSE_ERROR),
    "not text": (b"\xff\xfe", {}, 400, PARSE_ERROR),
    "too deep": (b"[" * 30_000, {}, 400, PARSE_ERROR),
    "several": ([body("tools/list")], headers("tools/list"), 400, INVALID_REQUEST),
    "another version of JSON-RPC": (body("ping") | {"jsonrpc": "1.0"}, {}, 400, INVALID_REQUEST),
    "an id of null": (body("ping") | {"id": None}, {}, 400, INVALID_REQUEST),
    "an id of true": (body("ping") | {"id": True}, {}, 400, INVALID_REQUEST),
    "no method": ({"jsonrpc": "2.0", "id": 7}, {}, 400, INVALID_REQUEST),
    "a list of params": (body("ping") | {"params": []}, {}, 400, INVALID_PARAMS),
    "no envelope": (
        {"jsonrpc": "2.0", "id": 7, "method": "tools/list"},
        headers("tools/list"), 400, INVALID_PARAMS,
    ),
    "no capabilities": (
        body("tools/list", _meta={VERSION_KEY: NEWEST}), headers("tools/list"), 400, INVALID_PARAMS,
    ),
    "no header": (body("tools/list"), {}, 400, HEADER_MISMATCH),
    "another revision in the header": (
        body("tools/list"),
        headers("tools/list") | {"MCP-Protocol-Version": "2025-11-25"}, 400, HEADER_MISMATCH,
    ),
    "another method in the header": (
        body("tools/list"), headers("tools/call"), 400, HEADER_MISMATCH,
    ),
    "another tool in the header": (
        body("tools/call", name="find_times"),
        headers("tools/call", **{"Mcp-Name": "list_services"}), 400, HEADER_MISMATCH,
    ),
    "a name that can't be decoded": (
        body("tools/call", name="find_times"),
        headers("tools/call", **{"Mcp-Name": "=?base64?%?="}), 400, HEADER_MISMATCH,
    ),
    "a revision to come": (
        body("tools/list", _meta=META | {VERSION_KEY: "2030-01-01"}),
        headers("tools/list") | {"MCP-Protocol-Version": "2030-01-01"}, 400, UNSUPPORTED_VERSION,
    ),
    "no such method": (
        body("resources/list"), headers("resources/list"), 404, METHOD_NOT_FOUND,
    ),
    "no such tool": (
        body("tools/call", name="drop"),
        headers("tools/call", **{"Mcp-Name": "drop"}), 400, INVALID_PARAMS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_what_is_wrong_is_told(http: httpx.Client, case: Case) -> None:
    sent, more, status, code = case
    content = {"content": sent} if isinstance(sent, bytes) else {"json": sent}
    answer = http.post("/mcp", headers=more, **content)
    assert answer.status_code == status, answer.text
    found = answer.json()
    assert found["error"]["code"] == code
    readable = isinstance(sent, dict) and sent.get("id") == 7 and code != INVALID_REQUEST
    assert found["id"] == (7 if readable else None)


def test_each_request_stands_alone(http: httpx.Client) -> None:
    found = http.post("/mcp", json=body("server/discover"), headers=headers("server/discover"))
    result = found.json()["result"]
    assert result["supportedVersions"] == [NEWEST]
    assert result["resultType"] == "complete"
    assert "mcp-session-id" not in found.headers


@pytest.mark.parametrize("asked", [*WITH_HANDSHAKE, "1999-01-01"])
def test_earlier_clients_shake_hands(http: httpx.Client, asked: str) -> None:
    hello = {"jsonrpc": "2.0", "id": "a", "method": "initialize"}
    told = {"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "x"}}
    found = http.post("/mcp", json=hello | {"params": told}).json()
    agreed = found["result"]["protocolVersion"]
    assert agreed == (asked if asked in WITH_HANDSHAKE else WITH_HANDSHAKE[0])
    more = {"MCP-Protocol-Version": agreed}
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    answer = http.post("/mcp", json=ready, headers=more)
    assert (answer.status_code, answer.content) == (202, b"")
    listed = http.post(
        "/mcp", json={"jsonrpc": "2.0", "id": 2, "method": "tools/list"}, headers=more
    )
    assert "resultType" not in listed.json()["result"]


def test_a_tool_s_name_may_come_encoded(http: httpx.Client) -> None:
    more = headers("tools/call", **{"Mcp-Name": "=?base64?bGlzdF9zZXJ2aWNlcw==?="})
    answer = http.post("/mcp", json=body("tools/call", name="list_services"), headers=more)
    assert answer.json()["result"]["isError"] is False


@pytest.mark.parametrize("sent", ["", "Basic eDp5", "Bearer bko_nothing", "Bearer"])
def test_without_a_key_there_is_nothing(server: RunningServer, sent: str) -> None:
    answer = httpx.post(
        f"{server.base_url}/mcp", json=body("ping"), headers={"Authorization": sent}
    )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_pages_of_other_sites_can_t_call(http: httpx.Client) -> None:
    more = headers("server/discover", Origin="https://evil.example")
    assert http.post("/mcp", json=body("server/discover"), headers=more).status_code == 403


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_there_is_nothing_to_listen_to(http: httpx.Client, method: str) -> None:
    assert http.request(method, "/mcp").status_code == 405


def test_each_tool_says_what_it_takes(http: httpx.Client) -> None:
    listed = http.post("/mcp", json=body("tools/list"), headers=headers("tools/list"))
    tools = listed.json()["result"]["tools"]
    assert len(tools) >= 7
    for tool in tools:
        schema = tool["inputSchema"]
        Draft202012Validator.check_schema(schema)
        assert (schema["type"], schema["additionalProperties"]) == ("object", False)
        assert tool["description"].endswith(".")
