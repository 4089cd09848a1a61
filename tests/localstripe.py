"""A Stripe of our own: localstripe in a process of its own, and a line to it that can fail.

    with LocalStripe() as stripe:                     # up and answering
        token = stripe.make_token()                   # what the browser would have made
        with FaultyLine(stripe.api_base) as line:     # hand out line.api_base in place of its own
            line.fail(Fault.ANSWER_LOST, path="/v1/refunds", method="POST")
            ...
        assert stripe.books().given_back == 2000

Both live in threads and processes of their own, so tests may be synchronous or not.
"""

from __future__ import annotations

import asyncio
import fnmatch
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

import aiohttp
import httpx
from aiohttp import web

from tests import asking

SECRET_KEY = "sk_test_localstripe"
PUBLISHABLE_KEY = "pk_test_localstripe"

GOOD_CARD = "4242424242424242"
REFUSED_AS_CUSTOMER_CARD = "4000000000000002"
"""Declined when a customer is made with it."""
REFUSED_AT_CHARGE_CARD = "4000000000000341"
"""Declined when it is charged."""
SECURE_CARD = "4000002500003155"
"""The bank wants to hear from the payer."""
SECURE_REFUSED_CARD = "4000008260003178"
"""The bank hears from the payer, and then declines."""

START_TIMEOUT_S = 20
EVERYTHING = "1000000"

# localstripe's own `start` listens on every address of the machine, IPv6 or nothing, and writes
# all it knows into one file in /tmp that every instance shares and another user can't overwrite.
LAUNCH = """
import logging, socket, sys
from aiohttp import web

from tests import asking
from localstripe import resources
resources.Store.dump_to_disk = lambda self: None
from localstripe.server import app
if sys.argv[2:] == ["like-stripe"]:
    from tests import like_stripe
    like_stripe.install(app)
logging.basicConfig(stream=sys.stdout, level=logging.INFO)
web.run_app(app, sock=socket.socket(fileno=int(sys.argv[1])), print=None, handle_signals=False)
"""


@dataclass(frozen=True)
class StripeBooks:
    """All that a Stripe knows of money, as it tells it. Sums are in its own units.

    They are worked out here, apart from the product's own reading, so that tests can compare.
    """

    intents: list[dict[str, Any]]
    charges: list[dict[str, Any]]
    refunds: list[dict[str, Any]]

    @property
    def held(self) -> int:
        """Set aside, neither taken nor let go."""
        return sum(
            int(intent["amount"])
            for intent in self.intents
            if intent["status"] == "requires_capture"
        )

    @property
    def taken(self) -> int:
        """Taken, before anything was given back."""
        captured = sum(int(c["amount"]) for c in self.charges if c["captured"] and c["paid"])
        return captured - sum(int(r["amount"]) for r in self.refunds if _is_let_go(r))

    @property
    def given_back(self) -> int:
        """Refunded of what was taken."""
        return sum(int(refund["amount"]) for refund in self.given)

    @property
    def given(self) -> list[dict[str, Any]]:
        """The refunds that gave money back."""
        return [r for r in self.refunds if not _is_let_go(r) and r["status"] != "failed"]

    def intent(self, intent_id: str) -> dict[str, Any]:
        """One PaymentIntent."""
        return next(intent for intent in self.intents if intent["id"] == intent_id)

    def of(self, **metadata: object) -> StripeBooks:
        """The part with this metadata: `books.of(appointment_id=…)`."""
        intents = [
            intent
            for intent in self.intents
            if all(intent["metadata"].get(key) == str(value) for key, value in metadata.items())
        ]
        ids = {intent["id"] for intent in intents}
        charges = [charge for charge in self.charges if charge["payment_intent"] in ids]
        numbers = {charge["id"] for charge in charges}
        return StripeBooks(intents, charges, [r for r in self.refunds if r["charge"] in numbers])


def _is_let_go(refund: dict[str, Any]) -> bool:
    """What a partial capture did not take is written as a refund: by localstripe as one that names
    no PaymentIntent, by `tests/like_stripe.py` with a mark.
    """
    return bool(refund.get("let_go")) or not refund["payment_intent"]


