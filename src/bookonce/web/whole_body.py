"""A body that ends before it is complete: an upload that was broken off, or chunks that nobody can
read. The server says the same of both: the client has gone, though it may still listen.
"""

from __future__ import annotations

from litestar.exceptions import HTTPException
from litestar.types import HTTPReceiveMessage, Receive


class IncompleteBodyError(HTTPException):
    """What was sent isn't a whole request. Not a fault of ours."""

    status_code = 400
    detail = "The request broke off before it was complete, or its chunks can't be read."


def whole_body(receive: Receive) -> Receive:
    """The same, but a body that breaks off raises IncompleteBodyError."""
    is_over = False

    async def received() -> HTTPReceiveMessage:
        nonlocal is_over
        message: HTTPReceiveMessage = await receive()  # type: ignore[assignment]
        if message["type"] == "http.request":
            is_over = not message.get("more_body", False)
        elif not is_over:
            raise IncompleteBodyError
        return message

    return received
