"""What Stripe does and localstripe doesn't, patched into localstripe's own process.

Each point names where Stripe says so. None of it was compared with Stripe itself by a test that runs
here; `tests/payments/against_stripe.py` does that with a test account.

- A partial capture keeps `amount_received`, and what it lets go is listed as a refund that names the
  PaymentIntent. https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
- No more is refunded than was received; a disputed charge isn't refunded at all.
- A refund that succeeded may fail days later, with a `failure_reason`.
  https://docs.stripe.com/refunds#failed-refunds
- Disputes. https://docs.stripe.com/api/disputes
- What one connected account owns, no other finds. https://docs.stripe.com/connect/authentication
- Idempotency keys are kept for a day, errors too. https://docs.stripe.com/api/idempotent_requests
- What is set aside lapses after some days.
- Amounts under the minimum are refused. https://docs.stripe.com/currencies
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from aiohttp import web
from localstripe import resources as r  # type: ignore[import-untyped]
from localstripe.errors import UserError  # type: ignore[import-untyped]

MINIMUM = {"eur": 50, "usd": 50, "gbp": 30, "jpy": 50}

_account: ContextVar[str | None] = ContextVar("account", default=None)
_kept: dict[tuple[str | None, str], tuple[str, bytes, int, bytes]] = {}


class Dispute(r.StripeObject):  # type: ignore[misc]
    """A payer's objection."""

    object = "dispute"
    _id_prefix = "dp_"

    def __init__(self, charge: Any, status: str) -> None:
        super().__init__()
        self.charge = charge.id
        self.payment_intent = charge.payment_intent
        self.amount = charge.amount
        self.status = status
        self.metadata: dict[str, str] = {}

    @classmethod
    def _api_list_all(
        cls, url: str, payment_intent: Any = None, limit: Any = None, starting_after: Any = None
    ) -> Any:
        found = super()._api_list_all(url, limit=limit, starting_after=starting_after)
        found._list = [one for one in found._list if one.payment_intent == payment_intent]
        return found


def install(app: web.Application) -> None:
    """Make localstripe do as Stripe does."""
    _amounts()
    _accounts()
    app.middlewares.insert(1, _as_account)
    app.middlewares.append(_keep_keys)
    app.router.add_get("/v1/disputes", _disputes)
    app.router.add_post("/_config/dispute/{id}", _dispute)
    app.router.add_post("/_config/lapse/{id}", _lapse)
    app.router.add_post("/_config/fail/{id}", _fail)
    app.router.add_post("/_config/a-day-later", _a_day_later)


def _amounts() -> None:
    began, captured, refunding = r.PaymentIntent.__init__, r.Charge._capture, r.Refund.__init__

    def begin(self: Any, amount: Any = None, currency: Any = None, **more: Any) -> None:
        if int(amount) < MINIMUM.get(str(currency), 0):
            raise UserError(400, "Amount is too small", {"code": "amount_too_small"})
        began(self, amount=amount, currency=currency, **more)

    def capture(self: Any, amount: Any, on_success: Any = None) -> None:
        wanted = int(self.amount if amount is None else amount)
        if not 0 < wanted <= self.amount or self.captured:
            raise UserError(400, "can't be captured", {"code": "charge_already_captured"})
        let_go, self.amount_captured = self.amount - wanted, wanted
        captured(self, self.amount, on_success)
        if let_go:
            made = r.Refund.__new__(r.Refund)
            refunding(made, payment_intent=self.payment_intent, amount=let_go)
            made.let_go = True  # for the tests' own reading; Stripe doesn't tell

    def refund(self: Any, charge: Any = None, payment_intent: Any = None, **more: Any) -> None:
        intent = r.PaymentIntent._api_retrieve(payment_intent)
        if intent.latest_charge is None or not intent.latest_charge.captured:
            raise UserError(400, "nothing was taken", {"code": "charge_not_captured"})
        if getattr(intent.latest_charge, "disputed", False):
            raise UserError(400, "it is disputed", {"code": "charge_disputed"})
        left = intent.amount_received - _refunded(intent)
        if int(more.get("amount") or left) > left:
            raise UserError(400, "more than is left", {"code": "charge_already_refunded"})
        refunding(self, charge=charge, payment_intent=payment_intent, **more)
        self.failure_reason = None

    def received(self: Any) -> int:
        charge = self.latest_charge
        return int(getattr(charge, "amount_captured", 0)) if charge else 0

    r.PaymentIntent.__init__ = begin
    r.PaymentIntent.amount_received = property(received)
    r.Charge._capture = capture
    r.Refund.__init__ = refund