class LocalStripe:
    """localstripe for as long as the block runs, from scratch, on loopback only; `like_stripe` with
    what `tests/like_stripe.py` adds to it.
    """

    def __init__(self, *, like_stripe: bool = False) -> None:
        self._like_stripe = like_stripe
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.api_base = f"http://127.0.0.1:{self.port}"
        self.js_url = f"{self.api_base}/js.stripe.com/v3/"
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, it is closed on the way out
        self._process: subprocess.Popen[bytes] | None = None
        self._webhooks = 0

    def __enter__(self) -> Self:
        number = self._listener.fileno()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", LAUNCH, str(number)),
                *(["like-stripe"] if self._like_stripe else []),
            ],
            pass_fds=(number,),
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._listener.close()  # the process has it now; until it listens, the kernel queues
        self._client = httpx.Client(
            base_url=self.api_base, auth=(SECRET_KEY, ""), timeout=START_TIMEOUT_S
        )
        self._request("GET", "/v1/balance")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        self._log.close()

    @property
    def environment(self) -> dict[str, str]:
        """Settings of a server that is to use it."""
        return {
            "BOOKONCE_STRIPE_SECRET_KEY": SECRET_KEY,
            "BOOKONCE_STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
            "BOOKONCE_STRIPE_API_BASE": self.api_base,
            "BOOKONCE_STRIPE_JS": self.js_url,
        }

    @property
    def log(self) -> str:
        """What it has printed."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def register_webhook(self, url: str, secret: str, events: list[str] | None = None) -> None:
        """Tell an address, a second after each event; never again if that fails.

        Only these are ever told: payment_intent.succeeded (taken) and .payment_failed, and some
        of customers. What happened in the second before is told to this address, too, also of
        payments that were forgotten since.
        """
        self._webhooks += 1
        wish: dict[str, Any] = {"url": url, "secret": secret}
        if events:
            wish["events"] = events
        self._client.post(f"/_config/webhooks/w{self._webhooks}", json=wish).raise_for_status()

    def make_token(self, number: str = GOOD_CARD, account: str | None = None) -> str:
        """A card's token, made as the payer's browser makes it; at a connected account."""
        card = {"number": number, "exp_month": "12", "exp_year": "2034", "cvc": "123"}
        form = {f"card[{name}]": value for name, value in card.items()}
        answer = asking.post(
            f"{self.api_base}/v1/tokens",
            data=form | {"key": PUBLISHABLE_KEY},
            headers={"Stripe-Account": account} if account else {},
        )
        answer.raise_for_status()
        token: str = answer.json()["id"]
        return token

    def make_payment_method(self, number: str = GOOD_CARD) -> str:
        """A PaymentMethod, as newer pages make it."""
        card = {"number": number, "exp_month": "12", "exp_year": "2034", "cvc": "123"}
        form = {"type": "card"} | {f"card[{name}]": value for name, value in card.items()}
        method: str = self._request("POST", "/v1/payment_methods", form)["id"]
        return method

    def authenticate(self, client_secret: str, *, success: bool = True) -> None:
        """What the payer does with the bank, and the browser tells."""
        intent = client_secret.partition("_secret_")[0]
        # Declined by the bank is an answer, too.
        asking.post(
            f"{self.api_base}/v1/payment_intents/{intent}/_authenticate",
            params={"success": str(success).lower()},
            json={"key": PUBLISHABLE_KEY, "client_secret": client_secret},
        )

    def refund_in_office(self, intent_id: str, amount: int) -> str:
        """What a person does in Stripe's dashboard, past us."""
        form = {"payment_intent": intent_id, "amount": str(amount)}
        refund: str = self._request("POST", "/v1/refunds", form)["id"]
        return refund

    def fail_refund(self, refund: str) -> None:
        """The bank sends a refund back, as it may days later."""
        self._request("POST", f"/v1/refunds/{refund}", {"status": "failed"})

    def dispute(self, intent_id: str, status: str = "needs_response") -> None:
        """The payer objects at the bank, or the bank decides: "won", "lost"."""
        self._configure(f"dispute/{intent_id}", {"status": status})

    def lapse(self, intent_id: str) -> None:
        """The bank keeps what was set aside no longer."""
        self._configure(f"lapse/{intent_id}", {})

    def send_back(self, refund_id: str, reason: str = "expired_or_canceled_card") -> None:
        """The bank sends a refund back, and says why."""
        self._configure(f"fail/{refund_id}", {"reason": reason})

    def a_day_later(self) -> None:
        """Idempotency keys are forgotten."""
        self._configure("a-day-later", {})

    def books(self, account: str | None = None) -> StripeBooks:
        """All that it knows of money, asked over HTTP; of a connected account."""
        kinds = ("payment_intents", "charges", "refunds")
        return StripeBooks(*(self._list(kind, account) for kind in kinds))

    def customers(self) -> list[dict[str, Any]]:
        """All customers."""
        return self._list("customers")

    def forget(self) -> None:
        """Start from scratch again. Webhooks stay."""
        self._client.delete("/_config/data").raise_for_status()

    def _configure(self, what: str, how: dict[str, str]) -> None:
        assert self._like_stripe, "only with like_stripe=True"
        self._client.post(f"/_config/{what}", json=how).raise_for_status()

    def _list(self, kind: str, account: str | None = None) -> list[dict[str, Any]]:
        path = f"/v1/{kind}?limit={EVERYTHING}"
        found: list[dict[str, Any]] = self._request("GET", path, account=account)["data"]
        return found

    def _request(
        self,
        method: str,
        path: str,
        form: dict[str, str] | None = None,
        account: str | None = None,
    ) -> Any:
        headers = {"Stripe-Account": account} if account else {}
        try:
            answer = self._client.request(method, path, data=form, headers=headers)
        except httpx.HTTPError as error:
            raise RuntimeError(f"localstripe is gone: {error!r}\n{self.log[-4000:]}") from error
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}\n{self.log[-4000:]}"
        return answer.json()


