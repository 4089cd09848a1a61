"""`bookonce payments`, and what `apply` and `doctor` say of deposits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.replay import Booked
from bookonce.business import toml_file
from bookonce.business.document import Business
from bookonce.payments.pay import pay
from bookonce.payments.providers.on_site import OnSitePayments
from bookonce.payments.providers.stripe import StripePayments
from bookonce.payments.reconcile import look_again
from bookonce.payments.settle import settle
from bookonce.platform.actor import SYSTEM, VISITOR
from bookonce.platform.database import Database
from tests.cli.commands import bookonce
from tests.factories import a_booking, a_business, a_service, tomorrow_at
from tests.localstripe import SECRET_KEY, LocalStripe

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def stripe() -> Iterator[LocalStripe]:
    with LocalStripe() as running:
        yield running


def salon(provider: str) -> Business:
    return a_business(
        payments={"provider": provider}, service=[a_service(price="48.00", deposit="30%")]
    )


def paid(url: str, business: Business, stripe: LocalStripe | None = None) -> Booked:
    """A held appointment, paid for by card and settled if there is a Stripe."""

    async def work() -> Booked:
        database = Database(url, connections_max=2)
        await database.open()
        await apply_file.apply(database, business, now=NOW)
        base = stripe.api_base if stripe else "http://127.0.0.1:9"
        provider = StripePayments(secret_key=SECRET_KEY, api_base=base)
        installation = Installation(
            database, providers={"stripe": provider, "on_site": OnSitePayments()}
        )
        slug = business.business.slug
        held = await book(installation, slug, a_booking(tomorrow_at(10)), actor=VISITOR, now=NOW)
        if stripe:
            await pay(installation, slug, held.appointment.id, stripe.make_token(), now=NOW)
            await settle(installation, held.directory.business_id, held.appointment.id, now=NOW)
        await provider.close()
        await database.close()
        return held

    return asyncio.run(work())


def of(url: str, query: str, *arguments: Any) -> Any:
    async def work() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(query, *arguments)
        finally:
            await connection.close()

    return asyncio.run(work())


def at(url: str) -> list[str]:
    return ["--database-url", url]


def test_the_books_agree_until_somebody_changes_one(
    new_database: Callable[[], str], stripe: LocalStripe
) -> None:
    url, business = new_database(), salon("stripe")
    held = paid(url, business, stripe)
    check = ["payments", "check", business.business.slug, *at(url)]
    agreed = bookonce(*check, **stripe.environment)
    assert agreed.code == 0
    assert "EUR: 14.40 taken, 0.00 given back" in agreed.out
    assert "1 payments compared, 0 differ" in agreed.out
    [intent] = stripe.books().of(appointment_id=held.appointment.id).intents
    stripe.refund_in_office(intent["id"], 300)
    differ = bookonce(*check, **stripe.environment)
    assert differ.code == 1
    assert "refunded: 0 here, 300 there" in " ".join(differ.out.split())


def test_what_was_paid_on_site_is_noted_and_what_is_given_back_too(
    new_database: Callable[[], str],
) -> None:
    url, business = new_database(), salon("on_site")
    held = paid(url, business)
    slug, appointment = business.business.slug, str(held.appointment.id)
    done = bookonce("payments", "received", slug, appointment, *at(url))
    assert (done.code, done.out.strip()) == (0, f"{appointment}: confirmed")

    async def end() -> None:
        database = Database(url, connections_max=2)
        await database.open()
        installation = Installation(database, providers={"on_site": OnSitePayments()})
        business_id = held.directory.business_id
        await settle(installation, business_id, held.appointment.id, now=NOW)
        await cancel(installation, slug, held.appointment.id, now=NOW, actor=SYSTEM)
        await settle(installation, business_id, held.appointment.id, now=NOW)
        await database.close()

    asyncio.run(end())
    assert of(url, "SELECT status FROM refund") == "pending"
    returned = bookonce("payments", "returned", slug, appointment, *at(url))
    assert returned.out.strip() == f"{appointment}: 1 refunds noted as handed over"
    assert (
        of(url, "SELECT sum(amount_minor)::int FROM ledger_entry WHERE kind = 'refunded'") == 1440
    )
    assert bookonce("payments", "check", slug, *at(url)).code == 0


@pytest.mark.parametrize(
    "amount, words",
    [("14.41", "at most 14.40"), ("0", "more than 0"), ("-1", "expected an amount"), ("1.234", "")],
)
def test_a_refund_of_nonsense_is_refused(
    new_database: Callable[[], str], stripe: LocalStripe, amount: str, words: str
) -> None:
    url, business = new_database(), salon("stripe")
    held = paid(url, business, stripe)
    wrong = bookonce(
        "payments", "refund", *at(url), "--", business.business.slug, str(held.appointment.id),
        amount, **stripe.environment,
    )  # fmt: skip
    assert wrong.code == 1
    assert words in wrong.err
    assert of(url, "SELECT keep_minor FROM appointment") is None


def test_unknown_appointments_and_businesses_are_named(new_database: Callable[[], str]) -> None:
    url, business = new_database(), salon("on_site")
    paid(url, business)
    nobody = "01a20503-0000-7000-8000-000000000000"
    for command in (("received",), ("refund",), ("returned",)):
        missing = bookonce("payments", *command, "nowhere", nobody, *at(url))
        assert missing.code == 1
        assert "There is no such business" in missing.err
    for command in (("received",), ("refund",)):
        missing = bookonce("payments", *command, business.business.slug, nobody, *at(url))
        assert "There is no such appointment" in missing.err


def test_apply_and_doctor_say_what_cannot_be_paid(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    url, business = new_database(), salon("stripe")
    file = tmp_path / "salon.toml"
    file.write_text(toml_file.render(business))
    applied = bookonce("apply", str(file), *at(url))
    assert applied.code == 0
    assert "BOOKONCE_STRIPE_SECRET_KEY isn't set" in applied.err
    ill = bookonce("doctor", *at(url))
    assert ill.code == 1
    assert f"can't be paid: {business.business.slug}" in ill.out
    keys = {
        "BOOKONCE_STRIPE_SECRET_KEY": "sk_test_x",
        "BOOKONCE_STRIPE_PUBLISHABLE_KEY": "pk_test_x",
    }
    assert "isn't set" not in bookonce("apply", str(file), *at(url), **keys).err
    assert "can be paid" in bookonce("doctor", *at(url), **keys).out


def test_money_that_was_not_given_back_is_a_worry(
    new_database: Callable[[], str], stripe: LocalStripe
) -> None:
    url, business = new_database(), salon("stripe")
    paid(url, business, stripe)
    assert "nothing to worry about" in bookonce("payments", "worries", *at(url)).out
    assert "all where it belongs" in bookonce("doctor", *at(url), **stripe.environment).out
    of(
        url,
        "INSERT INTO refund (business_id, refund_id, payment_id, amount_minor, status, problem,"
        " created_at) SELECT business_id, gen_random_uuid(), payment_id, 100, 'failed', 'expired',"
        " now() FROM payment",
    )
    assert "refuses to give it back" in " ".join(
        bookonce("payments", "worries", *at(url)).out.split()
    )
    assert "1 to look at" in bookonce("doctor", *at(url), **stripe.environment).out


@pytest.mark.timeout(300)  # five commands and more, on a busy machine
def test_the_same_refund_again_gives_back_nothing_more(
    new_database: Callable[[], str], stripe: LocalStripe
) -> None:
    url, business = new_database(), salon("stripe")
    held = paid(url, business, stripe)
    command = [
        *("payments", "refund", business.business.slug, str(held.appointment.id), "5.00"), *at(url),
    ]  # fmt: skip
    first = bookonce(*command, **stripe.environment)
    assert "is being given back; 9.40 EUR are kept" in " ".join(first.out.split())
    again = bookonce(*command, **stripe.environment)
    assert "nothing more is given back" in " ".join(again.out.split())
    assert of(url, "SELECT keep_minor FROM appointment") == 940
    another = bookonce(*command, "--key", "second", **stripe.environment)
    assert "4.40 EUR are kept" in " ".join(another.out.split())
    settled = bookonce("payments", "settle", *at(url), **stripe.environment)
    assert (settled.code, settled.out.strip()) == (0, "1 looked at, 0 left")
    assert stripe.books().of(appointment_id=held.appointment.id).given_back == 1000


@pytest.mark.timeout(300)  # five commands and more, on a busy machine
def test_a_refund_that_failed_is_asked_for_again_or_noted_as_paid_in_another_way(
    new_database: Callable[[], str], stripe: LocalStripe
) -> None:
    url, business = new_database(), salon("stripe")
    held = paid(url, business, stripe)
    slug, appointment = business.business.slug, str(held.appointment.id)
    command = ["payments", "refund", slug, appointment]
    bookonce(*command, *at(url), **stripe.environment)
    bookonce("payments", "settle", *at(url), **stripe.environment)
    [refund] = stripe.books().of(appointment_id=held.appointment.id).given
    stripe.fail_refund(refund["id"])
    of(url, "UPDATE payment SET look_at = now()")
    ill = bookonce("payments", "check", slug, *at(url), **stripe.environment)
    assert ill.code == 1
    assert "refunded: 1440 here, 0 there" in " ".join(ill.out.split())
    asyncio.run(look_at_once(url, stripe))
    told = " ".join(bookonce("payments", "worries", *at(url)).out.split())
    assert "14.40 EUR" in told
    again = bookonce(*command, "--retry", *at(url), **stripe.environment)
    assert again.out.strip() == f"{appointment}: 1 refunds asked for again"
    assert "nothing to worry about" in bookonce("payments", "worries", *at(url)).out
    for one in stripe.books().of(appointment_id=held.appointment.id).given:
        stripe.fail_refund(one["id"])
    asyncio.run(look_at_once(url, stripe))
    noted = bookonce(*command, "--settled", *at(url), **stripe.environment)
    assert noted.out.strip() == f"{appointment}: 1 refunds noted as paid in another way"
    assert bookonce("payments", "check", slug, *at(url), **stripe.environment).code == 0
    both = bookonce(*command, "5.00", "--retry", *at(url), **stripe.environment)
    assert "stand alone" in both.err


async def look_at_once(url: str, stripe: LocalStripe) -> None:
    """What the schedule does after a while."""
    database = Database(url, connections_max=2)
    await database.open()
    provider = StripePayments(secret_key=SECRET_KEY, api_base=stripe.api_base)
    installation = Installation(database, providers={"stripe": provider})
    await look_again(installation, now=datetime.now(UTC) + timedelta(hours=2))
    await provider.close()
    await database.close()
