"""The OpenAPI document and a page to try it on, served from here alone."""

from __future__ import annotations

from typing import Any

from litestar import Request, Router
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import (
    JsonRenderPlugin,
    OpenAPIRenderPlugin,
    YamlRenderPlugin,
)
from litestar.openapi.spec import (
    OpenAPI,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
)
from litestar.types.internal_types import PathParameterDefinition

from bookonce import __version__
from bookonce.booking.client import Client
from bookonce.booking.move import MoveRequest
from bookonce.booking.request import BookingRequest
from bookonce.desk.block import AbsenceRequest
from bookonce.desk.change import DeskEdit
from bookonce.desk.request import DeskBooking, DeskChange, DeskClient, DeskMove, Overbook
from bookonce.web.public.appointments import CancellationRequest
from bookonce.web.public.calendar_file import MEDIA_TYPE as CALENDAR

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bookonce API</title>
<link rel="stylesheet" href="/static/swagger-ui/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/static/swagger-ui/swagger-ui-bundle.js"></script>
<script src="/static/swagger-ui/start.js"></script>
</body>
</html>
"""
OFFICE = "office"
"""The part of an address below which the office's operations are."""
# Swagger UI sets style attributes and draws with data: images; scripts come from here only.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class ApiPage(OpenAPIRenderPlugin):
    """The page to read and try the API on."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page; it fetches the document itself."""
        return _PAGE.encode()


class YamlOnce(YamlRenderPlugin):
    """The document as YAML. Writing it takes a tenth of a second, and it never changes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._written: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The document, as it was written the first time."""
        if self._written is None:
            self._written = super().render(request, openapi_schema)
        return self._written


def openapi_config() -> OpenAPIConfig:
    """The page at /schema, the document at /schema/openapi.json and /schema/openapi.yaml."""
    return OpenAPIConfig(
        title="Bookonce",
        version=__version__,
        description="Online appointment booking that never double-books.",
        openapi_router=Router(
            "/schema",
            route_handlers=[],
            include_in_schema=False,
            response_headers={"Content-Security-Policy": _POLICY},
        ),
        render_plugins=[
            ApiPage(path="/"),
            JsonRenderPlugin(path="/openapi.json"),
            YamlOnce(path="/openapi.yaml"),
        ],
        use_handler_docstrings=True,
        operation_id_creator=_operation_id,
    )


def _operation_id(
    handler: HTTPRouteHandler, _: HttpMethod | str, path: list[str | PathParameterDefinition]
) -> str:
    """What generated clients call an operation: `book_appointment`, `office_list_clients`."""
    return f"office_{handler.handler_name}" if OFFICE in path else handler.handler_name


STRICT = (
    AbsenceRequest,
    BookingRequest,
    CancellationRequest,
    Client,
    DeskBooking,
    DeskChange,
    DeskClient,
    DeskEdit,
    DeskMove,
    MoveRequest,
    Overbook,
)
"""Whose unknown fields are refused."""


def complete(document: OpenAPI) -> None:
    """Say what the framework can't know: only our own errors are sent, unknown fields are refused,
    what may be left out isn't null, and an appointment is a calendar file too."""
    for path, item in (document.paths or {}).items():
        for operation in (item.get, item.post, item.put, item.patch, item.delete):
            if operation is not None:
                _complete_operation(operation)
        if path.endswith("/appointments/{token}") and item.get is not None:
            found = (item.get.responses or {})["200"]
            assert isinstance(found, OpenAPIResponse)
            (found.content or {})[CALENDAR] = OpenAPIMediaType(
                schema=Schema(type=OpenAPIType.STRING)
            )
    assert document.components.schemas is not None
    for strict in STRICT:
        schema = document.components.schemas[strict.__name__]
        assert isinstance(schema, Schema)
        schema.additional_properties = False


def _complete_operation(operation: Operation) -> None:
    (operation.responses or {}).pop("400", None)
    body = operation.request_body
    if isinstance(body, RequestBody):
        for content in body.content.values():
            if (alone := _without_null(content.schema)) is not None:
                content.schema, body.required = alone, False
    for parameter in operation.parameters or ():
        if isinstance(parameter, Parameter) and (alone := _without_null(parameter.schema)):
            parameter.schema = alone


def _without_null(schema: Schema | Reference | None) -> Schema | Reference | None:
    """What there is besides null; None unless there is just one thing."""
    if not isinstance(schema, Schema) or not schema.one_of:
        return None
    others = [
        one
        for one in schema.one_of
        if not (isinstance(one, Schema) and one.type == OpenAPIType.NULL)
    ]
    return others[0] if len(others) == 1 and len(schema.one_of) > 1 else None
