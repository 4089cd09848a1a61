"""A part of the document that a form is about, and the edits that a form makes of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import msgspec

from bookonce.business.change import Edit
from bookonce.business.document import ANYONE, Business
from bookonce.business.tree import as_tree, from_tree
from bookonce.platform.errors import FieldError, NotFoundError, ValidationError
from bookonce.web.office.settings.composite import Group
from bookonce.web.office.settings.controls import LACKING
from bookonce.web.office.settings.sections import Section
from bookonce.web.office.settings.typed import Typed

KEY_LENGTH_MAX = 40


class PartError(ValidationError):
    """What is wrong with a form: `own` by the place within its part, `others` by that in the
    document.
    """

    def __init__(self, own: dict[str, str], others: list[FieldError]) -> None:
        super().__init__([*(FieldError(place, text) for place, text in own.items()), *others])
        self.own, self.others = own, others


@dataclass(frozen=True, slots=True)
class Part:
    """A table of the document, or one of the things that are listed in it: `key`; None: a new one."""

    section: Section
    key: str | None = None
    is_new: bool = False

    def value(self, business: Business) -> dict[str, Any]:
        """What the document says of it, as a tree. Raises NotFoundError."""
        return self._value(_tree_of(business))

    def _value(self, tree: dict[str, Any]) -> dict[str, Any]:
        if self.is_new:
            return {}
        found = tree.get(self.section.table, [] if self.section.is_list else {})
        if not self.section.is_list:
            return dict(found)
        return dict(found[self.place_in(tree)])

    def taken(self, business: Business) -> list[str]:
        """The keys that things of its list have."""
        if not self.section.is_list:
            return []
        return [ANYONE, *(each.key for each in getattr(business, self.section.table))]

    def place_in(self, tree: dict[str, Any]) -> int:
        """Where in its list it stands; a new one comes last. Raises NotFoundError."""
        listed = tree.get(self.section.table, [])
        if self.is_new:
            return len(listed)
        for number, each in enumerate(listed):
            if each["key"] == self.key:
                return number
        raise NotFoundError("There is nothing of this name in the settings.")

    def edit(self, group: Group, values: dict[str, Any]) -> Edit:
        """The edit that has it say what a form says; what isn't in the form stays."""

        def change(tree: dict[str, Any]) -> str:
            kept = {name: v for name, v in self._value(tree).items() if name not in group.fields}
            if not self.section.is_list:
                tree[self.section.table] = kept | values
                return f"{self.section.table}"
            place, listed = self.place_in(tree), tree.setdefault(self.section.table, [])
            listed[place : place + 1] = [kept | {"key": self.key} | values]
            return f"{self.section.table}[{place}]"

        return _edit(change)

    def setting(self, name: str, value: str | None) -> Edit:
        """The edit that has one of its fields say something else, or nothing."""

        def change(tree: dict[str, Any]) -> str:
            if self.section.is_list:
                owner = tree[self.section.table][self.place_in(tree)]
            else:
                owner = tree.setdefault(self.section.table, {})
            owner.pop(name, None)
            if value is not None:
                owner[name] = value
            return ""

        return _edit(change)

    def removal(self) -> Edit:
        """The edit that takes it out, and out of what names it."""

        def change(tree: dict[str, Any]) -> str:
            tree[self.section.table].pop(self.place_in(tree))
            _forget(tree, self.section.table, self.key)
            return ""

        return _edit(change)

    def moved(self, by: int) -> Edit:
        """The edit that has it come earlier (-1) or later (1) in its list."""

        def change(tree: dict[str, Any]) -> str:
            place, listed = self.place_in(tree), tree[self.section.table]
            listed.insert(max(0, place + by), listed.pop(place))
            return ""

        return _edit(change)


def _edit(change: Callable[[dict[str, Any]], str]) -> Edit:
    """An edit of the tree, which says what place it is about. Raises PartError."""

    def edit(business: Business) -> Business:
        tree = _tree_of(business)
        place = change(tree)
        try:
            return from_tree(tree)
        except ValidationError as error:
            raise related(error, place) from None

    return edit


def _tree_of(business: Business) -> dict[str, Any]:
    """The business as a file would have it: lists, where values of ours have tuples."""
    tree: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(as_tree(business)))
    return tree


def related(error: ValidationError, place: str) -> PartError:
    """What is wrong, seen from a place in the document; empty: from nowhere in it."""
    if isinstance(error, PartError):
        return error
    own: dict[str, str] = {}
    others = []
    for field, message in error.errors:
        if place and (field == place or field.startswith((f"{place}.", f"{place}["))):
            own.setdefault(field[len(place) :].lstrip("."), message)
        else:
            others.append(FieldError(field, message))
    return PartError(own, others)


def _forget(tree: dict[str, Any], table: str, key: str | None) -> None:
    """Take a key out of what names it: nobody performs by the name of who is gone."""
    if table == "category":
        for each in tree.get("service", []):
            if each.get("category") == key:
                del each["category"]
    if table == "service":
        _forget_in(tree.get("question", []), "services", key)
    if table == "staff":
        _forget_in(tree.get("service", []), "staff", key)
    if table == "location":
        _forget_in(tree.get("service", []), "locations", key)
        for each in tree.get("staff", []):
            if "at" in each:
                each["at"] = [one for one in each["at"] if one["location"] != key]
        for each in tree.get("resource", []) if not tree["location"] else ():
            each.pop("location", None)  # what was there is where the business is


def _forget_in(listed: list[dict[str, Any]], name: str, key: str | None) -> None:
    for each in listed:
        if each.get(name) is not None:
            each[name] = [one for one in each[name] if one != key]


def read(group: Group, typed: Typed, part: Part, taken: Collection[str]) -> dict[str, Any]:
    """What a form says. A new thing's key is made of its name, unless one was typed; a kind is
    written as keys are.
    """
    found: dict[str, Any] = group.read("", typed)
    if part.section.is_list and not part.is_new:
        found.pop("key", None)
    if part.is_new and not found.get("key"):
        found["key"] = new_key(str(found.get("name", "")), part.section.table, taken)
    if part.section.table == "resource" and found.get("kind", LACKING) is not LACKING:
        found["kind"] = key_of(found["kind"]) or found["kind"]
    return found


def new_key(name: str, fallback: str, taken: Collection[str]) -> str:
    """A key that no other has, as close to the name as its letters allow."""
    stem = key_of(name)[:KEY_LENGTH_MAX].strip("-") or fallback
    key, number = stem, 1
    while key in taken:
        number += 1
        key = f"{stem}-{number}"
    return key


def key_of(name: str) -> str:
    """A name in small Latin letters, digits and hyphens; empty if it has none of them."""
    for letter, written in (("ß", "ss"), ("æ", "ae"), ("ø", "o"), ("œ", "oe"), ("ł", "l")):
        name = name.lower().replace(letter, written)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
