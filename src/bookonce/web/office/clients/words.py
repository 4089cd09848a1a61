"""What the pages of clients say about what was done, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from babel.support import NullTranslations

from bookonce.platform.errors import FieldError


def done_text(done: str, words: NullTranslations) -> str:
    """What was done, as the address says it; empty if it says nothing that is known."""
    _ = words.gettext
    return {
        "added": _("Written down."),
        "saved": _("Saved."),
        "merged": _("Merged. They are one client now."),
        "unmerged": _("Taken apart again."),
        "erased": _("Erased. Times and prices stay in the books."),
    }.get(done, "")


def wrong_fields(errors: Sequence[FieldError], words: NullTranslations) -> dict[str, str]:
    """What to say by which field."""
    _ = words.gettext
    texts = {
        "name": _("Please enter a name of at most 200 characters."),
        "email": _("Please enter an email address such as anna@example.com."),
        "phone": _("Please enter a phone number such as +49 30 1234567, or leave it empty."),
        "notes": _("At most 2,000 characters, please."),
        "flags": _("At most ten, of at most 60 characters each, please."),
    }
    return {error.field: texts.get(error.field, error.message) for error in errors}


def field_name(name: str, words: NullTranslations) -> str:
    """What a field of a client is called."""
    _ = words.gettext
    return {
        "name": _("Name"),
        "email": _("Email"),
        "phone": _("Phone"),
        "notes": _("Notes"),
        "flags": _("Flags"),
    }[name]


def reason_text(reason: str, words: NullTranslations) -> str:
    """Why two clients may be one."""
    _ = words.gettext
    return {
        "email": _("the same mail address"),
        "phone": _("the same number"),
        "name": _("the same name"),
        "similar": _("a similar name"),
    }[reason]