class Fault(Enum):
    """What can happen to a request on its way."""

    SERVER_ERROR = "answered 500, and never passed on"
    BUSY = "answered 429, and never passed on"
    SILENCE = "never passed on, never answered"
    CUT = "the connection ends before it is passed on"
    ANSWER_LOST = "passed on and carried out; then the connection ends"
    ANSWER_TORN = "passed on and carried out; the connection ends within the answer"
    ANSWER_LATE = "passed on and carried out; never answered"


@dataclass(frozen=True)
class Seen:
    """A request that came along, and what became of it."""

    method: str
    path: str
    form: dict[str, str]
    headers: dict[str, str]
    fault: Fault | None

    @property
    def key(self) -> str | None:
        """Its idempotency key."""
        return self.headers.get("Idempotency-Key")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class _Rule:
    fault: Fault
    method: str
    path: str
    pass_first: int
    left: int

    def strikes(self, method: str, path: str) -> bool:
        if not self.left or self.method not in ("*", method):
            return False
        if not fnmatch.fnmatchcase(path, self.path):
            return False
        if self.pass_first:
            self.pass_first -= 1
            return False
        self.left -= 1
        return True


@dataclass
class _Kept:
    """What was answered to an idempotency key."""

    asked: tuple[str, str, bytes]
    done: asyncio.Event = field(default_factory=asyncio.Event)
    answer: tuple[int, str, bytes] = (500, "", b"")


