"""Which providers an installation has, and the settings that say so."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bookonce.payments.providers.configured import providers
from bookonce.platform.errors import ValidationError
from bookonce.platform.settings import Settings

KEYS = {
    "BOOKONCE_STRIPE_SECRET_KEY": "sk_test_verysecret",
    "BOOKONCE_STRIPE_PUBLISHABLE_KEY": "pk_test_forall",
    "BOOKONCE_STRIPE_WEBHOOK_SECRET": "whsec_verysecret",
}


async def test_cards_are_taken_once_there_are_keys() -> None:
    without, with_keys = providers(Settings.read({})), providers(Settings.read(KEYS))
    assert {name: provider.takes_cards for name, provider in without.items()} == {"on_site": False}
    assert {name: provider.takes_cards for name, provider in with_keys.items()} == {
        "on_site": False,
        "stripe": True,
    }
    for provider in with_keys.values():
        await provider.close()


def test_the_settings_are_read() -> None:
    settings = Settings.read(KEYS | {"BOOKONCE_STRIPE_API_BASE": "http://[::1]:8420/"})
    assert settings.stripe_secret_key == "sk_test_verysecret"
    assert settings.stripe_publishable_key == "pk_test_forall"
    assert settings.stripe_webhook_secret == "whsec_verysecret"
    assert settings.stripe_api_base == "http://[::1]:8420"
    assert settings.stripe_js == "https://js.stripe.com/v3/"
    assert Settings.read({}).stripe_api_base == "https://api.stripe.com"


def test_no_secret_is_in_the_settings_text() -> None:
    settings = Settings.read(
        KEYS
        | {
            "BOOKONCE_SECRET_KEY": "verysecret" * 4,
            "BOOKONCE_DATABASE_URL": "postgresql://bookonce:verysecret@127.0.0.1/bookonce",
        }
    )
    assert "verysecret" not in repr(settings)
    assert "verysecret" not in str(settings)


@pytest.mark.parametrize(
    "name, value",
    [
        ("SECRET_KEY", "pk_test_verysecret"),
        ("SECRET_KEY", "verysecret"),
        ("PUBLISHABLE_KEY", "sk_test_verysecret"),
        ("PUBLISHABLE_KEY", ""),
        ("API_BASE", "http://api.stripe.com"),
        ("API_BASE", "http://127.0.0.1.example.com"),
        ("API_BASE", "http://10.0.0.1"),
        ("API_BASE", "api.stripe.com"),
        ("API_BASE", "https://"),
        ("API_BASE", "https://x:verysecret@api.stripe.com"),
        ("JS", "http://js.stripe.com/v3/"),
        ("JS", "javascript:alert(1)"),
        ("JS", "https://js.stripe.com:port/v3/"),
    ],
)
def test_a_wrong_setting_is_named_and_no_key_repeated(name: str, value: str) -> None:
    with pytest.raises(ValidationError) as told:
        Settings.read(KEYS | {f"BOOKONCE_STRIPE_{name}": value})
    assert f"BOOKONCE_STRIPE_{name}" in [error.field for error in told.value.errors]
    assert "verysecret" not in repr(told.value.errors)


@pytest.mark.parametrize("host", ["127.0.0.1:8420", "127.8.8.8", "localhost:1", "[::1]"])
def test_http_is_fine_on_this_machine(host: str) -> None:
    assert Settings.read(KEYS | {"BOOKONCE_STRIPE_JS": f"http://{host}/v3/"})


def test_the_library_is_loaded_only_where_it_is_used() -> None:
    program = (
        "import sys; from bookonce.payments.providers.configured import providers;"
        "from bookonce.platform.settings import Settings; providers(Settings.read({}));"
        "sys.exit('stripe' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
