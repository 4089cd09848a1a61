"""What changed from one version of a business to the next, in words."""

from __future__ import annotations

from babel.support import NullTranslations

from bookonce.business.change import Entry
from bookonce.business.document import Business
from bookonce.platform.actor import COMMAND_LINE, Actor, ActorKind
from bookonce.platform.languages import Language
from bookonce.web.office.settings.labels import labels, named
from bookonce.web.office.settings.sections import BY_TABLE
from bookonce.web.office.settings.words import section_names
from bookonce.web.office.words import role_name

PICTURE = "data:image/"


def told_changes(lines: list[str], business: Business, reader: Language) -> list[str]:
    """Lines of a difference with the names that people know."""
    return [_told(line, business, reader) for line in lines]


def _told(line: str, business: Business, reader: Language) -> str:
    place, colon, rest = line.partition(": ")
    table, dot, inner = place.partition(".")
    section = BY_TABLE.get(table)
    if not colon or section is None:
        return _whole(line, reader.words)
    names = [section_names(reader.words)[section.path]]
    if section.is_list and dot:
        key, dot, inner = inner.partition(".")
        listed = {each.key: each.name for each in getattr(business, table)}
        names.append(listed.get(key, key))
    if inner:
        known = labels(reader.words).get(section.struct, {})
        field, dot, deeper = inner.partition(".")
        names.append(known.get(field, named(field)).name)
        if deeper:
            names.append(_weekday(deeper, reader))
    return f"{' › '.join(names)}: {_outcome(rest, reader.words)}"


def _whole(line: str, words: NullTranslations) -> str:
    """A line about the business as a whole."""
    _ = words.gettext
    if line.endswith(": created"):
        return _("The business was opened.")
    if line == "order: changed":
        return _("The order was changed.")
    return _("What came before wasn't kept.") if "wasn't kept" in line else line


def _weekday(deeper: str, reader: Language) -> str:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    if deeper in days:
        return {number: full for number, _, full in reader.weekdays()}[days.index(deeper)]
    return deeper


def _outcome(rest: str, words: NullTranslations) -> str:
    _ = words.gettext
    for begins, text in (("added", _("new")), ("removed", _("removed"))):
        if rest == begins or rest.startswith(f"{begins} "):
            more = rest[len(begins) :]
            return text if more.strip().startswith(PICTURE) else f"{text}{more}"
    if rest.startswith(PICTURE):
        return _("another one")
    before, arrow, after = rest.partition(" → ")
    return (
        arrow.join("–" if text == "none" else text for text in (before, after)) if arrow else rest
    )


def who(actor: Actor, words: NullTranslations) -> str:
    """Who made a change."""
    _ = words.gettext
    kinds = {
        ActorKind.VISITOR: _("a visitor"),
        ActorKind.SYSTEM: _("the installation"),
        ActorKind.AGENT: _("an agent"),
        ActorKind.KEY: _("a program"),
        ActorKind.ACCOUNT: _("an account"),
    }
    if actor == COMMAND_LINE:
        return _("the command line")
    name = actor.name or kinds.get(actor.kind, actor.kind.value)
    return f"{name} ({role_name(actor.role, words)})" if actor.role else name


def meanwhile(
    since: list[Entry], business: Business, reader: Language
) -> list[tuple[str, list[str]]]:
    """Who changed what since the version that an editor saw."""
    return [
        (who(each.actor, reader.words), told_changes(each.changes, business, reader))
        for each in since
    ]
