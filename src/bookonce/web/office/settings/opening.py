"""Opening a business: a name, who works there, one thing that can be booked, and when."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any
from uuid import uuid5

from litestar import MediaType, Request, Response, get, post
from litestar.response import Redirect

from bookonce.accounts.account import Account
from bookonce.business.document import Business
from bookonce.business.hours import WEEKDAYS
from bookonce.business.tree import from_tree
from bookonce.desk.open_business import open_business, require_may_open
from bookonce.platform.errors import ValidationError
from bookonce.web.forms import form_fields
from bookonce.web.office.dependencies import Page, SignedIn
from bookonce.web.office.guard import SIGNED_IN
from bookonce.web.office.page import Office
from bookonce.web.office.settings.choices import currencies, zones
from bookonce.web.office.settings.controls import LACKING, Amount, Number, Spans
from bookonce.web.office.settings.guess import (
    currencies_by_zone,
    currency_of,
    locale_of,
    territory_of,
    zone_of,
)
from bookonce.web.office.settings.parts import key_of, new_key
from bookonce.web.office.settings.told import wrong
from bookonce.web.office.settings.typed import Typed
from bookonce.web.office.settings.view import placed

PATH = "/account/open"
WORKDAYS = WEEKDAYS[:5]
NUMBERS_MAX = 40
"""So many businesses of one name find an address of their own without being asked for one."""
FIELDS = {
    "business.name": "name",
    "business.slug": "slug",
    "business.timezone": "timezone",
    "business.currency": "currency",
    "staff[0].name": "person",
    "staff[0].key": "person",
    "staff[0].hours": "hours",
    "service[0].name": "service",
    "service[0].duration_min": "duration_min",
    "service[0].price": "price",
    "business": "name",
}
"""By which field of the form it is told what is wrong with a place in the document."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A business as the form describes it."""

    typed: Typed
    account: Account
    locale: str

    @property
    def has_own_address(self) -> bool:
        """Whether they chose the address."""
        return bool(self.typed.text("slug"))

    def business(self, number: int = 1) -> Business:
        """The business, at the address of its name; with a number if others have it. Raises
        ValidationError.
        """
        typed = self.typed
        stem = typed.text("slug") or key_of(typed.text("name"))[:50].strip("-") or "booking"
        hours = Spans().read("hours", typed)
        price = Amount().read("price", typed)
        service = {
            "key": new_key(typed.text("service"), "service", []),
            "name": typed.text("service"),
            "duration_min": Number().read("duration_min", typed),
            "price": price,
        }
        return from_tree(
            {
                "business": {
                    "slug": stem if number == 1 else f"{stem}-{number}",
                    "name": typed.text("name"),
                    "timezone": typed.text("timezone"),
                    "currency": typed.text("currency"),
                    "locale": self.locale,
                },
                "staff": [
                    {
                        "key": new_key(typed.text("person"), "staff", ["any"]),
                        "name": typed.text("person"),
                        "hours": {day: hours for day in WEEKDAYS if day in typed.texts("days[]")},
                    }
                ],
                "service": [{name: each for name, each in service.items() if each is not LACKING}],
            }
        )


@get(PATH, include_in_schema=False, media_type=MediaType.HTML, needs=SIGNED_IN)
async def open_page(office: Page, session: SignedIn) -> Response[str]:
    """Asks what one can't guess."""
    require_may_open(session.account)
    territory = territory_of(office.language)
    typed = Typed(
        [
            ("person", session.account.name),
            ("timezone", zone_of(territory)),
            ("currency", currency_of(territory)),
            ("duration_min", "60"),
            ("hours", "09:00-18:00"),
            ("nonce", token_urlsafe(16)),
            *(("days[]", day) for day in WORKDAYS),
        ]
    )
    return _page(office, typed)


@post(PATH, include_in_schema=False, media_type=MediaType.HTML, status_code=200, needs=SIGNED_IN)
async def open_by_form(
    office: Page, session: SignedIn, request: Request[Any, Any, Any]
) -> Response[str] | Redirect:
    """Opens it, and goes on to its first day."""
    require_may_open(session.account)
    fields = await form_fields(request)
    typed = Typed((name, str(text)) for name, text in fields.multi_items())
    opening = Opening(typed, session.account, locale_of(office.language, typed.text("timezone")))
    try:
        slug = await _opened(office, opening)
    except ValidationError as error:
        return _page(office, typed, error)
    return office.redirect(f"/office/{slug}")


async def _opened(office: Office, opening: Opening) -> str:
    """The address of the new business: that of its name, or the first of its kind that is free.
    Raises ValidationError.
    """
    account, installation = opening.account, office.installation
    # Of the account's own, so that no form names a business of somebody else's.
    business_id = uuid5(account.account_id, opening.typed.text("nonce") or token_urlsafe(16))
    for number in range(1, NUMBERS_MAX + 1):
        try:
            business = opening.business(number)
            await open_business(
                installation.database, business_id, business, account, now=office.now
            )
        except ValidationError as error:
            is_taken = [one.field for one in error.errors] == ["business.slug"]
            if opening.has_own_address or not is_taken or number == NUMBERS_MAX:
                raise
            continue
        return (await installation.by_id(business_id)).slug
    raise AssertionError("the last number returns or raises")


def _page(office: Office, typed: Typed, refused: ValidationError | None = None) -> Response[str]:
    words = office.language.words
    errors: dict[str, str] = {}
    if refused is not None:
        told = {one.field: wrong(one.message, words) for one in reversed(refused.errors)}
        for place, message in placed(told, set(FIELDS)).items():
            errors.setdefault(FIELDS.get(place, "name"), message)
    return office.render(
        "settings/templates/opening.html",
        status=422 if refused else 200,
        typed=typed,
        errors=errors,
        zones=[(zone, zone.replace("_", " ")) for zone in zones()],
        pays=currencies_by_zone(),
        currencies=currencies(office.language.locale),
        weekdays=[(WEEKDAYS[number], full) for number, _, full in office.language.weekdays()],
        base=office.base,
    )


HANDLERS = [open_page, open_by_form]