class FaultyLine:
    """An HTTP proxy on loopback that notes every request, and fails as it is told to.

    With `keeps_keys` it treats idempotency keys as Stripe does, and localstripe does not: the same
    key is answered as it was the first time, 409 while the first is under way, 400 if it comes
    with other parameters.
    """

    def __init__(self, target: str, *, keeps_keys: bool = False) -> None:
        self._target = target
        self._keeps_keys = keeps_keys
        self._kept: dict[str, _Kept] = {}
        self._rules: list[_Rule] = []
        self.seen: list[Seen] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def fail(
        self, fault: Fault, *, nth: int = 1, times: int = 1, method: str = "*", path: str = "*"
    ) -> None:
        """From now on, let the nth request that fits fail, and those after it, `times` in all.

        `path` may hold wildcards: "/v1/payment_intents/*/capture".
        """
        self._rules.append(_Rule(fault, method, path, nth - 1, times))

    def mend(self) -> None:
        """Fail no more."""
        self._rules.clear()

    @contextmanager
    def failing(self, fault: Fault, **which: Any) -> Iterator[None]:
        """Fail like this while the block runs, however often."""
        self.fail(fault, **({"times": sys.maxsize} | which))
        try:
            yield
        finally:
            self.mend()

    def count(self, method: str = "*", path: str = "*") -> int:
        """How many requests have come that fit."""
        return sum(
            method in ("*", seen.method) and fnmatch.fnmatchcase(seen.path, path)
            for seen in self.seen
        )

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(START_TIMEOUT_S)

    async def _start(self) -> None:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        app = web.Application(client_max_size=10_000_000)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        self.api_base = f"http://127.0.0.1:{self.port}"
        self.js_url = f"{self.api_base}/js.stripe.com/v3/"

    async def _stop(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        fault = next(
            (r.fault for r in self._rules if r.strikes(request.method, request.path)), None
        )
        form = dict(parse_qsl(body.decode(errors="replace")) + parse_qsl(request.query_string))
        self.seen.append(Seen(request.method, request.path, form, dict(request.headers), fault))
        if fault in _BEFORE:
            return await _BEFORE[fault](request)
        status, kind, answer = await self._answer(request, body)
        if fault in _AFTER:
            return await _AFTER[fault](request, answer)
        return web.Response(status=status, body=answer, headers={"Content-Type": kind})

    async def _answer(self, request: web.Request, body: bytes) -> tuple[int, str, bytes]:
        key = request.headers.get("Idempotency-Key")
        if not self._keeps_keys or not key or request.method != "POST":
            return await self._pass_on(request, body)
        asked = (request.method, request.path_qs, body)
        if kept := self._kept.get(key):
            if kept.asked != asked:
                return _refused(400, "idempotency_error", "")
            if not kept.done.is_set():
                return _refused(409, "idempotency_error", "idempotency_key_in_use")
            return kept.answer
        kept = self._kept[key] = _Kept(asked)
        try:
            kept.answer = await self._pass_on(request, body)
        finally:
            kept.done.set()
        return kept.answer

    async def _pass_on(self, request: web.Request, body: bytes) -> tuple[int, str, bytes]:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in ("host", "content-length", "connection", "accept-encoding")
        }
        async with self._session.request(
            request.method, self._target + request.path_qs, data=body, headers=headers
        ) as answer:
            kind = answer.headers.get("Content-Type", "application/json")
            return answer.status, kind, await answer.read()


def _refused(status: int, kind: str, code: str) -> tuple[int, str, bytes]:
    text = f'{{"error": {{"type": "{kind}", "code": "{code}", "message": "no"}}}}'
    return status, "application/json", text.encode()


async def _server_error(_: web.Request) -> web.StreamResponse:
    return web.json_response({"error": {"type": "api_error", "message": "a fault"}}, status=500)


async def _busy(_: web.Request) -> web.StreamResponse:
    error = {"type": "rate_limit_error", "code": "lock_timeout", "message": "a fault"}
    return web.json_response({"error": error}, status=429)


async def _cut(request: web.Request, _: bytes = b"") -> web.StreamResponse:
    if request.transport:
        request.transport.abort()
    return web.Response()


async def _silence(request: web.Request, _: bytes = b"") -> web.StreamResponse:
    """Wait until the other side gives up."""
    while request.transport and not request.transport.is_closing():
        await asyncio.sleep(0.01)
    return web.Response()


async def _tear(request: web.Request, answer: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(answer))})
    await response.prepare(request)
    await response.write(answer[: len(answer) // 2])
    if request.transport:
        request.transport.abort()
    return response


_BEFORE: dict[Fault | None, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
    Fault.SERVER_ERROR: _server_error,
    Fault.BUSY: _busy,
    Fault.CUT: _cut,
    Fault.SILENCE: _silence,
}
_AFTER: dict[Fault | None, Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]] = {
    Fault.ANSWER_LOST: _cut,
    Fault.ANSWER_LATE: _silence,
    Fault.ANSWER_TORN: _tear,
}
