"""What a hostile visitor sends to a route: each operation of the application, each kind of attack.

Everything is read off the application: its routes, what their handlers take, and the names of the
fields in its pages. So a new route is attacked on the day it is added.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Litestar

from bookonce.web.booking_page.address import Address
from tests.web.asgi import Request

INSTANTS = (
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0000-00-00T00:00:00Z",
    "2026-02-30T10:00:00Z", "2026-12-01T24:00:00Z", "2026-12-01T10:00:60Z", "10000-01-01T00:00:00Z",
    "2026-12-01T10:00:00+24:00", "2026-12-01T10:00:00.9999999999Z", "2026-12-01T10:00:00",
    "2026-W01-1", "20261201T100000Z", "-2026-12-01T10:00:00Z", "２０２６-12-01T10:00:00Z",
    "2026-12-01T10:00:00Z\0", "NaT", "now", "1e9", "-1", str(2**63), "9" * 400, "", " ",
    "2026-12-01T10:00:00+00:00:00.000001", "1970-01-01", "9999-12-31", "0001-01-01", "+",
)  # fmt: skip
TEXTS = (
    "\0", "a\0b", "\x9b31m", "\u202e", "\u2028", "\ufeff", "\udcff", "é", "💈" * 50, "' OR 1=1 --",
    "../../etc/passwd", "%00", "%", "{{7*7}}", "<script>alert(1)</script>", "null", "[]", "{}",
    "NaN", "Infinity", "-0", "1e309", "0x10", "١٢٣", ",", ",,,", "cut,cut,cut,cut,cut,cut,cut,cut",
    "any", "\r\nX-Evil: 1", "javascript:alert(1)", "A" * 43, ".", "..", "~", "", " ", "\t",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 10**400, 1.5, [], {}, [[]], {"": None}, [None], "\0", "\ud800",
    ["cut"] * 3000, {"name": {"name": {}}},
)  # fmt: skip
RAW_JSON = (
    b"", b"null", b"[]", b"{", b"[" * 5000, b'{"a":' * 3000, b"NaN", b"1e999", b"\xff\xfe", b"\xef\xbb\xbf{}",
    b'{"start":"' + b"9" * 40_000 + b'"}', b'{"service":"cut","service":"dye"}', b'"\\ud800"',
)  # fmt: skip
HEADERS = (
    "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization",
    "Cache-Control", "Connection", "Content-Encoding", "Content-Language", "Content-Length",
    "Content-Type", "Cookie", "Date", "Expect", "Forwarded", "Host", "Idempotency-Key", "If-Match",
    "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Origin", "Priority",
    "Range", "Referer", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Stripe-Signature",
    "TE", "Transfer-Encoding", "Upgrade", "User-Agent", "Via", "Webhook-Id", "Webhook-Signature",
    "Webhook-Timestamp", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port",
    "X-Forwarded-Proto", "X-HTTP-Method-Override", "X-Real-IP", "X-Request-Id", "X-Requested-With",
)  # fmt: skip
HEADER_VALUES = (
    b"", b"\xff", b"\xc3\xa9", "é".encode(), b",", b";", b"*", b"*/*;q=9e999", b"a;q=nan", b"-1",
    b"text/html", b"application/json", b"application/json; charset=klingon",
    b"multipart/form-data", b"multipart/form-data; boundary=", b'multipart/form-data; boundary="',
    b"multipart/form-data; boundary=\xff", b"application/x-www-form-urlencoded; charset=utf-7",
    b"bytes=0-,-1,5-2", b"bytes=99999999999999999999-", b"javascript", b"javascript://evil",
    b"evil.example:99999", b"[::1", b"fe80::1%\x9b\x00evil", b"for=\"[::1]:x\"", b"t=1,v1=\xe9",
    b"t=" + b"9" * 5000 + b",v1=a", b"t=,v1=", b"v1=a,t=-1", b"Bearer \xff", b"Basic ====",
    b"W/\"\"", b"\"" * 50, b"Thu, 99 Foo 0000 99:99:99 GMT", b"100-continue", b"gzip;q=x, br;q=-1",
    b"null", b"cross-site", b"x" * 60_000, b"a=b; " * 5000, b"..", b"\x9b\xe2\x80\xae",
)  # fmt: skip
METHODS = (
    "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW", "get", "É"
)  # fmt: skip
FORM = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data; boundary=BOUNDARY"
# What handlers are given by the application rather than by a request.
GIVEN = {"request", "scope", "installation", "settings", "bots", "data", "slug", "token"}
OUTSIDE_NAMES = {"first": "from", "last": "to"}


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a route, and the names of all that it takes."""

    method: str
    path: str
    names: tuple[str, ...]
    """Of query parameters, or of a form's or a body's fields."""
    takes: str
    """"nothing", "form", "json" or "bytes"."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(slots=True)
class World:
    """Who is attacked: addresses and tokens that lead somewhere, and a neighbour's."""

    slug: str
    neighbour: str
    tokens: list[str]
    neighbours_tokens: list[str]
    likely: dict[str, Any] = field(default_factory=dict)
    """What a well-meaning visitor would send, by the name of a field."""


