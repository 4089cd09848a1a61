"""What visitors send, what they get, and what a refusal must look like."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx

PROBLEM = "application/problem+json"
INSIDES = (
    "Traceback",
    "asyncpg",
    "SELECT",
    "INSERT",
    "UPDATE ",
    "sqlstate",
    "litestar",
    "site-packages",
)
"""Words that only our own insides use; no answer may have them."""


def a_wish(start: datetime | str, service: str = "cut", **more: Any) -> dict[str, Any]:
    """The body of a booking by Zoe."""
    when = start if isinstance(start, str) else start.isoformat()
    client = {"name": "Zoe", "email": "zoe@example.com"}
    return {"service": service, "start": when, "client": client} | more


def book(
    visitor: httpx.Client, api: str, start: datetime | str, service: str = "cut", **more: Any
) -> dict[str, Any]:
    """Book, and require that it worked."""
    answer = visitor.post(f"{api}/book", json=a_wish(start, service, **more))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def token_of(appointment: dict[str, Any]) -> str:
    """The capability that an answer carries."""
    return str(appointment["manage_url"]).rpartition("/")[2]


def address_of(api: str, appointment: dict[str, Any]) -> str:
    """Where an appointment is read and changed."""
    return f"{api}/appointments/{token_of(appointment)}"


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Require a refusal in the one shape that API.md fixes, and tell what it says."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    body: dict[str, Any] = answer.json()
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    assert keeps_its_insides(answer.text)
    return body


def keeps_its_insides(text: str) -> bool:
    """Whether an answer is free of stack traces and SQL."""
    return not any(word in text for word in INSIDES)


def fields(problem: dict[str, Any]) -> set[str]:
    """The places that a refusal of invalid input names."""
    assert all(error["message"] for error in problem["errors"])
    return {error["field"] for error in problem["errors"]}
