"""What is said of webhooks and their deliveries."""

from __future__ import annotations

from babel.support import NullTranslations

from bookonce.webhooks.log_rows import Delivery
from bookonce.webhooks.retrying import Disabled, Problem


def fates(words: NullTranslations) -> dict[str, str]:
    """What can become of a delivery, by its status."""
    _ = words.gettext
    return {
        "waiting": _("waiting"),
        "sending": _("being sent"),
        "delivered": _("has arrived"),
        "failed": _("given up"),
    }


def problem_name(problem: str, words: NullTranslations) -> str:
    """Why there was no answer."""
    _ = words.gettext
    return {
        Problem.REFUSED: _("It leads to an address that nothing is sent to."),
        Problem.NO_HOST: _("The name leads nowhere."),
        Problem.UNREACHABLE: _("Nobody answers there."),
        Problem.TLS: _("The connection isn't trusted."),
        Problem.TIMEOUT: _("It took too long."),
        Problem.NO_ANSWER: _("What came was no answer."),
        Problem.SEAL_LOST: _("Its secret can't be read any more. Give it a new one."),
        Problem.FAULT: _("That is a fault of Bookonce."),
        Problem.DISABLED: _("The webhook was disabled."),
    }[Problem(problem)]


def said(delivery: Delivery, words: NullTranslations) -> str:
    """What came of the last attempt; the receiver's words as they are."""
    if delivery.problem:
        return problem_name(delivery.problem, words)
    if delivery.answer_status is None:
        return ""
    return f"{delivery.answer_status} {(delivery.answer or '')[:200]}".strip()


def disabled_name(why: Disabled, words: NullTranslations) -> str:
    """Why a webhook is sent nothing any more."""
    _ = words.gettext
    return {
        Disabled.GONE: _("disabled: it answered that it is gone"),
        Disabled.FAILING: _("disabled: it failed for days"),
        Disabled.BY_HAND: _("disabled"),
    }[why]


def done(name: str, words: NullTranslations) -> str:
    """What was just done, by its name in the address; empty if it is none."""
    _ = words.gettext
    return {
        "saved": _("Saved."),
        "tested": _("A test is on its way. Look here again in a moment."),
        "resent": _("It is being sent again."),
        "removed": _("That webhook is removed."),
    }.get(name, "")
