"""Reading requests: JSON bodies with every error named, and the address that links start with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.exceptions import SerializationException

from bookonce.business.convert import convert
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.settings import Settings
from bookonce.web.errors import problem

BODY_BYTES_MAX = 64 * 1024
JSON = "application/json"


def json_body(
    kind: type[Any], *, required: bool = True
) -> Callable[[Request[Any, Any, Any]], Awaitable[Any]]:
    """A hook that checks the body before the handler is reached.

    It refuses another content type (415), and malformed JSON, unknown fields and wrong values
    (422), naming each.
    """

    async def check(request: Request[Any, Any, Any]) -> Any:
        body = await request.body()
        if not body and not required:
            return None
        media_type = media_type_of(request)
        if media_type != JSON:
            return problem(
                415,
                "UNSUPPORTED_MEDIA_TYPE",
                f"Send the request as {JSON}, not {media_type or 'nothing'}.",
            )
        try:
            value = await request.json()
        except (SerializationException, RecursionError, ValueError):
            raise ValidationError([FieldError("", "the body is not valid JSON")]) from None
        if value is not None or required:
            convert(value, kind)
        return None

    return check


def media_type_of(request: Request[Any, Any, Any]) -> str:
    """What a request says that its body is; empty if nothing."""
    return (request.headers.get("content-type") or "").partition(";")[0].strip().lower()


def base_url(request: Request[Any, Any, Any], settings: Settings) -> str:
    """Where this installation is reached, without a trailing slash: the setting, which a server that
    is reached from elsewhere has; else the address that is served, on this machine.

    Never what a request says: links are sent to others than who asked.
    """
    if settings.public_url:
        return settings.public_url
    host, port = request.scope.get("server") or ("localhost", None)
    return f"http://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"