def page_fields() -> set[str]:
    """The names of all fields in all pages."""
    found = {each.name for each in fields(Address)[1:]}
    for template in files("bookonce.web").joinpath("templates").iterdir():
        if template.name.endswith(".html"):
            found |= set(re.findall(r'name="([a-z_]+)"', template.read_text()))
    return found | {"website", "second", "name", "email", "phone", "notes", "moved", "new", "card"}


def operations(app: Litestar) -> list[Operation]:
    """Every operation of every route."""
    of_pages = tuple(sorted(page_fields()))
    found = []
    for route in app.routes:
        for method, (handler, *_) in sorted(getattr(route, "route_handler_map", {}).items()):
            if method == "OPTIONS":  # the framework's own, and tried as a wrong method
                continue
            parameters = handler.parsed_fn_signature.parameters
            names = tuple(OUTSIDE_NAMES.get(name, name) for name in parameters if name not in GIVEN)
            takes = "nothing"
            if method != "GET" and "data" in parameters:
                takes, names = "json", _body_fields(parameters["data"].annotation)
            elif method not in ("GET", "HEAD", "OPTIONS"):
                takes = "bytes" if route.path.startswith("/webhooks/") else "form"
            if takes == "form" or (takes == "nothing" and not route.path.startswith("/api/")):
                names += of_pages
            found.append(Operation(method, route.path_format, names or ("x",), takes))
    return found


def _body_fields(annotation: Any) -> tuple[str, ...]:
    kinds = [annotation, *getattr(annotation, "__args__", ())]
    structs = [
        kind for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    ]
    return tuple(name for kind in structs for name in kind.__struct_fields__) or ("x",)


