"""What a page needs for a visitor to enter a card: Stripe's script, and a policy that lets it work.

The number goes from Stripe's own frame to Stripe; neither this page nor this server ever has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from bookonce.business.directory import Directory
from bookonce.platform.settings import Settings
from bookonce.web.templates import Opening

STRIPE = "https://js.stripe.com"


@dataclass(frozen=True, slots=True)
class CardField:
    """How the script is begun."""

    script: str
    key: str
    account: str
    """The business's own at Stripe, where an installation serves several."""


def card_field(settings: Settings, directory: Directory) -> CardField | None:
    """None if the operator has set no keys."""
    if settings.stripe_publishable_key is None:
        return None
    account = directory.business.payments.account or ""
    return CardField(settings.stripe_js, settings.stripe_publishable_key, account)


def opening(settings: Settings) -> Opening:
    """The origins that the script needs, and no others.

    For Stripe's own these are what docs.stripe.com/security/guide asks for card payments. What it
    keeps at m.stripe.network is loaded by its frames, which have a policy of their own.
    """
    script, api = _origin(settings.stripe_js), _origin(settings.stripe_api_base)
    if script == STRIPE:
        everywhere = "https://*.js.stripe.com"
        return Opening(
            scripts=(STRIPE, everywhere),
            frames=(STRIPE, everywhere, "https://hooks.stripe.com"),
            connections=_once("https://api.stripe.com", api),
        )
    # A stand-in speaks to where it came from.
    return Opening(scripts=(script,), frames=(script,), connections=_once(script, api))


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _once(*origins: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(origins))
