"""The protocol itself: JSON-RPC requests in either form that clients speak.

Since 2026-07-28 each request stands alone: it says in `_meta` which revision it goes by, and headers
repeat what a proxy routes by. Clients of earlier revisions shake hands first (`initialize`); nothing
is kept of that here, so their requests stand alone, too.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

STATELESS = ("2026-07-28",)
WITH_HANDSHAKE = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
VERSION_HEADER, METHOD_HEADER, NAME_HEADER = "mcp-protocol-version", "mcp-method", "mcp-name"

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
HEADER_MISMATCH, UNSUPPORTED_VERSION = -32020, -32022
STATUS = {METHOD_NOT_FOUND: 404}
"""Of what is wrong with a request; 400 if it isn't here."""
_ENCODED_BEGIN, _ENCODED_END = "=?base64?", "?="


class ProtocolError(Exception):
    """A request that can't be answered. `request_id` is None where none could be read."""

    def __init__(
        self, code: int, message: str, data: Any = None, *, request_id: str | int | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data
        self.request_id = request_id

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS.get(self.code, 400)

    def answer(self) -> dict[str, Any]:
        """As JSON-RPC has it."""
        error = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return {"jsonrpc": "2.0", "id": self.request_id, "error": error}


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `id` None: a notification, which gets no answer."""

    id: str | int | None
    method: str
    params: Mapping[str, Any]
    version: str

    @property
    def is_stateless(self) -> bool:
        """Whether it goes by a revision without a handshake."""
        return self.version in STATELESS

    def refusal(self, code: int, message: str) -> ProtocolError:
        """Why there is no answer."""
        return ProtocolError(code, message, request_id=self.id)

    def answer(self, result: dict[str, Any]) -> dict[str, Any]:
        """The answer as JSON-RPC has it."""
        if self.is_stateless:
            result = {"resultType": "complete", **result}
        return {"jsonrpc": "2.0", "id": self.id, "result": result}


def read_call(body: bytes, headers: Mapping[str, str]) -> Call:
    """What a body asks for. `headers` by their names in small letters. Raises ProtocolError."""
    try:
        sent = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ProtocolError(PARSE_ERROR, "The body is not valid JSON.") from None
    if not isinstance(sent, dict) or sent.get("jsonrpc") != "2.0":
        raise ProtocolError(INVALID_REQUEST, "Send one JSON-RPC 2.0 request.")
    request_id, method = sent.get("id"), sent.get("method")
    if ("id" in sent and not _is_id(request_id)) or not isinstance(method, str):
        raise ProtocolError(INVALID_REQUEST, "Send one JSON-RPC 2.0 request.")
    params = sent.get("params", {})
    try:
        if not isinstance(params, dict):
            raise ProtocolError(INVALID_PARAMS, "params must be an object.")
        version = _version(request_id is None, method, params, headers)
    except ProtocolError as error:
        error.request_id = request_id
        raise
    return Call(request_id, method, params, version)


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _version(
    is_notification: bool, method: str, params: Mapping[str, Any], headers: Mapping[str, str]
) -> str:
    """By which revision a request goes. Raises ProtocolError."""
    told = headers.get(VERSION_HEADER)
    meta = params.get("_meta")
    meta = meta if isinstance(meta, dict) else {}
    is_enveloped = VERSION_KEY in meta
    if not is_enveloped and (told is None or told in WITH_HANDSHAKE or method == "initialize"):
        return told if told in WITH_HANDSHAKE else WITH_HANDSHAKE[-1]
    if is_notification:
        return _supported(told)
    if not is_enveloped or CAPABILITIES_KEY not in meta:
        raise ProtocolError(
            INVALID_PARAMS, f"params._meta must have {VERSION_KEY} and {CAPABILITIES_KEY}."
        )
    version = meta[VERSION_KEY]
    if told is None or told != version:
        raise _mismatch("MCP-Protocol-Version", "the revision in params._meta")
    if headers.get(METHOD_HEADER) != method:
        raise _mismatch("Mcp-Method", "the method")
    name = params.get("name")
    if method == "tools/call" and name is not None and _decoded(headers.get(NAME_HEADER)) != name:
        raise _mismatch("Mcp-Name", "the name of the tool")
    return _supported(version)


def _supported(version: Any) -> str:
    if version not in STATELESS:
        raise ProtocolError(
            UNSUPPORTED_VERSION,
            "This revision of the protocol isn't spoken here.",
            {"supported": list(STATELESS), "requested": str(version)},
        )
    return str(version)


def _mismatch(header: str, what: str) -> ProtocolError:
    return ProtocolError(HEADER_MISMATCH, f"The header {header} must repeat {what}.")


def _decoded(value: str | None) -> str | None:
    """A header's value; letters that no header can have come in base64."""
    if not value or not (value.startswith(_ENCODED_BEGIN) and value.endswith(_ENCODED_END)):
        return value
    try:
        return base64.b64decode(value[len(_ENCODED_BEGIN) : -len(_ENCODED_END)]).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
