"""What is told of a deposit before somebody commits to it, and what has become of it afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.deposits import amount_of
from bookonce.booking.terms import Terms
from bookonce.business.deposits import DepositFor, RefundTier
from bookonce.business.directory import Directory
from bookonce.business.document import Service
from bookonce.payments.states import PaymentStatus
from bookonce.platform import money
from bookonce.platform.languages import Language

CARDS = "stripe"
"""The provider whose script this page knows how to use."""


@dataclass(frozen=True, slots=True)
class DepositAsked:
    """The deposit of a service, in words."""

    amount: str
    """How much, and that it is with tax."""
    asked_of: str
    """Of whom, if not of everyone."""
    refunds: list[str]
    """What comes back to whoever cancels, a sentence for each rule."""
    is_for_all: bool
    by_card: bool
    can_be_taken: bool
    """Whether this installation has a way to take it."""


def deposit_asked(
    installation: Installation,
    directory: Directory,
    services: Sequence[Service],
    language: Language,
) -> DepositAsked | None:
    """What a visitor should know who is about to book; None if nothing is asked in advance."""
    asking = [(each, amount_of(directory, each)) for each in services]
    amount_minor = sum(amount_minor or 0 for _, amount_minor in asking)
    if not amount_minor:
        return None
    asked_of = {each.deposit_for for each, amount_minor in asking if amount_minor}
    _ = language.words.gettext
    payments, currency = directory.business.payments, directory.business.business.currency
    provider = installation.providers.get(payments.provider)
    by_card = provider is None or provider.takes_cards
    amount = language.amount(money.major(amount_minor, currency), currency)
    now, at_all = _("Deposit %(amount)s now, incl. tax"), _("Deposit %(amount)s, incl. tax")
    return DepositAsked(
        amount=(now if by_card else at_all) % {"amount": amount},
        asked_of=_asked_of(next(iter(asked_of)), language) if len(asked_of) == 1 else "",
        refunds=refund_words(Terms.of(directory.business), language),
        is_for_all=() in asked_of,
        by_card=by_card,
        can_be_taken=provider is not None,
    )


def _asked_of(whom: Sequence[DepositFor], language: Language) -> str:
    _ = language.words.gettext
    if DepositFor.NEW_CLIENTS in whom and DepositFor.NO_SHOWS in whom:
        return _("only on your first visit or after a missed appointment")
    if DepositFor.NEW_CLIENTS in whom:
        return _("only on your first visit")
    return _("only after a missed appointment") if whom else ""


def refund_words(promised: Terms, language: Language) -> list[str]:
    """What comes back to whoever cancels how long before, the most first."""
    _ = language.words.gettext
    rules = _rules(promised.refunds, promised.cancel_until_min)
    found = []
    if promised.grace_min and (0, 100) not in rules:
        text = _("If you cancel within %(time)s of booking, you get all of it back.")
        found.append(text % {"time": language.duration(promised.grace_min)})
    if not rules:
        last = _("If you cancel later than that, nothing comes back.")
        return [*found, last if found else _("The deposit isn't given back if you cancel.")]
    for until_min, percent in rules:
        filled = {"time": language.span(until_min), "percent": language.percent(percent)}
        if percent == 100 and until_min:
            text = _("If you cancel at least %(time)s before, you get all of it back.")
        elif percent == 100:
            text = _("If you cancel before it begins, you get all of it back.")
        elif until_min:
            text = _("If you cancel at least %(time)s before, you get %(percent)s of it back.")
        else:
            text = _("If you cancel before it begins, you get %(percent)s of it back.")
        found.append(text % filled)
    if rules[-1][0] > promised.cancel_until_min:
        found.append(_("If you cancel later than that, nothing comes back."))
    return found


def _rules(tiers: Sequence[RefundTier] | None, cancel_until_min: int) -> list[tuple[int, int]]:
    """Until how long before which percentage comes back. Tiers that another one makes pointless, or
    the limit for cancelling out of reach, are left out.
    """
    if tiers is None:
        return [(cancel_until_min, 100)]
    best: list[tuple[int, int]] = []
    reachable = [(max(tier.until_min, cancel_until_min), tier.percent) for tier in tiers]
    for until_min, percent in sorted(reachable, key=lambda rule: (rule[0], -rule[1])):
        if percent > (best[-1][1] if best else 0):
            best.append((until_min, percent))
    return best[::-1]


def standing(appointment: Appointment, language: Language, *, by_card: bool) -> str:
    """What has become of the deposit of an appointment that is confirmed or over; empty if there
    is nothing to tell.
    """
    deposit_minor = appointment.deposit_minor
    if deposit_minor is None:
        return ""
    _ = language.words.gettext

    def filled(minor: int) -> dict[str, str]:
        major = money.major(minor, appointment.currency)
        return {"amount": language.amount(major, appointment.currency)}

    keep_minor = deposit_minor if appointment.keep_minor is None else appointment.keep_minor
    is_over = appointment.status is Status.CANCELLED
    told: list[str] = []
    match appointment.payment_status:
        case PaymentStatus.CAPTURED:
            # Of what was reserved only what is kept may have been taken.
            back_minor = deposit_minor - keep_minor - appointment.refunded_minor
            told.append(_("%(amount)s, paid") % filled(deposit_minor))
            if appointment.refunded_minor:
                told.append(_("%(amount)s given back") % filled(appointment.refunded_minor))
            if back_minor > 0:
                told.append(_("%(amount)s is being given back") % filled(back_minor))
        case PaymentStatus.AUTHORISED if is_over and keep_minor == 0:
            text = _("%(amount)s was reserved and is being released; nothing is taken")
            told.append(text % filled(deposit_minor))
        case PaymentStatus.AUTHORISED if is_over:
            told.append(_("%(amount)s is kept") % filled(keep_minor))
        case PaymentStatus.AUTHORISED:
            text = _("%(amount)s, reserved on your card") if by_card else _("%(amount)s, paid")
            told.append(text % filled(deposit_minor))
        case _ if is_over:
            told.append(_("Nothing was taken"))
    return "; ".join(told)