def _refunded(intent: Any) -> int:
    return sum(
        one.amount
        for one in r.store.values()
        if isinstance(one, r.Refund)
        and one.charge == intent.latest_charge.id
        and one.status != "failed"
        and not getattr(one, "let_go", False)
    )


def _accounts() -> None:
    """Whose an object is, is told by the request that made it."""
    made, found, listed = (
        r.StripeObject.__init__,
        r.StripeObject._api_retrieve.__func__,
        r.StripeObject._api_list_all.__func__,
    )

    def make(self: Any, id: Any = None) -> None:  # noqa: A002
        made(self, id)
        self._account = _account.get()

    def find(cls: Any, id: Any) -> Any:  # noqa: A002
        one = found(cls, id)
        if getattr(one, "_account", None) != _account.get():
            raise UserError(404, "No such object", {"code": "resource_missing"})
        return one

    def list_all(cls: Any, /, url: Any, **more: Any) -> Any:
        page = listed(cls, url, **more)
        if _account.get() != "*":
            page._list = [
                one for one in page._list if getattr(one, "_account", None) == _account.get()
            ]
        return page

    r.StripeObject.__init__ = make
    r.StripeObject._api_retrieve = classmethod(find)
    r.StripeObject._api_list_all = classmethod(list_all)


@web.middleware
async def _as_account(request: web.Request, handler: Any) -> Any:
    _account.set(request.headers.get("Stripe-Account"))
    return await handler(request)


@web.middleware
async def _keep_keys(request: web.Request, handler: Any) -> Any:
    key = request.headers.get("Idempotency-Key")
    if request.method != "POST" or not key:
        return await handler(request)
    asked = (request.headers.get("Stripe-Account"), key)
    body = await request.read()
    if kept := _kept.get(asked):
        path, sent, status, answer = kept
        if (path, sent) != (request.path, body):
            error = {"type": "idempotency_error", "message": "other parameters"}
            return web.json_response({"error": error}, status=400)
        return web.Response(status=status, body=answer, content_type="application/json")
    try:
        answered = await handler(request)
    except UserError as refused:
        answered = refused.to_response()
    _kept[asked] = (request.path, body, answered.status, answered.body)
    return answered


async def _disputes(request: web.Request) -> web.Response:
    page = Dispute._api_list_all("/v1/disputes", payment_intent=request.query["payment_intent"])
    return web.json_response(page._export())


async def _dispute(request: web.Request) -> web.Response:
    """The payer objects, or the bank decides."""
    intent = r.store["payment_intent:" + request.match_info["id"]]
    charge, status = intent.latest_charge, (await request.json())["status"]
    known = [
        one
        for one in r.store.values()
        if isinstance(one, Dispute) and one.payment_intent == intent.id
    ]
    for one in known:
        one.status = status
    if not known:
        made = Dispute(charge, status)
        made._account = intent._account
    charge.disputed = True
    return web.Response()


async def _lapse(request: web.Request) -> web.Response:
    """The bank keeps what was set aside no longer."""
    intent = r.store["payment_intent:" + request.match_info["id"]]
    intent._canceled = True
    intent.cancellation_reason = "automatic"
    return web.Response()


async def _fail(request: web.Request) -> web.Response:
    """The bank sends a refund back."""
    refund = r.store["refund:" + request.match_info["id"]]
    refund.status = "failed"
    refund.failure_reason = (await request.json())["reason"]
    return web.Response()


async def _a_day_later(_: web.Request) -> web.Response:
    """The keys are forgotten."""
    _kept.clear()
    return web.Response()
