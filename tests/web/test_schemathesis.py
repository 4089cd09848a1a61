"""The OpenAPI document taken at its word: hundreds of requests made from it, right and wrong ones.

Each answer has to have a documented status and content type and to match its schema, and none may
be a fault of ours. The requests are the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.factories import a_business, a_service, a_staff_member, tomorrow_at
from tests.running import RunningServer
from tests.web.visitors import book, token_of

Operation: TypeAlias = APIOperation[Any, Any, Any, Any]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
EXAMPLES = 16
APPOINTMENTS = 4


@dataclass(frozen=True, slots=True)
class Known:
    """What really exists, by the name of the parameter that asks for it."""

    values: dict[str, list[Any]]

    def instead(self, given: Any, draw: st.DrawFn, *, wholly: bool) -> Any:
        """The same values but for some a real one; or `wholly` real ones and nothing unknown."""
        if not isinstance(given, dict):
            return given
        return {
            name: draw(st.sampled_from(self.values.get(name, []) + [value] * (not wholly)))
            for name, value in given.items()
            if name in self.values or not wholly
        }


@pytest.fixture(scope="module")
def document(server: RunningServer) -> OpenApiSchema:
    return schemathesis.openapi.from_url(f"{server.base_url}/schema/openapi.json")


def opened(server: RunningServer, visitor: httpx.Client) -> Known:
    """A business with some appointments, two of them at the same time."""
    business = a_business(
        staff=[a_staff_member("ada"), a_staff_member("bela")],
        payments={"provider": "on_site"},
        service=[
            a_service("cut", price="48.00"),
            a_service("dye", staff=["bela"]),
            a_service("tan", price="20.00", deposit="full"),
        ],
    )
    server.apply(business)
    slug = business.business.slug
    starts = [tomorrow_at(8 + number // 2) for number in range(APPOINTMENTS)]
    tokens = [token_of(book(visitor, f"/api/v1/{slug}", start)) for start in starts]
    tokens.append(token_of(book(visitor, f"/api/v1/{slug}", tomorrow_at(14), service="tan")))
    day = starts[0].date()
    return Known(
        {
            "slug": [slug],
            "appointment_id": ["0190a4e6-7b1c-7c3e-8f4d-2f1c9a6b7d55"],
            "absence_id": ["0190a4e6-7b1c-7c3e-8f4d-2f1c9a6b7d56"],
            "client_id": ["0190a4e6-7b1c-7c3e-8f4d-2f1c9a6b7d57"],
            "message_id": ["0190a4e6-7b1c-7c3e-8f4d-2f1c9a6b7d58"],
            "key_id": ["0190a4e6-7b1c-7c3e-8f4d-2f1c9a6b7d59"],
            "webhook_id": ["0190a4e6-7b1c-7c3e-8f4d-2f1c9a6b7d5a"],
            "event_id": ["0190a4e6-7b1c-7c3e-8f4d-2f1c9a6b7d5b"],
            "version": [1],
            "token": [*tokens, f"{tokens[0]}.ics"],
            "service": ["cut", "dye"],
            "staff": ["ada", "bela", "any"],
            "from": [day.isoformat()],
            "to": [day.isoformat(), (day + timedelta(40)).isoformat()],
            "start": [(starts[0] + timedelta(hours=hours)).isoformat() for hours in range(9)],
            "client": [{"name": "Zoe", "email": "zoe@example.com"}],
            "include": ["staff"],
            "limit": [1, 50],
            "tz": ["Asia/Tokyo"],
            "notes": ["Fringe only", None],
            "means": [None],
            "Idempotency-Key": ["key-1", "key-2"],
        }
    )


def test_requests_by_the_document_are_answered_as_documented(
    server: RunningServer,
    document: OpenApiSchema,
    visitor: httpx.Client,
    subtests: pytest.Subtests,
) -> None:
    for operation in operations(document):
        with subtests.test(operation.label):
            known = opened(server, visitor)  # of its own: another may have cancelled everything
            if operation.path.endswith("/payment"):  # there is one to pay for
                known = Known(known.values | {"token": known.values["token"][-2:-1]})
            statuses = explore(server, operation, known, GenerationMode.POSITIVE)
            reached = {401} if is_office(operation) else {200, 201}
            assert statuses & reached, "nothing real was reached"


def test_requests_against_the_document_are_answered_as_documented(
    server: RunningServer,
    document: OpenApiSchema,
    visitor: httpx.Client,
    subtests: pytest.Subtests,
) -> None:
    known = opened(server, visitor)
    for operation in operations(document):
        if not (len(operation.query) or len(operation.body)):
            continue  # any text can be an address
        with subtests.test(operation.label):
            statuses = explore(server, operation, known, GenerationMode.NEGATIVE)
            assert statuses & ({401} if is_office(operation) else {404, 422})


def is_office(operation: Operation) -> bool:
    """Whether it is for members of a business; here a stranger asks."""
    return "/office/" in operation.path


def operations(document: OpenApiSchema) -> Iterator[Operation]:
    for one in document.get_all_operations():
        assert isinstance(one, Ok), one
        yield one.ok()


def explore(
    server: RunningServer,
    operation: Operation,
    known: Known,
    mode: GenerationMode,
    *,
    key: str = "",
    examples: int = EXAMPLES,
) -> set[int]:
    """Make requests of one operation, with an API key if there is one, and check every answer; the
    statuses that came.
    """
    statuses: set[int] = set()

    @st.composite
    def requested(draw: st.DrawFn) -> Case[Any]:
        case: Case[Any] = draw(operation.as_strategy(generation_mode=mode))
        wholly = mode is GenerationMode.POSITIVE and draw(st.booleans())
        case.path_parameters = known.instead(case.path_parameters, draw, wholly=wholly)
        case.query = known.instead(case.query, draw, wholly=wholly)
        case.body = known.instead(case.body, draw, wholly=wholly)
        return case

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requested())
    def ask(case: Case[Any]) -> None:
        answer = case.call(base_url=server.base_url, session=session)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    with requests.Session() as session:
        if key:
            session.headers["Authorization"] = f"Bearer {key}"
        ask()
    return statuses