class Attacker:
    """Makes requests of one kind to one operation; the same seed makes the same ones."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world, self.rng = world, rng

    def kinds(self) -> dict[str, Callable[[Operation], Request]]:
        """The ways to attack, by their names."""
        return {
            "hostile instant": self.hostile_instant,
            "hostile text": self.hostile_text,
            "file part": self.file_part,
            "huge value": self.huge_value,
            "foreign tenant": self.foreign_tenant,
            "wrong method": self.wrong_method,
            "every header hostile": self.hostile_headers,
            "malformed body": self.malformed_body,
        }

    def hostile_instant(self, operation: Operation) -> Request:
        """Times that no calendar has, in every place."""
        some = self.rng.choice(INSTANTS)
        return self._with(operation, dict.fromkeys(self._some(operation.names), some))

    def hostile_text(self, operation: Operation) -> Request:
        """What no name, key or number is, in any place, the path's too."""
        chosen: dict[str, Any] = {
            name: self.rng.choice(VALUES if operation.takes == "json" else TEXTS)
            for name in self._some(operation.names)
        }
        path = self._path(operation, self.world.slug)
        if "{" in operation.path and self.rng.random() < 0.5:
            path = self._path(operation, self.rng.choice(TEXTS), lambda: self.rng.choice(TEXTS))
        return self._with(operation, chosen, path)

    def file_part(self, operation: Operation) -> Request:
        """A file where text is expected."""
        values = self._likely(operation)
        name = self.rng.choice(operation.names)
        body = b"".join(
            _part(each, str(value).encode(), file=each == name or self.rng.random() < 0.2)
            for each, value in (values | {name: "x"}).items()
        )
        headers = self._headers(operation, MULTIPART)
        return Request(
            operation.method, self._path(operation, self.world.slug), headers=headers,
            body=body + b"--BOUNDARY--\r\n",
        )  # fmt: skip

    def huge_value(self, operation: Operation) -> Request:
        """More than anybody needs, in a field, a query, a path, a part or a header."""
        size = self.rng.choice((3_000, 55_000, 200_000))
        name = self.rng.choice(operation.names)
        match self.rng.randrange(4):
            case 0:
                return self._with(operation, {name: "9" * size})
            case 1:
                path = self._path(operation, "a" * size, lambda: "B" * size)
                return self._with(operation, {}, path)
            case 2:
                body = b"".join(_part(name, b"x") for _ in range(size // 100))
                headers = self._headers(operation, MULTIPART)
                return Request(
                    operation.method,
                    self._path(operation, self.world.slug),
                    headers=headers,
                    body=body,
                )
            case _:
                query = "&".join(f"{name}={number}" for number in range(size // 10))
                request = self._with(operation, {})
                return Request(
                    request.method, request.path, query.encode(), request.headers, request.body
                )

    def foreign_tenant(self, operation: Operation) -> Request:
        """One business's address with another's appointment."""
        path = self._path(
            operation, self.world.slug, lambda: self.rng.choice(self.world.neighbours_tokens)
        )
        chosen = {"again": self.rng.choice(self.world.neighbours_tokens), "staff": "nora"}
        wanted = {name: chosen[name] for name in operation.names if name in chosen}
        return self._with(operation, wanted, path)

    def wrong_method(self, operation: Operation) -> Request:
        """A method that the route may not have."""
        request = self._with(operation, {})
        return Request(
            self.rng.choice(METHODS), request.path, request.query, request.headers, request.body
        )

    def hostile_headers(self, operation: Operation) -> Request:
        """Every header with a value that nobody expects."""
        request = self._with(operation, {})
        if operation.takes == "bytes" and self.rng.random() < 0.5:
            signature = self.rng.choice([each for each in HEADER_VALUES if b"=" in each])
            headers = [(b"Stripe-Signature", signature)]
            return Request(request.method, request.path, request.query, headers, request.body)
        shuffled = [(name.encode(), self.rng.choice(HEADER_VALUES)) for name in HEADERS]
        if self.rng.random() < 0.5:  # so that what follows the content type is reached, too
            shuffled = [pair for pair in shuffled if not pair[0].startswith(b"Content-")]
            shuffled += request.headers
        return Request(request.method, request.path, request.query, shuffled, request.body)

    def malformed_body(self, operation: Operation) -> Request:
        """A body that isn't what its content type says."""
        types = (
            b"application/json",
            FORM,
            MULTIPART,
            MULTIPART + b"; charset=klingon",
            b"text/plain",
        )
        bodies = (
            *RAW_JSON, b"a=%ff&start=%e9&=&&==&%=%", b"start=%ed%a0%80", b"&" * 3000, _part("start", b"\xff"),
            b"--BOUNDARY\r\n\r\n", b"--BOUNDARY\r\nContent-Disposition: form-data\r\n\r\nx\r\n--BOUNDARY--",
            b'--BOUNDARY\r\nContent-Disposition: form-data; name="start"\r\n'
            b"Content-Type: text/plain; charset=klingon\r\n\r\nx\r\n--BOUNDARY--\r\n",
            b'--BOUNDARY\r\nContent-Disposition: form-data; name="start"\r\n'
            b"Content-Type: text/plain; charset=hex\r\n\r\nzz\r\n--BOUNDARY--\r\n",
        )  # fmt: skip
        return Request(
            operation.method, self._path(operation, self.world.slug),
            headers=self._headers(operation, self.rng.choice(types)), body=self.rng.choice(bodies),
        )  # fmt: skip

    def _some(self, names: Sequence[str]) -> list[str]:
        return self.rng.sample(list(names), self.rng.randint(1, len(names)))

    def _likely(self, operation: Operation) -> dict[str, Any]:
        return {
            name: self.world.likely[name] for name in operation.names if name in self.world.likely
        }

    def _with(
        self, operation: Operation, chosen: dict[str, Any], path: bytes | None = None
    ) -> Request:
        """What a well-meaning visitor would send, but for some of it."""
        path = path or self._path(operation, self.world.slug)
        values = self._likely(operation) | chosen
        if operation.takes == "json":
            body = json.dumps(values).encode("utf-8", "surrogatepass")
            return Request(
                operation.method,
                path,
                headers=self._headers(operation, b"application/json"),
                body=body,
            )
        encoded = "&".join(f"{quote(name)}={_quoted(value)}" for name, value in values.items())
        if operation.takes == "form":
            return Request(
                operation.method,
                path,
                headers=self._headers(operation, FORM),
                body=encoded.encode(),
            )
        return Request(operation.method, path, encoded.encode(), self._headers(operation, b""))

    def _headers(self, operation: Operation, content_type: bytes) -> list[tuple[bytes, bytes]]:
        """Half of them come from browsers, and those who change something from our own pages."""
        accept = self.rng.choice((b"text/html", b"application/json"))
        pairs = [(b"Host", b"127.0.0.1:8000"), (b"Accept", accept)]
        return pairs + ([(b"Content-Type", content_type)] if content_type else [])

    def _path(
        self, operation: Operation, slug: str, token: Callable[[], str] | None = None
    ) -> bytes:
        def filled(match: re.Match[str]) -> str:
            name = match[1]
            if name == "slug":
                return _quoted(slug)
            if name == "token":
                return _quoted(token() if token else self.rng.choice(self.world.tokens))
            return _quoted(
                token() if token else str(self.world.likely.get(name, self.rng.choice(TEXTS)))
            )

        return re.sub(r"\{(\w+)\}", filled, operation.path).encode()


def _quoted(value: Any) -> str:
    return quote(str(value).encode("utf-8", "surrogatepass"), safe="")


def _part(name: str, value: bytes, *, file: bool = False) -> bytes:
    filename = b'; filename="x.bin"\r\nContent-Type: application/octet-stream' if file else b""
    head = b'--BOUNDARY\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
    return head % (name.encode(), filename) + value + b"\r\n"


def attacks(
    app: Litestar, world: World, count: int, seed: int
) -> Iterator[tuple[Operation, str, Request]]:
    """So many requests, each kind to each operation in turn."""
    attacker = Attacker(world, random.Random(seed))
    pairs = [(each, kind) for each in operations(app) for kind in attacker.kinds()]
    for number in range(count):
        operation, kind = pairs[number % len(pairs)]
        yield operation, kind, attacker.kinds()[kind](operation)
