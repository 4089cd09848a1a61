"""The office's API as its document says, asked by programs: with a key of each scope, and with the key
of another business.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.specs.openapi.schemas import OpenApiSchema

from bookonce.keys.scopes import RIGHTS, Scope
from tests.cli.commands import bookonce
from tests.factories import a_business, tomorrow_at
from tests.running import RunningServer
from tests.web.test_schemathesis import Known, explore, is_office, opened, operations

EXAMPLES = 4
SLUG = "slug"


@pytest.fixture(scope="module")
def document(server: RunningServer) -> OpenApiSchema:
    return schemathesis.openapi.from_url(f"{server.base_url}/schema/openapi.json")


def key_of(server: RunningServer, slug: str, *scopes: Scope) -> str:
    outcome = bookonce(
        "key", "create", "--business", slug, "--name", "Prober", "--scope", ",".join(scopes),
        "--database-url", server.database_url or "",
    )  # fmt: skip
    assert outcome.code == 0, outcome
    return outcome.out.strip()


@pytest.fixture(scope="module")
def known(server: RunningServer) -> Known:
    """A business, and the ids of what is in it."""
    with httpx.Client(base_url=server.base_url, timeout=30) as visitor:
        found = opened(server, visitor)
    slug = found.values[SLUG][0]
    headers = {"Authorization": f"Bearer {key_of(server, slug, *Scope)}"}
    base = f"{server.base_url}/api/v1/{slug}/office"
    with httpx.Client(base_url=base, timeout=30, headers=headers) as program:
        away = {
            "staff": "ada",
            "from": tomorrow_at(16).isoformat(),
            "to": (tomorrow_at(16) + timedelta(hours=1)).isoformat(),
        }
        hook = {"url": "https://hooks.example.com/", "kinds": ["appointment.booked"]}
        made = {
            "appointment_id": items(program, "/appointments"),
            "client_id": items(program, "/clients"),
            "absence_id": [created(program, "/absences", away)],
            "webhook_id": [created(program, "/webhooks", hook)],
        }
    return Known(found.values | made)


def items(program: httpx.Client, path: str) -> list[Any]:
    answer = program.get(path)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


def created(program: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    answer = program.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


@pytest.mark.parametrize("scope", Scope)
def test_a_key_of_each_scope_is_answered_as_documented(
    server: RunningServer,
    document: OpenApiSchema,
    known: Known,
    scope: Scope,
    subtests: pytest.Subtests,
) -> None:
    key = key_of(server, known.values[SLUG][0], scope)
    reached = set()
    for operation in filter(is_office, operations(document)):
        with subtests.test(operation.label):
            mode = GenerationMode.POSITIVE
            statuses = explore(server, operation, known, mode, key=key, examples=EXAMPLES)
            if statuses & {200, 201, 204}:
                reached.add(operation.label)
    assert len(reached) > 1, f"{RIGHTS[scope]} lead nowhere"


def test_a_key_of_another_business_finds_nothing(
    server: RunningServer, document: OpenApiSchema, known: Known, subtests: pytest.Subtests
) -> None:
    other = a_business()
    server.apply(other)
    key = key_of(server, other.business.slug, *Scope)
    here = Known(known.values | {SLUG: known.values[SLUG]})
    for operation in filter(is_office, operations(document)):
        with subtests.test(operation.label):
            mode = GenerationMode.POSITIVE
            statuses = explore(server, operation, here, mode, key=key, examples=EXAMPLES)
            assert statuses <= {404, 422}
            assert 404 in statuses
