"""What happened in a business, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

import msgspec
from babel.support import NullTranslations

from bookonce.accounts.roles import Right, read_rights
from bookonce.business.directory import Directory
from bookonce.events.catalogue import (
    KINDS,
    AppointmentFacts,
    BlockFacts,
    ChangeFacts,
    FeedFacts,
    KeyFacts,
    MemberFacts,
    RefundFacts,
    RefusalFacts,
    WebhookFacts,
)
from bookonce.keys.scopes import Scope
from bookonce.platform import money
from bookonce.platform.actor import ActorKind
from bookonce.platform.languages import Language
from bookonce.web.office.history import detail as appointment_detail
from bookonce.web.office.history import what as appointment_what
from bookonce.web.office.words import right_name, role_name, scope_name

CHANGES_SHOWN_MAX = 8
UNTOLD = frozenset({"booking.refused", "move.refused", "move.unchanged", "payment.notified"})
"""Kinds that changed nothing: programs may read them, a history needn't."""


def groups(words: NullTranslations) -> dict[str, str]:
    """What a history can be narrowed to: the first word of kinds, and what that is called."""
    _ = words.gettext
    return {
        "appointment": _("Appointments"),
        "time": _("Blocked time"),
        "business": _("Settings"),
        "member": _("Team"),
        "client": _("Clients"),
        "refund": _("Refunds"),
        "feed": _("Calendar addresses"),
        "key": _("API keys"),
        "webhook": _("Webhooks"),
    }


def kinds_of(group: str) -> list[str]:
    """The kinds of a group; of all groups, if there is no such group."""
    told = [name for name in KINDS if name not in UNTOLD]
    return [name for name in told if name.partition(".")[0] == group] or told


def actor_names(words: NullTranslations) -> dict[str, str]:
    """Those who act without an account, by the kind of actor."""
    _ = words.gettext
    return {
        ActorKind.VISITOR.value: _("Clients themselves"),
        ActorKind.KEY.value: _("Programs with a key"),
        ActorKind.AGENT.value: _("Agents"),
        ActorKind.SYSTEM.value: _("Bookonce itself"),
    }


def what(kind: str, language: Language) -> str:
    """What happened, by the kind of event."""
    _ = language.words.gettext
    return {
        "time.blocked": _("Time blocked"),
        "time.rezoned": _("Blocked time put right by the clock"),
        "time.unblocked": _("Blocked time given back"),
        "business.changed": _("Settings changed"),
        "client.created": _("Client written down"),
        "client.changed": _("Client changed"),
        "client.merged": _("Two clients merged"),
        "client.unmerged": _("Merge of two clients undone"),
        "client.import_requested": _("File of clients handed in"),
        "client.imported": _("Clients brought in from a file"),
        "client.erased": _("A client's particulars erased"),
        "member.invited": _("Somebody invited"),
        "member.joined": _("Joined the team"),
        "member.changed": _("Role changed"),
        "member.removed": _("Taken out of the team"),
        "feed.made": _("Calendar address made"),
        "feed.revoked": _("Calendar address revoked"),
        "key.created": _("API key made"),
        "key.revoked": _("API key revoked"),
        "webhook.created": _("Webhook made"),
        "webhook.changed": _("Webhook changed"),
        "webhook.tested": _("Webhook tried out"),
        "webhook.disabled": _("Webhook disabled"),
        "webhook.removed": _("Webhook removed"),
    }.get(kind) or appointment_what(kind, language)


class Teller:
    """Says what the facts of an event are, in a language and by a zone's clock."""

    def __init__(
        self, directory: Directory, language: Language, members: Mapping[str, str]
    ) -> None:
        self.directory, self.language, self.members = directory, language, members
        self._tellers: dict[type[msgspec.Struct], Callable[[msgspec.Struct, ZoneInfo], str]] = {
            AppointmentFacts: self._appointment,
            BlockFacts: self._block,
            ChangeFacts: self._change,
            MemberFacts: self._member,
            RefundFacts: self._refund,
            FeedFacts: self._feed,
            KeyFacts: self._key,
            WebhookFacts: self._webhook,
            RefusalFacts: lambda _facts, _zone: "",
        }

    def detail(self, kind: str, facts: str, zone: ZoneInfo) -> str:
        """What an event carries, as a line; empty for a kind that this version doesn't know."""
        known = KINDS.get(kind)
        teller = self._tellers.get(known.facts) if known else None
        if known is None or teller is None:
            return ""
        return teller(msgspec.json.decode(facts, type=known.facts), zone)

    def _appointment(self, facts: msgspec.Struct, zone: ZoneInfo) -> str:
        assert isinstance(facts, AppointmentFacts)
        services = self.language.listed([part.service_name for part in facts.parts])
        return self.language.joined(services, appointment_detail(facts, None, self.language, zone))

    def _block(self, facts: msgspec.Struct, zone: ZoneInfo) -> str:
        assert isinstance(facts, BlockFacts)
        return self.language.joined(
            self._name(facts.resource),
            self.language.stretch(facts.start.astimezone(zone), facts.end.astimezone(zone)),
            f"“{facts.reason}”" if facts.reason else "",
        )

    def _change(self, facts: msgspec.Struct, _zone: ZoneInfo) -> str:
        assert isinstance(facts, ChangeFacts)
        rest = len(facts.changes) - CHANGES_SHOWN_MAX
        more = [f"+{rest}"] if rest > 0 else []
        return "\n".join([*facts.changes[:CHANGES_SHOWN_MAX], *more])

    def _member(self, facts: msgspec.Struct, _zone: ZoneInfo) -> str:
        assert isinstance(facts, MemberFacts)
        words = self.language.words
        switched = [
            f"{sign}{right_name(right, words)}"
            for sign, names in (("+", facts.granted), ("−", facts.withheld))
            for right in sorted(read_rights(names), key=list(Right).index)
        ]
        return self.language.joined(
            self.members.get(str(facts.account), ""),
            role_name(facts.role, words),
            self._name(facts.staff) if facts.staff else "",
            *switched,
        )

    def _refund(self, facts: msgspec.Struct, _zone: ZoneInfo) -> str:
        assert isinstance(facts, RefundFacts)
        amount = money.major(facts.amount_minor, facts.currency)
        return self.language.joined(
            self.language.amount(amount, facts.currency), facts.problem or ""
        )

    def _feed(self, facts: msgspec.Struct, _zone: ZoneInfo) -> str:
        assert isinstance(facts, FeedFacts)
        return self._name(facts.staff)

    def _key(self, facts: msgspec.Struct, _zone: ZoneInfo) -> str:
        assert isinstance(facts, KeyFacts)
        words = self.language.words
        scopes = [scope_name(scope, words) for scope in Scope if scope in facts.scopes]
        return self.language.joined(facts.name, *scopes)

    def _webhook(self, facts: msgspec.Struct, _zone: ZoneInfo) -> str:
        assert isinstance(facts, WebhookFacts)
        return facts.host

    def _name(self, key: str) -> str:
        return self.directory.staff_name(key)
