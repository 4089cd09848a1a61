"""The booking form: what was typed, and what is wrong with it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import msgspec
from babel.support import NullTranslations

from bookonce.booking.client import Client
from bookonce.business.answers import CONSENT_REQUIRED, REQUIRED
from bookonce.platform.errors import FieldError

FIELDS = ("name", "email", "phone", "notes")
TRAP = "website"
"""A field that people don't see; only programs fill it in."""
SECOND = "second"
ANSWER = "answer-"
"""What the fields of the business's own questions begin with; their keys follow."""
ANSWERS_MAX, ANSWER_LENGTH_MAX = 100, 5_000
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
    answers: Mapping[str, str] = field(default_factory=dict)
    """To the business's questions, by their keys; of a choice the number of what was chosen."""

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
            answers=_answers(fields),
        )
        return replace(found, key=key) if key else found

    def again(self, *, before: str = "") -> Form:
        """The same fields for another try: a new key, because it will be another request, and no
        stamp yet. `before` is that of the form which booked what this one asks for.
        """
        typed = (self.name, self.email, self.phone, self.notes)
        return Form(*typed, before=before, answers=self.answers)

    def after(self, *wish: str | None) -> Form:
        """The same for a new booking where this one's key has led to something that is over. `wish`
        is what else makes the request: sent twice, it is one request again.
        """
        whole = msgspec.json.encode((self.client, self.notes, wish, *sorted(self.answers.items())))
        return replace(self, key=f"{self.key[:150]}.{hashlib.sha256(whole).hexdigest()[:32]}")

    @property
    def idempotency_key(self) -> str:
        """The key in a name space of its own: one that a program has made up opens nothing here."""
        return f"form {self.key}"

    @property
    def client(self) -> Client:
        """Who books."""
        return Client(self.name, self.email, self.phone or None)


def _answers(fields: Any) -> dict[str, str]:
    given = ((name, value) for name, value in fields.items() if name.startswith(ANSWER))
    return {
        name.removeprefix(ANSWER): str(value).replace("\r\n", "\n")[:ANSWER_LENGTH_MAX]
        for name, value in islice(given, ANSWERS_MAX)
    }


def wrong_fields(errors: Iterable[FieldError], words: NullTranslations) -> dict[str, str]:
    """What to say by which field of the form."""
    _ = words.gettext
    texts = {
        "name": _("Please tell us your name, in at most 200 characters."),
        "email": _("Please enter an email address such as anna@example.com."),
        "phone": _("Please enter a number such as +49 30 1234567, or nothing."),
        "notes": _("Please keep to 2,000 characters."),
    }
    found = {}
    for error in errors:
        place, _dot, name = error.field.partition(".")
        if place == "answers" and name:
            found[f"{ANSWER}{name}"] = _answer_text(error.message, words)
        elif error.field == "client.phone" and error.message == REQUIRED:
            found["phone"] = _("Please enter a number such as +49 30 1234567.")
        elif (field_name := error.field.rpartition(".")[2]) in texts:
            found[field_name] = texts[field_name]
    return found


def _answer_text(message: str, words: NullTranslations) -> str:
    _ = words.gettext
    if message == REQUIRED:
        return _("Please answer this.")
    if message == CONSENT_REQUIRED:
        return _("Please tick this. Without it nothing can be booked.")
    return _("Please choose or write this anew, in fewer words.")
