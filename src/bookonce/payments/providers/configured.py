"""The payment providers that an installation has."""

from __future__ import annotations

from bookonce.payments.provider import PaymentProvider
from bookonce.payments.providers.on_site import OnSitePayments
from bookonce.platform.settings import Settings


def provider_names(settings: Settings) -> list[str]:
    """Who can take payments here, without getting anything ready for it."""
    return [OnSitePayments.name, *(["stripe"] if settings.stripe_secret_key else [])]


def providers(settings: Settings) -> dict[str, PaymentProvider]:
    """Each by the name that business files call it. Whoever asks for them closes them."""
    known: list[PaymentProvider] = [OnSitePayments()]
    if settings.stripe_secret_key:
        # Loaded only where it is used: the SDK costs each process a third of a second.
        from bookonce.payments.providers.stripe import StripePayments

        known.append(
            StripePayments(
                secret_key=settings.stripe_secret_key,
                webhook_secret=settings.stripe_webhook_secret,
                api_base=settings.stripe_api_base,
            )
        )
    return {provider.name: provider for provider in known}
