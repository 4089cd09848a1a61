"""The booking form: what was typed, and what is wrong with it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from babel.support import NullTranslations

from bookonce.booking.client import Client
from bookonce.platform.errors import FieldError

FIELDS = ("name", "email", "phone", "notes")
TRAP = "website"
"""A field that people don't see; only programs fill it in."""
SECOND = "second"
KEY_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of the form as they are shown, and the key that makes sending it twice book once."""

    name: str = ""
    email: str = ""
    phone: str = ""
    notes: str = ""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    stamp: str = ""
    """When the form was first shown, signed together with the key."""
    proof: str = ""
    """A proof of work, if the browser has found one."""
    trap: str = ""
    before: str = ""
    """The key of the form that booked the time which this one asks for again."""
    is_second: bool = False
    """Whether it is to be booked although the same mail address has this time already."""

    @classmethod
    def of(cls, fields: Any) -> Form:
        """From what was sent."""
        typed = {name: str(fields.get(name) or "").replace("\r\n", "\n") for name in FIELDS}
        key = str(fields.get("key") or "")[:KEY_LENGTH_MAX]
        carried = {name: str(fields.get(name) or "") for name in ("stamp", "proof")}
        found = cls(
            **typed,
            **carried,
            trap=str(fields.get(TRAP) or ""),
            before=str(fields.get("before") or "")[:KEY_LENGTH_MAX],
            is_second=bool(fields.get(SECOND)),
        )
        return replace(found, key=key) if key else found

    def again(self, *, before: str = "") -> Form:
        """The same fields for another try: a new key, because it will be another request, and no
        stamp yet. `before` is that of the form which booked what this one asks for.
        """
        return Form(self.name, self.email, self.phone, self.notes, before=before)

    def after(self, *wish: str | None) -> Form:
        """The same for a new booking where this one's key has led to something that is over. `wish`
        is what else makes the request: sent twice, it is one request again.
        """
        whole = msgspec.json.encode((self.client, self.notes, wish))
        return replace(self, key=f"{self.key[:150]}.{hashlib.sha256(whole).hexdigest()[:32]}")

    @property
    def idempotency_key(self) -> str:
        """The key in a name space of its own: one that a program has made up opens nothing here."""
        return f"form {self.key}"

    @property
    def client(self) -> Client:
        """Who books."""
        return Client(self.name, self.email, self.phone or None)


def wrong_fields(errors: Iterable[FieldError], words: NullTranslations) -> dict[str, str]:
    """What to say by which field of the form."""
    _ = words.gettext
    texts = {
        "name": _("Please tell us your name, in at most 200 characters."),
        "email": _("Please enter an email address such as anna@example.com."),
        "phone": _("Please enter a number such as +49 30 1234567, or nothing."),
        "notes": _("Please keep to 2,000 characters."),
    }
    wrong = {error.field.rpartition(".")[2] for error in errors}
    return {name: text for name, text in texts.items() if name in wrong}
